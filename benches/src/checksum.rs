//! A checksum of a stream of lines that is much faster than the stream: no protection against anybody, but two
//! programs that wrote different text do not print the same.

#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, Write};

/// Odd, with its bits well mixed.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
const LANES: usize = 4;
const BLOCK: usize = LANES * 8;

/// Bytes, lines and checksum of what passed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// All bytes.
    pub bytes: u64,
    /// LF bytes.
    pub lines: u64,
    /// Depends on every byte and its place.
    pub hash: u64,
}

impl fmt::Display for Sum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{{\"bytes\":{},\"lines\":{},\"checksum\":\"{:016x}\"}}",
            self.bytes, self.lines, self.hash
        )
    }
}

/// Passes bytes on and sums them up, however they are cut into writes.
pub struct Checked<W> {
    target: W,
    lanes: [u64; LANES],
    pending: Vec<u8>,
    bytes: u64,
    lines: u64,
}

impl<W: Write> Checked<W> {
    /// Nothing has passed yet.
    pub fn new(target: W) -> Self {
        Self { target, lanes: [1, 2, 3, 4], pending: Vec::with_capacity(BLOCK), bytes: 0, lines: 0 }
    }

    fn add(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        // Chunks of at most 255 lines' ends fit into the bytes that the compiler adds up in parallel.
        self.lines += bytes
            .chunks(255)
            .map(|chunk| u64::from(chunk.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>()))
            .sum::<u64>();
        if !self.pending.is_empty() {
            let (head, rest) = bytes.split_at(bytes.len().min(BLOCK - self.pending.len()));
            self.pending.extend_from_slice(head);
            bytes = rest;
            if self.pending.len() == BLOCK {
                mix(&mut self.lanes, &self.pending);
                self.pending.clear();
            }
        }
        let whole = bytes.len() / BLOCK * BLOCK;
        mix(&mut self.lanes, &bytes[..whole]);
        self.pending.extend_from_slice(&bytes[whole..]);
    }

    /// The sum of all that passed.
    pub fn finish(mut self) -> Sum {
        let last = self.pending.len();
        self.pending.resize(last.next_multiple_of(BLOCK), 0);
        mix(&mut self.lanes, &self.pending);
        let hash = self
            .lanes
            .iter()
            .fold(self.bytes, |hash, lane| (hash ^ lane).wrapping_mul(FACTOR).rotate_left(29));
        Sum { bytes: self.bytes, lines: self.lines, hash }
    }
}

impl<W: Write> Write for Checked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.target.write(bytes)?;
        self.add(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

/// Each lane takes every fourth word; rotating makes the order matter.
fn mix(lanes: &mut [u64; LANES], blocks: &[u8]) {
    for block in blocks.as_chunks::<BLOCK>().0 {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
            *lane = (*lane ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR).rotate_left(31);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn sum(pieces: &[&[u8]]) -> Sum {
        let mut checked = Checked::new(io::sink());
        pieces.iter().for_each(|piece| checked.write_all(piece).unwrap());
        checked.finish()
    }

    #[test]
    fn the_sum_depends_on_bytes_and_order_and_not_on_the_writes() {
        let text: Vec<u8> =
            (0..1_000_u32).flat_map(|line| format!("{line:08X}:{}\n", line % 7).into_bytes()).collect();
        let whole = sum(&[&text]);
        assert_eq!((whole.bytes, whole.lines), (text.len() as u64, 1_000));
        for cut in [1, 31, 32, 33, 5_000] {
            assert_eq!(sum(&text.chunks(cut).collect::<Vec<_>>()), whole);
        }
        let mut changed = text.clone();
        changed[4_321] ^= 1;
        assert_ne!(sum(&[&changed]).hash, whole.hash);
        changed.copy_from_slice(&text);
        changed.rotate_left(64);
        assert_ne!(sum(&[&changed]).hash, whole.hash);
        assert_ne!(sum(&[&text, b"\0"]).hash, whole.hash);
        assert_eq!(sum(&[b"a\n"]).to_string(), sum(&[b"a", b"\n"]).to_string());
    }
}
