//! Having one range: conditional, checked, tried again where that may help.

#![forbid(unsafe_code)]

pub(crate) mod decode;
pub(crate) mod retry;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use breachdex::{Entry, Kind, read_range_body};
use breachdex_protocol::MOST_BODY_BYTES;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, DATE, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH, LAST_MODIFIED,
    RETRY_AFTER,
};
use reqwest::{Client, Response, StatusCode};

use self::decode::Encoding;
use self::retry::{RetryPolicy, Verdict, judge};
use crate::BaseUrl;
use crate::error::{Error, FetchFault, Result};

/// The longest entity tag that is kept; longer ones are done without.
const MOST_TAG_BYTES: usize = 200;

/// What a server answered.
pub(crate) enum Answer {
    /// The range is as it was when it had the entity tag that was sent.
    Unchanged,
    /// The range.
    Range(FetchedRange),
}

/// A range as it was fetched.
pub(crate) struct FetchedRange {
    pub(crate) entries: Vec<Entry>,
    /// The body, decompressed.
    pub(crate) text: Vec<u8>,
    /// The strong or weak entity tag, as it was sent; empty without one.
    pub(crate) tag: String,
    pub(crate) modified: Option<SystemTime>,
}

/// What all requests of a run share.
pub(crate) struct Fetcher {
    client: Client,
    base: BaseUrl,
    kind: Kind,
    policy: RetryPolicy,
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
}

impl Fetcher {
    pub(crate) fn new(client: Client, base: BaseUrl, kind: Kind, policy: RetryPolicy) -> Self {
        Self { client, base, kind, policy, quiet_until: Mutex::default(), counters: Counters::default() }
    }

    /// Has a range, or learns that it has not changed since it had `tag`.
    ///
    /// # Errors
    /// [`Error::Range`] when trying again does not help or was tried often enough.
    pub(crate) async fn fetch(&self, prefix: u32, tag: &str) -> Result<Answer> {
        let mut attempts = 0;
        let mut waits = 0;
        loop {
            self.wait_for_quiet().await;
            let fault = match self.attempt(prefix, tag).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            attempts += 1;
            if matches!(fault, FetchFault::Body(_) | FetchFault::Encoding(_) | FetchFault::TooLarge(_)) {
                self.counters.damaged.fetch_add(1, Ordering::Relaxed);
            }
            match judge(&fault, &self.policy, attempts, waits) {
                Verdict::GiveUp => return Err(Error::Range { prefix, fault, attempts }),
                Verdict::After(delay) => tokio::time::sleep(delay).await,
                Verdict::AllAfter(delay) => {
                    waits += 1;
                    self.keep_quiet_for(delay);
                }
            }
            self.counters.retries.fetch_add(1, Ordering::Relaxed);
        }
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
        let response = request.send().await.map_err(crate::http::fault)?;
        self.note_date(response.headers());
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if !tag.is_empty() => return Ok(Answer::Unchanged),
            StatusCode::NOT_MODIFIED => return Err(FetchFault::NothingModified),
            status if status.is_redirection() => {
                return Err(FetchFault::Redirected { status: status.as_u16() });
            }
            status => {
                let retry_after = retry_after(response.headers());
                return Err(FetchFault::Status { status: status.as_u16(), retry_after });
            }
        }
        let encoding = Encoding::of(text_of(response.headers(), &CONTENT_ENCODING))?;
        let tag = text_of(response.headers(), &ETAG);
        let tag = if tag.len() <= MOST_TAG_BYTES { tag.to_owned() } else { String::new() };
        let modified = httpdate::parse_http_date(text_of(response.headers(), &LAST_MODIFIED)).ok();
        let packed = self.body(response).await?;
        let mut text = encoding.decode(packed)?;
        let length = text.len();
        if text.last() == Some(&b'\n') {
            return Err(cut_short());
        }
        let mut entries = Vec::with_capacity(text.len() / 36);
        read_range_body(self.kind, prefix, &mut text, &mut entries)?;
        text.truncate(length);
        Ok(Answer::Range(FetchedRange { entries, text, tag, modified }))
    }

    /// The body as it is on the wire; refuses what is larger than any range.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>, FetchFault> {
        let expected = response.content_length().unwrap_or(128 << 10);
        let mut body = Vec::with_capacity(expected.min(MOST_BODY_BYTES as u64) as usize);
        while let Some(piece) = response.chunk().await.map_err(crate::http::fault)? {
            self.counters.moved.fetch_add(piece.len() as u64, Ordering::Relaxed);
            if body.len() + piece.len() > MOST_BODY_BYTES {
                return Err(FetchFault::TooLarge(MOST_BODY_BYTES));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
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
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => return,
            }
        }
    }
}

/// Seconds since 1970; 0 for what is before it.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The service ends no body with a line end, so one that does was cut between two rows.
fn cut_short() -> FetchFault {
    breachdex::BodyFault {
        line: None,
        reason: "it ends with a line end, as one that was cut short does".into(),
    }
    .into()
}

fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// How long a server asks to wait: seconds, or until a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text_of(headers, &RETRY_AFTER).trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(text_of(headers, &DATE)).unwrap_or_else(|_| SystemTime::now());
    Some(until.duration_since(now).unwrap_or_default())
}
