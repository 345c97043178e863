//! `keygen`: a pair of keys for signing indexes.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::Args;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::output::Output;
use crate::signing;

/// Generate a key pair for signing indexes
///
/// The files have minisign's format. The secret key is encrypted with a password, asked for twice on the terminal or
/// read from the first line of standard input; its file has mode 0600. Existing files are never replaced.
#[derive(Args)]
#[command(after_long_help = "\
Example:
      breachdex keygen --secret-key breachdex.key --public-key breachdex.pub")]
pub(crate) struct Flags {
    /// Where the secret key goes; keep it secret
    #[arg(long, value_name = "FILE")]
    secret_key: PathBuf,
    /// Where the public key goes, for --trusted-key
    #[arg(long, value_name = "FILE")]
    public_key: PathBuf,
    /// Do not encrypt the secret key: anyone who reads it can sign
    #[arg(long)]
    no_password: bool,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let key = signing::generate(&self.secret_key, &self.public_key, !self.no_password)?;
        let mut output = Output::open();
        let line = format!(
            "key {key}: {} (secret), {} (public)\n",
            self.secret_key.display(),
            self.public_key.display()
        );
        output.say(&line)?;
        output.flush()?;
        Ok(Exit::Success)
    }
}
