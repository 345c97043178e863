//! How far a long job is, on standard error where that is a terminal, and the way Ctrl-C reaches the job.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use breachdex::{Monitor, Phase, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;
use crate::signals;

const KNOWN_LENGTH: &str = "{msg:<9} {wide_bar} {percent:>3}% {eta}";
/// For bytes that are only read.
const KNOWN_BYTES: &str = "{msg:<9} {wide_bar} {percent:>3}% {binary_bytes_per_sec} {eta}";
/// For entries.
const KNOWN_ENTRIES: &str = "{msg:<9} {wide_bar} {percent:>3}% {per_sec} {eta}";
/// For what is counted, not measured.
const KNOWN_NUMBER: &str = "{msg:<9} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
const UNKNOWN_LENGTH: &str = "{msg:<9} {spinner} {human_pos} {elapsed}";

/// Shows progress and passes on a request to stop.
pub(crate) struct Reporter {
    stop: &'static AtomicBool,
    bar: Option<Bar>,
}

struct Bar {
    shown: ProgressBar,
    phase: Mutex<Option<Phase>>,
}

impl Reporter {
    /// Takes over Ctrl-C; shows a bar where standard error is a terminal.
    pub(crate) fn start() -> Result<Self, Failure> {
        Ok(Self { stop: signals::stop_flag()?, bar: Bar::on_terminal() })
    }

    /// For a job that writes to standard output: Ctrl-C ends it as it ends any program, also while a reader keeps
    /// it waiting, and no bar runs through rows on a terminal.
    pub(crate) fn beside_output() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        let bar = if io::stdout().is_terminal() { None } else { Bar::on_terminal() };
        Self { stop: &NEVER, bar }
    }
}

impl Monitor for Reporter {
    fn progress(&self, progress: Progress) -> ControlFlow<()> {
        if let Some(bar) = &self.bar {
            bar.show(progress);
        }
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Bar {
    fn on_terminal() -> Option<Self> {
        let bar = || Self { shown: ProgressBar::new_spinner(), phase: Mutex::new(None) };
        io::stderr().is_terminal().then(bar)
    }

    fn show(&self, progress: Progress) {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if *phase != Some(progress.phase) {
            *phase = Some(progress.phase);
            let template = match progress.total {
                Some(_) if progress.phase == Phase::Downloading => KNOWN_NUMBER,
                Some(_) if progress.phase == Phase::Verifying => KNOWN_BYTES,
                Some(_) if progress.phase == Phase::Writing => KNOWN_ENTRIES,
                Some(_) => KNOWN_LENGTH,
                None => UNKNOWN_LENGTH,
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.shown.set_style(style);
            }
            self.shown.reset();
            self.shown.set_message(progress.phase.name());
        }
        if let Some(total) = progress.total {
            self.shown.set_length(total);
        }
        self.shown.set_position(progress.done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.shown.finish_and_clear();
    }
}
