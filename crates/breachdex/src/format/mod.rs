//! The bytes of an index file, as `docs/format.md` describes them: each part knows how to write itself and
//! how to read itself back without trusting a byte.
//!
//! `header` `directory` `facts` `notes` are the file's small parts, read at open, `limits` how large they can be; `group` and `bucket` hold
//! the entries, `placement` says where a group starts, `cursor` decodes buckets and `write_rows` makes text of them;
//! `content` hashes groups into the content id; `bits` and `checksum` serve them all.

#![forbid(unsafe_code)]

pub(crate) mod bits;
pub(crate) mod bucket;
pub(crate) mod check;
pub(crate) mod checksum;
pub(crate) mod content;
pub(crate) mod cursor;
pub(crate) mod directory;
mod directory_check;
pub(crate) mod encode;
pub(crate) mod facts;
pub(crate) mod group;
pub(crate) mod header;
pub(crate) mod limits;
pub(crate) mod notes;
pub(crate) mod placement;
pub(crate) mod write_rows;

use crate::digest::Kind;

/// The first bytes of every index. The high bit, both line ends and the end-of-file byte make a transfer
/// that takes the file for text show at once.
pub(crate) const MAGIC: [u8; 8] = *b"\x89BDX\r\n\x1a\n";

/// The one version this library writes and reads.
pub(crate) const VERSION: u32 = 2;

/// The fewest fingerprint bits an index may keep.
pub const MIN_BITS: u32 = 32;

/// The widest directory prefix.
pub(crate) const MAX_DIRECTORY_BITS: u32 = 16;

/// Indexes with more entries than this have a directory of [`MAX_DIRECTORY_BITS`].
pub(crate) const SMALL_INDEX: u64 = 1 << 22;

/// The facts that decide how every entry is encoded, and that every checksum covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) kind: Kind,
    /// Leading bits kept of every digest.
    pub(crate) bits: u32,
    /// Leading bits that the directory resolves.
    pub(crate) directory_bits: u32,
    pub(crate) counts: bool,
    /// Whether only the commonest entries were kept.
    pub(crate) cut: bool,
    /// What it has to do with overlays.
    pub(crate) overlay: OverlayMark,
}

/// Whether entries come from an overlay, which is somebody's own list and nothing for others to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OverlayMark {
    /// None do.
    None,
    /// Some do: an overlay was folded in.
    Merged,
    /// It is an overlay.
    Overlay,
    /// It holds no digests of passwords, but keyed digests of pairs of a user name and a password.
    Pairs,
}

impl OverlayMark {
    const MERGED: u8 = 8;
    const OVERLAY: u8 = 16;
    const PAIRS: u8 = 32;
    const ALL: u8 = Self::MERGED | Self::OVERLAY | Self::PAIRS;

    fn flags(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Merged => Self::MERGED,
            Self::Overlay => Self::MERGED | Self::OVERLAY,
            Self::Pairs => Self::PAIRS,
        }
    }

    /// The mark of flags, or how they contradict one another.
    fn of_flags(flags: u8) -> Result<Self, &'static str> {
        let known = [Self::None, Self::Merged, Self::Overlay, Self::Pairs];
        known.into_iter().find(|mark| mark.flags() == flags & Self::ALL).ok_or({
            if flags & Self::PAIRS != 0 {
                "it is said to hold pairs, and entries of an overlay"
            } else {
                "it is said to be an overlay that holds no entries of one"
            }
        })
    }
}

/// Flags that this version knows. Bit 2 (value 4) is not used: files that tests keep forever have it as one that
/// no reader knows.
const KNOWN_FLAGS: u8 = 1 | 2 | OverlayMark::ALL;

impl Layout {
    pub(crate) fn kind_byte(self) -> u8 {
        match self.kind {
            Kind::Sha1 => 1,
            Kind::Ntlm => 2,
        }
    }

    pub(crate) fn flags(self) -> u8 {
        u8::from(self.counts) | u8::from(self.cut) << 1 | self.overlay.flags()
    }
}

/// Returns the directory bits of an index of so many entries, 0 to 16. A segment has those of the index that it is a part
/// of: `BuildOptions::directory_bits`.
pub fn directory_bits(entries: u64) -> u32 {
    if entries > SMALL_INDEX {
        return MAX_DIRECTORY_BITS;
    }
    entries.div_ceil(1024).next_power_of_two().trailing_zeros()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
