//! Which 20-bit prefixes an index claims to hold, and prefixes of any length.

#![forbid(unsafe_code)]

use std::fmt;

use crate::digest::{Key, Kind};
use crate::error::{Error, Result};
use crate::hex;

/// How many 5-digit prefixes there are.
pub const PREFIX_COUNT: u32 = 1 << 20;

/// A set of 5-digit (20-bit) prefixes as sorted, disjoint, non-adjacent inclusive ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    ranges: Vec<(u32, u32)>,
}

impl Coverage {
    /// Every prefix.
    pub fn whole() -> Self {
        Self { ranges: vec![(0, PREFIX_COUNT - 1)] }
    }

    /// No prefix.
    pub fn empty() -> Self {
        Self { ranges: Vec::new() }
    }

    /// The union of inclusive ranges in any order; a range whose ends are swapped or beyond `FFFFF` is
    /// refused with `None`.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32)>) -> Option<Self> {
        let mut sorted: Vec<(u32, u32)> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (first, last) in sorted {
            if first > last || last >= PREFIX_COUNT {
                return None;
            }
            match merged.last_mut() {
                Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Some(Self { ranges: merged })
    }

    /// The inclusive ranges, sorted, disjoint and not adjacent.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// Whether every prefix is covered.
    pub fn is_whole(&self) -> bool {
        self.ranges == [(0, PREFIX_COUNT - 1)]
    }

    /// How many prefixes are covered.
    pub fn prefixes(&self) -> u32 {
        self.ranges.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether one 20-bit prefix is covered. Logarithmic in the number of ranges.
    pub fn contains(&self, prefix: u32) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= prefix);
        after > 0 && self.ranges[after - 1].1 >= prefix
    }

    /// The first prefix between `first` and `last` (inclusive) that is not covered.
    pub fn first_gap(&self, first: u32, last: u32) -> Option<u32> {
        let after = self.ranges.partition_point(|(start, _)| *start <= first);
        match after.checked_sub(1).map(|i| self.ranges[i].1) {
            Some(end) if end >= last => None,
            Some(end) if end >= first => Some(end + 1),
            _ => Some(first),
        }
    }

    /// What both cover.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut one, mut two) = (self.ranges.iter().peekable(), other.ranges.iter().peekable());
        let mut ranges = Vec::new();
        while let (Some((first, last)), Some((from, to))) = (one.peek(), two.peek()) {
            if first.max(from) <= last.min(to) {
                ranges.push((*first.max(from), *last.min(to)));
            }
            if last < to {
                one.next()
            } else {
                two.next()
            };
        }
        Self { ranges }
    }

    /// What this covers and the other does not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let gaps =
            other.ranges.iter().chain([&(PREFIX_COUNT, PREFIX_COUNT)]).scan(0, |next, (first, last)| {
                let gap = (*next, *first);
                *next = last + 1;
                Some(gap)
            });
        let gaps = gaps.filter(|(from, to)| from < to).map(|(from, to)| (from, to - 1)).collect();
        self.intersection(&Self { ranges: gaps })
    }

    /// What either covers.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_ranges(self.ranges.iter().chain(&other.ranges).copied()).unwrap_or_else(Self::empty)
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() {
            return f.write_str("whole");
        }
        let shown = self.ranges.iter().take(4).map(|(a, b)| format!("{a:05X}-{b:05X}"));
        f.write_str(&shown.collect::<Vec<_>>().join(" "))?;
        if self.ranges.len() > 4 {
            write!(f, " and {} more ranges", self.ranges.len() - 4)?;
        }
        Ok(())
    }
}

/// The leading hexadecimal digits of a digest: the unit of a range question.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    key: Key,
    digits: u32,
}

impl Prefix {
    /// A prefix of up to the kind's width in hex digits of either case. The empty prefix is everything.
    ///
    /// # Errors
    /// [`Error::InvalidPrefix`].
    pub fn from_hex(kind: Kind, digits: &str) -> Result<Self> {
        let refused = || Error::InvalidPrefix(kind.hex_digits());
        if digits.len() > kind.hex_digits() {
            return Err(refused());
        }
        let mut key = Key::default();
        for (i, byte) in digits.bytes().enumerate() {
            let value = hex::digit(byte).ok_or_else(refused)?;
            key.place(i as u32 * 4, 4, u64::from(value));
        }
        Ok(Self { key, digits: digits.len() as u32 })
    }

    /// The prefix of 20 bits that the range protocol asks by.
    pub fn of_range(prefix: u32) -> Self {
        let mut key = Key::default();
        key.place(0, 20, u64::from(prefix % PREFIX_COUNT));
        Self { key, digits: 5 }
    }

    /// Length in hex digits.
    pub fn digits(&self) -> usize {
        self.digits as usize
    }

    /// The first and the last key under this prefix.
    pub(crate) fn bounds(&self) -> (Key, Key) {
        let mut last = self.key;
        let bits = self.digits * 4;
        for at in 0..3 {
            let fixed = bits.saturating_sub(at * 64).min(64);
            last.words[at as usize] |= if fixed == 64 { 0 } else { u64::MAX >> fixed };
        }
        (self.key, last)
    }

    /// The first and the last 20-bit prefix that this prefix touches.
    pub fn covered_span(&self) -> (u32, u32) {
        let (first, last) = self.bounds();
        (first.leading(20) as u32, last.leading(20) as u32)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({} digits)", self.digits)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::Random;

    /// A coverage and the same as a list of bits, over the first few and the last few prefixes.
    fn random(random: &mut Random) -> (Coverage, Vec<bool>) {
        let mut bits: Vec<bool> = (0..24).map(|_| !random.next().is_multiple_of(3)).collect();
        if random.next().is_multiple_of(4) {
            bits.fill(random.next().is_multiple_of(2));
        }
        let ranges = (0..24).filter(|at| bits[*at]).map(|at| (place(at), place(at)));
        (Coverage::from_ranges(ranges).unwrap(), bits)
    }

    fn place(at: usize) -> u32 {
        if at < 12 { at as u32 } else { PREFIX_COUNT - 24 + at as u32 }
    }

    #[test]
    fn sets_of_prefixes_are_joined_and_cut_as_sets_are() {
        let mut numbers = Random(5);
        for _ in 0..2000 {
            let ((a, in_a), (b, in_b)) = (random(&mut numbers), random(&mut numbers));
            let (both, only_a, any) = (a.intersection(&b), a.difference(&b), a.union(&b));
            for found in [&both, &only_a, &any] {
                assert_eq!(Coverage::from_ranges(found.ranges().iter().copied()), Some(found.clone()));
            }
            for at in 0..24 {
                let found = [&both, &only_a, &any].map(|set| set.contains(place(at)));
                let (in_a, in_b) = (in_a[at], in_b[at]);
                assert_eq!(found, [in_a && in_b, in_a && !in_b, in_a || in_b], "{a} {b} {at}");
            }
        }
        let cover = |ranges: &[(u32, u32)]| Coverage::from_ranges(ranges.iter().copied()).unwrap();
        let (one, two) = (cover(&[(0, 10), (20, 30), (40, 50)]), cover(&[(5, 25), (50, 60)]));
        assert_eq!(one.intersection(&two).ranges(), [(5, 10), (20, 25), (50, 50)]);
        assert_eq!(one.difference(&two).ranges(), [(0, 4), (26, 30), (40, 49)]);
        assert_eq!(Coverage::whole().difference(&Coverage::empty()), Coverage::whole());
        assert_eq!(Coverage::whole().difference(&Coverage::whole()), Coverage::empty());
    }
}
