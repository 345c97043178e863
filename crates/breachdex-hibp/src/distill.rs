//! From a range as a server has it to what an index of it keeps: rare digests left out, fingerprints cut.

#![forbid(unsafe_code)]

use breachdex::{Entry, Kind};

use crate::fetch::{Answer, FetchedRange, seconds};
use crate::journal::{Record, RecordKind, RowShape};
use crate::run::Kept;

/// What an index keeps of a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) kind: Kind,
    pub(crate) bits: u32,
    pub(crate) counts: bool,
    pub(crate) min_count: u64,
}

impl Rules {
    pub(crate) fn shape(&self) -> RowShape {
        RowShape::new(self.bits, self.counts)
    }

    /// Leaves in `entries` what is kept. Returns how many digests were folded into another of the same
    /// fingerprint, whose count is then the larger one.
    pub(crate) fn apply(&self, entries: &mut Vec<Entry>) -> u32 {
        entries.retain(|entry| entry.count() >= self.min_count);
        if !self.counts {
            entries.iter_mut().for_each(|entry| *entry = entry.with_count(1));
        }
        if self.bits >= self.kind.bits() {
            return 0;
        }
        let before = entries.len();
        entries.iter_mut().for_each(|entry| *entry = entry.truncated(self.bits));
        entries.dedup_by(|next, kept| {
            let same = next.key_bytes() == kept.key_bytes();
            if same {
                *kept = kept.with_count(kept.count().max(next.count()));
            }
            same
        });
        (before - entries.len()) as u32
    }

    /// What is kept of an answer. `held` says whether an index that is updated has just these entries, with so
    /// many digests folded into others.
    pub(crate) fn keep<E>(
        &self,
        prefix: u32,
        answer: Answer,
        with_text: bool,
        held: impl FnOnce(&[Entry], u32) -> Result<bool, E>,
    ) -> Result<Kept, E> {
        let FetchedRange { mut entries, text, tag, modified } = match answer {
            Answer::Unchanged => {
                return Ok(Kept { record: Record::of(RecordKind::Unchanged, prefix), text: None });
            }
            Answer::Range(range) => range,
        };
        let folded = self.apply(&mut entries);
        let modified = modified.map_or(0, seconds);
        let record = if held(&entries, folded)? {
            Record { tag, modified, ..Record::of(RecordKind::Same, prefix) }
        } else {
            let payload = self.shape().encode(&entries);
            let rows = entries.len() as u32;
            Record { kind: RecordKind::Range, prefix, rows, folded, modified, tag, payload }
        };
        Ok(Kept { record, text: with_text.then_some(text) })
    }
}
