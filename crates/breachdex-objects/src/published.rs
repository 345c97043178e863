//! A published index in a bucket, for `breachdex_hibp::pull`: parts of one state of it, told by its entity tag.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::Arc;

use breachdex_hibp::FetchFault;
use breachdex_hibp::pull::{Fetching, Opened, RemoteFile, RemoteFolder};
use object_store::path::Path;

use crate::ObjectError;
use crate::store::Store;

/// The index that a store's address names, and the files beside it.
pub struct PublishedObject {
    store: Arc<Store>,
}

impl PublishedObject {
    /// The index at the store's address.
    pub fn new(store: Store) -> Self {
        Self { store: Arc::new(store) }
    }
}

impl RemoteFolder for PublishedObject {
    fn name(&self) -> String {
        self.store.address().to_string()
    }

    fn open<'a>(&'a self, ending: &'a str, first: u64) -> Fetching<'a, Option<Opened>> {
        Box::pin(open(&self.store, self.store.address().with_ending(ending), first))
    }
}

async fn open(store: &Arc<Store>, object: Path, first: u64) -> Result<Option<Opened>, FetchFault> {
    let (start, facts) = match store.read_part(&object, 0..first.max(1), None).await {
        Ok(read) => read,
        Err(ObjectError::Refused { status: 404, .. }) => return Ok(None),
        // An object without bytes has no part.
        Err(ObjectError::Refused { status: 416, .. }) => return Ok(None),
        Err(error) => return Err(fault(error)),
    };
    let start = start.slice(..start.len().min(usize::try_from(first).unwrap_or(usize::MAX)));
    let expected = facts.length.min(first);
    if start.len() as u64 != expected {
        return Err(FetchFault::OtherLength { expected });
    }
    let file = ObjectFile {
        store: Arc::clone(store),
        object,
        length: facts.length,
        tag: facts.tag.unwrap_or_default(),
    };
    Ok(Some(Opened { file: Arc::new(file), start: start.to_vec() }))
}

/// An object in the state in which it was opened.
struct ObjectFile {
    store: Arc<Store>,
    object: Path,
    length: u64,
    /// Its entity tag; empty where the store has none.
    tag: String,
}

impl RemoteFile for ObjectFile {
    fn length(&self) -> u64 {
        self.length
    }

    fn version(&self) -> &str {
        &self.tag
    }

    fn read<'a>(&'a self, part: Range<u64>, into: &'a mut Vec<u8>) -> Fetching<'a, ()> {
        Box::pin(self.read_part(part, into))
    }
}

impl ObjectFile {
    async fn read_part(&self, part: Range<u64>, into: &mut Vec<u8>) -> Result<(), FetchFault> {
        let expected = part.end - part.start;
        let tag = Some(self.tag.as_str()).filter(|tag| !tag.is_empty());
        let (body, facts) = match self.store.read_part(&self.object, part, tag).await {
            // It was there when it was opened.
            Err(ObjectError::Refused { status: 404 | 416, .. }) => return Err(FetchFault::Replaced),
            read => read.map_err(fault)?,
        };
        if facts.length != self.length || tag.is_some_and(|tag| facts.tag.as_deref() != Some(tag)) {
            return Err(FetchFault::Replaced);
        }
        if body.len() as u64 != expected {
            return Err(FetchFault::OtherLength { expected });
        }
        into.extend_from_slice(&body);
        Ok(())
    }
}

/// What a fault of a store means to a pull, which repeats what may pass.
fn fault(error: ObjectError) -> FetchFault {
    match error {
        ObjectError::Changed { .. } => FetchFault::Replaced,
        ObjectError::Unreachable { reason, .. } => FetchFault::Network(reason),
        ObjectError::Refused { status, .. } => FetchFault::Status { status, retry_after: None },
        error => FetchFault::Refused(error.to_string()),
    }
}
