//! Whether the digests of an index are spread as digests are: a list that was cut off ends long before the last prefix.

#![forbid(unsafe_code)]

use super::groups::GroupStore;
use crate::coverage::Coverage;

/// How many entries a span would have on average that has none. The chance of that is below 10⁻²⁰.
const EXPECTED: f64 = 50.0;

/// The longest span of 5-digit prefixes without an entry, where an index says to hold all prefixes and that span is no chance.
pub(super) fn empty_span(store: &GroupStore, coverage: &Coverage) -> Option<(u32, u32)> {
    if !coverage.is_whole() {
        return None;
    }
    let groups = store.log.places.iter().map(|place| place.prefix);
    among(groups, store.layout.directory_bits, store.log.totals.entries)
}

/// The same of the prefixes of groups, which ascend.
fn among(groups: impl Iterator<Item = u32>, bits: u32, entries: u64) -> Option<(u32, u32)> {
    let all = 1_u32 << bits;
    let (mut next, mut longest) = (0, (0, 0));
    for group in groups.chain([all]) {
        if group.saturating_sub(next) > longest.1 - longest.0 {
            longest = (next, group);
        }
        next = group.saturating_add(1);
    }
    let (first, end) = longest;
    let expected = entries as f64 * f64::from(end - first) / f64::from(all);
    let shift = 20_u32.checked_sub(bits)?;
    (expected > EXPECTED).then(|| (first << shift, (end << shift) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_that_is_no_chance_is_found_wherever_it_is() {
        assert_eq!(among(0..256, 8, 1 << 20), None);
        assert_eq!(among(0..37, 8, 8_388), Some((0x25000, 0xfffff)));
        assert_eq!(among(128..256, 8, 1_000), Some((0, 0x7ffff)));
        assert_eq!(among((0..16).chain(48..256), 8, 1_000), Some((0x10000, 0x2ffff)));
        assert_eq!(among([0, 7].into_iter(), 4, 60), None, "so few can leave half of them out");
        assert_eq!(among(std::iter::empty(), 8, 0), None);
        assert_eq!(among(0..0xfff0, 16, 1 << 30), Some((0xfff00, 0xfffff)));
    }
}
