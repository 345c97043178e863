//! `export --ranges`: every range as a file.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use breachdex::Index;
use breachdex_server::{RangesHead, StaticOptions, write_ranges};
use clap::Args;

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::ProgressName;
use crate::progress::Reporter;
use crate::{messages, previous};

/// How ranges are written.
#[derive(Args)]
pub(super) struct RangeFlags {
    /// Write every range into DIR, as the range server sends it
    ///
    /// A file for each prefix, 00000 to FFFFF, and a manifest with their BLAKE3 hashes and entity tags. In a folder that has ranges,
    /// only those are written whose rows changed, each by rename, also after an interruption. s3://BUCKET/PREFIX writes objects, in a
    /// build with the feature s3. docs/static-ranges.md has settings for nginx, Caddy and CDNs.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["top", "output", "force"])]
    pub(super) ranges: Option<PathBuf>,
    /// With --ranges: each range compressed too, as PREFIX.gz
    #[arg(long, requires = "ranges")]
    gzip: bool,
    /// With --ranges: each range compressed too, as PREFIX.br
    ///
    /// No smaller than gzip, because digests do not compress further; for servers that send Brotli only.
    #[arg(long, requires = "ranges")]
    brotli: bool,
    /// With --ranges: give every file its prefix in lower case, too
    ///
    /// Some clients ask for lower-case prefixes, and web servers tell the cases of a file name apart. In a folder it is a link, in a
    /// bucket another object.
    #[arg(long, requires = "ranges")]
    lower_case: bool,
    /// With --ranges: write an index that covers a part of the prefixes
    ///
    /// The web server must not answer 404 for the others, which many clients take for "not exposed".
    #[arg(long, requires = "ranges")]
    partial: bool,
    #[command(flatten)]
    objects: super::objects::ObjectFlags,
}

/// Writes them, and says how many.
pub(super) fn write(
    index: &Index,
    folder: &Path,
    flags: &RangeFlags,
    progress: ProgressName,
) -> Result<Exit, Failure> {
    let mut options = StaticOptions::default();
    options.gzip = flags.gzip;
    options.brotli = flags.brotli;
    options.lower_case = flags.lower_case;
    options.allow_partial = flags.partial;
    let report = match super::objects::write(index, folder, &options, &flags.objects, progress)? {
        Some(report) => report,
        None => {
            let previous = RangesHead::read(folder)?.map(|head| head.corpus_date);
            let reporter = Reporter::start(progress)?;
            let report = write_ranges(index, folder, &options, &reporter)?;
            drop(reporter);
            tell_step_back(folder, previous.as_deref(), index);
            report
        }
    };
    let (written, ranges) = (report.written, report.ranges);
    messages::note(&format!(
        "{written} of {ranges} ranges written to {}, {} bytes",
        folder.display(),
        report.bytes
    ));
    Ok(Exit::Success)
}

/// Says that ranges of a later corpus were replaced. `previous` is what a manifest has for their date.
pub(super) fn tell_step_back(target: &Path, previous: Option<&str>, index: &Index) {
    // `unknown` is later than all dates in the order of text.
    let previous = previous.filter(|date| breachdex::Day::parse(date).is_some()).unwrap_or_default();
    previous::tell(target, previous, &index.metadata().corpus_date);
}
