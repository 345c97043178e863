//! How far a long job is, on standard error: a bar on a terminal, lines elsewhere. Also the way Ctrl-C reaches the job.

#![forbid(unsafe_code)]

mod bar;
mod lines;

use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use breachdex::{Monitor, Progress};

use self::bar::Bar;
use self::lines::Lines;
use crate::failure::Failure;
use crate::flags::ProgressName;
use crate::signals;

/// Shows progress and passes on a request to stop.
pub(crate) struct Reporter {
    stop: &'static AtomicBool,
    shown: Shown,
}

enum Shown {
    Nothing,
    Bar(Bar),
    Lines(Lines),
}

impl Reporter {
    /// Takes over Ctrl-C; shows progress as it was asked for.
    pub(crate) fn start(mode: ProgressName) -> Result<Self, Failure> {
        Ok(Self { stop: signals::stop_flag()?, shown: Shown::new(mode) })
    }

    /// For a job that writes to standard output: Ctrl-C ends it as it ends any program, also while a reader keeps
    /// it waiting, and no bar runs through rows on a terminal.
    pub(crate) fn beside_output(mode: ProgressName) -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        let shown = match mode {
            ProgressName::Auto if io::stdout().is_terminal() => Shown::Nothing,
            mode => Shown::new(mode),
        };
        Self { stop: &NEVER, shown }
    }
}

impl Shown {
    fn new(mode: ProgressName) -> Self {
        match mode {
            ProgressName::Auto if io::stderr().is_terminal() => Self::Bar(Bar::new()),
            ProgressName::Auto | ProgressName::Plain => Self::Lines(Lines::plain()),
            ProgressName::Json => Self::Lines(Lines::json()),
            ProgressName::None => Self::Nothing,
        }
    }
}

impl Monitor for Reporter {
    fn progress(&self, progress: Progress) -> ControlFlow<()> {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.show(progress),
            Shown::Lines(lines) => lines.show(progress),
        }
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
