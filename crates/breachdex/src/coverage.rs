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
