//! `audit`: which accounts have exposed passwords?

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _};
use std::path::Path;

use breachdex::{Corpus, Index};
use breachdex_audit::report::{self, Report, Subject};
use breachdex_audit::{AuditOptions, Audited, Input, LineFault, ReadOptions, audit};

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::{AuditFlags, ProgressName};
use crate::output::Output;
use crate::passwords::standard_input;
use crate::progress::Reporter;
use crate::{indexes, messages, privacy};

mod files;

use files::Files;

pub(crate) fn run(flags: AuditFlags) -> Result<Exit, Failure> {
    let corpus = open(&flags)?;
    let subject = Subject::of(&corpus, flags.min_count)?;
    if flags.min_count < subject.floor {
        messages::note(&format!(
            "a password seen fewer than {} times may be missing from {} (its floor)",
            subject.floor,
            subject.indexes.join(", ")
        ));
    }
    let input = input(flags.file.as_deref())?;
    let files = Files::begin(&flags)?;
    let options = options(&flags);
    let reporter = Reporter::start(ProgressName::Auto)?;
    let audited = privacy::erasing_stack(|| audit(input, &corpus, &options, &reporter));
    drop(reporter);
    let audited = audited?;
    let report = Report { audited: &audited, subject: &subject };
    let published = files.publish(report, &flags);
    tell_faults(&audited);
    match published.and_then(|()| print(report, &flags)) {
        // Whoever reads has heard enough; what was found is the result all the same.
        Ok(()) | Err(Failure::ClosedPipe) => Ok(exit(&audited, flags.exit_zero)),
        Err(failure) => Err(failure),
    }
}

/// The sources that the flags name, fixed for the whole audit.
fn open(flags: &AuditFlags) -> Result<Corpus, Failure> {
    let overlays = flags.overlay.iter().map(Index::map).collect::<Result<Vec<_>, _>>()?;
    Ok(Corpus::builder().bases(indexes::open(&flags.index)?).overlays(overlays).build()?)
}

fn input(file: Option<&Path>) -> Result<Input, Failure> {
    match file.filter(|path| path.as_os_str() != "-") {
        Some(path) => Ok(Input::File(path.to_owned())),
        None if io::stdin().is_terminal() => {
            Err(Failure::Usage(String::from("name a file to audit, or send one on standard input")))
        }
        None => Ok(Input::Stream(Box::new(standard_input()?))),
    }
}

fn options(flags: &AuditFlags) -> AuditOptions {
    AuditOptions {
        read: ReadOptions {
            format: flags.format,
            encoding: flags.encoding.map(Into::into),
            column: flags.column.clone(),
            user_column: flags.user_column.clone(),
            digests: flags.hash,
            delimiter: flags.delimiter,
        },
        users: flags.users,
        list: flags.top,
        min_count: flags.min_count,
        exact_bytes: flags.exact_bytes,
        keep_rows: flags.csv.is_some() || flags.parquet.is_some(),
        threads: None,
    }
}

/// The first lines that could not be used, by number, and how many more there are.
fn tell_faults(audited: &Audited) {
    for (number, fault) in &audited.faults {
        let fault: &LineFault = fault;
        messages::numbered_error(audited.format.unit(), *number, fault);
    }
    let all = audited.tally.malformed + audited.tally.unanswered;
    let more = all - audited.faults.len() as u64;
    if more > 0 {
        messages::error(&format!("and {more} more that could not be used"));
    }
    for reason in &audited.unanswered_because {
        messages::error(reason);
    }
}

fn print(report: Report<'_>, flags: &AuditFlags) -> Result<(), Failure> {
    let text = match (flags.quiet || files::takes_stdout(flags), flags.json) {
        (true, _) => return Ok(()),
        (false, true) => report::json(report),
        (false, false) => report::text(report, flags.lang),
    };
    let mut output = Output::open();
    output.write(text.as_bytes())?;
    output.flush()
}

fn exit(audited: &Audited, exit_zero: bool) -> Exit {
    let tally = &audited.tally;
    match (tally.is_incomplete(), tally.is_exposed()) {
        (true, _) => Exit::Error,
        (false, true) if !exit_zero => Exit::Exposed,
        (false, _) => Exit::Success,
    }
}
