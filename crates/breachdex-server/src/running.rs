//! A server that runs: its threads, and how they end.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::error::ServeError;
use crate::indexes::watcher::{Command, Watcher};
use crate::listen::Opened;
use crate::shutdown::Shutdown;
use crate::worker::Worker;

/// How long the watcher may take to end. It may wait for a disk that does not answer, and nobody is to wait for it.
const WATCHER_END: Duration = Duration::from_secs(1);

/// A server that answers requests. Dropping it does not stop it; [`Shutdown`] does.
#[derive(Debug)]
pub struct RunningServer {
    workers: Vec<JoinHandle<Result<(), ServeError>>>,
    heartbeats: Vec<Arc<AtomicU64>>,
    commands: Sender<Command>,
    watcher_ended: Receiver<()>,
    /// The workers have copies of their own; these remove the files of Unix sockets.
    sockets: Vec<Opened>,
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

/// Observes whether all workers of a server respond.
#[derive(Clone, Debug)]
pub struct Pulse {
    heartbeats: Vec<Arc<AtomicU64>>,
    seen: Vec<u64>,
}

impl Pulse {
    /// Whether every worker has responded since the last call. Workers respond once a second.
    pub fn is_beating(&mut self) -> bool {
        let now: Vec<u64> = self.heartbeats.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let all = now.iter().zip(&self.seen).all(|(now, seen)| now != seen);
        self.seen = now;
        all
    }
}

impl RunningServer {
    /// Starts the threads. `needed` is how many threads they may become.
    pub(crate) fn start(
        workers: Vec<Worker>,
        watcher: Watcher,
        sockets: Vec<Opened>,
        shutdown: &Shutdown,
        needed: usize,
    ) -> Result<Self, ServeError> {
        let (commands, received) = mpsc::channel();
        let (watcher_ending, watcher_ended) = mpsc::channel();
        let mut running = Self {
            heartbeats: workers.iter().map(|worker| Arc::clone(&worker.heartbeat)).collect(),
            workers: Vec::new(),
            commands,
            watcher_ended,
            sockets,
            shutdown: shutdown.clone(),
        };
        let watch = move || {
            watcher.run(&received);
            drop(watcher_ending);
        };
        let mut started = spawn("breachdex-watcher", needed, watch).map(drop);
        for (number, worker) in workers.into_iter().enumerate() {
            let end = ShutdownOnDrop(shutdown.clone());
            let work = move || {
                let served = worker.run();
                drop(end);
                served
            };
            let thread = spawn(&format!("breachdex-worker-{number}"), needed, work);
            started = started.and(thread.map(|thread| running.workers.push(thread)));
        }
        match started {
            Ok(()) => Ok(running),
            Err(error) => {
                shutdown.trigger();
                let _ = running.wait();
                Err(error)
            }
        }
    }

    /// Returns a handle that reloads indexes and certificates.
    pub fn reload(&self) -> Reload {
        Reload(self.commands.clone())
    }

    /// Returns a handle that tells whether all workers respond.
    pub fn pulse(&self) -> Pulse {
        Pulse { heartbeats: self.heartbeats.clone(), seen: vec![0; self.heartbeats.len()] }
    }

    /// Waits until the shutdown is triggered and running requests are finished, or their time is over.
    ///
    /// # Errors
    /// [`ServeError::System`], [`ServeError::WorkerPanicked`].
    pub fn wait(self) -> Result<(), ServeError> {
        let mut outcome = Ok(());
        for thread in self.workers {
            outcome = outcome.and(thread.join().unwrap_or(Err(ServeError::WorkerPanicked)));
        }
        drop(self.sockets);
        // No worker is left; without this the watcher would go on with what it is verifying.
        self.shutdown.trigger();
        let _ = self.commands.send(Command::End);
        // The other end is dropped when it ends.
        if self.watcher_ended.recv_timeout(WATCHER_END) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("an index file does not answer; ending without waiting for it");
        }
        outcome
    }
}

/// A worker that ends, for whatever reason, ends the server: half of one would answer half of the clients.
struct ShutdownOnDrop(Shutdown);

impl Drop for ShutdownOnDrop {
    fn drop(&mut self) {
        self.0.trigger();
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    needed: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, ServeError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|source| ServeError::Thread { needed, source })
}
