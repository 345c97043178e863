//! A Pwned Passwords server that changes, behind a network on which everything goes wrong that can.
//!
//! The server is a map from prefixes to the versions that each range has had. Faults are those that a client can tell:
//! what it cannot, a count with another digit, nothing below TLS would have changed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use breachdex::Kind;
use breachdex_hibp::simulation::{Answering, Network};
use bytes::Bytes;
use http_body::Frame;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, DATE, ETAG, HeaderName, IF_NONE_MATCH, LAST_MODIFIED,
    LOCATION, RETRY_AFTER, TRANSFER_ENCODING,
};
use reqwest::{Body, Request, Response, Version};

use crate::rng::Rng;

/// The digests of a range, and how often each was seen.
pub(crate) type Rows = BTreeMap<Vec<u8>, u64>;

/// A range as it was for a time.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// When it became so, in changes of the server.
    pub(crate) since: u64,
    pub(crate) rows: Rows,
    modified: u64,
}

/// How a server tags ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tags {
    None,
    /// By their rows: a range that is again as it was has its old tag.
    Rows,
    /// By their version.
    Versions,
}

/// How bad the network is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// Requests that meet a fault, in a hundred.
    pub(crate) faults: u64,
    /// Requests during which ranges change, in a hundred.
    pub(crate) changes: u64,
    /// Prefixes that are never answered, as one bit of a hash of them, or none.
    pub(crate) dead: Option<u32>,
}

struct Inner {
    rng: Rng,
    kind: Kind,
    ranges: BTreeMap<u32, Vec<State>>,
    now: u64,
    tags: Tags,
    /// Does what mirrors do and the service does not.
    mirror: bool,
    weather: Weather,
    requests: u64,
    log: Vec<String>,
}

/// The server and the network in front of it.
#[derive(Clone)]
pub(crate) struct Server {
    inner: Arc<Mutex<Inner>>,
}

impl Server {
    pub(crate) fn new(mut rng: Rng, kind: Kind, prefixes: &[u32], mirror: bool) -> Self {
        let tags = rng.pick(&[Tags::None, Tags::Rows, Tags::Rows, Tags::Versions]);
        let mut inner = Inner {
            rng,
            kind,
            ranges: BTreeMap::new(),
            now: 0,
            tags,
            mirror,
            weather: Weather::default(),
            requests: 0,
            log: Vec::new(),
        };
        for prefix in prefixes {
            let count = inner.rng.pick(&[0, 1, 1, 2, 3, 5, 12, 40]);
            let mut rows = Rows::new();
            for _ in 0..count {
                inner.add(*prefix, &mut rows);
            }
            inner.ranges.insert(*prefix, vec![State { since: 0, rows, modified: modified(0) }]);
        }
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        let mut inner = self.lock();
        inner.weather = weather;
        inner.log.clear();
        inner.requests = 0;
    }

    pub(crate) fn requests(&self) -> u64 {
        self.lock().requests
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.lock().log.clone()
    }

    /// How often it has changed.
    pub(crate) fn now(&self) -> u64 {
        self.lock().now
    }

    pub(crate) fn change(&self) -> u32 {
        self.lock().change()
    }

    /// What a range is now.
    pub(crate) fn rows(&self, prefix: u32) -> Rows {
        self.lock().current(prefix).rows.clone()
    }

    /// What a range has been since a time.
    pub(crate) fn rows_since(&self, prefix: u32, since: u64) -> Vec<Rows> {
        let inner = self.lock();
        let states = &inner.ranges[&prefix];
        let first = states.iter().rposition(|state| state.since <= since).unwrap_or(0);
        states[first..].iter().map(|state| state.rows.clone()).collect()
    }

    /// Every digest that a range has ever had.
    pub(crate) fn ever(&self, prefix: u32) -> Vec<Vec<u8>> {
        self.lock().ranges[&prefix].iter().flat_map(|state| state.rows.keys().cloned()).collect()
    }
}

fn modified(now: u64) -> u64 {
    1_700_000_000 + now * 40_000
}

fn date(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

impl Inner {
    fn current(&self, prefix: u32) -> &State {
        self.ranges[&prefix].last().expect("a range has a state")
    }

    /// Adds a digest, often one that differs from another in its end alone.
    fn add(&mut self, prefix: u32, rows: &mut Rows) {
        let length = self.kind.hex_digits() / 2;
        let near: Vec<Vec<u8>> = rows.keys().cloned().collect();
        let mut digest = vec![0; length];
        if !near.is_empty() && self.rng.percent(40) {
            digest = near[self.rng.index(near.len())].clone();
            let from = self.rng.pick(&[4, 5, 8, 9, length - 1]);
            let mut end = vec![0; length - from];
            self.rng.bytes(&mut end);
            digest[from..].copy_from_slice(&end);
        } else if self.rng.percent(90) {
            self.rng.bytes(&mut digest);
        } else {
            let fill = self.rng.pick(&[0, 0xff]);
            digest.fill(fill);
        }
        digest[0] = (prefix >> 12) as u8;
        digest[1] = (prefix >> 4) as u8;
        digest[2] = (prefix << 4) as u8 | digest[2] & 0xf;
        let count = self.rng.scale(1 << self.rng.clone().pick(&[1_u64, 4, 8, 20, 34]));
        rows.insert(digest, count);
    }

    /// Changes a range, or has it be again what it was.
    fn change(&mut self) -> u32 {
        let prefixes: Vec<u32> = self.ranges.keys().copied().collect();
        let prefix = prefixes[self.rng.index(prefixes.len())];
        let mut rows = self.current(prefix).rows.clone();
        let digests: Vec<Vec<u8>> = rows.keys().cloned().collect();
        match self.rng.below(6) {
            0 => rows.clear(),
            1 => {
                let states = &self.ranges[&prefix];
                rows = states[self.rng.index(states.len())].rows.clone();
            }
            2 if !digests.is_empty() => {
                rows.remove(&digests[self.rng.index(digests.len())]);
            }
            3 if !digests.is_empty() => {
                *rows.entry(digests[self.rng.index(digests.len())].clone()).or_default() += 1;
            }
            _ => {
                for _ in 0..self.rng.scale(8) {
                    self.add(prefix, &mut rows);
                }
            }
        }
        self.now += 1;
        let state = State { since: self.now, rows, modified: modified(self.now) };
        self.ranges.get_mut(&prefix).expect("a prefix").push(state);
        prefix
    }

    fn tag(&self, prefix: u32) -> Option<String> {
        let states = &self.ranges[&prefix];
        match self.tags {
            Tags::None => None,
            Tags::Versions => Some(format!("W/\"{prefix:05X}-{}\"", states.len())),
            Tags::Rows => {
                let rows = &self.current(prefix).rows;
                let first = states.iter().position(|state| state.rows == *rows);
                Some(format!("\"{:05X}-{}\"", prefix, first.unwrap_or_default()))
            }
        }
    }

    fn lines(&self, prefix: u32) -> Vec<String> {
        let digits = self.kind.hex_digits() - 5;
        let rows = &self.current(prefix).rows;
        if rows.is_empty() {
            return vec![format!("{}:0", "0".repeat(digits))];
        }
        rows.iter().map(|(digest, count)| format!("{}:{count}", &hex(digest)[5..])).collect()
    }

    /// The body of a range.
    fn body(&mut self, prefix: u32) -> String {
        let mut lines = self.lines(prefix);
        if !self.mirror {
            return lines.join("\r\n");
        }
        let is_empty = self.current(prefix).rows.is_empty();
        if is_empty && self.rng.percent(30) {
            return String::new();
        }
        if self.rng.percent(30) {
            let digits = self.kind.hex_digits() - 5;
            for _ in 0..self.rng.below(4) {
                let mut padding = vec![0; digits.div_ceil(2)];
                self.rng.bytes(&mut padding);
                let at = self.rng.index(lines.len() + 1);
                lines.insert(at, format!("{}:0", &hex(&padding)[..digits]));
            }
        }
        let ends = self.rng.pick(&["\r\n", "\n"]);
        let end = if self.rng.percent(30) { ends } else { "" };
        lines.join(ends) + end
    }

    /// A body that is not the range, and that shows it.
    fn damaged(&mut self, prefix: u32) -> String {
        let mut lines = self.lines(prefix);
        let at = self.rng.index(lines.len());
        let line = lines[at].clone();
        match self.rng.below(8) {
            // Cut within a digest: shorter than any row.
            0 => {
                lines.truncate(at + 1);
                lines[at].truncate(1 + self.rng.index(line.find(':').unwrap_or(2) - 1));
            }
            1 => lines.insert(at, line),
            2 => lines[at] = line.replace(':', ""),
            3 => lines[at] = line.replace(':', ":-"),
            4 => lines[at] = line.replacen(|_: char| true, "G", 1),
            5 => lines[at] = format!("{line}00000000000000000000"),
            6 => return "<html>The service is not available</html>".into(),
            _ if lines.len() > 1 => lines.reverse(),
            _ => lines.push(String::from("\0\0\0\0")),
        }
        lines.join("\r\n")
    }

    /// What becomes of a request now.
    fn answer(&mut self, prefix: u32, tag: &str, takes_gzip: bool) -> Reply {
        if self.rng.percent(self.weather.changes) {
            let changed = self.change();
            self.log.push(format!("{changed:05X} changes"));
        }
        let is_dead = self.weather.dead.is_some_and(|bit| prefix.wrapping_mul(0x9e37_79b9) >> bit & 7 == 0);
        let fault = is_dead || self.rng.percent(self.weather.faults);
        let mut reply = Reply::new(self.rng.pick(&[Framing::Length, Framing::Chunked, Framing::Http2]));
        reply.header(&DATE, date(modified(self.now) + 100));
        if !fault {
            self.good(prefix, tag, takes_gzip, &mut reply);
            return reply;
        }
        let which = if is_dead { self.rng.below(7) } else { self.rng.below(20) };
        self.log.push(format!("{prefix:05X} meets fault {which}"));
        match which {
            0 => reply.reset = Some("connection reset"),
            1 => reply.status = self.rng.pick(&[500, 502, 503, 504, 408]),
            2 => reply.status = self.rng.pick(&[400, 403, 410, 451]),
            3 => {
                reply.status = 301;
                reply.header(&LOCATION, "https://elsewhere.example/".into());
            }
            4 => {
                reply.status = self.rng.pick(&[429, 503]);
                let wait = self.rng.pick(&[0, 1, 7, 60, 3600]);
                let wait = if self.rng.percent(20) {
                    date(modified(self.now) + 100 + wait)
                } else {
                    wait.to_string()
                };
                reply.header(&RETRY_AFTER, wait);
            }
            5 => {
                reply.status = 429;
                let wait = self.rng.pick(&["86400", "soon", "-1", "99999999999999999999"]);
                reply.header(&RETRY_AFTER, wait.into());
            }
            // Of a range that has rows a mirror's 404 would be believed.
            6 if !self.mirror || self.current(prefix).rows.is_empty() => reply.status = 404,
            6 => reply.reset = Some("connection refused"),
            7 => reply.status = if tag.is_empty() { 304 } else { 500 },
            8 | 9 => {
                self.good(prefix, "", takes_gzip, &mut reply);
                reply.ends = if which == 8 { Ends::Cut } else { Ends::Reset };
                let whole: usize = reply.pieces.iter().map(|(_, piece)| piece.len()).sum();
                let keep = self.rng.index(whole.max(1));
                reply.cut(keep);
            }
            10 => {
                // A wrong length: the HTTP library waits for more, or sees less than was promised.
                self.good(prefix, "", takes_gzip, &mut reply);
                reply.ends = Ends::Cut;
            }
            11 => {
                self.good(prefix, "", false, &mut reply);
                reply.framing = Framing::None;
            }
            12..=14 => {
                let text = self.damaged(prefix);
                self.send(text.into_bytes(), &mut reply);
            }
            15 => {
                let mut packed = gzip(self.body(prefix).as_bytes());
                if self.rng.percent(50) {
                    packed.truncate(self.rng.index(packed.len()));
                } else {
                    // In the data or the checksum; the header has bytes that mean nothing.
                    let at = 10 + self.rng.index(packed.len() - 10);
                    packed[at] ^= 1 << self.rng.below(8);
                    let mut text = Vec::new();
                    let mut reader = flate2::read::GzDecoder::new(packed.as_slice());
                    if std::io::Read::read_to_end(&mut reader, &mut text).is_ok() {
                        packed.truncate(12);
                    }
                }
                reply.header(&CONTENT_ENCODING, "gzip".into());
                self.send(packed, &mut reply);
            }
            16 => {
                reply.header(&CONTENT_ENCODING, self.rng.pick(&["br", "zstd", "gzip, gzip"]).into());
                let text = self.body(prefix);
                self.send(format!("\u{1}{text}").into_bytes(), &mut reply);
            }
            17 => {
                // A drip that takes longer than an answer may.
                self.good(prefix, "", takes_gzip, &mut reply);
                let (last, _) = reply.pieces.last().cloned().unwrap_or_default();
                reply.pieces.push((last + Duration::from_secs(400), Bytes::new()));
            }
            18 => reply.delay = Duration::from_secs(500),
            _ => {
                reply.reset = Some("the connection broke before the answer");
                reply.delay = Duration::from_secs(29);
            }
        }
        reply
    }

    fn good(&mut self, prefix: u32, tag: &str, takes_gzip: bool, reply: &mut Reply) {
        let current = self.tag(prefix);
        reply.header(&LAST_MODIFIED, date(self.current(prefix).modified));
        if let Some(current) = &current {
            reply.header(&ETAG, current.clone());
        }
        if current.as_deref() == Some(tag) {
            reply.status = 304;
            return;
        }
        if self.mirror && self.current(prefix).rows.is_empty() && self.rng.percent(20) {
            reply.status = 404;
            return;
        }
        let text = self.body(prefix);
        if takes_gzip && self.rng.percent(50) {
            reply.header(&CONTENT_ENCODING, "gzip".into());
            self.send(gzip(text.as_bytes()), reply);
        } else {
            self.send(text.into_bytes(), reply);
        }
    }

    /// Sends a body in pieces.
    fn send(&mut self, body: Vec<u8>, reply: &mut Reply) {
        if reply.framing == Framing::Length {
            reply.header(&CONTENT_LENGTH, body.len().to_string());
        }
        let slow = self.rng.percent(10);
        let mut rest = Bytes::from(body);
        while !rest.is_empty() {
            let length = self.rng.scale(rest.len() as u64) as usize;
            let length = if self.rng.percent(70) { rest.len() } else { length };
            let wait = if slow { self.rng.below(5000) } else { self.rng.below(50) };
            reply.pieces.push((Duration::from_millis(wait), rest.split_to(length)));
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// How the end of an answer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length,
    Chunked,
    Http2,
    None,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Whole,
    /// Before its end, which the HTTP library says.
    Cut,
    /// Of HTTP/2: without an error and without an end.
    Reset,
}

/// What is sent, and when.
struct Reply {
    delay: Duration,
    reset: Option<&'static str>,
    status: u16,
    framing: Framing,
    headers: Vec<(HeaderName, String)>,
    pieces: Vec<(Duration, Bytes)>,
    ends: Ends,
}

impl Reply {
    fn new(framing: Framing) -> Self {
        Self {
            delay: Duration::ZERO,
            reset: None,
            status: 200,
            framing,
            headers: Vec::new(),
            pieces: Vec::new(),
            ends: Ends::Whole,
        }
    }

    fn header(&mut self, name: &HeaderName, value: String) {
        self.headers.push((name.clone(), value));
    }

    /// Keeps so many bytes.
    fn cut(&mut self, mut keep: usize) {
        for (_, piece) in &mut self.pieces {
            piece.truncate(keep);
            keep -= piece.len();
        }
    }

    fn response(mut self) -> Response {
        if self.framing == Framing::Chunked {
            self.header(&TRANSFER_ENCODING, "chunked".into());
        }
        let version = if self.framing == Framing::Http2 { Version::HTTP_2 } else { Version::HTTP_11 };
        if self.ends == Ends::Reset && self.framing != Framing::Http2 {
            self.ends = Ends::Cut;
        }
        let mut response = http::Response::builder().status(self.status).version(version);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        self.pieces.reverse();
        let body = Pieces { pieces: self.pieces, ends: self.ends, sleep: None };
        response.body(Body::wrap(body)).expect("a response").into()
    }
}

/// A body that arrives in pieces.
struct Pieces {
    /// The next one last.
    pieces: Vec<(Duration, Bytes)>,
    ends: Ends,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let Some((wait, _)) = this.pieces.last() else {
            return Poll::Ready(match this.ends {
                Ends::Cut => {
                    this.ends = Ends::Reset;
                    Some(Err(std::io::Error::other("the message is not complete")))
                }
                Ends::Whole | Ends::Reset => None,
            });
        };
        let wait = *wait;
        ready!(this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait))).as_mut().poll(context));
        this.sleep = None;
        let piece = this.pieces.pop().map(|(_, piece)| Ok(Frame::data(piece)));
        Poll::Ready(piece)
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.ends == Ends::Whole
    }
}

impl Network for Server {
    fn answer(&self, request: Request) -> Answering {
        let server = self.clone();
        Box::pin(async move {
            let wait = {
                let mut inner = server.lock();
                inner.requests += 1;
                let most = inner.rng.pick(&[1, 100, 1000, 10_000]);
                Duration::from_millis(inner.rng.below(most))
            };
            tokio::time::sleep(wait).await;
            let digits = request.url().path().strip_prefix("/range/").unwrap_or_default();
            let prefix = u32::from_str_radix(digits, 16).map_err(|_| "no such path")?;
            let text =
                |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let takes_gzip = text(ACCEPT_ENCODING).contains("gzip");
            let reply = server.lock().answer(prefix, text(IF_NONE_MATCH), takes_gzip);
            tokio::time::sleep(reply.delay).await;
            match reply.reset {
                Some(reason) => Err(reason.into()),
                None => Ok(reply.response()),
            }
        })
    }

    fn jitter(&self) -> f64 {
        self.lock().rng.unit()
    }
}
