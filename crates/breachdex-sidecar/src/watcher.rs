//! Looks after index files and the policy on a thread of its own: a replaced index is verified completely before it answers.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use breachdex::{LiveIndex, Monitor, Reload as Replacement};
use breachdex_http::{Shutdown, Tls};

use crate::http::state::AppState;
use crate::policy_file::Followed;

/// What the watcher is told.
pub(crate) enum Command {
    /// Read everything again, and say when that is done.
    Reload(Sender<()>),
    End,
}

/// How to look at a file: with what was refused before, or without.
type Reload = fn(&LiveIndex, &dyn Monitor) -> breachdex::Result<bool>;

/// Looks after files.
pub(crate) struct Watcher {
    pub(crate) state: Arc<AppState>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) policy: Option<Followed>,
    pub(crate) every: Duration,
    pub(crate) shutdown: Shutdown,
}

impl Watcher {
    /// Looks until it is told to end.
    pub(crate) fn run(mut self, commands: &Receiver<Command>) {
        loop {
            match commands.recv_timeout(self.every) {
                Err(RecvTimeoutError::Timeout) => {
                    self.look(LiveIndex::reload_if_new);
                    self.look_at_policy();
                }
                Ok(Command::Reload(done)) => {
                    self.reload_secrets();
                    self.look(LiveIndex::reload_if_changed);
                    if let Some(policy) = &mut self.policy {
                        policy.forget_refused();
                    }
                    self.look_at_policy();
                    // Nobody may wait for it any more.
                    let _ = done.send(());
                }
                Ok(Command::End) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look(&self, reload: Reload) {
        self.state.judge.corpus().followed().for_each(|index| self.look_at(index, reload));
    }

    fn look_at(&self, index: &LiveIndex, reload: Reload) {
        let metrics = &self.state.metrics;
        // A fault of the open file is one for every question from now on, and said there.
        if matches!(reload(index, &self.shutdown), Ok(true)) {
            metrics.swaps.inc();
            if let Ok(open) = index.snapshot() {
                let metadata = open.metadata();
                let (entries, date) = (metadata.entries, dated(&metadata.corpus_date));
                tracing::info!("{} was replaced; now it has {entries} entries{date}", index.name());
            }
        }
        match index.unreported() {
            Some(reload @ Replacement::Older { .. }) => tracing::warn!("{reload}"),
            Some(reload) => {
                metrics.swaps_refused.inc();
                tracing::error!("{reload}");
            }
            None => {}
        }
    }

    fn look_at_policy(&mut self) {
        let Some(policy) = &mut self.policy else { return };
        let (judge, metrics) = (&self.state.judge, &self.state.metrics);
        match policy.changed(|rules| judge.replace(rules)) {
            None => {}
            Some(Ok(())) => {
                metrics.policy_swaps.inc();
                tracing::info!("{} was changed, and judges now", policy.path().display());
            }
            Some(Err(error)) => {
                metrics.policy_swaps_refused.inc();
                tracing::error!("a changed policy was refused, still using the previous one: {error}");
            }
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
