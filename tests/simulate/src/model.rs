//! What the answer is: plain maps, and no code of the product beyond its digests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use breachdex::{Coverage, Digest, Entry, Index, Kind, Prefix};

use crate::rng::Rng;
use crate::server::Rows;

/// An entry as an index gives it back: its key's bytes and its count.
pub(crate) type Row = ([u8; 24], u64);
/// All of an index, by prefix.
pub(crate) type Content = BTreeMap<u32, Vec<Row>>;
/// An overlay.
pub(crate) type Banned = BTreeSet<Vec<u8>>;

/// What indexes of this world keep.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) kind: Kind,
    pub(crate) bits: Option<u32>,
    pub(crate) counts: bool,
    pub(crate) min_count: u64,
    pub(crate) prefixes: Vec<u32>,
    pub(crate) mirror: bool,
    pub(crate) has_locks: bool,
    pub(crate) short: u64,
}

impl Setup {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let mut prefixes = BTreeSet::new();
        for _ in 0..1 + rng.below(3) {
            let group = rng.pick(&[0, 0xffff, rng.clone().below(0x1_0000) as u32]);
            let share = rng.pick(&[100, 100, 60, 20]);
            prefixes.extend((group * 16..group * 16 + 16).filter(|_| rng.percent(share)));
            prefixes.insert(group * 16 + rng.below(16) as u32);
        }
        let counts = rng.percent(75);
        Self {
            kind: rng.pick(&[Kind::Sha1, Kind::Sha1, Kind::Ntlm]),
            bits: rng.pick(&[None, None, Some(64), Some(40)]),
            counts,
            min_count: rng.pick(&[1, 1, 1, 3]),
            prefixes: prefixes.into_iter().collect(),
            mirror: rng.percent(20),
            has_locks: rng.percent(85),
            short: rng.pick(&[0, 20, 60]),
        }
    }

    pub(crate) fn coverage(&self) -> Coverage {
        let ranges = self.prefixes.iter().map(|prefix| (*prefix, *prefix));
        Coverage::from_ranges(ranges).expect("prefixes are a coverage")
    }

    /// The key that an index has of a digest, as bytes in order.
    pub(crate) fn key(&self, digest: &[u8]) -> [u8; 24] {
        let mut key = [0; 24];
        key[..digest.len()].copy_from_slice(digest);
        let bits = self.bits.map_or(digest.len() * 8, |bits| bits as usize);
        key[bits / 8..].fill(0);
        key
    }

    /// What an index keeps of a range.
    pub(crate) fn kept(&self, rows: &Rows) -> Vec<Row> {
        let mut kept: BTreeMap<[u8; 24], u64> = BTreeMap::new();
        for (digest, count) in rows.iter().filter(|(_, count)| **count >= self.min_count) {
            let count = if self.counts { *count } else { 1 };
            let held = kept.entry(self.key(digest)).or_default();
            *held = count.max(*held);
        }
        kept.into_iter().collect()
    }

    pub(crate) fn digest(&self, bytes: &[u8]) -> Digest {
        Digest::from_bytes(self.kind, bytes).expect("a digest's bytes")
    }
}

/// The prefix of a digest.
pub(crate) fn prefix_of(digest: &[u8]) -> u32 {
    u32::from(digest[0]) << 12 | u32::from(digest[1]) << 4 | u32::from(digest[2]) >> 4
}

fn row(entry: &Entry) -> Row {
    (entry.key_bytes(), entry.count())
}

/// Reads an index from end to end; `None` where there is none.
pub(crate) fn read(path: &Path, setup: &Setup) -> Result<Option<Content>, String> {
    if !path.exists() {
        return Ok(None);
    }
    let wrong = |what: &str, error: breachdex::Error| format!("the target {what}: {error}");
    let index = Index::open(path).map_err(|error| wrong("cannot be opened", error))?;
    index.verify(&()).map_err(|error| wrong("is not sound", error))?;
    if index.metadata().coverage != setup.coverage() {
        return Err("the target covers other prefixes".into());
    }
    let mut content = Content::new();
    let mut number = 0;
    for prefix in &setup.prefixes {
        let range = index.range(&Prefix::of_range(*prefix)).map_err(|error| wrong("has no range", error))?;
        let rows: Result<Vec<Row>, _> = range.map(|entry| entry.map(|entry| row(&entry))).collect();
        let rows = rows.map_err(|error| wrong("cannot be read", error))?;
        number += rows.len() as u64;
        content.insert(*prefix, rows);
    }
    if number != index.len() {
        return Err(format!("the target has {} entries and {number} in its ranges", index.len()));
    }
    Ok(Some(content))
}

/// Reads an overlay; `None` where there is none.
pub(crate) fn read_overlay(path: &Path, kind: Kind) -> Result<Option<Banned>, String> {
    if !path.exists() {
        return Ok(None);
    }
    let wrong = |error: breachdex::Error| format!("the overlay is not sound: {error}");
    let index = breachdex::OverlayFile::at(path).open().map_err(wrong)?;
    index.verify(&()).map_err(wrong)?;
    let mut banned = Banned::new();
    for entry in &index {
        let entry = entry.map_err(wrong)?;
        if entry.count() != 1 {
            return Err(format!("an entry of the overlay has the count {}", entry.count()));
        }
        banned.insert(entry.digest(kind).to_bytes().to_vec());
    }
    Ok(Some(banned))
}
