//! Rows as tasks of a cluster hand them on: packed into pieces with a checksum, and put in order where a part is built.
//!
//! A piece is `CRC-32C, rows, length of the records`, each in four bytes, little-endian, then the records: a digest's bytes and its
//! count in groups of seven bits, the lowest first. The checksum is of all that follows it.

#![forbid(unsafe_code)]

use zeroize::Zeroize as _;

use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::kernels::crc32c_fold;
use crate::memory;

/// Bytes in front of a piece's records.
const HEAD: usize = 12;

/// The most bytes of a record: a digest and a count in groups of seven bits.
pub(crate) const LONGEST_RECORD: usize = 20 + 10;

/// Rows are put in order in buckets of which each has as many smaller ones: so few at a time that the processor keeps near where
/// each goes on, and of four million rows so small in the end that it keeps near what it sorts.
const LARGE: usize = 64;
const SMALL: usize = 64;
const BUCKETS: usize = LARGE * SMALL;

/// Rows that are handed on together.
const BATCH: usize = 1 << 15;

/// Rows of one part while they are gathered. They are as secret as their passwords, and overwritten when they are dropped.
#[derive(Default)]
pub(super) struct Piece {
    /// Empty, or room for the head and the records.
    bytes: Vec<u8>,
    rows: u32,
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Piece {
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a row whose digest has so many bytes.
    #[inline]
    pub(super) fn add(&mut self, entry: &Entry, width: usize) {
        if self.bytes.is_empty() {
            memory::extend(&mut self.bytes, &[0; HEAD]);
        }
        let mut record = [0; LONGEST_RECORD];
        record[..24].copy_from_slice(&entry.key_bytes());
        let length = width + put_count(entry.count, &mut record[width..]);
        memory::extend(&mut self.bytes, &record[..length]);
        self.rows += 1;
    }

    /// The whole piece.
    pub(super) fn sealed(&mut self) -> &[u8] {
        let records = (self.bytes.len() - HEAD) as u32;
        self.bytes[4..8].copy_from_slice(&self.rows.to_le_bytes());
        self.bytes[8..HEAD].copy_from_slice(&records.to_le_bytes());
        let checksum = crc32c_fold::append(0, &self.bytes[4..]);
        self.bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        &self.bytes
    }

    /// The whole piece, and its memory.
    pub(super) fn seal(mut self) -> PackedRows {
        self.sealed();
        PackedRows(std::mem::take(&mut self.bytes))
    }

    /// Has no rows any more. Its memory is kept, and overwritten when it is dropped.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.rows = 0;
    }
}

/// A piece: packed rows of one part. They are as secret as their passwords, and overwritten when they are dropped.
pub struct PackedRows(Vec<u8>);

impl PackedRows {
    /// How many there are.
    pub fn rows(&self) -> u32 {
        u32::from_le_bytes([self.0[4], self.0[5], self.0[6], self.0[7]])
    }
}

impl AsRef<[u8]> for PackedRows {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for PackedRows {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Packed rows of one part from everywhere, to be put in order.
///
/// ```
/// use breachdex::{Kind, PackedSorter, Partitions, TextPlace, TextRows};
/// let mut partitions = Partitions::new(Kind::Sha1, &[0])?;
/// let text = b"BF8978B1797B72ACFFF9595A5A2A373EC3D9106D:7\nAF8978B1797B72ACFFF9595A5A2A373EC3D9106D:300\n";
/// let place = TextPlace { name: "hashes.txt", first_line: 1 };
/// partitions.add_text(text, TextRows::Hashes { bare: false }, place)?;
/// let mut sorter = PackedSorter::new(Kind::Sha1, (0, 0xfffff));
/// for (_, piece) in partitions.take() {
///     sorter.add(piece)?;
/// }
/// let counts: Vec<u64> = sorter.sorted().flatten().map(|entry| entry.count()).collect();
/// assert_eq!(counts, [300, 7]);
/// # Ok::<(), breachdex::Error>(())
/// ```
pub struct PackedSorter<B> {
    kind: Kind,
    span: (u32, u32),
    pieces: Vec<B>,
    /// Rows of each bucket.
    sizes: Vec<usize>,
    rows: u64,
    bytes: u64,
}

impl<B: AsRef<[u8]>> PackedSorter<B> {
    /// Takes rows whose digests are under 5-digit prefixes from one to another.
    pub fn new(kind: Kind, span: (u32, u32)) -> Self {
        Self { kind, span, pieces: Vec::new(), sizes: vec![0; BUCKETS], rows: 0, bytes: 0 }
    }

    /// Adds pieces that follow one another.
    ///
    /// # Errors
    /// [`Error::Unbuildable`] for bytes that are not what was packed, and for a row under another prefix. The rows cannot be had then.
    pub fn add(&mut self, pieces: B) -> Result<()> {
        let mut rest = pieces.as_ref();
        while !rest.is_empty() {
            let (rows, records, tail) = open(rest)?;
            self.check(rows, records)?;
            self.rows += u64::from(rows);
            rest = tail;
        }
        self.bytes += pieces.as_ref().len() as u64;
        self.pieces.push(pieces);
        Ok(())
    }

    /// Refuses records that are not so many, or that belong elsewhere.
    fn check(&mut self, rows: u32, records: &[u8]) -> Result<()> {
        let (buckets, width) = (Buckets::of(self.span), self.kind.bytes());
        let (mut found, mut rest) = (0, records);
        while let Some((digest, tail)) = rest.split_at_checked(width) {
            let bucket = buckets.at(leading(digest)).ok_or_else(|| {
                let said =
                    "rows of another part were handed to a task; the partitioning of this Spark is not known";
                Error::Unbuildable(said.into())
            })?;
            self.sizes[bucket] += 1;
            found += 1;
            rest = &tail[read_count(tail).1..];
        }
        if found == rows && rest.is_empty() { Ok(()) } else { Err(damaged()) }
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of memory that sorting takes, with the pieces.
    pub fn memory(&self) -> u64 {
        self.bytes + self.rows * size_of::<Entry>() as u64
    }

    /// All rows in batches, in no order.
    pub fn unsorted(self) -> impl Iterator<Item = Vec<Entry>> {
        let kind = self.kind;
        self.pieces.into_iter().flat_map(move |pieces| {
            let mut entries = Vec::new();
            each(kind, pieces.as_ref(), |entry| entries.push(entry));
            let batches: Vec<_> = entries.chunks(BATCH).map(<[Entry]>::to_vec).collect();
            batches
        })
    }

    /// All rows in batches, in the order of their digests.
    pub fn sorted(self) -> impl Iterator<Item = Vec<Entry>> {
        let buckets = Buckets::of(self.span);
        let large = self.sizes.chunks(SMALL).map(|small| small.iter().sum());
        let mut next = starts(large);
        let mut entries = zeros(self.rows as usize);
        for pieces in self.pieces {
            each(self.kind, pieces.as_ref(), |entry| {
                let next = &mut next[buckets.of_entry(&entry) / SMALL];
                entries[*next] = entry;
                *next += 1;
            });
        }
        InOrder { entries, buckets, sizes: self.sizes, large: 0, at: 0 }
    }
}

/// Rows in large buckets of which each is put in order when its turn has come.
struct InOrder {
    entries: Vec<Entry>,
    buckets: Buckets,
    /// Rows of the small buckets.
    sizes: Vec<usize>,
    /// The next large one.
    large: usize,
    /// Where it begins.
    at: usize,
}

impl Iterator for InOrder {
    type Item = Vec<Entry>;

    fn next(&mut self) -> Option<Vec<Entry>> {
        while self.large < LARGE {
            let sizes = &self.sizes[self.large * SMALL..][..SMALL];
            let rows: usize = sizes.iter().sum();
            let mut next = starts(sizes.iter().copied());
            let mut batch = zeros(rows);
            for entry in &self.entries[self.at..][..rows] {
                let next = &mut next[self.buckets.of_entry(entry) % SMALL];
                batch[*next] = *entry;
                *next += 1;
            }
            let mut rest = &mut batch[..];
            for size in sizes {
                let (bucket, behind) = std::mem::take(&mut rest).split_at_mut(*size);
                bucket.sort_unstable_by_key(|entry| entry.key);
                rest = behind;
            }
            self.at += rows;
            self.large += 1;
            if rows > 0 {
                return Some(batch);
            }
        }
        None
    }
}

/// Where buckets of these sizes begin.
fn starts(sizes: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut at = 0;
    sizes
        .map(|size| {
            at += size;
            at - size
        })
        .collect()
}

fn zeros(rows: usize) -> Vec<Entry> {
    vec![Entry { key: Key::default(), count: 0 }; rows]
}

/// A span of digests in equal shares.
struct Buckets {
    first: u32,
    last: u32,
    scale: u64,
}

impl Buckets {
    fn of((first, last): (u32, u32)) -> Self {
        let width = u64::from(last - first + 1) << 12;
        Self { first: first << 12, last: last << 12 | 0xfff, scale: ((BUCKETS as u64) << 32) / width }
    }

    /// The bucket of an entry of the span.
    #[inline(always)]
    fn of_entry(&self, entry: &Entry) -> usize {
        self.at((entry.key.words[0] >> 32) as u32).unwrap_or_default()
    }

    /// The bucket of a digest's first 32 bits; `None` outside of the span.
    #[inline(always)]
    fn at(&self, start: u32) -> Option<usize> {
        let is_inside = (self.first..=self.last).contains(&start);
        is_inside.then(|| ((u64::from(start - self.first) * self.scale) >> 32) as usize)
    }
}

/// The rows of the first piece, its records, and what follows it.
fn open(bytes: &[u8]) -> Result<(u32, &[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD).ok_or_else(damaged)?;
    let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (records, tail) = rest.split_at_checked(number(8) as usize).ok_or_else(damaged)?;
    let checksum = crc32c_fold::append(0, &bytes[4..HEAD + records.len()]);
    if checksum == number(0) { Ok((number(4), records, tail)) } else { Err(damaged()) }
}

fn damaged() -> Error {
    let said = "rows that a task handed on arrived damaged: their checksum does not fit; check the disks of the staging folder \
                and of the executors";
    Error::Unbuildable(said.into())
}

/// Calls with each row of pieces that were looked at.
#[inline(always)]
fn each(kind: Kind, bytes: &[u8], mut with: impl FnMut(Entry)) {
    each_record(kind, bytes, |digest, count| {
        let mut key = [0; 24];
        match <&[u8; 20]>::try_from(digest) {
            Ok(whole) => key[..20].copy_from_slice(whole),
            Err(_) => key[..digest.len()].copy_from_slice(digest),
        }
        with(Entry::from_key_bytes(&key, count));
    });
}

#[inline(always)]
fn each_record(kind: Kind, bytes: &[u8], mut with: impl FnMut(&[u8], u64)) {
    let (mut rest, width) = (bytes, kind.bytes());
    while rest.len() > HEAD {
        let length = u32::from_le_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize;
        let (mut records, tail) = rest[HEAD..].split_at(length);
        while let Some((digest, behind)) = records.split_at_checked(width) {
            let (count, used) = read_count(behind);
            with(digest, count);
            records = &behind[used..];
        }
        rest = tail;
    }
}

#[inline(always)]
fn leading(digest: &[u8]) -> u32 {
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// Writes a count in groups of seven bits, and returns its bytes: at most ten.
#[inline(always)]
pub(crate) fn put_count(mut count: u64, out: &mut [u8]) -> usize {
    let mut used = 0;
    while count >= 0x80 {
        out[used] = count as u8 | 0x80;
        count >>= 7;
        used += 1;
    }
    out[used] = count as u8;
    used + 1
}

/// A count and the bytes it takes.
#[inline(always)]
pub(crate) fn read_count(bytes: &[u8]) -> (u64, usize) {
    let mut count = 0;
    for (i, byte) in bytes.iter().enumerate().take(10) {
        count |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return (count, i + 1);
        }
    }
    (count, bytes.len().min(10))
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
