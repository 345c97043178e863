//! The flags of signatures: which keys are trusted, and `sign` and `keygen`.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::Args;

use crate::flags::values::parse_days;

/// Whose signatures are accepted.
#[derive(Args, Clone, Default)]
pub(crate) struct KeyFlags {
    /// Accept only indexes signed by this key; repeatable
    ///
    /// A file of minisign's format, or the key's 56 characters. Default: $BREACHDEX_TRUSTED_KEYS, with commas between keys. The index
    /// needs FILE.id and FILE.id.minisig beside it (see sign). Overlays and the starter index need none.
    #[arg(long, value_name = "KEY")]
    pub(crate) trusted_key: Vec<PathBuf>,
}

/// Which indexes are accepted.
#[derive(Args, Clone, Default)]
pub(crate) struct TrustFlags {
    #[command(flatten)]
    pub(crate) keys: KeyFlags,
    /// Refuse an index whose corpus date is older, as in 90 or 12w
    ///
    /// A number of days, or of weeks with a w. An index without a corpus date is refused too.
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    pub(crate) max_age: Option<u32>,
}

/// Signing what a job writes.
#[derive(Args)]
pub(crate) struct SignFlag {
    /// Sign the index with this secret key
    ///
    /// The signature is there before the index appears. The password of the key is asked for on the terminal, or is the
    /// first line of standard input.
    #[arg(long, value_name = "SECRET-KEY")]
    pub(crate) sign: Option<PathBuf>,
}

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
pub(crate) struct SignFlags {
    /// The index
    pub(crate) file: PathBuf,
    /// The secret key's file, as keygen or minisign -G makes it
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_key: PathBuf,
}

/// Generate a key pair for signing indexes
///
/// The files have minisign's format. The secret key is encrypted with a password, asked for twice on the terminal or
/// read from the first line of standard input; its file has mode 0600. Existing files are never replaced.
#[derive(Args)]
#[command(after_long_help = "\
Example:
      breachdex keygen --secret-key breachdex.key --public-key breachdex.pub")]
pub(crate) struct KeygenFlags {
    /// Where the secret key goes; keep it secret
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_key: PathBuf,
    /// Where the public key goes, for --trusted-key
    #[arg(long, value_name = "FILE")]
    pub(crate) public_key: PathBuf,
    /// Do not encrypt the secret key: anyone who reads it can sign
    #[arg(long)]
    pub(crate) no_password: bool,
}
