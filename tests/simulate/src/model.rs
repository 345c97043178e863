//! What the answer is: plain maps, and no code of the product beyond its digests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use breachdex::{Coverage, Digest, Entry, Index, Kind, OpenOptions, Prefix};

use crate::rng::Rng;
use crate::server::Rows;
use crate::signing;

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
    /// Downloads keep ranges as text, too.
    pub(crate) text: bool,
    /// Indexes are signed, and no other one is accepted.
    pub(crate) signed: bool,
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
            text: rng.percent(30),
            signed: rng.percent(30),
        }
    }

    pub(crate) fn coverage(&self) -> Coverage {
        let ranges = self.prefixes.iter().map(|prefix| (*prefix, *prefix));
        Coverage::from_ranges(ranges).expect("prefixes are a coverage")
    }

    /// How indexes are opened.
    pub(crate) fn open(&self) -> OpenOptions {
        match self.signed {
            true => OpenOptions::new().trust(signing::trust()),
            false => OpenOptions::new(),
        }
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
    let index = Index::open_with(path, setup.open()).map_err(|error| wrong("cannot be opened", error))?;
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

/// Reads an index that nobody signed, whatever it covers; `None` where there is none.
pub(crate) fn read_any(path: &Path) -> Result<Option<Content>, String> {
    if !path.exists() {
        return Ok(None);
    }
    let wrong = |error: breachdex::Error| format!("{} is not sound: {error}", path.display());
    let index = Index::open(path).map_err(wrong)?;
    index.verify(&()).map_err(wrong)?;
    let mut content = Content::new();
    for (first, last) in index.metadata().coverage.ranges() {
        for prefix in *first..=*last {
            let range = index.range(&Prefix::of_range(prefix)).map_err(wrong)?;
            let rows: Result<Vec<Row>, _> = range.map(|entry| entry.map(|entry| row(&entry))).collect();
            content.insert(prefix, rows.map_err(wrong)?);
        }
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

/// A range that was kept as text; `Err` for what is none.
pub(crate) fn read_text(text: &[u8], prefix: u32, kind: Kind) -> Result<Rows, String> {
    let mut rows = Rows::new();
    let text = std::str::from_utf8(text).map_err(|_| "it is no text")?;
    for line in text.lines() {
        let (hex, count) = line.split_once(':').ok_or_else(|| format!("it has the line {line:?}"))?;
        let hex = format!("{prefix:05X}{hex}");
        let byte = |at: usize| hex.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let digest: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
        let digest = digest.filter(|digest| digest.len() * 2 == kind.hex_digits());
        let count: Option<u64> = count.trim().parse().ok();
        let (Some(digest), Some(count)) = (digest, count) else {
            return Err(format!("it has the line {line:?}"));
        };
        if count > 0 {
            rows.insert(digest, count);
        }
    }
    Ok(rows)
}
