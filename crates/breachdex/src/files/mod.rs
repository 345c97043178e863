//! Every file that is opened, created, locked, synced, renamed or removed.
//!
//! - `reading` opens what is read: an index is a regular file, an input may be a pipe, and nothing waits for a pipe's
//!   writer where it could not be told to stop.
//! - `private` opens files with secrets, which are closed to other users.
//! - `disk` is the seam: the few system calls that change something, as a trait. [`System`] is the real one;
//!   [`simulate`] puts another in its place, to see what a short write, a full disk or a crash does; `reads` is the seam
//!   below what reads.
//! - `owned` opens files under names that are known beforehand (journals, locks): never through a link, never another
//!   user's.
//! - `lock` tells living writers from dead ones, also on file systems that have no locks; `place` is where a process lives.
//! - `temporary` is a file beside its target that becomes it; `attributes` keeps mode, owner and group of the file that
//!   is replaced; `durability` says whether a published file is known to be on disk.
//!
//! For the crates of this project, not for others: nothing here is stable.

#![forbid(unsafe_code)]

#[cfg(feature = "build")]
mod attributes;
#[cfg(feature = "build")]
mod disk;
#[cfg(feature = "build")]
mod durability;
#[cfg(feature = "build")]
mod lock;
#[cfg(feature = "build")]
mod owned;
#[cfg(feature = "build")]
mod place;
mod private;
mod reading;
mod reads;
#[cfg(feature = "build")]
mod temporary;
#[cfg(all(test, feature = "build", unix))]
mod tests;

#[cfg(feature = "build")]
pub use self::disk::{Disk, System, current, simulate, simulated_disk, write_all_at};
#[cfg(feature = "build")]
pub use self::durability::Durability;
#[cfg(feature = "build")]
pub use self::lock::Lock;
#[cfg(all(unix, feature = "build"))]
pub(crate) use self::owned::is_strangers;
#[cfg(feature = "build")]
pub use self::owned::{
    follow, is_left, open_or_create, refuse_put_there, refuse_strange_folder, replace_leftover,
};
pub use self::private::{PrivateFault, open_private, open_secret, read_private, read_secret};
#[cfg(feature = "build")]
pub(crate) use self::reading::is_stopped;
#[cfg(feature = "decompression")]
pub(crate) use self::reading::stopped;
pub use self::reading::{InputFile, kind_of, open_index, open_regular, read_start, read_text};
#[cfg(feature = "simulation")]
pub(crate) use self::reads::simulated;
pub use self::reads::{ReadFrom, read_at};
#[cfg(feature = "simulation")]
pub use self::reads::{SimulatedRead, simulate_reads};
#[cfg(feature = "build")]
pub use self::temporary::{ClaimError, Readers, Temporary, resolve_target};

/// Whether two paths lead to one regular file. Opens nothing else: a pipe would wait for its writer.
#[cfg(feature = "build")]
pub fn is_same_file(one: &std::path::Path, other: &std::path::Path) -> bool {
    one.is_file() && other.is_file() && same_file::is_same_file(one, other).unwrap_or(false)
}

/// The folder of a path.
#[cfg(feature = "build")]
pub(crate) fn folder_of(path: &std::path::Path) -> &std::path::Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."))
}

/// A refusal of our own as the system would report one.
#[cfg(feature = "build")]
pub(crate) fn refused(reason: &'static str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::PermissionDenied, Refused(reason))
}

#[cfg(feature = "build")]
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(&'static str);
