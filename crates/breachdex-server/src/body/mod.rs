//! Encodes the rows of a range for the wire: a buffer pool, our own gzip encoder, and brotli from a library.

#![forbid(unsafe_code)]

mod brotli;
mod gzip;
mod huffman;
mod pool;

pub(crate) use gzip::prepare;
pub(crate) use pool::BufferPool;

use crate::http::negotiation::Encoding;

/// Appends `rows` in an encoding. Identity is a copy; write the rows where they belong instead.
pub(crate) fn encode(encoding: Encoding, rows: &[u8], out: &mut Vec<u8>) {
    match encoding {
        Encoding::Identity => out.extend_from_slice(rows),
        Encoding::Gzip => gzip::compress(rows, out),
        Encoding::Brotli => brotli::compress(rows, out),
    }
}
