//! Looks after index files on a thread of its own: a replaced file is verified completely before it answers.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use breachdex::{LiveIndex, Monitor, Progress};
use breachdex_http::{Shutdown, Tls};

use crate::http::state::AppState;

/// What the watcher is told.
pub(crate) enum Command {
    /// Read everything again, and say when that is done.
    Reload(Sender<()>),
    End,
}

/// Looks after files.
pub(crate) struct Watcher {
    pub(crate) state: Arc<AppState>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) every: Duration,
    pub(crate) shutdown: Shutdown,
}

/// Stops verifying when the server ends.
struct UntilShutdown<'a>(&'a Shutdown);

impl Monitor for UntilShutdown<'_> {
    fn progress(&self, _: Progress) -> ControlFlow<()> {
        if self.0.is_triggered() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Watcher {
    /// Looks until it is told to end.
    pub(crate) fn run(self, commands: &Receiver<Command>) {
        loop {
            match commands.recv_timeout(self.every) {
                Err(RecvTimeoutError::Timeout) => self.look(),
                Ok(Command::Reload(done)) => {
                    self.reload_secrets();
                    self.look();
                    // Nobody may wait for it any more.
                    let _ = done.send(());
                }
                Ok(Command::End) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look(&self) {
        self.state.judge.corpus().followed().for_each(|index| self.look_at(index));
    }

    fn look_at(&self, index: &LiveIndex) {
        let metrics = &self.state.metrics;
        match index.reload_if_changed(&UntilShutdown(&self.shutdown)) {
            Ok(true) => {
                metrics.swaps.inc();
                if let Ok(open) = index.snapshot() {
                    tracing::info!(
                        "{} was replaced; now it has {} entries{}",
                        index.name(),
                        open.metadata().entries,
                        dated(&open.metadata().corpus_date)
                    );
                }
            }
            Ok(false) | Err(breachdex::Error::Cancelled) => {}
            // It is an error for every question from now on, and said there.
            Err(_) => {}
        }
        if let Some(error) = index.unreported_error() {
            metrics.swaps_refused.inc();
            tracing::error!("a replaced file was refused, still using the previous one: {error}");
        }
    }

    fn reload_secrets(&self) {
        if let Some(tls) = &self.tls
            && let Err(error) = tls.reload()
        {
            tracing::error!("still using the previous certificate: {error}");
        }
        if let Some(tokens) = &self.state.tokens
            && let Err(error) = tokens.reload()
        {
            tracing::error!("still using the previous tokens: {error}");
        }
    }
}

/// The corpus date as a log line has it.
pub(crate) fn dated(date: &str) -> String {
    if date.is_empty() { String::new() } else { format!(", corpus of {date}") }
}
