//! Stops a running server, after a time in which load balancers take it out of use.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use breachdex::{Monitor, Progress};
use tokio::sync::watch;

/// Stops a server from any thread. Clones stop the same server.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<State>);

#[derive(Debug)]
struct State {
    stop: watch::Sender<bool>,
    is_draining: AtomicBool,
}

impl Shutdown {
    /// Returns a handle that has not been triggered.
    pub fn new() -> Self {
        Self(Arc::new(State { stop: watch::Sender::new(false), is_draining: AtomicBool::new(false) }))
    }

    /// Announces the shutdown: the server still answers everything, and says in each answer of HTTP/1 that the connection
    /// ends with it (`Connection: close`). `/healthz` says 503, so that load balancers send no more.
    pub fn start_drain(&self) {
        self.0.is_draining.store(true, Ordering::Relaxed);
    }

    /// Returns whether the shutdown was announced or triggered.
    pub fn is_draining(&self) -> bool {
        self.0.is_draining.load(Ordering::Relaxed)
    }

    /// Starts the shutdown: the server accepts no new connection, closes idle ones and finishes running requests.
    /// Returns at once; [`Workers::wait`](crate::Workers::wait) returns when it is done.
    pub fn trigger(&self) {
        self.start_drain();
        self.0.stop.send_replace(true);
    }

    /// Returns whether the shutdown was triggered.
    pub fn is_triggered(&self) -> bool {
        *self.0.stop.borrow()
    }

    /// Waits for the end to be asked for.
    pub(crate) fn listener(&self) -> watch::Receiver<bool> {
        self.0.stop.subscribe()
    }
}

/// Stops long work when it is triggered.
impl Monitor for Shutdown {
    fn progress(&self, _: Progress) -> ControlFlow<()> {
        if self.is_triggered() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}
