//! The index as its users see it: open a file, ask it, trust the answer or get an error.
//!
//! `core` goes from a digest to its bucket and checks what it touches for the first
//! time, `bulk` asks many at once, `range` streams entries in order, `verify` reads everything. `lookup` is
//! what all that can be asked have in common; `live` follows a file that is replaced.
//! `groups` gives what is encoded to those who copy or compare it, as `diff` does. `file_index` reads ranges
//! without mapping the file.

#![forbid(unsafe_code)]

mod bulk;
mod core;
mod diff;
mod export;
#[cfg(all(test, feature = "build"))]
mod far_tests;
mod file_index;
pub(crate) mod groups;
mod identity;
mod in_order;
#[cfg(feature = "live")]
mod live;
#[cfg(all(test, feature = "live"))]
mod live_tests;
mod lookup;
mod metadata;
mod parts;
mod range;
#[cfg(test)]
mod tests;
mod verified;
mod verify;
mod verify_group;

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use diff::{Change, Difference, diff};
pub use file_index::{FileIndex, RangeScratch, ReadMode};
#[cfg(feature = "live")]
pub use live::LiveIndex;
pub use lookup::Lookup;
pub use metadata::{ContentId, Metadata};
pub use range::Range;
pub use verify::VerifyOptions;

use self::core::Core;
use self::identity::Identity;
use crate::coverage::Prefix;
use crate::digest::{Digest, Kind};
use crate::error::{Error, Result, io_error};
use crate::kernels::Kernel;
use crate::storage::Storage;
use crate::storage::residency::Residency;

/// What an index knows about a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is not in the index.
    Absent,
    /// It is.
    Present {
        /// How often it was seen, where the index stores counts.
        count: Option<u64>,
    },
}

impl Answer {
    /// Whether the digest is in the index.
    pub fn is_present(self) -> bool {
        self != Self::Absent
    }
}

/// How to open an index.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions {
    /// Which kernels to use.
    pub kernel: Kernel,
    /// How much of the file is in memory before the first question.
    pub residency: Residency,
}

/// An open index. `Send + Sync`; a clone is another handle on the same mapping and verification state.
///
/// Opening checks the header, the directory and the facts. Everything else is checked against its checksum
/// when it is first touched, so every answer is right or an error. Replace an index file by rename only:
/// cutting or overwriting it in place ends a process that maps it.
///
/// ```no_run
/// use breachdex::{Digest, Index};
/// let index = Index::open("pwned.bdx")?;
/// if index.contains(&Digest::sha1(b"correct horse"), 1)? {
///     println!("choose another password");
/// }
/// # Ok::<(), breachdex::Error>(())
/// ```
#[derive(Clone)]
pub struct Index {
    core: Arc<Core>,
    path: Option<PathBuf>,
    identity: Option<Identity>,
    options: OpenOptions,
    is_starter: bool,
}

impl Index {
    /// Maps an index file and checks its header, directory and facts (well under a millisecond at any size).
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NotAnIndex`], [`Error::UnsupportedVersion`], [`Error::Damaged`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, OpenOptions::default())
    }

    /// [`Index::open`] with options. Other residencies than [`Residency::OnDemand`] read the whole file first.
    ///
    /// # Errors
    /// As [`Index::open`]; [`Error::DoesNotFit`] where memory or a limit is too small for the residency.
    pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self> {
        let path = path.as_ref();
        // Opening a pipe would wait for somebody to write into it.
        refuse_other_than_files(path, &std::fs::metadata(path).map_err(io_error("open", path))?)?;
        let file = File::open(path).map_err(io_error("open", path))?;
        let facts = file.metadata().map_err(io_error("read", path))?;
        let storage = if facts.len() == 0 {
            Storage::Memory(Cow::Borrowed(&[]))
        } else {
            Storage::open(&file, facts.len(), path, options.residency)?
        };
        let mut index = Self::from_storage(storage, path.display().to_string(), options)?;
        index.path = Some(path.to_owned());
        index.identity = Some(Identity::of(&facts));
        Ok(index)
    }

    /// Opens an index that is already in memory, under a name for messages.
    ///
    /// # Errors
    /// As [`Index::open`], without [`Error::Io`].
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>, name: &str) -> Result<Self> {
        Self::from_storage(Storage::Memory(bytes.into()), name.to_owned(), OpenOptions::default())
    }

    /// The embedded starter index of the commonest passwords: enough to try things with, a few ten thousand
    /// of the two thousand million. Whoever relies on it must be told so.
    ///
    /// # Errors
    /// None in a sound build.
    #[cfg(feature = "starter")]
    pub fn starter() -> Result<Self> {
        let mut index = Self::from_bytes(breachdex_starter::STARTER_INDEX, "the starter index")?;
        index.is_starter = true;
        Ok(index)
    }

    fn from_storage(storage: Storage, name: String, options: OpenOptions) -> Result<Self> {
        let core = Arc::new(Core::open(Arc::new(storage), name, options.kernel)?);
        Ok(Self { core, path: None, identity: None, options, is_starter: false })
    }

    /// Takes the pages of the mapped file that were touched so far out of the process's resident memory, for bulk
    /// work that would end with all of the file there. They stay in the system's cache; the next touch costs a page
    /// fault. Concurrent questions are not disturbed. Does nothing for an index in memory.
    pub fn release_pages(&self) {
        self.core.release_pages();
    }

    /// The file's path as it was given, or the name given to [`Index::from_bytes`].
    pub fn name(&self) -> &str {
        self.core.name()
    }

    /// The file's path as it was given; `None` for an index in memory.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether this is the embedded starter index.
    pub fn is_starter(&self) -> bool {
        self.is_starter
    }

    /// What the index says about itself.
    pub fn metadata(&self) -> &Metadata {
        self.core.metadata()
    }

    /// Which digest it holds.
    pub fn kind(&self) -> Kind {
        self.metadata().kind
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.metadata().entries
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names the content: equal ids mean equal entries and facts.
    pub fn content_id(&self) -> ContentId {
        self.core.content_id()
    }

    /// The kernels in use: `bmi2` or `portable`.
    pub fn kernel(&self) -> &'static str {
        self.core.kernel()
    }

    /// What the index knows about a digest. Allocates nothing, takes no lock, touches no thread pool; about
    /// 0.7 µs at 60 million entries once the bucket was checked, about 1 µs more when it is touched for the first time.
    ///
    /// # Errors
    /// [`Error::WrongKind`], [`Error::NotCovered`], [`Error::Damaged`] (again each time).
    pub fn lookup(&self, digest: &Digest) -> Result<Answer> {
        self.core.lookup(digest)
    }

    /// How often the digest was seen: 0 when it is not in the index.
    ///
    /// # Errors
    /// As [`Index::lookup`]; [`Error::CountsUnavailable`] in an index without counts.
    pub fn count(&self, digest: &Digest) -> Result<u64> {
        Lookup::count(self, digest)
    }

    /// Whether the digest was seen at least `min_count` times (inclusive; 0 is taken as 1).
    ///
    /// # Errors
    /// As [`Index::lookup`]; [`Error::CountsUnavailable`] for a `min_count` above 1 in an index without
    /// counts.
    pub fn contains(&self, digest: &Digest, min_count: u64) -> Result<bool> {
        Lookup::contains(self, digest, min_count)
    }

    /// Many lookups on the calling thread, interleaved so that waiting for memory overlaps: 0.17 to 0.26 µs
    /// each. `answers` must be as long as `digests`. Expands the directory when there are many.
    ///
    /// # Errors
    /// As [`Index::lookup`], for the first digest that has one; `answers` is then unspecified.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn lookup_many(&self, digests: &[Digest], answers: &mut [Answer]) -> Result<()> {
        bulk::lookup_many(&self.core, digests, answers)
    }

    /// [`Index::lookup_many`] on all threads of a pool of the caller's; the global pool is never touched.
    ///
    /// # Errors
    /// As [`Index::lookup_many`].
    ///
    /// # Panics
    /// When the lengths differ.
    #[cfg(feature = "parallel")]
    pub fn par_lookup_many(
        &self,
        digests: &[Digest],
        answers: &mut [Answer],
        pool: &rayon::ThreadPool,
    ) -> Result<()> {
        bulk::par_lookup_many(&self.core, digests, answers, pool)
    }

    /// The entries under a prefix of any length, in order, as a stream.
    ///
    /// # Errors
    /// [`Error::NotCovered`] when any part of the range is outside the coverage. The stream's items are
    /// errors where the index is damaged; it ends after one.
    pub fn range(&self, prefix: &Prefix) -> Result<Range<'_>> {
        self.core.range(prefix)
    }

    /// Refuses where whole digests are needed and not kept.
    ///
    /// # Errors
    /// [`Error::NotExact`].
    pub fn require_exact(&self) -> Result<()> {
        let metadata = self.metadata();
        if metadata.is_exact() {
            return Ok(());
        }
        Err(Error::NotExact { name: self.name().to_owned(), bits: metadata.bits, full: metadata.kind.bits() })
    }

    /// The part of a range that is covered; what is outside holds no entries anyway.
    pub(crate) fn range_within_coverage(&self, prefix: &Prefix) -> Range<'_> {
        let (first, last) = prefix.bounds();
        Range::new(&self.core, first, last)
    }

    /// Every entry in order, as a stream.
    pub fn iter(&self) -> Range<'_> {
        self.core.iter()
    }

    /// Reads and checks everything on all processors: each checksum, each entry, the order, the totals and the content
    /// id. A second or less per GB on two processors, from the page cache. Reads ahead, and leaves no page cached that
    /// was not before.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the first fault, [`Error::Cancelled`].
    pub fn verify(&self, monitor: &dyn crate::Monitor) -> Result<()> {
        self.verify_with(VerifyOptions::default(), monitor)
    }

    /// [`Index::verify`] with options. Starts threads of its own and ends them before it returns; the monitor is
    /// called on the calling thread.
    ///
    /// # Errors
    /// As [`Index::verify`].
    pub fn verify_with(&self, options: VerifyOptions, monitor: &dyn crate::Monitor) -> Result<()> {
        verify::verify(&self.core, options, monitor)
    }

    /// Hands every entry to `write` as a line of a corpus, in order: upper-case hex digits, a colon and the count
    /// where there are counts, a line feed. The text comes in pieces of some MiB that end with a line. Renders on
    /// `threads` threads of its own (0 for one per processor) while the calling one writes; holds two pieces for
    /// each. Tells `monitor` how many entries are written.
    ///
    /// # Errors
    /// [`Error::NotExact`], before anything is written; [`Error::Damaged`], once everything before it is;
    /// [`Error::Cancelled`]; what `write` gives.
    pub fn export<E: From<Error>>(
        &self,
        threads: usize,
        write: &mut dyn FnMut(&[u8]) -> Result<(), E>,
        monitor: &dyn crate::Monitor,
    ) -> Result<(), E> {
        self.require_exact()?;
        export::export(&self.core, threads, write, monitor)
    }

    /// What may vary between equal indexes, as names and values; `tool` is the program that wrote the file.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn notes(&self) -> Result<Vec<(String, Vec<u8>)>> {
        self.core.notes()
    }

    /// Opens the file anew when another one is under its path now, with the same options; `None` when it is
    /// the same. Readers of this handle finish undisturbed. Always `None` for an index in memory.
    ///
    /// # Errors
    /// As [`Index::open`]; [`Error::Damaged`] when the same file was changed in place, which no handle that
    /// maps it survives unharmed.
    pub fn reopen_if_replaced(&self) -> Result<Option<Self>> {
        let (Some(path), Some(identity)) = (&self.path, &self.identity) else { return Ok(None) };
        let facts = std::fs::metadata(path).map_err(io_error("read", path))?;
        let now = Identity::of(&facts);
        if now == *identity {
            return Ok(None);
        }
        if now.is_same_file(identity) {
            return Err(self.core.changed_in_place());
        }
        Self::open_with(path, self.options).map(Some)
    }
}

fn refuse_other_than_files(path: &Path, facts: &std::fs::Metadata) -> Result<()> {
    if facts.is_file() {
        return Ok(());
    }
    let reason = if facts.is_dir() { "it is a folder" } else { "it is a pipe or a device, not a file" };
    Err(Error::NotAnIndex { name: path.display().to_string(), reason })
}

impl Lookup for Index {
    type Error = Error;

    fn kind(&self) -> Kind {
        Self::kind(self)
    }

    #[inline]
    fn lookup(&self, digest: &Digest) -> Result<Answer> {
        self.core.lookup(digest)
    }

    fn require_counts(&self) -> Result<()> {
        if self.metadata().has_counts {
            return Ok(());
        }
        Err(Error::CountsUnavailable { name: self.name().to_owned() })
    }
}

impl<'a> IntoIterator for &'a Index {
    type Item = Result<crate::Entry>;
    type IntoIter = Range<'a>;

    fn into_iter(self) -> Range<'a> {
        self.iter()
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("name", &self.name())
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}
