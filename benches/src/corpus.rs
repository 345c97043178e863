//! Synthetic corpora of any size in constant memory: uniformly random digests in ascending order, with the
//! counts of a real corpus.
//!
//! The entries are split over the 2^20 prefixes as uniformly random digests would fall (a multinomial,
//! drawn prefix by prefix), so the total is exact and no prefix needs another one: each has its own
//! generator, seeded with the corpus seed and the prefix, and only the entries of one prefix are ever
//! sorted. What a seed gives is the same on every machine with the same versions of the `rand` crates.

#![forbid(unsafe_code)]

mod counts;
mod order;
mod output;

use std::ops::RangeInclusive;

use breachdex::{Kind, PREFIX_COUNT};
use rand_distr::{Binomial, Distribution};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

pub use counts::CountModel;
pub use output::{Order, write_range_files, write_sorted_text, write_text};

/// Why a corpus cannot be made or written.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// The prefixes are not `0..=FFFFF` in order.
    #[error("prefixes {0:05X} to {1:05X} are not a range of 5-digit prefixes")]
    Prefixes(u32, u32),
    /// More entries than a prefix's 32-bit counter can hold on average.
    #[error("{0} entries are more than the generator can split over its prefixes")]
    TooMany(u64),
    /// Writing failed.
    #[error("cannot write {path}: {error}")]
    Write {
        /// What was written.
        path: String,
        /// Why it failed.
        error: std::io::Error,
    },
}

/// What a corpus shall be.
#[derive(Clone, Debug)]
pub struct CorpusSpec {
    /// Which digests.
    pub kind: Kind,
    /// How many entries in all, exactly.
    pub entries: u64,
    /// The 20-bit prefixes they fall under.
    pub prefixes: RangeInclusive<u32>,
    /// The same seed gives the same corpus.
    pub seed: u64,
}

impl CorpusSpec {
    /// `entries` SHA-1 digests over all prefixes, from seed 1.
    pub fn whole(entries: u64) -> Self {
        Self { kind: Kind::Sha1, entries, prefixes: 0..=PREFIX_COUNT - 1, seed: 1 }
    }
}

/// Some prefixes that get other entries, as many as before: a later state of the same corpus.
#[derive(Clone, Copy, Debug)]
pub struct Redraw {
    /// Every so many prefixes one is redrawn.
    pub every: u32,
    /// The seed that their entries come from.
    pub seed: u64,
}

impl Redraw {
    /// Whether a prefix is redrawn.
    pub fn holds(&self, prefix: u32) -> bool {
        prefix % self.every.max(1) == self.every / 2
    }
}

/// One entry: the digest's bytes (an NTLM digest fills the first 16) and its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The digest, big-endian; unused bytes are zero.
    pub digest: [u8; 20],
    /// How often it was seen, 1 or more.
    pub count: u32,
}

impl Row {
    /// The first 64 bits of the digest.
    pub fn leading(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.digest[..8]);
        u64::from_be_bytes(bytes)
    }
}

/// A corpus that can be read prefix by prefix, in any order. Holds 4 bytes a prefix.
pub struct Corpus {
    spec: CorpusSpec,
    per_prefix: Vec<u32>,
    counts: CountModel,
    redraw: Option<Redraw>,
}

impl Corpus {
    /// Splits the entries over the prefixes.
    ///
    /// # Errors
    /// [`CorpusError::Prefixes`] and [`CorpusError::TooMany`].
    pub fn new(spec: CorpusSpec) -> Result<Self, CorpusError> {
        let (first, last) = (*spec.prefixes.start(), *spec.prefixes.end());
        if first > last || last >= PREFIX_COUNT {
            return Err(CorpusError::Prefixes(first, last));
        }
        let mut random = generator(spec.seed, u64::MAX);
        let mut left = spec.entries;
        let mut per_prefix = Vec::with_capacity((last - first) as usize + 1);
        for prefix in first..=last {
            let share = 1.0 / f64::from(last - prefix + 1);
            let drawn = match Binomial::new(left, share) {
                Ok(split) => split.sample(&mut random),
                Err(_) => return Err(CorpusError::TooMany(spec.entries)),
            };
            per_prefix.push(u32::try_from(drawn).map_err(|_| CorpusError::TooMany(spec.entries))?);
            left -= drawn;
        }
        Ok(Self { spec, per_prefix, counts: CountModel::measured(), redraw: None })
    }

    /// The same corpus with other entries under some prefixes.
    #[must_use]
    pub fn redrawn(self, redraw: Redraw) -> Self {
        Self { redraw: Some(redraw), ..self }
    }

    /// What was asked for.
    pub fn spec(&self) -> &CorpusSpec {
        &self.spec
    }

    /// The prefixes in ascending order.
    pub fn prefixes(&self) -> RangeInclusive<u32> {
        self.spec.prefixes.clone()
    }

    /// How many entries fall under a prefix; 0 outside the corpus.
    pub fn entries_under(&self, prefix: u32) -> u32 {
        if self.spec.prefixes.contains(&prefix) {
            self.per_prefix[(prefix - self.spec.prefixes.start()) as usize]
        } else {
            0
        }
    }

    /// A reader with its own scratch memory, enough for the largest prefix.
    pub fn reader(&self) -> PrefixReader<'_> {
        PrefixReader { corpus: self, leading: Vec::new(), rows: Vec::new() }
    }
}

/// Makes the entries of one prefix after another; the cost is one sort of the prefix's leading words.
pub struct PrefixReader<'a> {
    corpus: &'a Corpus,
    leading: Vec<u64>,
    rows: Vec<Row>,
}

impl PrefixReader<'_> {
    /// The entries under `prefix`, ascending and distinct, valid until the next call.
    pub fn read(&mut self, prefix: u32) -> &[Row] {
        let redraw = self.corpus.redraw.filter(|redraw| redraw.holds(prefix));
        let seed = redraw.map_or(self.corpus.spec.seed, |redraw| redraw.seed);
        let mut random = generator(seed, u64::from(prefix));
        self.draw_leading(prefix, &mut random);
        let bytes = self.corpus.spec.kind.bytes();
        self.rows.clear();
        self.rows.extend(self.leading.iter().map(|leading| {
            let mut digest = [0; 20];
            digest[..8].copy_from_slice(&leading.to_be_bytes());
            digest[8..16].copy_from_slice(&random.next_u64().to_le_bytes());
            if bytes == 20 {
                digest[16..].copy_from_slice(&random.next_u32().to_le_bytes());
            }
            Row { digest, count: self.corpus.counts.sample(&mut random) }
        }));
        &self.rows
    }

    /// The first 64 bits of each entry, sorted. As these already differ, what follows needs no order; on the
    /// rare draw with two that are equal the prefix is drawn again.
    fn draw_leading(&mut self, prefix: u32, random: &mut Xoshiro256PlusPlus) {
        loop {
            let entries = self.corpus.entries_under(prefix) as usize;
            self.leading.clear();
            self.leading.resize_with(entries, || u64::from(prefix) << 44 | random.next_u64() >> 20);
            self.leading.sort_unstable();
            if self.leading.windows(2).all(|pair| pair[0] < pair[1]) {
                return;
            }
        }
    }
}

/// An independent generator for each stream of each seed.
fn generator(seed: u64, stream: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(order::mix(seed ^ order::mix(stream)))
}

#[cfg(test)]
mod tests;
