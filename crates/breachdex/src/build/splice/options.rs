//! What a splice is asked to do, what it is given, and what it says it did.

#![forbid(unsafe_code)]

use crate::build::{BeforePublish, BuildOptions, BuildReport};
use crate::coverage::Coverage;
use crate::digest::Kind;
use crate::entry::Entry;

/// All that the source now has under one 5-digit prefix.
#[derive(Clone, Debug)]
pub struct ChangedRange {
    /// The prefix, 20 bits.
    pub prefix: u32,
    /// Digests under the prefix, ascending and distinct, with counts of 1 or more; may be none. Whoever hands
    /// them over need not check this. They may be full ones, with nothing left out, or cut to the result's bits
    /// already, without those seen too seldom.
    pub entries: Vec<Entry>,
    /// How many digests were folded into another of the same fingerprint when they were cut.
    pub folded: u64,
}

/// What the result of a splice is to be. A base must agree in kind, bits, counts and least count.
#[derive(Clone, Debug)]
pub struct SpliceOptions {
    /// Which digests the ranges hold.
    pub kind: Kind,
    /// Leading bits to keep of every digest, 32 to the kind's width; `None` keeps all.
    pub bits: Option<u32>,
    /// Allow a false-positive rate above 2^-7.
    pub force_bits: bool,
    /// Whether to store counts.
    pub counts: bool,
    /// Leave out digests seen less often. 0 is taken for 1.
    pub min_count: u64,
    /// What the result covers: every range that is handed over and all that the base covers, and no prefix
    /// that is in neither.
    pub coverage: Coverage,
    /// Bytes of memory that may be used, 16 MiB at least.
    pub memory: u64,
    /// Threads that work; 0 is one for each processor.
    pub threads: usize,
    /// Where the entries come from, in your words; stored in the index.
    pub source: String,
    /// The corpus date, `YYYY-MM-DD` or empty; stored in the index.
    pub date: String,
    /// Replace the target if it exists. The target may be the base's own file.
    pub replace: bool,
    /// What is done with a finished index before it gets its name.
    pub before_publish: Option<BeforePublish>,
}

impl Default for SpliceOptions {
    fn default() -> Self {
        let build = BuildOptions::default();
        Self {
            kind: build.kind,
            bits: None,
            force_bits: false,
            counts: true,
            min_count: 1,
            coverage: Coverage::whole(),
            memory: build.memory,
            threads: 0,
            source: String::new(),
            date: String::new(),
            replace: false,
            before_publish: None,
        }
    }
}

/// What a splice wrote and how that differs from its base. Hashes are compared as they are in the index: after
/// rare ones were left out and fingerprints cut.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpliceReport {
    /// The index written.
    pub index: BuildReport,
    /// Ranges handed over.
    pub ranges_given: u64,
    /// Those of them whose rows are not the base's.
    pub ranges_changed: u64,
    /// Hashes that the base did not have.
    pub hashes_added: u64,
    /// Hashes that only the base had.
    pub hashes_removed: u64,
    /// Hashes whose counts differ; 0 without counts.
    pub counts_changed: u64,
    /// Groups copied as they were.
    pub groups_copied: u64,
    /// Groups encoded, in part at least.
    pub groups_encoded: u64,
    /// Bytes that were copied as they were encoded.
    pub bytes_copied: u64,
}
