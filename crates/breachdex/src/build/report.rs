//! What a build did.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::digest::Kind;
use crate::files::Durability;
use crate::index::ContentId;

/// What a build wrote and where its time went.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BuildReport {
    /// Entries in the index.
    pub entries: u64,
    /// Bytes of the whole file.
    pub bytes: u64,
    /// Groups in the file.
    pub groups: u64,
    /// Groups that were copied from segments without decoding them.
    pub groups_copied: u64,
    /// Bytes of these groups.
    pub bytes_copied: u64,
    /// Names the content.
    pub content_id: ContentId,
    /// Different digests that shared a fingerprint and became one entry.
    pub collisions: u64,
    /// Leading bits kept of every digest.
    pub bits: u32,
    /// The probability that a password that is in none of the inputs is reported as exposed; 0 when exact.
    pub false_positive_rate: f64,
    /// Every password seen at least this often is in the index.
    pub floor: u64,
    /// Whether entries come from an overlay, so that the file is its owner's alone to read.
    pub holds_overlay: bool,
    /// Where the inputs stopped being sorted, if they did: everything was then sorted on disk.
    pub went_unsorted: Option<String>,
    /// Inputs that were read as passwords, and whose first lines look like digests, with the kind of these.
    pub passwords_like_digests: Vec<(String, Kind)>,
    /// Inputs with passwords that are written as hashcat does, `$HEX[...]`, and that were hashed as they stand.
    pub passwords_in_notation: Vec<String>,
    /// Inputs that were read as passwords, and whose first lines all are an e-mail address, a colon and a password.
    pub passwords_with_users: Vec<String>,
    /// Inputs with passwords that are not UTF-8, and whose bytes were hashed.
    pub passwords_not_utf8: Vec<String>,
    /// The first and the last 5-digit prefix of a span without any entry, in an index that covers all prefixes and has so many
    /// entries that this is no chance: its input was cut off, or is a part.
    pub empty_span: Option<(u32, u32)>,
    /// Rows and range files outside the prefixes asked for. What a least count or `top` leaves out is not counted.
    pub left_out: u64,
    /// Names in folders of range files that cannot be range files and were passed over.
    pub passed_over: Vec<String>,
    /// Whether the published file is known to be on disk under its name.
    pub durability: Durability,
    /// Thread time spent reading and parsing.
    pub parsing: Duration,
    /// Thread time spent sorting, spilling to disk included.
    pub sorting: Duration,
    /// Thread time spent encoding groups.
    pub encoding: Duration,
    /// Thread time spent handing bytes to the system.
    pub writing: Duration,
    /// Time spent waiting for the disk at the end.
    pub syncing: Duration,
}

/// Where thread time goes, added up over threads.
#[derive(Debug, Default)]
pub(crate) struct Stopwatches {
    pub(crate) parsing: Stopwatch,
    pub(crate) sorting: Stopwatch,
    pub(crate) encoding: Stopwatch,
    pub(crate) writing: Stopwatch,
    pub(crate) syncing: Stopwatch,
}

/// A sum of times.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch(AtomicU64);

impl Stopwatch {
    pub(crate) fn add(&self, time: Duration) {
        self.0.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    /// Adds the time that `work` takes.
    pub(crate) fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.add(start.elapsed());
        result
    }

    pub(crate) fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}
