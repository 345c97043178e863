//! The rows of a range in a record: the kept bytes of each digest behind the first two, which the prefix says, and
//! the count as a LEB128 number. Nearly as small as the index and far quicker to write and read.

#![forbid(unsafe_code)]

use breachdex::Entry;

/// Bytes of a key, of which a digest fills the first ones.
const KEY_BYTES: usize = 24;
/// Leading bytes of a digest that are not written.
const SAID_BYTES: usize = 2;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowShape {
    /// Bytes of a digest that are kept.
    kept: usize,
    counts: bool,
}

impl RowShape {
    /// The shape for an index that keeps so many bits, with or without counts.
    pub(crate) fn new(bits: u32, counts: bool) -> Self {
        Self { kept: bits.div_ceil(8) as usize, counts }
    }

    /// The payload of entries that are cut to the index's bits.
    pub(crate) fn encode(&self, entries: &[Entry]) -> Vec<u8> {
        let mut out = Vec::with_capacity(entries.len() * (self.kept + 1));
        for entry in entries {
            // Copying all of a fixed length and forgetting the rest costs less than copying the right length.
            let end = out.len() + self.kept - SAID_BYTES;
            out.extend_from_slice(&entry.key_bytes()[SAID_BYTES..]);
            out.truncate(end);
            if self.counts {
                put_number(&mut out, entry.count());
            }
        }
        out
    }

    /// The entries of a payload; `None` when it is not one of so many rows.
    pub(crate) fn decode(&self, prefix: u32, rows: u32, mut payload: &[u8]) -> Option<Vec<Entry>> {
        let width = self.kept - SAID_BYTES;
        let mut key = [0; KEY_BYTES];
        key[..SAID_BYTES].copy_from_slice(&((prefix >> 4) as u16).to_be_bytes());
        let mut entries = Vec::with_capacity((rows as usize).min(payload.len() / width));
        for _ in 0..rows {
            let (tail, rest) = payload.split_at_checked(width)?;
            match payload.first_chunk::<{ KEY_BYTES - SAID_BYTES }>() {
                Some(tail) => key[SAID_BYTES..].copy_from_slice(tail),
                None => key[SAID_BYTES..self.kept].copy_from_slice(tail),
            }
            payload = rest;
            let count = if self.counts { take_number(&mut payload)? } else { 1 };
            let entry = Entry::from_key_bytes(&key, count).truncated(self.kept as u32 * 8);
            if entry.prefix() != prefix || count == 0 {
                return None;
            }
            entries.push(entry);
        }
        payload.is_empty().then_some(entries)
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        let part = u64::from(byte & 0x7f);
        number |= part << shift;
        if byte & 0x80 == 0 {
            return (part << shift >> shift == part).then_some(number);
        }
    }
    None
}
