//! The radar of all workers, behind one lock: an attempt takes less than a microsecond.

#![forbid(unsafe_code)]

mod saving;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use breachdex_radar::{
    Advice, Attempt, ChangeLog, Episode, Observation, Radar, RadarError, RadarOptions, State, Status, Time,
};
use zeroize::Zeroizing;

pub(crate) use saving::Saver;

/// What is told about an attempt.
pub(crate) struct Seen {
    pub(crate) observation: Observation,
    pub(crate) status: Status,
}

/// What is told about the radar.
pub(crate) struct Overview {
    pub(crate) status: Status,
    pub(crate) episodes: Vec<Episode>,
    /// Attacks that began since the start.
    pub(crate) begun: u64,
    pub(crate) memory: usize,
}

/// The radar of all workers.
pub(crate) struct SharedRadar(Mutex<Core>);

struct Core {
    radar: Radar,
    /// The state that was last seen.
    seen: State,
    changes: ChangeLog,
    /// Attacks that began since the start.
    begun: u64,
}

impl SharedRadar {
    /// The radar whose state is in a file, or one that knows nothing if there is no such file.
    pub(crate) fn open(options: RadarOptions, path: Option<&Path>) -> Result<Self, RadarError> {
        let radar = match path {
            Some(path) if path.try_exists().unwrap_or(true) => Radar::open(options, path)?,
            _ => Radar::new(options)?,
        };
        let seen = radar.status().state;
        Ok(Self(Mutex::new(Core { radar, seen, changes: ChangeLog::default(), begun: 0 })))
    }

    pub(crate) fn observe(&self, attempt: &Attempt<'_>) -> Seen {
        let mut core = self.lock();
        let observation = core.radar.observe(attempt);
        core.note_change(observation.state);
        let is_quiet = observation.state == State::Quiet;
        let status = if is_quiet { Status::default() } else { core.radar.status() };
        Seen { observation, status }
    }

    /// What to do about an attempt of a source before its password is looked at, and the radar's state.
    pub(crate) fn advise(&self, source: &str) -> (Advice, State) {
        let mut core = self.lock();
        core.advance();
        (core.radar.advise(source), core.seen)
    }

    /// How things stand now.
    pub(crate) fn overview(&self) -> Overview {
        let mut core = self.lock();
        core.advance();
        let status = core.radar.status();
        let (episodes, memory) = (core.radar.episodes(), core.radar.memory());
        Overview { status, episodes, begun: core.begun, memory }
    }

    /// The state as it is saved. Attempts wait meanwhile, some milliseconds.
    fn saved(&self) -> Zeroizing<Vec<u8>> {
        let mut core = self.lock();
        core.advance();
        core.radar.save()
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // The radar's numbers are kept within their ranges one by one, so a panic in between spoils none.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time now, as the radar has it.
pub(crate) fn now() -> Time {
    Time::from(SystemTime::now())
}

impl Core {
    /// Lets alarms end without an attempt.
    fn advance(&mut self) {
        self.radar.advance(now());
        let state = self.radar.status().state;
        self.note_change(state);
    }

    fn note_change(&mut self, state: State) {
        if state == self.seen {
            return;
        }
        let before = std::mem::replace(&mut self.seen, state);
        self.begun += u64::from(state == State::Attack);
        if let Some(suppressed) = self.changes.allow(state) {
            let (state, before) = (state.name(), before.name());
            tracing::warn!(suppressed, "the radar's state is {state} now, before it was {before}");
        }
    }
}
