//! Compresses bodies with brotli, for the rare client that accepts it and does not accept gzip.

#![forbid(unsafe_code)]

use std::io::Write as _;

use brotli::CompressorWriter;

/// Level and window: matching finds nothing in hex, so what is cheapest is best. 64 KiB of window.
const QUALITY: u32 = 2;
const WINDOW_BITS: u32 = 16;
const BUFFER: usize = 16 << 10;

/// Appends `body` as one brotli stream. Allocates, and takes about a millisecond for 78 kB.
pub(super) fn compress(body: &[u8], out: &mut Vec<u8>) {
    let mut writer = CompressorWriter::new(out, BUFFER, QUALITY, WINDOW_BITS);
    // Writing to memory does not fail; dropping the writer ends the stream.
    let _ = writer.write_all(body);
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let rows = b"0123456789ABCDEF0123456789ABCDEF012:7\r\n".repeat(2_000);
        for body in [&b""[..], b"0", &rows] {
            let mut packed = Vec::new();
            compress(body, &mut packed);
            let mut plain = Vec::new();
            brotli::Decompressor::new(&packed[..], BUFFER).read_to_end(&mut plain).expect("a whole stream");
            assert_eq!(plain, body);
        }
    }
}
