//! How a running server is told to stop.

#![forbid(unsafe_code)]

use std::sync::Arc;

use tokio::sync::watch;

/// Tells a server to stop, from any thread. Clones tell the same server.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Shutdown {
    /// A handle that has not been used.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Asks for the end: no new connection is accepted, idle ones are closed, requests that run are finished.
    /// Returns at once; [`Server::run`](crate::Server::run) returns when it is done.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Whether the end was asked for.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the end to be asked for.
    pub(crate) fn listener(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}
