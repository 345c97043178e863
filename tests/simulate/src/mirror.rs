//! A static server with published indexes, which may be broken or hostile: it fails, cuts, replaces files in the middle of a pull, and
//! sends bytes of its own.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use breachdex::Index;
use breachdex::replica::{delta_ending, write_delta};
use breachdex_hibp::FetchFault;
use breachdex_hibp::pull::{Fetching, Opened, RemoteFile, RemoteFolder};

use crate::rng::Rng;
use crate::signing;

/// What the server does, in a hundred requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// Fail.
    pub(crate) faults: u64,
    /// Send something else than the file has.
    pub(crate) lies: u64,
    /// Publish another state first.
    pub(crate) changes: u64,
}

/// A published state: files by their endings.
type Files = BTreeMap<String, Arc<Vec<u8>>>;

struct State {
    rng: Rng,
    weather: Weather,
    states: Vec<Files>,
    /// The one that is there.
    current: usize,
    requests: u64,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Mirror(Arc<Mutex<State>>);

impl Mirror {
    pub(crate) fn new(rng: Rng) -> Self {
        let weather = Weather::default();
        Self(Arc::new(Mutex::new(State { rng, weather, states: Vec::new(), current: 0, requests: 0 })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        let mut state = self.state();
        (state.weather, state.requests) = (weather, 0);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.state().requests
    }

    /// Publishes an index as the last state, with its signature, and with the delta from the state before.
    pub(crate) fn publish(&self, bytes: Vec<u8>) -> Result<(), breachdex::Error> {
        let index = Index::from_bytes(bytes.clone(), "a published index")?;
        let [statement, signature] = signing::statement(&index)?;
        let named = [("", bytes), (".id", statement), (".id.minisig", signature)];
        let mut files = Files::from_iter(named.map(|(ending, bytes)| (ending.to_owned(), Arc::new(bytes))));
        let mut state = self.state();
        if let Some(before) = state.states.last().map(|files| Arc::clone(&files[""])) {
            let before = Index::from_bytes(before.to_vec(), "the index before")?;
            if before.content_id() != index.content_id()
                && let Ok(delta) = delta(&before, &index)
            {
                files.insert(delta_ending(before.content_id()), Arc::new(delta));
            }
        }
        state.states.push(files);
        state.current = state.states.len() - 1;
        Ok(())
    }

    /// The index that is there.
    pub(crate) fn current(&self) -> Option<Vec<u8>> {
        let state = self.state();
        state.states.get(state.current).map(|files| files[""].to_vec())
    }

    /// Whether these bytes were ever published.
    pub(crate) fn has(&self, index: &[u8]) -> bool {
        self.state().states.iter().any(|files| *files[""] == index)
    }
}

/// Indexes of other layouts have none.
fn delta(old: &Index, new: &Index) -> Result<Vec<u8>, breachdex::Error> {
    let mut delta = Vec::new();
    write_delta(old, new, &(), |at, bytes: &[u8]| {
        let end = at as usize + bytes.len();
        delta.resize(delta.len().max(end), 0);
        delta[at as usize..end].copy_from_slice(bytes);
        Ok::<(), breachdex::Error>(())
    })?;
    Ok(delta)
}

impl State {
    fn begin(&mut self) -> Result<(), FetchFault> {
        self.requests += 1;
        if self.rng.percent(self.weather.changes) && !self.states.is_empty() {
            self.current = self.rng.index(self.states.len());
        }
        if !self.rng.percent(self.weather.faults) {
            return Ok(());
        }
        Err(match self.rng.below(4) {
            0 => FetchFault::Network("the connection was reset".into()),
            1 => FetchFault::Status { status: self.rng.pick(&[403, 500, 503]), retry_after: None },
            2 => FetchFault::OtherLength { expected: 7 },
            _ => FetchFault::UnknownRange,
        })
    }

    /// The part of a file, or what a liar sends in its place.
    fn part(&mut self, bytes: &[u8], part: Range<u64>) -> Vec<u8> {
        let sent = bytes.get(part.start as usize..part.end as usize).unwrap_or_default();
        let mut sent = sent.to_vec();
        if sent.is_empty() || !self.rng.percent(self.weather.lies) {
            return sent;
        }
        match self.rng.below(5) {
            0 => sent.truncate(self.rng.index(sent.len())),
            1 => sent.push(7),
            2 => sent.fill(0),
            3 => {
                let other = self.rng.index(self.states.len());
                let other = self.states[other][""].get(part.start as usize..part.end as usize);
                if let Some(other) = other {
                    sent = other.to_vec();
                }
            }
            _ => {
                let at = self.rng.index(sent.len());
                sent[at] ^= 1 << self.rng.below(8);
            }
        }
        sent
    }
}

/// A file in the state in which it was opened.
struct Held {
    mirror: Mirror,
    ending: String,
    number: usize,
    bytes: Arc<Vec<u8>>,
}

impl RemoteFile for Held {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn version(&self) -> &str {
        ""
    }

    fn read<'a>(&'a self, part: Range<u64>, into: &'a mut Vec<u8>) -> Fetching<'a, ()> {
        Box::pin(async move {
            let mut state = self.mirror.state();
            state.begin()?;
            // A file that did not change is the same file, and a liar does not say that it is another one.
            let now = state.states[state.current].get(&self.ending);
            let is_same = state.current == self.number || now.is_some_and(|now| *now == self.bytes);
            if !is_same && state.weather.lies == 0 {
                return Err(FetchFault::Replaced);
            }
            let sent = now.map_or_else(|| Arc::clone(&self.bytes), Arc::clone);
            into.extend(state.part(&sent, part));
            Ok(())
        })
    }
}

impl RemoteFolder for Mirror {
    fn name(&self) -> String {
        "mirror:target.bdx".to_owned()
    }

    fn open<'a>(&'a self, ending: &'a str, first: u64) -> Fetching<'a, Option<Opened>> {
        Box::pin(async move {
            let mut state = self.state();
            state.begin()?;
            let number = state.current;
            let held = state.states.get(number).and_then(|files| files.get(ending)).cloned();
            let Some(bytes) = held else { return Ok(None) };
            let start = state.part(&bytes, 0..first.min(bytes.len() as u64));
            let file = Held { mirror: self.clone(), ending: ending.to_owned(), number, bytes };
            Ok(Some(Opened { file: Arc::new(file), start }))
        })
    }
}
