//! Ranges as the protocol has their rows, of all indexes together, for a server that must not wait for the disk.

#![forbid(unsafe_code)]

use std::cmp::Ordering;

use super::{Corpus, Source, test_password};
use crate::error::{Error, Result};
use crate::index::RangeScratch;
use crate::storage::ReadMode;

impl Corpus {
    /// Appends the rows of a 5-digit prefix, of all sources together, `SUFFIX:COUNT` in ascending order with CRLF
    /// between rows and none after the last, and returns their number. Counts of bases add up, overlays add none. A
    /// range that lacks the rows of a source would say "not exposed" about them, so any fault is an error.
    ///
    /// # Errors
    /// As [`Index::write_range`](crate::Index::write_range); [`Error::NotCovered`] where a base does not cover
    /// the prefix; [`Error::NotListable`] for a range server. `rows` is then as it was.
    pub fn write_range(
        &self,
        prefix: u32,
        waiting: ReadMode,
        scratch: &mut RangeScratch,
        rows: &mut Vec<u8>,
    ) -> Result<usize> {
        let before = rows.len();
        let written = self.append_range(prefix, waiting, scratch, rows);
        if written.is_err() {
            rows.truncate(before);
        }
        written
    }

    fn append_range(
        &self,
        prefix: u32,
        waiting: ReadMode,
        scratch: &mut RangeScratch,
        rows: &mut Vec<u8>,
    ) -> Result<usize> {
        let before = rows.len();
        let mut asking = Asking { prefix, waiting, scratch, gap: None, is_covered: false };
        let mut count = asking.rows_of(&self.bases, self.bases.is_empty(), Counts::AddUp, rows)?;
        if !self.overlays.is_empty() {
            let mut laid = Vec::new();
            let more = asking.rows_of(&self.overlays, self.bases.is_empty(), Counts::Largest, &mut laid)?;
            if more > 0 {
                let under = rows.split_off(before);
                count = merge(&under, &laid, Counts::First, rows);
            }
        }
        if let Some(row) = self.test_row(prefix) {
            let under = rows.split_off(before);
            count = merge(&under, &row, Counts::First, rows);
        }
        match asking.gap {
            Some(gap) if !asking.is_covered => Err(gap),
            _ => Ok(count),
        }
    }

    fn test_row(&self, prefix: u32) -> Option<Vec<u8>> {
        if self.knows_test_password { test_password::row(self.kind, prefix) } else { None }
    }
}

/// A range that is asked of one source after another.
struct Asking<'a> {
    prefix: u32,
    waiting: ReadMode,
    scratch: &'a mut RangeScratch,
    gap: Option<Error>,
    is_covered: bool,
}

impl Asking<'_> {
    /// Appends the rows of sources, merged, and returns their number.
    fn rows_of(
        &mut self,
        sources: &[Source],
        overlays_decide: bool,
        counts: Counts,
        rows: &mut Vec<u8>,
    ) -> Result<usize> {
        let decides = counts == Counts::AddUp || overlays_decide;
        let (before, mut count) = (rows.len(), 0);
        for source in sources {
            let Source::Index(index) = source else { return Err(Error::NotListable { name: source.name() }) };
            // The first rows are rendered where they belong.
            let mut others = Vec::new();
            let target = if count == 0 { &mut *rows } else { &mut others };
            let (prefix, mode, scratch) = (self.prefix, self.waiting, &mut *self.scratch);
            match index.ask(|index| index.write_range(prefix, mode, scratch, target)) {
                Ok(more) => {
                    self.is_covered |= decides;
                    if others.is_empty() {
                        count = count.max(more);
                    } else {
                        let under = rows.split_off(before);
                        count = merge(&under, &others, counts, rows);
                    }
                }
                Err(error @ Error::NotCovered { .. }) => {
                    if decides {
                        self.gap.get_or_insert(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }
}

/// What becomes of the counts of a suffix that both have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    /// They are added up, as those of bases.
    AddUp,
    /// The larger one stays, as of overlays.
    Largest,
    /// The first one stays, as of a base and an overlay.
    First,
}

/// Merges the rows of two ranges. Appends to `out` and returns the number of rows.
fn merge(left: &[u8], right: &[u8], counts: Counts, out: &mut Vec<u8>) -> usize {
    let (mut left, mut right) = (rows(left).peekable(), rows(right).peekable());
    let before = out.len();
    let mut number = 0;
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return number,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.suffix.cmp(right.suffix),
        };
        let one = if order.is_le() { left.next() } else { None };
        let other = if order.is_ge() { right.next() } else { None };
        if out.len() > before {
            out.extend_from_slice(b"\r\n");
        }
        match (one, other) {
            (Some(one), Some(other)) if counts == Counts::Largest && other.number() > one.number() => {
                out.extend_from_slice(other.text);
            }
            (Some(one), Some(other)) if counts == Counts::AddUp => {
                out.extend_from_slice(one.suffix);
                out.push(b':');
                out.extend_from_slice(one.number().saturating_add(other.number()).to_string().as_bytes());
            }
            (one, other) => out.extend_from_slice(one.or(other).map_or(&[], |row| row.text)),
        }
        number += 1;
    }
}

struct Row<'a> {
    text: &'a [u8],
    suffix: &'a [u8],
    count: &'a [u8],
}

impl Row<'_> {
    fn number(&self) -> u64 {
        self.count.iter().fold(0, |sum: u64, digit| {
            sum.saturating_mul(10).saturating_add(u64::from(digit.wrapping_sub(b'0')))
        })
    }
}

fn rows(text: &[u8]) -> impl Iterator<Item = Row<'_>> {
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty()).map(|text| {
        let colon = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
        Row { text, suffix: &text[..colon], count: text.get(colon + 1..).unwrap_or_default() }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    type Range = BTreeMap<u8, u64>;

    fn text(range: &Range) -> Vec<u8> {
        let rows: Vec<String> =
            range.iter().map(|(suffix, count)| format!("{suffix:035X}:{count}")).collect();
        rows.join("\r\n").into_bytes()
    }

    proptest! {
        #[test]
        fn a_merged_range_is_the_model(
            left in btree_map(any::<u8>(), 1..u64::MAX / 2, 0..40),
            right in btree_map(any::<u8>(), 1..u64::MAX / 2, 0..40),
        ) {
            for counts in [Counts::AddUp, Counts::Largest, Counts::First] {
                let mut expected: Range = left.clone();
                for (suffix, count) in &right {
                    let held = expected.entry(*suffix).or_default();
                    *held = match counts {
                        Counts::AddUp => *held + count,
                        Counts::Largest => *count.max(held),
                        Counts::First if *held == 0 => *count,
                        Counts::First => *held,
                    };
                }
                let mut out = b"kept".to_vec();
                let number = merge(&text(&left), &text(&right), counts, &mut out);
                prop_assert_eq!(number, expected.len());
                prop_assert_eq!(out, [b"kept".to_vec(), text(&expected)].concat());
            }
        }
    }

    #[test]
    fn counts_stop_at_the_largest() {
        let mut out = Vec::new();
        merge(b"A:18446744073709551615", b"A:1\r\nB:2", Counts::AddUp, &mut out);
        assert_eq!(out, b"A:18446744073709551615\r\nB:2");
    }
}
