//! What can go wrong on the wire, in the user's terms. No variant holds a password or a full digest.

#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use breachdex::{BodyFault, Kind};
use breachdex_protocol::body::Malformed;

use crate::update::BehindIndex;

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn changed_last(date: &str) -> String {
    match date {
        "" => "does not say when it changed a range".to_owned(),
        date => format!("changed a range on {date} for the last time"),
    }
}

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
    #[error("{base} is not encrypted: use https, or allow http if the network is yours alone")]
    NotEncrypted {
        /// The server.
        base: String,
    },
    /// A range could not be fetched, and no other one can be: the run ended there.
    #[error("{0}")]
    Range(Box<FailedRange>),
    /// Some ranges could not be fetched. The others are kept for the next run.
    #[error("{0}")]
    Missing(Box<MissingRanges>),
    /// What the server has is too old, or may be. All of it was fetched and is kept for the next run.
    #[error(
        "{base} {}, and at most {most} days are allowed; what was fetched is kept: run the same command again \
         when the server has newer ranges, or with another server or age",
        changed_last(date)
    )]
    Stale {
        /// The server.
        base: String,
        /// The day on which it last changed a range; empty where it does not say.
        date: String,
        /// Days that are allowed.
        most: u32,
    },
    /// The proxy's address, given or from the environment, is none.
    #[error("{origin}: {reason}")]
    Proxy {
        /// Where it was given: the name of an environment variable, or `proxy`.
        origin: String,
        /// What is wrong with it. Never repeats it: it may hold a password.
        reason: &'static str,
    },
    /// A file of trusted certificates cannot be used.
    #[error("{} ({origin}): {reason}", path.display())]
    TrustFile {
        /// Where it was given: the name of an environment variable, or `CA file`.
        origin: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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
    #[error("the client asks for {asked} ranges, the digest is {digest}")]
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
        /// Whether discarding it is a way out: [`DownloadOptions::restart`](crate::DownloadOptions::restart).
        can_be_discarded: bool,
    },
    /// Another run has the same target.
    #[error("another download or update of {} is running; wait for it or choose another target", .0.display())]
    Busy(PathBuf),
    /// The index that is to be updated.
    #[error(
        "{} holds digests from an overlay, which the server does not know: an update would lose them; keep the overlay apart, \
         update the index that it was merged with, and ask both",
        .0.display()
    )]
    HoldsOverlay(PathBuf),
    /// An address that is none of a published index.
    #[error("not the address of an index: {reason}")]
    FileUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A published file cannot be fetched. What arrived is kept.
    #[error("{name}: {fault}{}", tried(*attempts))]
    File {
        /// The file's address.
        name: String,
        /// What happened last.
        fault: FetchFault,
        /// How often it was tried.
        attempts: u32,
    },
    /// There is no published file.
    #[error("{name}: there is no such file (404)")]
    NoFile {
        /// The file's address.
        name: String,
    },
    /// A published file was replaced again and again while it was fetched.
    #[error(
        "{name} was replaced {times} times while it was fetched; run the same command again when it stays the same"
    )]
    ReplacedAgain {
        /// The file's address.
        name: String,
        /// How often.
        times: u32,
    },
    /// A published index is of another kind than the one that it would replace.
    #[error("{name} holds {found}, {} holds {held}: other programs may not expect that", target.display())]
    OtherContent {
        /// The file's address.
        name: String,
        /// What it holds.
        found: String,
        /// The index that is there.
        target: PathBuf,
        /// What that holds.
        held: String,
    },
    /// A published index is older than the one that it would replace.
    #[error(
        "{name} {}, which is older than {held} of {}",
        if found.is_empty() { String::from("has no corpus date") } else { format!("has the corpus date {found}") },
        target.display()
    )]
    Older {
        /// The file's address.
        name: String,
        /// Its corpus date; may be empty.
        found: String,
        /// The index that is there.
        target: PathBuf,
        /// The corpus date of that.
        held: String,
    },
    /// A server is behind the index that it would update.
    #[error("{behind}; {} was left as it is", path.display())]
    Behind {
        /// The index.
        path: PathBuf,
        /// How far.
        behind: Box<BehindIndex>,
    },
    /// What is at the target cannot be read, so that nothing of it can be kept.
    #[error("{error}")]
    UnusableTarget {
        /// Why.
        error: Box<breachdex::Error>,
    },
    /// Another pull has the same target.
    #[error("another pull of {} is running; wait for it or choose another target", .0.display())]
    PullBusy(PathBuf),
    /// Options that contradict one another, or the index.
    #[error("{0}")]
    Options(String),
    /// Stopped on request.
    #[error("stopped; what was fetched is kept: run the same command again to go on")]
    Stopped,
}

/// Why one range could not be fetched.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchFault {
    /// No answer: refused, reset, cut short, timed out, no route, no name.
    #[error("{0}")]
    Network(String),
    /// Nothing tells a whole answer from one that was cut: no length, no chunks, no HTTP/2.
    #[error("the server does not say where its answer ends")]
    NoEnd {
        /// Whether the answer is compressed; the compression then has an end of its own.
        is_compressed: bool,
    },
    /// The server is not who it should be, or cannot be spoken to securely.
    #[error("the server's certificate is not trusted: {0}")]
    Certificate(String),
    /// The proxy wants a log-in, or another one. Asking again may lock the account.
    #[error("the proxy {proxy} {}", if *has_credentials { "does not accept the user name and password" } else { "requires a user name and a password" })]
    ProxyLogin {
        /// Host and port.
        proxy: String,
        /// Whether a user name was given.
        has_credentials: bool,
    },
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
    /// The server points to another address, which may be anybody's.
    #[error(
        "the server answered {status}, a redirection{}; none is followed: name that address if you trust it",
        leads_to(to)
    )]
    Moved {
        /// The status.
        status: u16,
        /// The address, without what may be secret in it; empty where none was said.
        to: String,
    },
    /// The server sends whole files only.
    #[error(
        "the server does not answer range requests: it sends the whole file{}; publish it with one that does, such as nginx, Caddy, Apache or an object store (python -m http.server does not)",
        named_server(server)
    )]
    NoRanges {
        /// What the server calls itself; may be empty.
        server: String,
    },
    /// The answer is another part of the file.
    #[error("the server was asked for the bytes {}-{} and sent {}-{}", asked.start, asked.end - 1, found.start, found.end - 1)]
    OtherRange {
        /// The part that was asked for.
        asked: Range<u64>,
        /// The part that the answer says it is.
        found: Range<u64>,
    },
    /// The answer does not say which part of the file it is.
    #[error("the answer does not say which bytes of how many it is (Content-Range)")]
    UnknownRange,
    /// The answer is longer or shorter than the part of the file.
    #[error("the answer does not have the {expected} bytes that it must have")]
    OtherLength {
        /// Bytes of the part.
        expected: u64,
    },
    /// The place refused for good, as its message says.
    #[error("{0}")]
    Refused(String),
    /// The file is another one than when it was opened.
    #[error("the file was replaced while it was fetched")]
    Replaced,
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
    /// The body is what some mirrors send and the service does not.
    #[error("the answer is not the range: {0}")]
    Quirk(Quirk),
    /// The body is not a range at all.
    #[error("{0}")]
    Malformed(#[from] Malformed),
}

impl FetchFault {
    /// What mirrors do that [`FetchOptions::mirror_quirks`](crate::FetchOptions::mirror_quirks) would accept.
    pub fn is_mirror_quirk(&self) -> bool {
        matches!(
            self,
            Self::Quirk(_) | Self::NoEnd { is_compressed: true } | Self::Status { status: 404, .. }
        )
    }

    /// Whether there was a body, and it was not the range.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Body(_) | Self::Quirk(_) | Self::Encoding(_) | Self::TooLarge(_))
    }

    /// Whether no other range can be fetched either.
    pub(crate) fn concerns_all(&self) -> bool {
        matches!(self, Self::Certificate(_) | Self::ProxyLogin { .. })
    }
}

/// What some mirrors send and the service does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Quirk {
    /// A line end after the last row.
    #[error("it ends with a line end, as one that was cut short does")]
    FinalLineEnd,
    /// Padding that was not asked for.
    #[error("line {line}: the count is 0, which marks padding that was not asked for")]
    Padding {
        /// The line, from 1.
        line: usize,
    },
    /// No byte at all.
    #[error("it is empty")]
    Empty,
}

/// As many rows of missing ranges are named.
const MOST_NAMED: usize = 100;

/// A range that could not be fetched.
#[derive(Clone, Debug, thiserror::Error)]
#[error("range {prefix:05X}: {fault}{}", tried(*attempts))]
pub struct FailedRange {
    /// The 20-bit prefix.
    pub prefix: u32,
    /// What happened last.
    pub fault: FetchFault,
    /// How often it was tried.
    pub attempts: u32,
}

/// The ranges that a run could not fetch.
#[derive(Clone, Debug)]
pub struct MissingRanges {
    /// Their prefixes, ascending.
    pub prefixes: Vec<u32>,
    /// One of them.
    pub example: FailedRange,
    /// Whether so many failed in a row that the run ended before it had asked for all.
    pub gave_up: bool,
}

impl MissingRanges {
    /// The prefixes, those in a row as `FIRST-LAST`. A server can make them half a million, so no more than the first few
    /// are named.
    pub fn ranges(&self) -> String {
        let rows = self.prefixes.chunk_by(|one, next| one + 1 == *next);
        let row = |row: &[u32]| match *row {
            [first, .., last] => format!("{first:05X}-{last:05X}"),
            [only] => format!("{only:05X}"),
            [] => String::new(),
        };
        let mut named = rows.clone().take(MOST_NAMED).map(row).collect::<Vec<_>>();
        let left = rows.skip(MOST_NAMED).map(<[u32]>::len).sum::<usize>();
        if left > 0 {
            named.push(format!("{left} more"));
        }
        named.join(", ")
    }
}

impl fmt::Display for MissingRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.prefixes.len(), self.gave_up) {
            (1, false) => self.example.fmt(f),
            (number, false) => {
                write!(f, "{number} ranges could not be fetched ({}); {}", self.ranges(), self.example)
            }
            (number, true) => {
                write!(
                    f,
                    "gave up after {number} ranges could not be fetched, many in a row; {}",
                    self.example
                )
            }
        }
    }
}

fn tried(attempts: u32) -> String {
    if attempts > 1 { format!(" (tried {attempts} times)") } else { String::new() }
}

fn leads_to(address: &str) -> String {
    if address.is_empty() { String::new() } else { format!(" to {address}") }
}

fn named_server(server: &str) -> String {
    if server.is_empty() { String::new() } else { format!(" (it calls itself {server})") }
}

fn wait(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!(" and asked to wait {} seconds", wait.as_secs())).unwrap_or_default()
}

/// Names the action and the path of a failed system call.
pub(crate) fn io_error(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { action, path: path.to_owned(), source }
}
