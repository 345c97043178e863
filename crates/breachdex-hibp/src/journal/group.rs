//! What a journal says of a group that is in the unfinished index: where it is, what it adds up to, how it differs from
//! that of the index that is updated, and the entity tags and dates of the ranges that were fetched for it.
//!
//! ```text
//! 0   u64   offset from the first group
//! 8   u64   length, bytes
//! 16  u64   entries
//! 24  u128  sum of their counts
//! 40  u64   the largest count
//! 48  u32   the group's checksum
//! 52  u32   CRC of all its bytes
//! 56  u16   which of its 16 ranges it was made of: bit 0 is the first one
//! 58  u16   ranges handed over that have other rows than the index that is updated
//! 60  u64   hashes that it did not have
//! 68  u64   hashes that only it had
//! 76  u64   hashes whose counts differ
//! 84  u128  sum of the counts that it had
//! 100 u64   the largest of these
//! 108 u64   bytes that were copied from it
//! 116 u32   zeros before the group, of its bytes
//! 120 32 bytes  BLAKE3 of the group
//! 152 for each range handed over, ascending: u8 place in the group, u8 length of the tag, u32 digests folded into others,
//!     u64 time, seconds since 1970, the tag
//! ```

#![forbid(unsafe_code)]

use breachdex::{AssembledGroup, GroupChanges};

use super::record::{Record, RecordKind};

/// Bytes before the ranges.
const FIXED: usize = 152;
/// Bytes of a range before its tag.
const RANGE: usize = 14;

/// A group in the unfinished index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupState {
    pub(crate) group: AssembledGroup,
    /// Bytes from the start of the first group.
    pub(crate) offset: u64,
    /// CRC-32C of the group's bytes.
    pub(crate) crc: u32,
    /// The ranges handed over.
    pub(crate) ranges: Vec<RangeState>,
}

/// What is known of a range in a group, beside its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RangeState {
    pub(crate) prefix: u32,
    /// When the server changed it last, seconds since 1970; 0 where it does not say.
    pub(crate) modified: u64,
    pub(crate) tag: String,
}

impl GroupState {
    /// The record of the group.
    pub(crate) fn record(&self) -> Record {
        let group = &self.group;
        let mut payload = Vec::with_capacity(FIXED + self.ranges.len() * (RANGE + 40));
        payload.extend_from_slice(&self.offset.to_le_bytes());
        payload.extend_from_slice(&group.length.to_le_bytes());
        payload.extend_from_slice(&group.entries.to_le_bytes());
        payload.extend_from_slice(&group.count.to_le_bytes());
        payload.extend_from_slice(&group.max_count.to_le_bytes());
        payload.extend_from_slice(&group.checksum.to_le_bytes());
        payload.extend_from_slice(&self.crc.to_le_bytes());
        let changes = &group.changes;
        payload.extend_from_slice(&group.ranges.to_le_bytes());
        payload.extend_from_slice(&changes.ranges_changed.to_le_bytes());
        payload.extend_from_slice(&changes.hashes_added.to_le_bytes());
        payload.extend_from_slice(&changes.hashes_removed.to_le_bytes());
        payload.extend_from_slice(&changes.counts_changed.to_le_bytes());
        payload.extend_from_slice(&changes.old_count.to_le_bytes());
        payload.extend_from_slice(&changes.old_max.to_le_bytes());
        payload.extend_from_slice(&changes.bytes_copied.to_le_bytes());
        payload.extend_from_slice(&(group.padding as u32).to_le_bytes());
        payload.extend_from_slice(&group.hash);
        for range in &self.ranges {
            let tag = if range.tag.len() > 255 { "" } else { &range.tag };
            let folded = group.collisions.iter().find(|(prefix, _)| *prefix == range.prefix);
            payload.extend_from_slice(&[(range.prefix % 16) as u8, tag.len() as u8]);
            payload.extend_from_slice(&folded.map_or(0, |(_, number)| *number).to_le_bytes());
            payload.extend_from_slice(&range.modified.to_le_bytes());
            payload.extend_from_slice(tag.as_bytes());
        }
        Record { payload, ..Record::of(RecordKind::Group, group.prefix) }
    }

    /// Reads a record of a group; `None` where it is none.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let prefix = record.prefix;
        let mut rest = record.payload.as_slice();
        if record.kind != RecordKind::Group || prefix > 0xffff {
            return None;
        }
        let offset = u64::from_le_bytes(take(&mut rest)?);
        let mut group = AssembledGroup {
            prefix,
            ranges: 0,
            length: u64::from_le_bytes(take(&mut rest)?),
            entries: u64::from_le_bytes(take(&mut rest)?),
            count: u128::from_le_bytes(take(&mut rest)?),
            max_count: u64::from_le_bytes(take(&mut rest)?),
            padding: 0,
            checksum: u32::from_le_bytes(take(&mut rest)?),
            hash: [0; 32],
            collisions: Vec::new(),
            changes: GroupChanges::default(),
        };
        let crc = u32::from_le_bytes(take(&mut rest)?);
        group.ranges = u16::from_le_bytes(take(&mut rest)?);
        let mut changes = GroupChanges {
            given: 0,
            ranges_changed: u16::from_le_bytes(take(&mut rest)?),
            hashes_added: u64::from_le_bytes(take(&mut rest)?),
            hashes_removed: u64::from_le_bytes(take(&mut rest)?),
            counts_changed: u64::from_le_bytes(take(&mut rest)?),
            old_count: u128::from_le_bytes(take(&mut rest)?),
            old_max: u64::from_le_bytes(take(&mut rest)?),
            bytes_copied: u64::from_le_bytes(take(&mut rest)?),
        };
        group.padding = u64::from(u32::from_le_bytes(take(&mut rest)?));
        group.hash = take(&mut rest)?;
        let mut ranges = Vec::with_capacity(16);
        while !rest.is_empty() {
            let [place, tag_length] = take(&mut rest)?;
            // Each place once, in ascending order, and of the group's.
            if place > 15 || changes.given >> place != 0 || group.ranges >> place & 1 == 0 {
                return None;
            }
            changes.given |= 1 << place;
            let folded = u32::from_le_bytes(take(&mut rest)?);
            let modified = u64::from_le_bytes(take(&mut rest)?);
            let (tag, others) = rest.split_at_checked(usize::from(tag_length))?;
            rest = others;
            let prefix = prefix << 4 | u32::from(place);
            if folded > 0 {
                group.collisions.push((prefix, folded));
            }
            ranges.push(RangeState { prefix, modified, tag: String::from_utf8(tag.to_vec()).ok()? });
        }
        group.changes = changes;
        Some(Self { group, offset, crc, ranges })
    }
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> GroupState {
        let range = |prefix, tag: &str| RangeState { prefix, modified: u64::MAX, tag: tag.into() };
        GroupState {
            group: AssembledGroup {
                prefix: 0xffff,
                ranges: 1 << 15 | 1 << 8 | 1 << 3 | 1,
                length: u64::MAX,
                padding: u64::from(u32::MAX),
                checksum: u32::MAX,
                hash: [0xab; 32],
                entries: u64::MAX,
                count: u128::MAX,
                max_count: u64::MAX,
                collisions: vec![(0xffff0, 1), (0xfffff, u32::MAX)],
                changes: GroupChanges {
                    given: 1 << 15 | 1 << 3 | 1,
                    ranges_changed: 16,
                    hashes_added: u64::MAX,
                    hashes_removed: u64::MAX - 1,
                    counts_changed: u64::MAX - 2,
                    old_count: u128::MAX - 3,
                    old_max: u64::MAX - 4,
                    bytes_copied: u64::MAX - 5,
                },
            },
            offset: u64::MAX,
            crc: u32::MAX,
            ranges: vec![range(0xffff0, "\"a\""), range(0xffff3, ""), range(0xfffff, &"t".repeat(255))],
        }
    }

    #[test]
    fn a_group_at_the_edge_of_every_width_comes_back_and_a_torn_one_does_not() {
        let state = state();
        let record = state.record();
        assert_eq!(GroupState::of(&record), Some(state));
        let cut = |length: usize| Record { payload: record.payload[..length].to_vec(), ..record.clone() };
        let whole: Vec<usize> =
            (0..=record.payload.len()).filter(|length| GroupState::of(&cut(*length)).is_some()).collect();
        // Cut between ranges it says of fewer; the record's own CRC tells that.
        assert_eq!(whole, [152, 152 + 17, 152 + 17 + 14, 152 + 17 + 14 + 14 + 255]);
        assert_eq!(GroupState::of(&Record { prefix: 0x1_0000, ..record.clone() }), None);
        assert_eq!(GroupState::of(&Record { kind: RecordKind::Range, ..record.clone() }), None);
        // Twice, and one that the group does not have.
        for place in [0, 4] {
            let mut other = record.clone();
            other.payload[152 + 17] = place;
            assert_eq!(GroupState::of(&other), None);
        }
    }
}
