//! The flags of signatures: which keys are trusted, and what is signed.

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
    /// needs FILE.id and FILE.id.minisig beside it (see sign). The starter index and what --overlay names need none.
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
