//! When a change of the radar's state may be logged: whoever keeps the evidence at a threshold changes it with every attempt.

#![forbid(unsafe_code)]

use std::time::Duration;

use breachdex::LogThrottle;

use crate::State;

/// Between two lines about the same state.
const INTERVAL: Duration = Duration::from_secs(60);

/// Allows a line a minute for each state, so that no coming and going of a suspicion keeps an attack out of the log.
///
/// ```
/// use breachdex_radar::{ChangeLog, State};
/// let changes = ChangeLog::default();
/// assert_eq!(changes.allow(State::Suspected), Some(0));
/// assert_eq!(changes.allow(State::Suspected), None);
/// assert_eq!(changes.allow(State::Attack), Some(0));
/// ```
#[derive(Debug)]
pub struct ChangeLog {
    quiet: LogThrottle,
    suspected: LogThrottle,
    attack: LogThrottle,
}

impl Default for ChangeLog {
    fn default() -> Self {
        let throttle = || LogThrottle::new(INTERVAL);
        Self { quiet: throttle(), suspected: throttle(), attack: throttle() }
    }
}

impl ChangeLog {
    /// The number of lines about this state that were left out since the last one, where one may be logged now; `None` leaves
    /// this one out.
    pub fn allow(&self, state: State) -> Option<u64> {
        match state {
            State::Quiet => self.quiet.allow(),
            State::Suspected => self.suspected.allow(),
            State::Attack => self.attack.allow(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspicion_that_comes_and_goes_is_two_lines_and_hides_no_attack() {
        let changes = ChangeLog::default();
        let flips = (0..1000).flat_map(|_| [State::Suspected, State::Quiet]);
        assert_eq!(flips.filter_map(|state| changes.allow(state)).collect::<Vec<_>>(), [0, 0]);
        assert_eq!(changes.allow(State::Attack), Some(0));
    }
}
