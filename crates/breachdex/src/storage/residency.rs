//! How much of an index is in memory before the first question. What does not fit is refused with both sizes.

#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::str::FromStr;

use memmap2::{Mmap, MmapMut};

use super::positioned::{ReadMode, Unread, read_at, read_at_least};
use super::{ReadFile, Storage};
use crate::error::{Error, Result, io_error};
use crate::mappable;

/// Where an index's bytes are when the first question comes.
///
/// | | answers without the disk | memory | four processes on one file |
/// | --- | --- | --- | --- |
/// | `OnDemand` | what was asked before, while the page cache keeps it | what was asked | share the page cache |
/// | `Populate` | everything, while the page cache keeps it | the file, given back under pressure | share it |
/// | `Locked` | everything | the file, never given back | share it |
/// | `HugePages` | everything, with fewer cache misses a lookup | a copy of the file | a copy each |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Residency {
    /// Pages are read when they are first touched.
    #[default]
    OnDemand,
    /// The whole file is read into the page cache at open.
    Populate,
    /// [`Residency::Populate`], and the pages are locked there. Needs a limit for locked memory (`RLIMIT_MEMLOCK`)
    /// that large.
    Locked,
    /// The file is copied into anonymous memory, in huge pages where the system has them.
    HugePages,
}

impl Residency {
    /// Every choice, in ascending order of cost.
    pub const ALL: [Self; 4] = [Self::OnDemand, Self::Populate, Self::Locked, Self::HugePages];

    /// The name by which flags and other languages know it: `on-demand`, `populate`, `locked`, `huge-pages`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Populate => "populate",
            Self::Locked => "locked",
            Self::HugePages => "huge-pages",
        }
    }
}

impl fmt::Display for Residency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Residency {
    type Err = UnknownResidency;

    fn from_str(name: &str) -> Result<Self, UnknownResidency> {
        Self::ALL.into_iter().find(|residency| residency.name() == name).ok_or(UnknownResidency)
    }
}

/// A name that no [`Residency`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the residency is none of on-demand, populate, locked, huge-pages")]
pub struct UnknownResidency;

/// Bytes that are copied with one read.
const COPY_STEP: usize = 8 << 20;

impl Storage {
    /// Has the bytes of a file, `length` of them, where `residency` says, mapped or read.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::DoesNotFit`] where memory or a limit is too small for it, before anything is read.
    pub(crate) fn open(
        file: File,
        length: u64,
        path: &Path,
        residency: Residency,
        is_mapped: bool,
    ) -> Result<Self> {
        if residency != Residency::OnDemand {
            require_memory(length, path, residency)?;
        }
        if residency == Residency::Locked {
            require_lockable(length, path)?;
        }
        match residency {
            Residency::HugePages => Self::copy(&file, length, path),
            _ if is_mapped => {
                let storage = Self::map(file, path)?;
                match residency {
                    Residency::Populate => storage.populate(path)?,
                    Residency::Locked => storage.lock(path)?,
                    _ => {}
                }
                Ok(storage)
            }
            Residency::OnDemand => Ok(Self::File(ReadFile::new(file))),
            // The pages stay in the page cache without a mapping.
            _ => {
                read_through(&file, path)?;
                let locked = if residency == Residency::Locked { Some(locked(&file, path)?) } else { None };
                Ok(Self::File(ReadFile { file, _locked: locked }))
            }
        }
    }

    /// Copies a file into anonymous memory, in huge pages where there are some.
    fn copy(file: &File, length: u64, path: &Path) -> Result<Self> {
        let failed = || io_error("copy into memory", path);
        mappable::check_width(length, mappable::WIDEST, path)?;
        let mut map = MmapMut::map_anon(length as usize).map_err(failed())?;
        // Without huge pages it is a copy in ordinary ones: as right, only slower.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        let mut at = 0;
        for piece in map.chunks_mut(COPY_STEP) {
            read_at(file, at, piece, ReadMode::Blocking).map_err(|unread| failed()(reason(unread)))?;
            at += piece.len() as u64;
        }
        map.make_read_only().map(Self::Copied).map_err(failed())
    }

    /// Reads a whole mapped file into the page cache and maps its pages.
    #[cfg(target_os = "linux")]
    fn populate(&self, path: &Path) -> Result<()> {
        let Self::Mapped(map, _) = self else { return Ok(()) };
        // One page after another is read without this; the advice for lookups is given again below.
        let _ = map.advise(memmap2::Advice::Sequential);
        let populated = map.advise(memmap2::Advice::PopulateRead).or_else(|_| {
            // Systems before Linux 5.14.
            touch(map);
            Ok(())
        });
        let _ = map.advise(memmap2::Advice::Random);
        populated.map_err(io_error("read", path))
    }

    #[cfg(not(target_os = "linux"))]
    fn populate(&self, _: &Path) -> Result<()> {
        if let Self::Mapped(map, _) = self {
            touch(map);
        }
        Ok(())
    }

    #[cfg(unix)]
    fn lock(&self, path: &Path) -> Result<()> {
        let Self::Mapped(map, _) = self else { return Ok(()) };
        self.populate(path)?;
        map.lock().map_err(io_error("lock in memory", path))
    }

    #[cfg(not(unix))]
    fn lock(&self, path: &Path) -> Result<()> {
        Err(io_error("lock in memory", path)(std::io::ErrorKind::Unsupported.into()))
    }
}

/// Has the system cache all of a file, by reading it: no page of a mapping is touched that may not be there any more.
fn read_through(file: &File, path: &Path) -> Result<()> {
    let mut piece = vec![0; 1 << 20];
    let mut at = 0;
    loop {
        match read_at_least(file, at, &mut piece, 1, ReadMode::Blocking) {
            Ok(read) => at += read as u64,
            Err(Unread::Short) => return Ok(()),
            Err(unread) => return Err(io_error("read", path)(reason(unread))),
        }
    }
}

/// A mapping that is never read and has a file's pages locked in the page cache.
#[cfg(unix)]
fn locked(file: &File, path: &Path) -> Result<Mmap> {
    let map = super::map(file, path)?;
    map.lock().map_err(io_error("lock in memory", path))?;
    Ok(map)
}

#[cfg(not(unix))]
fn locked(_: &File, path: &Path) -> Result<Mmap> {
    Err(io_error("lock in memory", path)(std::io::ErrorKind::Unsupported.into()))
}

/// Why a read failed, for an [`Error::Io`].
fn reason(unread: Unread) -> std::io::Error {
    match unread {
        Unread::Short => std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the file was cut short"),
        Unread::WouldBlock => std::io::ErrorKind::WouldBlock.into(),
        Unread::Failed(source) => source,
    }
}

/// Touches every page.
fn touch(map: &Mmap) {
    let sum = map.iter().step_by(4096).fold(0_u8, |sum, byte| sum ^ byte);
    std::hint::black_box(sum);
}

const FREE_MEMORY: &str = "free memory";
#[cfg(all(target_os = "linux", feature = "system"))]
const LOCKABLE: &str = "memory that may be locked (ulimit -l, LimitMEMLOCK=)";

fn does_not_fit(path: &Path, needed: u64, available: u64, what: &'static str) -> Error {
    Error::DoesNotFit { path: path.to_owned(), needed, available, what }
}

/// Refuses what the memory that is available now cannot hold. What cannot be told is not refused.
fn require_memory(needed: u64, path: &Path, residency: Residency) -> Result<()> {
    // What of the file is in the page cache already counts as available, and need not be read again.
    let reserve = if residency == Residency::HugePages { RESERVE } else { 0 };
    match available_memory() {
        Some(available) if available < needed.saturating_add(reserve) => {
            Err(does_not_fit(path, needed, available.saturating_sub(reserve), FREE_MEMORY))
        }
        _ => Ok(()),
    }
}

/// What a copy leaves to everything else.
const RESERVE: u64 = 64 << 20;

/// Bytes that can be had without swapping: the system's, or what is left of the control group's.
fn available_memory() -> Option<u64> {
    let system = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| available_of(&text));
    let group = control_group_left();
    [system, group].into_iter().flatten().min()
}

/// `MemAvailable` of the text of `/proc/meminfo`, in bytes.
fn available_of(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// What a limit of the process's control group (version 2) leaves, page cache that can be given back included. Limits of
/// groups above it are not looked at.
fn control_group_left() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = Path::new("/sys/fs/cgroup").join(group);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let limit: u64 = read("memory.max")?.trim().parse().ok()?;
    let used: u64 = read("memory.current")?.trim().parse().ok()?;
    let cache = read("memory.stat").and_then(|text| {
        text.lines().find_map(|line| line.strip_prefix("inactive_file "))?.trim().parse::<u64>().ok()
    });
    Some(limit.saturating_sub(used.saturating_sub(cache.unwrap_or(0))))
}

#[cfg(all(target_os = "linux", feature = "system"))]
fn require_lockable(needed: u64, path: &Path) -> Result<()> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Memlock).current;
    match limit {
        Some(limit) if limit < needed && !may_lock_any() => Err(does_not_fit(path, needed, limit, LOCKABLE)),
        _ => Ok(()),
    }
}

/// Whether the process has the capability for which the limit does not hold (`CAP_IPC_LOCK`).
#[cfg(all(target_os = "linux", feature = "system"))]
fn may_lock_any() -> bool {
    const IPC_LOCK: u32 = 14;
    let effective = std::fs::read_to_string("/proc/self/status").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
        u64::from_str_radix(line.trim(), 16).ok()
    });
    effective.is_some_and(|bits| bits >> IPC_LOCK & 1 == 1)
}

#[cfg(not(all(target_os = "linux", feature = "system")))]
fn require_lockable(_: u64, _: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
#[path = "residency_tests.rs"]
mod tests;
