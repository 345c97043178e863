//! How long work reports its progress and is told to stop.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

/// What long work is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Reading input; `done` and `total` are bytes.
    Reading,
    /// Sorting what was spilled; `done` and `total` are entries.
    Sorting,
    /// Choosing the commonest entries; `done` and `total` are entries.
    Selecting,
    /// Writing the index; `done` and `total` are entries.
    Writing,
    /// Waiting for the disk.
    Syncing,
    /// Checking an index, or what an interrupted job left; `done` and `total` are bytes.
    Verifying,
    /// Fetching ranges; `done` and `total` are ranges.
    Downloading,
    /// Writing ranges as files; `done` and `total` are ranges.
    WritingRanges,
}

impl Phase {
    /// What it is doing, as one word for progress lines and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Sorting => "sorting",
            Self::Selecting => "selecting",
            Self::Writing => "writing",
            Self::Syncing => "syncing",
            Self::Verifying => "verifying",
            Self::Downloading => "fetching",
            Self::WritingRanges => "writing ranges",
        }
    }
}

/// How far long work has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// How much is done, in the phase's unit.
    pub done: u64,
    /// How much there is, where that is known.
    pub total: Option<u64>,
}

/// Hears of progress and may stop the work.
pub trait Monitor: Sync {
    /// Called several times a second, from any thread. `Break` stops the work with
    /// [`Error::Cancelled`](crate::Error::Cancelled) and leaves no files behind.
    fn progress(&self, progress: Progress) -> ControlFlow<()>;
}

/// Hears nothing and never stops.
impl Monitor for () {
    fn progress(&self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
