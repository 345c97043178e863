//! Bloom filters of whole digests, read into memory when they are opened: no counts, no ranges, false positives.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use fastbloom::BloomFilter;

use super::{Ask, Knows, Outcome, Structure, each_row};
use crate::corpus::{Corpus, Row};

const FILE: &str = "filter.bloom";
/// Of its hash function; any will do as long as it stays the same.
const SEED: u128 = 1;

/// A filter with at most one false positive in 2^`exponent`.
struct Bloom {
    exponent: i32,
}

/// The class of our own filter, and about one in a million.
pub(super) fn all() -> Vec<Box<dyn Structure>> {
    vec![Box::new(Bloom { exponent: 16 }), Box::new(Bloom { exponent: 20 })]
}

impl Structure for Bloom {
    fn name(&self) -> &'static str {
        if self.exponent == 16 { "bloom-16" } else { "bloom-20" }
    }

    fn title(&self) -> &'static str {
        if self.exponent == 16 { "Bloom filter, 2^-16" } else { "Bloom filter, 2^-20" }
    }

    fn settings(&self) -> String {
        format!(
            "`fastbloom` with its default hash (SipHash-1-3) of the whole digest, sized for 2^-{} at the exact \
             number of entries; the crate cannot use a mapping, so that opening reads the whole file",
            self.exponent
        )
    }

    fn knows(&self) -> Knows {
        Knows { counts: false, ranges: false, exact: false }
    }

    /// 1.44 bits for each halving of the false-positive rate.
    fn memory_to_build(&self, entries: u64) -> u64 {
        entries * self.exponent as u64 * 3 / 16
    }

    fn build(&self, corpus: &Corpus, folder: &Path) -> Outcome<()> {
        let entries = usize::try_from(corpus.spec().entries)?;
        let rate = 2_f64.powi(-self.exponent);
        let mut filter = BloomFilter::with_false_pos(rate).seed(&SEED).expected_items(entries);
        each_row(corpus, |row| {
            filter.insert(&row.digest);
            Ok::<(), std::convert::Infallible>(())
        })?;
        let mut target = BufWriter::with_capacity(1 << 20, File::create(folder.join(FILE))?);
        target.write_all(&filter.num_hashes().to_le_bytes())?;
        for word in filter.iter() {
            target.write_all(&word.to_le_bytes())?;
        }
        Ok(target.into_inner()?.sync_all()?)
    }

    fn open(&self, folder: &Path) -> Outcome<Box<dyn Ask>> {
        let mut file = File::open(folder.join(FILE))?;
        let words = file.metadata()?.len() / 8;
        let mut hashes = [0; 4];
        file.read_exact(&mut hashes)?;
        let mut bits = Vec::with_capacity(usize::try_from(words)?);
        let mut block = vec![0; 1 << 20];
        let mut left = usize::try_from(words)? * 8;
        while left > 0 {
            let part = left.min(block.len());
            file.read_exact(&mut block[..part])?;
            bits.extend(block[..part].as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)));
            left -= part;
        }
        let filter = BloomFilter::from_vec(bits).seed(&SEED).hashes(u32::from_le_bytes(hashes));
        Ok(Box::new(Open { filter }))
    }
}

struct Open {
    filter: BloomFilter,
}

impl Ask for Open {
    fn ask(&self, question: &Row) -> Outcome<u64> {
        Ok(u64::from(self.filter.contains(&question.digest)))
    }
}
