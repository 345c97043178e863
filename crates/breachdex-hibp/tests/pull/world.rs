//! Indexes to publish, and keys that sign them.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use breachdex::replica::write_delta;
use breachdex::trust::{PublicKey, Statement, Trust};
use breachdex::{BuildOptions, Format, Index, Input, Kind, Source, build};
use breachdex_hibp::RetryPolicy;
use breachdex_hibp::pull::PullOptions;
use minisign::KeyPair;
use tempfile::TempDir;

/// Numbers by a seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }
}

/// Digests in 40 digits and their counts.
pub(crate) type Rows = std::collections::BTreeMap<String, u64>;

pub(crate) fn rows(random: &mut Random, number: u64) -> Rows {
    let row = |random: &mut Random| {
        let digest = format!("{:016X}{:016X}{:08X}", random.next(), random.next(), random.next() as u32);
        (digest, 1 + random.next() % 1000 % (1 + random.next() % 100))
    };
    (0..number).map(|_| row(random)).collect()
}

/// What an index is to be like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) bits: u32,
    pub(crate) counts: bool,
}

pub(crate) const EXACT: Shape = Shape { kind: Kind::Sha1, bits: 160, counts: true };

/// The bytes of an index.
pub(crate) fn index(rows: &Rows, shape: Shape, date: &str) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let (list, target) = (folder.path().join("list.txt"), folder.path().join("a.bdx"));
    let digits = shape.kind.hex_digits();
    let mut text: Vec<String> =
        rows.iter().map(|(digest, count)| format!("{}:{count}\n", &digest[..digits])).collect();
    text.sort();
    text.dedup_by(|one, other| one[..digits] == other[..digits]);
    fs::write(&list, text.concat()).unwrap();
    let inputs = [Input { source: Source::Path(list), format: Some(Format::Hibp) }];
    let options = BuildOptions {
        kind: shape.kind,
        bits: Some(shape.bits),
        force_bits: true,
        counts: shape.counts,
        date: date.to_owned(),
        source: "a test".to_owned(),
        threads: 1,
        ..BuildOptions::default()
    };
    build(&inputs, &target, &options, &()).unwrap();
    fs::read(&target).unwrap()
}

/// An index of so many entries of which all but some are those of another state.
pub(crate) fn state(number: u64, state: u64, date: &str) -> Vec<u8> {
    let mut all = rows(&mut Random(7), number);
    if state > 0 {
        let mut random = Random(state);
        all.values_mut().filter(|_| random.next().is_multiple_of(100)).for_each(|count| *count += state);
    }
    index(&all, EXACT, date)
}

pub(crate) fn open(bytes: &[u8]) -> Index {
    Index::from_bytes(bytes.to_vec(), "bytes").unwrap()
}

/// The delta from one index to another.
pub(crate) fn delta(old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut delta = Vec::new();
    let report = write_delta(&open(old), &open(new), &(), |at, bytes: &[u8]| {
        let at = at as usize;
        if delta.len() < at + bytes.len() {
            delta.resize(at + bytes.len(), 0);
        }
        delta[at..at + bytes.len()].copy_from_slice(bytes);
        Ok::<(), breachdex::Error>(())
    });
    assert_eq!(report.unwrap().bytes, delta.len() as u64);
    delta
}

/// A key that signs.
pub(crate) struct Key {
    pair: KeyPair,
}

impl Key {
    pub(crate) fn new() -> Self {
        Self { pair: KeyPair::generate_unencrypted_keypair().unwrap() }
    }

    pub(crate) fn trust(&self) -> Trust {
        let public: PublicKey = self.pair.pk.to_base64().parse().unwrap();
        Trust::keys([public]).unwrap()
    }

    /// The statement of an index and its signature.
    pub(crate) fn sign(&self, bytes: &[u8]) -> [Vec<u8>; 2] {
        let index = open(bytes);
        let text = Statement::of(index.metadata(), index.content_id()).encode().unwrap();
        let signature = minisign::sign(None, &self.pair.sk, Cursor::new(&text), Some("t"), None).unwrap();
        [text.into_bytes(), signature.to_string().into_bytes()]
    }
}

/// Quick to try again, three times.
pub(crate) fn options() -> PullOptions {
    PullOptions {
        concurrency: 4,
        timeout: Duration::from_millis(700),
        request_timeout: Duration::from_secs(4),
        retry: RetryPolicy {
            retries: 3,
            base_delay: Duration::from_millis(2),
            longest_delay: Duration::from_millis(10),
        },
        gap: 0,
        threads: 1,
        ..PullOptions::default()
    }
}

/// All that is in a folder, sorted.
pub(crate) fn listing(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder with an index in it, or none.
pub(crate) fn folder(bytes: Option<&[u8]>) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.bdx");
    if let Some(bytes) = bytes {
        fs::write(&path, bytes).unwrap();
    }
    (folder, path)
}
