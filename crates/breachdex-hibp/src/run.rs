//! Fetching many ranges at once, and keeping each as it comes.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use breachdex::files::{self, Disk, Readers};
use breachdex::{Kind, Monitor, Phase, Progress};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;

use crate::BaseUrl;
use crate::assembly::Assembly;
use crate::error::{Error, Result, io_error};
use crate::fetch::retry::RetryPolicy;
use crate::fetch::{Answer, Fetcher};
use crate::journal::Record;

/// How long the writer waits for a range before it looks whether it is to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Fetched ranges that wait for the writer, at most.
const QUEUE: usize = 128;

/// How ranges are fetched.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// The server.
    pub base_url: BaseUrl,
    /// Requests at a time.
    pub concurrency: usize,
    /// How long to wait for a connection, and for each piece of an answer.
    pub timeout: Duration,
    /// How failed requests are tried again.
    pub retry: RetryPolicy,
}

impl Default for FetchOptions {
    /// The service itself, 64 requests at a time, half a minute of patience.
    fn default() -> Self {
        Self {
            base_url: BaseUrl::default(),
            concurrency: 64,
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
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

/// Makes of an answer what is kept. Runs on the network's threads.
pub(crate) type Keep = Box<dyn Fn(u32, Answer) -> Result<Kept> + Send + Sync>;

/// The ranges to ask for, each with the entity tag of what is there already.
pub(crate) type Wanted = Box<dyn Iterator<Item = (u32, String)> + Send>;

/// What is to be fetched, and what becomes of it.
pub(crate) struct Order {
    pub(crate) kind: Kind,
    pub(crate) wanted: Wanted,
    /// How many ranges are wanted.
    pub(crate) total: u32,
    pub(crate) keep: Keep,
    pub(crate) text: Option<TextFolder>,
}

/// Fetches the wanted ranges, which ascend, into an assembly.
pub(crate) fn run(
    options: &FetchOptions,
    order: Order,
    store: &mut Assembly<'_>,
    monitor: &dyn Monitor,
) -> Result<FetchReport> {
    let Order { kind, wanted, total, keep, text } = order;
    let resumed = store.ranges();
    let client = crate::http::client(options.timeout, options.concurrency)?;
    let fetcher = Arc::new(Fetcher::new(client, options.base_url.clone(), kind, options.retry));
    let runtime =
        Builder::new_multi_thread().enable_all().thread_name("breachdex-fetch").build().map_err(|error| {
            Error::System { action: "start the network's threads", reason: error.to_string() }
        })?;
    let arrivals = start(&runtime, options, &fetcher, wanted, keep, &store.limit());
    let mut writer = Writer { runtime: &runtime, arrivals, store, text, monitor, resumed, total };
    let written = writer.run(&fetcher);
    runtime.shutdown_background();
    written?;
    let counters = &fetcher.counters;
    Ok(FetchReport {
        asked: store.ranges() - resumed,
        resumed,
        bytes: counters.moved.load(Ordering::Relaxed),
        retries: counters.retries.load(Ordering::Relaxed),
        damaged: counters.damaged.load(Ordering::Relaxed),
    })
}

/// Starts so many workers, each of which asks for one range after another.
fn start(
    runtime: &Runtime,
    options: &FetchOptions,
    fetcher: &Arc<Fetcher>,
    wanted: Wanted,
    keep: Keep,
    limit: &watch::Receiver<u32>,
) -> Receiver<Result<Kept>> {
    let (sender, arrivals) = channel(QUEUE);
    let wanted = Arc::new(Mutex::new(wanted));
    let keep = Arc::new(keep);
    for _ in 0..options.concurrency.max(1) {
        let (fetcher, wanted, keep) = (Arc::clone(fetcher), Arc::clone(&wanted), Arc::clone(&keep));
        runtime.spawn(work(fetcher, wanted, keep, limit.clone(), sender.clone()));
    }
    arrivals
}

async fn work(
    fetcher: Arc<Fetcher>,
    wanted: Arc<Mutex<Wanted>>,
    keep: Arc<Keep>,
    mut limit: watch::Receiver<u32>,
    out: Sender<Result<Kept>>,
) {
    loop {
        let next = wanted.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((prefix, tag)) = next else { return };
        // Prefixes are handed out in order, so those that others wait for are being fetched.
        if limit.wait_for(|limit| prefix < *limit).await.is_err() {
            return;
        }
        let kept = fetcher.fetch(prefix, &tag).await.and_then(|answer| keep(prefix, answer));
        let failed = kept.is_err();
        // Nobody listens any more when the run is over.
        if out.send(kept).await.is_err() || failed {
            return;
        }
    }
}

/// Writes what arrives, on the thread that called.
struct Writer<'a, 'b> {
    runtime: &'a Runtime,
    arrivals: Receiver<Result<Kept>>,
    store: &'a mut Assembly<'b>,
    text: Option<TextFolder>,
    monitor: &'a dyn Monitor,
    resumed: u32,
    total: u32,
}

impl Writer<'_, '_> {
    fn run(&mut self, fetcher: &Fetcher) -> Result<()> {
        let mut batch = Vec::with_capacity(QUEUE);
        loop {
            let received = self.runtime.block_on(async {
                tokio::time::timeout(POLL_INTERVAL, self.arrivals.recv_many(&mut batch, QUEUE)).await
            });
            if received == Ok(0) {
                return Ok(());
            }
            self.store.note_begun(fetcher.counters.begun.load(Ordering::Relaxed))?;
            let written = batch.drain(..).try_for_each(|kept| self.write(kept?));
            // What came before a fault is kept all the same.
            self.store.flush(self.monitor)?;
            written?;
            let done = u64::from(self.store.ranges());
            let total = Some(u64::from(self.resumed + self.total));
            let progress = Progress { phase: Phase::Downloading, done, total };
            if self.monitor.progress(progress).is_break() {
                return Err(Error::Stopped);
            }
        }
    }

    /// Text first: a range that is kept has its file.
    fn write(&mut self, kept: Kept) -> Result<()> {
        if let (Some(folder), Some(text)) = (&self.text, &kept.text) {
            folder.write(kept.record.prefix, text)?;
        }
        self.store.keep(kept.record);
        Ok(())
    }
}

/// A folder that gets each range as a file, as it came.
pub(crate) struct TextFolder {
    path: PathBuf,
    disk: Arc<dyn Disk>,
}

impl TextFolder {
    /// Makes the folder if it is not there.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(io_error("create", path))?;
        Ok(Self { path: path.to_owned(), disk: files::current() })
    }

    /// A file appears whole or not at all.
    fn write(&self, prefix: u32, text: &[u8]) -> Result<()> {
        let path = self.path.join(format!("{prefix:05X}.txt"));
        let temporary = self.path.join(format!(".{prefix:05X}.part"));
        let write = || {
            let file = files::replace_leftover(&*self.disk, &temporary, Readers::AsUsual)?;
            files::write_all_at(&*self.disk, &file, text, 0)?;
            self.disk.rename(&temporary, &path, true)
        };
        let written = write();
        if written.is_err() {
            // The next run replaces what stays.
            let _ = self.disk.remove(&temporary);
        }
        written.map_err(io_error("write", &path))
    }
}
