//! `sign`: the statement of an index, and its signature.

#![forbid(unsafe_code)]

use breachdex::Index;
use breachdex::trust::{SignatureFiles, Statement};

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::{ProgressName, SignFlags};
use crate::output::Output;
use crate::progress::Reporter;
use crate::signing::{self, SigningKey};
use crate::target;

pub(crate) fn run(flags: &SignFlags) -> Result<Exit, Failure> {
    let key = SigningKey::load(&flags.secret_key, false)?;
    // Beside the file that links lead to, so that every one of them finds it.
    let open = |source| target::failed("open", &flags.file, source);
    let path = std::fs::canonicalize(&flags.file).map_err(open)?;
    let index = Index::map(&flags.file)?;
    let reporter = Reporter::start(ProgressName::Auto)?;
    // The id that is signed must be that of the content, and not only what the header says.
    index.verify(&reporter)?;
    drop(reporter);
    key.write_next(&path, &Statement::of(index.metadata(), index.content_id()))?;
    signing::settle(&path)?;
    let link = flags.file.symlink_metadata().is_ok_and(|facts| facts.is_symlink());
    let files = SignatureFiles::beside(if link { &path } else { &flags.file });
    let mut output = Output::open();
    let line = format!(
        "{}: signed with key {} in {} and {}\n",
        index.name(),
        key.public(),
        files.statement.display(),
        files.signature.display()
    );
    output.write(line.as_bytes())?;
    output.flush()?;
    Ok(Exit::Success)
}
