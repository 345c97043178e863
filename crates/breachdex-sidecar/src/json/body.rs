//! A request's body while it is read: bytes that are overwritten when they are given up.

#![forbid(unsafe_code)]

use std::fmt;

use zeroize::Zeroizing;

/// Bytes of the longest body that is read.
pub const MOST_BYTES: usize = 64 << 10;

/// Room that is made before any bytes came, and the least that is added.
const FIRST: usize = 4 << 10;

/// The bytes of a body. Overwritten when dropped, and where they had to move.
#[derive(Default)]
pub struct Body(Zeroizing<Vec<u8>>);

impl Body {
    /// An empty body that is to have so many bytes. A client may say a length and send nothing, so that there is room for
    /// the first of them only.
    pub fn with_length(length: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(length.min(FIRST))))
    }

    /// Adds bytes. Returns whether they fit: a body never has more than [`MOST_BYTES`].
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let length = self.0.len() + bytes.len();
        if length > MOST_BYTES {
            return false;
        }
        if length > self.0.capacity() {
            // A vector that grows by itself frees its old place without overwriting it.
            let room = (self.0.capacity() * 2).max(FIRST).max(length).min(MOST_BYTES);
            let mut moved = Zeroizing::new(Vec::with_capacity(room));
            moved.extend_from_slice(&self.0);
            self.0 = moved;
        }
        self.0.extend_from_slice(bytes);
        true
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl From<&[u8]> for Body {
    /// The first [`MOST_BYTES`] of some bytes.
    fn from(bytes: &[u8]) -> Self {
        let mut body = Self::default();
        let _ = body.push(&bytes[..bytes.len().min(MOST_BYTES)]);
        body
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Body(..)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_length_that_is_only_said_takes_no_room() {
        assert!(Body::with_length(MOST_BYTES).0.capacity() <= FIRST);
        assert_eq!(Body::with_length(23).0.capacity(), 23);
    }

    #[test]
    fn a_body_grows_to_its_limit_and_not_beyond() {
        let mut body = Body::default();
        for piece in 0..16 {
            assert_eq!(body.len(), piece << 12);
            assert!(body.push(&[b'a'; 4096]));
        }
        assert!(!body.push(b"a"));
        assert_eq!(body.len(), MOST_BYTES);
        assert!(body.bytes().iter().all(|byte| *byte == b'a'));
        assert_eq!(format!("{body:?}"), "Body(..)");
        assert_eq!(Body::from(&[b'b'; 70_000][..]).len(), MOST_BYTES);
    }
}
