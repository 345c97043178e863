//! The bytes of one record: a head of fixed length, an entity tag, a payload, all under one CRC-32C.
//!
//! ```text
//! 0   u8   kind
//! 1   u8   length of the tag
//! 2   u16  0
//! 4   u32  prefix
//! 8   u32  rows in the payload
//! 12  u32  digests folded into others
//! 16  u64  time, seconds since 1970
//! 24  u32  length of the payload
//! 28  u32  CRC of all other bytes of the record
//! 32  the tag, the payload
//! ```

#![forbid(unsafe_code)]

use std::io::{self, Read};

/// Bytes of a record's head.
pub(crate) const FIXED: usize = 32;
const CHECKSUM: std::ops::Range<usize> = 28..32;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// What the run was asked to do.
    Settings,
    /// Where the ranges behind come from.
    Origin,
    /// When the run began, by the server's clock.
    Begun,
    /// A range's rows.
    Range,
    /// A range is as the index that is updated has it: the server said so.
    Unchanged,
    /// A range was fetched and has the rows that the index has.
    Same,
    /// A group is in the unfinished index.
    Group,
}

impl RecordKind {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Settings,
            2 => Self::Origin,
            3 => Self::Begun,
            4 => Self::Range,
            5 => Self::Unchanged,
            6 => Self::Same,
            7 => Self::Group,
            _ => return None,
        })
    }

    fn byte(self) -> u8 {
        match self {
            Self::Settings => 1,
            Self::Origin => 2,
            Self::Begun => 3,
            Self::Range => 4,
            Self::Unchanged => 5,
            Self::Same => 6,
            Self::Group => 7,
        }
    }
}

/// A record in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: RecordKind,
    pub(crate) prefix: u32,
    pub(crate) rows: u32,
    pub(crate) folded: u32,
    pub(crate) modified: u64,
    pub(crate) tag: String,
    pub(crate) payload: Vec<u8>,
}

/// Where a tag is among the journal's tags.
#[derive(Clone, Copy)]
pub(crate) struct Tag {
    pub(crate) at: usize,
    pub(crate) length: u8,
}

impl Record {
    /// A record of a prefix without rows.
    pub(crate) fn of(kind: RecordKind, prefix: u32) -> Self {
        Self { kind, prefix, rows: 0, folded: 0, modified: 0, tag: String::new(), payload: Vec::new() }
    }

    pub(super) fn settings(payload: Vec<u8>) -> Self {
        Self { payload, ..Self::of(RecordKind::Settings, 0) }
    }

    pub(crate) fn origin(base_url: &str) -> Self {
        Self { payload: base_url.into(), ..Self::of(RecordKind::Origin, 0) }
    }

    pub(super) fn begun(seconds: u64) -> Self {
        Self { modified: seconds, ..Self::of(RecordKind::Begun, 0) }
    }

    /// Bytes of the record in the file.
    pub(crate) fn length(&self) -> u64 {
        (FIXED + self.tag.len() + self.payload.len()) as u64
    }

    /// Reads the next record; `None` where the rest, `available` bytes, does not begin with a whole and sound one.
    pub(crate) fn read(reader: &mut impl Read, available: u64) -> io::Result<Option<Self>> {
        if available < FIXED as u64 {
            return Ok(None);
        }
        let mut head = [0; FIXED];
        reader.read_exact(&mut head)?;
        let [_, tag_length, ..] = head;
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap_or_default());
        let payload_length = number(24) as usize;
        let rest_length = usize::from(tag_length) + payload_length;
        if rest_length as u64 > available - FIXED as u64 {
            return Ok(None);
        }
        let mut rest = vec![0; rest_length];
        reader.read_exact(&mut rest)?;
        let Some(kind) = RecordKind::from_byte(head[0]) else { return Ok(None) };
        if checksum(&head, &rest) != number(CHECKSUM.start) {
            return Ok(None);
        }
        let payload = rest.split_off(usize::from(tag_length));
        let Ok(tag) = String::from_utf8(rest) else { return Ok(None) };
        let modified = u64::from(number(20)) << 32 | u64::from(number(16));
        Ok(Some(Self {
            kind,
            prefix: number(4),
            rows: number(8),
            folded: number(12),
            modified,
            tag,
            payload,
        }))
    }
}

/// Writing records.
pub(crate) struct Frame;

impl Frame {
    /// Appends a record's bytes. The tag has at most 255 bytes.
    pub(crate) fn write(record: &Record, out: &mut Vec<u8>) {
        let tag = record.tag.as_bytes();
        let tag = if tag.len() > 255 { &[] } else { tag };
        let mut head = [0; FIXED];
        head[0] = record.kind.byte();
        head[1] = tag.len() as u8;
        head[4..8].copy_from_slice(&record.prefix.to_le_bytes());
        head[8..12].copy_from_slice(&record.rows.to_le_bytes());
        head[12..16].copy_from_slice(&record.folded.to_le_bytes());
        head[16..24].copy_from_slice(&record.modified.to_le_bytes());
        head[24..28].copy_from_slice(&(record.payload.len() as u32).to_le_bytes());
        let sum =
            crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(&head[..28]), tag), &record.payload);
        head[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(tag);
        out.extend_from_slice(&record.payload);
    }
}

fn checksum(head: &[u8; FIXED], rest: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&head[..CHECKSUM.start]), rest)
}
