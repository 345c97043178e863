//! The radar: it is told attempts and keeps the state; `status` says it.

#![forbid(unsafe_code)]

mod status;

use std::collections::VecDeque;

use crate::answer::{Advice, Episode, Observation, State, SuspectLogIn};
use crate::attempt::{Attempt, Exposure, Time};
use crate::entry::{Entry, Noted, SourceTest, Weights};
use crate::error::Result;
use crate::keys::Keys;
use crate::learning::Learning;
use crate::options::RadarOptions;
use crate::site::Site;
use crate::source::Group;
use crate::table::{CLOCK_TOLERANCE, Table};

/// Finished attacks that are remembered.
pub(crate) const EPISODES: usize = 64;
/// During an attack over the whole site, a source that came with it is suspected from this sum on: one failed attempt with an
/// exposed password, and nothing that speaks against it.
const SUSPECT_IN_ATTACK: f32 = 1.0;
/// A source that was there before is suspected from this one on.
const KNOWN_SUSPECT_IN_ATTACK: f32 = 3.0;
/// What the password of a successful attempt adds to that.
const SUCCESS_EXPOSED: f32 = 0.8;
const SUCCESS_NOT_EXPOSED: f32 = -2.0;
/// Accounts up to which the attempts of one source count for its network: one source does not make a network suspected.
const ACCOUNTS_FOR_NETWORK: u32 = 4;

/// Sources that are suspected while no attack runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Suspicion {
    pub(crate) since: u32,
    pub(crate) last: u32,
    pub(crate) count: u32,
}

/// An attack that runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Running {
    pub(crate) episode: Episode,
    /// When the evidence was last near an alarm.
    pub(crate) evidence: u32,
    /// The lane of the site's alarm, if it was raised.
    pub(crate) lane: Option<usize>,
}

/// Who is told of suspect log-ins.
type Callback = Box<dyn FnMut(&SuspectLogIn<'_>) + Send>;

/// Watches log-in attempts and says when an attack runs.
///
/// It holds no password and no name. Its memory is bounded by [`RadarOptions::sources`]. An attempt takes less than a
/// microsecond, but for one in ten minutes, which learns. It is not shared: several threads or processes send their
/// attempts to one, behind a lock. Time is what attempts say: the same attempts give the same answers.
pub struct Radar {
    pub(crate) options: RadarOptions,
    pub(crate) keys: Keys,
    pub(crate) table: Table,
    pub(crate) learning: Learning,
    pub(crate) site: Site,
    weights: Weights,
    test: SourceTest,
    pub(crate) now: u32,
    pub(crate) attack: Option<Running>,
    pub(crate) suspicion: Option<Suspicion>,
    pub(crate) episodes: VecDeque<Episode>,
    /// The tests of the site and of networks rest until then.
    pub(crate) pause: u32,
    callback: Option<Callback>,
}

impl Radar {
    /// Makes a radar that knows nothing yet.
    ///
    /// # Errors
    /// [`RadarError::Option`](crate::RadarError::Option), [`RadarError::Random`](crate::RadarError::Random).
    pub fn new(options: RadarOptions) -> Result<Self> {
        options.validate()?;
        let keys = options.key.map_or_else(Keys::random, |key| Ok(Keys::new(key)))?;
        let learning = Learning::new(&options);
        let site = Site::new(options.site_false_alarm, learning.at_rest(0));
        let weights = learning.weights(0);
        let test = SourceTest::new(
            options.source_false_alarm,
            options.release_after,
            options.accounts_per_source,
            &weights,
        );
        Ok(Self {
            keys,
            table: Table::new(options.sources, options.forget_after),
            weights,
            learning,
            site,
            test,
            now: 0,
            attack: None,
            suspicion: None,
            episodes: VecDeque::new(),
            pause: 0,
            callback: None,
            options,
        })
    }

    /// Calls a function for each log-in that succeeds during an attack from a suspected source, while it is observed.
    pub fn on_suspect_log_in(&mut self, callback: impl FnMut(&SuspectLogIn<'_>) + Send + 'static) {
        self.callback = Some(Box::new(callback));
    }

    /// Tells the radar of an attempt.
    ///
    /// A time up to an hour older than the newest one counts as the newest; an older one means that the clock was set back.
    pub fn observe(&mut self, attempt: &Attempt<'_>) -> Observation {
        self.advance(attempt.time);
        let now = self.now;
        self.learning.count(attempt);
        let (own, network) = self.keys.source(Group::of(attempt.source));
        let account = self.keys.account(attempt.account);
        let mut is_new = attempt.has_failed();
        let (mut own_state, mut network_state) = (State::Quiet, State::Quiet);
        let (mut sum, mut first, mut counts_for_network) = (0.0_f32, now, true);
        let mut is_own_retry = false;
        if let Some(hash) = own {
            let entry = self.table.entry(hash, now);
            let noted = entry.note(attempt, account, now, &self.weights, &self.test);
            (sum, first) = (entry.sum(), entry.first);
            counts_for_network = entry.distinct <= ACCOUNTS_FOR_NETWORK;
            is_own_retry = account.is_some_and(|account| entry.has_only_tried(account));
            let entry = *entry;
            is_new = noted.is_new_account;
            own_state = noted.state;
            self.note_source(noted, &entry);
        }
        if let Some(hash) = network {
            let entry = self.table.entry(hash, now);
            if counts_for_network && now >= self.pause {
                let noted = entry.note(attempt, account, now, &self.weights, &self.test);
                let entry = *entry;
                network_state = noted.state;
                self.note_source(noted, &entry);
            } else {
                entry.seen = now;
                network_state = entry.state(now, &self.test);
            }
        }
        let source = own_state.max(network_state);
        if is_new && source != State::Attack {
            self.note_site(attempt);
        }
        // What a source tried says nothing about a log-in that was all it wanted.
        let evidence = if is_own_retry && !attempt.has_failed() { f32::MIN } else { sum };
        let is_suspect_log_in = self.note_episode(attempt, source, evidence, first);
        if is_suspect_log_in && let Some(callback) = &mut self.callback {
            callback(&SuspectLogIn { attempt, source });
        }
        let advice = self.advice(own_state, network_state, sum, first);
        let is_suspect = source != State::Quiet || self.is_suspect_of_site(sum, first);
        Observation { advice, state: self.state(), source, is_suspect, is_suspect_log_in }
    }

    /// Advises on an attempt before its password is looked at, from what is known about its source. It is not counted.
    #[must_use]
    pub fn advise(&self, source: &str) -> Advice {
        let (own, network) = self.keys.source(Group::of(source));
        let look = |hash: Option<u64>| hash.and_then(|hash| self.table.get(hash, self.now));
        let state =
            |entry: Option<&Entry>| entry.map_or(State::Quiet, |entry| entry.state(self.now, &self.test));
        let entry = look(own);
        let (sum, first) = entry.map_or((0.0, self.now), |entry| (entry.sum(), entry.first));
        self.advice(state(entry), state(look(network)), sum, first)
    }

    /// Moves the radar's time on without an attempt, so that alarms end.
    pub fn advance(&mut self, time: Time) {
        if self.now == 0 {
            self.site.reset(time.0);
        }
        if time.0 > self.now {
            self.now = time.0;
        } else if self.now - time.0 > CLOCK_TOLERANCE {
            self.turn_back(time.0);
        }
        if self.learning.go_to(self.now) {
            self.rest();
        }
        let release_after = self.options.release_after;
        if let Some(running) = self.attack.filter(|running| self.now - running.evidence >= release_after) {
            self.finish(running);
        }
        self.suspicion = self.suspicion.filter(|suspicion| self.now - suspicion.last < release_after);
    }

    /// Rests the tests of the site and of networks until a time, for a campaign of yours that makes many users try old
    /// passwords, such as a reset of all exposed ones. Sources are tested on, and nothing is learned.
    pub fn announce_campaign(&mut self, until: Time) {
        self.pause = until.0;
        self.site.reset(self.now);
        self.learning.discard();
    }

    /// Forgets what is usual and learns it anew, as after a change that lets other passwords fail.
    pub fn relearn(&mut self) {
        self.learning = Learning::new(&self.options);
        self.learning.go_to(self.now);
        self.rest();
    }

    /// Takes over a source's alarm or suspicion.
    fn note_source(&mut self, noted: Noted, entry: &Entry) {
        let now = self.now;
        if noted.raises {
            let running = self.running(entry.rising);
            running.episode.sources = running.episode.sources.saturating_add(1);
        } else if noted.state == State::Attack && entry.evidence == now {
            self.running(entry.rising);
        } else if noted.state == State::Suspected && noted.is_new_account {
            let suspicion =
                self.suspicion.get_or_insert(Suspicion { since: entry.rising, last: now, count: 0 });
            suspicion.last = now;
            suspicion.count = suspicion.count.max(1);
        }
    }

    /// The attack that runs, which this evidence keeps running or begins.
    fn running(&mut self, since: u32) -> &mut Running {
        let now = self.now;
        if self.attack.is_none() {
            // What was not learned yet may be part of it.
            self.learning.discard();
            self.suspicion = None;
        }
        let running = self.attack.get_or_insert(Running {
            episode: Episode { since: Time(since), raised: Time(now), ..Episode::default() },
            evidence: now,
            lane: None,
        });
        running.episode.since = running.episode.since.min(Time(since));
        running.evidence = now;
        running
    }

    /// Adds a failed attempt to the site's test and to what is learned.
    fn note_site(&mut self, attempt: &Attempt<'_>) {
        if self.now < self.pause {
            return;
        }
        let raised = self.site.note(attempt.exposure, attempt.status, self.now);
        if let Some(lane) = raised {
            let since = self.site.zero[lane];
            let running = self.running(since);
            running.episode.is_site_wide = true;
            running.lane.get_or_insert(lane);
        }
        let lane = self.attack.and_then(|running| running.lane);
        match (&mut self.attack, lane) {
            (Some(running), Some(lane)) => {
                if self.site.goes_on(lane) {
                    running.evidence = self.now;
                }
            }
            _ => self.learning.note(attempt.exposure, attempt.status),
        }
    }

    /// Whether the site's alarm makes a source with this sum, first seen then, a suspect.
    fn is_suspect_of_site(&self, sum: f32, first: u32) -> bool {
        let Some(running) = self.attack.filter(|running| running.lane.is_some()) else { return false };
        let came_with_it = first >= running.episode.since.0;
        sum >= if came_with_it { SUSPECT_IN_ATTACK } else { KNOWN_SUSPECT_IN_ATTACK }
    }

    /// Counts an attempt for the attack that runs. Returns whether it is a suspect log-in.
    fn note_episode(&mut self, attempt: &Attempt<'_>, source: State, sum: f32, first: u32) -> bool {
        let is_suspect = |sum: f32| source != State::Quiet || self.is_suspect_of_site(sum, first);
        let adds = match attempt.exposure {
            Exposure::Exposed => SUCCESS_EXPOSED,
            Exposure::NotExposed => SUCCESS_NOT_EXPOSED,
            Exposure::Unknown => 0.0,
        };
        let is_suspect = if attempt.has_failed() { is_suspect(sum) } else { is_suspect(sum + adds) };
        let Some(running) = self.attack.as_mut().filter(|_| is_suspect) else { return false };
        if attempt.has_failed() {
            running.episode.failures += 1;
            return false;
        }
        running.episode.successes += 1;
        true
    }

    fn advice(&self, own: State, network: State, sum: f32, first: u32) -> Advice {
        let RadarOptions { on_attack, on_suspicion, .. } = self.options;
        // Neighbours are not denied: they may be honest.
        let mild = on_attack.min(Advice::Challenge);
        let by_network = match network {
            State::Attack => mild,
            State::Suspected => on_suspicion,
            State::Quiet => Advice::Allow,
        };
        let by_source = match own {
            State::Attack => on_attack,
            State::Suspected => on_suspicion,
            State::Quiet => Advice::Allow,
        };
        let by_site = match self.attack {
            Some(running) if running.lane.is_some() => {
                if self.is_suspect_of_site(sum, first) {
                    mild
                } else if first >= running.episode.since.0 && sum >= 0.0 {
                    on_suspicion
                } else {
                    Advice::Allow
                }
            }
            _ => Advice::Allow,
        };
        by_source.max(by_network).max(by_site)
    }

    /// Sets what is usual now.
    pub(crate) fn rest(&mut self) {
        self.site.rest(self.learning.at_rest(self.now));
        self.weights = self.learning.weights(self.now);
        let RadarOptions { source_false_alarm, release_after, accounts_per_source, .. } = self.options;
        self.test = SourceTest::new(source_false_alarm, release_after, accounts_per_source, &self.weights);
        self.test.successes_told = self.learning.successes_told();
    }

    fn finish(&mut self, running: Running) {
        if self.episodes.len() == EPISODES {
            self.episodes.pop_front();
        }
        self.episodes.push_back(Episode { until: Some(Time(running.evidence)), ..running.episode });
        self.attack = None;
        self.site.reset(self.now);
    }

    /// Goes on from an earlier time. What was noted later was noted now; entries from the future are forgotten.
    fn turn_back(&mut self, now: u32) {
        self.now = now;
        for zero in &mut self.site.zero {
            *zero = (*zero).min(now);
        }
        if let Some(running) = &mut self.attack {
            running.evidence = running.evidence.min(now);
            running.episode.raised = running.episode.raised.min(Time(now));
            running.episode.since = running.episode.since.min(Time(now));
        }
        if let Some(suspicion) = &mut self.suspicion {
            suspicion.last = suspicion.last.min(now);
            suspicion.since = suspicion.since.min(now);
        }
    }
}
