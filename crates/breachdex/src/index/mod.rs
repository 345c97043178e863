//! The index as its users see it: open a file, ask it, trust the answer or get an error.
//!
//! There is one reader, whatever the storage: `core` has what an open index is, `sections` its small parts, and `touch`
//! goes from a prefix to its group and bucket and checks them. Above it, `scalar` looks up one digest and `bulk` many,
//! `range` streams entries in order, `rows` writes a range as text, `verify` reads everything, `export` writes it, and
//! `groups` gives what is encoded to those who copy or compare it, as `diff` does. `options` says how to open, `lookup` is
//! what all that can be asked have in common, `answer` what they say, and `live` follows a file that is replaced.

#![forbid(unsafe_code)]

mod answer;
mod bulk;
mod core;
mod diff;
mod export;
mod failure;
#[cfg(all(test, feature = "build"))]
mod far_tests;
pub(crate) mod groups;
mod identity;
pub(crate) mod in_order;
#[cfg(feature = "live")]
mod live;
#[cfg(all(test, feature = "live"))]
mod live_tests;
mod lookup;
mod metadata;
mod options;
mod parts;
mod places;
mod range;
mod replaced;
mod rows;
mod scalar;
mod sections;
#[cfg(all(test, feature = "build"))]
mod sparse_tests;
mod step_back;
#[cfg(test)]
mod storages_tests;
#[cfg(test)]
mod tests;
mod touch;
mod units;
mod verified;
mod verify;
mod verify_group;
#[cfg(feature = "build")]
pub(crate) mod whole_groups;

use std::borrow::Cow;
#[cfg(feature = "live")]
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use answer::Answer;
pub use core::Checks;
pub use diff::{Change, Difference, diff};
#[cfg(feature = "live")]
pub use live::{LiveIndex, Reload};
pub use lookup::Lookup;
pub use metadata::{ContentId, Metadata};
pub use options::OpenOptions;
pub use range::Range;
pub use rows::RangeScratch;
pub use step_back::StepBack;
pub use verify::VerifyOptions;

use self::core::Core;
use self::identity::Identity;
use crate::coverage::Prefix;
#[cfg(feature = "build")]
use crate::digest::Key;
use crate::digest::{Digest, Kind};
use crate::error::{Error, Result};
use crate::storage::ReadMode;

/// An open index. `Send + Sync`; a clone is another handle on the same file, mapping and verification state.
///
/// Opening checks the header, the directory and the facts. Every other part is held against its checksum before it
/// answers, so every answer is right or an error. What is the same for all, and what is not:
///
/// | opened by | the bytes are | checked | a file that is cut or changed in place |
/// | --- | --- | --- | --- |
/// | [`Index::open`] | read for every answer | each time | [`Error::Damaged`], or the answer from before |
/// | [`Index::map`] | mapped | when first touched | ends the process, or [undefined behaviour](OpenOptions::mapped) |
/// | [`Index::from_bytes`] | in memory | when first touched | no matter |
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
    /// Opens an index file that is read: two positioned reads for a lookup, some microseconds where the file is cached.
    /// Reads and checks the header, the directory and the facts now, half a megabyte at most, and every part that an
    /// answer needs for that answer. Nothing that others do to the file is more than an error.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NotAnIndex`], [`Error::UnsupportedVersion`], [`Error::Damaged`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, OpenOptions::new())
    }

    /// Maps an index file, so that a lookup takes a fraction of a microsecond and processes share the page cache. Opens
    /// as [`Index::open`] does, well under a millisecond at any size.
    ///
    /// **Only for a file that nobody changes in place** while it is mapped: see [`OpenOptions::mapped`].
    ///
    /// # Errors
    /// As [`Index::open`]; [`Error::NotMappable`] where there is too little address space.
    pub fn map(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, OpenOptions::new().mapped())
    }

    /// [`Index::open`] or [`Index::map`] with options.
    ///
    /// # Errors
    /// As these; [`Error::DoesNotFit`] where memory or a limit is too small for the residency; with
    /// [`OpenOptions::trust`] `NotSigned` and `Stale`.
    pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self> {
        let path = path.as_ref();
        let (core, identity) = options.open(path)?;
        Ok(Self {
            core: Arc::new(core),
            path: Some(path.to_owned()),
            identity: Some(identity),
            options,
            is_starter: false,
        })
    }

    /// Opens an index that is already in memory, under a name for messages.
    ///
    /// # Errors
    /// As [`Index::open`], without [`Error::Io`].
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>, name: &str) -> Result<Self> {
        let options = OpenOptions::new();
        let core = Arc::new(options.open_bytes(bytes.into(), name)?);
        Ok(Self { core, path: None, identity: None, options, is_starter: false })
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

    /// The signature that was asked for at open and is valid; `None` where none was asked for. Every answer is then what
    /// the signer's index says: a group is held against the content id when it is first touched.
    #[cfg(feature = "signatures")]
    pub fn signed(&self) -> Option<&crate::trust::Signed> {
        self.core.signed()
    }

    /// Takes the pages of the mapped file that were touched so far out of the process's resident memory, for bulk
    /// work that would end with all of the file there. They stay in the system's cache; the next touch costs a page
    /// fault. Concurrent questions are not disturbed. Does nothing for an index that is not mapped.
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

    /// The kernels in use: `avx512`, `avx2`, `bmi2` or `portable`.
    pub fn kernel(&self) -> &'static str {
        self.core.kernel()
    }

    /// What the index knows about a digest. Takes no lock and touches no thread pool. In a mapping and in memory it
    /// allocates nothing and takes about 0.7 µs at 60 million entries once the bucket was checked, about 1 µs more when it
    /// is touched for the first time; by reads some microseconds each time.
    ///
    /// # Errors
    /// [`Error::WrongKind`], [`Error::NotCovered`], [`Error::Damaged`] (again each time), [`Error::Io`].
    pub fn lookup(&self, digest: &Digest) -> Result<Answer> {
        self.core.lookup(digest)
    }

    /// [`Index::lookup`] for those who must not wait for the disk, or who keep buffers from one lookup to the next.
    ///
    /// # Errors
    /// As [`Index::lookup`]; [`Error::WouldBlock`].
    pub fn lookup_with(&self, digest: &Digest, mode: ReadMode, scratch: &mut RangeScratch) -> Result<Answer> {
        let answer = self.core.lookup_by_reads(digest, mode, scratch);
        scratch.forget();
        answer
    }

    /// [`Index::lookup`] that does not wait for the disk, with buffers of the thread's own.
    #[cfg(feature = "live")]
    pub(crate) fn lookup_cached(&self, digest: &Digest) -> Result<Answer> {
        thread_local! {
            static SCRATCH: RefCell<RangeScratch> = RefCell::default();
        }
        if self.core.is_in_memory() {
            return self.lookup(digest);
        }
        SCRATCH.with_borrow_mut(|scratch| self.lookup_with(digest, ReadMode::Cached, scratch))
    }

    /// The count of a key, 0 where none are stored; `None` where it is absent. Asks nothing of the coverage.
    #[cfg(feature = "build")]
    pub(crate) fn find(&self, key: &Key, mode: ReadMode, scratch: &mut RangeScratch) -> Result<Option<u64>> {
        let found = self.core.find(key, mode, scratch);
        scratch.forget();
        found
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

    /// Many lookups on the calling thread; `answers` must be as long as `digests`. In a mapping and in memory they are
    /// interleaved so that waiting for memory overlaps, and from 32 MiB of entries on put in order, 65,536 at a time, so that
    /// they find the same pages: 0.14 to 0.20 µs each. Give that many at once where you can. By reads they go one after another, and in
    /// ascending order neighbours share what was read.
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

    /// Appends the rows of a 5-digit prefix as the range protocol has them, `SUFFIX:COUNT`, upper-case, with CRLF between
    /// rows and none after the last, and returns their number. Two reads at most where bytes are read. What `scratch` has
    /// read before is not used again.
    ///
    /// ```no_run
    /// use breachdex::{Index, RangeScratch, ReadMode};
    /// let index = Index::open("pwned.bdx")?;
    /// let (mut scratch, mut body) = (RangeScratch::default(), Vec::new());
    /// let rows = index.write_range(0x21BD1, ReadMode::Blocking, &mut scratch, &mut body)?;
    /// # let _ = rows; Ok::<(), breachdex::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotCovered`], [`Error::NotExact`], [`Error::CountsUnavailable`]; [`Error::InvalidPrefix`] for
    /// more than 20 bits; [`Error::Damaged`], also where the file was cut or changed since it was opened;
    /// [`Error::Io`]; [`Error::WouldBlock`]. `rows` is then as it was.
    pub fn write_range(
        &self,
        prefix: u32,
        mode: ReadMode,
        scratch: &mut RangeScratch,
        rows: &mut Vec<u8>,
    ) -> Result<usize> {
        self.core.write_range(prefix, mode, scratch, rows)
    }

    /// Refuses where whole digests are needed and not kept.
    ///
    /// # Errors
    /// [`Error::NotExact`].
    pub fn require_exact(&self) -> Result<()> {
        self.core.require_exact()
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
    /// was not before. By reads, each thread holds a group at a time, half a megabyte in a whole corpus and 4 MiB at most.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the first fault, [`Error::Io`], [`Error::Cancelled`].
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

    /// For jobs that make other files of this one: from now on each part is held against its hash when it is touched next,
    /// as with a trusted key, so that an entry that was changed without a trace in the checksums gets no place in a file
    /// whose hashes are right. By itself that says nothing of who made the file. [`Index::export`],
    /// [`build`](crate::build()), [`merge`](crate::merge()) and [`splice`](crate::splice()) begin with it.
    ///
    /// # Errors
    /// [`Error::Damaged`] where directory, facts and hashes do not have the content id; [`Error::Io`].
    pub fn hold_to_hashes(&self) -> Result<()> {
        self.core.hold_to_hashes()
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
        self.hold_to_hashes()?;
        export::export(&self.core, threads, write, monitor)
    }

    /// What may vary between equal indexes, as names and values; `tool` is the program that wrote the file.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn notes(&self) -> Result<Vec<(String, Vec<u8>)>> {
        self.core.notes()
    }
}
