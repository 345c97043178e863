//! Coverage and provenance: the facts of variable length.

#![forbid(unsafe_code)]

use super::u32_at;
use crate::calendar::Day;
use crate::coverage::Coverage;

/// What the facts section holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) coverage: Coverage,
    pub(crate) source: String,
    pub(crate) date: String,
}

impl Facts {
    /// The section's bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let ranges = self.coverage.ranges();
        let mut out = (ranges.len() as u32).to_le_bytes().to_vec();
        for (first, last) in ranges {
            out.extend_from_slice(&first.to_le_bytes());
            out.extend_from_slice(&last.to_le_bytes());
        }
        for text in [&self.source, &self.date] {
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        out
    }

    /// Reads the section; `Err` holds the offset in it and what is wrong.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, (u64, &'static str)> {
        let cut = (bytes.len() as u64, "the section is cut short");
        let count = u32_at(bytes, 0).ok_or(cut)? as usize;
        let rows_end = count.checked_mul(8).and_then(|length| length.checked_add(4)).ok_or(cut)?;
        let rows = bytes.get(4..rows_end).ok_or(cut)?;
        let ranges: Vec<(u32, u32)> = rows
            .chunks_exact(8)
            .map(|row| (u32_at(row, 0).unwrap_or_default(), u32_at(row, 4).unwrap_or_default()))
            .collect();
        let coverage = Coverage::from_ranges(ranges.iter().copied())
            .filter(|coverage| coverage.ranges() == ranges)
            .ok_or((4, "the coverage is not a sorted list of ranges"))?;
        let mut at = rows_end;
        let mut text = || {
            let length = u32_at(bytes, at).ok_or(cut)? as usize;
            let part = bytes.get(at + 4..).and_then(|rest| rest.get(..length)).ok_or(cut)?;
            let text =
                String::from_utf8(part.to_vec()).map_err(|_| (at as u64 + 4, "a text is not UTF-8"))?;
            at += 4 + length;
            Ok(text)
        };
        let (source, date) = (text()?, text()?);
        if at != bytes.len() {
            return Err((at as u64, "there are bytes behind the last field"));
        }
        if !date.is_empty() && Day::parse(&date).is_none() {
            return Err(((at - date.len()) as u64, "the corpus date is not of the form YYYY-MM-DD"));
        }
        Ok(Self { coverage, source, date })
    }
}
