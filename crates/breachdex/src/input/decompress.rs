//! Opens an input as a stream of plain bytes, whatever it is packed with; the bytes come from `unpack`.

#![forbid(unsafe_code)]

#[cfg(feature = "decompression")]
use std::fs::File;
use std::io::{self, Cursor, Read};
#[cfg(feature = "decompression")]
use std::io::{Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use zeroize::Zeroizing;

use super::Source;
use crate::error::{Error, InputError, Result, io_error};
#[cfg(feature = "decompression")]
use crate::files::stopped;
use crate::files::{InputFile, is_stopped};
use crate::text::Packed;
#[cfg(feature = "decompression")]
use crate::unpack;

/// Bytes that tell how an input is packed.
const HEAD: u64 = 10;

/// An input's plain bytes.
pub(crate) struct TextReader {
    reader: Box<dyn Read + Send>,
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

type Start = Zeroizing<Vec<u8>>;

/// An archive, counted and stoppable. Bytes are counted as often as they are read.
#[cfg(feature = "decompression")]
struct WatchedArchive {
    file: File,
    feed: Feed,
}

#[cfg(feature = "decompression")]
impl Read for WatchedArchive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.feed.stop.load(Ordering::Relaxed) {
            return Err(stopped());
        }
        let length = self.file.read(buffer)?;
        self.feed.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

#[cfg(feature = "decompression")]
impl Seek for WatchedArchive {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl TextReader {
    /// Opens an input. How it is packed follows from its name; where the name says nothing, from its first bytes if
    /// `look_inside`. Of an archive, the only file is read. Reading a pipe waits for its writer until the feed is stopped.
    pub(crate) fn open(source: &Source, look_inside: bool, feed: &Feed) -> Result<Self> {
        let (file, named) = match source {
            Source::Path(path) => {
                let named = Packed::of_name(path).map(|(packed, _)| packed);
                (InputFile::open(path).map_err(io_error("open", path))?, named)
            }
            Source::Stdin => (InputFile::stdin().map_err(io_error("read", "standard input".as_ref()))?, None),
        };
        let name = match source {
            Source::Path(path) => path.display().to_string(),
            Source::Stdin => "standard input".to_owned(),
        };
        let mut reader = Self { reader: Box::new(io::empty()), name: name.into(), source: source.clone() };
        let mut watched = Watched { file, feed: feed.clone() };
        let mut start = Zeroizing::new(Vec::with_capacity(HEAD as usize));
        (&mut watched).take(HEAD).read_to_end(&mut start).map_err(|error| reader.read_error(error))?;
        let packed = named.or_else(|| Packed::of_start(&start).filter(|_| look_inside));
        if let Some(packed) = packed
            && start.is_empty()
        {
            return Err(reader.fault(format!("the file is empty, which is not a {} file", packed.name())));
        }
        reader.reader = match packed {
            None => Box::new(Cursor::new(start).chain(watched)),
            Some(packed) => reader.unpack(packed, start, watched)?,
        };
        Ok(reader)
    }

    #[cfg(feature = "decompression")]
    fn unpack(&self, packed: Packed, start: Start, raw: Watched) -> Result<Box<dyn Read + Send>> {
        if packed.is_stream() {
            let raw = Cursor::new(start).chain(raw);
            let unpacked = unpack::Decompressor::new(packed, raw).map_err(|error| self.read_error(error))?;
            return Ok(Box::new(unpacked));
        }
        let Watched { file, feed } = raw;
        let command = match packed {
            Packed::Zip => "unzip -p",
            Packed::SevenZip => "7z x -so",
            Packed::Rar => "unrar p -inul",
            Packed::Lzip => "lzip -dc",
            Packed::Lzma => "xz -dc",
            Packed::Compress => "gzip -dc",
            _ => "lz4 -dc",
        };
        let file = match (file.into_regular_file(), &self.source) {
            (Some(file), _) if packed.is_read() => file,
            // An archive is read from its end. Standard input has no name that another program could open.
            (_, Source::Path(path)) => {
                let name = packed.name();
                let path = path.display();
                return Err(self.fault(format!(
                    "this is {name} data; unpack it first, or pipe `{command} {path}` into standard input"
                )));
            }
            (_, Source::Stdin) => {
                let name = packed.name();
                return Err(self.fault(format!("this is {name} data; unpack it first, as with `{command}`")));
            }
        };
        let archive = WatchedArchive { file, feed };
        let member = unpack::open_archive(packed, archive, &unpack::the_only_file)
            .map_err(|error| self.read_error(error))?;
        Ok(member.reader)
    }

    #[cfg(not(feature = "decompression"))]
    fn unpack(&self, packed: Packed, _: Start, _: Watched) -> Result<Box<dyn Read + Send>> {
        Err(Error::Unbuildable(format!(
            "{} is {} data, which this program was built not to read; unpack it first",
            self.name,
            packed.name()
        )))
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
        #[cfg(feature = "decompression")]
        if let Some(fault) = unpack::UnpackError::inside(&error) {
            return self.fault(fault.to_string());
        }
        self.system_error(error)
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

#[cfg(all(test, feature = "decompression"))]
#[path = "decompress_tests.rs"]
mod tests;
