//! How to pull, and what a pull did.

#![forbid(unsafe_code)]

use std::time::Duration;

use breachdex::trust::Trust;
use breachdex::{Durability, Metadata};

use crate::fetch::retry::RetryPolicy;
use crate::network::NetworkOptions;

/// How to pull.
#[derive(Clone, Debug)]
pub struct PullOptions {
    /// Requests at a time.
    pub concurrency: usize,
    /// How long to wait for a connection, and for each piece of an answer.
    pub timeout: Duration,
    /// How long a request and its whole answer may take.
    pub request_timeout: Duration,
    /// How failed requests are tried again.
    pub retry: RetryPolicy,
    /// How the server is reached and whom to trust.
    pub network: NetworkOptions,
    /// Whose signature the published index must have, and how old it may be. Without keys anything is taken that agrees with
    /// itself.
    pub trust: Trust,
    /// Replace an index by one with an earlier corpus date.
    pub allow_older: bool,
    /// Replace whatever is at the target: damaged (also behind the published header), of another kind, or newer.
    pub force: bool,
    /// Throw away what an earlier run fetched.
    pub restart: bool,
    /// Bytes between two parts that are fetched rather than asked for with a request of their own.
    pub gap: u64,
    /// Threads that copy and verify; 0 is one for each processor.
    pub threads: usize,
}

impl PullOptions {
    /// A request costs about as much as so many bytes: see `docs/pull.md`.
    pub const USUAL_GAP: u64 = 4 << 10;
}

impl Default for PullOptions {
    /// 16 requests at a time, half a minute for each piece of an answer and five for a whole one.
    fn default() -> Self {
        Self {
            concurrency: 16,
            timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(300),
            retry: RetryPolicy::default(),
            network: NetworkOptions::default(),
            trust: Trust::default(),
            allow_older: false,
            force: false,
            restart: false,
            gap: Self::USUAL_GAP,
            threads: 0,
        }
    }
}

/// What a pull did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PullReport {
    /// What the index says of itself.
    pub metadata: Metadata,
    /// Whether the published file was there already, so that nothing was written.
    pub up_to_date: bool,
    /// Bytes of all answers, without their heads.
    pub bytes: u64,
    /// Requests, those that were sent again too.
    pub requests: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Bytes of the file that an earlier run had fetched or copied.
    pub resumed: u64,
    /// How often the file was replaced while it was fetched, and the pull begun anew.
    pub replaced: u32,
    /// Whether the index is known to be on disk under its name.
    pub durability: Durability,
    /// The same for its signature, where it has one.
    pub signature_durability: Option<Durability>,
}

/// What a pull would do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PullPreview {
    /// What the published index says of itself.
    pub metadata: Metadata,
    /// Whether it is there already.
    pub up_to_date: bool,
    /// Bytes that a pull would fetch.
    pub bytes: u64,
    /// Requests that it would send.
    pub requests: u64,
    /// Bytes that were fetched to know it.
    pub fetched: u64,
}
