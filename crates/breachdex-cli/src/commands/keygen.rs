//! `keygen`: a pair of keys for signing indexes, or the key of exposed pairs.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use breachdex_pairs::PairKey;
use clap::Args;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::output::Output;
use crate::signing;

/// Generate keys for signing, or a key for exposed pairs
///
/// The files of a key pair have minisign's format. The secret key is encrypted with a password, asked for twice on the
/// terminal or read from the first line of standard input; its file has mode 0600.
///
/// The key of exposed pairs (see overlay add --pairs) is 32 random bytes in a file of mode 0600, without a password. Keep it
/// apart from the file of pairs, and in a backup of its own: without it, the pairs cannot be asked.
///
/// Existing files are never replaced.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  A key pair for signing:
      breachdex keygen --secret-key breachdex.key --public-key breachdex.pub
  A key for exposed pairs:
      breachdex keygen --pair-key pairs.key")]
pub(crate) struct Flags {
    /// Where the secret key goes; keep it secret
    #[arg(long, value_name = "FILE", required_unless_present = "pair_key", requires = "public_key")]
    secret_key: Option<PathBuf>,
    /// Where the public key goes, for --trusted-key
    #[arg(long, value_name = "FILE", required_unless_present = "pair_key", requires = "secret_key")]
    public_key: Option<PathBuf>,
    /// Do not encrypt the secret key: anyone who reads it can sign
    #[arg(long, requires = "secret_key")]
    no_password: bool,
    /// Where the key of exposed pairs goes; keep it secret
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret_key", "public_key", "no_password"])]
    pair_key: Option<PathBuf>,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let line = match (&self.pair_key, &self.secret_key, &self.public_key) {
            (Some(path), _, _) => pair_key(path)?,
            (None, Some(secret), Some(public)) => {
                let key = signing::generate(secret, public, !self.no_password)?;
                format!("key {key}: {} (secret), {} (public)\n", secret.display(), public.display())
            }
            (None, _, _) => return Err(Failure::Usage(String::from("name where the keys go"))),
        };
        let mut output = Output::open();
        output.say(&line)?;
        output.flush()?;
        Ok(Exit::Success)
    }
}

fn pair_key(path: &Path) -> Result<String, Failure> {
    let key = PairKey::create(path)?;
    Ok(format!("key {} of exposed pairs: {} (secret)\n", key.id(), path.display()))
}
