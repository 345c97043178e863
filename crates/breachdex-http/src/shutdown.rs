//! Stops a running server.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;
use std::sync::Arc;

use breachdex::{Monitor, Progress};
use tokio::sync::watch;

/// Stops a server from any thread. Clones stop the same server.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Shutdown {
    /// Returns a handle that has not been triggered.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Starts the shutdown: the server accepts no new connection, closes idle ones and finishes running requests.
    /// Returns at once; [`Workers::wait`](crate::Workers::wait) returns when it is done.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Returns whether the shutdown was triggered.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the end to be asked for.
    pub(crate) fn listener(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
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
