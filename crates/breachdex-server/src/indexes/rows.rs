//! Rows of two indexes as the rows of one range.

#![forbid(unsafe_code)]

use std::cmp::Ordering;

/// Merges ranges, as the protocol has their rows: `SUFFIX:COUNT` in ascending order, CRLF between them. Counts of a
/// suffix that both have are added up. Appends to `out` and returns the number of rows.
pub(crate) fn merge(left: &[u8], right: &[u8], out: &mut Vec<u8>) -> usize {
    let (mut left, mut right) = (rows(left).peekable(), rows(right).peekable());
    let before = out.len();
    let mut count = 0;
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return count,
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
            (Some(one), Some(other)) => {
                out.extend_from_slice(one.suffix);
                out.push(b':');
                out.extend_from_slice(one.number().saturating_add(other.number()).to_string().as_bytes());
            }
            (one, other) => out.extend_from_slice(one.or(other).map_or(&[], |row| row.text)),
        }
        count += 1;
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
        fn a_merged_range_is_the_sum_of_both(
            left in btree_map(any::<u8>(), 1..u64::MAX / 2, 0..40),
            right in btree_map(any::<u8>(), 1..u64::MAX / 2, 0..40),
        ) {
            let mut sum: Range = left.clone();
            for (suffix, count) in &right {
                *sum.entry(*suffix).or_default() += count;
            }
            let mut out = b"kept".to_vec();
            let count = merge(&text(&left), &text(&right), &mut out);
            prop_assert_eq!(count, sum.len());
            prop_assert_eq!(out, [b"kept".to_vec(), text(&sum)].concat());
        }
    }

    #[test]
    fn counts_stop_at_the_largest() {
        let mut out = Vec::new();
        merge(b"A:18446744073709551615", b"A:1\r\nB:2", &mut out);
        assert_eq!(out, b"A:18446744073709551615\r\nB:2");
    }
}
