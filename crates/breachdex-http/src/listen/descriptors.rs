//! Determines how many connections the limit on open files allows.

#![forbid(unsafe_code)]

use crate::error::HttpError;

/// Standard streams, a log, an index that is read for a reload, and what libraries open.
const SPARE: u64 = 24;

/// Descriptors of a worker: its event loop, the event that wakes it, and a spare.
const PER_WORKER: u64 = 4;

/// Descriptors of a file and of the one that replaces it.
const PER_FILE: u64 = 2;

/// Fewer connections are not worth a server.
const FEWEST_CONNECTIONS: u64 = 16;

/// Where the system has no such limit.
const DEFAULT_CONNECTIONS: usize = 10_000;

/// What a server opens beside its connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub(crate) workers: usize,
    pub(crate) sockets: usize,
    pub(crate) files: usize,
}

impl Needs {
    fn descriptors(self) -> u64 {
        let (workers, sockets, files) = (self.workers as u64, self.sockets as u64, self.files as u64);
        SPARE + workers * (PER_WORKER + sockets) + files * PER_FILE
    }

    /// Raises the limit on open files as far as it goes, and returns how many connections that leaves.
    ///
    /// # Errors
    /// [`HttpError::OpenFiles`] if it leaves too few.
    pub(crate) fn most_connections(self) -> Result<usize, HttpError> {
        let Some(limit) = raised_limit() else { return Ok(DEFAULT_CONNECTIONS) };
        let needed = self.descriptors() + FEWEST_CONNECTIONS;
        if limit < needed {
            return Err(HttpError::OpenFiles { limit, needed });
        }
        Ok(usize::try_from(limit - self.descriptors()).unwrap_or(DEFAULT_CONNECTIONS))
    }
}

/// The limit on open files, after it was raised as far as it goes; `None` if there is none.
#[cfg(unix)]
fn raised_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current }
}

#[cfg(not(unix))]
fn raised_limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_need_grows_with_workers_sockets_and_files() {
        let needs = Needs { workers: 2, sockets: 1, files: 1 };
        assert_eq!(needs.descriptors(), 24 + 2 * 5 + 2);
        assert_eq!(Needs { sockets: 3, ..needs }.descriptors(), 24 + 2 * 7 + 2);
        assert_eq!(Needs { files: 4, ..needs }.descriptors(), 24 + 2 * 5 + 8);
    }
}
