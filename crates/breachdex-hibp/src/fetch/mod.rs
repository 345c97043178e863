//! Fetching one range: conditional, checked, tried again where that may help.
//!
//! `body` reads an answer whole, `decode` decompresses it, `quirks` knows what mirrors do, `retry` decides what is tried
//! again.

#![forbid(unsafe_code)]

pub(crate) mod body;
pub(crate) mod decode;
mod quirks;
pub(crate) mod retry;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use breachdex::{Entry, Kind, read_range_body};
use reqwest::StatusCode;
use reqwest::header::{
    ACCEPT_ENCODING, DATE, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
};
use tokio::time::Instant;

use self::decode::Encoding;
use self::retry::{RetryPolicy, Verdict, judge};
use crate::BaseUrl;
use crate::error::{FailedRange, FetchFault};
use crate::network::HttpClient;
use crate::notes::MOST_TAG;
use crate::run::FetchOptions;

/// What a server answered.
pub(crate) enum Answer {
    /// The range is as it was when it had the entity tag that was sent.
    Unchanged,
    /// The range.
    Range(FetchedRange),
}

/// A range as it was fetched.
#[derive(Default)]
pub(crate) struct FetchedRange {
    pub(crate) entries: Vec<Entry>,
    /// The body, decompressed, and without quirks.
    pub(crate) text: Vec<u8>,
    /// The strong or weak entity tag, as it was sent; empty without one.
    pub(crate) tag: String,
    pub(crate) modified: Option<SystemTime>,
}

/// What all requests of a run share.
pub(crate) struct Fetcher {
    client: HttpClient,
    base: BaseUrl,
    kind: Kind,
    policy: RetryPolicy,
    /// How long a request and its whole answer may take.
    request_timeout: Duration,
    mirror_quirks: bool,
    /// Until when the server wants to be left alone.
    quiet_until: Mutex<Option<Instant>>,
    pub(crate) counters: Counters,
}

/// What happened so far.
#[derive(Default)]
pub(crate) struct Counters {
    /// Requests that had to be sent again.
    pub(crate) retries: AtomicU64,
    /// Bodies that were not the range.
    pub(crate) damaged: AtomicU64,
    /// Bytes of all bodies, thrown away ones too.
    pub(crate) moved: AtomicU64,
    /// The first answer's date, by the server's clock, in seconds since 1970; 0 before it.
    pub(crate) begun: AtomicU64,
    /// Whether the server has had any range.
    found: AtomicBool,
}

impl Fetcher {
    pub(crate) fn new(client: HttpClient, kind: Kind, options: &FetchOptions) -> Self {
        Self {
            client,
            base: options.base_url.clone(),
            kind,
            policy: options.retry,
            request_timeout: options.request_timeout,
            mirror_quirks: options.mirror_quirks,
            quiet_until: Mutex::default(),
            counters: Counters::default(),
        }
    }

    /// Fetches a range, or learns that it has not changed since it had `tag`.
    ///
    /// # Errors
    /// When trying again does not help or was tried often enough.
    pub(crate) async fn fetch(&self, prefix: u32, tag: &str) -> Result<Answer, FailedRange> {
        let mut attempts = 0;
        let mut waits = 0;
        loop {
            self.wait_for_quiet().await;
            let fault = match tokio::time::timeout(self.request_timeout, self.attempt(prefix, tag)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(fault)) => fault,
                Err(_) => FetchFault::Network(format!(
                    "the answer was not complete within {} seconds",
                    self.request_timeout.as_secs_f64()
                )),
            };
            attempts += 1;
            if fault.is_damage() {
                self.counters.damaged.fetch_add(1, Ordering::Relaxed);
            }
            match judge(&fault, &self.policy, attempts, waits) {
                Verdict::GiveUp => return Err(FailedRange { prefix, fault, attempts }),
                Verdict::After(delay) => tokio::time::sleep(delay).await,
                Verdict::AllAfter(delay) => {
                    waits += 1;
                    self.keep_quiet_for(delay);
                }
            }
            self.counters.retries.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether 404 may mean a range without rows, and is still to be told from a wrong address.
    pub(crate) fn needs_witness(&self) -> bool {
        self.mirror_quirks && !self.counters.found.load(Ordering::Relaxed)
    }

    /// One request and its answer, checked.
    async fn attempt(&self, prefix: u32, tag: &str) -> Result<Answer, FetchFault> {
        let mut request = self
            .client
            .get(self.base.range(prefix, self.kind))
            .header(ACCEPT_ENCODING, Encoding::accepted(&self.base));
        if !tag.is_empty() {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let response = self.client.send(request).await?;
        self.note_date(response.headers());
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if !tag.is_empty() => {
                // The tag is one that the server gave, so it is asked at the right address.
                self.counters.found.store(true, Ordering::Relaxed);
                return Ok(Answer::Unchanged);
            }
            StatusCode::NOT_MODIFIED => return Err(FetchFault::NothingModified),
            // A server that has had no range yet is one that is asked at the wrong address.
            StatusCode::NOT_FOUND if self.mirror_quirks && self.counters.found.load(Ordering::Relaxed) => {
                let text = quirks::put_right(&[], self.kind);
                return Ok(Answer::Range(FetchedRange { text, ..FetchedRange::default() }));
            }
            status if status.is_redirection() => {
                return Err(FetchFault::Redirected { status: status.as_u16() });
            }
            status => {
                let retry_after = retry_after(response.headers());
                return Err(FetchFault::Status { status: status.as_u16(), retry_after });
            }
        }
        let tag = text_of(response.headers(), &ETAG);
        let tag = if tag.len() <= MOST_TAG { tag.to_owned() } else { String::new() };
        let modified = httpdate::parse_http_date(text_of(response.headers(), &LAST_MODIFIED)).ok();
        let text = body::read(&self.client, response, self.mirror_quirks, &self.counters.moved).await?;
        let (entries, text) = self.rows(prefix, text)?;
        self.counters.found.store(true, Ordering::Relaxed);
        Ok(Answer::Range(FetchedRange { entries, text, tag, modified }))
    }

    /// The rows of a body, and the body without quirks.
    fn rows(&self, prefix: u32, mut text: Vec<u8>) -> Result<(Vec<Entry>, Vec<u8>), FetchFault> {
        if self.mirror_quirks {
            text = quirks::put_right(&text, self.kind);
        }
        // More than one line end is no quirk.
        if let Some(quirk) = quirks::find(&text) {
            return Err(FetchFault::Quirk(quirk));
        }
        let length = text.len();
        let mut entries = Vec::with_capacity(length / 36);
        read_range_body(self.kind, prefix, &mut text, &mut entries)
            .map_err(|fault| quirks::fault(&text, fault, self.kind))?;
        text.truncate(length);
        Ok((entries, text))
    }

    fn note_date(&self, headers: &HeaderMap) {
        if self.counters.begun.load(Ordering::Relaxed) == 0
            && let Ok(date) = httpdate::parse_http_date(text_of(headers, &DATE))
        {
            let _ =
                self.counters.begun.compare_exchange(0, seconds(date), Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn keep_quiet_for(&self, delay: Duration) {
        let until = Instant::now() + delay;
        let mut quiet = self.quiet_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *quiet = Some(quiet.map_or(until, |earlier| earlier.max(until)));
    }

    async fn wait_for_quiet(&self) {
        loop {
            let until = *self.quiet_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => tokio::time::sleep_until(until).await,
                None => return,
            }
        }
    }
}

/// Seconds since 1970; 0 for what is before it.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The text of a header; empty without one.
pub(crate) fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// How long a server asks to wait: seconds, or until a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text_of(headers, &RETRY_AFTER).trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(text_of(headers, &DATE)).unwrap_or_else(|_| SystemTime::now());
    Some(until.duration_since(now).unwrap_or_default())
}
