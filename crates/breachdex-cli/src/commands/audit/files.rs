//! The files that `audit` writes: claimed before anything is read, theirs alone to read who asked for them, and complete
//! when they appear.

#![forbid(unsafe_code)]

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use breachdex_audit::report::{self, Report};
use breachdex_audit::{AuditError, Format, Rows};

use super::flags::Flags;
use crate::failure::Failure;
use crate::output::Output;
use crate::target::{self, Target};

/// The files that were asked for.
pub(super) struct Files {
    html: Option<Claimed>,
    csv: Option<Claimed>,
    parquet: Option<Claimed>,
}

struct Claimed {
    path: PathBuf,
    target: Target,
}

impl Files {
    /// Refuses what cannot be written, so that no audit is made in vain.
    pub(super) fn begin(flags: &Flags, inputs: &[PathBuf]) -> Result<Self, Failure> {
        if flags.parquet.is_some() {
            Format::Parquet.require()?;
        }
        let named: Vec<&PathBuf> = [&flags.html, &flags.csv, &flags.parquet].into_iter().flatten().collect();
        for (at, path) in named.iter().enumerate() {
            if named[..at].contains(path) {
                let message = format!("{} is named for two reports; choose another OUT", path.display());
                return Err(Failure::Usage(message));
            }
            let others = flags.policy.iter().chain(&flags.compare);
            let read = inputs.iter().chain(&flags.index).chain(&flags.overlay).chain(others);
            if read.into_iter().any(|read| breachdex::files::is_same_file(read, path)) {
                let message = format!("{} is read by this audit; choose another OUT", path.display());
                return Err(Failure::Usage(message));
            }
        }
        let claim = |path: &Option<PathBuf>| {
            let path = path.as_deref().filter(|path| !is_stdout(path));
            path.map(|path| Claimed::begin(path, flags.force)).transpose()
        };
        Ok(Self { html: claim(&flags.html)?, csv: claim(&flags.csv)?, parquet: claim(&flags.parquet)? })
    }

    /// Writes all of them, and then gives them their names.
    pub(super) fn publish(self, report: Report<'_>, flags: &Flags) -> Result<(), Failure> {
        let Self { mut html, mut csv, mut parquet } = self;
        if let Some(claimed) = &mut html {
            let page = report::html(report, flags.lang);
            let written = claimed.target.file().write_all(page.as_bytes());
            written.map_err(|source| target::failed("write", &claimed.path, source))?;
        }
        if let Some(rows) = &report.audited.rows {
            write_rows(&mut csv, rows, |rows, output| {
                report::write_csv(rows, output, flags.csv_encoding.into())
            })?;
            write_rows(&mut parquet, rows, |rows, output| report::write_parquet(rows, output))?;
        }
        for Claimed { target, .. } in [html, csv, parquet].into_iter().flatten() {
            target.publish(flags.force)?;
        }
        print(report, flags)
    }
}

/// Whether a report goes to standard output.
pub(super) fn takes_stdout(flags: &Flags) -> bool {
    [&flags.html, &flags.csv, &flags.parquet].into_iter().flatten().any(|path| is_stdout(path))
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Writes the report that goes to standard output, if any.
fn print(report: Report<'_>, flags: &Flags) -> Result<(), Failure> {
    let is_asked = |path: &Option<PathBuf>| path.as_deref().is_some_and(is_stdout);
    if is_asked(&flags.html) {
        let mut output = Output::open();
        output.write(report::html(report, flags.lang).as_bytes())?;
        output.flush()?;
    }
    let Some(rows) = &report.audited.rows else { return Ok(()) };
    let mut stream = Stream { output: BufWriter::new(io::stdout()), failure: None };
    let written = if is_asked(&flags.csv) {
        report::write_csv(rows, &mut stream, flags.csv_encoding.into())
    } else if is_asked(&flags.parquet) {
        report::write_parquet(rows, &mut stream)
    } else {
        Ok(())
    };
    match stream.failure {
        Some(failure) => Err(failure),
        None => {
            written?;
            stream.output.flush().map_err(Failure::output)
        }
    }
}

/// Standard output for a writer of rows, whose errors do not say that a reader has gone.
struct Stream {
    output: BufWriter<io::Stdout>,
    failure: Option<Failure>,
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes).map_err(|error| {
            self.failure = Some(Failure::output(error));
            io::Error::other("standard output cannot be written")
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush().map_err(|error| {
            self.failure = Some(Failure::output(error));
            io::Error::other("standard output cannot be written")
        })
    }
}

impl Claimed {
    fn begin(path: &Path, replace: bool) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), target: Target::create(path, replace, true)? })
    }
}

fn write_rows(
    claimed: &mut Option<Claimed>,
    rows: &Rows,
    write: impl FnOnce(&Rows, &mut BufWriter<&std::fs::File>) -> Result<(), AuditError>,
) -> Result<(), Failure> {
    let Some(Claimed { path, target }) = claimed else { return Ok(()) };
    let mut output = BufWriter::new(target.file());
    write(rows, &mut output)?;
    output.flush().map_err(|source| target::failed("write", path, source))
}
