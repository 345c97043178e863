//! What the radar says when it is asked: its state and why, a source, past attacks, what is usual, its memory.

#![forbid(unsafe_code)]

use std::fmt;

use super::{EPISODES, Radar};
use crate::answer::{Episode, Reason, SourceStatus, State, Status};
use crate::attempt::Time;
use crate::entry::Entry;
use crate::site::Site;
use crate::source::Group;

impl Radar {
    /// The state, since when and why, as of the newest time that the radar was told.
    #[must_use]
    pub fn status(&self) -> Status {
        let state = self.state();
        let mut reasons = Vec::new();
        let near = self.site.near().filter(|_| state == State::Suspected);
        let lane = self.attack.map_or(near, |running| running.lane);
        if let Some(lane) = lane {
            let attack = Site::part(lane);
            reasons.push(match Site::uses_accounts(lane) {
                false => Reason::SiteExposed { usual: self.site.at_rest.exposed, attack },
                true => Reason::SiteUnknownAccounts { usual: self.site.at_rest.unknown, attack },
            });
        }
        let of_sources = match self.attack {
            Some(running) => running.episode.sources,
            None => self.suspicion.map_or(0, |suspicion| suspicion.count),
        };
        if of_sources > 0 {
            reasons.push(Reason::Sources { count: of_sources });
        }
        let since = match (self.attack, state) {
            (Some(running), _) => Some(running.episode.since),
            (None, State::Quiet) => None,
            (None, _) => {
                let site = near.map(|lane| self.site.zero[lane]);
                let sources = self.suspicion.map(|suspicion| suspicion.since);
                [site, sources].into_iter().flatten().min().map(Time)
            }
        };
        Status { state, since, raised: self.attack.map(|running| running.episode.raised), reasons }
    }

    /// What is remembered about a source, if anything.
    #[must_use]
    pub fn source(&self, source: &str) -> Option<SourceStatus> {
        let entry = self.table.get(self.keys.source(Group::of(source)).0?, self.now)?;
        Some(SourceStatus {
            state: entry.state(self.now, &self.test),
            since: Time(entry.rising),
            attempts: entry.attempts,
            successes: entry.successes,
            accounts: entry.distinct,
        })
    }

    /// The last attacks, the oldest first; the one that runs is the last.
    #[must_use]
    pub fn episodes(&self) -> Vec<Episode> {
        let running = self.attack.map(|running| running.episode);
        self.episodes.iter().copied().chain(running).collect()
    }

    /// The share of exposed passwords that is taken for usual now, from 0 to 1, and that of unknown accounts.
    #[must_use]
    pub fn usual_shares(&self) -> (f64, f64) {
        (self.site.at_rest.exposed, self.site.at_rest.unknown)
    }

    /// Bytes of memory that it takes, whatever it is told.
    #[must_use]
    pub fn memory(&self) -> usize {
        let hours = self.learning.exposed.hours.len() + self.learning.unknown.hours.len();
        size_of::<Self>()
            + self.table.places() * (size_of::<Entry>() + size_of::<u32>())
            + hours * size_of::<crate::baseline::Hour>()
            + EPISODES * size_of::<Episode>()
    }

    pub(super) fn state(&self) -> State {
        if self.attack.is_some() {
            return State::Attack;
        }
        let sources = if self.suspicion.is_some() { State::Suspected } else { State::Quiet };
        sources.max(self.site.state())
    }
}

impl fmt::Debug for Radar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Radar").field("status", &self.status()).finish_non_exhaustive()
    }
}
