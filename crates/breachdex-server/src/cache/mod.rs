//! Keeps the bodies that are asked for often ready to be sent, within a limit on their bytes.
//!
//! A body is kept under the generation of the sources that it was made from, its prefix and its encoding. A replaced
//! index or overlay is another generation, so no body outlives what it was made from: it is not found any more, it is
//! dropped, and one that is still being made is not taken in. `shard` decides what is kept, `sketch` remembers what is
//! asked for.

#![forbid(unsafe_code)]

mod shard;
mod sketch;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::header::HeaderValue;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use self::shard::{Change, Shard};
use crate::http::negotiation::Encoding;

/// Shards at most. Workers seldom meet in one.
const SHARDS: usize = 16;

/// Bytes of a shard at least, unless the whole cache is smaller: some fifty bodies.
const SHARD_BYTES: usize = 4 << 20;

/// What the cache has done so far, and what it holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct CacheMetrics {
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) bytes: Gauge,
    pub(crate) bodies: Gauge,
}

/// A state of the sources of a kind: the files as they were opened.
#[derive(Debug)]
pub(crate) struct Generation {
    number: u64,
    is_over: AtomicBool,
}

impl Generation {
    /// One that was never there before.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), is_over: AtomicBool::new(false) }
    }
}

/// What a body is kept under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    generation: u64,
    prefix: u32,
    encoding: Encoding,
}

impl Key {
    pub(crate) fn new(generation: &Generation, prefix: u32, encoding: Encoding) -> Self {
        Self { generation: generation.number, prefix, encoding }
    }
}

/// A body with its entity tag. Clones share the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) body: Bytes,
    pub(crate) tag: HeaderValue,
}

/// The bodies that are kept.
#[derive(Debug)]
pub(crate) struct BodyCache {
    /// None where nothing is kept.
    shards: Vec<Mutex<Shard>>,
    /// With a random key, so that no client knows which prefixes count together.
    hasher: RandomState,
    metrics: CacheMetrics,
}

impl BodyCache {
    /// A cache of at most so many bytes; 0 keeps nothing.
    pub(crate) fn new(bytes: usize, metrics: CacheMetrics) -> Self {
        let number = if bytes == 0 { 0 } else { (bytes / SHARD_BYTES).clamp(1, SHARDS) };
        let shards = (0..number).map(|_| Mutex::new(Shard::new(bytes / number))).collect();
        Self { shards, hasher: RandomState::new(), metrics }
    }

    /// What is kept under a key. Counts the question, and a hit or a miss.
    pub(crate) fn get(&self, key: &Key) -> Option<Kept> {
        let (mut shard, hash) = self.shard(key)?;
        let kept = shard.get(key, hash);
        drop(shard);
        if kept.is_some() { &self.metrics.hits } else { &self.metrics.misses }.inc();
        kept
    }

    /// Keeps a body of `length` bytes that was made from this generation, if it is worth it.
    pub(crate) fn offer(
        &self,
        generation: &Generation,
        key: Key,
        length: usize,
        make: impl FnOnce() -> Kept,
    ) {
        let Some((mut shard, hash)) = self.shard(&key) else { return };
        // Under the lock, so that either this sees the end of the generation or `forget` sees the body.
        if !generation.is_over.load(Ordering::Acquire) {
            let change = shard.offer(key, hash, length, make);
            drop(shard);
            self.note(change);
        }
    }

    /// Drops what was made from a generation, and takes nothing of it in any more.
    pub(crate) fn forget(&self, generation: &Generation) {
        generation.is_over.store(true, Ordering::Release);
        for shard in &self.shards {
            let change = lock(shard).forget(generation.number);
            self.note(change);
        }
    }

    fn shard(&self, key: &Key) -> Option<(MutexGuard<'_, Shard>, u64)> {
        let hash = self.hasher.hash_one(key);
        // Bits 12 to 15, which the sketch does not use.
        let shard = self.shards.get((hash >> 12 & 0xF) as usize * self.shards.len() / SHARDS)?;
        Some((lock(shard), hash))
    }

    fn note(&self, change: Change) {
        self.metrics.bytes.inc_by(change.bytes);
        self.metrics.bodies.inc_by(change.bodies);
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
