//! For unit tests: an index in memory from entries, put together straight from the format's parts.

#![forbid(unsafe_code)]

#[cfg(feature = "build")]
use std::fs::File;

#[cfg(feature = "build")]
use crate::build::positioned::{self, DiskFile, Place};
use crate::coverage::Coverage;
use crate::digest::{Digest, Key, Kind};
use crate::entry::Entry;
#[cfg(feature = "build")]
use crate::error::Error;
use crate::format::checksum;
use crate::format::content::{self, HASH, UnitHasher};
use crate::format::directory::DirectoryBuilder;
use crate::format::encode::{GroupEncoder, Seal};
use crate::format::facts::Facts;
use crate::format::header::{Extent, Header, LENGTH};
use crate::format::placement::padding;
use crate::format::{Layout, OverlayMark, notes};

/// A layout with counts.
pub(crate) fn layout(kind: Kind, bits: u32, directory_bits: u32) -> Layout {
    Layout { kind, bits, directory_bits, counts: true, cut: false, overlay: OverlayMark::None }
}

/// The file's bytes for entries that are sorted, distinct and truncated.
pub(crate) fn assemble(layout: Layout, entries: &[Entry], coverage: Coverage) -> Vec<u8> {
    assemble_split(layout, entries, coverage, None)
}

/// The same, each group split by so many bits whatever the rule says.
pub(crate) fn assemble_split(
    layout: Layout,
    entries: &[Entry],
    coverage: Coverage,
    extra_bits: Option<u32>,
) -> Vec<u8> {
    let mut out = vec![0; LENGTH];
    let mut encoder = GroupEncoder::new(layout);
    let mut places = Vec::new();
    for group in by_group(layout, entries) {
        let (prefix, mut bytes) = (prefix_of(layout, group), Vec::new());
        let extra_bits = extra_bits.unwrap_or_else(|| encoder.extra_bits(group.len()));
        encoder.begin(prefix, extra_bits);
        (0..1_u32 << extra_bits).fold(group, |rest, _| encoder.push_leading(rest));
        let seal = encoder.finish(&mut bytes).expect("a small group");
        let zeros = padding((out.len() - LENGTH) as u64, seal.head);
        out.resize(out.len() + zeros as usize, 0);
        places.push((prefix, (out.len() - LENGTH) as u64, seal));
        out.extend_from_slice(&bytes);
    }
    let (header, sections) = around(layout, entries, &places, (out.len() - LENGTH) as u64, coverage);
    out[..LENGTH].copy_from_slice(&header);
    out.extend_from_slice(&sections);
    out
}

/// Writes such a file whose groups start at offsets in the groups section that leave holes between them.
#[cfg(feature = "build")]
pub(crate) fn write_sparse(
    file: &File,
    layout: Layout,
    entries: &[Entry],
    offsets: &[u64],
) -> std::io::Result<()> {
    let mut encoder = GroupEncoder::new(layout);
    let (mut places, mut end) = (Vec::new(), 0);
    let place = Place::Target("a sparse file".into());
    let file = DiskFile { disk: crate::files::current(), file: file.try_clone()? };
    let put = |bytes: &[u8], at: u64| {
        positioned::write_all(&file, bytes, at, &place).map_err(|error| match error {
            Error::Io { source, .. } => source,
            other => std::io::Error::other(other),
        })
    };
    let groups: Vec<&[Entry]> = by_group(layout, entries).collect();
    assert_eq!(groups.len(), offsets.len());
    for (group, offset) in groups.into_iter().zip(offsets) {
        let (prefix, mut bytes) = (prefix_of(layout, group), Vec::new());
        let seal = encoder.encode(prefix, group, &mut bytes).expect("a small group");
        assert!(*offset >= end, "groups lie over one another");
        put(&bytes, LENGTH as u64 + offset)?;
        end = offset + bytes.len() as u64;
        places.push((prefix, *offset, seal));
    }
    let (header, sections) = around(layout, entries, &places, end, Coverage::whole());
    put(&header, 0)?;
    put(&sections, LENGTH as u64 + end)
}

/// Writes an index of one group with one bucket, which is a hole of so many bytes said to hold so many entries. All
/// checksums hold.
#[cfg(feature = "build")]
pub(crate) fn write_hollow(file: &File, layout: Layout, length: u32, entries: u32) -> std::io::Result<()> {
    let bucket_place = checksum::BucketPlace { prefix_bits: layout.directory_bits, prefix: 0, entries };
    let zeros = vec![0; 1 << 20];
    let mut sum = checksum::bucket_start(layout, bucket_place, length as usize);
    let mut left = length as usize;
    while left > 0 {
        let piece = left.min(zeros.len());
        sum = checksum::append(sum, &zeros[..piece]);
        left -= piece;
    }
    // A wide record, of a drift of zero.
    let mut rest = vec![0x80];
    rest.extend_from_slice(&length.to_le_bytes());
    rest.extend_from_slice(&0_u32.to_le_bytes());
    rest.extend_from_slice(&entries.to_le_bytes());
    rest.extend_from_slice(&sum.to_le_bytes());
    let group_sum = checksum::group(layout, 0, &rest);
    let head = [&group_sum.to_le_bytes()[..], &rest].concat();
    let seal = Seal { checksum: group_sum, head: head.len() as u64, hash: [0; HASH] };
    let groups_length = head.len() as u64 + u64::from(length);
    let said = Entry { key: Key::default(), count: 1 };
    let (header, sections) = around(layout, &[said], &[(0, 0, seal)], groups_length, Coverage::whole());
    let place = Place::Target("a hollow file".into());
    let file = DiskFile { disk: crate::files::current(), file: file.try_clone()? };
    for (bytes, at) in [(&header[..], 0), (&head, LENGTH as u64), (&sections, LENGTH as u64 + groups_length)]
    {
        positioned::write_all(&file, bytes, at, &place).map_err(std::io::Error::other)?;
    }
    Ok(())
}

/// Whether a sparse file could be made; says so where the file system has none.
#[cfg(feature = "build")]
#[allow(clippy::print_stderr)]
pub(crate) fn skip_without_holes(made: std::io::Result<()>) -> bool {
    use std::io::ErrorKind::{FileTooLarge, InvalidInput, Other, StorageFull};

    match made {
        Ok(()) => true,
        Err(error) if matches!(error.kind(), FileTooLarge | StorageFull | InvalidInput | Other) => {
            eprintln!("skipped: no sparse file can be made here: {error}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

fn prefix_of(layout: Layout, group: &[Entry]) -> u32 {
    group[0].key.leading(layout.directory_bits) as u32
}

fn by_group(layout: Layout, entries: &[Entry]) -> impl Iterator<Item = &[Entry]> {
    entries.chunk_by(move |one, next| prefix_of(layout, &[*one]) == prefix_of(layout, &[*next]))
}

/// What comes before and behind groups at the places given: prefix, offset, seal.
fn around(
    layout: Layout,
    entries: &[Entry],
    places: &[(u32, u64, Seal)],
    groups_length: u64,
    coverage: Coverage,
) -> ([u8; LENGTH], Vec<u8>) {
    let mut directory = DirectoryBuilder::new(layout.directory_bits);
    let unit_bits = content::unit_bits(groups_length, layout.directory_bits);
    let (mut rows, mut units) = (Vec::new(), UnitHasher::new(layout.directory_bits, unit_bits));
    for (prefix, offset, seal) in places {
        let locator =
            directory.push(*prefix, *offset, seal.checksum).expect("an offset that an index can have");
        rows.push((*prefix, locator));
        units.add(*prefix, &seal.hash);
    }
    let (directory, hashes) = (directory.finish(), units.finish(unit_bits));
    let facts = Facts { coverage, source: "test".into(), date: String::new() }.encode();
    let notes = notes::encode(&[("tool", b"test")]).expect("a short note");
    let extent = Extent { offset: LENGTH as u64, length: groups_length, checksum: 0 };
    let directory_extent = extent.next(directory.len() as u64, checksum::section(&directory));
    let facts_extent = directory_extent.next(facts.len() as u64, checksum::section(&facts));
    let hashes_extent = facts_extent.next(hashes.len() as u64, checksum::section(&hashes));
    let counts = || entries.iter().map(|entry| entry.count);
    let mut header = Header {
        layout,
        entries: entries.len() as u64,
        // Tests of overflowing sums want a file all the same.
        total_count: if layout.counts { counts().fold(0, u64::wrapping_add) } else { 0 },
        max_count: if layout.counts { counts().max().unwrap_or(0) } else { 0 },
        floor: 1,
        collisions: 0,
        group_count: places.len() as u64,
        groups: extent,
        directory: directory_extent,
        facts: facts_extent,
        hashes: hashes_extent,
        notes: hashes_extent.next(notes.len() as u64, checksum::section(&notes)),
        unit_bits,
        content_id: [0; HASH],
    };
    header.content_id = content::id(&header, rows.into_iter(), &facts, &hashes);
    (header.encode(), [directory, facts, hashes, notes].concat())
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

/// A whole SHA-1 index of passwords with their counts.
pub(crate) fn passwords_index<'a>(
    passwords: impl Iterator<Item = (&'a str, u64)>,
    counts: bool,
    coverage: Coverage,
) -> Vec<u8> {
    let entry = |(password, count): (&str, u64)| Entry::new(&Digest::sha1(password.as_bytes()), count);
    let mut entries: Vec<Entry> = passwords.map(entry).collect();
    if !counts {
        entries.iter_mut().for_each(|entry| entry.count = 1);
    }
    entries.sort_unstable_by_key(|entry| entry.key);
    assemble(Layout { counts, ..layout(Kind::Sha1, 160, 0) }, &entries, coverage)
}

/// An index of a kind without entries.
pub(crate) fn empty_index(kind: Kind) -> Vec<u8> {
    assemble(layout(kind, kind.bits(), 0), &[], Coverage::whole())
}
