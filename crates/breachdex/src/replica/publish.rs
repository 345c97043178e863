//! A finished copy is verified from its first byte to its last, and then gets its name.

#![forbid(unsafe_code)]

use std::fs::File;
use std::path::Path;

use super::published::Published;
use crate::build::{BeforePublish, Publication, ReadBack, Readers};
use crate::error::{Error, ReadBackFault, Result, io_error};
use crate::files::{self, Durability};
use crate::format::OverlayMark;
use crate::index::{Index, OpenOptions, VerifyOptions};
use crate::monitor::{Monitor, Phase, Progress};

/// How a copy is published.
#[derive(Clone, Debug, Default)]
pub struct PublishOptions {
    /// Threads that verify; 0 is one for each processor.
    pub threads: usize,
    /// What is done with the verified file before it has its name.
    pub before_publish: Option<BeforePublish>,
}

/// Makes a file at `path`, in the folder of `target`, that has all units and the tail in their places, the published index at
/// `target`. The header is written, the file is synced, opened and verified in whole: every checksum, entry and hash, and
/// the content id over all of them. Mode, owner and group of the file that it replaces are kept.
///
/// # Errors
/// [`Error::TargetBusy`]; [`Error::NotPublished`] where the file is not the published one; [`Error::Io`];
/// [`Error::Cancelled`]; what `before_publish` gives. The target is then as it was, and the file stays.
pub fn publish(
    published: &Published,
    file: File,
    path: &Path,
    target: &Path,
    options: &PublishOptions,
    monitor: &dyn Monitor,
) -> Result<Durability> {
    let readers = match published.layout().overlay {
        OverlayMark::None => Readers::Umask,
        _ => Readers::Owner,
    };
    let mut publication =
        Publication::claim_for(readers, target, true)?.before(options.before_publish.as_ref());
    let disk = files::current();
    files::write_all_at(&*disk, &file, published.head().bytes(), 0).map_err(io_error("write", target))?;
    if monitor.progress(Progress { phase: Phase::Syncing, done: 0, total: None }).is_break() {
        return Err(Error::Cancelled);
    }
    disk.sync(&file).map_err(io_error("write", target))?;
    let index = verify(published, path, options.threads, monitor).map_err(|error| match error {
        Error::Cancelled => Error::Cancelled,
        error => Error::NotPublished {
            target: target.to_owned(),
            fault: ReadBackFault::Unreadable(Box::new(error)),
        },
    })?;
    publication.adopt(file, path);
    publication.publish(ReadBack::verified(index))
}

fn verify(published: &Published, path: &Path, threads: usize, monitor: &dyn Monitor) -> Result<Index> {
    let index = Index::open_with(path, OpenOptions::new().any_content())?;
    index.verify_with(VerifyOptions { threads }, monitor)?;
    // The header has the checksum of every section behind the groups, and the content id.
    if index.header_bytes() == *published.head().bytes() {
        Ok(index)
    } else {
        Err(index.damaged(crate::error::Section::Header, "the header is not the published one"))
    }
}
