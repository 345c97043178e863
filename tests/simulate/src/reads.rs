//! Reads that fail or give less than was asked for. Which ones do follows from the seed, the file and the place in it, and not
//! from the order of reads, so that threads may read at once.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, RwLock};

use crate::rng::Rng;

const PAGE: u64 = 4096;
const EIO: i32 = 5;
/// Of so many reads one is interrupted. Whoever reads must ask again, so it changes nothing.
const INTERRUPTED: u64 = 13;

/// What goes wrong with reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadPlan {
    pub(crate) seed: u64,
    /// Pages that cannot be read, in a thousand.
    pub(crate) unreadable: u64,
    /// Reads that give less, in a hundred.
    pub(crate) short: u64,
}

/// The plan of a disk.
#[derive(Debug, Default)]
pub(crate) struct ReadFaults {
    plan: Mutex<ReadPlan>,
    reads: AtomicU64,
}

/// The disk of each file, and its number there, by the system's number.
type Faulty = HashMap<u64, (Arc<ReadFaults>, u64)>;

static FILES: RwLock<Option<Faulty>> = RwLock::new(None);

impl ReadFaults {
    pub(crate) fn new() -> Arc<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| breachdex::files::simulate_reads(read));
        Arc::default()
    }

    pub(crate) fn set(&self, plan: ReadPlan) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }
}

/// Notes whose a file is.
pub(crate) fn know(system: u64, number: u64, faults: &Arc<ReadFaults>) {
    let mut files = FILES.write().unwrap_or_else(PoisonError::into_inner);
    files.get_or_insert_default().insert(system, (Arc::clone(faults), number));
}

/// Forgets the files of a disk that is gone.
pub(crate) fn forget(faults: &Arc<ReadFaults>) {
    let mut files = FILES.write().unwrap_or_else(PoisonError::into_inner);
    files.get_or_insert_default().retain(|_, (of, _)| !Arc::ptr_eq(of, faults));
}

fn read(file: &File, bytes: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
    let system = file.metadata().ok()?.ino();
    let (faults, number) =
        FILES.read().unwrap_or_else(PoisonError::into_inner).as_ref()?.get(&system).cloned()?;
    let plan = *faults.plan.lock().unwrap_or_else(PoisonError::into_inner);
    if plan == ReadPlan::default() || bytes.is_empty() {
        return None;
    }
    if faults.reads.fetch_add(1, Ordering::Relaxed) % INTERRUPTED == INTERRUPTED - 1 {
        return Some(Err(io::ErrorKind::Interrupted.into()));
    }
    let length = plan.length(number, offset, bytes.len());
    Some(match length {
        0 => Err(io::Error::from_raw_os_error(EIO)),
        length => file.read_at(&mut bytes[..length], offset),
    })
}

impl ReadPlan {
    /// How much of a read is given; nothing where it fails.
    fn length(&self, file: u64, offset: u64, length: usize) -> usize {
        let of = |place: u64| {
            Rng::new(self.seed ^ file.rotate_left(40) ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        };
        let is_unreadable = |page: &u64| of(*page).below(1000) < self.unreadable;
        let pages = offset / PAGE..=(offset + length as u64 - 1) / PAGE;
        // What lies before an unreadable page is read.
        let end = pages.into_iter().find(is_unreadable).map_or(u64::MAX, |page| page * PAGE);
        let length = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX).min(length);
        let mut chance = of(offset ^ 1 << 60);
        if length > 1 && chance.percent(self.short) { 1 + chance.index(length - 1) } else { length }
    }
}
