//! Reads parts of remote files, again where that may help, and counts.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::remote::{Opened, RemoteFile, RemoteFolder};
use crate::error::FetchFault;
use crate::fetch::retry::{RetryPolicy, Verdict, judge};

/// So many bytes that arrived before a fault are a success of their own: the next try is the first one again.
const PROGRESS: u64 = 64 << 10;

/// Why a part could not be read.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) fault: FetchFault,
    /// How often it was tried.
    pub(super) attempts: u32,
}

/// What all reads of a run share.
pub(super) struct Reader {
    policy: RetryPolicy,
    /// How long a request and its whole answer may take.
    request_timeout: Duration,
    /// Until when the server wants to be left alone.
    quiet_until: Mutex<Option<Instant>>,
    pub(super) counters: Counters,
}

/// What happened so far.
#[derive(Default)]
pub(super) struct Counters {
    /// Requests that were sent.
    pub(super) requests: AtomicU64,
    /// Requests that had to be sent again.
    pub(super) retries: AtomicU64,
    /// Bytes of all bodies.
    pub(super) moved: AtomicU64,
}

/// Tries of one thing.
#[derive(Default)]
struct Tries {
    attempts: u32,
    waits: u32,
}

impl Reader {
    pub(super) fn new(policy: RetryPolicy, request_timeout: Duration) -> Self {
        Self { policy, request_timeout, quiet_until: Mutex::default(), counters: Counters::default() }
    }

    /// The bytes of a part. What arrives is kept over retries.
    pub(super) async fn read(&self, file: &dyn RemoteFile, part: Range<u64>) -> Result<Vec<u8>, Failed> {
        let mut bytes = Vec::new();
        let mut tries = Tries::default();
        loop {
            let before = bytes.len() as u64;
            let rest = part.start + before..part.end;
            let fault = match self.within_time(file.read(rest, &mut bytes)).await {
                Ok(()) if bytes.len() as u64 == part.end - part.start => {
                    self.counters.moved.fetch_add(bytes.len() as u64 - before, Ordering::Relaxed);
                    return Ok(bytes);
                }
                Ok(()) if bytes.len() as u64 >= before + PROGRESS => {
                    self.counters.moved.fetch_add(bytes.len() as u64 - before, Ordering::Relaxed);
                    continue;
                }
                Ok(()) => FetchFault::OtherLength { expected: part.end - part.start },
                Err(fault) => fault,
            };
            bytes.truncate((part.end - part.start) as usize);
            let arrived = (bytes.len() as u64).saturating_sub(before);
            self.counters.moved.fetch_add(arrived, Ordering::Relaxed);
            if arrived >= PROGRESS {
                tries = Tries::default();
            }
            self.wait_or_give_up(fault, &mut tries).await?;
        }
    }

    /// Opens a file; `None` where there is none.
    pub(super) async fn open(
        &self,
        folder: &dyn RemoteFolder,
        ending: &str,
        first: u64,
    ) -> Result<Option<Opened>, Failed> {
        let mut tries = Tries::default();
        loop {
            match self.within_time(folder.open(ending, first)).await {
                Ok(opened) => {
                    let arrived = opened.as_ref().map_or(0, |opened| opened.start.len() as u64);
                    self.counters.moved.fetch_add(arrived, Ordering::Relaxed);
                    return Ok(opened);
                }
                Err(fault) => self.wait_or_give_up(fault, &mut tries).await?,
            }
        }
    }

    async fn within_time<T>(
        &self,
        work: impl Future<Output = Result<T, FetchFault>>,
    ) -> Result<T, FetchFault> {
        self.wait_for_quiet().await;
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout(self.request_timeout, work).await {
            Ok(result) => result,
            Err(_) => Err(FetchFault::Network(format!(
                "the answer was not complete within {} seconds",
                self.request_timeout.as_secs_f64()
            ))),
        }
    }

    /// Waits until it is time for another try.
    async fn wait_or_give_up(&self, fault: FetchFault, tries: &mut Tries) -> Result<(), Failed> {
        tries.attempts += 1;
        match judge(&fault, &self.policy, tries.attempts, tries.waits) {
            Verdict::GiveUp => return Err(Failed { fault, attempts: tries.attempts }),
            Verdict::After(delay) => tokio::time::sleep(delay).await,
            Verdict::AllAfter(delay) => {
                tries.waits += 1;
                let until = Instant::now() + delay;
                let mut quiet = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
                *quiet = Some(quiet.map_or(until, |earlier| earlier.max(until)));
            }
        }
        self.counters.retries.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn wait_for_quiet(&self) {
        loop {
            let until = *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => tokio::time::sleep_until(until).await,
                None => return,
            }
        }
    }
}
