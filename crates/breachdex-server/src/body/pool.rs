//! Reuses buffers for bodies, and gives room to answers within a limit on their total bytes.
//!
//! Room is in use from the moment an answer is made until its last byte was written to the socket, which
//! a slow client can delay. The limit prevents many slow clients from using all memory.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use breachdex_http::Pressure;
use bytes::Bytes;

/// What a buffer counts for at least while it is out: the rows of a range of real density, with room.
const TYPICAL: usize = 128 << 10;

/// Buffers that are kept for the next body, at most.
const KEPT: usize = 64;

/// A shelf of buffers.
#[derive(Debug)]
pub(crate) struct BufferPool {
    shelf: Mutex<Vec<Vec<u8>>>,
    /// Bytes of the buffers in use.
    out: AtomicUsize,
    most_out: usize,
}

impl Pressure for BufferPool {
    fn is_high(&self) -> bool {
        self.out.load(Ordering::Relaxed) > self.most_out / 2
    }
}

impl BufferPool {
    /// A pool that lets about `bytes` be out at once, one buffer at least.
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        let most_out = bytes.max(TYPICAL);
        Arc::new(Self { shelf: Mutex::default(), out: AtomicUsize::new(0), most_out })
    }

    /// How many answers of usual size may be out at once.
    pub(crate) fn most_answers(&self) -> usize {
        self.most_out / TYPICAL
    }

    /// Room for an answer; `None` when too many are out.
    pub(crate) fn reserve(self: &Arc<Self>) -> Option<Reserved> {
        if self.out.fetch_add(TYPICAL, Ordering::Relaxed) + TYPICAL > self.most_out {
            self.out.fetch_sub(TYPICAL, Ordering::Relaxed);
            return None;
        }
        Some(Reserved { pool: Arc::clone(self), counted: TYPICAL })
    }
}

/// Room for an answer, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    pool: Arc<BufferPool>,
    /// Bytes that it counts for.
    counted: usize,
}

impl Reserved {
    /// An empty buffer in this room.
    pub(crate) fn buffer(self) -> PooledBuffer {
        let kept = self.pool.shelf.lock().unwrap_or_else(PoisonError::into_inner).pop();
        PooledBuffer { bytes: kept.unwrap_or_else(|| Vec::with_capacity(TYPICAL)), room: self }
    }

    /// Bytes that are shared with others, and take this room as long as they are held: their other holders may
    /// have dropped them long before a slow client has read them.
    pub(crate) fn hold(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(SharedBytes { bytes, _room: self })
    }

    fn count_also(&mut self, bytes: usize) {
        self.counted += bytes;
        self.pool.out.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.pool.out.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

struct SharedBytes {
    bytes: Bytes,
    _room: Reserved,
}

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A buffer that goes back when it is dropped.
#[derive(Debug)]
pub(crate) struct PooledBuffer {
    bytes: Vec<u8>,
    room: Reserved,
}

impl PooledBuffer {
    /// Counts what the buffer takes now that it is filled.
    pub(crate) fn settle(&mut self) {
        let more = self.bytes.capacity().saturating_sub(self.room.counted);
        self.room.count_also(more);
    }

    /// The buffer to write to.
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for PooledBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        // One monstrous range must not hold its memory for good.
        if bytes.capacity() > 4 * TYPICAL {
            return;
        }
        bytes.clear();
        let mut shelf = self.room.pool.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.len() < KEPT {
            shelf.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_empty_and_is_used_again() {
        let pool = BufferPool::new(TYPICAL);
        let mut buffer = pool.reserve().map(Reserved::buffer).expect("the first");
        buffer.bytes().extend_from_slice(b"rows");
        let address = buffer.as_ref().as_ptr();
        drop(buffer);
        let again = pool.reserve().map(Reserved::buffer).expect("the same");
        assert!(again.as_ref().is_empty());
        assert_eq!(again.as_ref().as_ptr(), address);
    }

    #[test]
    fn no_more_are_out_than_allowed() {
        let pool = BufferPool::new(2 * TYPICAL);
        let held = [pool.reserve().expect("one"), pool.reserve().expect("two")];
        assert!(pool.reserve().is_none());
        drop(held);
        assert!(pool.reserve().is_some());
    }

    #[test]
    fn a_large_answer_counts_for_what_it_takes() {
        let pool = BufferPool::new(4 * TYPICAL);
        let mut large = pool.reserve().map(Reserved::buffer).expect("one");
        large.bytes().resize(3 * TYPICAL, 0);
        large.settle();
        assert!(pool.is_high());
        let last = pool.reserve().expect("the last one");
        assert!(pool.reserve().is_none());
        drop((large, last));
        assert!(!pool.is_high());
        assert_eq!(pool.out.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_buffer_that_grew_too_large_is_not_kept() {
        let pool = BufferPool::new(TYPICAL);
        let mut buffer = pool.reserve().map(Reserved::buffer).expect("one");
        buffer.bytes().resize(5 * TYPICAL, 0);
        drop(buffer);
        assert_eq!(pool.reserve().map(Reserved::buffer).expect("a new one").bytes().capacity(), TYPICAL);
    }

    #[test]
    fn shared_bytes_take_room_until_they_are_dropped() {
        let pool = BufferPool::new(TYPICAL);
        let kept = Bytes::from_static(b"rows");
        let held = pool.reserve().expect("one").hold(kept.clone());
        assert_eq!(held, kept);
        let part = held.slice(1..);
        drop(held);
        assert!(pool.reserve().is_none(), "a part of them is still to be sent");
        drop(part);
        assert!(pool.reserve().is_some());
    }
}
