//! In which order groups become complete, and how far ahead of them ranges are asked for.

#![forbid(unsafe_code)]

/// The smallest part of a corpus, as a divisor, that may wait for its groups.
pub(super) const WINDOW_SHARE: usize = 128;
/// The most ranges ahead of the first incomplete group: 300 MB of exact hashes with counts.
pub(super) const MOST_AHEAD: usize = 8192;
/// The fewest; with many requests at a time it is more.
pub(super) const FEWEST_AHEAD: usize = 128;

/// How many ranges may be asked for ahead of the first incomplete group.
pub(super) fn window(ranges: usize, concurrency: usize) -> usize {
    let fewest = concurrency.saturating_mul(2).clamp(FEWEST_AHEAD, MOST_AHEAD);
    (ranges / WINDOW_SHARE).clamp(fewest, MOST_AHEAD)
}

/// A group of the coverage.
pub(super) struct NextGroup {
    pub(super) prefix: u32,
    /// Which of its 16 ranges are covered: bit 0 is the first one.
    pub(super) ranges: u16,
    /// How many these are.
    pub(super) len: usize,
}

/// The group that begins with the covered prefix at `front`.
pub(super) fn next_group(covered: &[u32], front: usize) -> Option<NextGroup> {
    let rest = covered.get(front..)?;
    let prefix = rest.first()? >> 4;
    let here = rest.iter().take_while(|range| **range >> 4 == prefix);
    let ranges = here.fold(0, |ranges, range| ranges | 1 << (range % 16));
    Some(NextGroup { prefix, ranges, len: u16::count_ones(ranges) as usize })
}
