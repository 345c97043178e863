//! Who looks at the file of an index that may be replaced: one thread of a process at a time.
//!
//! No lock, which a fork would leave held in the child: the looker is remembered by process id, and that of another process
//! does not count.

#![forbid(unsafe_code)]

use std::process;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The one place of the looker.
#[derive(Default)]
pub(super) struct Turn {
    /// Who looks: the process in the upper half, one of its threads in the lower one; or 0.
    looker: AtomicU64,
}

/// Who keeps one from looking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Busy {
    /// This very thread.
    Here,
    Elsewhere,
}

/// Ends the look when it is dropped.
pub(super) struct Looking<'a> {
    turn: &'a Turn,
}

impl Turn {
    /// Begins a look, unless a thread of this process looks already. A look that a fork left behind in its parent does not
    /// count.
    pub(super) fn begin(&self) -> Result<Looking<'_>, Busy> {
        let (me, other) = (this_thread(), self.looker.load(Ordering::Acquire));
        if other == me {
            return Err(Busy::Here);
        }
        if other >> 32 == me >> 32 {
            return Err(Busy::Elsewhere);
        }
        let claimed = self.looker.compare_exchange(other, me, Ordering::AcqRel, Ordering::Relaxed);
        claimed.map(|_| Looking { turn: self }).map_err(|_| Busy::Elsewhere)
    }

    /// The look that another thread handed over.
    pub(super) fn take_over(&self) -> Looking<'_> {
        Looking { turn: self }
    }
}

impl Looking<'_> {
    /// Leaves the end of the look to another thread, by [`Turn::take_over`].
    pub(super) fn hand_over(self) {
        self.turn.looker.store(of_process(), Ordering::Release);
        std::mem::forget(self);
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.turn.looker.store(0, Ordering::Release);
    }
}

fn this_thread() -> u64 {
    static THREADS: AtomicU32 = AtomicU32::new(1);
    thread_local!(static THREAD: u32 = THREADS.fetch_add(1, Ordering::Relaxed));
    of_process() | u64::from(THREAD.with(|thread| *thread))
}

fn of_process() -> u64 {
    u64::from(process::id()) << 32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::thread;

    use super::*;

    #[test]
    fn one_thread_looks_at_a_time() {
        let turn = Turn::default();
        let elsewhere = || thread::scope(|scope| scope.spawn(|| turn.begin().err()).join().unwrap());
        let looking = turn.begin().ok().unwrap();
        assert_eq!(turn.begin().err(), Some(Busy::Here));
        assert_eq!(elsewhere(), Some(Busy::Elsewhere));
        looking.hand_over();
        // It belongs to no thread until one takes it over.
        assert_eq!(turn.begin().err(), Some(Busy::Elsewhere));
        drop(turn.take_over());
        assert_eq!(elsewhere(), None);
    }

    #[test]
    fn a_look_of_another_process_does_not_count() {
        let turn = Turn { looker: AtomicU64::new((u64::from(process::id() ^ 1) << 32) | 7) };
        assert!(turn.begin().is_ok());
    }
}
