//! Reloads an index when its file is replaced: opens and verifies the new file completely before using it.
//!
//! A bad replacement is refused and logged once; the previous index stays in service from the file that it holds open.
//! When asked to reload, it looks at once, also at what was refused, and has certificates read again.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, SystemTime};

use breachdex::{Error, Index, Kind, StepBack, VerifyOptions};
use breachdex_http::{Shutdown, Tls};

use super::catalogue::Catalogue;
use super::served::{self, Part, Rules, Served};
use crate::error::ServeError;
use crate::metrics::Metrics;

/// What a watcher is told.
#[derive(Debug)]
pub(crate) enum Command {
    /// Look at everything now, and drop the sender when that is done.
    Reload(Sender<()>),
    /// End.
    End,
}

/// Looks after the files of a catalogue.
pub(crate) struct Watcher {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) rules: Rules,
    pub(crate) every: Duration,
    pub(crate) shutdown: Shutdown,
}

impl Watcher {
    /// Looks again and again, until it is told to end.
    pub(crate) fn run(self, commands: &Receiver<Command>) {
        let mut files = self.files();
        loop {
            let done = match commands.recv_timeout(self.every) {
                Err(RecvTimeoutError::Timeout) => None,
                Ok(Command::Reload(done)) => Some(done),
                Ok(Command::End) | Err(RecvTimeoutError::Disconnected) => return,
            };
            if done.is_some() {
                tracing::info!("reloading");
                self.reload_certificate();
                files.iter_mut().for_each(|file| file.refused = None);
            }
            files.iter_mut().for_each(|file| self.look(file));
            drop(done);
        }
    }

    /// The files of the catalogue.
    pub(crate) fn files(&self) -> Vec<WatchedFile> {
        self.catalogue.all().iter().flat_map(|served| WatchedFile::all_of(served)).collect()
    }

    fn reload_certificate(&self) {
        match self.tls.as_ref().map(|tls| tls.reload()) {
            None => {}
            Some(Ok(())) => tracing::info!("now using the certificate as it is on disk"),
            Some(Err(error)) => tracing::error!("{error}; still using the previous certificate"),
        }
    }

    /// Has a file that was replaced take over.
    pub(crate) fn look(&self, file: &mut WatchedFile) {
        let Some(current) = self.catalogue.current(file.kind) else { return };
        let stamp = match Stamp::of(&file.path) {
            Ok(stamp) => stamp,
            Err(error) => {
                if !std::mem::replace(&mut file.is_missing, true) {
                    let path = file.path.display();
                    tracing::warn!(
                        "{path} is missing ({error}); still serving the index that was read from it"
                    );
                }
                return;
            }
        };
        file.is_missing = false;
        // Asking the index, not comparing stamps, so that a file replaced while it was opened is noticed.
        if file.refused.as_ref() == Some(&stamp) || !matches!(current.part(file.part).is_replaced(), Ok(true))
        {
            return;
        }
        match self.load(file, &current).and_then(|fresh| self.take_over(file.part, fresh, &current)) {
            Ok(()) => {}
            Err(ServeError::Index(Error::Cancelled)) => {}
            // A signature may be copied after its index, so that file is tried again; nothing more is said of it.
            Err(ServeError::Index(Error::NotSigned { .. })) if file.unsigned.as_ref() == Some(&stamp) => {}
            Err(error) => {
                match error {
                    ServeError::Index(Error::NotSigned { .. }) => file.unsigned = Some(stamp),
                    _ => file.refused = Some(stamp),
                }
                self.metrics.count_refused_swap(file.kind);
                tracing::error!(
                    kind = file.kind.name(),
                    "the replacement is refused: {error}; still serving the previous index"
                );
            }
        }
    }

    fn load(&self, file: &WatchedFile, current: &Served) -> Result<Index, ServeError> {
        let fresh = served::open(&file.path, file.part, &self.rules)?;
        let (path, expected, found) = (file.path.clone(), file.kind, fresh.metadata().kind);
        if expected != found {
            return Err(ServeError::OtherKind { path, expected, found });
        }
        if file.part == Part::Base {
            let (old, new) = (current.index().metadata(), fresh.metadata());
            self.rules.trust.check_replacement(&file.path.display().to_string(), old, new)?;
        }
        // On one thread, so that answers keep the other processors.
        fresh.verify_with(VerifyOptions { threads: 1 }, &self.shutdown)?;
        Ok(fresh)
    }

    fn take_over(&self, part: Part, fresh: Index, current: &Served) -> Result<(), ServeError> {
        let is_overlay = part != Part::Base || fresh.metadata().holds_overlay;
        let content_id = (!is_overlay).then(|| fresh.content_id().to_string());
        let entries = fresh.metadata().entries;
        let previous = (part == Part::Base).then(|| current.index().metadata());
        let step_back = previous.and_then(|previous| StepBack::between(previous, fresh.metadata()));
        let name = fresh.name().to_owned();
        self.catalogue.swap(current.with(part, fresh)?);
        self.metrics.count_swap(current.kind());
        let what = if part == Part::Base { "index" } else { "overlay" };
        tracing::info!(kind = current.kind().name(), entries, content_id, "now serving the replaced {what}");
        if let Some(step_back) = step_back {
            let kind = current.kind().name();
            tracing::warn!(kind, "{name} was replaced by an older index, which is in use: {step_back}");
        }
        Ok(())
    }
}

/// A file and what was already said about it.
pub(crate) struct WatchedFile {
    path: PathBuf,
    kind: Kind,
    part: Part,
    is_missing: bool,
    refused: Option<Stamp>,
    /// One that was refused because its signature is missing or wrong, which may change without it.
    unsigned: Option<Stamp>,
}

impl WatchedFile {
    fn all_of(served: &Served) -> Vec<Self> {
        let kind = served.kind();
        let file = |(part, index): (Part, &Index)| Self {
            path: index.path().map(Path::to_owned).unwrap_or_default(),
            kind,
            part,
            is_missing: false,
            refused: None,
            unsigned: None,
        };
        served.parts().map(file).collect()
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
