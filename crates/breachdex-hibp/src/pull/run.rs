//! A pull from its first request to the renamed file.

#![forbid(unsafe_code)]

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use breachdex::replica::{Base, PublishOptions, Published, publish};
use breachdex::trust::SignatureFiles;
use breachdex::{Durability, Metadata, Monitor, Phase, Progress, ReadBackFault, files};
use tokio::runtime::Runtime;

use super::fetch::{Fault, Want};
use super::find::Found;
use super::http::HttpFolder;
use super::options::{PullOptions, PullPreview, PullReport};
use super::reader::Reader;
use super::remote::RemoteFolder;
use super::signature::SignedStatement;
use super::stop::Stop;
use super::store::Store;
use super::url::FileUrl;
use crate::error::{Error, Result, io_error};
use crate::network;

/// How often a pull begins anew because the file was replaced.
const MOST_REPLACED: u32 = 3;

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
    let target = match files::follow(target) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(io_error("replace", target)(error));
        }
        followed => followed.unwrap_or_else(|_| target.to_owned()),
    };
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

/// A pull that runs.
pub(super) struct Pull<'a> {
    pub(super) folder: &'a dyn RemoteFolder,
    pub(super) name: String,
    pub(super) target: PathBuf,
    pub(super) options: &'a PullOptions,
    pub(super) monitor: &'a dyn Monitor,
    pub(super) runtime: &'a Runtime,
    pub(super) reader: Arc<Reader>,
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
        if let Some(base) = base.as_ref().filter(|base| self.is_published(base, &found)) {
            return self.up_to_date(&found, base, replaced);
        }
        let mut store = Store::open(&self.target, &found.head, self.options.restart && replaced == 0)?;
        let Found { head, file, statement } = found;
        let checked = self.published(head, &*file, Some(&mut store)).and_then(|published| {
            self.check(&published, statement.as_ref(), base.as_ref())?;
            Ok(published)
        });
        let published = match checked {
            Ok(published) => published,
            Err(stop) => {
                // As long as the index, whatever length a server makes up; and nothing of it is worth keeping.
                if store.recorded().is_empty() {
                    // Why the pull ended says more than why its leftover stays.
                    let _ = store.remove();
                }
                return Err(stop);
            }
        };
        let source = self.source(published, base, file);
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
        let found = self.find()?;
        let base = self.open_base()?;
        if let Some(base) = base.as_ref().filter(|base| self.is_published(base, &found)) {
            self.check_held(&found, base)?;
            return Ok(self.preview_of(base.metadata(), true, (0, 0)));
        }
        let Found { head, file, statement } = found;
        let published = self.published(head, &*file, None)?;
        self.check(&published, statement.as_ref(), base.as_ref())?;
        let source = self.source(published, base, file);
        let counters = &self.reader.counters;
        let known = [&counters.moved, &counters.requests].map(|counter| counter.load(Ordering::Relaxed));
        let (bytes, requests) = self.measure(&source)?;
        Ok(self.preview_of(source.published.metadata(), false, (known[0] + bytes, known[1] + requests)))
    }

    fn preview_of(
        &self,
        metadata: &Metadata,
        up_to_date: bool,
        (bytes, requests): (u64, u64),
    ) -> PullPreview {
        let fetched = self.reader.counters.moved.load(Ordering::Relaxed);
        PullPreview { metadata: metadata.clone(), up_to_date, bytes, requests, fetched }
    }

    /// Whether the index that is there says that it is the published one. Who asks for it to be replaced whatever it is does not
    /// believe that: its groups may be damaged.
    fn is_published(&self, base: &Base, found: &Found) -> bool {
        base.head() == *found.head.bytes() && !self.options.force
    }

    /// The published file is there, to the last byte that headers speak of.
    fn up_to_date(&self, found: &Found, base: &Base, replaced: u32) -> Result<PullReport, Stop> {
        self.check_held(found, base)?;
        let signature_durability = match &found.statement {
            Some(statement) => statement.install(&self.target)?,
            None => None,
        };
        Store::remove_leftover(&self.target)?;
        let durability = Durability::Synced;
        Ok(PullReport {
            up_to_date: true,
            signature_durability,
            ..self.report(base.metadata(), durability, (0, replaced))
        })
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
                let _ = store.remove();
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

    pub(super) fn tick(&self, phase: Phase, done: u64, total: u64) -> ControlFlow<()> {
        self.monitor.progress(Progress { phase, done, total: Some(total) })
    }

    pub(super) fn go_on(&self, phase: Phase, done: u64, total: u64) -> Result<(), Stop> {
        if self.tick(phase, done, total).is_break() { Err(Error::Stopped.into()) } else { Ok(()) }
    }
}
