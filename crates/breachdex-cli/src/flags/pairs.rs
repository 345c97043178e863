//! The flags that name exposed pairs, and how they are opened.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use breachdex::PairList;
use breachdex_pairs::{PairKey, Pairs, PairsOptions};
use clap::Args;

use crate::failure::Failure;

/// How often to look whether a file was replaced.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Exposed pairs and their keys.
#[derive(Args, Clone, Default)]
pub(crate) struct PairFlags {
    /// Exposed pairs of user names and passwords; repeatable
    ///
    /// A file that `overlay add --pairs` made. Changes are picked up within two seconds.
    #[arg(long, value_name = "FILE", requires = "pair_key")]
    pub(crate) pairs: Vec<PathBuf>,
    /// Key file of --pairs; repeatable, in any order
    ///
    /// Each file is asked with the key that it was made with. Only its owner may be able to read it (mode 0600); of a file that
    /// belongs to root, its group too.
    #[arg(long, value_name = "FILE", requires = "pairs")]
    pub(crate) pair_key: Vec<PathBuf>,
}

impl PairFlags {
    /// Opens the named files.
    pub(crate) fn open(&self) -> Result<Vec<Arc<dyn PairList>>, Failure> {
        open(&self.pairs, &self.pair_key)
    }
}

/// Opens files of pairs, each with the one of the keys that it was made with. They follow their files.
pub(crate) fn open(pairs: &[PathBuf], keys: &[PathBuf]) -> Result<Vec<Arc<dyn PairList>>, Failure> {
    open_with(pairs, keys, PairsOptions { mapped: true, reload_every: Some(POLL_INTERVAL) })
}

/// The same, opened another way.
pub(crate) fn open_with(
    pairs: &[PathBuf],
    keys: &[PathBuf],
    options: PairsOptions,
) -> Result<Vec<Arc<dyn PairList>>, Failure> {
    let keys = keys.iter().map(PairKey::open).collect::<Result<Vec<_>, _>>()?;
    let open = |path: &PathBuf| Ok(Arc::new(Pairs::open_with(path, &keys, options)?) as Arc<dyn PairList>);
    pairs.iter().map(open).collect()
}
