//! What can go wrong on the wire, in the user's terms. No variant holds a password or a full digest.

#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use breachdex::{BodyFault, Kind};
use breachdex_protocol::body::Malformed;

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The index or the target.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
    /// An address that is none.
    #[error("not a base URL: {reason}")]
    BaseUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The connection would not be encrypted.
    #[error("{base} is not encrypted: use https, or --insecure-http if the network is yours alone")]
    NotEncrypted {
        /// The server.
        base: String,
    },
    /// A range could not be had.
    #[error("range {prefix:05X}: {fault}{}", tried(*attempts))]
    Range {
        /// The 20-bit prefix.
        prefix: u32,
        /// What happened last.
        fault: FetchFault,
        /// How often it was tried.
        attempts: u32,
    },
    /// A remote question could not be answered. The prefix is not said, for it is part of a password's digest.
    #[error("{base} gave no answer: {fault}")]
    Remote {
        /// The server.
        base: String,
        /// What happened.
        fault: FetchFault,
    },
    /// A digest of another kind than the client asks for.
    #[error("the client asks for {asked} ranges, the digest is {}", digest)]
    WrongKind {
        /// What the client asks for.
        asked: Kind,
        /// What was given.
        digest: Kind,
    },
    /// The system could not give what the network needs.
    #[error("cannot {action}: {reason}")]
    System {
        /// What was tried, as a verb.
        action: &'static str,
        /// The reason.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}{}", path.display(), breachdex::advice(source))]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// What an interrupted run left cannot be gone on with.
    #[error("{}: {reason}", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Another run has the same target.
    #[error("another download or update of {} is running; wait for it or choose another target", .0.display())]
    Busy(PathBuf),
    /// Options that contradict one another, or the index.
    #[error("{0}")]
    Options(String),
    /// Stopped on request.
    #[error("stopped; what was fetched is kept: run the same command again to go on")]
    Stopped,
}

/// Why one range could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchFault {
    /// No answer: refused, reset, cut short, timed out, no route, no name.
    #[error("{0}")]
    Network(String),
    /// The server is not who it should be, or cannot be spoken to securely.
    #[error("the server's certificate is not to be trusted: {0}")]
    Certificate(String),
    /// The server said no.
    #[error("the server answered {status}{}", wait(*retry_after))]
    Status {
        /// The status.
        status: u16,
        /// How long it asked to wait.
        retry_after: Option<Duration>,
    },
    /// The server points elsewhere.
    #[error("the server answered {status}, a redirection, which is not followed; is the base URL right?")]
    Redirected {
        /// The status.
        status: u16,
    },
    /// "Not modified", though nothing had been had before.
    #[error("the server answered 304 to a question that has no earlier answer")]
    NothingModified,
    /// The body was larger than any range is.
    #[error("the answer is larger than {} MiB, which no range is", .0 >> 20)]
    TooLarge(usize),
    /// The body's compression is damaged or not spoken.
    #[error("the answer's {0}")]
    Encoding(&'static str),
    /// The body is not the range.
    #[error("the answer is not the range: {0}")]
    Body(#[from] BodyFault),
    /// The body is not a range at all.
    #[error("{0}")]
    Malformed(#[from] Malformed),
}

fn tried(attempts: u32) -> String {
    if attempts > 1 { format!(" (tried {attempts} times)") } else { String::new() }
}

fn wait(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!(" and asked to wait {} seconds", wait.as_secs())).unwrap_or_default()
}

/// Names the action and the path of a failed system call.
pub(crate) fn io_error(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { action, path: path.to_owned(), source }
}
