//! Small indexes with known content, for tests that damage them or ask another program about them.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use breachdex::{Answer, BuildOptions, Digest, Format, Input, Kind, Source, build};

/// An index in memory and what it holds.
pub struct Subject {
    /// What is particular about it.
    pub name: &'static str,
    /// SHA-1 or NTLM.
    pub kind: Kind,
    /// Kept bits of every digest.
    pub bits: u32,
    /// Whether counts are stored.
    pub counts: bool,
    /// The kept bits of every digest as bytes, zeros after them, with its count (1 without counts).
    pub entries: BTreeMap<Vec<u8>, u64>,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Full digests with their counts.
pub type Corpus = Vec<(Vec<u8>, u64)>;

/// `n` digests of made-up passwords, with counts that are skewed as real ones are.
pub fn corpus(kind: Kind, n: u64) -> Corpus {
    (0..n).map(|i| (hash(kind, &format!("password {i}")), count_of(i))).collect()
}

/// `n` digests that divide the key space evenly, all with the same count: buckets of equal length.
pub fn even_corpus(n: u32) -> Corpus {
    let step = u32::MAX / n + 1;
    let digest = |i: u32| [&(i * step).to_be_bytes()[..], &hash(Kind::Sha1, &i.to_string())[4..]].concat();
    (0..n).map(|i| (digest(i), 5)).collect()
}

/// `n` digests with the same first 24 bits and one far from them.
pub fn crowded_corpus(n: u64) -> Corpus {
    let digest = |i: u64| [&[0; 3][..], &hash(Kind::Sha1, &i.to_string())[3..]].concat();
    let mut corpus: Corpus = (0..n).map(|i| (digest(i), count_of(i))).collect();
    corpus.push((vec![0xFF; 20], 7));
    corpus
}

fn hash(kind: Kind, password: &str) -> Vec<u8> {
    let digest = match kind {
        Kind::Sha1 => Digest::sha1(password.as_bytes()),
        Kind::Ntlm => Digest::ntlm(password),
    };
    digest.to_bytes().to_vec()
}

/// 1 for a half, 2 or 3 for a quarter, and so on; a few need more than 32 bits.
fn count_of(i: u64) -> u64 {
    let mixed = i.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let length = (mixed >> 32).trailing_zeros().min(40);
    (1 << length) | (mixed & ((1 << length) - 1))
}

impl Subject {
    /// Builds an index of a corpus through the library.
    pub fn build(name: &'static str, kind: Kind, bits: u32, counts: bool, corpus: &Corpus) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (plain, target) = (folder.path().join("corpus.txt"), folder.path().join("index.bdx"));
        let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        let line = |(digest, count): &(Vec<u8>, u64)| format!("{}:{count}\n", hex(digest));
        std::fs::write(&plain, corpus.iter().map(line).collect::<String>()).expect("a corpus on disk");
        let inputs = [Input { source: Source::Path(plain), format: Some(Format::Hibp) }];
        let options = BuildOptions { kind, bits: Some(bits), counts, ..BuildOptions::default() };
        build(&inputs, &target, &options, &()).expect("an index");
        let bytes = std::fs::read(&target).expect("the index");
        Self::from_file(name, kind, bits, counts, corpus, bytes)
    }

    /// Takes a file that was built of a corpus.
    pub fn from_file(
        name: &'static str,
        kind: Kind,
        bits: u32,
        counts: bool,
        corpus: &Corpus,
        bytes: Vec<u8>,
    ) -> Self {
        let mut entries = BTreeMap::new();
        for (digest, count) in corpus {
            let held = entries.entry(kept(digest, bits)).or_insert(0);
            *held = if counts { *count.max(held) } else { 1 };
        }
        Self { name, kind, bits, counts, entries, bytes }
    }

    /// What the index must say of a digest.
    pub fn answer(&self, digest: &[u8]) -> Answer {
        match self.entries.get(&kept(digest, self.bits)) {
            None => Answer::Absent,
            Some(count) => Answer::Present { count: self.counts.then_some(*count) },
        }
    }

    /// Every entry's digest and, for each, the one that differs in the last kept bit.
    pub fn questions(&self) -> Vec<Vec<u8>> {
        let neighbour = |digest: &Vec<u8>| {
            let mut other = digest.clone();
            let last = self.bits - 1;
            other[last as usize / 8] ^= 0x80 >> (last % 8);
            other
        };
        self.entries.keys().flat_map(|digest| [digest.clone(), neighbour(digest)]).collect()
    }
}

/// The first `bits` of a digest, zeros after them.
pub fn kept(digest: &[u8], bits: u32) -> Vec<u8> {
    let mut bytes = digest.to_vec();
    for (i, byte) in bytes.iter_mut().enumerate() {
        let here = bits.saturating_sub(i as u32 * 8).min(8);
        *byte &= !(0xFF_u32 >> here) as u8;
    }
    bytes
}
