//! The ranges of an index as objects, with the bodies that the server sends.
//!
//! Every range is an object under its prefix, beside it the same compressed (`.gz`, `.br`), each with its type, encoding and the
//! server's entity tag as metadata. `manifest` is written last, in place of the state that was read first and of no other, so that a
//! reader never sees one that names objects that are not there. `progress` has the notes of a run; `begin` reads what earlier runs
//! left. What is there is known from the manifest and the notes, never from a listing; what a run began and did not note is not known, and
//! is written again by whatever run comes next.

#![forbid(unsafe_code)]

mod begin;
mod progress;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use breachdex_server::{PrefixSpan, RangeEncoding, RangeFacts, RangeTarget, RangesHead, StaticError};
use bytes::Bytes;
use object_store::{Attribute, Attributes};
use tokio::sync::Semaphore;

use self::progress::Progress;
use crate::ObjectError;
use crate::store::{BLAKE3, Condition, Store};

const MANIFEST: &str = "manifest";
const UNFINISHED: &str = "manifest.part";

/// Prefixes of a block. Its notes tell other runs that this one goes on.
const BLOCK: usize = 1 << 10;

/// Seconds without a note after which a run counts as ended.
const LEASE: u64 = 300;

/// How long a failed run tries to say that it has ended.
const FAREWELL: Duration = Duration::from_secs(10);

/// The server's entity tag of a range, without quotation marks.
const ETAG: &str = "breachdex-etag";

/// Endings of a range's objects.
const ENCODINGS: [RangeEncoding; 3] = [RangeEncoding::Plain, RangeEncoding::Gzip, RangeEncoding::Brotli];

/// A bucket and a prefix that ranges are written to.
pub struct ObjectRanges {
    store: Arc<Store>,
    index_name: String,
    take_over: bool,
    recheck: bool,
    head: Option<RangesHead>,
    /// The corpus date of the ranges that are replaced; `unknown` where their index had none.
    previous_date: Option<String>,
    /// What lies there in the encodings that are wanted.
    known: HashMap<u32, RangeFacts>,
    /// All prefixes of which earlier runs wrote objects.
    earlier: Vec<u32>,
    /// The state of the manifest that this run replaces.
    manifest: Condition,
    notes: Mutex<Notes>,
    uploads: Arc<Uploads>,
}

/// What this run has noted.
struct Notes {
    progress: Option<Progress>,
    /// The state of its notes in the store.
    state: Condition,
    /// The lines of the manifest for each finished block.
    parts: Vec<Bytes>,
    /// The first prefix of each of them, by which it is named.
    names: Vec<u32>,
    /// All blocks of this run.
    spans: Vec<PrefixSpan>,
}

impl Notes {
    /// Adds the two blocks behind those that are noted to what is begun: one is written while the one before is noted.
    fn begin_next(&mut self) {
        if let Some(progress) = &mut self.progress {
            let next = self.spans.iter().skip(progress.blocks.len()).take(2);
            progress.begin(next.copied());
        }
    }
}

/// Uploads under way.
struct Uploads {
    permits: Arc<Semaphore>,
    state: Mutex<UploadState>,
    changed: Condvar,
}

#[derive(Default)]
struct UploadState {
    /// How many objects of each prefix are under way.
    pending: BTreeMap<u32, u32>,
    failed: Option<ObjectError>,
}

impl ObjectRanges {
    /// Ranges of an index of this name at the store's address. With `take_over`, a run that seems to go on is taken to have ended;
    /// with `recheck`, each range that the manifest has is looked at, too, and written again where it is missing or has another
    /// length.
    pub fn new(store: Store, index_name: &str, take_over: bool, recheck: bool) -> Self {
        let permits = Arc::new(Semaphore::new(store.options().concurrency.max(1)));
        Self {
            store: Arc::new(store),
            index_name: index_name.to_owned(),
            take_over,
            recheck,
            head: None,
            previous_date: None,
            known: HashMap::new(),
            earlier: Vec::new(),
            manifest: Condition::Missing,
            notes: Mutex::new(Notes {
                progress: None,
                state: Condition::Missing,
                parts: Vec::new(),
                names: Vec::new(),
                spans: Vec::new(),
            }),
            uploads: Arc::new(Uploads { permits, state: Mutex::default(), changed: Condvar::new() }),
        }
    }

    /// The names of a range's objects in one encoding.
    fn names(&self, prefix: u32, encoding: RangeEncoding) -> impl Iterator<Item = String> {
        let is_twice = self.head.as_ref().is_some_and(|head| head.lower_case == "yes");
        names_of(prefix, encoding, is_twice)
    }

    fn encodings(&self) -> impl Iterator<Item = RangeEncoding> {
        ENCODINGS.into_iter().filter(|encoding| self.head.as_ref().is_some_and(|head| head.has(*encoding)))
    }

    /// Removes objects, many at a time.
    fn delete_all(&self, names: impl Iterator<Item = String>) -> Result<(), ObjectError> {
        for name in names {
            let store = Arc::clone(&self.store);
            let object = store.address().object(&name);
            self.spawn(u32::MAX, async move { store.delete(&object).await })?;
        }
        self.uploads.wait(u32::MAX..=u32::MAX)
    }

    /// Starts something for a prefix as soon as fewer than all requests are under way.
    fn spawn(
        &self,
        prefix: u32,
        work: impl Future<Output = Result<(), ObjectError>> + Send + 'static,
    ) -> Result<(), ObjectError> {
        let runtime = self.store.runtime();
        // The semaphore is never closed.
        let permit = runtime.block_on(Arc::clone(&self.uploads.permits).acquire_owned()).ok();
        self.uploads.begin(prefix)?;
        let uploads = Arc::clone(&self.uploads);
        runtime.spawn(async move {
            let done = work.await;
            drop(permit);
            uploads.end(prefix, done);
        });
        Ok(())
    }

    /// Writes the notes in place of those that this run wrote last.
    fn write_notes(&self, notes: &mut Notes) -> Result<(), ObjectError> {
        let Some(progress) = &notes.progress else { return Ok(()) };
        let object = self.store.address().object(UNFINISHED);
        let (body, attributes) = text(progress.encode());
        let written = self.store.runtime().block_on(self.store.put(&object, body, &attributes, &notes.state));
        notes.state = written?.map_or(Condition::Always, Condition::State);
        Ok(())
    }

    fn note_block(&self, block: &[(u32, RangeFacts)]) -> Result<(), ObjectError> {
        let (Some((first, _)), Some((last, _))) = (block.first(), block.last()) else { return Ok(()) };
        self.uploads.wait(*first..=*last)?;
        let mut lines = String::with_capacity(block.len() * 128);
        block.iter().for_each(|(prefix, facts)| facts.encode(*prefix, &mut lines));
        let lines = Bytes::from(lines);
        let object = self.store.address().object(&part_name(*first));
        let (body, attributes) = text(self.part_of(&lines));
        let mut notes = lock(&self.notes);
        let hash = blake3::hash(&body).to_string();
        let put = self.store.put(&object, body, &attributes, &Condition::Always);
        self.store.runtime().block_on(put)?;
        notes.parts.push(lines);
        notes.names.push(*first);
        if let Some(progress) = &mut notes.progress {
            progress.blocks.push(hash);
        }
        notes.begin_next();
        self.write_notes(&mut notes)
    }

    /// A part of the manifest as it lies there while a run goes on.
    fn part_of(&self, lines: &Bytes) -> String {
        let head = self.head.as_ref().map(RangesHead::encode).unwrap_or_default();
        head + &String::from_utf8_lossy(lines)
    }

    fn publish_manifest(&self, prefixes: &[u32]) -> Result<(), ObjectError> {
        let mut notes = lock(&self.notes);
        let head = self.head.as_ref().map(RangesHead::encode).unwrap_or_default();
        let (body, attributes) = text(std::mem::take(&mut notes.parts).into_iter().fold(
            head.into_bytes(),
            |mut manifest, part| {
                manifest.extend_from_slice(&part);
                manifest
            },
        ));
        let object = self.store.address().object(MANIFEST);
        let runtime = self.store.runtime();
        runtime.block_on(self.store.put(&object, body, &attributes, &self.manifest))?;
        // From here on the new manifest counts; what it does not name is removed.
        let gone = self.earlier.iter().filter(|prefix| prefixes.binary_search(prefix).is_err());
        let objects = gone
            .flat_map(|prefix| ENCODINGS.into_iter().flat_map(|encoding| names_of(*prefix, encoding, true)));
        self.delete_all(objects)?;
        self.delete_all(notes.names.iter().map(|first| part_name(*first)))?;
        notes.progress = None;
        runtime.block_on(self.store.delete(&self.store.address().object(UNFINISHED)))
    }
}

impl ObjectRanges {
    /// The corpus date of the ranges that were there before the run; `None` where there were none. `unknown` is that of an index
    /// without one.
    pub fn previous_date(&self) -> Option<&str> {
        self.previous_date.as_deref()
    }
}

impl RangeTarget for ObjectRanges {
    fn begin(&mut self, head: &RangesHead, prefixes: &[u32]) -> Result<usize, StaticError> {
        begin::begin(self, head, prefixes)
    }

    fn block(&self) -> usize {
        BLOCK
    }

    fn keeps(&self, prefix: u32, facts: &RangeFacts) -> Result<bool, StaticError> {
        if self.known.get(&prefix) != Some(facts) {
            return Ok(false);
        }
        if !self.recheck {
            return Ok(true);
        }
        for encoding in self.encodings() {
            for name in self.names(prefix, encoding) {
                let object = self.store.address().object(&name);
                let found = self.store.runtime().block_on(self.store.head(&object)).map_err(target)?;
                let is_whole = |length| encoding != RangeEncoding::Plain || length == facts.length;
                let hash = blake3::Hash::from_bytes(facts.hash).to_string();
                // Stores without metadata say nothing of the hash.
                let is_same = found.is_some_and(|found| {
                    is_whole(found.length) && found.blake3.is_none_or(|written| written == hash)
                });
                if !is_same {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn write(
        &self,
        prefix: u32,
        encoding: RangeEncoding,
        body: &[u8],
        facts: &RangeFacts,
    ) -> Result<u64, StaticError> {
        let (bytes, attributes) = (Bytes::copy_from_slice(body), attributes_of(encoding, facts));
        for name in self.names(prefix, encoding) {
            let (store, bytes, attributes) = (Arc::clone(&self.store), bytes.clone(), attributes.clone());
            let object = store.address().object(&name);
            let put =
                async move { store.put(&object, bytes, &attributes, &Condition::Always).await.map(drop) };
            self.spawn(prefix, put).map_err(target)?;
        }
        Ok(body.len() as u64)
    }

    fn note(&self, block: &[(u32, RangeFacts)]) -> Result<(), StaticError> {
        self.note_block(block).map_err(target)
    }

    fn publish(&mut self, prefixes: &[u32]) -> Result<(), StaticError> {
        self.publish_manifest(prefixes).map_err(target)
    }

    fn abandon(&mut self) {
        let mut notes = lock(&self.notes);
        let Some(progress) = &mut notes.progress else { return };
        progress.is_running = false;
        let (body, attributes) = text(progress.encode());
        let object = self.store.address().object(UNFINISHED);
        let put = self.store.put(&object, body, &attributes, &notes.state);
        // Where it fails, the next run has to wait or to be told.
        let _ = self.store.runtime().block_on(async { tokio::time::timeout(FAREWELL, put).await });
    }
}

impl Uploads {
    /// Counts one in, unless one has failed.
    fn begin(&self, prefix: u32) -> Result<(), ObjectError> {
        let mut state = lock(&self.state);
        if let Some(failed) = &state.failed {
            return Err(failed.clone());
        }
        *state.pending.entry(prefix).or_default() += 1;
        Ok(())
    }

    fn end(&self, prefix: u32, done: Result<(), ObjectError>) {
        let mut state = lock(&self.state);
        if let Some(pending) = state.pending.get_mut(&prefix) {
            *pending -= 1;
            if *pending == 0 {
                state.pending.remove(&prefix);
            }
        }
        if let Err(error) = done {
            state.failed.get_or_insert(error);
        }
        self.changed.notify_all();
    }

    /// Waits until nothing of these prefixes is under way.
    fn wait(&self, prefixes: std::ops::RangeInclusive<u32>) -> Result<(), ObjectError> {
        let state = lock(&self.state);
        let is_busy = |state: &mut UploadState| {
            state.failed.is_none() && state.pending.range(prefixes.clone()).next().is_some()
        };
        let state = self.changed.wait_while(state, is_busy).unwrap_or_else(PoisonError::into_inner);
        state.failed.clone().map_or(Ok(()), Err)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn target(error: ObjectError) -> StaticError {
    StaticError::Target(Box::new(error))
}

fn part_name(first: u32) -> String {
    format!("{UNFINISHED}.{first:05X}")
}

/// The names of a range's objects in one encoding, in lower case too where that is another one and wanted.
fn names_of(prefix: u32, encoding: RangeEncoding, is_twice: bool) -> impl Iterator<Item = String> {
    let (upper, lower) = (format!("{prefix:05X}"), format!("{prefix:05x}"));
    let lower = Some(lower).filter(|lower| is_twice && *lower != upper);
    [Some(upper), lower].into_iter().flatten().map(move |name| name + encoding.ending())
}

/// The metadata of a range, which web servers and CDNs send as headers.
fn attributes_of(encoding: RangeEncoding, facts: &RangeFacts) -> Attributes {
    let mut attributes = Attributes::from_iter([
        (Attribute::ContentType, String::from("text/plain; charset=utf-8")),
        (Attribute::CacheControl, String::from("public, max-age=3600")),
        (Attribute::Metadata(ETAG.into()), format!("{:032x}", facts.tag)),
        (Attribute::Metadata(BLAKE3.into()), blake3::Hash::from_bytes(facts.hash).to_string()),
    ]);
    if let Some(encoding) = encoding.content_encoding() {
        attributes.insert(Attribute::ContentEncoding, encoding.into());
    }
    attributes
}

/// The body and the metadata of a text of ours, which no cache keeps.
fn text(text: impl Into<Vec<u8>>) -> (Bytes, Attributes) {
    let body = Bytes::from(text.into());
    let attributes = Attributes::from_iter([
        (Attribute::ContentType, String::from("text/plain; charset=utf-8")),
        (Attribute::CacheControl, String::from("no-cache")),
        (Attribute::Metadata(BLAKE3.into()), blake3::hash(&body).to_string()),
    ]);
    (body, attributes)
}
