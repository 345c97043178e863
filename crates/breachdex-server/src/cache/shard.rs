//! One shard of the cache: bodies within a limit on their bytes, of which the ones asked for least make room.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use super::sketch::Sketch;
use super::{Kept, Key};

/// What a body takes besides its bytes: its places in the map and the list, its tag, and what the allocator adds.
pub(super) const OVERHEAD: usize = 256;

/// Questions of late from which on a body is worth keeping. What a scan asks for once is not.
const ASKED_AGAIN: u8 = 2;

/// Bodies that are compared to find one that may go.
const COMPARED: usize = 8;

/// Bodies within a limit on their bytes.
#[derive(Debug)]
pub(super) struct Shard {
    places: HashMap<Key, usize>,
    entries: Vec<Entry>,
    bytes: usize,
    most_bytes: usize,
    /// Where the next comparison begins.
    hand: usize,
    sketch: Sketch,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    hash: u64,
    kept: Kept,
}

/// Bytes and bodies that a shard has more or, negative, less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) bytes: i64,
    pub(super) bodies: i64,
}

impl Shard {
    pub(super) fn new(most_bytes: usize) -> Self {
        let (places, entries) = (HashMap::new(), Vec::new());
        Self { places, entries, bytes: 0, most_bytes, hand: 0, sketch: Sketch::new() }
    }

    /// What is kept under a key. Counts the question.
    pub(super) fn get(&mut self, key: &Key, hash: u64) -> Option<Kept> {
        self.sketch.note(hash);
        self.places.get(key).map(|at| self.entries[*at].kept.clone())
    }

    /// Keeps a body of `length` bytes if it is asked for often, and more often than what has to make room for it.
    pub(super) fn offer(
        &mut self,
        key: Key,
        hash: u64,
        length: usize,
        make: impl FnOnce() -> Kept,
    ) -> Change {
        let before = self.size();
        let asked = self.sketch.estimate(hash);
        let size = length.saturating_add(OVERHEAD);
        if asked < ASKED_AGAIN || size > self.most_bytes || self.places.contains_key(&key) {
            return Change::default();
        }
        while self.bytes + size > self.most_bytes {
            let Some((at, least)) = self.least_asked() else { break };
            if least >= asked {
                return self.change_since(before);
            }
            self.remove(at);
        }
        let kept = make();
        debug_assert_eq!(kept.body.len(), length);
        self.bytes += kept.body.len() + OVERHEAD;
        self.places.insert(key, self.entries.len());
        self.entries.push(Entry { key, hash, kept });
        self.change_since(before)
    }

    /// Drops what is kept of a generation.
    pub(super) fn forget(&mut self, generation: u64) -> Change {
        let before = self.size();
        let mut at = 0;
        while at < self.entries.len() {
            if self.entries[at].key.generation == generation {
                self.remove(at);
            } else {
                at += 1;
            }
        }
        self.change_since(before)
    }

    /// Of the next few bodies the one that was asked for least, with how often.
    fn least_asked(&mut self) -> Option<(usize, u8)> {
        let number = self.entries.len();
        let next = (0..COMPARED.min(number)).map(|step| (self.hand + step) % number);
        let least =
            next.map(|at| (at, self.sketch.estimate(self.entries[at].hash))).min_by_key(|(_, asked)| *asked);
        self.hand = self.hand.wrapping_add(COMPARED);
        least
    }

    fn remove(&mut self, at: usize) {
        let removed = self.entries.swap_remove(at);
        self.places.remove(&removed.key);
        self.bytes -= removed.kept.body.len() + OVERHEAD;
        if let Some(moved) = self.entries.get(at) {
            self.places.insert(moved.key, at);
        }
    }

    /// Bytes and bodies.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.bytes, self.entries.len())
    }

    fn change_since(&self, (bytes, bodies): (usize, usize)) -> Change {
        let difference = |now: usize, before: usize| now as i64 - before as i64;
        Change { bytes: difference(self.bytes, bytes), bodies: difference(self.entries.len(), bodies) }
    }
}
