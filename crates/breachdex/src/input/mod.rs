//! Where digests come from: lists of `HEX:COUNT` lines, folders of range files, passwords, other indexes,
//! plain or compressed, and the strict readers that refuse what is not one of them.
//!
//! `decompress` opens a file as text, `blocks` cuts text into pieces that threads can parse apart, `lines`,
//! `body`, `ranges` and `passwords` parse one piece, `indexes` reads an index, `entries` takes what a program hands over, `stream` lays all inputs of a build
//! end to end. `partitions` sorts rows by the part of a cluster's build that they belong to, and
//! `packed` has them in pieces with checksums, and in order again.

#![forbid(unsafe_code)]

pub(crate) mod blocks;
mod body;
pub(crate) mod decompress;
mod entries;
pub(crate) mod faults;
pub(crate) mod indexes;
pub(crate) mod lines;
pub(crate) mod packed;
mod partitions;
pub(crate) mod passwords;
pub(crate) mod ranges;
pub(crate) mod stream;

use std::io::Read;
use std::path::{Path, PathBuf};

pub use self::body::{BodyFault, read_range_body};
pub use self::entries::EntryBatches;
pub use self::packed::{PackedRows, PackedSorter};
pub use self::partitions::{ListNotes, Partitions, TextPlace, TextRows};
use crate::error::{Error, InputError, Remedy, Result, io_error};
use crate::files;
use crate::format::MAGIC;

/// What an input is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Lines of `HEX:COUNT`, in any order.
    Hibp,
    /// A folder of range files, one for each 5-digit prefix.
    Ranges,
    /// One password a line.
    Passwords,
    /// A breachdex index.
    Index,
}

/// Where an input is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, a folder or a pipe in the file system.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// One input of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it is.
    pub source: Source,
    /// What it is made of; `None` takes a folder for [`Format::Ranges`], what begins like an index for
    /// [`Format::Index`] and anything else for [`Format::Hibp`].
    pub format: Option<Format>,
}

impl Input {
    /// An input at a path, its format found by looking at it.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self { source: Source::Path(path.into()), format: None }
    }

    /// The input's name in messages.
    pub(crate) fn name(&self) -> String {
        match &self.source {
            Source::Path(path) => path.display().to_string(),
            Source::Stdin => "standard input".to_owned(),
        }
    }

    /// The format, looked up where it was not said.
    ///
    /// # Errors
    /// [`Error::Io`] when the input cannot be looked at, [`Error::Unbuildable`] when a folder was said to be
    /// something else or the reverse.
    pub(crate) fn resolve_format(&self) -> Result<Format> {
        let Source::Path(path) = &self.source else {
            return match self.format {
                Some(format @ (Format::Ranges | Format::Index)) => Err(Error::Unbuildable(format!(
                    "{} cannot be read from standard input; give its path",
                    if format == Format::Index { "an index" } else { "a folder of range files" }
                ))),
                other => Ok(other.unwrap_or(Format::Hibp)),
            };
        };
        let metadata = std::fs::metadata(path).map_err(io_error("open", path))?;
        match (self.format, metadata.is_dir()) {
            (None | Some(Format::Ranges), true) => Ok(Format::Ranges),
            (Some(_), true) => {
                let reason = "this is a folder; only a folder of range files can be read";
                Err(InputError::new(path.display().to_string(), None, reason)
                    .with(Some(Remedy::RangesFormat))
                    .into())
            }
            (Some(Format::Ranges), false) => {
                Err(Error::Unbuildable(format!("{} is not a folder of range files", path.display())))
            }
            (Some(format), false) => Ok(format),
            (None, false) if metadata.is_file() && begins_like_an_index(path)? => Ok(Format::Index),
            (None, false) => Ok(Format::Hibp),
        }
    }

    /// Whether the input can be read once more from its beginning.
    pub(crate) fn is_replayable(&self) -> bool {
        match &self.source {
            Source::Path(path) => {
                std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() || metadata.is_dir())
            }
            Source::Stdin => false,
        }
    }
}

fn begins_like_an_index(path: &Path) -> Result<bool> {
    let (file, _) = files::open_index(path)?;
    let mut start = Vec::with_capacity(MAGIC.len());
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(io_error("read", path))?;
    Ok(start == MAGIC)
}
