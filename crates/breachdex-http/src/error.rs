//! An error that prevents a server from listening or running.

#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;

use crate::listen::Listen;

/// An error that prevents a server from listening or running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
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
    /// The system refused a runtime or a setting.
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

impl HttpError {
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
        let said = HttpError::Thread { needed: 13, source }.to_string();
        assert_eq!(
            said,
            "cannot start a thread: Resource temporarily unavailable (os error 11); the server needs up to 13: raise \
             the limit on threads (ulimit -u, TasksMax=, pids_limit)"
        );
    }
}
