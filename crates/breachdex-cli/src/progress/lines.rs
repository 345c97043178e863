//! Progress as lines: text for logs, or JSON for programs.

#![forbid(unsafe_code)]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use breachdex::{Phase, Progress};
use serde::Serialize;

use crate::messages;

/// Between two lines of text. A job that ends before writes none.
const TEXT_EVERY: Duration = Duration::from_secs(30);
/// Between two JSON objects of one phase.
const JSON_EVERY: Duration = Duration::from_secs(1);

/// Writes lines now and then.
pub(super) struct Lines {
    is_json: bool,
    state: Mutex<State>,
}

struct State {
    started: Instant,
    /// When the last line was written.
    last: Instant,
    phase: Option<Phase>,
    /// When the phase began, and how much of it was done then: what an earlier run had done is no measure of the speed.
    phase_started: Instant,
    phase_done: u64,
}

impl Lines {
    pub(super) fn plain() -> Self {
        Self::new(false, Instant::now())
    }

    pub(super) fn json() -> Self {
        Self::new(true, Instant::now())
    }

    fn new(is_json: bool, now: Instant) -> Self {
        let state = State { started: now, last: now, phase: None, phase_started: now, phase_done: 0 };
        Self { is_json, state: Mutex::new(state) }
    }

    pub(super) fn show(&self, progress: Progress) {
        match self.line(progress, Instant::now()) {
            Some(line) if self.is_json => messages::json(&line),
            Some(line) => messages::progress(&line),
            None => {}
        }
    }

    /// The line that is due.
    fn line(&self, progress: Progress, now: Instant) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = state.phase != Some(progress.phase);
        if is_new {
            state.phase = Some(progress.phase);
            (state.phase_started, state.phase_done) = (now, progress.done);
        }
        let every = if self.is_json { JSON_EVERY } else { TEXT_EVERY };
        if now.duration_since(state.last) < every && !(is_new && self.is_json) {
            return None;
        }
        state.last = now;
        if self.is_json {
            let Progress { phase, done, total } = progress;
            let seconds = (now.duration_since(state.started).as_secs_f64() * 10.0).round() / 10.0;
            serde_json::to_string(&JsonLine { progress: phase.name(), done, total, seconds }).ok()
        } else {
            Some(state.text(progress, now))
        }
    }
}

impl State {
    fn text(&self, progress: Progress, now: Instant) -> String {
        let Progress { phase, done, total } = progress;
        let Some(total) = total else { return format!("{} {done}", phase.name()) };
        let percent = u128::from(done) * 100 / u128::from(total.max(1));
        let seconds = now.duration_since(self.phase_started).as_secs_f64();
        let speed = done.saturating_sub(self.phase_done) as f64 / seconds;
        let left = total.saturating_sub(done) as f64 / speed;
        let left = if left.is_finite() { format!(", {} left", span(left)) } else { String::new() };
        format!("{} {done} of {total} ({percent} %){left}", phase.name())
    }
}

/// A time in the unit that says enough.
fn span(seconds: f64) -> String {
    let (number, unit) = match seconds {
        ..90.0 => (seconds, "second"),
        ..5400.0 => (seconds / 60.0, "minute"),
        _ => (seconds / 3600.0, "hour"),
    };
    let number = number.ceil();
    format!("{number} {unit}{}", if number == 1.0 { "" } else { "s" })
}

#[derive(Serialize)]
struct JsonLine {
    progress: &'static str,
    done: u64,
    total: Option<u64>,
    seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(phase: Phase, done: u64) -> Progress {
        Progress { phase, done, total: Some(1_048_576) }
    }

    #[test]
    fn text_comes_every_half_minute_and_never_before() {
        let start = Instant::now();
        let lines = Lines::new(false, start);
        let after = |seconds, phase, done| lines.line(at(phase, done), start + Duration::from_secs(seconds));
        assert_eq!(after(0, Phase::Downloading, 1000), None);
        assert_eq!(after(29, Phase::Downloading, 2000), None);
        assert_eq!(
            after(30, Phase::Downloading, 31_000).as_deref(),
            Some("fetching 31000 of 1048576 (2 %), 17 minutes left")
        );
        assert_eq!(after(31, Phase::Syncing, 0), None);
        assert_eq!(after(60, Phase::Syncing, 0).as_deref(), Some("syncing 0 of 1048576 (0 %)"));
    }

    #[test]
    fn json_comes_at_the_start_of_each_phase_and_every_second() {
        let start = Instant::now();
        let lines = Lines::new(true, start);
        let after = |tenths: u64, phase, done| {
            lines.line(at(phase, done), start + Duration::from_millis(tenths * 100))
        };
        assert_eq!(
            after(0, Phase::Downloading, 1).as_deref(),
            Some(r#"{"progress":"fetching","done":1,"total":1048576,"seconds":0.0}"#)
        );
        assert_eq!(after(9, Phase::Downloading, 2), None);
        assert_eq!(
            after(10, Phase::Downloading, 3).as_deref(),
            Some(r#"{"progress":"fetching","done":3,"total":1048576,"seconds":1.0}"#)
        );
        assert_eq!(
            after(11, Phase::Writing, 0).as_deref(),
            Some(r#"{"progress":"writing","done":0,"total":1048576,"seconds":1.1}"#)
        );
    }

    #[test]
    fn times_are_rounded_up() {
        for (seconds, expected) in [
            (0.5, "1 second"),
            (89.0, "89 seconds"),
            (90.0, "2 minutes"),
            (3600.0, "60 minutes"),
            (7200.0, "2 hours"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }
}
