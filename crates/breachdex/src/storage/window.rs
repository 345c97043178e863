//! Reading a file from start to end beside others who live from the system's cache: read ahead, and let go of what
//! was passed, but for the pages that were cached before.
//!
//! All of it is advice, without which the same bytes are read, only slower or at the cost of the cache. `mincore` tells
//! the truth to the file's owner and to those who may write it; to others every page looks cached, and none is let go.

#![deny(unsafe_code)]

#[cfg_attr(all(target_os = "linux", feature = "system"), path = "window/linux.rs")]
#[cfg_attr(not(all(target_os = "linux", feature = "system")), path = "window/elsewhere.rs")]
mod advice;

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use memmap2::Mmap;

use super::Storage;

/// Bytes of a window.
pub(crate) const WINDOW: u64 = 4 << 20;
/// How many bytes are read ahead of the window that is used.
const AHEAD: u64 = 8 << 20;

/// Windows that are entered on the way to the next group at most: 64 MiB.
const MOST_PASSED: usize = 16;
/// Bytes of one part that are read ahead at most. No group of an index is as long, but what a file says of itself may be.
const MOST_AHEAD: u64 = 64 << 20;

/// Runs of pages that are remembered for letting go of them once more: 1 MiB of them.
const MOST_RUNS: usize = 1 << 16;

/// What is read from start to end.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    file: &'a File,
    /// The mapping through which it is read, if it is.
    map: Option<&'a Mmap>,
}

impl<'a> Source<'a> {
    /// A file that is read by positioned reads.
    pub(crate) fn file(file: &'a File) -> Self {
        Self { file, map: None }
    }
}

impl Storage {
    /// What reads ahead in these bytes; `None` for those in memory.
    pub(crate) fn source(&self) -> Option<Source<'_>> {
        match self {
            Self::Mapped(map, file) => Some(Source { file, map: Some(map) }),
            Self::File(file) => Some(Source::file(file.file())),
            Self::Copied(_) | Self::Memory(_) => None,
        }
    }
}

/// Windows on consecutive parts of a source. Several threads may be in different ones.
pub(crate) struct Windows<'a> {
    source: Option<Source<'a>>,
    /// Where each part starts, and where the last one ends.
    bounds: Vec<u64>,
    opened: Mutex<Opened>,
}

#[derive(Default)]
struct Opened {
    next: usize,
    ahead: BTreeMap<usize, Pages>,
    /// Runs of pages of all parts that were not cached before.
    absent: Vec<Range<u64>>,
}

impl Opened {
    /// Remembers the runs of a part, up to a number of them.
    fn remember(&mut self, runs: &[Range<u64>]) {
        for run in runs {
            let has_room = self.absent.len() < MOST_RUNS;
            match self.absent.last_mut() {
                Some(last) if last.end == run.start => last.end = run.end,
                _ if has_room => self.absent.push(run.clone()),
                _ => {}
            }
        }
    }
}

impl<'a> Windows<'a> {
    /// Windows on parts that start at all but the last of `bounds`, which ascend, and end at the next one. Nothing
    /// is read ahead, nor let go, without a source.
    pub(crate) fn new(source: Option<Source<'a>>, bounds: Vec<u64>) -> Self {
        Self { source, bounds, opened: Mutex::default() }
    }

    /// Enters a part: those behind it are read ahead, and its pages let go when the guard is dropped. `None` where
    /// there is nothing to do, and for a part that was entered before.
    pub(crate) fn enter(&self, part: usize) -> Option<Window<'a>> {
        let source = self.source?;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = self.bounds.len().saturating_sub(1);
        let end = self.bounds.get(part + 1).map_or(0, |end| end + AHEAD);
        // What was passed over is not read ahead.
        opened.next = opened.next.max(part);
        while opened.next < parts && self.bounds[opened.next] < end {
            let next = opened.next;
            let pages = Pages::open(source, self.bounds[next]..self.bounds[next + 1]);
            opened.remember(&pages.absent);
            opened.ahead.insert(next, pages);
            opened.next += 1;
        }
        opened.ahead.remove(&part).map(|pages| Window { source, pages })
    }
}

impl Drop for Windows<'_> {
    /// Lets go of what was read ahead for nothing, and once more of everything: what the system keeps as one piece is
    /// kept as long as another window uses a part of it.
    fn drop(&mut self) {
        let opened = self.opened.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = self.source {
            std::mem::take(&mut opened.ahead).into_values().for_each(|pages| pages.let_go(source));
            opened.absent.iter().for_each(|run| advice::forget(source.file, run));
        }
    }
}

/// Windows for one who goes through a part of a source alone.
pub(crate) struct Follower<'a> {
    windows: Windows<'a>,
    range: Range<u64>,
    /// Parts that were entered.
    entered: usize,
    current: Option<Window<'a>>,
}

impl<'a> Follower<'a> {
    /// Follows the reading of a range of the file. One shorter than a few windows is read as it comes.
    pub(crate) fn new(source: Option<Source<'a>>, range: Range<u64>) -> Self {
        let long = range.end.saturating_sub(range.start) >= AHEAD;
        let bounds = if long {
            range.clone().step_by(WINDOW as usize).chain([range.end]).collect()
        } else {
            Vec::new()
        };
        let windows = Windows::new(source.filter(|_| long), bounds);
        Self { windows, range, entered: 0, current: None }
    }

    /// Says that reading has come to an offset of the range.
    pub(crate) fn reach(&mut self, at: u64) {
        if self.windows.source.is_none() || !self.range.contains(&at) {
            return;
        }
        let part = ((at - self.range.start) / WINDOW) as usize;
        // Groups that are far apart lie around a hole, which is not worth reading ahead.
        self.entered = self.entered.max(part.saturating_sub(MOST_PASSED));
        while self.entered <= part {
            // Dropping what was entered before lets go of it.
            self.current = self.windows.enter(self.entered);
            self.entered += 1;
        }
    }
}

/// A part of a source, whose pages are let go when it is dropped.
pub(crate) struct Window<'a> {
    source: Source<'a>,
    pages: Pages,
}

impl<'a> Window<'a> {
    /// Reads a part of a source ahead that no [`Windows`] know of.
    pub(crate) fn open(source: Source<'a>, range: Range<u64>) -> Self {
        Self { source, pages: Pages::open(source, range) }
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        self.pages.let_go(self.source);
    }
}

/// The pages of a part that is read ahead.
struct Pages {
    range: Range<u64>,
    /// Runs of those that were not cached before.
    absent: Vec<Range<u64>>,
}

impl Pages {
    fn open(source: Source<'_>, range: Range<u64>) -> Self {
        // A page that two parts share belongs to the one behind.
        let page = advice::page_size();
        let end = range.end.min(range.start.saturating_add(MOST_AHEAD));
        let range = range.start / page * page..end / page * page;
        let absent = advice::absent(source.file, &range);
        advice::read_ahead(source.file, &range);
        Self { range, absent }
    }

    fn let_go(&self, source: Source<'_>) {
        if let Some(map) = source.map {
            advice::release(map, &self.range);
        }
        for run in &self.absent {
            advice::forget(source.file, run);
        }
    }
}

#[cfg(all(test, target_os = "linux", feature = "system"))]
#[path = "window_tests.rs"]
pub(crate) mod tests;
