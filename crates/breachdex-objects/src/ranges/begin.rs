//! What earlier runs left: the manifest of the last that ended well, and the notes of one that did not.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use breachdex_server::{PrefixSpan, RangesHead, RangesManifest, StaticError};
use bytes::Bytes;

use super::progress::Progress;
use super::{BLOCK, ENCODINGS, LEASE, MANIFEST, ObjectRanges, UNFINISHED, lock, names_of, part_name, target};
use crate::ObjectError;
use crate::store::{Condition, Object};

/// Takes up what is there, and says how many prefixes are done.
pub(super) fn begin(
    ranges: &mut ObjectRanges,
    head: &RangesHead,
    prefixes: &[u32],
) -> Result<usize, StaticError> {
    let manifest = read(ranges, MANIFEST).map_err(target)?;
    let begun = read(ranges, UNFINISHED).map_err(target)?;
    if manifest.is_none() && begun.is_none() {
        refuse_others(ranges).map_err(target)?;
    }
    let earlier = manifest.as_ref().map(|found| parse(ranges, MANIFEST, &found.body)).transpose()?;
    let progress = begun.as_ref().map(|found| progress_of(ranges, found)).transpose().map_err(target)?;
    for found in [earlier.as_ref().map(|found| &found.head), progress.as_ref().map(|found| &found.head)] {
        refuse_other_kind(ranges, found, head)?;
    }
    let state_of = |found: &Option<Object>| match found {
        None => Condition::Missing,
        Some(found) => found.tag.clone().map_or(Condition::Always, Condition::State),
    };
    ranges.manifest = state_of(&manifest);
    ranges.head = Some(head.clone());
    ranges.previous_date = earlier.as_ref().map(|found| found.head.corpus_date.clone());
    lock(&ranges.notes).state = state_of(&begun);
    let mut begun = progress.as_ref().and_then(|progress| progress.begun);
    let is_alike = progress.as_ref().is_none_or(|found| found.is_alike && found.head.has_files_of(head))
        && earlier.as_ref().is_none_or(|found| found.head.has_files_of(head));
    let mut done = match progress {
        Some(progress) => blocks(ranges, progress, prefixes)?,
        None => Vec::new(),
    };
    let is_done = |block: &Block| block.manifest.head == *head && block.is_expected;
    let known = done.split_off(done.iter().position(|block| !is_done(block)).unwrap_or(done.len()));
    let mut outdated = Vec::new();
    let doubted = begun;
    for found in earlier.iter().chain(known.iter().map(|block| &block.manifest)) {
        begun = with_renamed(begun, found, head);
    }
    if let Some(earlier) = earlier {
        take_known(ranges, earlier, head, &mut outdated);
    }
    if let Some(doubted) = doubted {
        doubt(ranges, doubted, &done, (!is_alike).then_some(&mut outdated));
    }
    for block in known {
        take_known(ranges, block.manifest, head, &mut outdated);
    }
    // Before anything is removed, the notes are ours: another run stops at its next note.
    take_notes(ranges, head, &done, (begun, is_alike), prefixes).map_err(target)?;
    let number = done.iter().map(|block| block.manifest.records.len()).sum();
    for block in done {
        take_known(ranges, block.manifest, head, &mut outdated);
    }
    ranges.delete_all(outdated.into_iter()).map_err(target)?;
    Ok(number)
}

/// What was begun, and all prefixes of a manifest of which objects have other names than are wanted: some are going to be removed.
fn with_renamed(begun: Option<PrefixSpan>, found: &RangesManifest, head: &RangesHead) -> Option<PrefixSpan> {
    if found.head.has_files_of(head) {
        return begun;
    }
    let prefixes = || {
        found.records.iter().map(|(prefix, _)| *prefix).chain(begun.into_iter().flat_map(<[u32; 2]>::from))
    };
    Some((prefixes().min()?, prefixes().max()?))
}

/// Forgets what is said of prefixes that runs began and did not note. Objects of any run may be there: those whose names are not wanted
/// are outdated, for nobody would replace them; there is none such without `outdated`.
fn doubt(
    ranges: &mut ObjectRanges,
    begun: PrefixSpan,
    done: &[Block],
    mut outdated: Option<&mut Vec<String>>,
) {
    let noted: HashSet<u32> =
        done.iter().flat_map(|block| block.manifest.records.iter().map(|(prefix, _)| *prefix)).collect();
    for prefix in (begun.0..=begun.1).filter(|prefix| !noted.contains(prefix)) {
        ranges.known.remove(&prefix);
        ranges.earlier.push(prefix);
        let Some(outdated) = &mut outdated else { continue };
        for encoding in ENCODINGS {
            let wanted: Vec<String> = match ranges.encodings().any(|wanted| wanted == encoding) {
                true => ranges.names(prefix, encoding).collect(),
                false => Vec::new(),
            };
            outdated.extend(names_of(prefix, encoding, true).filter(|name| !wanted.contains(name)));
        }
    }
}

/// A block that an interrupted run finished.
struct Block {
    manifest: RangesManifest,
    hash: String,
    lines: Bytes,
    /// Whether it has the prefixes that this run's block of the same number has.
    is_expected: bool,
}

fn read(ranges: &ObjectRanges, name: &str) -> Result<Option<Object>, ObjectError> {
    let store = &ranges.store;
    let object = store.address().object(name);
    let found = store.runtime().block_on(store.get(&object))?;
    if let Some(found) = &found {
        let hash = blake3::hash(&found.body).to_string();
        if found.blake3.as_ref().is_some_and(|written| *written != hash) {
            return Err(
                store.damaged(&object, "it is not what was written; remove it and export with --recheck")
            );
        }
    }
    Ok(found)
}

fn parse(ranges: &ObjectRanges, name: &str, body: &[u8]) -> Result<RangesManifest, StaticError> {
    let address = ranges.store.address();
    RangesManifest::read_from(Cursor::new(body), Path::new(&address.shown(&address.object(name))))
}

/// The notes that were found, unless their writer seems to go on.
fn progress_of(ranges: &ObjectRanges, found: &Object) -> Result<Progress, ObjectError> {
    let store = &ranges.store;
    let progress = Progress::decode(&found.body).ok_or_else(|| {
        store.damaged(
            &store.address().object(UNFINISHED),
            "it is not the notes of an upload by this version; remove it and export with --recheck",
        )
    })?;
    let age = SystemTime::now().duration_since(found.modified).unwrap_or_default().as_secs();
    if progress.is_running && age < LEASE && !ranges.take_over {
        return Err(ObjectError::Busy { object: store.address().to_string(), age, lease: LEASE });
    }
    Ok(progress)
}

/// Compressed objects that nobody replaces would be served for ever. A listing that is late misses this, and nothing else.
fn refuse_others(ranges: &ObjectRanges) -> Result<(), ObjectError> {
    let store = &ranges.store;
    if store.runtime().block_on(store.lists_any())? {
        return Err(ObjectError::OtherObjects { place: store.address().to_string() });
    }
    Ok(())
}

fn refuse_other_kind(
    ranges: &ObjectRanges,
    found: Option<&RangesHead>,
    head: &RangesHead,
) -> Result<(), StaticError> {
    match found {
        Some(found) if found.kind != head.kind => Err(StaticError::OtherKind {
            path: PathBuf::from(ranges.store.address().to_string()),
            index: PathBuf::from(&ranges.index_name),
            found: found.kind.clone(),
            expected: head.kind.clone(),
        }),
        _ => Ok(()),
    }
}

/// The blocks that an interrupted run finished, as far as they are whole.
fn blocks(ranges: &ObjectRanges, progress: Progress, prefixes: &[u32]) -> Result<Vec<Block>, StaticError> {
    let mut blocks = Vec::new();
    let mut expected = prefixes.chunks(BLOCK);
    // Removed at the end of this run, whatever becomes of them now.
    let all = prefixes.chunks(BLOCK).zip(&progress.blocks).map(|(prefixes, _)| prefixes[0]);
    lock(&ranges.notes).names.extend(all);
    for hash in progress.blocks {
        // Blocks of another coverage have other names: those are written again.
        let Some(prefixes) = expected.next() else { break };
        let name = part_name(prefixes[0]);
        let found = match read(ranges, &name) {
            Ok(Some(found)) if blake3::hash(&found.body).to_string() == hash => found,
            Ok(_) | Err(ObjectError::Damaged { .. }) => break,
            Err(error) => return Err(target(error)),
        };
        let manifest = parse(ranges, &name, &found.body)?;
        let lines = found.body.slice(manifest.head.encode().len()..);
        let is_expected = manifest.records.iter().map(|(prefix, _)| prefix).eq(prefixes);
        blocks.push(Block { manifest, hash, lines, is_expected });
    }
    Ok(blocks)
}

/// Writes notes of this run's own, which name what it goes on from and what it is going to change.
fn take_notes(
    ranges: &ObjectRanges,
    head: &RangesHead,
    done: &[Block],
    (begun, is_alike): (Option<PrefixSpan>, bool),
    prefixes: &[u32],
) -> Result<(), ObjectError> {
    let mut writer = [0; 16];
    getrandom::fill(&mut writer).map_err(|error| ObjectError::Settings {
        bucket: ranges.store.address().bucket().to_owned(),
        reason: format!("the system has no random numbers: {error}"),
    })?;
    let mut notes = lock(&ranges.notes);
    for block in done {
        notes.parts.push(block.lines.clone());
    }
    notes.spans = prefixes.chunks(BLOCK).map(|block| (block[0], block[block.len() - 1])).collect();
    notes.progress = Some(Progress {
        writer: format!("{:032x}", u128::from_le_bytes(writer)),
        is_running: true,
        begun,
        is_alike,
        blocks: done.iter().map(|block| block.hash.clone()).collect(),
        head: head.clone(),
    });
    notes.begin_next();
    ranges.write_notes(&mut notes)
}

/// What lies there, as a manifest or a part of one says; newer ones come later. Objects of encodings and names that are not wanted any
/// more are outdated: nobody would replace them.
fn take_known(
    ranges: &mut ObjectRanges,
    found: RangesManifest,
    head: &RangesHead,
    outdated: &mut Vec<String>,
) {
    ranges.earlier.extend(found.records.iter().map(|(prefix, _)| *prefix));
    if found.head.has_files_of(head) {
        ranges.known.extend(found.records);
        return;
    }
    let (was_twice, is_twice) = (found.head.lower_case == "yes", head.lower_case == "yes");
    for (prefix, _) in found.records {
        ranges.known.remove(&prefix);
        for encoding in ENCODINGS.into_iter().filter(|encoding| found.head.has(*encoding)) {
            let kept = if head.has(encoding) { 1 + usize::from(is_twice) } else { 0 };
            outdated.extend(names_of(prefix, encoding, was_twice).skip(kept));
        }
    }
}
