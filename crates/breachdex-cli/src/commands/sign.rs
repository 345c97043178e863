//! `sign`: the statement of an index, and its signature.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::trust::{SignatureFiles, Statement};
use breachdex::{Index, OpenOptions, files};
use clap::Args;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::ProgressName;
use crate::output::Output;
use crate::progress::Reporter;
use crate::signing::{self, SigningKey};
use crate::target;

/// Sign an index with a secret key
///
/// Verifies the index, writes FILE.id, a text with its content id, and signs that as FILE.id.minisig. The signature is
/// minisign's: minisign -V and rsign verify check it too. The password of the key is asked for on the terminal, or is
/// the first line of standard input.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  Sign an index, then let nothing else be used:
      breachdex sign pwned.bdx --secret-key breachdex.key
      export BREACHDEX_TRUSTED_KEYS=/etc/breachdex/breachdex.pub
      breachdex check --index pwned.bdx
  Check a signature with minisign:
      minisign -V -p breachdex.pub -m pwned.bdx.id")]
pub(crate) struct Flags {
    /// The index
    file: PathBuf,
    /// The secret key's file, as keygen or minisign -G makes it
    #[arg(long, value_name = "FILE")]
    secret_key: PathBuf,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let key = SigningKey::load(&self.secret_key, false)?;
        // Beside the file that links lead to, so that every one of them finds it.
        let open = |source| target::failed("open", &self.file, source);
        let path = files::follow(&self.file).map_err(open)?;
        // Exposed pairs too: their content id is of keyed digests, and tells nothing without the key.
        let index = Index::open_with(&self.file, OpenOptions::new().mapped().any_content())?;
        let reporter = Reporter::start(ProgressName::Auto)?;
        // The id that is signed must be that of the content, and not only what the header says.
        index.verify(&reporter)?;
        drop(reporter);
        key.write_next(&path, &Statement::of(index.metadata(), index.content_id()))?;
        signing::settle(&path)?;
        let public = key.public().clone();
        // Writing may have to wait for a reader, and the secret key does not wait with it.
        drop(key);
        let link = self.file.symlink_metadata().is_ok_and(|facts| facts.is_symlink());
        let files = SignatureFiles::beside(if link { &path } else { &self.file });
        let mut output = Output::open();
        let line = format!(
            "{}: signed with key {} in {} and {}\n",
            index.name(),
            public,
            files.statement.display(),
            files.signature.display()
        );
        output.say(&line)?;
        output.flush()?;
        Ok(Exit::Success)
    }
}
