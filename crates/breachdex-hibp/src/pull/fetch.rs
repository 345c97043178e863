//! Fetching many units at once: by parts of the published file, each unit put together and held against its hash on the
//! network's threads, and handed to the caller as it comes.

#![forbid(unsafe_code)]

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use breachdex::replica::{Base, Delta, Pieces, Published, UnitAssembly, UnitMismatch, coalesce};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::reader::{Failed, Reader};
use super::remote::RemoteFile;

/// How long the writer waits for a unit before it looks whether it is to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Bytes that one worker fetches before it hands them on, at most, unless a unit is larger.
const MOST_JOB: u64 = 2 << 20;
/// And at least, where there is so much.
const LEAST_JOB: u64 = 128 << 10;

/// What workers need of a published index.
pub(super) struct Source {
    pub(super) published: Published,
    pub(super) base: Option<Base>,
    pub(super) file: Arc<dyn RemoteFile>,
    /// The delta from the base, where one is published.
    pub(super) delta: Option<(Delta, Arc<dyn RemoteFile>)>,
    /// Whether the delta could not be read any more: the rest is fetched without.
    is_delta_lost: AtomicBool,
    pub(super) reader: Arc<Reader>,
    /// Bytes between two parts that are fetched rather than asked for apart.
    pub(super) gap: u64,
}

/// What is to be done with units.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// Fetch them.
    Bytes,
    /// Fetch them without what the base has.
    BytesWithoutBase,
    /// Find out how many bytes that would move.
    Size,
}

/// What came of a unit.
pub(super) enum Arrival {
    Unit(u32, Vec<u8>),
    /// Bytes and requests that some units would take, of so many units.
    Size {
        bytes: u64,
        requests: u64,
        units: u64,
    },
}

/// Why a unit did not come.
pub(super) enum Fault {
    Fetch(Failed),
    /// What the published file has there is not what its hash says.
    Damaged(u32, UnitMismatch),
}

/// Does something with units, some at a time, and hands each to `take` on the calling thread. `tick` is called again and
/// again meanwhile, and may stop it.
///
/// # Errors
/// The first fault, or error of `take`; `Ok(Break)` where `tick` stopped it.
pub(super) fn run<E: From<Fault>>(
    runtime: &Runtime,
    concurrency: usize,
    source: &Arc<Source>,
    units: &[u32],
    want: Want,
    mut take: impl FnMut(Arrival) -> Result<(), E>,
    mut tick: impl FnMut() -> ControlFlow<()>,
) -> Result<ControlFlow<()>, E> {
    let jobs = Arc::new(jobs(&source.published, units, concurrency));
    let (sender, mut arrivals) = channel(concurrency.max(1));
    let next = Arc::new(AtomicUsize::new(0));
    for _ in 0..concurrency.max(1).min(jobs.len()) {
        let (source, jobs, next) = (Arc::clone(source), Arc::clone(&jobs), Arc::clone(&next));
        runtime.spawn(work(source, jobs, next, want, sender.clone()));
    }
    drop(sender);
    receive(runtime, &mut arrivals, &mut take, &mut tick)
}

fn receive<E: From<Fault>>(
    runtime: &Runtime,
    arrivals: &mut Receiver<Result<Vec<Arrival>, Fault>>,
    take: &mut impl FnMut(Arrival) -> Result<(), E>,
    tick: &mut impl FnMut() -> ControlFlow<()>,
) -> Result<ControlFlow<()>, E> {
    // A fault of one does not undo what others bring.
    let mut fault = None;
    loop {
        let received = runtime.block_on(async { tokio::time::timeout(POLL_INTERVAL, arrivals.recv()).await });
        match received {
            Ok(Some(Ok(units))) => units.into_iter().try_for_each(&mut *take)?,
            Ok(Some(Err(other))) => {
                fault.get_or_insert(other);
                arrivals.close();
            }
            Ok(None) => return fault.map_or(Ok(ControlFlow::Continue(())), |fault| Err(fault.into())),
            Err(_) => {}
        }
        if tick().is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// Divides units, which ascend, into jobs of neighbours.
fn jobs(published: &Published, units: &[u32], concurrency: usize) -> Vec<Vec<u32>> {
    let length = |unit: u32| {
        let extent = published.extent(unit);
        extent.end - extent.start
    };
    let total: u64 = units.iter().map(|unit| length(*unit)).sum();
    let most = (total / (4 * concurrency.max(1) as u64)).clamp(LEAST_JOB, MOST_JOB);
    let (mut jobs, mut bytes) = (Vec::<Vec<u32>>::new(), most);
    for unit in units {
        if bytes + length(*unit) > most {
            jobs.push(Vec::new());
            bytes = 0;
        }
        bytes += length(*unit);
        if let Some(job) = jobs.last_mut() {
            job.push(*unit);
        }
    }
    jobs
}

async fn work(
    source: Arc<Source>,
    jobs: Arc<Vec<Vec<u32>>>,
    next: Arc<AtomicUsize>,
    want: Want,
    out: Sender<Result<Vec<Arrival>, Fault>>,
) {
    while let Some(units) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
        let arrival = match want {
            Want::Size => source.measure(units).await.map(|size| vec![size]),
            Want::Bytes => source.fetch(units, source.base.as_ref()).await,
            Want::BytesWithoutBase => source.fetch(units, None).await,
        };
        let is_over = arrival.is_err();
        // Nobody listens any more when the run is over.
        if out.send(arrival).await.is_err() || is_over {
            return;
        }
    }
}

impl Source {
    /// A source without a delta.
    pub(super) fn new(
        published: Published,
        base: Option<Base>,
        file: Arc<dyn RemoteFile>,
        reader: Arc<Reader>,
        gap: u64,
    ) -> Self {
        Self { published, base, file, delta: None, is_delta_lost: AtomicBool::new(false), reader, gap }
    }

    fn usable_delta(&self) -> Option<&(Delta, Arc<dyn RemoteFile>)> {
        self.delta.as_ref().filter(|_| !self.is_delta_lost.load(Ordering::Relaxed))
    }

    /// A unit that is put together of the base and what is fetched.
    pub(super) fn assembly<'a>(&'a self, unit: u32, base: Option<&'a Base>) -> UnitAssembly<'a> {
        let delta = self.usable_delta().map(|(delta, _)| delta);
        UnitAssembly::new(&self.published, base, delta, unit, self.gap)
    }

    /// Fetches units, and with them what lies between near parts.
    async fn fetch(&self, units: &[u32], base: Option<&Base>) -> Result<Vec<Arrival>, Fault> {
        let (mut assemblies, mut pieces) = self.compare(units, base).await?;
        let mut changes = Pieces::default();
        if let Some((_, file)) = self.usable_delta() {
            let parts = coalesce(assemblies.iter().flat_map(UnitAssembly::changes).collect(), self.gap);
            // Units whose changes did not arrive are fetched in whole.
            if self.read_all(&**file, parts, &mut changes).await.is_err() {
                self.is_delta_lost.store(true, Ordering::Relaxed);
            }
        }
        let second = assemblies.iter_mut().flat_map(|unit| unit.second(&pieces)).collect();
        self.read_all(&*self.file, coalesce(second, self.gap), &mut pieces).await?;
        let mut arrivals = Vec::with_capacity(units.len());
        for assembly in assemblies {
            let unit = assembly.unit();
            let bytes = match assembly.finish(&pieces, &changes) {
                Ok(bytes) => bytes,
                // What the base seemed to have is something else, or it did not arrive as it is.
                Err(_) => self.fetch_whole(unit).await?,
            };
            arrivals.push(Arrival::Unit(unit, bytes));
        }
        Ok(arrivals)
    }

    /// Fetches what has to be known first.
    async fn compare<'a>(
        &'a self,
        units: &[u32],
        base: Option<&'a Base>,
    ) -> Result<(Vec<UnitAssembly<'a>>, Pieces), Fault> {
        let new = |unit: &u32| self.assembly(*unit, base);
        let (assemblies, mut pieces) = (units.iter().map(new).collect::<Vec<_>>(), Pieces::default());
        let first = assemblies.iter().flat_map(UnitAssembly::first).collect();
        self.read_all(&*self.file, coalesce(first, self.gap), &mut pieces).await?;
        Ok((assemblies, pieces))
    }

    async fn fetch_whole(&self, unit: u32) -> Result<Vec<u8>, Fault> {
        let extent = self.published.extent(unit);
        let bytes = self.reader.read(&*self.file, extent).await.map_err(Fault::Fetch)?;
        self.published.check_unit(unit, &bytes).map_err(|mismatch| Fault::Damaged(unit, mismatch))?;
        Ok(bytes)
    }

    async fn read_all(
        &self,
        file: &dyn RemoteFile,
        parts: Vec<Range<u64>>,
        pieces: &mut Pieces,
    ) -> Result<(), Fault> {
        for part in parts {
            let start = part.start;
            let bytes = self.reader.read(file, part).await.map_err(Fault::Fetch)?;
            pieces.insert(start, bytes);
        }
        Ok(())
    }

    /// What fetching units would move. Fetches the heads that say it, and nothing else.
    async fn measure(&self, units: &[u32]) -> Result<Arrival, Fault> {
        let new = |unit: &u32| self.assembly(*unit, self.base.as_ref());
        let mut assemblies: Vec<_> = units.iter().map(new).collect();
        let changes = coalesce(assemblies.iter().flat_map(UnitAssembly::changes).collect(), self.gap);
        let first = coalesce(assemblies.iter().flat_map(UnitAssembly::first).collect(), self.gap);
        let heads = coalesce(assemblies.iter().flat_map(UnitAssembly::heads).collect(), self.gap);
        let mut pieces = Pieces::default();
        self.read_all(&*self.file, heads, &mut pieces).await?;
        let second = assemblies.iter_mut().flat_map(|unit| unit.second(&pieces)).collect();
        let parts: Vec<_> = changes.into_iter().chain(first).chain(coalesce(second, self.gap)).collect();
        let bytes = parts.iter().map(|part| part.end - part.start).sum();
        Ok(Arrival::Size { bytes, requests: parts.len() as u64, units: units.len() as u64 })
    }
}
