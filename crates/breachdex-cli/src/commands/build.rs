//! `build`: inputs to one index.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Instant;

use breachdex::{BuildOptions, CoverageRule, Format, Input, Kind, MergeRule, Source};

use crate::commands::{Exit, summary};
use crate::failure::Failure;
use crate::flags::{BuildFlags, FormatName, KindName, MergeRuleName, ResourceFlags};
use crate::indexes;
use crate::progress::Reporter;
use crate::signing;
use crate::target;

pub(crate) fn run(flags: Box<BuildFlags>) -> Result<Exit, Failure> {
    let started = Instant::now();
    target::refuse_stdout(&flags.target.output)?;
    let format = flags.format.map(Format::from);
    let named = flags.inputs.clone();
    let inputs = inputs(&named, format)?;
    let target = flags.target.output.clone();
    let takes_input = named.iter().any(|path| path.as_os_str() == "-");
    let key = signing::load(flags.target.sign.sign.as_ref(), takes_input)?;
    let progress = flags.progress.progress;
    let mut options = options(*flags);
    options.before_publish = key.as_ref().map(|key| key.before_publish(&target));
    let reporter = Reporter::start(progress)?;
    let report = breachdex::build(&inputs, &target, &options, &reporter)?;
    drop(reporter);
    if key.is_some() {
        signing::settle(&target)?;
    }
    indexes::note_repeated(&named);
    summary::print(&report, &target, options.kind, started.elapsed())
}

fn inputs(paths: &[PathBuf], format: Option<Format>) -> Result<Vec<Input>, Failure> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::Usage(String::from("standard input (-) can be read once only")));
    }
    let source = |path: &PathBuf| match path.as_os_str() == "-" {
        true => Source::Stdin,
        false => Source::Path(path.clone()),
    };
    Ok(paths.iter().map(|path| Input { source: source(path), format }).collect())
}

fn options(flags: BuildFlags) -> BuildOptions {
    let defaults = BuildOptions::default();
    BuildOptions {
        kind: flags.kind.into(),
        bits: flags.bits,
        force_bits: flags.force_bits,
        counts: !flags.no_counts,
        min_count: flags.min_count,
        top: flags.top,
        merge: flags.merge.map(MergeRule::from),
        coverage: match (flags.partial, flags.prefixes.is_empty()) {
            (true, _) => CoverageRule::Present,
            (false, false) => CoverageRule::Prefixes(flags.prefixes),
            (false, true) => CoverageRule::Whole,
        },
        memory: flags.resources.memory,
        threads: flags.resources.threads_or(defaults.threads),
        temp_dir: flags.resources.temp_dir,
        source: flags.target.source,
        date: flags.target.date,
        replace: flags.target.force,
        before_publish: None,
    }
}

impl ResourceFlags {
    /// The number of threads asked for, else `default`.
    pub(crate) fn threads_or(&self, default: usize) -> usize {
        self.threads.map_or(default, |threads| threads as usize)
    }
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Sha1 => Self::Sha1,
            KindName::Ntlm => Self::Ntlm,
        }
    }
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Hibp => Self::Hibp,
            FormatName::Ranges => Self::Ranges,
            FormatName::Passwords => Self::Passwords,
            FormatName::Index => Self::Index,
        }
    }
}

impl From<MergeRuleName> for MergeRule {
    fn from(name: MergeRuleName) -> Self {
        match name {
            MergeRuleName::Sum => Self::Sum,
            MergeRuleName::Max => Self::Max,
            MergeRuleName::Error => Self::Error,
        }
    }
}
