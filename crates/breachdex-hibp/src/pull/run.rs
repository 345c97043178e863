//! A pull from its first request to the renamed file.

#![forbid(unsafe_code)]

use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use breachdex::replica::{
    Base, DELTA_HEADER, Delta, DeltaHead, Pieces, PublishOptions, Published, PublishedHead, delta_ending,
    for_units, publish,
};
use breachdex::trust::SignatureFiles;
use breachdex::{Durability, Index, Metadata, Monitor, OpenOptions, Phase, Progress, ReadBackFault};
use tokio::runtime::Runtime;

use super::fetch::{self, Arrival, Fault, Source, Want};
use super::http::HttpFolder;
use super::options::{PullOptions, PullPreview, PullReport};
use super::reader::{Failed, Reader};
use super::remote::{Opened, RemoteFile, RemoteFolder};
use super::signature::{LASTING, NEXT, SignedStatement};
use super::store::Store;
use super::url::FileUrl;
use crate::error::{Error, FetchFault, Result};
use crate::network;

/// How often a pull begins anew because the file was replaced.
const MOST_REPLACED: u32 = 3;
/// How often a statement is asked for that belongs to the index that is there, and how long after each time.
const STATEMENT_TRIES: u32 = 4;
const STATEMENT_PAUSE: Duration = Duration::from_secs(1);
/// Where so many bytes changed or fewer, a delta is not asked for.
const WORTH_A_DELTA: u64 = 64 << 10;
/// Bytes of the tail that are asked for at a time.
const TAIL_PART: u64 = 4 << 20;

/// Makes the file at `target` the index that is published at an address, byte for byte.
///
/// The signature is checked first, then header, directory, facts and hashes against the content id that was signed. What
/// the index at `target` has is copied, everything else fetched, and each unit is held against its hash when it arrives. The
/// finished file is verified in whole before it has its name. A run that ended, whatever ended it, is resumed by the same
/// call. The disk must hold the new index beside the old one.
///
/// # Errors
/// [`Error::File`] and [`Error::NoFile`] for what cannot be fetched; [`Error::Index`] for a published index that is damaged,
/// not signed or too old; [`Error::Older`], [`Error::OtherContent`] and [`Error::UnusableTarget`] for what is at the target;
/// [`Error::ReplacedAgain`]; [`Error::PullBusy`]; [`Error::Io`]; [`Error::Stopped`]. The target is then as it was.
pub fn pull(
    url: &FileUrl,
    target: &Path,
    options: &PullOptions,
    monitor: &dyn Monitor,
) -> Result<PullReport> {
    let folder = HttpFolder::new(url, &options.network, options.timeout, options.concurrency)?;
    pull_from(&folder, target, options, monitor)
}

/// What [`pull`] would fetch. Fetches what says it and writes nothing.
///
/// # Errors
/// As [`pull`].
pub fn preview_pull(
    url: &FileUrl,
    target: &Path,
    options: &PullOptions,
    monitor: &dyn Monitor,
) -> Result<PullPreview> {
    let folder = HttpFolder::new(url, &options.network, options.timeout, options.concurrency)?;
    preview_pull_from(&folder, target, options, monitor)
}

/// [`pull`] from another place than a web server.
///
/// # Errors
/// As [`pull`].
pub fn pull_from(
    folder: &dyn RemoteFolder,
    target: &Path,
    options: &PullOptions,
    monitor: &dyn Monitor,
) -> Result<PullReport> {
    with_pull(folder, target, options, monitor, |pull| pull.repeat(Pull::once))
}

/// [`preview_pull`] from another place than a web server.
///
/// # Errors
/// As [`pull`].
pub fn preview_pull_from(
    folder: &dyn RemoteFolder,
    target: &Path,
    options: &PullOptions,
    monitor: &dyn Monitor,
) -> Result<PullPreview> {
    with_pull(folder, target, options, monitor, |pull| pull.repeat(|pull, _| pull.preview()))
}

fn with_pull<T>(
    folder: &dyn RemoteFolder,
    target: &Path,
    options: &PullOptions,
    monitor: &dyn Monitor,
    work: impl FnOnce(&Pull<'_>) -> Result<T>,
) -> Result<T> {
    let runtime = network::runtime().map_err(|error| Error::System {
        action: "start the network's threads",
        reason: error.to_string(),
    })?;
    // A link stays a link: what it leads to is replaced.
    let target = std::fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    let reader = Arc::new(Reader::new(options.retry, options.request_timeout));
    let pull = Pull { folder, name: folder.name(), target, options, monitor, runtime: &runtime, reader };
    // Waits have the time of the runtime.
    let entered = runtime.enter();
    let result = work(&pull);
    drop(entered);
    drop(pull);
    runtime.shutdown_background();
    result
}

struct Pull<'a> {
    folder: &'a dyn RemoteFolder,
    name: String,
    target: PathBuf,
    options: &'a PullOptions,
    monitor: &'a dyn Monitor,
    runtime: &'a Runtime,
    reader: Arc<Reader>,
}

/// Why one try ended.
enum Stop {
    Error(Error),
    /// The published file is another one by now.
    Replaced,
    Fault(Fault),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::File { fault: FetchFault::Replaced, .. } => Self::Replaced,
            error => Self::Error(error),
        }
    }
}

impl From<breachdex::Error> for Stop {
    fn from(error: breachdex::Error) -> Self {
        Self::Error(match error {
            breachdex::Error::Cancelled => Error::Stopped,
            error => error.into(),
        })
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Fetch(Failed { fault: FetchFault::Replaced, .. }) => Self::Replaced,
            fault => Self::Fault(fault),
        }
    }
}

/// The published index as far as it is known before any unit is fetched.
struct Found {
    head: PublishedHead,
    file: Arc<dyn RemoteFile>,
    statement: Option<SignedStatement>,
}

impl Pull<'_> {
    /// Tries until the file stays the same.
    fn repeat<T>(&self, work: impl Fn(&Self, u32) -> Result<T, Stop>) -> Result<T> {
        for replaced in 0..=MOST_REPLACED {
            match work(self, replaced) {
                Ok(done) => return Ok(done),
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Fault(Fault::Fetch(failed))) => return Err(self.failed("", failed)),
                Err(Stop::Replaced | Stop::Fault(Fault::Damaged(..))) => {}
            }
        }
        Err(Error::ReplacedAgain { name: self.name.clone(), times: MOST_REPLACED + 1 })
    }

    fn once(&self, replaced: u32) -> Result<PullReport, Stop> {
        let found = self.find()?;
        let base = self.open_base()?;
        if let Some(base) = base.as_ref().filter(|base| base.head() == *found.head.bytes()) {
            return self.up_to_date(&found, base, replaced);
        }
        let mut store = Store::open(&self.target, &found.head, self.options.restart && replaced == 0)?;
        let Found { head, file, statement } = found;
        let published = self.published(head, &*file, Some(&mut store))?;
        self.check(&published, statement.as_ref(), base.as_ref())?;
        let source = self.source(published, base, file)?;
        let arrived = self.resume(&source.published, &store)?;
        let (copied, changed): (Vec<u32>, Vec<u32>) = (0..source.published.units())
            .filter(|unit| !source.published.extent(*unit).is_empty() && !arrived.contains(*unit))
            .partition(|unit| source.assembly(*unit, source.base.as_ref()).is_copied());
        self.fetch(&source, &changed, Want::Bytes, &mut store)?;
        let other = self.copy(&source, &copied, &mut store)?;
        self.fetch(&source, &other, Want::BytesWithoutBase, &mut store)?;
        self.publish(&source.published, statement.as_ref(), store, (arrived.bytes, replaced))
    }

    fn preview(&self) -> Result<PullPreview, Stop> {
        let Found { head, file, statement } = self.find()?;
        let base = self.open_base()?;
        let up_to_date = base.as_ref().is_some_and(|base| base.head() == *head.bytes());
        let published = self.published(head, &*file, None)?;
        self.check(&published, statement.as_ref(), base.as_ref())?;
        let metadata = published.metadata().clone();
        let (mut bytes, mut requests) = (0, 0);
        if !up_to_date {
            let source = self.source(published, base, file)?;
            let is_wanted = |unit: &u32| {
                !source.published.extent(*unit).is_empty()
                    && !source.assembly(*unit, source.base.as_ref()).is_copied()
            };
            let units: Vec<u32> = (0..source.published.units()).filter(is_wanted).collect();
            bytes = self.reader.counters.moved.load(Ordering::Relaxed);
            requests = self.reader.counters.requests.load(Ordering::Relaxed);
            let (mut done, total) = (0, units.len() as u64);
            let take = |arrival| {
                if let Arrival::Size { bytes: more, requests: sent, units } = arrival {
                    bytes += more;
                    requests += sent;
                    done += units;
                }
                Ok::<(), Stop>(())
            };
            let tick = || self.tick(Phase::Downloading, 0, total);
            let (runtime, concurrency) = (self.runtime, self.options.concurrency);
            if fetch::run(runtime, concurrency, &source, &units, Want::Size, take, tick)?.is_break() {
                return Err(Error::Stopped.into());
            }
        }
        let fetched = self.reader.counters.moved.load(Ordering::Relaxed);
        Ok(PullPreview { metadata, up_to_date, bytes, requests, fetched })
    }

    /// Fetches the signature, and the header that it belongs to.
    fn find(&self) -> Result<Found, Stop> {
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

    async fn head(&self) -> Result<(PublishedHead, Arc<dyn RemoteFile>)> {
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
    fn published(
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
    fn source(
        &self,
        published: Published,
        base: Option<Base>,
        file: Arc<dyn RemoteFile>,
    ) -> Result<Arc<Source>> {
        let (reader, gap) = (Arc::clone(&self.reader), self.options.gap);
        let mut source = Source { published, base, file, delta: None, reader, gap };
        source.delta = self.delta(&source)?;
        Ok(Arc::new(source))
    }

    /// The delta from the index that is there, where one is published and shorter than what it saves. A server that has none,
    /// or another file under its name, is no fault: units are then fetched without.
    fn delta(&self, source: &Source) -> Result<Option<(Delta, Arc<dyn RemoteFile>)>> {
        let published = &source.published;
        let Some(base) = source.base.as_ref().filter(|base| base.has_layout_of(published)) else {
            return Ok(None);
        };
        let (old, new) = (base.index().content_id(), published.content_id());
        let changed: u64 = (0..published.units())
            .filter(|unit| !source.assembly(*unit, Some(base)).is_copied())
            .map(|unit| published.extent(unit).end - published.extent(unit).start)
            .sum();
        if changed <= WORTH_A_DELTA {
            return Ok(None);
        }
        self.runtime.block_on(async {
            let ending = delta_ending(old);
            let Ok(Some(opened)) = self.reader.open(self.folder, &ending, DELTA_HEADER).await else {
                return Ok(None);
            };
            let length = opened.file.length();
            let Some(head) = DeltaHead::decode(&opened.start, length, old, new).filter(|_| length < changed)
            else {
                return Ok(None);
            };
            let table = self.reader.read(&*opened.file, head.table()).await;
            let table = table.map_err(|failed| self.failed(&ending, failed))?;
            Ok(Delta::decode(&head, &table).map(|delta| (delta, opened.file)))
        })
    }

    /// The index that is there, if one is.
    fn open_base(&self) -> Result<Option<Base>> {
        match Index::open_with(&self.target, OpenOptions::new().any_content()) {
            Ok(index) => Ok(Some(Base::new(index))),
            Err(breachdex::Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(_) if self.options.force => Ok(None),
            Err(error) => Err(Error::UnusableTarget { error: Box::new(error) }),
        }
    }

    /// Refuses a published index that is not the signed one, too old, or must not replace the one that is there.
    fn check(
        &self,
        published: &Published,
        statement: Option<&SignedStatement>,
        base: Option<&Base>,
    ) -> Result<()> {
        let (options, metadata) = (self.options, published.metadata());
        if let Some(statement) = statement {
            statement.check(&self.name, &options.trust, metadata, published.content_id())?;
        }
        options.trust.check_age(&self.name, &metadata.corpus_date)?;
        let Some(held) = base.map(Base::metadata).filter(|_| !options.force) else { return Ok(()) };
        let (name, target) = (self.name.clone(), self.target.clone());
        let (found, here) = (content_of(metadata), content_of(held));
        if found != here {
            return Err(Error::OtherContent { name, found, target, held: here });
        }
        // Dates in this form are in the order of their text.
        if metadata.corpus_date < held.corpus_date && !options.allow_older {
            let (found, held) = (metadata.corpus_date.clone(), held.corpus_date.clone());
            return Err(Error::Older { name, found, target, held });
        }
        Ok(())
    }

    /// The published file is there, to the last byte that headers speak of.
    fn up_to_date(&self, found: &Found, base: &Base, replaced: u32) -> Result<PullReport, Stop> {
        let (metadata, trust) = (base.metadata(), &self.options.trust);
        trust.check_age(&self.name, &metadata.corpus_date)?;
        let mut signature_durability = None;
        if let Some(statement) = &found.statement {
            statement.check(&self.name, trust, metadata, base.index().content_id())?;
            signature_durability = statement.install(&self.target)?;
        }
        Store::remove_leftover(&self.target)?;
        let durability = Durability::Synced;
        Ok(PullReport {
            up_to_date: true,
            signature_durability,
            ..self.report(metadata, durability, (0, replaced))
        })
    }

    /// The units that an earlier run stored and that have their hashes.
    fn resume(&self, published: &Published, store: &Store) -> Result<Arrived, Stop> {
        let mut arrived = Arrived::new(published.units());
        let units: Vec<u32> =
            store.recorded().iter().copied().filter(|unit| *unit < published.units()).collect();
        let sound = |unit| {
            store.read(published.extent(unit)).is_some_and(|bytes| published.check_unit(unit, &bytes).is_ok())
        };
        let (mut done, total) = (0, units.len() as u64);
        for_units(&units, self.options.threads, sound, |unit, is_sound| {
            done += 1;
            if is_sound {
                let extent = published.extent(unit);
                arrived.add(unit, extent.end - extent.start);
            }
            self.go_on(Phase::Verifying, done, total)
        })?;
        Ok(arrived)
    }

    /// Fetches units and stores them.
    fn fetch(&self, source: &Arc<Source>, units: &[u32], want: Want, store: &mut Store) -> Result<(), Stop> {
        let published = &source.published;
        let length = |unit: u32| {
            let extent = published.extent(unit);
            extent.end - extent.start
        };
        let total = units.iter().map(|unit| length(*unit)).sum();
        let done = std::cell::Cell::new(0);
        let take = |arrival| {
            if let Arrival::Unit(unit, bytes) = arrival {
                store.put(unit, published.extent(unit).start, &bytes)?;
                done.set(done.get() + length(unit));
            }
            Ok::<(), Stop>(())
        };
        let tick = || self.tick(Phase::Downloading, done.get(), total);
        let ended = fetch::run(self.runtime, self.options.concurrency, source, units, want, take, tick);
        match ended {
            Ok(ControlFlow::Continue(())) => Ok(()),
            Ok(ControlFlow::Break(())) => Err(Error::Stopped.into()),
            Err(Stop::Fault(Fault::Damaged(unit, mismatch))) => {
                // A file that was replaced without another entity tag, or one that is damaged where it is.
                let (head, _) = self.runtime.block_on(self.head())?;
                if head.bytes() == published.head().bytes() {
                    Err(published.damaged(unit, mismatch).into())
                } else {
                    Err(Stop::Replaced)
                }
            }
            Err(stop) => Err(stop),
        }
    }

    /// Copies units of the index that is there and stores them. Returns those that it does not have after all.
    fn copy(&self, source: &Source, units: &[u32], store: &mut Store) -> Result<Vec<u32>, Stop> {
        let published = &source.published;
        let work = |unit| {
            let nothing = Pieces::default();
            source.assembly(unit, source.base.as_ref()).finish(&nothing, &nothing).ok()
        };
        let (mut other, mut done, total) = (Vec::new(), 0, units.len() as u64);
        for_units(units, self.options.threads, work, |unit, bytes| {
            match bytes {
                Some(bytes) => store.put(unit, published.extent(unit).start, &bytes)?,
                None => other.push(unit),
            }
            done += 1;
            self.go_on(Phase::Reading, done, total)
        })?;
        Ok(other)
    }

    fn publish(
        &self,
        published: &Published,
        statement: Option<&SignedStatement>,
        store: Store,
        (resumed, replaced): (u64, u32),
    ) -> Result<PullReport, Stop> {
        let before_publish = statement
            .map(|statement| statement.before_publish(&self.target, &self.name, &self.options.trust));
        let options = PublishOptions { threads: self.options.threads, before_publish };
        let (file, path) = store.copy()?;
        let done = publish(published, file, path, &self.target, &options, self.monitor);
        let durability = match done {
            Ok(durability) => durability,
            // The disk gave back something else than was written to it, or the file is not what a writer makes.
            Err(error @ breachdex::Error::NotPublished { fault: ReadBackFault::Unreadable(_), .. }) => {
                store.remove()?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        let signature_durability = match statement {
            Some(_) => Some(SignatureFiles::settle(&self.target)?),
            None => None,
        };
        let report = self.report(published.metadata(), durability, (resumed, replaced));
        store.remove()?;
        Ok(PullReport { signature_durability, ..report })
    }

    fn report(
        &self,
        metadata: &Metadata,
        durability: Durability,
        (resumed, replaced): (u64, u32),
    ) -> PullReport {
        let counters = &self.reader.counters;
        PullReport {
            metadata: metadata.clone(),
            up_to_date: false,
            bytes: counters.moved.load(Ordering::Relaxed),
            requests: counters.requests.load(Ordering::Relaxed),
            retries: counters.retries.load(Ordering::Relaxed),
            resumed,
            replaced,
            durability,
            signature_durability: None,
        }
    }

    fn tick(&self, phase: Phase, done: u64, total: u64) -> ControlFlow<()> {
        self.monitor.progress(Progress { phase, done, total: Some(total) })
    }

    fn go_on(&self, phase: Phase, done: u64, total: u64) -> Result<(), Stop> {
        if self.tick(phase, done, total).is_break() { Err(Error::Stopped.into()) } else { Ok(()) }
    }

    fn failed(&self, ending: &str, Failed { fault, attempts }: Failed) -> Error {
        Error::File { name: format!("{}{ending}", self.name), fault, attempts }
    }
}

/// The units that are in the unfinished copy.
struct Arrived {
    units: Vec<bool>,
    bytes: u64,
}

impl Arrived {
    fn new(units: u32) -> Self {
        Self { units: vec![false; units as usize], bytes: 0 }
    }

    fn add(&mut self, unit: u32, bytes: u64) {
        if let Some(held) = self.units.get_mut(unit as usize).filter(|held| !**held) {
            *held = true;
            self.bytes += bytes;
        }
    }

    fn contains(&self, unit: u32) -> bool {
        self.units.get(unit as usize).copied().unwrap_or_default()
    }
}

/// What an index holds, for comparisons and messages.
fn content_of(metadata: &Metadata) -> String {
    let counts = if metadata.has_counts { "with" } else { "without" };
    match (metadata.is_pairs, metadata.is_overlay) {
        (true, _) => "exposed pairs".to_owned(),
        (_, true) => "an overlay".to_owned(),
        _ => format!("{} digests of {} bits {counts} counts", metadata.kind, metadata.bits),
    }
}
