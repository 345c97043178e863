//! How large the parts of an index can be. What a reader refuses beyond these a writer refuses first: `docs/format.md`,
//! "Limits".

#![forbid(unsafe_code)]

use super::MAX_DIRECTORY_BITS;
use super::content::HASH;
use super::directory::Locator;
use super::group::{FIXED, MAX_EXTRA_BITS, WIDE_RECORD};
use crate::error::Section;

/// Bytes of the largest group that a reader takes: every record and 2^32 - 1 bytes of buckets. A writer stops at
/// 2^31 - 1 of those, for drifts have a sign.
pub(crate) const MOST_GROUP: u64 = (FIXED + (WIDE_RECORD << MAX_EXTRA_BITS)) as u64 + u32::MAX as u64;

/// Bytes of all groups: the last one starts where a locator can say and has the most bytes.
pub(crate) const MOST_GROUPS: u64 = Locator::MOST_OFFSET + MOST_GROUP;

/// Bytes of the directory and of the facts. The one takes 11 a group, the other 8 a range of the coverage and its
/// texts.
pub(crate) const MOST_SECTION: u64 = 64 << 20;

/// Bytes of the notes. A reader has all of them in memory at once.
pub(crate) const MOST_NOTES: u64 = 192 << 20;

/// Bytes of the value of a note: an entity tag of 127 bytes for each of 2^20 ranges.
pub(crate) const MOST_NOTE_VALUE: u32 = 128 << 20;

/// Number of notes. Five names are in use, each once.
pub(crate) const MOST_NOTE_NUMBER: u32 = 256;

/// Bytes of the name of a note, which has one at least.
pub(crate) const MOST_NOTE_NAME: u32 = 255;

/// Bytes of the hashes: one for each group.
pub(crate) const MOST_HASHES: u64 = (HASH as u64) << MAX_DIRECTORY_BITS;

/// The most bytes of a section.
pub(crate) fn most(section: Section) -> u64 {
    match section {
        Section::Header => super::header::LENGTH as u64,
        Section::Groups | Section::Bucket => MOST_GROUPS,
        Section::Directory | Section::Facts => MOST_SECTION,
        Section::Hashes => MOST_HASHES,
        Section::Notes => MOST_NOTES,
    }
}

/// The most entries that fit into so many bytes of groups: each takes two bits, whatever of it is said by its place.
pub(crate) fn most_entries(groups_length: u64) -> u64 {
    groups_length.saturating_mul(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page that others write readers from says the same.
    #[test]
    fn the_limits_are_those_of_the_format_s_page() {
        let page = include_str!("../../../../docs/format.md");
        let limits = page.split("## Limits").nth(1).unwrap_or_default();
        for (what, most) in [
            ("offset of a group", Locator::MOST_OFFSET),
            ("bytes of a group's buckets", i32::MAX as u64),
            ("bytes of a group that a reader takes", MOST_GROUP),
            ("bytes of all groups", most(Section::Groups)),
            ("bytes of the directory", most(Section::Directory)),
            ("bytes of the facts", most(Section::Facts)),
            ("bytes of the hashes", most(Section::Hashes)),
            ("bytes of the notes", most(Section::Notes)),
            ("notes", u64::from(MOST_NOTE_NUMBER)),
            ("bytes of the name of a note", u64::from(MOST_NOTE_NAME)),
            ("bytes of the value of a note", u64::from(MOST_NOTE_VALUE)),
            ("entries of a bucket", u64::from(u32::MAX) - 1),
            ("a count, and all counts together", u64::MAX),
            ("entries that a byte of groups has room for", most_entries(1)),
        ] {
            let digits = most.to_string();
            let mut said = String::new();
            for (i, digit) in digits.chars().enumerate() {
                if i > 0 && (digits.len() - i).is_multiple_of(3) {
                    said.push(',');
                }
                said.push(digit);
            }
            assert!(limits.contains(&format!("| {what} | {said} |")), "{what}: {said}");
        }
    }
}
