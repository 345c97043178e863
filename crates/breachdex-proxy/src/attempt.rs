//! Tells the radar of log-ins, once the answer of the site says how they ended.

#![forbid(unsafe_code)]

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use breachdex::LogThrottle;
use breachdex_radar::{Advice, Attempt, ChangeLog, Exposure, Outcome, Radar, RadarError, State, Time};
use zeroize::Zeroizing;

use crate::failed_when::Search;
use crate::fields::Value;
use crate::metrics::RadarMetrics;

/// Bytes of a body in which a text is looked for.
pub(crate) const LOOKED_AT: usize = 64 << 10;

/// Bytes of an account's name that tell accounts apart.
const MOST_ACCOUNT: usize = 256;

/// The radar, and what is counted of it.
pub(crate) struct RadarFeed {
    radar: Mutex<Known>,
    state: Option<PathBuf>,
    metrics: RadarMetrics,
    suspect_log_ins: LogThrottle,
    changes: ChangeLog,
}

struct Known {
    radar: Radar,
    /// The state that was last seen.
    seen: State,
    episodes: usize,
}

impl RadarFeed {
    /// Opens the state that was saved, or begins anew where there is none.
    pub(crate) fn new(
        options: &crate::options::RadarFeedOptions,
        metrics: RadarMetrics,
    ) -> Result<Arc<Self>, RadarError> {
        let mut radar = options.radar.clone();
        if options.deny.is_some() {
            radar.on_attack = Advice::Deny;
        }
        let radar = match &options.state {
            Some(path) if path.exists() => Radar::open(radar, path)?,
            _ => Radar::new(radar)?,
        };
        let episodes = radar.episodes().len();
        Ok(Arc::new(Self {
            radar: Mutex::new(Known { radar, seen: State::Quiet, episodes }),
            state: options.state.clone(),
            metrics,
            suspect_log_ins: LogThrottle::new(Duration::from_secs(60)),
            changes: ChangeLog::default(),
        }))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.radar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to do about a source, before its attempt is looked at.
    pub(crate) fn advise(&self, source: &str) -> Advice {
        let advice = self.known().radar.advise(source);
        self.metrics.count_advice(advice);
        advice
    }

    /// Moves the radar's time on, so that alarms end.
    pub(crate) fn advance(&self) {
        let mut known = self.known();
        known.radar.advance(SystemTime::now().into());
        self.note(&mut known);
    }

    /// Saves what was learned, if that is wanted.
    pub(crate) fn save(&self) {
        let Some(path) = &self.state else { return };
        // It is some megabytes, and requests must not wait for the disk.
        let saved = self.known().radar.save();
        if let Err(error) = Radar::write(&saved, path) {
            tracing::error!("cannot save the state of the radar: {error}");
        }
    }

    fn observe(&self, attempt: &Observed, outcome: Outcome) {
        let told = Attempt {
            time: Time::from(SystemTime::now()),
            source: &attempt.source,
            account: &attempt.account,
            outcome,
            status: breachdex_radar::AccountStatus::Unsaid,
            exposure: attempt.exposure,
        };
        self.metrics.count_attempt(outcome);
        let mut known = self.known();
        let observation = known.radar.observe(&told);
        self.note(&mut known);
        drop(known);
        if observation.is_suspect_log_in {
            self.metrics.suspect_log_ins.inc();
            if let Some(suppressed) = self.suspect_log_ins.allow() {
                tracing::warn!(
                    suppressed,
                    "a log-in succeeded during an attack, from a source that is suspected of it"
                );
            }
        }
    }

    /// Logs and counts a change of the state.
    fn note(&self, known: &mut Known) {
        let status = known.radar.status();
        self.metrics.set_state(status.state);
        let episodes = known.radar.episodes().len();
        if episodes > known.episodes {
            self.metrics.episodes.inc_by((episodes - known.episodes) as u64);
        }
        known.episodes = episodes;
        if status.state == known.seen {
            return;
        }
        known.seen = status.state;
        let Some(suppressed) = self.changes.allow(status.state) else { return };
        let since = status.since.map_or(0, Time::unix);
        let why: Vec<&str> = status.reasons.iter().map(|reason| reason.name()).collect();
        match status.state {
            State::Attack => {
                tracing::warn!(
                    suppressed,
                    since,
                    reasons = why.join(","),
                    "the radar says that an attack runs"
                );
            }
            State::Suspected => {
                tracing::info!(suppressed, since, reasons = why.join(","), "the radar suspects an attack");
            }
            State::Quiet => tracing::info!(suppressed, "the radar is quiet again"),
        }
    }
}

impl std::fmt::Debug for RadarFeed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RadarFeed").finish_non_exhaustive()
    }
}

/// What is known about an attempt before the site answers.
struct Observed {
    source: String,
    account: Zeroizing<String>,
    exposure: Exposure,
}

/// A log-in whose end is not known yet. Dropped, it is not told; but where the answer began and its body was to tell the end, it
/// failed: a client that goes away after the head of an answer may have seen there what it wanted to know.
pub(crate) struct PendingAttempt {
    feed: Arc<RadarFeed>,
    /// `None` once it was told.
    observed: Option<Observed>,
    search: Option<Search>,
}

impl PendingAttempt {
    /// `users` are all user names of the request; none where there may be more of them.
    pub(crate) fn new(
        feed: &Arc<RadarFeed>,
        source: Option<IpAddr>,
        users: &[Value],
        exposure: Exposure,
    ) -> Self {
        let account = account_of(users);
        let source = source.map(source_name).unwrap_or_default();
        let observed = Some(Observed { source, account, exposure });
        Self { feed: Arc::clone(feed), observed, search: None }
    }

    /// How it ended is known.
    pub(crate) fn decide(mut self, outcome: Outcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: Outcome) {
        if let Some(observed) = self.observed.take() {
            self.feed.observe(&observed, outcome);
        }
    }

    /// The body of the answer tells how it ended.
    pub(crate) fn look_for(mut self, texts: Vec<String>) -> Self {
        self.search = Some(Search::new(texts, LOOKED_AT));
        self
    }

    /// Looks at a piece of the answer's body. Returns whether it is decided.
    pub(crate) fn look_at(&mut self, piece: &[u8]) -> bool {
        let Some(is_found) = self.search.as_mut().and_then(|search| search.feed(piece)) else { return false };
        self.tell(if is_found { Outcome::Failed } else { Outcome::Succeeded });
        true
    }

    /// The body ended without a text that says that it failed.
    pub(crate) fn body_ended(self) {
        self.decide(Outcome::Succeeded);
    }
}

impl Drop for PendingAttempt {
    fn drop(&mut self) {
        if self.search.is_some() {
            self.tell(Outcome::Failed);
        }
    }
}

/// How the radar knows an account: by all names that a request has for it. Sites differ in which one they take, and one name that is
/// always there must not hide the others. Empty is an account that was not seen before.
fn account_of(users: &[Value]) -> Zeroizing<String> {
    let mut account = Zeroizing::new(String::with_capacity(users.len() * (2 * MOST_ACCOUNT + 1)));
    for name in users.iter().filter_map(Value::text) {
        let name = name.trim();
        let end = (0..=name.len().min(MOST_ACCOUNT)).rev().find(|end| name.is_char_boundary(*end));
        // Written the same way each time, and once, however many rules have the field.
        let name = Zeroizing::new(name[..end.unwrap_or_default()].to_lowercase());
        if account.split('\n').any(|known| known == name.as_str()) {
            continue;
        }
        if !account.is_empty() {
            account.push('\n');
        }
        account.push_str(&name);
    }
    account
}

/// How the radar knows a source.
pub(crate) fn source_name(address: IpAddr) -> String {
    address.to_canonical().to_string()
}

/// How the site is told what the radar advises about a client.
pub(crate) fn state_of(advice: Advice) -> State {
    match advice {
        Advice::Allow => State::Quiet,
        Advice::Delay => State::Suspected,
        Advice::Challenge | Advice::Deny => State::Attack,
    }
}
