//! Numbers as bytes, little-endian.

#![forbid(unsafe_code)]

use zeroize::Zeroizing;

use crate::error::{RadarError, Result};

/// Appends numbers.
pub(super) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// For at most so many bytes: growing would leave copies of the key behind.
    pub(super) fn new(longest: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(longest)))
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.bytes(&number.to_le_bytes());
    }

    pub(super) fn u64(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    pub(super) fn f32(&mut self, number: f32) {
        self.bytes(&number.to_le_bytes());
    }

    pub(super) fn f64(&mut self, number: f64) {
        self.bytes(&number.to_le_bytes());
    }

    /// All of it with its checksum.
    pub(super) fn finish(mut self) -> Zeroizing<Vec<u8>> {
        let checksum = *blake3::hash(&self.0).as_bytes();
        self.bytes(&checksum);
        self.0
    }
}

/// Takes numbers.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk().ok_or(RadarError::Damaged("it ends early"))?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number within a range; never one that is not a number.
    pub(super) fn f32(&mut self, from: f32, to: f32) -> Result<f32> {
        let number = self.array().map(f32::from_le_bytes)?;
        within(number >= from && number <= to).map(|()| number)
    }

    pub(super) fn f64(&mut self, from: f64, to: f64) -> Result<f64> {
        let number = self.array().map(f64::from_le_bytes)?;
        within(number >= from && number <= to).map(|()| number)
    }

    /// A number of at most `most`.
    pub(super) fn number(&mut self, most: u32) -> Result<u32> {
        let number = self.u32()?;
        within(number <= most).map(|()| number)
    }

    pub(super) fn end(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(RadarError::Damaged("it goes on behind its end")) }
    }
}

/// Refuses a number that no radar has.
pub(super) fn within(is_within: bool) -> Result<()> {
    if is_within { Ok(()) } else { Err(RadarError::Damaged("a number is out of its range")) }
}
