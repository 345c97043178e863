//! What every structure is asked: entries drawn evenly from the whole corpus, in random order, and digests
//! that are not in it.

#![forbid(unsafe_code)]

use breachdex::{Digest, Kind};
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::corpus::{Corpus, Row};

/// SHA-1 digests to ask for, with the counts they must have.
pub struct Questions {
    /// Entries of the corpus.
    pub hits: Vec<Row>,
    /// Random digests; count 0. That one is in the corpus after all has a chance of 2^-100.
    pub misses: Vec<Row>,
    /// Pairs of entries that share their first `group_bits` bits and differ in the next one, each pair with
    /// other first bits: the first question into a group, then one into another bucket of it.
    pub touches: Vec<[Row; 2]>,
}

impl Questions {
    /// `wanted` hits and misses, and touches for groups of `group_bits`. Walks the corpus once.
    pub fn draw(corpus: &Corpus, wanted: usize, group_bits: u32) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(corpus.spec().seed ^ 0x5155_4553);
        let step = (corpus.spec().entries / wanted.max(1) as u64).max(1);
        let mut reader = corpus.reader();
        let (mut hits, mut touches) = (Vec::with_capacity(wanted), Touches::new(group_bits));
        let (mut seen, mut next) = (0, random.next_u64() % step);
        for prefix in corpus.prefixes() {
            for row in reader.read(prefix) {
                if seen == next && hits.len() < wanted {
                    hits.push(*row);
                    next = (seen / step + 1) * step + random.next_u64() % step;
                }
                touches.add(row);
                seen += 1;
            }
        }
        let mut touches = touches.finish();
        hits.shuffle(&mut random);
        touches.shuffle(&mut random);
        let misses = (0..wanted).map(|_| random_row(&mut random)).collect();
        Self { hits, misses, touches }
    }

    /// `wanted` hits and misses without touches, at the cost of as many prefixes: one entry of each of `wanted`
    /// prefixes spread evenly over the corpus. In a small corpus an entry may be asked for twice.
    pub fn sample(corpus: &Corpus, wanted: usize) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(corpus.spec().seed ^ 0x5341_4d50);
        let (first, last) = (*corpus.prefixes().start(), *corpus.prefixes().end());
        let span = u64::from(last - first) + 1;
        let mut reader = corpus.reader();
        let mut hits = Vec::with_capacity(wanted);
        for place in 0..wanted as u64 {
            // A golden-ratio sequence is evenly spread whatever its length.
            let spread = (u128::from(place.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * u128::from(span)) >> 64;
            let filled = (0..span).map(|step| first + ((spread as u64 + step) % span) as u32);
            let Some(prefix) = filled.into_iter().find(|prefix| corpus.entries_under(*prefix) > 0) else {
                break;
            };
            let rows = reader.read(prefix);
            hits.push(rows[(random.next_u64() % rows.len() as u64) as usize]);
        }
        hits.shuffle(&mut random);
        let misses = (0..wanted).map(|_| random_row(&mut random)).collect();
        Self { hits, misses, touches: Vec::new() }
    }
}

/// An endless supply of digests that are not in the corpus, the same ones for everybody.
pub fn endless_misses() -> impl Iterator<Item = Row> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0x4d49_5353);
    std::iter::repeat_with(move || random_row(&mut random))
}

/// The rows as digests.
pub fn digests(rows: &[Row]) -> breachdex::Result<Vec<Digest>> {
    rows.iter().map(|row| Digest::from_bytes(Kind::Sha1, &row.digest)).collect()
}

/// What all counts add up to.
pub fn total_count(rows: &[Row]) -> u64 {
    rows.iter().map(|row| u64::from(row.count)).sum()
}

fn random_row(random: &mut Xoshiro256PlusPlus) -> Row {
    let mut digest = [0; 20];
    random.fill_bytes(&mut digest);
    Row { digest, count: 0 }
}

/// The first entry of each half of each group.
struct Touches {
    group_bits: u32,
    first: Option<Row>,
    pairs: Vec<[Row; 2]>,
}

impl Touches {
    fn new(group_bits: u32) -> Self {
        Self { group_bits, first: None, pairs: Vec::new() }
    }

    fn add(&mut self, row: &Row) {
        let half = row.leading() >> (63 - self.group_bits);
        match self.first.map(|first| first.leading() >> (63 - self.group_bits)) {
            Some(known) if known == half => {}
            Some(known) if known + 1 == half && half & 1 == 1 => {
                self.pairs.extend(self.first.map(|first| [first, *row]));
                self.first = Some(*row);
            }
            _ => self.first = Some(*row),
        }
    }

    fn finish(self) -> Vec<[Row; 2]> {
        self.pairs
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::corpus::CorpusSpec;

    #[test]
    fn questions_are_spread_and_touches_pair_up() {
        let corpus = Corpus::new(CorpusSpec::whole(30_000)).unwrap();
        let questions = Questions::draw(&corpus, 1_000, 4);
        assert_eq!((questions.hits.len(), questions.misses.len()), (1_000, 1_000));
        let upper = questions.hits.iter().filter(|row| row.digest[0] >= 0x80).count();
        assert!((400..600).contains(&upper), "{upper} of 1,000 in the upper half");
        assert_eq!(questions.touches.len(), 16);
        for [first, second] in &questions.touches {
            assert_eq!(first.leading() >> 60, second.leading() >> 60);
            assert_ne!(first.leading() >> 59, second.leading() >> 59);
        }
    }

    #[test]
    fn a_sample_is_spread_and_of_the_corpus() {
        let corpus = Corpus::new(CorpusSpec::whole(30_000)).unwrap();
        let questions = Questions::sample(&corpus, 1_000);
        assert_eq!((questions.hits.len(), questions.misses.len()), (1_000, 1_000));
        let upper = questions.hits.iter().filter(|row| row.digest[0] >= 0x80).count();
        assert!((450..550).contains(&upper), "{upper} of 1,000 in the upper half");
        let mut reader = corpus.reader();
        for hit in &questions.hits {
            assert!(reader.read((hit.leading() >> 44) as u32).contains(hit));
        }
        let misses: Vec<Row> = endless_misses().take(2).collect();
        assert_eq!(misses, endless_misses().take(2).collect::<Vec<_>>());
        assert_ne!(misses[0], misses[1]);
    }
}
