//! What a build is asked to do.

#![forbid(unsafe_code)]

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::digest::Kind;
use crate::error::Result;
use crate::index::{ContentId, Metadata, OpenOptions};

/// What becomes of digests that occur more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MergeRule {
    /// Their counts are added up.
    Sum,
    /// The largest count stays.
    Max,
    /// They end the build.
    Error,
}

/// Which 5-digit prefixes the inputs are said to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CoverageRule {
    /// Every one: a range folder must be whole. What an index input does not cover stays uncovered.
    Whole,
    /// These inclusive ranges of 20-bit prefixes; everything else in the inputs is left out.
    Prefixes(Vec<(u32, u32)>),
    /// Those whose files a range folder has.
    Present,
}

/// A call with what a finished index says of itself, before the file gets its name: the place to publish a signature, so
/// that the index is never there without. An error of it leaves the target as it was.
#[derive(Clone)]
pub struct BeforePublish(Arc<Call>);

type Call = dyn Fn(&Metadata, ContentId) -> Result<()> + Send + Sync;

impl BeforePublish {
    /// Calls `call` on the thread that publishes.
    pub fn new(call: impl Fn(&Metadata, ContentId) -> Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(call))
    }

    pub(crate) fn call(&self, metadata: &Metadata, content_id: ContentId) -> Result<()> {
        (self.0)(metadata, content_id)
    }
}

impl fmt::Debug for BeforePublish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BeforePublish(..)")
    }
}

/// What to build of the inputs, and with what.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// Which digests the inputs hold, or to make of passwords.
    pub kind: Kind,
    /// Leading bits to keep of every digest, 32 to the kind's width; `None` keeps all.
    pub bits: Option<u32>,
    /// Allow a false-positive rate above 2^-7.
    pub force_bits: bool,
    /// Whether to store counts. Without them rows may lack theirs.
    pub counts: bool,
    /// Leave out digests seen less often, after equal ones were merged. 0 is taken for 1.
    pub min_count: u64,
    /// Keep this many digests at most, the commonest; of equally common ones the smaller.
    pub top: Option<u64>,
    /// What becomes of equal digests; `None` is [`MergeRule::Sum`] when passwords are among the inputs and
    /// [`MergeRule::Error`] otherwise.
    pub merge: Option<MergeRule>,
    /// What the inputs are said to hold.
    pub coverage: CoverageRule,
    /// Refuse inputs that leave a prefix out.
    pub complete: bool,
    /// Makes a segment of a larger index: with the directory bits of that index, which [`directory_bits`](crate::directory_bits)
    /// tells from its number of entries. `None` takes those of the entries that are read. Means nothing where everything is
    /// covered, for the segment is the whole then.
    pub directory_bits: Option<u32>,
    /// Bytes of memory that may be used, 16 MiB at least.
    pub memory: u64,
    /// Threads that work; 0 is one for each processor.
    pub threads: usize,
    /// Where to put temporary files; `None` is the target's folder.
    pub temp_dir: Option<PathBuf>,
    /// Where the entries come from, in your words; stored in the index.
    pub source: String,
    /// The corpus date, `YYYY-MM-DD` or empty; stored in the index.
    pub date: String,
    /// Replace the target if it exists.
    pub replace: bool,
    /// How index inputs are opened: with trusted keys, each must be signed by one of them, and what is read of it is held
    /// against the signed content id.
    pub open: OpenOptions,
    /// What is done with a finished index before it gets its name.
    pub before_publish: Option<BeforePublish>,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            kind: Kind::Sha1,
            bits: None,
            force_bits: false,
            counts: true,
            min_count: 1,
            top: None,
            merge: None,
            coverage: CoverageRule::Whole,
            complete: false,
            directory_bits: None,
            memory: 1 << 30,
            threads: 0,
            temp_dir: None,
            source: String::new(),
            date: String::new(),
            replace: false,
            open: OpenOptions::new(),
            before_publish: None,
        }
    }
}

/// How to merge indexes into one.
#[derive(Clone, Debug)]
pub struct MergeOptions {
    /// What becomes of digests that several indexes hold.
    pub merge: MergeRule,
    /// Bytes of memory that may be used, 16 MiB at least.
    pub memory: u64,
    /// Threads that work; 0 is one for each processor.
    pub threads: usize,
    /// Where to put temporary files; `None` is the target's folder.
    pub temp_dir: Option<PathBuf>,
    /// Where the entries come from, in your words; stored in the index.
    pub source: String,
    /// The corpus date, `YYYY-MM-DD` or empty; stored in the index.
    pub date: String,
    /// Replace the target if it exists.
    pub replace: bool,
    /// How index inputs are opened: with trusted keys, each must be signed by one of them, and what is read of it is held
    /// against the signed content id.
    pub open: OpenOptions,
    /// What is done with a finished index before it gets its name.
    pub before_publish: Option<BeforePublish>,
}

impl Default for MergeOptions {
    fn default() -> Self {
        let build = BuildOptions::default();
        Self {
            merge: MergeRule::Sum,
            memory: build.memory,
            threads: build.threads,
            temp_dir: None,
            source: String::new(),
            date: String::new(),
            replace: false,
            open: OpenOptions::new(),
            before_publish: None,
        }
    }
}
