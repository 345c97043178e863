//! Fetching many ranges at once, and keeping each as it comes.
//!
//! A range that cannot be fetched does not end a run: the others are fetched, then it is tried once more. What ends a run is
//! a fault of all ranges, and a server that answers nothing but faults.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use breachdex::{Kind, Monitor, Phase, Progress};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;

use crate::BaseUrl;
use crate::error::{Error, FailedRange, FetchFault, MissingRanges, Result};
use crate::fetch::retry::RetryPolicy;
use crate::fetch::{Answer, Fetcher};
use crate::journal::Record;
use crate::network::{self, HttpClient, NetworkOptions};

/// How long the writer waits for a range before it looks whether it is to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Fetched ranges that wait for the writer, at most.
const QUEUE: usize = 128;
/// Ranges that the server refuses in a row before a run ends.
const MOST_REFUSED: u32 = 256;
/// Ranges that are asked for before 404 is believed to mean that one has no rows, at most.
const WITNESSES: usize = 64;
/// What one counts that failed although it was tried again: it took long, and others will.
const WEIGHT_OF_RETRIED: u32 = MOST_REFUSED / 8;

/// How ranges are fetched.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// The server.
    pub base_url: BaseUrl,
    /// Requests at a time.
    pub concurrency: usize,
    /// How long to wait for a connection, and for each piece of an answer.
    pub timeout: Duration,
    /// How long a request and its whole answer may take.
    pub request_timeout: Duration,
    /// How failed requests are tried again.
    pub retry: RetryPolicy,
    /// How the server is reached and whom to trust.
    pub network: NetworkOptions,
    /// Accept what some mirrors send and the service does not: a line end after the last row, padding, empty bodies, 404
    /// for a range without rows, and compressed answers without a length.
    pub mirror_quirks: bool,
}

impl Default for FetchOptions {
    /// The service itself, 64 requests at a time, half a minute for each piece and five for a whole answer.
    fn default() -> Self {
        Self {
            base_url: BaseUrl::default(),
            concurrency: 64,
            timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(300),
            retry: RetryPolicy::default(),
            network: NetworkOptions::default(),
            mirror_quirks: false,
        }
    }
}

/// What a run fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchReport {
    /// Ranges asked for in this run.
    pub asked: u32,
    /// Ranges that an earlier run had fetched already.
    pub resumed: u32,
    /// Bytes of all bodies on the wire, damaged ones too.
    pub bytes: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Bodies that were damaged and fetched again.
    pub damaged: u64,
}

/// A range and what is to be kept of it.
pub(crate) struct Kept {
    pub(crate) record: Record,
    /// The body, where it is kept as text too.
    pub(crate) text: Option<Vec<u8>>,
}

impl From<Record> for Kept {
    fn from(record: Record) -> Self {
        Self { record, text: None }
    }
}

/// Makes of an answer what is kept. Runs on the network's threads.
pub(crate) type Keep = Box<dyn Fn(u32, Answer) -> Result<Kept> + Send + Sync>;

/// The ranges to ask for, each with the entity tag of what is there already.
pub(crate) type Wanted = Box<dyn Iterator<Item = (u32, String)> + Send>;

/// What is to be fetched, and what becomes of it.
pub(crate) struct Order {
    pub(crate) kind: Kind,
    /// Ascending.
    pub(crate) wanted: Wanted,
    /// How many ranges are wanted.
    pub(crate) total: u32,
    pub(crate) keep: Keep,
    /// Ranges of which some should have rows, wherever the server is asked rightly.
    pub(crate) witnesses: Vec<u32>,
}

/// So many ranges spread over those that are covered, to be the witnesses.
pub(crate) fn witnesses(covered: &[u32]) -> Vec<u32> {
    covered.iter().copied().step_by((covered.len() / WITNESSES).max(1)).take(WITNESSES).collect()
}

/// Where ranges go.
pub(crate) trait Store {
    /// Ranges that are there.
    fn ranges(&self) -> u32;
    /// Only prefixes below this are asked for; it rises as ranges are kept.
    fn limit(&self) -> watch::Receiver<u32>;
    /// Remembers when the run began, by the server's clock.
    fn note_begun(&mut self, seconds: u64) -> Result<()>;
    /// Takes a range; [`Store::flush`] writes it.
    fn keep(&mut self, kept: Kept) -> Result<()>;
    /// A range will not come now. Others need not wait for it.
    fn pass_over(&mut self, prefix: u32);
    /// Hands everything that was taken to the system; what is better written many at a time, when nothing was taken since
    /// the last call.
    fn flush(&mut self, monitor: &dyn Monitor) -> Result<()>;
}

/// Fetches the wanted ranges into a store. Returns which ones could not be fetched, too.
///
/// # Errors
/// [`Error::Range`]; [`Error::Missing`] where so many failed in a row that the run ended early; what the store gives.
pub(crate) fn run(
    options: &FetchOptions,
    order: Order,
    store: &mut dyn Store,
    monitor: &dyn Monitor,
) -> Result<(FetchReport, Option<MissingRanges>)> {
    let Order { kind, wanted, total, keep, witnesses } = order;
    let resumed = store.ranges();
    let client = HttpClient::new(&options.base_url, &options.network, options.timeout, options.concurrency)?;
    let fetcher = Arc::new(Fetcher::new(client, kind, options));
    let runtime = network::runtime().map_err(|error| Error::System {
        action: "start the network's threads",
        reason: error.to_string(),
    })?;
    let (keep, fetching) = (Arc::new(keep), Arc::clone(&fetcher));
    let workers = Workers { runtime: &runtime, concurrency: options.concurrency, fetcher: fetching, keep };
    let failed = BTreeMap::new();
    let mut writer = Writer { workers: &workers, store, monitor, total: resumed + total, failed, witnesses };
    // The store asks for the time of the runtime, too.
    let entered = runtime.enter();
    let written = writer.run(wanted);
    let missing = writer.missing();
    drop(entered);
    runtime.shutdown_background();
    let gave_up = written?;
    let counters = &fetcher.counters;
    let missing = missing.map(|missing| MissingRanges { gave_up, ..missing });
    if let Some(missing) = missing.clone().filter(|_| gave_up) {
        return Err(Error::Missing(Box::new(missing)));
    }
    let report = FetchReport {
        asked: store.ranges() - resumed,
        resumed,
        bytes: counters.moved.load(Ordering::Relaxed),
        retries: counters.retries.load(Ordering::Relaxed),
        damaged: counters.damaged.load(Ordering::Relaxed),
    };
    Ok((report, missing))
}

/// What comes back from a worker.
enum Arrival {
    Kept(Kept),
    Failed(FailedRange, String),
}

/// Those who ask for one range after another.
struct Workers<'a> {
    runtime: &'a Runtime,
    concurrency: usize,
    fetcher: Arc<Fetcher>,
    keep: Arc<Keep>,
}

impl Workers<'_> {
    /// Starts them. They end when nothing is wanted any more, or the receiver is dropped.
    fn start(&self, wanted: Wanted, limit: &watch::Receiver<u32>) -> Receiver<Result<Arrival>> {
        let (sender, arrivals) = channel(QUEUE);
        let wanted = Arc::new(Mutex::new(wanted));
        for _ in 0..self.concurrency.max(1) {
            let (fetcher, keep) = (Arc::clone(&self.fetcher), Arc::clone(&self.keep));
            self.runtime.spawn(work(fetcher, Arc::clone(&wanted), keep, limit.clone(), sender.clone()));
        }
        arrivals
    }
}

async fn work(
    fetcher: Arc<Fetcher>,
    wanted: Arc<Mutex<Wanted>>,
    keep: Arc<Keep>,
    mut limit: watch::Receiver<u32>,
    out: Sender<Result<Arrival>>,
) {
    loop {
        let next = wanted.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((prefix, tag)) = next else { return };
        // Prefixes are handed out in order, so those that others wait for are being fetched.
        if limit.wait_for(|limit| prefix < *limit).await.is_err() {
            return;
        }
        let arrival = match fetcher.fetch(prefix, &tag).await {
            Ok(answer) => keep(prefix, answer).map(Arrival::Kept),
            Err(failed) if failed.fault.concerns_all() => Err(Error::Range(Box::new(failed))),
            Err(failed) => Ok(Arrival::Failed(failed, tag)),
        };
        let is_over = arrival.is_err();
        // Nobody listens any more when the run is over.
        if out.send(arrival).await.is_err() || is_over {
            return;
        }
    }
}

/// Writes what arrives, on the thread that called.
struct Writer<'a> {
    workers: &'a Workers<'a>,
    store: &'a mut dyn Store,
    monitor: &'a dyn Monitor,
    /// Ranges that are there in the end.
    total: u32,
    /// The ranges that failed, each with the entity tag that it was asked for with.
    failed: BTreeMap<u32, (FailedRange, String)>,
    witnesses: Vec<u32>,
}

/// How a pass over the wanted ranges ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Complete,
    /// Too many failed in a row.
    GivenUp,
}

impl Writer<'_> {
    /// Fetches all, then once more what failed. Whether it gave up before it had asked for all.
    fn run(&mut self, wanted: Wanted) -> Result<bool> {
        let before = self.store.ranges();
        if self.pass(wanted)? == Pass::GivenUp {
            return Ok(true);
        }
        // Where nothing came at all, there is no hope for a second time.
        if !self.failed.is_empty() && (self.store.ranges() > before || self.finds_witness()) {
            let again = self.failed.iter().map(|(prefix, (_, tag))| (*prefix, tag.clone()));
            let again: Vec<(u32, String)> = again.collect();
            self.pass(Box::new(again.into_iter()))?;
        }
        Ok(false)
    }

    /// Whether the server has any range, where only that makes its 404 mean that there are no rows. It is asked even if
    /// an earlier run got all ranges that have some.
    fn finds_witness(&self) -> bool {
        let fetcher = &self.workers.fetcher;
        fetcher.needs_witness()
            && self.workers.runtime.block_on(async {
                for prefix in &self.witnesses {
                    match fetcher.fetch(*prefix, "").await {
                        Ok(_) => return true,
                        Err(FailedRange { fault: FetchFault::Status { status: 404, .. }, .. }) => {}
                        Err(_) => return false,
                    }
                }
                false
            })
    }

    fn pass(&mut self, wanted: Wanted) -> Result<Pass> {
        let mut arrivals = self.workers.start(wanted, &self.store.limit());
        let mut batch = Vec::with_capacity(QUEUE);
        // Of those that failed since the last one that did not.
        let mut weight = 0_u32;
        loop {
            let received = self.workers.runtime.block_on(async {
                tokio::time::timeout(POLL_INTERVAL, arrivals.recv_many(&mut batch, QUEUE)).await
            });
            if received == Ok(0) {
                // What waited for more to come waits no longer.
                self.store.flush(self.monitor)?;
                return Ok(Pass::Complete);
            }
            self.store.note_begun(self.workers.fetcher.counters.begun.load(Ordering::Relaxed))?;
            let written = batch.drain(..).try_for_each(|arrival| self.take(arrival?, &mut weight));
            // What came before a fault is kept all the same.
            self.store.flush(self.monitor)?;
            written?;
            let (done, total) = (u64::from(self.store.ranges()), Some(u64::from(self.total)));
            let is_stopped =
                self.monitor.progress(Progress { phase: Phase::Downloading, done, total }).is_break();
            let gives_up = weight >= MOST_REFUSED;
            if is_stopped || gives_up {
                self.store.flush(self.monitor)?;
                return if is_stopped { Err(Error::Stopped) } else { Ok(Pass::GivenUp) };
            }
        }
    }

    fn take(&mut self, arrival: Arrival, weight: &mut u32) -> Result<()> {
        match arrival {
            Arrival::Kept(kept) => {
                *weight = 0;
                self.failed.remove(&kept.record.prefix);
                self.store.keep(kept)
            }
            Arrival::Failed(mut failed, tag) => {
                *weight += if failed.attempts > 1 { WEIGHT_OF_RETRIED } else { 1 };
                let prefix = failed.prefix;
                failed.attempts += self.failed.get(&prefix).map_or(0, |(before, _)| before.attempts);
                self.failed.insert(prefix, (failed, tag));
                self.store.pass_over(prefix);
                Ok(())
            }
        }
    }

    fn missing(&self) -> Option<MissingRanges> {
        let (_, (example, _)) = self.failed.first_key_value()?;
        let prefixes = self.failed.keys().copied().collect();
        Some(MissingRanges { prefixes, example: example.clone(), gave_up: false })
    }
}
