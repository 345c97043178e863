//! Answers a request for a range: reads, renders, tags, pads and encodes its rows.
//!
//! A worker answers immediately from the page cache. A request that would wait for the disk, or for brotli, moves to
//! a thread that may block, so that it does not delay other connections.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use breachdex::{Error, RangeScratch, ReadMode};
use breachdex_protocol::padding;
use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128;

use super::answers;
use super::negotiation::Encoding;
use super::question::Question;
use super::state::AppState;
use crate::body;
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
pub(super) async fn get(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let started = Instant::now();
    let response = match Question::read(request.uri(), request.headers()) {
        Err(bad) => {
            state.metrics.count_other(Other::BadRequest);
            answers::bad_prefix(bad)
        }
        Ok(question) => {
            let kind = question.kind;
            let prefix = question.prefix;
            let (outcome, response) = ask(&state, question).await;
            let bytes = axum::body::HttpBody::size_hint(response.body()).exact().unwrap_or(0);
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

async fn ask(state: &Arc<AppState>, question: Question) -> (Outcome, Response) {
    let may_take_long = question.encoding == Encoding::Brotli;
    if !may_take_long {
        match answer(state, &question, ReadMode::Cached) {
            Err(Fault::Index(Error::WouldBlock)) => {}
            answered => return settle(state, &question, answered),
        }
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

fn answer(state: &AppState, question: &Question, waiting: ReadMode) -> Result<(Outcome, Response), Fault> {
    let served = state.catalogue.current(question.kind).ok_or(Fault::NotLoaded)?;
    let mut body = state.buffers.take().ok_or(Fault::Busy)?;
    BUFFERS.with_borrow_mut(|Buffers { scratch, rows }| {
        if question.encoding == Encoding::Identity {
            let tag = match write_rows(&served, question, waiting, scratch, body.bytes())? {
                Rows::Unchanged(tag) => return Ok(unchanged(&served, tag)),
                Rows::Written(tag) => tag,
            };
            body.settle();
            return Ok(found(&served, question, tag, Bytes::from_owner(body)));
        }
        rows.clear();
        rows.shrink_to(KEPT_ROWS);
        let tag = match write_rows(&served, question, waiting, scratch, rows)? {
            Rows::Unchanged(tag) => return Ok(unchanged(&served, tag)),
            Rows::Written(tag) => tag,
        };
        body::encode(question.encoding, rows, body.bytes());
        body.settle();
        Ok(found(&served, question, tag, Bytes::from_owner(body)))
    })
}

/// What became of the rows.
enum Rows {
    /// The client has the current rows.
    Unchanged(HeaderValue),
    /// The rows must be sent, with an entity tag unless they are padded.
    Written(Option<HeaderValue>),
}

fn write_rows(
    served: &Served,
    question: &Question,
    waiting: ReadMode,
    scratch: &mut RangeScratch,
    rows: &mut Vec<u8>,
) -> Result<Rows, Error> {
    let count = served.write_range(question.prefix, waiting, scratch, rows)?;
    if count == 0 {
        padding::append_empty_range(question.kind, rows);
    }
    if question.padded {
        padding::append_padding(&mut rand::rng(), question.kind, rows);
        return Ok(Rows::Written(None));
    }
    let tag = tag(rows, question.encoding);
    if question.conditions.hold(&tag, served.modified()) {
        return Ok(Rows::Unchanged(tag));
    }
    Ok(Rows::Written(Some(tag)))
}

/// A strong tag of the rows alone, so that it outlives every update that leaves them as they are; each
/// encoding has its own.
fn tag(rows: &[u8], encoding: Encoding) -> HeaderValue {
    let hash = xxh3_128(rows);
    let text = match encoding.name() {
        None => format!("\"{hash:032x}\""),
        Some(name) => format!("\"{hash:032x}-{name}\""),
    };
    // Hex digits and a name of letters always are a header value.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""))
}

fn found(served: &Served, question: &Question, tag: Option<HeaderValue>, body: Bytes) -> (Outcome, Response) {
    let mut response = answers::answer(StatusCode::OK, answers::PLAIN_TEXT, Body::from(body));
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

fn unchanged(served: &Served, tag: HeaderValue) -> (Outcome, Response) {
    let mut response = answers::answer(StatusCode::NOT_MODIFIED, answers::PLAIN_TEXT, Body::empty());
    response.headers_mut().remove(header::CONTENT_TYPE);
    (Outcome::NotModified, validated(response, served, tag))
}

/// With what a client needs to keep an answer and ask for it again.
fn validated(mut response: Response, served: &Served, tag: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, if served.holds_overlay() { ASKED_EACH_TIME } else { CACHED });
    if let Some(date) = served.last_modified() {
        headers.insert(header::LAST_MODIFIED, date.clone());
    }
    restricted(response, served)
}

/// What comes from an overlay is not for pages of other sites in a browser that can reach this server.
fn restricted(mut response: Response, served: &Served) -> Response {
    if served.holds_overlay() {
        response.headers_mut().remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    }
    response
}

/// The answer, or the one that a fault gets.
fn settle(
    state: &AppState,
    question: &Question,
    answered: Result<(Outcome, Response), Fault>,
) -> (Outcome, Response) {
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
