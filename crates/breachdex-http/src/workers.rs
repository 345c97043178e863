//! The threads of a transport that answers, and how they end.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use crate::error::HttpError;
use crate::service::Service;
use crate::shutdown::Shutdown;
use crate::worker::Worker;

/// The workers of a transport. Dropping it does not stop them; [`Shutdown`] does.
#[derive(Debug)]
pub struct Workers {
    threads: Vec<JoinHandle<Result<(), HttpError>>>,
    heartbeats: Vec<Arc<AtomicU64>>,
}

/// Observes whether all workers respond.
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

impl Workers {
    /// Starts the threads. `needed` is how many threads the server may become.
    pub(crate) fn start<S: Service>(
        workers: Vec<Worker<S>>,
        shutdown: &Shutdown,
        needed: usize,
    ) -> Result<Self, HttpError> {
        let heartbeats = workers.iter().map(|worker| Arc::clone(&worker.heartbeat)).collect();
        let mut running = Self { threads: Vec::new(), heartbeats };
        let mut started = Ok(());
        for (number, worker) in workers.into_iter().enumerate() {
            let end = ShutdownOnDrop(shutdown.clone());
            let work = move || {
                let served = worker.run();
                drop(end);
                served
            };
            let thread = spawn(&format!("breachdex-worker-{number}"), needed, work);
            started = started.and(thread.map(|thread| running.threads.push(thread)));
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

    /// Returns a handle that tells whether all workers respond.
    pub fn pulse(&self) -> Pulse {
        Pulse { heartbeats: self.heartbeats.clone(), seen: vec![0; self.heartbeats.len()] }
    }

    /// Waits until the shutdown is triggered and running requests are finished, or their time is over.
    ///
    /// # Errors
    /// [`HttpError::System`], [`HttpError::WorkerPanicked`].
    pub fn wait(self) -> Result<(), HttpError> {
        let mut outcome = Ok(());
        for thread in self.threads {
            outcome = outcome.and(thread.join().unwrap_or(Err(HttpError::WorkerPanicked)));
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

/// Starts a thread of a server. `needed` is how many threads the server may become, for the message.
///
/// # Errors
/// [`HttpError::Thread`].
pub fn spawn<T: Send + 'static>(
    name: &str,
    needed: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, HttpError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|source| HttpError::Thread { needed, source })
}
