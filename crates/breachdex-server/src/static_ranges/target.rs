//! Where ranges are written: a folder, or what another crate implements.

#![forbid(unsafe_code)]

use super::StaticError;
use super::manifest::{RangeFacts, RangesHead};

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeEncoding {
    /// As it is.
    Plain,
    /// gzip.
    Gzip,
    /// brotli.
    Brotli,
}

impl RangeEncoding {
    /// What stands behind the prefix in its name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
        }
    }

    /// The value of `Content-Encoding`, where it has one.
    pub fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// Where the ranges of an index are written.
///
/// [`write_ranges_to`](super::write_ranges_to) calls [`begin`](Self::begin) once, then [`keeps`](Self::keeps) and
/// [`write`](Self::write) on many threads for the prefixes of a block, [`note`](Self::note) for the block, while the next one is being
/// written, and [`publish`](Self::publish) at the end. After an error or a cancellation it calls [`abandon`](Self::abandon).
pub trait RangeTarget: Sync {
    /// Takes up what an earlier run left, and returns how many of the prefixes, from the first on, need no work any more.
    ///
    /// # Errors
    /// Whatever refuses the run.
    fn begin(&mut self, head: &RangesHead, prefixes: &[u32]) -> Result<usize, StaticError>;

    /// Prefixes of a block: an interrupted run repeats as many, or twice as many, at most.
    fn block(&self) -> usize;

    /// Whether a block is noted on a thread of its own while the next one is written. Where not, it is noted behind that one, so that a
    /// simulation can repeat a run.
    fn notes_apart(&self) -> bool {
        true
    }

    /// Whether the target has this range already, in all encodings.
    ///
    /// # Errors
    /// The target cannot say.
    fn keeps(&self, prefix: u32, facts: &RangeFacts) -> Result<bool, StaticError>;

    /// Writes one body, and returns its bytes. The compressed ones of a range come first: a server that prefers them never has older
    /// ones than the plain one. It may still be under way when this returns; [`note`](Self::note) waits for it.
    ///
    /// # Errors
    /// The target's.
    fn write(
        &self,
        prefix: u32,
        encoding: RangeEncoding,
        body: &[u8],
        facts: &RangeFacts,
    ) -> Result<u64, StaticError>;

    /// Makes a block durable, and notes that.
    ///
    /// # Errors
    /// The target's, those of its writes included.
    fn note(&self, block: &[(u32, RangeFacts)]) -> Result<(), StaticError>;

    /// Ends a run: the manifest is that of this index, and nothing is left of prefixes that it does not cover.
    ///
    /// # Errors
    /// The target's.
    fn publish(&mut self, prefixes: &[u32]) -> Result<(), StaticError>;

    /// Ends a run that failed or was cancelled, so that the next one can go on at once.
    fn abandon(&mut self) {}
}
