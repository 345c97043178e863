//! Hot swap: a replaced index file is opened, verified from end to end and only then takes over.
//!
//! A bad replacement is refused, said once, and the old index answers on from the file that it holds open.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use breachdex::{Error, Kind, Monitor, Progress};

use super::catalogue::Catalogue;
use super::served::Served;
use crate::error::ServeError;
use crate::metrics::Metrics;
use crate::shutdown::Shutdown;

/// Looks after the files of a catalogue.
pub(crate) struct Watcher {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) allow_partial: bool,
    pub(crate) every: Duration,
    pub(crate) shutdown: Shutdown,
}

impl Watcher {
    /// Looks again and again, until the other end of `ended` is dropped.
    pub(crate) fn run(self, ended: &Receiver<()>) {
        let mut files: Vec<WatchedFile> =
            self.catalogue.all().iter().map(|served| WatchedFile::of(served)).collect();
        while ended.recv_timeout(self.every) == Err(RecvTimeoutError::Timeout) {
            files.iter_mut().for_each(|file| self.look(file));
        }
    }

    fn look(&self, file: &mut WatchedFile) {
        let Some(current) = self.catalogue.current(file.kind) else { return };
        let stamp = match Stamp::of(&file.path) {
            Ok(stamp) => stamp,
            Err(error) => {
                if !std::mem::replace(&mut file.is_missing, true) {
                    let path = file.path.display();
                    tracing::warn!("{path} is gone ({error}); the index that was read from it answers on");
                }
                return;
            }
        };
        file.is_missing = false;
        // Asking the index, not comparing stamps, so that a file replaced while it was opened is noticed.
        if file.refused.as_ref() == Some(&stamp) || !matches!(current.index().is_replaced(), Ok(true)) {
            return;
        }
        match self.load(&file.path, &current) {
            Ok(fresh) => self.take_over(fresh, &current),
            Err(ServeError::Index(Error::Cancelled)) => {}
            Err(error) => {
                file.refused = Some(stamp);
                self.metrics.count_refused_swap(file.kind);
                tracing::error!(
                    kind = file.kind.name(),
                    "the replaced index is refused: {error}; the old one answers on"
                );
            }
        }
    }

    fn load(&self, path: &Path, current: &Served) -> Result<Served, ServeError> {
        let fresh = Served::open(path, self.allow_partial)?;
        let (expected, found) = (current.kind(), fresh.kind());
        if expected != found {
            return Err(ServeError::OtherKind { path: path.to_owned(), expected, found });
        }
        fresh.index().verify(&UntilShutdown(&self.shutdown))?;
        Ok(fresh)
    }

    fn take_over(&self, fresh: Served, current: &Served) {
        let fresh = fresh.in_place_of(current);
        self.metrics.count_swap(fresh.kind());
        tracing::info!(
            kind = fresh.kind().name(),
            entries = fresh.index().metadata().entries,
            content_id = %fresh.index().content_id(),
            "a replaced index answers now"
        );
        self.catalogue.swap(fresh);
    }
}

/// A file and what was already said about it.
struct WatchedFile {
    path: PathBuf,
    kind: Kind,
    is_missing: bool,
    refused: Option<Stamp>,
}

impl WatchedFile {
    fn of(served: &Served) -> Self {
        let path = served.index().path().to_owned();
        Self { path, kind: served.kind(), is_missing: false, refused: None }
    }
}

/// Tells a file that was refused from its successor.
#[derive(PartialEq, Eq)]
struct Stamp {
    number: Option<u64>,
    length: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(path: &Path) -> std::io::Result<Self> {
        let facts = std::fs::metadata(path)?;
        #[cfg(unix)]
        let number = Some(std::os::unix::fs::MetadataExt::ino(&facts));
        #[cfg(not(unix))]
        let number = None;
        Ok(Self { number, length: facts.len(), modified: facts.modified().ok() })
    }
}

/// Ends a verification when the server is to stop.
struct UntilShutdown<'a>(&'a Shutdown);

impl Monitor for UntilShutdown<'_> {
    fn progress(&self, _: Progress) -> ControlFlow<()> {
        if self.0.is_triggered() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
