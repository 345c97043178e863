//! What the radar answers: its state with since-when and why, the advice on an attempt, and the attacks it has seen.

#![forbid(unsafe_code)]

use crate::attempt::{Attempt, Exposure, Time};

/// How things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nothing points to an attack.
    #[default]
    Quiet,
    /// Something points to an attack, with a higher rate of false alarms than stated for attacks.
    Suspected,
    /// An attack runs.
    Attack,
}

impl State {
    /// Its name in text: `quiet`, `suspected` or `attack`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Suspected => "suspected",
            Self::Attack => "attack",
        }
    }
}

/// What to do with an attempt. The caller does it; the radar only advises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Advice {
    /// Handle it as usual.
    #[default]
    Allow,
    /// Answer late.
    Delay,
    /// Ask for more than the password.
    Challenge,
    /// Refuse it. Advised only if the options say so, and only for a source that the alarm was raised for.
    Deny,
}

impl Advice {
    /// Every advice, the mildest first.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Delay, Self::Challenge, Self::Deny];

    /// Its name in text: `allow`, `delay`, `challenge` or `deny`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Delay => "delay",
            Self::Challenge => "challenge",
            Self::Deny => "deny",
        }
    }

    /// The advice of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|advice| advice.name() == name)
    }
}

/// Why the state is not quiet.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// Over the whole site, more failed attempts have exposed passwords than usual at this hour.
    SiteExposed {
        /// The usual share, from 0 to 1.
        usual: f64,
        /// The part of the failed attempts that the attack makes up, from 0 to 1: the nearest that is tested for.
        attack: f64,
    },
    /// Over the whole site, exposed passwords and unknown accounts together are more than usual at this hour.
    SiteUnknownAccounts {
        /// The usual share of unknown accounts, from 0 to 1.
        usual: f64,
        /// The part of the failed attempts that the attack makes up, from 0 to 1: the nearest that is tested for.
        attack: f64,
    },
    /// Single sources, or networks of them, behave as attackers do.
    Sources {
        /// How many since the state began.
        count: u32,
    },
}

impl Reason {
    /// Its name in text: `site_exposed`, `site_unknown_accounts` or `sources`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SiteExposed { .. } => "site_exposed",
            Self::SiteUnknownAccounts { .. } => "site_unknown_accounts",
            Self::Sources { .. } => "sources",
        }
    }
}

/// The state, since when, and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// When what it is about began, as far as the tests can tell: before the alarm. None while quiet.
    pub since: Option<Time>,
    /// When the alarm was raised, in an attack.
    pub raised: Option<Time>,
    /// Why; empty while quiet.
    pub reasons: Vec<Reason>,
}

/// What the radar says about one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What to do with the attempt.
    pub advice: Advice,
    /// The state of the radar after it.
    pub state: State,
    /// The state of the attempt's source, or of its network if that is worse.
    pub source: State,
    /// Its source is suspected, by itself or because it came with an attack that runs over the site.
    pub is_suspect: bool,
    /// It succeeded, an attack runs, and its source is suspected: the account may have been taken over.
    pub is_suspect_log_in: bool,
}

/// What is remembered about a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceStatus {
    /// Its state.
    pub state: State,
    /// When the evidence began.
    pub since: Time,
    /// Attempts, as far as they are remembered.
    pub attempts: u32,
    /// Of these, successful ones.
    pub successes: u32,
    /// About how many accounts it failed to log in to.
    pub accounts: u32,
}

/// A log-in that succeeded during an attack from a source that is suspected, as it happens. The radar does not keep it.
#[derive(Clone, Copy, Debug)]
pub struct SuspectLogIn<'a> {
    /// The attempt.
    pub attempt: &'a Attempt<'a>,
    /// The state of its source, or of its network if that is worse.
    pub source: State,
}

impl SuspectLogIn<'_> {
    /// Whether the password that was used is exposed.
    #[must_use]
    pub fn has_exposed_password(&self) -> bool {
        self.attempt.exposure == Exposure::Exposed
    }
}

/// An attack that the radar has seen: times and counts only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Episode {
    /// When it began, as far as the tests can tell.
    pub since: Time,
    /// When the alarm was raised.
    pub raised: Time,
    /// When it ended; none while it runs.
    pub until: Option<Time>,
    /// Failed attempts from suspected sources since the alarm.
    pub failures: u64,
    /// Successful attempts from suspected sources since the alarm.
    pub successes: u64,
    /// Sources and networks that an alarm was raised for.
    pub sources: u32,
    /// Whether the test over the whole site raised an alarm.
    pub is_site_wide: bool,
}
