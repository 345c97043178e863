//! What may vary between equal indexes: names and values that no answer depends on.

#![forbid(unsafe_code)]

use super::u32_at;

/// The name of the note that says which program wrote the file.
pub(crate) const TOOL: &str = "tool";

/// A note: its name and its value.
pub(crate) type Note = (String, Vec<u8>);

/// The section's bytes.
pub(crate) fn encode(notes: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = (notes.len() as u32).to_le_bytes().to_vec();
    for (name, value) in notes {
        for part in [name.as_bytes(), value] {
            out.extend_from_slice(&(part.len() as u32).to_le_bytes());
            out.extend_from_slice(part);
        }
    }
    out
}

/// Reads the section; `Err` holds the offset in it and what is wrong.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Note>, (u64, &'static str)> {
    let cut = (bytes.len() as u64, "the section is cut short");
    let count = u32_at(bytes, 0).ok_or(cut)?;
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
        let name = String::from_utf8(name.to_vec()).map_err(|_| (0, "a name is not UTF-8"))?;
        notes.push((name, value.to_vec()));
    }
    if at != bytes.len() {
        return Err((at as u64, "there are bytes behind the last note"));
    }
    Ok(notes)
}
