//! The content encodings of an answer: all of the body or an error, and never more than a range can be.

#![forbid(unsafe_code)]

use std::io::Read;

use breachdex_protocol::MOST_BODY_BYTES;
use flate2::bufread::MultiGzDecoder;

use crate::BaseUrl;
use crate::error::FetchFault;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

impl Encoding {
    /// What requests say they take. On one machine a copy is cheaper than compression.
    pub(crate) fn accepted(base: &BaseUrl) -> &'static str {
        if base.is_loopback() { "identity, gzip;q=0.5, br;q=0.5" } else { "gzip, br" }
    }

    /// The encoding that a header names.
    pub(crate) fn of(name: &str) -> Result<Self, FetchFault> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "br" => Ok(Self::Brotli),
            _ => Err(FetchFault::Encoding("compression is one that was not asked for")),
        }
    }

    /// The body without its compression.
    pub(crate) fn decode(self, packed: Vec<u8>) -> Result<Vec<u8>, FetchFault> {
        let damaged = |_| FetchFault::Encoding("compression is damaged or cut short");
        let mut text = Vec::new();
        let limit = MOST_BODY_BYTES as u64 + 1;
        match self {
            Self::Identity => return Ok(packed),
            Self::Gzip => {
                text.reserve(packed.len() * 2);
                let decoder = MultiGzDecoder::new(packed.as_slice());
                decoder.take(limit).read_to_end(&mut text).map_err(damaged)?;
            }
            Self::Brotli => {
                let decoder = brotli::Decompressor::new(packed.as_slice(), 32 << 10);
                decoder.take(limit).read_to_end(&mut text).map_err(damaged)?;
            }
        }
        if text.len() > MOST_BODY_BYTES { Err(FetchFault::TooLarge(MOST_BODY_BYTES)) } else { Ok(text) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn brotli(text: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        brotli::CompressorWriter::new(&mut packed, 4096, 4, 20).write_all(text).expect("in memory");
        packed
    }

    #[test]
    fn what_was_packed_comes_out_and_every_cut_is_an_error() {
        let text: Vec<u8> =
            (0..500_u32).flat_map(|i| format!("{:035X}:{i}\r\n", i * 77_777).into_bytes()).collect();
        for (encoding, packed) in [(Encoding::Gzip, gzip(&text)), (Encoding::Brotli, brotli(&text))] {
            assert_eq!(encoding.decode(packed.clone()).expect("whole"), text);
            for cut in 0..packed.len() {
                let decoded = encoding.decode(packed[..cut].to_vec());
                assert!(
                    decoded.is_err(),
                    "{encoding:?} cut at {cut} gave {:?}",
                    decoded.map(|text| text.len())
                );
            }
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = gzip(&vec![b'0'; MOST_BODY_BYTES + 1]);
        assert_eq!(
            Encoding::Gzip.decode(bomb).expect_err("too large").to_string(),
            "the answer is larger than 8 MiB, which no range is"
        );
    }

    #[test]
    fn other_encodings_are_refused() {
        assert_eq!(Encoding::of(" GZIP ").ok(), Some(Encoding::Gzip));
        assert_eq!(Encoding::of("").ok(), Some(Encoding::Identity));
        assert_eq!(
            Encoding::of("zstd").expect_err("not asked for").to_string(),
            "the answer's compression is one that was not asked for"
        );
    }
}
