//! Work on numbered pieces on several threads, whose results come back to the calling thread in order.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many threads `threads` means: 0 is one for each processor that this process may use.
pub(crate) fn thread_count(threads: usize) -> usize {
    match threads {
        0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        threads => threads,
    }
}

struct Queue<T> {
    /// The next piece that no thread has begun.
    next: usize,
    /// Pieces whose results were taken.
    taken: usize,
    results: BTreeMap<usize, T>,
    /// Threads that still work.
    working: usize,
    stopped: bool,
}

struct Shared<T> {
    queue: Mutex<Queue<T>>,
    /// A result is there, or a thread ended.
    ready: Condvar,
    /// A result was taken, or the work was stopped.
    room: Condvar,
    pieces: usize,
    /// How many pieces may be begun before the result of an earlier one is taken.
    slack: usize,
}

/// Ends a thread's work, or all of it when it panics or the caller leaves early.
struct Leave<'a, T> {
    shared: &'a Shared<T>,
    is_worker: bool,
}

impl<T> Drop for Leave<'_, T> {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.working -= usize::from(self.is_worker);
        queue.stopped |= !self.is_worker || std::thread::panicking();
        self.shared.ready.notify_all();
        self.shared.room.notify_all();
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> Option<usize> {
        let mut queue = self.lock();
        while !queue.stopped && queue.next < self.pieces && queue.next >= queue.taken + self.slack {
            queue = self.room.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let piece = queue.next;
        if queue.stopped || piece >= self.pieces {
            return None;
        }
        queue.next += 1;
        Some(piece)
    }

    fn put(&self, piece: usize, result: T) {
        self.lock().results.insert(piece, result);
        self.ready.notify_all();
    }

    /// `None` where no thread is left that could bring it.
    fn take(&self, piece: usize) -> Option<T> {
        let mut queue = self.lock();
        loop {
            if let Some(result) = queue.results.remove(&piece) {
                queue.taken = piece + 1;
                self.room.notify_all();
                return Some(result);
            }
            if queue.working == 0 {
                return None;
            }
            queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Works on pieces 0 to `pieces` on `threads` threads of its own, each with a `scratch`, and hands the results to
/// `accept` on the calling thread, in order; an error of `accept` ends the work. With one thread, or where the system
/// gives none, everything happens on the calling thread. At most two results for each thread wait at any time.
///
/// # Errors
/// The first that `accept` gives.
pub(crate) fn run<S, T: Send, E>(
    threads: usize,
    pieces: usize,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
    mut accept: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.min(pieces);
    if threads <= 1 {
        let mut scratch = scratch();
        return (0..pieces).try_for_each(|piece| accept(work(&mut scratch, piece)));
    }
    let queue = Queue { next: 0, taken: 0, results: BTreeMap::new(), working: 0, stopped: false };
    let shared = Shared {
        queue: Mutex::new(queue),
        ready: Condvar::new(),
        room: Condvar::new(),
        pieces,
        slack: 2 * threads,
    };
    let one_thread = || {
        let _leave = Leave { shared: &shared, is_worker: true };
        let mut scratch = scratch();
        while let Some(piece) = shared.begin() {
            let result = work(&mut scratch, piece);
            shared.put(piece, result);
        }
    };
    std::thread::scope(|scope| {
        let _leave = Leave { shared: &shared, is_worker: false };
        for _ in 0..threads {
            shared.lock().working += 1;
            if std::thread::Builder::new().spawn_scoped(scope, one_thread).is_err() {
                shared.lock().working -= 1;
            }
        }
        let mut own = None;
        for piece in 0..pieces {
            let result = match shared.take(piece) {
                Some(result) => result,
                // Only where no thread could be started, or one panicked: then the scope passes that on.
                None if shared.lock().stopped => return Ok(()),
                None => work(own.get_or_insert_with(&scratch), piece),
            };
            accept(result)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_and_few_wait() {
        for threads in [1, 2, 5] {
            let (begun, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let mut next = 0;
            let work = |_: &mut (), piece: usize| {
                let ahead = begun.fetch_add(1, Ordering::SeqCst) + 1 - taken.load(Ordering::SeqCst);
                assert!(ahead <= 2 * threads + 1, "{ahead} pieces ahead");
                piece * piece
            };
            let done: Result<(), ()> = run(
                threads,
                500,
                || (),
                work,
                |result| {
                    assert_eq!(result, next * next);
                    next += 1;
                    taken.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                },
            );
            assert_eq!((done, next), (Ok(()), 500));
        }
    }

    #[test]
    fn the_first_error_ends_the_work() {
        for threads in [1, 3] {
            let begun = AtomicUsize::new(0);
            let work = |_: &mut (), piece: usize| {
                begun.fetch_add(1, Ordering::SeqCst);
                if piece >= 20 { Err(piece) } else { Ok(()) }
            };
            assert_eq!(run(threads, 10_000, || (), work, |result| result), Err(20));
            assert!(begun.load(Ordering::SeqCst) <= 20 + 2 * threads + 1);
        }
    }

    #[test]
    fn a_panic_of_a_thread_is_passed_on() {
        let run = || run(3, 100, || (), |_, piece| assert_ne!(piece, 50), Ok::<(), ()>);
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
