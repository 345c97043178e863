//! A Pwned Passwords server that changes, behind a network on which everything goes wrong that can.
//!
//! The server is a map from prefixes to the versions that each range has had. Faults are those that a client can tell:
//! what it cannot, a count with another digit, nothing below TLS would have changed.

mod answers;
mod reply;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use breachdex::Kind;
use breachdex_hibp::simulation::{Answering, Network};
use reqwest::Request;
use reqwest::header::{ACCEPT_ENCODING, IF_NONE_MATCH};

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
