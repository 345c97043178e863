//! Opens an input as a stream of plain bytes: gzip to its last member, zstd to its last frame, and whatever
//! is cut, damaged or appended is an error.

#![forbid(unsafe_code)]

use std::io::{self, Chain, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use zeroize::Zeroizing;

use super::Source;
use crate::error::{Error, InputError, Result, io_error};
use crate::files::{InputFile, is_stopped};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How an input is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// Archives that are named and not read: how each begins, what it is called, and what unpacks it to a pipe.
const ARCHIVES: [(&[u8], &str, &str); 4] = [
    (b"7z\xbc\xaf", "a 7-Zip archive", "7z x -so"),
    (b"PK\x03\x04", "a ZIP archive", "unzip -p"),
    (b"\xfd7zX", "xz data", "xz -dc"),
    (b"BZh", "bzip2 data", "bzip2 -dc"),
];

impl Packing {
    /// What a file's name says.
    pub(crate) fn of_name(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::Plain,
        }
    }

    fn of_start(start: &[u8]) -> Self {
        if start.starts_with(&GZIP_MAGIC) {
            Self::Gzip
        } else if start.starts_with(&ZSTD_MAGIC) {
            Self::Zstd
        } else {
            Self::Plain
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// An input's plain bytes.
pub(crate) struct TextReader {
    reader: Box<dyn Read + Send>,
    packing: Packing,
    name: Arc<str>,
    source: Source,
}

/// What those who read inputs share with whoever watches over them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feed {
    /// Bytes that were read from the files themselves, which is what progress is measured in.
    pub(crate) read: Arc<AtomicU64>,
    /// Set to have those end who wait for a pipe's writer.
    pub(crate) stop: Arc<AtomicBool>,
}

/// A file, counted and stoppable.
struct Watched {
    file: InputFile,
    feed: Feed,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { file, feed } = self;
        let length = file.read_unless(buffer, &|| feed.stop.load(Ordering::Relaxed))?;
        feed.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

type Started = Chain<Cursor<Zeroizing<Vec<u8>>>, Watched>;

impl TextReader {
    /// Opens an input. Its packing follows from its name; where the name says nothing, from its first bytes
    /// if `look_inside`. Reading a pipe waits for its writer until the feed is stopped.
    pub(crate) fn open(source: &Source, look_inside: bool, feed: &Feed) -> Result<Self> {
        let (file, named) = match source {
            Source::Path(path) => {
                (InputFile::open(path).map_err(io_error("open", path))?, Packing::of_name(path))
            }
            Source::Stdin => {
                (InputFile::stdin().map_err(io_error("read", "standard input".as_ref()))?, Packing::Plain)
            }
        };
        let name = match source {
            Source::Path(path) => path.display().to_string(),
            Source::Stdin => "standard input".to_owned(),
        };
        let mut reader = Self {
            reader: Box::new(io::empty()),
            packing: Packing::Plain,
            name: name.into(),
            source: source.clone(),
        };
        let mut watched = Watched { file, feed: feed.clone() };
        let mut start = Zeroizing::new(Vec::with_capacity(ZSTD_MAGIC.len()));
        (&mut watched)
            .take(ZSTD_MAGIC.len() as u64)
            .read_to_end(&mut start)
            .map_err(|error| reader.read_error(error))?;
        let packing = match named {
            Packing::Plain if look_inside => Packing::of_start(&start),
            named => named,
        };
        if packing != Packing::Plain && start.is_empty() {
            return Err(reader.fault(format!("the file is empty, which is not a {} file", packing.name())));
        }
        if packing == Packing::Plain
            && let Some((_, what, command)) = ARCHIVES.iter().find(|(magic, ..)| start.starts_with(magic))
            && look_inside
        {
            // Standard input has no name that another program could open.
            let hint = match source {
                Source::Path(path) => format!("or pipe `{command} {}` into standard input", path.display()),
                Source::Stdin => format!("as with `{command}`"),
            };
            return Err(reader.fault(format!("this is {what}; unpack it first, {hint}")));
        }
        reader.packing = packing;
        reader.reader = unpack(packing, Cursor::new(start).chain(watched), &reader.name)?;
        Ok(reader)
    }

    /// Reads the next bytes; 0 at the end of the input.
    ///
    /// # Errors
    /// [`Error::Io`] where the system refuses, [`Error::Input`] where packed data are cut or damaged,
    /// [`Error::Cancelled`] where the feed was stopped.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match self.reader.read(buffer) {
                Ok(length) => return Ok(length),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.read_error(error)),
            }
        }
    }

    fn read_error(&self, error: io::Error) -> Error {
        if is_stopped(&error) {
            return Error::Cancelled;
        }
        // What the system says carries its number; what a decoder says does not.
        if self.packing == Packing::Plain || error.raw_os_error().is_some() {
            return self.system_error(error);
        }
        let cut = error.kind() == io::ErrorKind::UnexpectedEof;
        let what = if cut { "end too early" } else { "are damaged or followed by something else" };
        self.fault(format!("the {} data {what}; get the file again", self.packing.name()))
    }

    fn system_error(&self, source: io::Error) -> Error {
        let path = match &self.source {
            Source::Path(path) => path.clone(),
            Source::Stdin => "standard input".into(),
        };
        Error::Io { action: "read", path, source }
    }

    fn fault(&self, reason: String) -> Error {
        InputError::new(self.name.to_string(), None, reason).into()
    }
}

#[cfg(feature = "decompression")]
fn unpack(packing: Packing, raw: Started, name: &str) -> Result<Box<dyn Read + Send>> {
    /// Enough for the decoders to be fed without a system call for every block of theirs.
    const BUFFER: usize = 128 << 10;
    let buffered = |raw| io::BufReader::with_capacity(BUFFER, raw);
    Ok(match packing {
        Packing::Plain => Box::new(raw),
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(raw))),
        Packing::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(buffered(raw))
                .map_err(|source| Error::Io { action: "decompress", path: name.into(), source })?;
            Box::new(decoder)
        }
    })
}

#[cfg(not(feature = "decompression"))]
fn unpack(packing: Packing, raw: Started, name: &str) -> Result<Box<dyn Read + Send>> {
    match packing {
        Packing::Plain => Ok(Box::new(raw)),
        _ => Err(Error::Unbuildable(format!(
            "{name} is {} data, which this program was built not to read; unpack it first",
            packing.name()
        ))),
    }
}

#[cfg(all(test, feature = "decompression"))]
#[path = "decompress_tests.rs"]
mod tests;
