//! A sorted file of 24-byte records (digest and a 32-bit count), mapped, searched in two ways.

#![forbid(unsafe_code)]

use std::cmp::Ordering;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use memmap2::Mmap;

use super::{Ask, Knows, Outcome, Structure, bounds, each_row, storage};
use crate::corpus::{Corpus, Row};

type Record = [u8; 24];

const FILE: &str = "sorted.records";

/// Guesses before the search widens around the last one; four suffice for any file that memory can hold.
const GUESSES: usize = 8;
/// A guess this many records from the last one is on the same page or the next.
const NEAR: usize = 64;

/// How a record is found.
#[derive(Clone, Copy)]
enum Search {
    Binary,
    Interpolation,
}

/// A sorted file with one way of searching.
struct SortedFile(Search);

/// The same file with both ways of searching.
pub(super) fn all() -> Vec<Box<dyn Structure>> {
    vec![Box::new(SortedFile(Search::Binary)), Box::new(SortedFile(Search::Interpolation))]
}

impl Structure for SortedFile {
    fn name(&self) -> &'static str {
        match self.0 {
            Search::Binary => "sorted-binary",
            Search::Interpolation => "sorted-interpolation",
        }
    }

    fn title(&self) -> &'static str {
        match self.0 {
            Search::Binary => "sorted file, binary search",
            Search::Interpolation => "sorted file, interpolation search",
        }
    }

    fn settings(&self) -> String {
        "24-byte records; written through a 1 MiB buffer and synced; mapped with MADV_RANDOM".into()
    }

    fn knows(&self) -> Knows {
        Knows { counts: true, ranges: true, exact: true }
    }

    fn build(&self, corpus: &Corpus, folder: &Path) -> Outcome<()> {
        let mut target = BufWriter::with_capacity(1 << 20, File::create(folder.join(FILE))?);
        each_row(corpus, |row| {
            let mut record = [0; 24];
            record[..20].copy_from_slice(&row.digest);
            record[20..].copy_from_slice(&row.count.to_be_bytes());
            target.write_all(&record)
        })?;
        Ok(target.into_inner()?.sync_all()?)
    }

    fn open(&self, folder: &Path) -> Outcome<Box<dyn Ask>> {
        Ok(Box::new(Open { mapping: storage::map_random(&folder.join(FILE))?, search: self.0 }))
    }
}

struct Open {
    mapping: Mmap,
    search: Search,
}

impl Open {
    fn records(&self) -> &[Record] {
        self.mapping.as_chunks().0
    }
}

impl Ask for Open {
    fn ask(&self, question: &Row) -> Outcome<u64> {
        let found = match self.search {
            Search::Binary => binary(self.records(), &question.digest),
            Search::Interpolation => interpolated(self.records(), &question.digest),
        };
        Ok(found.map_or(0, |record| u64::from(count(record))))
    }

    fn entries_under(&self, prefix: u32) -> Option<Outcome<u64>> {
        let (first, last) = bounds(prefix);
        let records = self.records();
        let begin = records.partition_point(|record| record[..20] < first[..]);
        let end = records.partition_point(|record| record[..20] <= last[..]);
        Some(Ok((end - begin) as u64))
    }
}

fn count(record: &Record) -> u32 {
    u32::from_be_bytes([record[20], record[21], record[22], record[23]])
}

fn leading(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn binary<'a>(records: &'a [Record], digest: &[u8; 20]) -> Option<&'a Record> {
    let place = records.binary_search_by(|record| record[..20].cmp(&digest[..])).ok()?;
    Some(&records[place])
}

/// Guesses a record's place as if digests were spread perfectly evenly, and corrects the guess by how far the record
/// found there is from the wanted one. Of n random digests the first guess is some √n / 2 records off and each further
/// one about the root of the one before.
fn interpolated<'a>(records: &'a [Record], digest: &[u8; 20]) -> Option<&'a Record> {
    let (wanted, all) = (i128::from(leading(digest)), records.len() as i128);
    // The record can only be in `low..high`.
    let (mut low, mut high) = (0, records.len());
    let mut guess = ((wanted * all) >> 64) as usize;
    for _ in 0..GUESSES {
        let record = records.get(guess)?;
        match record[..20].cmp(&digest[..]) {
            Ordering::Equal => return Some(record),
            Ordering::Less => low = guess + 1,
            Ordering::Greater => high = guess,
        }
        if low >= high {
            return None;
        }
        let off = ((wanted - i128::from(leading(record))) * all) >> 64;
        let last = guess;
        guess = (guess as i128 + off).clamp(low as i128, high as i128 - 1) as usize;
        if guess.abs_diff(last) <= NEAR {
            break;
        }
    }
    widened(&records[low..high], guess - low, digest)
}

/// Searches around a guess, twice as far each time, until the record would have to be within.
fn widened<'a>(records: &'a [Record], guess: usize, digest: &[u8; 20]) -> Option<&'a Record> {
    let mut width = NEAR;
    loop {
        let (first, end) = (guess.saturating_sub(width), (guess + width).min(records.len()));
        let begins_before = first == 0 || records[first][..20] <= digest[..];
        let ends_after = end == records.len() || records[end][..20] > digest[..];
        if begins_before && ends_after {
            return binary(&records[first..end], digest);
        }
        width *= 2;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::corpus::CorpusSpec;

    #[test]
    fn both_searches_find_every_record_and_nothing_else() {
        let corpus = Corpus::new(CorpusSpec::whole(20_000)).unwrap();
        let mut records: Vec<Record> = Vec::new();
        each_row(&corpus, |row| {
            let mut record = [0; 24];
            record[..20].copy_from_slice(&row.digest);
            record[20..].copy_from_slice(&row.count.to_be_bytes());
            records.push(record);
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
        for record in &records {
            let mut digest = [0; 20];
            digest.copy_from_slice(&record[..20]);
            assert_eq!(binary(&records, &digest), Some(record));
            assert_eq!(interpolated(&records, &digest), Some(record));
            digest[19] ^= 1;
            assert_eq!(interpolated(&records, &digest), None);
        }
        // Digests that are anything but evenly spread.
        for crowd in [&records[..37], &records[19_000..]] {
            for record in crowd {
                assert_eq!(interpolated(crowd, record.first_chunk().unwrap()), Some(record));
            }
            assert_eq!(interpolated(crowd, records[10_000].first_chunk().unwrap()), None);
        }
        for digest in [[0; 20], [0xff; 20]] {
            assert_eq!(interpolated(&records, &digest), None);
            assert_eq!(interpolated(&[], &digest), None);
        }
    }
}
