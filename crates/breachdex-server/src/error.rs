//! An error that prevents a server from starting or running.

#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;

use breachdex::{Kind, PREFIX_COUNT};

use crate::listen::Listen;

/// An error that prevents a server from starting or running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// An index cannot be opened.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
    /// No index was given.
    #[error("there is no index to serve")]
    NoIndex,
    /// Two indexes of the same kind were given.
    #[error("{} and {} both hold {kind} digests; serve one index of each kind", first.display(), second.display())]
    TwoOfOneKind {
        /// What both hold.
        kind: Kind,
        /// The first.
        first: PathBuf,
        /// The second.
        second: PathBuf,
    },
    /// The index keeps a part of each digest only.
    #[error(
        "{} is truncated to {bits} bits: a range server needs full digests",
        path.display()
    )]
    Truncated {
        /// The index.
        path: PathBuf,
        /// Bits kept.
        bits: u32,
    },
    /// The index has no counts.
    #[error("{} has no counts, which a range server needs", path.display())]
    WithoutCounts {
        /// The index.
        path: PathBuf,
    },
    /// The index covers a part of the prefixes only.
    #[error("{} covers {prefixes} of {PREFIX_COUNT} prefixes", path.display())]
    Partial {
        /// The index.
        path: PathBuf,
        /// How many prefixes it covers.
        prefixes: u32,
    },
    /// Digests from an overlay would be served, which nobody asked for.
    #[error(
        "{} holds digests from an overlay, and every client of this server could list them range by range",
        path.display()
    )]
    OverlayNotAgreed {
        /// The overlay, or the index that one was merged into.
        path: PathBuf,
    },
    /// Digests from an overlay would be served to other machines, which nobody asked for.
    #[error(
        "{} holds digests from an overlay, and other machines could list them range by range at {address}; listen on \
         127.0.0.1",
        path.display()
    )]
    OverlayOnNetwork {
        /// The overlay, or the index that one was merged into.
        path: PathBuf,
        /// Where the server would listen.
        address: String,
    },
    /// An overlay has no base.
    #[error(
        "{} holds {kind} digests, and no {kind} index is served beside it",
        path.display()
    )]
    OverlayWithoutBase {
        /// The overlay.
        path: PathBuf,
        /// What it holds.
        kind: Kind,
    },
    /// A replaced file holds the other kind of digest.
    #[error("{} holds {found} digests, the index it replaces {expected} digests", path.display())]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What the index holds that is being served.
        expected: Kind,
        /// What the new file holds.
        found: Kind,
    },
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// The system's reason.
        source: io::Error,
    },
    /// No address was given, and no socket was inherited.
    #[error("there is no address to listen on")]
    NoAddress,
    /// Another process listens on a Unix socket.
    #[error("cannot listen on unix:{}: another process listens there", path.display())]
    SocketInUse {
        /// The path of the socket.
        path: PathBuf,
    },
    /// The path of a Unix socket is taken by another file.
    #[error("cannot listen on unix:{}: there is a file that is not a socket; remove it or choose another path", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The limit on open files is too low to serve anything.
    #[error(
        "the limit on open files is {limit}, and the server needs at least {needed}; raise it (ulimit -n, LimitNOFILE=)"
    )]
    OpenFiles {
        /// The limit, raised as far as it goes.
        limit: u64,
        /// What the server needs.
        needed: u64,
    },
    /// The system refused a thread.
    #[error(
        "cannot start a thread: {source}; the server needs up to {needed}: raise the limit on threads (ulimit -u, \
         TasksMax=, pids_limit)"
    )]
    Thread {
        /// Threads that the server may start.
        needed: usize,
        /// The system's reason.
        source: io::Error,
    },
    /// A certificate or a key cannot be used.
    #[error("cannot use {} for https: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system refused a thread, a runtime or a setting.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// A worker panicked, which is a bug.
    #[error("a worker of the server panicked; this is a fault of the program")]
    WorkerPanicked,
}

impl ServeError {
    pub(crate) fn listen(address: &Listen, source: io::Error) -> Self {
        Self::Listen { address: address.to_string(), source }
    }

    /// Names what the system refused.
    pub(crate) fn system(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn refused_threads_are_named_with_what_is_needed() {
        let source = io::Error::from_raw_os_error(11);
        let said = ServeError::Thread { needed: 13, source }.to_string();
        assert_eq!(
            said,
            "cannot start a thread: Resource temporarily unavailable (os error 11); the server needs up to 13: raise \
             the limit on threads (ulimit -u, TasksMax=, pids_limit)"
        );
    }
}
