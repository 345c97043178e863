//! What an index remembers of where it came from: the server, and the entity tag of each range.

#![forbid(unsafe_code)]

use breachdex::{Coverage, Index};

use crate::error::Result;

/// The server that the ranges came from.
const BASE_URL: &str = "base-url";
/// For each covered prefix in order: the length of its entity tag (u8), the tag.
const TAGS: &str = "range-tags";
/// The longest entity tag that is kept: a note holds as many for each of 2^20 ranges. What has a longer one is fetched again.
pub(crate) const MOST_TAG: usize = 127;
/// The journal that the index was made of.
const JOURNAL: &str = "journal";

/// What an index remembers of its download.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) base_url: Option<String>,
    pub(crate) journal: Option<String>,
    pub(crate) tags: Tags,
}

/// The entity tags of a coverage's ranges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tags {
    bytes: Vec<u8>,
    /// Where the tag of each covered prefix starts, in order; empty when there are none.
    starts: Vec<u32>,
}

impl Memory {
    /// Reads an index's notes. Notes that are not as they should be are as good as none: they only save work.
    pub(crate) fn of(index: &Index) -> Result<Self> {
        let mut memory = Self::default();
        for (name, value) in index.notes()? {
            match name.as_str() {
                BASE_URL => memory.base_url = String::from_utf8(value).ok(),
                JOURNAL => memory.journal = String::from_utf8(value).ok(),
                TAGS => memory.tags = Tags::new(value, &index.metadata().coverage).unwrap_or_default(),
                _ => {}
            }
        }
        Ok(memory)
    }

    /// The notes of a new index.
    pub(crate) fn encode(base_url: &str, journal: &str, tags: Vec<u8>) -> Vec<(String, Vec<u8>)> {
        let note = |name: &str, value: Vec<u8>| (name.to_owned(), value);
        vec![note(BASE_URL, base_url.into()), note(JOURNAL, journal.into()), note(TAGS, tags)]
    }
}

impl Tags {
    fn new(bytes: Vec<u8>, coverage: &Coverage) -> Option<Self> {
        let mut starts = Vec::with_capacity(coverage.prefixes() as usize);
        let mut at = 0;
        for _ in 0..coverage.prefixes() {
            starts.push(u32::try_from(at).ok()?);
            at += 1 + usize::from(*bytes.get(at)?);
        }
        (at == bytes.len()).then_some(Self { bytes, starts })
    }

    /// The tag of the range whose prefix is the `rank`th covered one; empty without one.
    pub(crate) fn get(&self, rank: u32) -> &str {
        let tag = self.starts.get(rank as usize).map(|start| {
            let start = *start as usize;
            &self.bytes[start + 1..start + 1 + usize::from(self.bytes[start])]
        });
        tag.and_then(|tag| std::str::from_utf8(tag).ok()).unwrap_or_default()
    }
}

/// Appends a tag to the tags' note.
pub(crate) fn put_tag(tags: &mut Vec<u8>, tag: &[u8]) {
    let tag = if tag.len() > MOST_TAG { &[] } else { tag };
    tags.push(tag.len() as u8);
    tags.extend_from_slice(tag);
}

/// Every covered prefix in order.
pub(crate) fn prefixes(coverage: &Coverage) -> impl Iterator<Item = u32> + Send + use<> {
    coverage.ranges().to_vec().into_iter().flat_map(|(first, last)| first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_come_back_by_rank_and_damaged_ones_not_at_all() {
        let coverage = Coverage::from_ranges([(2, 3), (9, 9)]).expect("ranges");
        let mut bytes = Vec::new();
        for tag in ["\"a\"", "", "W/\"b\""] {
            put_tag(&mut bytes, tag.as_bytes());
        }
        let tags = Tags::new(bytes.clone(), &coverage).expect("tags");
        assert_eq!([0, 1, 2, 3].map(|rank| tags.get(rank).to_owned()), ["\"a\"", "", "W/\"b\"", ""]);
        assert!(Tags::new(bytes[..bytes.len() - 1].to_vec(), &coverage).is_none());
        assert!(Tags::new([&bytes[..], b"\0"].concat(), &coverage).is_none());
    }
}
