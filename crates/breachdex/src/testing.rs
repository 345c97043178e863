//! For unit tests: an index in memory from entries, put together straight from the format's parts.

#![forbid(unsafe_code)]

use crate::coverage::Coverage;
use crate::digest::{Digest, Key, Kind};
use crate::entry::Entry;
use crate::format::checksum::{self, ContentHasher};
use crate::format::directory::DirectoryBuilder;
use crate::format::encode::GroupEncoder;
use crate::format::facts::Facts;
use crate::format::header::{Extent, Header, LENGTH};
use crate::format::{Layout, OverlayMark, notes};

/// A layout with counts.
pub(crate) fn layout(kind: Kind, bits: u32, directory_bits: u32) -> Layout {
    Layout { kind, bits, directory_bits, counts: true, cut: false, overlay: OverlayMark::None }
}

/// The file's bytes for entries that are sorted, distinct and truncated.
pub(crate) fn assemble(layout: Layout, entries: &[Entry], coverage: Coverage) -> Vec<u8> {
    let mut out = vec![0; LENGTH];
    let mut encoder = GroupEncoder::new(layout);
    let mut directory = DirectoryBuilder::new(layout.directory_bits);
    let mut groups = Vec::new();
    let prefix = |entry: &Entry| entry.key.leading(layout.directory_bits) as u32;
    for group in entries.chunk_by(|a, b| prefix(a) == prefix(b)) {
        let offset = (out.len() - LENGTH) as u64;
        let checksum = encoder.encode(prefix(&group[0]), group, &mut out).expect("a small group");
        directory.push(prefix(&group[0]), offset, checksum).expect("a small index");
        groups.push((prefix(&group[0]), checksum));
    }
    let facts = Facts { coverage, source: "test".into(), date: String::new() }.encode();
    let notes = notes::encode(&[("tool", b"test")]);
    let directory = directory.finish();
    let extent = Extent { offset: LENGTH as u64, length: (out.len() - LENGTH) as u64, checksum: 0 };
    let directory_extent = extent.next(directory.len() as u64, checksum::section(&directory));
    let facts_extent = directory_extent.next(facts.len() as u64, checksum::section(&facts));
    let counts = || entries.iter().map(|entry| entry.count);
    let mut header = Header {
        layout,
        entries: entries.len() as u64,
        total_count: if layout.counts { counts().sum() } else { 0 },
        max_count: if layout.counts { counts().max().unwrap_or(0) } else { 0 },
        floor: 1,
        collisions: 0,
        group_count: groups.len() as u64,
        groups: extent,
        directory: directory_extent,
        facts: facts_extent,
        notes: facts_extent.next(notes.len() as u64, checksum::section(&notes)),
        content_id: [0; 20],
    };
    let mut content = ContentHasher::new(&header, &facts);
    for (prefix, checksum) in groups {
        content.group(prefix, checksum);
    }
    header.content_id = content.finish();
    out[..LENGTH].copy_from_slice(&header.encode());
    for section in [directory, facts, notes] {
        out.extend_from_slice(&section);
    }
    out
}

/// A small generator of well-mixed numbers.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A uniformly random key of the kind's width.
    pub(crate) fn key(&mut self, kind: Kind) -> Key {
        Key { words: [self.next(), self.next(), self.next()] }.truncated(kind.bits())
    }

    /// A count whose distribution has a long tail.
    pub(crate) fn count(&mut self) -> u64 {
        let width = (self.next() % 64).min(self.next() % 64).min(self.next() % 40);
        (self.next() >> (63 - width)).max(1)
    }
}

/// Sorted, distinct entries of truncated keys.
pub(crate) fn entries(keys: impl IntoIterator<Item = Key>, bits: u32, random: &mut Random) -> Vec<Entry> {
    let mut keys: Vec<Key> = keys.into_iter().map(|key| key.truncated(bits)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().map(|key| Entry { key, count: random.count() }).collect()
}

/// The digest of a key.
pub(crate) fn digest(kind: Kind, key: Key) -> Digest {
    Digest::from_key(kind, key)
}
