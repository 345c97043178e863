//! Where a published file and the files beside it are: the seam for servers, object stores and tests.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::FetchFault;

/// What will have been fetched. Futures wait with the time of tokio.
pub type Fetching<'a, T> = Pin<Box<dyn Future<Output = Result<T, FetchFault>> + Send + 'a>>;

/// A file elsewhere, of which one state is read: a file that was replaced is noticed.
pub trait RemoteFile: Send + Sync {
    /// Its length in bytes.
    fn length(&self) -> u64;

    /// What tells this state from others, such as a strong entity tag; empty where there is nothing.
    fn version(&self) -> &str;

    /// Appends the bytes of a part, which lies within the file, or the first of them, to `into`: one request, tried once. What
    /// arrived before a fault stays there, so that it is not fetched twice.
    ///
    /// # Errors
    /// [`FetchFault::Replaced`] where the file is no longer in this state; others.
    fn read<'a>(&'a self, part: Range<u64>, into: &'a mut Vec<u8>) -> Fetching<'a, ()>;
}

/// A file that was found, and its first bytes, which came with the answer.
pub struct Opened {
    /// The file.
    pub file: Arc<dyn RemoteFile>,
    /// Its first bytes: as many as were asked for, or all.
    pub start: Vec<u8>,
}

/// A place that holds a published index and the files that belong to it.
pub trait RemoteFolder: Send + Sync {
    /// The index's address, for messages, without secrets.
    fn name(&self) -> String;

    /// Opens the file whose name is the index's, followed by `ending` (nothing, `.id`, `.id.minisig`, …), and reads its
    /// first bytes: one request, tried once. `None` where there is no such file.
    ///
    /// # Errors
    /// [`FetchFault`].
    fn open<'a>(&'a self, ending: &'a str, first: u64) -> Fetching<'a, Option<Opened>>;
}
