//! What may vary between equal indexes: names and values that no answer depends on.

#![forbid(unsafe_code)]

use super::limits::{MOST_NOTE_NAME, MOST_NOTE_NUMBER, MOST_NOTE_VALUE, MOST_NOTES};
use super::u32_at;
use crate::error::{Error, Result};

/// The name of the note that says which program wrote the file.
pub(crate) const TOOL: &str = "tool";

/// The name of the note that says how many digests of each range were folded into others.
pub(crate) const COLLISIONS_BY_RANGE: &str = "collisions-by-range";

/// A note: its name and its value.
pub(crate) type Note = (String, Vec<u8>);

/// The section's bytes.
///
/// # Errors
/// [`Error::Unbuildable`] where they would be more than [`MOST_NOTES`] bytes or [`MOST_NOTE_NUMBER`] notes, or have a
/// name without bytes or of more than [`MOST_NOTE_NAME`], or a value of more than [`MOST_NOTE_VALUE`].
pub(crate) fn encode(notes: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    if notes.len() > MOST_NOTE_NUMBER as usize {
        return Err(Error::Unbuildable(format!(
            "this index would have {} notes, an index holds {MOST_NOTE_NUMBER} of them; give it fewer ones",
            notes.len()
        )));
    }
    if let Some((name, _)) = notes.iter().find(|(name, _)| !is_name(name.len())) {
        return Err(Error::Unbuildable(format!(
            "the name of a note would have {} bytes; it has 1 to {MOST_NOTE_NAME}",
            name.len()
        )));
    }
    if let Some((name, value)) = notes.iter().find(|(_, value)| value.len() > MOST_NOTE_VALUE as usize) {
        return Err(Error::Unbuildable(format!(
            "the note {name} would have {} bytes, a note holds {MOST_NOTE_VALUE} of them; make it shorter",
            value.len()
        )));
    }
    let length = length(notes);
    if length > MOST_NOTES {
        return Err(Error::Unbuildable(format!(
            "the notes of this index would take {length} bytes, an index holds {MOST_NOTES} of them; give it fewer or \
             shorter ones"
        )));
    }
    let mut out = (notes.len() as u32).to_le_bytes().to_vec();
    for (name, value) in notes {
        for part in [name.as_bytes(), value] {
            out.extend_from_slice(&(part.len() as u32).to_le_bytes());
            out.extend_from_slice(part);
        }
    }
    Ok(out)
}

/// The bytes that notes take.
fn length(notes: &[(&str, &[u8])]) -> u64 {
    notes.iter().fold(4, |sum: u64, (name, value)| {
        sum.saturating_add(8).saturating_add(name.len() as u64).saturating_add(value.len() as u64)
    })
}

/// Whether the name of a note may have so many bytes.
fn is_name(bytes: usize) -> bool {
    (1..=MOST_NOTE_NAME as usize).contains(&bytes)
}

/// Reads the value of [`COLLISIONS_BY_RANGE`]: ascending prefixes, each with a number of 1 or more.
pub(crate) fn collisions(value: &[u8]) -> Option<Vec<(u32, u32)>> {
    let (pairs, rest) = value.as_chunks::<8>();
    let pairs: Option<Vec<(u32, u32)>> =
        pairs.iter().map(|pair| u32_at(pair, 0).zip(u32_at(pair, 4))).collect();
    let pairs = pairs?;
    let ascend = pairs.is_sorted_by(|one, next| one.0 < next.0);
    (rest.is_empty() && ascend && pairs.iter().all(|pair| pair.1 > 0)).then_some(pairs)
}

/// Reads the section; `Err` holds the offset in it and what is wrong. Takes no more memory than the section, [`MOST_NOTES`]
/// at most, and a name and a value for each of [`MOST_NOTE_NUMBER`] notes: nothing for what a hole in the file says.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Note>, (u64, &'static str)> {
    let cut = (bytes.len() as u64, "the section is cut short");
    let count = u32_at(bytes, 0).ok_or(cut)?;
    if count > MOST_NOTE_NUMBER {
        return Err((0, "there are more notes than an index holds"));
    }
    let mut at = 4;
    let mut part = || {
        let length = u32_at(bytes, at).ok_or(cut)? as usize;
        let part = bytes.get(at + 4..).and_then(|rest| rest.get(..length)).ok_or(cut)?;
        at += 4 + length;
        Ok(part)
    };
    let mut notes = Vec::new();
    for _ in 0..count {
        let (name, value) = (part()?, part()?);
        if !is_name(name.len()) {
            return Err((0, "a name is empty or too long"));
        }
        if value.len() > MOST_NOTE_VALUE as usize {
            return Err((0, "the value of a note is too long"));
        }
        let name = String::from_utf8(name.to_vec()).map_err(|_| (0, "a name is not UTF-8"))?;
        notes.push((name, value.to_vec()));
    }
    if at != bytes.len() {
        return Err((at as u64, "there are bytes behind the last note"));
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_longest_tags_of_every_range_fit_and_what_a_reader_refuses_is_not_written() {
        // Lent again and again, so that many take no memory.
        let piece = vec![0; 16 << 20];
        let lent = |pieces: usize, last: usize| -> Vec<(&str, &[u8])> {
            (0..pieces).map(|_| ("n", &piece[..])).chain([("m", &piece[..last])]).collect()
        };
        let most = lent(11, (16 << 20) - 4 - 12 * 9);
        assert_eq!(length(&most), MOST_NOTES);
        assert_eq!(
            encode(&lent(11, (16 << 20) - 4 - 12 * 9 + 1)).unwrap_err().to_string(),
            "the notes of this index would take 201326593 bytes, an index holds 201326592 of them; give it fewer or \
             shorter ones"
        );
        // 2^20 tags of 127 bytes, each with its length.
        let longest = vec![0; MOST_NOTE_VALUE as usize + 1];
        assert_eq!(longest.len() - 1, 128 << 20);
        assert_eq!(
            encode(&[("range-tags", &longest)]).unwrap_err().to_string(),
            "the note range-tags would have 134217729 bytes, a note holds 134217728 of them; make it shorter"
        );
        assert!(encode(&[("range-tags", &longest[1..])]).is_ok());
        let head =
            [&1_u32.to_le_bytes()[..], &1_u32.to_le_bytes(), b"n", &(MOST_NOTE_VALUE + 1).to_le_bytes()]
                .concat();
        assert_eq!(decode(&[&head[..], &longest].concat()), Err((0, "the value of a note is too long")));
        let few: Vec<(&str, &[u8])> = vec![("tool", b"test"), ("n", b"")];
        let bytes = encode(&few).unwrap();
        assert_eq!(bytes.len() as u64, length(&few));
        assert!(decode(&bytes).unwrap().iter().map(|(name, value)| (name.as_str(), &value[..])).eq(few));
    }

    #[test]
    fn zeros_and_many_notes_take_no_memory_and_are_not_written() {
        let section = |count: u32, rest: &[u8]| [&count.to_le_bytes()[..], rest].concat();
        let zeros = vec![0; 8 * 1000];
        let many = (0, "there are more notes than an index holds");
        assert_eq!(decode(&section(1000, &zeros)).unwrap_err(), many);
        assert_eq!(decode(&section(u32::MAX, &zeros)).unwrap_err(), many);
        let unnamed = (0, "a name is empty or too long");
        assert_eq!(decode(&section(256, &zeros[..256 * 8])).unwrap_err(), unnamed);
        let long = [&256_u32.to_le_bytes()[..], &[b'n'; 256], &[0; 4]].concat();
        assert_eq!(decode(&section(1, &long)).unwrap_err(), unnamed);

        let longest = "n".repeat(255);
        let most: Vec<(&str, &[u8])> = vec![(&longest, b""); 256];
        assert_eq!(decode(&encode(&most).unwrap()).unwrap().len(), 256);
        let refused = |notes: &[(&str, &[u8])]| encode(notes).unwrap_err().to_string();
        assert_eq!(
            refused(&[("n", &[][..]); 257]),
            "this index would have 257 notes, an index holds 256 of them; give it fewer ones"
        );
        assert_eq!(refused(&[("", b"")]), "the name of a note would have 0 bytes; it has 1 to 255");
        assert_eq!(
            refused(&[(&"n".repeat(256), b"")]),
            "the name of a note would have 256 bytes; it has 1 to 255"
        );
    }
}
