//! Input that is compressed with gzip or zstd, told by its first bytes.

#![forbid(unsafe_code)]

#[cfg(feature = "decompression")]
use std::io;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::Result;

/// How an input is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// What the first bytes say.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1F, 0x8B, ..] => Some(Self::Gzip),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// For sentences.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The name that the file has when it is decompressed, which tells its format.
    pub(crate) fn plain_name(self, path: &Path) -> PathBuf {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_ours = ["gz", "gzip", "zst", "zstd"].iter().any(|own| extension.eq_ignore_ascii_case(own));
        if is_ours { path.with_extension("") } else { path.to_owned() }
    }
}

/// What the data are when they are decompressed. Data that end early or are damaged are an error where that shows.
#[cfg(feature = "decompression")]
pub(crate) fn open<'m>(
    raw: Box<dyn Read + 'm>,
    compression: Compression,
    name: &str,
) -> Result<Box<dyn Read + 'm>> {
    const BUFFER: usize = 128 << 10;
    let buffered = io::BufReader::with_capacity(BUFFER, raw);
    let reader: Box<dyn Read + 'm> = match compression {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
        Compression::Zstd => Box::new(
            zstd::stream::read::Decoder::with_buffer(buffered).map_err(super::input::Opened::failed(name))?,
        ),
    };
    Ok(Box::new(Named { reader, compression }))
}

/// Refuses: this build has no decompression.
#[cfg(not(feature = "decompression"))]
pub(crate) fn open<'m>(
    _: Box<dyn Read + 'm>,
    compression: Compression,
    name: &str,
) -> Result<Box<dyn Read + 'm>> {
    Err(crate::error::AuditError::Sealed {
        name: name.to_owned(),
        sealed: match compression {
            Compression::Gzip => super::sealed::GZIP,
            Compression::Zstd => super::sealed::ZSTD,
        },
    })
}

/// Names the compression where it is at fault: what the system says carries its number, what a decoder says does not.
#[cfg(feature = "decompression")]
struct Named<'m> {
    reader: Box<dyn Read + 'm>,
    compression: Compression,
}

#[cfg(feature = "decompression")]
impl Read for Named<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| {
            if error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            let is_cut = error.kind() == io::ErrorKind::UnexpectedEof;
            let what = if is_cut { "end too early" } else { "are damaged" };
            let reason = format!("the {} data {what}; get the file again", self.compression.name());
            io::Error::new(io::ErrorKind::InvalidData, reason)
        })
    }
}
