//! What an index says about a digest.

#![forbid(unsafe_code)]

/// What an index knows about a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is not in the index.
    Absent,
    /// It is.
    Present {
        /// How often it was seen, where the index stores counts.
        count: Option<u64>,
    },
}

impl Answer {
    /// Whether the digest is in the index.
    pub fn is_present(self) -> bool {
        self != Self::Absent
    }
}
