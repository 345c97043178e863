//! What an index says about itself.

#![forbid(unsafe_code)]

use std::fmt;

use crate::coverage::Coverage;
use crate::digest::Kind;
use crate::format::content::Hash;
use crate::format::facts::Facts;
use crate::format::header::Header;
use crate::format::{OverlayMark, VERSION};

/// What an index says about itself; read at open.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metadata {
    /// Which digest it holds.
    pub kind: Kind,
    /// Leading bits kept of every digest.
    pub bits: u32,
    /// Leading bits that the directory resolves.
    pub directory_bits: u32,
    /// Number of entries.
    pub entries: u64,
    /// Whether counts are stored.
    pub has_counts: bool,
    /// Sum of all counts; 0 without counts.
    pub total_count: u64,
    /// The largest count; 0 without counts.
    pub max_count: u64,
    /// Every password that the source has seen at least this often is there; below it some may be missing.
    pub floor: u64,
    /// Whether only the commonest entries were kept (`--top`).
    pub is_cut: bool,
    /// Whether entries come from an overlay: somebody's own list, which is to be kept secret.
    pub holds_overlay: bool,
    /// Whether this is an overlay, and not an index that one was merged into.
    pub is_overlay: bool,
    /// Whether it holds keyed digests of pairs of a user name and a password, which only their key can ask.
    pub is_pairs: bool,
    /// Different digests that shared a fingerprint and became one entry.
    pub collisions: u64,
    /// The prefixes the source claimed to hold.
    pub coverage: Coverage,
    /// Where the entries come from, in the builder's words; may be empty.
    pub source: String,
    /// The corpus date, `YYYY-MM-DD` or empty.
    pub corpus_date: String,
    /// Bytes of the whole file.
    pub file_length: u64,
    /// Groups with entries.
    pub groups: u64,
    /// Version of the file format.
    pub format_version: u32,
}

impl Metadata {
    pub(crate) fn new(header: &Header, facts: Facts) -> Self {
        Self {
            kind: header.layout.kind,
            bits: header.layout.bits,
            directory_bits: header.layout.directory_bits,
            entries: header.entries,
            has_counts: header.layout.counts,
            total_count: header.total_count,
            max_count: header.max_count,
            floor: header.floor,
            is_cut: header.layout.cut,
            holds_overlay: header.layout.overlay != OverlayMark::None,
            is_overlay: header.layout.overlay == OverlayMark::Overlay,
            is_pairs: header.layout.overlay == OverlayMark::Pairs,
            collisions: header.collisions,
            coverage: facts.coverage,
            source: facts.source,
            corpus_date: facts.date,
            file_length: header.file_length(),
            groups: header.group_count,
            format_version: VERSION,
        }
    }

    /// Whether full digests are kept, so that a hit is never by chance.
    pub fn is_exact(&self) -> bool {
        self.bits == self.kind.bits()
    }

    /// The probability that a password that is not in the source is reported as exposed: entries / 2^bits,
    /// 0 for an exact index.
    pub fn false_positive_rate(&self) -> f64 {
        if self.is_exact() { 0.0 } else { self.entries as f64 / 2_f64.powi(self.bits as i32) }
    }
}

/// Names an index's content, a BLAKE3 hash: equal ids mean equal entries and facts; only notes may differ. It is what the
/// file says of itself until [`Index::verify`](crate::Index::verify) has compared it with the content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentId(pub(crate) Hash);

impl ContentId {
    /// The 32 bytes of the id.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentId({self})")
    }
}
