//! Replays the log-in attempts of a CSV file: which attacks would have been seen when, and what they did.
//!
//! The file is read three times. The first time the radar is told everything and says which sources are suspected; the second
//! time these are judged by all that they did in attacks (`suspects`); the third time what those that are left did from the
//! beginning of an attack on is counted, before the alarm, too.

#![forbid(unsafe_code)]

mod attempts;
mod error;
mod suspects;
mod timeline;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::answer::{Episode, Reason, State};
use crate::attempt::{AccountStatus, Attempt, Exposure, Time};
use crate::options::RadarOptions;
use crate::radar::Radar;
use crate::source::Group;

use suspects::Suspects;

pub use error::{LineError, ReplayError};
pub use timeline::{Slot, Timeline};

/// How to replay.
#[derive(Clone, Debug, Default)]
pub struct ReplayOptions {
    /// The radar's options.
    pub radar: RadarOptions,
    /// Name accounts and sources as the file does, not by pseudonyms.
    pub users: bool,
    /// List at most so many taken accounts.
    pub list: usize,
}

/// What a file of attempts tells.
#[derive(Clone, Debug, Default)]
pub struct Incident {
    /// The file.
    pub path: PathBuf,
    /// The first and the last attempt; none if there is none.
    pub period: Option<(Time, Time)>,
    /// All attempts.
    pub all: Counts,
    /// The attacks, the oldest first.
    pub attacks: Vec<Attack>,
    /// What suspected sources did during attacks.
    pub suspected: Counts,
    /// How many sources those are.
    pub sources: u64,
    /// Accounts that they tried to log in to.
    pub accounts_tried: u64,
    /// Accounts that they logged in to.
    pub accounts_taken: u64,
    /// The log-ins from them, the first of each account, as many as were asked for.
    pub taken: Vec<TakenAccount>,
    /// Attempts over time.
    pub timeline: Timeline,
    /// Whether accounts and sources have the names that the file gives them.
    pub has_users: bool,
}

/// Numbers of attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts that failed.
    pub failures: u64,
    /// Attempts that succeeded.
    pub successes: u64,
    /// Failed attempts with a password of which it is known whether it is exposed.
    pub rated: u64,
    /// Of these, with an exposed one.
    pub exposed: u64,
    /// Failed attempts of which it is known whether the account exists.
    pub stated: u64,
    /// Of these, with an account that does not.
    pub unknown_accounts: u64,
}

impl Counts {
    fn add(&mut self, attempt: &Attempt<'_>) {
        if !attempt.has_failed() {
            self.successes += 1;
            return;
        }
        self.failures += 1;
        self.rated += u64::from(attempt.exposure != Exposure::Unknown);
        self.exposed += u64::from(attempt.exposure == Exposure::Exposed);
        self.stated += u64::from(attempt.status != AccountStatus::Unsaid);
        self.unknown_accounts += u64::from(attempt.status == AccountStatus::Unknown);
    }

    /// Attempts, failed and successful.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.failures + self.successes
    }
}

/// An attack, and why the alarm was raised.
#[derive(Clone, Debug, PartialEq)]
pub struct Attack {
    /// When it was and what was counted while it was watched.
    pub episode: Episode,
    /// Why, as of the alarm.
    pub reasons: Vec<Reason>,
}

impl Attack {
    fn covers(&self, time: Time) -> bool {
        self.episode.since <= time && self.episode.until.is_none_or(|until| time <= until)
    }
}

/// A log-in that may have been the attacker's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenAccount {
    /// When.
    pub time: Time,
    /// The account's name or pseudonym.
    pub account: String,
    /// The source; none unless names were asked for.
    pub source: Option<String>,
    /// Whether the password that was used is exposed.
    pub has_exposed_password: bool,
}

/// Replays a file.
///
/// Its columns are `time` (RFC 3339, or seconds since 1970), `source`, `account` and `outcome` (`failed`, `succeeded`), and
/// if there are any `known` (does the site have the account: `yes`, `no` or empty) and `exposed` (is the password).
///
/// # Errors
/// [`ReplayError`]; the first line that is wrong ends it.
pub fn replay(path: &Path, options: &ReplayOptions) -> Result<Incident, ReplayError> {
    let mut radar = Radar::new(options.radar.clone())?;
    let mut incident = Incident { path: path.to_owned(), has_users: options.users, ..Incident::default() };
    let (mut suspects, mut timeline) = (Suspects::default(), timeline::Builder::default());
    let mut reasons = Vec::new();
    let mut was = State::Quiet;
    let attempts = attempts::read(path, |attempt| {
        let observation = radar.observe(attempt);
        let is_over = observation.state == State::Attack && was == State::Attack;
        if observation.state == State::Attack && !is_over {
            reasons.push((radar.status().raised, radar.status().reasons));
        }
        was = observation.state;
        if observation.is_suspect && observation.state == State::Attack {
            suspects.insert(source(&radar, attempt), observation.source);
        }
        let time = attempt.time;
        let (first, last) = incident.period.unwrap_or((time, time));
        incident.period = Some((first.min(time), last.max(time)));
        incident.all.add(attempt);
        timeline.add(attempt);
    })?;
    incident.attacks = attacks(&radar, reasons);
    let attacks = incident.attacks.clone();
    let is_during = |attempt: &Attempt<'_>| attacks.iter().any(|attack| attack.covers(attempt.time));
    let second = attempts::read(path, |attempt| {
        if is_during(attempt) {
            suspects.note(source(&radar, attempt), radar.keys.account(attempt.account), attempt);
        }
    })?;
    let mut counted = Counted::new(&radar, &suspects, options);
    let third = attempts::read(path, |attempt| {
        if is_during(attempt) && source(&radar, attempt).is_some_and(|source| suspects.is_one(source)) {
            incident.suspected.add(attempt);
            timeline.add_suspect(attempt);
            counted.add(attempt);
        }
    })?;
    if (second, third) != (attempts, attempts) {
        return Err(ReplayError::Changed { path: path.to_owned() });
    }
    incident.sources = counted.sources.len() as u64;
    incident.accounts_tried = counted.tried.len() as u64;
    incident.accounts_taken = counted.taken.len() as u64;
    incident.taken = counted.list;
    incident.timeline = timeline.finish();
    Ok(incident)
}

fn source(radar: &Radar, attempt: &Attempt<'_>) -> Option<u64> {
    radar.keys.source(Group::of(attempt.source)).0
}

/// The radar's attacks with the reasons of their alarms.
fn attacks(radar: &Radar, reasons: Vec<(Option<Time>, Vec<Reason>)>) -> Vec<Attack> {
    let reasons_of = |episode: &Episode| {
        let found = reasons.iter().find(|(raised, _)| *raised == Some(episode.raised));
        found.map(|(_, reasons)| reasons.clone()).unwrap_or_default()
    };
    let episodes = radar.episodes();
    episodes.into_iter().map(|episode| Attack { reasons: reasons_of(&episode), episode }).collect()
}

/// What suspected sources did, counted in the third reading.
struct Counted<'a> {
    radar: &'a Radar,
    suspects: &'a Suspects,
    options: &'a ReplayOptions,
    sources: HashSet<u64>,
    tried: HashSet<u64>,
    taken: HashSet<u64>,
    list: Vec<TakenAccount>,
}

impl<'a> Counted<'a> {
    fn new(radar: &'a Radar, suspects: &'a Suspects, options: &'a ReplayOptions) -> Self {
        let (sources, tried, taken) = (HashSet::new(), HashSet::new(), HashSet::new());
        Self { radar, suspects, options, sources, tried, taken, list: Vec::new() }
    }

    fn add(&mut self, attempt: &Attempt<'_>) {
        let source = source(self.radar, attempt);
        self.sources.extend(source);
        let Some(account) = self.radar.keys.account(attempt.account) else { return };
        self.tried.insert(account);
        let is_own = source.is_some_and(|source| self.suspects.has_only_tried(source, account));
        if attempt.has_failed()
            || is_own
            || !self.taken.insert(account)
            || self.list.len() >= self.options.list
        {
            return;
        }
        // The key of the run's hashes is gone afterwards: pseudonyms of two reports cannot be joined.
        let pseudonym = || format!("{:012x}", account >> 16);
        self.list.push(TakenAccount {
            time: attempt.time,
            account: if self.options.users { attempt.account.to_owned() } else { pseudonym() },
            source: self.options.users.then(|| attempt.source.to_owned()),
            has_exposed_password: attempt.exposure == Exposure::Exposed,
        });
    }
}
