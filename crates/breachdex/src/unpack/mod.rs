//! Reads compressed data and the one file of an archive as plain bytes, for lists, corpora and exports alike: gzip to its last
//! member, zstd to its last frame, bzip2 and xz to their last stream, ZIP and 7z by their directory. What is cut, damaged or
//! followed by something else is an error, and memory is bounded whatever the data claim.

#![forbid(unsafe_code)]

mod archive;
mod error;
mod seven_zip;
mod zip;

use std::io::{self, BufReader, Read};

pub use self::archive::{Choose, Member, open_archive, the_only_file};
pub use self::error::{Problem, UnpackError};
use crate::text::Packed;

/// The most memory that one decoder may ask for. xz and 7z name the size of their dictionary, up to 4 GiB; their largest
/// presets ask for 64 MiB, and what is packed by hand for much.
const MOST_MEMORY: u64 = 1 << 30;

/// Enough for the decoders to be fed without a system call for every block of theirs.
const BUFFER: usize = 128 << 10;

/// A stream that is decompressed while it is read. After an error it gives no more.
pub struct Decompressor<R: Read> {
    packed: Packed,
    decoder: Decoder<R>,
    has_failed: bool,
}

enum Decoder<R: Read> {
    Gzip(Box<flate2::bufread::MultiGzDecoder<BufReader<R>>>),
    Zstd(zstd::stream::read::Decoder<'static, BufReader<R>>),
    Bzip2(bzip2::bufread::MultiBzDecoder<BufReader<R>>),
    Xz(Box<lzma_rust2::XzReader<BufReader<R>>>),
}

impl<R: Read> Decompressor<R> {
    /// Decompresses a stream.
    ///
    /// # Errors
    /// [`UnpackError`] inside for what cannot be read from front to back: archives and LZ4. The system's.
    pub fn new(packed: Packed, raw: R) -> io::Result<Self> {
        let raw = BufReader::with_capacity(BUFFER, raw);
        let decoder = match packed {
            Packed::Gzip => Decoder::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(raw))),
            Packed::Zstd => Decoder::Zstd(zstd::stream::read::Decoder::with_buffer(raw)?),
            Packed::Bzip2 => Decoder::Bzip2(bzip2::bufread::MultiBzDecoder::new(raw)),
            Packed::Xz => {
                let most = u32::try_from(MOST_MEMORY >> 10).unwrap_or(u32::MAX);
                Decoder::Xz(Box::new(lzma_rust2::XzReader::new_mem_limit(raw, true, most)))
            }
            _ => {
                return Err(UnpackError::new(packed, Problem::NotReadHere).into());
            }
        };
        Ok(Self { packed, decoder, has_failed: false })
    }
}

impl<R: Read> Read for Decompressor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.has_failed {
            return Err(UnpackError::new(self.packed, Problem::Damaged).into());
        }
        let read = match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.read(buffer),
            Decoder::Zstd(decoder) => decoder.read(buffer),
            Decoder::Bzip2(decoder) => decoder.read(buffer),
            Decoder::Xz(decoder) => decoder.read(buffer),
        };
        read.map_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.has_failed = true;
            }
            error::of_decoder(self.packed, error)
        })
    }
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
