//! The structures one would otherwise take, each filled from the same corpus and asked the same questions.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::error::Error;

use fst::{Map, MapBuilder};
use xorf::{BinaryFuse16, Filter};

use crate::corpus::{Corpus, Row};
use crate::measure::{self, Scalar};
use crate::questions::{Questions, total_count};

/// What was measured of one peer.
pub struct PeerResult {
    /// What it is.
    pub name: &'static str,
    /// Entries it was filled with.
    pub entries: u64,
    /// Bytes an entry, of its memory or file.
    pub bytes_per_entry: f64,
    /// Asking for entries.
    pub hits: Scalar,
    /// Asking for what is not there; `answers` are false positives.
    pub misses: Scalar,
}

/// A sorted array of 24-byte records (digest and a 32-bit count) with binary search: the shape of a flat
/// binary file, at its best, in memory.
pub fn sorted_array(corpus: &Corpus, questions: &Questions) -> Result<PeerResult, Box<dyn Error>> {
    let array = all_rows(corpus);
    let ask = |question: &Row| match array.binary_search_by(|row| row.digest.cmp(&question.digest)) {
        Ok(found) => u64::from(array[found].count),
        Err(_) => 0,
    };
    measured("sorted array of 24-byte records, binary search", corpus, 24.0, questions, true, ask)
}

/// No structure at all: one load from a random place of as many bytes as an exact index has. What the
/// machine's memory takes for one answer, the unit in which the other times are best read.
pub fn one_load(corpus: &Corpus, questions: &Questions) -> Result<PeerResult, Box<dyn Error>> {
    let words = vec![1_u64; corpus.spec().entries as usize * 2];
    let ask = |question: &Row| {
        let place = u128::from(question.leading()) * words.len() as u128;
        words[(place >> 64) as usize]
    };
    let hits = measure::scalar(&questions.hits, ask);
    let misses = measure::scalar(&questions.misses, ask);
    measure::expect("one load", hits.answers, questions.hits.len() as u64)?;
    let misses = Scalar { answers: 0, ..misses };
    let name = "one load from a random place (no structure)";
    Ok(PeerResult { name, entries: corpus.spec().entries, bytes_per_entry: 16.0, hits, misses })
}

/// The standard library's hash set of digests, with its default hasher; no counts.
pub fn hash_set(corpus: &Corpus, questions: &Questions) -> Result<PeerResult, Box<dyn Error>> {
    let mut set: HashSet<[u8; 20]> = HashSet::with_capacity(corpus.spec().entries as usize);
    each_row(corpus, |row| {
        set.insert(row.digest);
        Ok::<(), Box<dyn Error>>(())
    })?;
    // One byte of control beside each of the slots, of which seven of eight may be filled.
    let slots = (set.capacity() as f64 * 8.0 / 7.0).round();
    let bytes = slots * 21.0 / corpus.spec().entries as f64;
    measured("`HashSet<[u8; 20]>`, no counts", corpus, bytes, questions, false, |question| {
        u64::from(set.contains(&question.digest))
    })
}

/// `fst::Map` from the whole digest to its count, in memory.
pub fn fst_map(corpus: &Corpus, questions: &Questions) -> Result<PeerResult, Box<dyn Error>> {
    let mut builder = MapBuilder::memory();
    each_row(corpus, |row| builder.insert(row.digest, u64::from(row.count)))?;
    let map = Map::new(builder.into_inner()?)?;
    let bytes = map.as_fst().size() as f64 / corpus.spec().entries as f64;
    measured("plain `fst::Map` of digests", corpus, bytes, questions, true, |question| {
        map.get(question.digest).unwrap_or(0)
    })
}

/// A binary fuse filter with 16-bit fingerprints over the first 64 bits; no counts, cannot be listed.
pub fn binary_fuse(corpus: &Corpus, questions: &Questions) -> Result<PeerResult, Box<dyn Error>> {
    let mut keys = Vec::with_capacity(corpus.spec().entries as usize);
    each_row(corpus, |row| {
        keys.push(row.leading());
        Ok::<(), Box<dyn Error>>(())
    })?;
    let filter = BinaryFuse16::try_from(&keys)?;
    drop(keys);
    let bytes = filter.len() as f64 * 2.0 / corpus.spec().entries as f64;
    measured("`xorf::BinaryFuse16` over 64 bits, no counts", corpus, bytes, questions, false, |question| {
        u64::from(filter.contains(&question.leading()))
    })
}

fn measured(
    name: &'static str,
    corpus: &Corpus,
    bytes_per_entry: f64,
    questions: &Questions,
    has_counts: bool,
    ask: impl Fn(&Row) -> u64,
) -> Result<PeerResult, Box<dyn Error>> {
    let hits = measure::scalar(&questions.hits, &ask);
    let expected = if has_counts { total_count(&questions.hits) } else { questions.hits.len() as u64 };
    measure::expect(name, hits.answers, expected)?;
    let misses = measure::scalar(&questions.misses, &ask);
    if has_counts {
        measure::expect(name, misses.answers, 0)?;
    }
    Ok(PeerResult { name, entries: corpus.spec().entries, bytes_per_entry, hits, misses })
}

fn all_rows(corpus: &Corpus) -> Vec<Row> {
    let mut rows = Vec::with_capacity(corpus.spec().entries as usize);
    let mut reader = corpus.reader();
    for prefix in corpus.prefixes() {
        rows.extend_from_slice(reader.read(prefix));
    }
    rows
}

fn each_row<E>(corpus: &Corpus, mut take: impl FnMut(&Row) -> Result<(), E>) -> Result<(), E> {
    let mut reader = corpus.reader();
    corpus.prefixes().try_for_each(|prefix| reader.read(prefix).iter().try_for_each(&mut take))
}
