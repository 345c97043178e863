//! Answers a request for a range: reads, renders, tags, pads and encodes its rows.
//!
//! A worker answers immediately, with a body that is kept or from the page cache. A request that would wait for the disk, or for brotli, moves to
//! a thread that may block, so that it does not delay other connections.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

use breachdex::{Error, RangeScratch, ReadMode};
use breachdex_protocol::padding;
use bytes::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{Request, StatusCode};
use xxhash_rust::xxh3::xxh3_128;

use super::answers::{self, Answer};
use super::negotiation::Encoding;
use super::question::Question;
use super::state::AppState;
use crate::body;
use crate::cache::{Kept, Key};
use crate::indexes::served::Served;
use crate::metrics::{Other, Outcome};

/// An hour: long enough to spare a busy site most requests, short enough for a corpus that changes daily.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// A padded answer that is kept would be the same length every time.
const NOT_CACHED: HeaderValue = HeaderValue::from_static("no-store");
/// A changed overlay is to be seen at once, by those who may see it at all.
const ASKED_EACH_TIME: HeaderValue = HeaderValue::from_static("private, no-cache");
const VARY: HeaderValue = HeaderValue::from_static("Accept-Encoding, Add-Padding");

/// Rows that a thread keeps room for.
const KEPT_ROWS: usize = 512 << 10;

/// `GET /range/{prefix}`.
pub(super) async fn get<B>(state: &Arc<AppState>, request: &Request<B>) -> Answer {
    let started = Instant::now();
    let response = match Question::read(request.uri(), request.headers()) {
        Err(bad) => {
            state.metrics.count_other(Other::BadRequest);
            answers::bad_prefix(bad)
        }
        Ok(question) => {
            let kind = question.kind;
            let prefix = question.prefix;
            let (outcome, response) = ask(state, question).await;
            let bytes = response.body().len() as u64;
            let taken = started.elapsed();
            state.metrics.count_range(kind, outcome, bytes, taken);
            let prefix = state.log_prefixes.then(|| format!("{prefix:05X}"));
            // The exact length of a body narrows its prefix down.
            let bytes = state.log_prefixes.then_some(bytes);
            tracing::debug!(
                kind = kind.name(),
                outcome = outcome.name(),
                status = response.status().as_u16(),
                bytes,
                microseconds = taken.as_micros() as u64,
                prefix,
                "range"
            );
            response
        }
    };
    answers::with(response, [(header::VARY, VARY)])
}

async fn ask(state: &Arc<AppState>, question: Question) -> (Outcome, Answer) {
    match answer(state, &question, ReadMode::Cached) {
        Err(Fault::Index(Error::WouldBlock)) => {}
        answered => return settle(state, &question, answered),
    }
    let shared = Arc::clone(state);
    let waited = tokio::task::spawn_blocking(move || {
        let answered = answer(&shared, &question, ReadMode::Blocking);
        settle(&shared, &question, answered)
    });
    // It fails only where the thread panicked or the runtime ends.
    waited.await.unwrap_or_else(|_| (Outcome::Unreadable, answers::unreadable()))
}

/// Why there is no range to send.
enum Fault {
    NotLoaded,
    Busy,
    Index(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Index(error)
    }
}

/// Buffers of a thread that are used again.
#[derive(Default)]
struct Buffers {
    scratch: RangeScratch,
    rows: Vec<u8>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// `Cached` asks the cache first and does not wait; `Blocking` is for what could not be answered so.
fn answer(state: &AppState, question: &Question, waiting: ReadMode) -> Result<(Outcome, Answer), Fault> {
    let served = state.catalogue.current(question.kind).ok_or(Fault::NotLoaded)?;
    let room = state.buffers.reserve().ok_or(Fault::Busy)?;
    // No padded body is sent twice, but the rows in front of the padding are those of the plain one.
    let encoding = if question.padded { Encoding::Identity } else { question.encoding };
    let key = Key::new(served.generation(), question.prefix, encoding);
    let is_first_try = matches!(waiting, ReadMode::Cached);
    let kept = if is_first_try { state.catalogue.cache().get(&key) } else { None };
    let kept_rows = match kept {
        Some(kept) if question.padded => Some(kept.body),
        Some(kept) if question.conditions.hold(&kept.tag, served.modified()) => {
            return Ok(unchanged(&served, kept.tag));
        }
        Some(kept) => return Ok(found(&served, question, Some(kept.tag), room.hold(kept.body))),
        None => None,
    };
    if is_first_try && question.encoding == Encoding::Brotli {
        return Err(Error::WouldBlock.into());
    }
    let keep = |body: &[u8], tag: &HeaderValue| {
        let make = || Kept { body: Bytes::copy_from_slice(body), tag: tag.clone() };
        state.catalogue.cache().offer(served.generation(), key, body.len(), make);
    };
    let mut body = room.buffer();
    BUFFERS.with_borrow_mut(|Buffers { scratch, rows }| {
        let is_plain = question.encoding == Encoding::Identity;
        let target = if is_plain { body.bytes() } else { &mut *rows };
        target.clear();
        target.shrink_to(KEPT_ROWS);
        match &kept_rows {
            Some(kept) => target.extend_from_slice(kept),
            None => write_rows(&served, question, waiting, scratch, target)?,
        }
        let mut tag = None;
        if question.padded {
            if kept_rows.is_none() {
                keep(target, &self::tag(target, encoding));
            }
            padding::append_padding(&mut rand::rng(), question.kind, target);
        } else {
            let tag = tag.insert(self::tag(target, encoding));
            if question.conditions.hold(tag, served.modified()) {
                return Ok(unchanged(&served, tag.clone()));
            }
        }
        if !is_plain {
            body::encode(question.encoding, rows, body.bytes());
        }
        if let Some(tag) = &tag {
            keep(body.as_ref(), tag);
        }
        body.settle();
        Ok(found(&served, question, tag, Bytes::from_owner(body)))
    })
}

/// Writes the rows of a range as they are sent without padding.
fn write_rows(
    served: &Served,
    question: &Question,
    waiting: ReadMode,
    scratch: &mut RangeScratch,
    rows: &mut Vec<u8>,
) -> Result<(), Error> {
    if served.write_range(question.prefix, waiting, scratch, rows)? == 0 {
        padding::append_empty_range(question.kind, rows);
    }
    Ok(())
}

/// A strong tag of the rows alone, so that it outlives every update that leaves them as they are; each
/// encoding has its own.
fn tag(rows: &[u8], encoding: Encoding) -> HeaderValue {
    let hash = xxh3_128(rows).to_be_bytes();
    let mut text = [b'"'; 40];
    for (digits, byte) in text[1..33].as_chunks_mut::<2>().0.iter_mut().zip(hash) {
        *digits = [byte >> 4, byte & 15].map(|value| b"0123456789abcdef"[usize::from(value)]);
    }
    let mut length = 33;
    if let Some(name) = encoding.name() {
        text[length] = b'-';
        text[length + 1..][..name.len()].copy_from_slice(name.as_bytes());
        length += 1 + name.len();
        text[length] = b'"';
    }
    // Hex digits and a name of letters always are a header value.
    HeaderValue::from_bytes(&text[..=length]).unwrap_or(HeaderValue::from_static("\"\""))
}

fn found(served: &Served, question: &Question, tag: Option<HeaderValue>, body: Bytes) -> (Outcome, Answer) {
    let mut response = answers::answer(StatusCode::OK, answers::PLAIN_TEXT, body);
    if let Some(name) = question.encoding.name() {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    match tag {
        Some(tag) => (Outcome::Ok, validated(response, served, tag)),
        None => {
            let response = answers::with(response, [(header::CACHE_CONTROL, NOT_CACHED)]);
            (Outcome::Padded, restricted(response, served))
        }
    }
}

fn unchanged(served: &Served, tag: HeaderValue) -> (Outcome, Answer) {
    let mut response = answers::answer(StatusCode::NOT_MODIFIED, answers::PLAIN_TEXT, Bytes::new());
    response.headers_mut().remove(header::CONTENT_TYPE);
    (Outcome::NotModified, validated(response, served, tag))
}

/// With what a client needs to keep an answer and ask for it again.
fn validated(mut response: Answer, served: &Served, tag: HeaderValue) -> Answer {
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, if served.is_asked_each_time() { ASKED_EACH_TIME } else { CACHED });
    if let Some(date) = served.last_modified() {
        headers.insert(header::LAST_MODIFIED, date.clone());
    }
    restricted(response, served)
}

/// What comes from an overlay is not for pages of other sites in a browser that can reach this server.
fn restricted(mut response: Answer, served: &Served) -> Answer {
    if served.holds_overlay() {
        response.headers_mut().remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    }
    response
}

/// The answer, or the one that a fault gets.
fn settle(
    state: &AppState,
    question: &Question,
    answered: Result<(Outcome, Answer), Fault>,
) -> (Outcome, Answer) {
    match answered {
        Ok(answered) => answered,
        Err(Fault::NotLoaded) => (Outcome::NotLoaded, answers::not_loaded(question.kind)),
        Err(Fault::Busy) => (Outcome::Busy, answers::busy()),
        Err(Fault::Index(Error::NotCovered { .. })) => (Outcome::NotCovered, answers::not_covered()),
        Err(Fault::Index(error)) => {
            log_fault(state, question, &error);
            (Outcome::Unreadable, answers::unreadable())
        }
    }
}

/// Logs why a range could not be read. Where in the file the damage is would tell the prefix, so that is said
/// only where prefixes may be.
fn log_fault(state: &AppState, question: &Question, error: &Error) {
    let Some(suppressed) = state.throttle.allow() else { return };
    let kind = question.kind.name();
    if state.log_prefixes {
        let prefix = format!("{:05X}", question.prefix);
        tracing::error!(kind, prefix, suppressed, "a range cannot be read: {error}");
        return;
    }
    tracing::error!(kind, suppressed, "a range cannot be read: {}", error.without_place());
}
