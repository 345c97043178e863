//! A server that runs: its workers and the watcher of its files, and how they end.

#![forbid(unsafe_code)]

use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use breachdex_http::{Pulse, Services, Shutdown, Transport, Workers, spawn};

use crate::error::ServeError;
use crate::http::app::App;
use crate::indexes::watcher::{Command, Watcher};

/// How long the watcher may take to end. It may wait for a disk that does not answer, and nobody is to wait for it.
const WATCHER_END: Duration = Duration::from_secs(1);

/// A server that answers requests. Dropping it does not stop it; [`Shutdown`] does.
#[derive(Debug)]
pub struct RunningServer {
    workers: Workers,
    watcher: RunningWatcher,
}

#[derive(Debug)]
struct RunningWatcher {
    commands: Sender<Command>,
    ended: Receiver<()>,
    shutdown: Shutdown,
}

/// Reloads indexes and certificates of a running server. Clones do the same.
#[derive(Clone, Debug)]
pub struct Reload(Sender<Command>);

impl Reload {
    /// Reads certificates and keys again, and index files that were replaced, also those that were refused before.
    /// Returns when the replaced ones are verified and in use, or refused; the log has the reasons.
    pub fn run(&self) {
        let (done, is_done) = mpsc::channel();
        // It fails where the server has ended.
        if self.0.send(Command::Reload(done)).is_ok() {
            let _ = is_done.recv();
        }
    }
}

impl RunningServer {
    /// Starts the threads.
    pub(crate) fn start(
        transport: Transport,
        services: Services<App>,
        watcher: Watcher,
        shutdown: &Shutdown,
    ) -> Result<Self, ServeError> {
        let (commands, received) = mpsc::channel();
        let (watcher_ending, ended) = mpsc::channel();
        let watch = move || {
            watcher.run(&received);
            drop(watcher_ending);
        };
        spawn("breachdex-watcher", transport.threads(), watch)?;
        let watcher = RunningWatcher { commands, ended, shutdown: shutdown.clone() };
        match transport.start(services, shutdown) {
            Ok(workers) => Ok(Self { workers, watcher }),
            Err(error) => {
                watcher.end();
                Err(error.into())
            }
        }
    }

    /// Returns a handle that reloads indexes and certificates.
    pub fn reload(&self) -> Reload {
        Reload(self.watcher.commands.clone())
    }

    /// Returns a handle that tells whether all workers respond.
    pub fn pulse(&self) -> Pulse {
        self.workers.pulse()
    }

    /// Waits until the shutdown is triggered and running requests are finished, or their time is over.
    ///
    /// # Errors
    /// [`ServeError::Http`].
    pub fn wait(self) -> Result<(), ServeError> {
        let outcome = self.workers.wait();
        self.watcher.end();
        outcome.map_err(ServeError::from)
    }
}

impl RunningWatcher {
    /// No worker is left; without this the watcher would go on with what it is verifying.
    fn end(self) {
        self.shutdown.trigger();
        let _ = self.commands.send(Command::End);
        // The other end is dropped when it ends.
        if self.ended.recv_timeout(WATCHER_END) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("an index file does not answer; ending without waiting for it");
        }
    }
}
