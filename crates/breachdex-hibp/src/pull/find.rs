//! Finding what is published: the signature first, then header, tail and delta.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use breachdex::replica::{Base, DELTA_HEADER, Delta, DeltaHead, Published, PublishedHead, delta_ending};
use breachdex::trust::SignatureFault;

use super::fetch::Source;
use super::reader::Failed;
use super::remote::{Opened, RemoteFile};
use super::run::Pull;
use super::signature::{LASTING, NEXT, SignedStatement};
use super::stop::Stop;
use super::store::Store;
use crate::error::{Error, Result};

/// How often a statement is asked for that belongs to the index that is there, and how long after each time.
const STATEMENT_TRIES: u32 = 4;
const STATEMENT_PAUSE: Duration = Duration::from_secs(1);
/// How often a signature is asked for again that is not of its statement: a publication ends by renaming two files, and what was
/// read of them may be one of this index and one of the one before.
const PAIR_TRIES: u32 = 2;
/// Where so many bytes changed or fewer, a delta is not asked for.
const WORTH_A_DELTA: u64 = 64 << 10;
/// Bytes of the tail that are asked for at a time.
const TAIL_PART: u64 = 4 << 20;

/// The published index as far as it is known before any unit is fetched.
pub(super) struct Found {
    pub(super) head: PublishedHead,
    pub(super) file: Arc<dyn RemoteFile>,
    pub(super) statement: Option<SignedStatement>,
}

impl Pull<'_> {
    /// Fetches the signature, and the header that it belongs to.
    pub(super) fn find(&self) -> Result<Found, Stop> {
        self.runtime.block_on(async {
            if !self.options.trust.needs_signature() {
                let (head, file) = self.head().await?;
                return Ok(Found { head, file, statement: None });
            }
            let mut tries = 0;
            loop {
                // While an index is published, its statement has another name first, and that of the one before is the
                // lasting one: see `breachdex::trust`.
                let ending = if tries % 2 == 0 { LASTING } else { NEXT };
                let fetched =
                    SignedStatement::fetch(&self.reader, self.folder, ending, &self.options.trust).await;
                // Without a valid signature nothing else is fetched.
                let statement = match fetched {
                    Err(_) if ending == NEXT => None,
                    Err(error) if is_torn(&error) && tries < 2 * PAIR_TRIES => None,
                    fetched => Some(fetched?),
                };
                if let Some(statement) = statement {
                    let (head, file) = self.head().await?;
                    if statement.signed.statement.content_id == head.content_id() {
                        return Ok(Found { head, file, statement: Some(statement) });
                    }
                    if tries >= 2 * STATEMENT_TRIES {
                        // Says in what they differ.
                        let published = self.read_published(head, &*file).await?;
                        let (metadata, id) = (published.metadata(), published.content_id());
                        statement.check(&self.name, &self.options.trust, metadata, id)?;
                        return Err(Stop::Replaced);
                    }
                }
                tries += 1;
                if tries % 2 == 0 {
                    tokio::time::sleep(STATEMENT_PAUSE).await;
                }
            }
        })
    }

    pub(super) async fn head(&self) -> Result<(PublishedHead, Arc<dyn RemoteFile>)> {
        let opened = self.reader.open(self.folder, "", PublishedHead::LENGTH).await;
        match opened.map_err(|failed| self.failed("", failed))? {
            Some(Opened { file, start }) => {
                let head = PublishedHead::decode(&start, file.length(), &self.name)?;
                Ok((head, file))
            }
            None => Err(Error::NoFile { name: self.name.clone() }),
        }
    }

    /// What lies behind the groups, held against the content id.
    pub(super) fn published(
        &self,
        head: PublishedHead,
        file: &dyn RemoteFile,
        store: Option<&mut Store>,
    ) -> Result<Published, Stop> {
        let tail = head.tail();
        if let Some(bytes) = store.as_ref().and_then(|store| store.tail(tail.clone()))
            && let Ok(published) = Published::new(head.clone(), bytes)
        {
            return Ok(published);
        }
        let published = self.runtime.block_on(self.read_published(head, file))?;
        if let Some(store) = store {
            store.put_tail(tail.start, published.tail())?;
        }
        Ok(published)
    }

    async fn read_published(&self, head: PublishedHead, file: &dyn RemoteFile) -> Result<Published> {
        let Range { mut start, end } = head.tail();
        let mut bytes = Vec::new();
        while start < end {
            let part = start..end.min(start + TAIL_PART);
            start = part.end;
            bytes.extend(self.reader.read(file, part).await.map_err(|failed| self.failed("", failed))?);
        }
        Ok(Published::new(head, bytes)?)
    }

    /// What units are made of.
    pub(super) fn source(
        &self,
        published: Published,
        base: Option<Base>,
        file: Arc<dyn RemoteFile>,
    ) -> Arc<Source> {
        let (reader, gap) = (Arc::clone(&self.reader), self.options.gap);
        let mut source = Source::new(published, base, file, reader, gap);
        source.delta = self.delta(&source);
        Arc::new(source)
    }

    /// The delta from the index that is there, where one is published and shorter than what it saves. A server that has none,
    /// another file under its name, or one that cannot be read, is no fault: units are then fetched without.
    fn delta(&self, source: &Source) -> Option<(Delta, Arc<dyn RemoteFile>)> {
        let published = &source.published;
        let base = source.base.as_ref().filter(|base| base.has_layout_of(published))?;
        let (old, new) = (base.index().content_id(), published.content_id());
        let changed: u64 = (0..published.units())
            .filter(|unit| !source.assembly(*unit, Some(base)).is_copied())
            .map(|unit| published.extent(unit).end - published.extent(unit).start)
            .sum();
        if changed <= WORTH_A_DELTA {
            return None;
        }
        self.runtime.block_on(async {
            let opened = self.reader.open(self.folder, &delta_ending(old), DELTA_HEADER).await.ok()??;
            let length = opened.file.length();
            let head = DeltaHead::decode(&opened.start, length, old, new).filter(|_| length < changed)?;
            let table = self.reader.read(&*opened.file, head.table()).await.ok()?;
            Delta::decode(&head, &table).map(|delta| (delta, opened.file))
        })
    }

    pub(super) fn failed(&self, ending: &str, Failed { fault, attempts }: Failed) -> Error {
        Error::File { name: format!("{}{ending}", self.name), fault, attempts }
    }
}

/// Whether a statement and its signature, which is by a trusted key, do not belong together.
fn is_torn(error: &Error) -> bool {
    let fault = match error {
        Error::Index(breachdex::Error::NotSigned { fault, .. }) => fault,
        _ => return false,
    };
    matches!(**fault, SignatureFault::Invalid { .. })
}
