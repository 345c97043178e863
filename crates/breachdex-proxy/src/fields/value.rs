//! The value of a field: text that is overwritten when it is dropped and shown nowhere.

#![forbid(unsafe_code)]

use std::fmt;

use zeroize::Zeroizing;

/// The bytes of a field. `Debug` shows none of them; they are overwritten on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(Zeroizing<Vec<u8>>);

impl Value {
    /// An empty value with room, so that no copy is left behind where it grows.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    pub(crate) fn push(&mut self, byte: u8) {
        debug_assert!(self.0.len() < self.0.capacity(), "room was asked for");
        self.0.push(byte);
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        debug_assert!(self.0.capacity() - self.0.len() >= bytes.len(), "room was asked for");
        self.0.extend_from_slice(bytes);
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, where it is UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Value(..)")
    }
}
