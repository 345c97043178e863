//! Parts of a file that were fetched, and which parts are fetched together.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ops::Range;

/// Parts of a file, by where they start.
#[derive(Debug, Default)]
pub struct Pieces(BTreeMap<u64, Vec<u8>>);

impl Pieces {
    /// Keeps the bytes that start at an offset, in place of pieces that lie within them.
    pub fn insert(&mut self, start: u64, bytes: Vec<u8>) {
        let end = start + bytes.len() as u64;
        let within = self.0.range(start..end).filter(|(at, held)| *at + held.len() as u64 <= end);
        for at in within.map(|(at, _)| *at).collect::<Vec<u64>>() {
            self.0.remove(&at);
        }
        self.0.insert(start, bytes);
    }

    /// The bytes of a part that lies in one of the pieces.
    pub fn get(&self, range: Range<u64>) -> Option<&[u8]> {
        let (start, bytes) = self.0.range(..=range.start).next_back()?;
        bytes.get((range.start - start) as usize..range.end.checked_sub(*start)? as usize)
    }
}

/// Joins parts with at most `gap` bytes between them, so that one request fetches both. Empty parts are left out.
pub fn coalesce(mut ranges: Vec<Range<u64>>, gap: u64) -> Vec<Range<u64>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(gap) => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    #![allow(clippy::single_range_in_vec_init)]

    use super::*;

    #[test]
    fn near_parts_are_fetched_together() {
        assert_eq!(coalesce(vec![10..20, 0..5, 30..30], 4), [0..5, 10..20]);
        assert_eq!(coalesce(vec![10..20, 0..5], 5), [0..20]);
        assert_eq!(coalesce(vec![0..9, 2..4, 9..10], 0), [0..10]);
        assert_eq!(coalesce(Vec::new(), 9), []);
    }

    #[test]
    fn parts_of_pieces_are_found() {
        let mut pieces = Pieces::default();
        pieces.insert(10, vec![1, 2, 3]);
        pieces.insert(20, vec![4]);
        assert_eq!(pieces.get(11..13), Some(&[2, 3][..]));
        assert_eq!(pieces.get(20..21), Some(&[4][..]));
        // A larger one, fetched later, hides none of what it has.
        pieces.insert(8, (0..20).collect());
        assert_eq!(pieces.get(12..22), Some(&[4, 5, 6, 7, 8, 9, 10, 11, 12, 13][..]));
        for missing in [7..11, 27..29, 28..29, 0..1] {
            assert_eq!(pieces.get(missing), None);
        }
    }
}
