//! How long a body may stand still.

#![forbid(unsafe_code)]

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// A clock that runs while no byte comes. It costs nothing where one always does.
pub(super) struct Patience {
    limit: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    is_running: bool,
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, sleep: None, is_running: false }
    }

    /// A byte came.
    pub(super) fn stop(&mut self) {
        self.is_running = false;
    }

    /// No byte came: ready when that is too long.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.is_running {
            self.is_running = true;
            sleep.as_mut().reset(Instant::now() + limit);
        }
        sleep.as_mut().poll(context)
    }
}
