//! `audit`: which accounts have exposed passwords?

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex::{Corpus, Day, Index};
use breachdex_audit::report::{self, Earlier, Report, Subject};
use breachdex_audit::{AuditOptions, Audited, LineFault, ReadOptions, audit_all};
use breachdex_policy::{Node, Settings, Value};

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::{ProgressName, pairs};
use crate::output::Output;
use crate::progress::Reporter;
use crate::{indexes, messages, privacy, trust};

mod files;
mod flags;
mod inputs;

use files::Files;

pub(crate) use flags::Flags;

impl Subcommand for Flags {
    fn reads_passwords(&self) -> bool {
        true
    }

    fn run(self) -> Result<Exit, Failure> {
        let policy = self.policy.as_deref().map(policy).transpose()?;
        let corpus = open(&self, policy.as_ref().map(|(_, settings)| settings))?;
        let mut subject = Subject::of(&corpus, self.min_count)?;
        subject.made_on = Day::today().to_string();
        if self.min_count < subject.floor {
            messages::note(&format!(
                "a password seen fewer than {} times may be missing from {} (its floor)",
                subject.floor,
                subject.indexes.join(", ")
            ));
        }
        let earlier = self.compare.as_deref().map(Earlier::open).transpose()?;
        let options = options(&self, policy);
        let named = inputs::expand(&self.files)?;
        let files = Files::begin(&self, &named)?;
        let inputs = inputs::open(named)?;
        let reporter = Reporter::start(ProgressName::Auto)?;
        let audited = privacy::erasing_stack(|| audit_all(inputs, &corpus, &options, &reporter));
        drop(reporter);
        let audited = audited?;
        let report = Report { earlier: earlier.as_ref(), ..Report::new(&audited, &subject) };
        let published = files.publish(report, &self);
        tell_assumptions(&audited);
        tell_faults(&audited);
        match published.and_then(|()| print(report, &self)) {
            // Whoever reads has heard enough; what was found is the result all the same.
            Ok(()) | Err(Failure::ClosedPipe) => Ok(exit(&audited, self.exit_zero)),
            Err(failure) => Err(failure),
        }
    }
}

/// The sources that the flags name, fixed for the whole audit; pairs are else those of the policy's file.
fn open(flags: &Flags, policy: Option<&Settings>) -> Result<Corpus, Failure> {
    if !flags.pairs.pairs.is_empty() && flags.policy.is_none() {
        return Err(Failure::Usage(String::from("--pairs are asked by a policy: name one with --policy")));
    }
    let pairs = match policy {
        Some(settings) if flags.pairs.pairs.is_empty() => pairs::open(&settings.pairs, &settings.pair_keys)?,
        _ => flags.pairs.open()?,
    };
    let overlays = flags.overlay.iter().map(Index::map).collect::<Result<Vec<_>, _>>()?;
    Ok(Corpus::builder()
        .bases(indexes::open(&flags.index, &trust::of(&flags.trust)?)?)
        .overlays(overlays)
        .pairs(pairs)
        .build()?)
}

fn options(flags: &Flags, policy: Option<(String, Settings)>) -> AuditOptions {
    let lists_rows = flags.csv.is_some() || flags.parquet.is_some();
    AuditOptions {
        read: ReadOptions {
            format: flags.format,
            encoding: flags.encoding,
            column: flags.column.clone(),
            user_column: flags.user_column.clone(),
            digests: flags.hash,
            delimiter: flags.delimiter,
        },
        users: flags.users,
        list: flags.top,
        min_count: flags.min_count,
        exact_bytes: flags.exact_bytes,
        keep_rows: lists_rows || flags.html.is_some() || flags.json,
        policy: policy.map(|(name, settings)| (name, settings.rules)),
        threads: None,
    }
}

/// The policy of a file, or of a profile where no file has the name; and its name for reports.
fn policy(name: &Path) -> Result<(String, Settings), Failure> {
    if name.exists() {
        return Ok((name.display().to_string(), Settings::open(name)?));
    }
    let Some(profile) = name.to_str().filter(|name| !name.contains(['/', '\\', '.'])) else {
        // The system says what is wrong with the file.
        return Ok((name.display().to_string(), Settings::open(name)?));
    };
    let node = Value::Table(vec![(String::from("profile"), Value::Text(profile.to_owned()).into())]);
    Ok((profile.to_owned(), Settings::from_node(&Node::from(node))?))
}

/// What was assumed about the inputs.
fn tell_assumptions(audited: &Audited) {
    for input in &audited.inputs {
        for assumption in &input.assumptions {
            messages::note(&format!("{}: {assumption}", input.name));
        }
    }
}

/// The first lines that could not be used, by number, and how many more there are.
fn tell_faults(audited: &Audited) {
    let has_several = audited.inputs.len() > 1;
    for fault in &audited.faults {
        let Some(input) = audited.inputs.get(fault.input) else { continue };
        let unit = input.format.unit();
        if has_several {
            messages::numbered_error(&format!("{}, {unit}", input.name), fault.number, &fault.fault);
        } else {
            messages::numbered_error(unit, fault.number, &fault.fault);
        }
    }
    if audited.faults.iter().any(|fault| matches!(fault.fault, LineFault::Undecodable(_))) {
        messages::note(&"--encoding names it, as in --encoding windows-1252 or --encoding cp932");
    }
    if audited.more_faults() > 0 {
        messages::error(&format!("and {} more that could not be used", audited.more_faults()));
    }
    for reason in &audited.unanswered_because {
        messages::error(reason);
    }
}

fn print(report: Report<'_>, flags: &Flags) -> Result<(), Failure> {
    let mut output = Output::open();
    match (flags.quiet || files::takes_stdout(flags), flags.json) {
        (true, _) => return Ok(()),
        (false, true) => output.write_json(&report::json(report))?,
        (false, false) => output.say(&report::text(report, flags.lang))?,
    }
    output.flush()
}

fn exit(audited: &Audited, exit_zero: bool) -> Exit {
    let tally = &audited.tally;
    match (tally.is_incomplete(), tally.has_findings()) {
        (true, _) => Exit::Error,
        (false, true) if !exit_zero => Exit::Exposed,
        (false, _) => Exit::Success,
    }
}
