//! Overlays: somebody's own list of passwords that must not be used, in a file that is changed while others ask it.
//!
//! An overlay is an exact index with counts, all 1, that bears a mark. A change reads all of it, applies, writes
//! a new file and renames it onto the old one, so that a reader sees the old state or the new one. Writers
//! take turns (`lock`); `change` is what becomes of the entries. `keyed` is the same for a file of keyed digests of pairs.
//! The file, its lock and what is not yet published are
//! the owner's alone, for unsalted digests of passwords that people use are as good as many of the passwords.

#![forbid(unsafe_code)]

mod change;
mod keyed;
mod lock;
mod owner;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use self::keyed::{KeyedFile, KeyedPair};

use self::change::{Change, Entries};
use self::lock::Lock;
use crate::build::{Publication, Readers, write_entries};
use crate::digest::{Digest, Kind};
use crate::error::{Error, Result, io_error};
use crate::files::{self, Durability};
use crate::format::{Layout, OverlayMark};
use crate::index::Index;
use crate::monitor::Monitor;

/// An overlay under its path, whether it is there yet or not. Holds nothing open.
///
/// ```no_run
/// use breachdex::{Digest, Kind, OverlayFile};
/// let overlay = OverlayFile::at("overlay.bdx");
/// let change = overlay.add(Kind::Sha1, &[Digest::sha1(b"our old default")], &())?;
/// println!("{} added, {} there already", change.changed, change.unchanged);
/// # Ok::<(), breachdex::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OverlayFile {
    path: PathBuf,
}

/// What a change did to an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverlayChange {
    /// Digests that were added, or removed.
    pub changed: u64,
    /// Digests that were there already, or not there. One that was handed over twice counts once.
    pub unchanged: u64,
    /// Digests that the overlay holds now.
    pub entries: u64,
    /// Whether the changed file is known to be on disk under its name.
    pub durability: Durability,
}

impl OverlayFile {
    /// The overlay under a path. Nothing is looked at yet.
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned() }
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the overlay as the index that it is.
    ///
    /// # Errors
    /// [`Error::NotAnOverlay`] for any other index; as [`Index::open`].
    pub fn open(&self) -> Result<Index> {
        let index = Index::open(&self.path)?;
        let metadata = index.metadata();
        let reason = match (metadata.is_overlay, metadata.holds_overlay) {
            (true, _) => return Ok(index),
            (false, true) => "it is an index that an overlay was merged into; name the overlay itself",
            (false, false) => {
                "it is an index of its own, which the overlay commands never change; name another file for \
                 the overlay"
            }
        };
        Err(Error::NotAnOverlay { name: index.name().to_owned(), reason })
    }

    /// Which digest the overlay holds; `None` where there is no file yet.
    ///
    /// # Errors
    /// As [`OverlayFile::open`].
    pub fn kind(&self) -> Result<Option<Kind>> {
        match self.open() {
            Ok(index) => Ok(Some(index.kind())),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds digests, each with a count of 1; one that is there keeps the count that it has. The overlay is made where
    /// there is none, also of no digest at all. Waits for other writers. Where nothing changes the file stays as it
    /// is. Reads and writes all of it: about 0.1 s for 100,000 digests, a second for a million, and 100 bytes of memory each.
    ///
    /// The new file is on disk and under its name when this returns, with mode 0600, and belongs to whom the old one
    /// belonged; what ends it before leaves the old one.
    ///
    /// # Errors
    /// [`Error::NotAnOverlay`], [`Error::OverlayKind`]; [`Error::Damaged`] for an overlay that is, which is then
    /// left as it is; [`Error::TargetBusy`] while another program builds an index of that name; [`Error::Io`];
    /// [`Error::Cancelled`].
    pub fn add(&self, kind: Kind, digests: &[Digest], monitor: &dyn Monitor) -> Result<OverlayChange> {
        self.change(kind, digests, Change::Add, monitor)
    }

    /// Removes digests. What is left may be nothing: an overlay without entries is one.
    ///
    /// # Errors
    /// As [`OverlayFile::add`]; [`Error::Io`] where there is no overlay.
    pub fn remove(&self, kind: Kind, digests: &[Digest], monitor: &dyn Monitor) -> Result<OverlayChange> {
        self.change(kind, digests, Change::Remove, monitor)
    }

    fn change(
        &self,
        kind: Kind,
        digests: &[Digest],
        change: Change,
        monitor: &dyn Monitor,
    ) -> Result<OverlayChange> {
        if let Some(other) = digests.iter().find(|digest| digest.kind() != kind) {
            return Err(Error::WrongKind { held: kind, asked: other.kind() });
        }
        let path = resolved(&self.path)?;
        if change == Change::Remove || path.exists() {
            // Before a lock is left beside what is no overlay.
            self.open()?;
        }
        let lock = Lock::take(&path, monitor)?;
        let old = self.read(kind, change, monitor)?;
        let (new, mut outcome) = old.as_ref().unwrap_or(&Entries::default()).changed(digests, change);
        match old {
            Some(_) if outcome.changed == 0 => owner::narrow(&path)?,
            _ => outcome.durability = write(&path, kind, OverlayMark::Overlay, "", &new)?,
        }
        drop(lock);
        Ok(outcome)
    }

    /// The entries that are there now, every byte checked; `None` where there is no file yet.
    fn read(&self, kind: Kind, change: Change, monitor: &dyn Monitor) -> Result<Option<Entries>> {
        let index = match self.open() {
            Ok(index) => index,
            Err(error) if change == Change::Add && is_missing(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        if index.kind() != kind {
            let name = index.name().to_owned();
            return Err(Error::OverlayKind { name, held: index.kind(), asked: kind });
        }
        index.verify(monitor)?;
        Entries::of(&index).map(Some)
    }
}

/// Publishes an overlay of entries, or a file of pairs; `source` is what its facts say it comes from.
fn write(path: &Path, kind: Kind, mark: OverlayMark, source: &str, entries: &Entries) -> Result<Durability> {
    let publication = Publication::claim_for(Readers::Owner, path, true)?;
    owner::keep(&publication.file()?.0, path)?;
    let layout =
        Layout { kind, bits: kind.bits(), directory_bits: 0, counts: true, cut: false, overlay: mark };
    write_entries(publication, layout, entries.as_slice(), source)
}

/// What a link points to: that is replaced, not the link, and all who name it take turns at one lock.
fn resolved(path: &Path) -> Result<PathBuf> {
    if path.is_symlink() { files::follow(path).map_err(io_error("open", path)) } else { Ok(path.to_owned()) }
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}
