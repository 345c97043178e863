//! Where a group starts: behind the one before it, and in one page with all of its head.
//!
//! A lookup in a file that is not cached reads the head first. One that crosses a page costs a second read for nothing.

#![forbid(unsafe_code)]

use super::header::LENGTH;

/// Bytes of a page of the file.
pub(crate) const PAGE: u64 = 4096;

/// How many zeros lie before a group whose head has `head` bytes, behind `end` bytes of groups.
///
/// A head that fits into a page is moved to the next one where it would cross into it. A writer has no choice, so that
/// equal entries give equal bytes.
pub(crate) fn padding(end: u64, head: u64) -> u64 {
    let left = PAGE - (LENGTH as u64 + end) % PAGE;
    if left < head && head <= PAGE { left } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_of_up_to_a_page_lies_in_one() {
        for head in [1, 17, 2057, 4095, 4096] {
            for end in 0..2 * PAGE {
                let zeros = padding(end, head);
                let start = LENGTH as u64 + end + zeros;
                assert_eq!(start / PAGE, (start + head - 1) / PAGE, "{end} {head}");
                let moved = (LENGTH as u64 + end) / PAGE != (LENGTH as u64 + end + head - 1) / PAGE;
                assert_eq!(zeros > 0, moved);
                assert!(zeros == 0 || start.is_multiple_of(PAGE));
            }
        }
        for head in [4097, 8192] {
            assert!((0..PAGE).all(|end| padding(end, head) == 0));
        }
    }
}
