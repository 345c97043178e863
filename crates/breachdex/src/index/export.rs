//! All entries as text: parts are rendered on several threads and written in order.

#![forbid(unsafe_code)]

use std::sync::{Mutex, PoisonError};

use super::core::Core;
use super::failure::Failure;
use super::in_order;
use super::parts::Parts;
use super::touch::{BucketAt, SEQUENTIAL};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::format::cursor::{Columns, Cursor, DecodeRun};
use crate::format::directory::Locator;
use crate::format::write_rows::WriteLines;
use crate::monitor::{Monitor, Phase, Progress};
use crate::rows::write_row;
use crate::storage::{Buffer, ReadMode, Windows};

/// Bytes of an index that are rendered as one piece: some 3 MB of text.
const PART: u64 = 1 << 20;

/// The text of a part, up to the first fault.
struct Piece {
    text: Vec<u8>,
    entries: u64,
    failure: Option<Failure>,
}

/// What a thread keeps from one group to the next.
#[derive(Default)]
struct Scratch {
    head: Buffer,
    buckets: Buffer,
    run: Vec<Entry>,
    columns: Columns,
}

/// Writes every entry as a line.
pub(super) fn export<E: From<Error>>(
    core: &Core,
    threads: usize,
    write: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    monitor: &dyn Monitor,
) -> Result<(), E> {
    let parts = Parts::new(core.all_groups(), core.header().groups.length, PART);
    let windows = Windows::new(core.source(), parts.bounds(core.header()));
    // Texts that were written, for their memory.
    let spare: Mutex<Vec<Vec<u8>>> = Mutex::default();
    let render = |scratch: &mut Scratch, part: usize| {
        let _window = windows.enter(part);
        let text = spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut piece = Piece { text: text.unwrap_or_default(), entries: 0, failure: None };
        let mut groups = parts.groups(part).iter();
        piece.failure = groups
            .try_for_each(|(prefix, locator)| render_group(core, *prefix, *locator, scratch, &mut piece))
            .err();
        piece
    };
    let mut done = 0;
    in_order::run(in_order::thread_count(threads), parts.count(), Scratch::default, render, |piece| {
        report(core, done, monitor)?;
        write(&piece.text)?;
        done += piece.entries;
        if let Some(failure) = piece.failure {
            return Err(core.failed(failure).into());
        }
        let Piece { mut text, .. } = piece;
        text.clear();
        spare.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        Ok(())
    })
}

fn report(core: &Core, done: u64, monitor: &dyn Monitor) -> Result<()> {
    let progress = Progress { phase: Phase::Writing, done, total: Some(core.header().entries) };
    if monitor.progress(progress).is_break() { Err(Error::Cancelled) } else { Ok(()) }
}

fn render_group(
    core: &Core,
    prefix: u32,
    locator: Locator,
    Scratch { head, buckets, run, columns }: &mut Scratch,
    piece: &mut Piece,
) -> Result<(), Failure> {
    let (layout, access) = (core.layout(), core.reading(ReadMode::Blocking));
    let group = core.group(access, prefix, locator, SEQUENTIAL, head)?;
    let prefix_bits = layout.directory_bits + group.extra_bits;
    for bucket in 0..group.buckets() {
        let record = core.record(locator, &group, bucket)?;
        let place = BucketAt { prefix, locator, group: &group, bucket };
        let bytes = core.bucket_bytes(access, place, &record, SEQUENTIAL, buckets)?;
        if record.entries == 0 {
            continue;
        }
        let malformed = |_| core.malformed(locator, &record);
        let encoded = core.bucket(locator, &group, &record, bytes)?;
        let mut leading = Key::default();
        leading.place(0, prefix_bits, u64::from(prefix) << group.extra_bits | bucket as u64);
        let mut cursor = Cursor::new(encoded, leading, prefix_bits, layout.counts);
        if layout.counts {
            let start = piece.text.len();
            let out = &mut piece.text;
            let task = WriteLines { cursor: &mut cursor, bits: layout.bits, columns: &mut *columns, out };
            if let Err(error) = core.run_wide(task) {
                piece.text.truncate(start);
                return Err(malformed(error).into());
            }
        } else {
            while !cursor.is_at_end() {
                run.clear();
                core.run(DecodeRun { cursor: &mut cursor, out: run }).map_err(malformed)?;
                for entry in run.iter() {
                    write_row(&mut piece.text, entry, layout.kind, 0, layout.counts);
                    piece.text.push(b'\n');
                }
            }
        }
        cursor.finish().map_err(malformed)?;
        piece.entries += u64::from(record.entries);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::coverage::Coverage;
    use crate::digest::Kind;
    use crate::format::Layout;
    use crate::index::Index;
    use crate::testing::{Random, assemble, entries, layout};

    #[test]
    fn every_line_is_the_entry_written_alone() {
        let mut random = Random(8);
        for (kind, size, directory_bits, counts) in [
            (Kind::Sha1, 0, 0, true),
            (Kind::Sha1, 300, 0, true),
            (Kind::Ntlm, 3_000, 16, true),
            (Kind::Sha1, 90_000, 4, false),
            (Kind::Ntlm, 90_000, 13, true),
            (Kind::Sha1, 300_000, 12, true),
        ] {
            let keys: Vec<Key> = (0..size)
                .map(|at| {
                    let mut key = random.key(kind);
                    // Half of them crowd under a few prefixes.
                    key.words[0] >>= if at % 2 == 0 { 8 } else { 0 };
                    key
                })
                .collect();
            let entries = entries(keys, kind.bits(), &mut random);
            let layout = Layout { counts, ..layout(kind, kind.bits(), directory_bits) };
            let index = Index::from_bytes(assemble(layout, &entries, Coverage::whole()), "test").unwrap();
            let mut expected = Vec::new();
            for entry in &entries {
                write_row(&mut expected, entry, kind, 0, counts);
                expected.push(b'\n');
            }
            for threads in [1, 3] {
                let mut text = Vec::new();
                let mut write = |piece: &[u8]| {
                    text.extend_from_slice(piece);
                    Ok::<(), Error>(())
                };
                index.export(threads, &mut write, &()).unwrap();
                assert!(text == expected, "{kind} {size} {directory_bits} {counts}");
            }
        }
    }

    #[test]
    fn what_stands_before_a_fault_is_written() {
        let mut random = Random(9);
        let keys: Vec<Key> = (0..200_000).map(|_| random.key(Kind::Sha1)).collect();
        let entries = entries(keys, 160, &mut random);
        let mut bytes = assemble(layout(Kind::Sha1, 160, 10), &entries, Coverage::whole());
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        let index = Index::from_bytes(bytes, "test").unwrap();
        let before = index.iter().take_while(Result::is_ok).count();
        for threads in [1, 3] {
            let mut lines = 0;
            let mut write = |piece: &[u8]| {
                lines += piece.iter().filter(|byte| **byte == b'\n').count();
                Ok::<(), Error>(())
            };
            let error = index.export(threads, &mut write, &()).unwrap_err();
            assert!(error.to_string().contains("the bucket's checksum does not match"), "{error}");
            assert_eq!(lines, before);
        }
    }
}
