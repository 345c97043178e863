//! Which files of a folder may be of a run that has not noted them: `manifest.begun`, with a line for each block of prefixes that was
//! begun since the folder was finished last.
//!
//! ```text
//! 00000 01FFF
//! 02000 03FFF
//! ```
//! A block's line is on disk before its first file is written. Whatever was begun and is not noted is written again, by a run of
//! whatever index and encodings. A folder that is finished has no such file.

#![forbid(unsafe_code)]

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use breachdex::PREFIX_COUNT;
use breachdex::files;

use super::StaticError;
use super::handle::Handle;
use super::notes::Notes;
use super::span::{PrefixSpan, read_span, span_text};

/// What it is called.
pub(super) const BEGUN: &str = "manifest.begun";
/// Where it is begun, before it gets its name.
pub(super) const FRESH_BEGUN: &str = ".manifest.begun";

/// No folder has more lines: each is of a block, and blocks are not begun without end.
const LONGEST: u64 = 64 << 20;

/// The blocks that were begun.
pub(super) struct Begun {
    notes: Notes,
    /// Those of this run that are not in the file yet, the next one last.
    ahead: Mutex<Vec<PrefixSpan>>,
}

impl Begun {
    /// Reads the spans of earlier runs, ascending and joined; `None` where there is no such file.
    pub(super) fn read(folder: &Path) -> Result<Option<Vec<PrefixSpan>>, StaticError> {
        let path = folder.join(BEGUN);
        let bytes = match files::read_start(&path, LONGEST) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(StaticError::io("read", &path))?,
        };
        // A line that is torn is of a block that was not begun.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut spans = Vec::new();
        for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match std::str::from_utf8(line).ok().and_then(read_span) {
                Some(span) => spans.push(span),
                // A loss of power may leave zeros: whatever it was, any range may be of any run.
                None => return Ok(Some(vec![(0, PREFIX_COUNT - 1)])),
            }
        }
        Ok(Some(joined(spans)))
    }

    /// Writes the file anew, with what earlier runs began and the first two blocks of this one: one is written while the one before is
    /// noted.
    pub(super) fn begin(
        folder: &Handle,
        earlier: &[PrefixSpan],
        blocks: &[PrefixSpan],
    ) -> Result<Self, StaticError> {
        let (first, rest) = blocks.split_at(blocks.len().min(2));
        let text: String = joined([earlier, first].concat()).into_iter().map(line).collect();
        let notes = Notes::begin(folder, FRESH_BEGUN, BEGUN, &text)?;
        folder.sync_names().map_err(StaticError::io("sync", folder.path()))?;
        Ok(Self { notes, ahead: Mutex::new(rest.iter().rev().copied().collect()) })
    }

    /// Writes the line of the next block that is not noted as begun. A sync of the folder must follow before it is begun.
    pub(super) fn next(&self, folder: &Handle) -> Result<(), StaticError> {
        let next = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).pop();
        next.map_or(Ok(()), |next| self.notes.append(folder, &line(next)))
    }

    /// Has all its lines on disk.
    pub(super) fn sync(&self, folder: &Handle) -> Result<(), StaticError> {
        self.notes.sync(folder)
    }

    /// Removes the file of a folder that is finished.
    pub(super) fn remove(folder: &Handle) -> Result<(), StaticError> {
        Notes::remove(folder, &folder.path().join(BEGUN))
    }
}

fn line(span: PrefixSpan) -> String {
    span_text(span) + "\n"
}

/// The same prefixes in as few spans as there can be.
fn joined(mut spans: Vec<PrefixSpan>) -> Vec<PrefixSpan> {
    spans.sort_unstable();
    let mut all: Vec<PrefixSpan> = Vec::with_capacity(spans.len());
    for (first, last) in spans {
        match all.last_mut() {
            Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
            _ => all.push((first, last)),
        }
    }
    all
}

/// Whether one of some spans, which ascend, has a prefix.
pub(super) fn contain(spans: &[PrefixSpan], prefix: u32) -> bool {
    let behind = spans.partition_point(|(first, _)| *first <= prefix);
    behind > 0 && spans[behind - 1].1 >= prefix
}

/// Blocks of so many prefixes, which ascend.
pub(super) fn blocks(prefixes: &[u32], length: usize) -> Vec<PrefixSpan> {
    prefixes.chunks(length.max(1)).map(|block| (block[0], block[block.len() - 1])).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn spans_are_joined_and_asked() {
        let spans = joined(vec![(9, 12), (0, 3), (4, 5), (11, 20), (30, 30)]);
        assert_eq!(spans, [(0, 5), (9, 20), (30, 30)]);
        let held: Vec<u32> = (0..40).filter(|prefix| contain(&spans, *prefix)).collect();
        let expected: Vec<u32> = (0..=5).chain(9..=20).chain(30..=30).collect();
        assert_eq!(held, expected);
        assert_eq!(blocks(&[1, 2, 9, 10, 11], 2), [(1, 2), (9, 10), (11, 11)]);
    }

    #[test]
    fn lines_read_back_and_a_torn_one_is_left_out() {
        let folder = tempfile::TempDir::new().expect("a folder");
        assert_eq!(Begun::read(folder.path()).expect("nothing"), None);
        let path = folder.path().join(BEGUN);
        fs::write(&path, "00000 01FFF\n02000 03FFF\n0400").expect("a file");
        assert_eq!(Begun::read(folder.path()).expect("spans"), Some(vec![(0, 0x3FFF)]));
        fs::write(&path, "00000 01FFF\n02000-03FFF\n").expect("a file");
        assert_eq!(Begun::read(folder.path()).expect("all"), Some(vec![(0, PREFIX_COUNT - 1)]));
    }
}
