//! Threads of a build, and the one that started it, which listens to the monitor while they work.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};
use crate::input::decompress::Feed;
use crate::monitor::{Monitor, Phase, Progress};

/// How often the monitor is asked.
const INTERVAL: Duration = Duration::from_millis(50);

/// The threads of one build, its progress, and whether it was told to stop.
pub(crate) struct Control<'a> {
    monitor: &'a dyn Monitor,
    pool: ThreadPool,
    threads: usize,
    cancelled: Arc<AtomicBool>,
    phase: Mutex<(Phase, Option<u64>)>,
    done: Arc<AtomicU64>,
}

/// How many of the threads started are still at work.
struct Running {
    threads: Mutex<usize>,
    ended: Condvar,
}

/// Counts a thread as ended, also when it panics.
struct Ending<'a>(&'a Running);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        *lock(&self.0.threads) -= 1;
        self.0.ended.notify_all();
    }
}

impl<'a> Control<'a> {
    /// A pool of its own with so many threads, 0 for one per processor.
    pub(crate) fn new(threads: usize, monitor: &'a dyn Monitor) -> Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("breachdex-{i}"))
            .build()
            .map_err(|error| Error::Unbuildable(format!("cannot start threads: {error}")))?;
        Ok(Self {
            monitor,
            threads: pool.current_num_threads(),
            pool,
            cancelled: Arc::default(),
            phase: Mutex::new((Phase::Reading, None)),
            done: Arc::default(),
        })
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Begins a phase with nothing done.
    pub(crate) fn enter(&self, phase: Phase, total: Option<u64>) {
        *lock(&self.phase) = (phase, total);
        self.done.store(0, Ordering::Relaxed);
    }

    /// What is done of the phase, for whoever does it to add to.
    pub(crate) fn done(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.done)
    }

    /// For those who read inputs: counts what they read, and stops them.
    pub(crate) fn feed(&self) -> Feed {
        Feed { read: self.done(), stop: Arc::clone(&self.cancelled) }
    }

    pub(crate) fn advance(&self, by: u64) {
        self.done.fetch_add(by, Ordering::Relaxed);
    }

    /// Whether work must end. Cheap.
    pub(crate) fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Tells the monitor, and hears whether to stop.
    pub(crate) fn poll(&self) -> Result<()> {
        let (phase, total) = *lock(&self.phase);
        let done = self.done.load(Ordering::Relaxed);
        if self.monitor.progress(Progress { phase, done, total }).is_break() {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        self.check()
    }

    /// Runs `work` on every one of so many threads while this one listens to the monitor. Panics of a
    /// thread go on in this one when all have ended.
    pub(crate) fn run_on(&self, threads: usize, work: impl Fn() + Sync) {
        let running = Running { threads: Mutex::new(threads), ended: Condvar::new() };
        self.pool.in_place_scope(|scope: &Scope<'_>| {
            for _ in 0..threads {
                scope.spawn(|_| {
                    let _ending = Ending(&running);
                    work();
                });
            }
            let mut left = lock(&running.threads);
            while *left > 0 {
                left = running.ended.wait_timeout(left, INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
                drop(left);
                // The threads look at the flag that this sets.
                let _ = self.poll();
                left = lock(&running.threads);
            }
        });
    }

    /// Runs `work` on one thread while this one listens.
    pub(crate) fn run_one<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let work = Mutex::new(Some(work));
        let result = Mutex::new(None);
        self.run_on(1, || {
            if let Some(work) = lock(&work).take() {
                *lock(&result) = Some(work());
            }
        });
        self.check()?;
        result.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or(Err(Error::Cancelled))
    }
}

/// Locks; a panic elsewhere goes on through the scope, so poison says nothing new.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
