//! Opening the input, telling its format, and keeping count of how much of it was read.

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use breachdex::files::InputFile;
use breachdex::text::Packed;
use zeroize::Zeroizing;

use super::assumption::Assumption;
use super::compression;
use super::csv;
use super::guess;
use super::others;
use super::sealed;
use super::text;
use crate::error::{AuditError, Result};
use crate::formats::{Format, Start};

/// How much is looked at to tell a format.
const PEEK: usize = 4096;

/// What to audit.
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input or another stream, whose format has to be named.
    Stream(Box<dyn Read>),
}

/// How far the input has been read.
#[derive(Clone, Default)]
pub(crate) struct Meter {
    pub(crate) done: Rc<Cell<u64>>,
    /// In the same unit, where that is known.
    pub(crate) total: Option<u64>,
}

/// An input that is open, with its format.
pub(crate) struct Opened<'m> {
    /// For messages.
    pub(crate) name: String,
    pub(crate) reader: Box<dyn Read + 'm>,
    /// The file itself, for formats that are not read from front to back; `None` for a stream and a compressed file.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only these formats seek"))]
    pub(crate) path: Option<PathBuf>,
    pub(crate) meter: Meter,
    /// What was assumed so far.
    pub(crate) assumed: Option<Assumption>,
}

impl<'m> Opened<'m> {
    /// Opens the input, decompresses it and settles its format. `stops` is asked while a pipe has nothing to read: reading
    /// fails once it says so.
    pub(crate) fn new(
        input: Input,
        format: Option<Format>,
        has_column: bool,
        stops: &'m dyn Fn() -> bool,
    ) -> Result<(Self, Format)> {
        let meter = Meter::default();
        match input {
            Input::Stream(reader) => {
                let name = String::from("standard input");
                let reader = Box::new(Counted { reader, done: Rc::clone(&meter.done) });
                let plain = Plain::new(reader, Path::new(""), &name)?;
                let format = format.map_or_else(|| plain.format(&name, false, false), Ok)?;
                let assumed = plain.assumed();
                Ok((Self { name, reader: plain.reader, path: None, meter, assumed }, format))
            }
            Input::File(path) => Self::file(path, format, has_column, stops),
        }
    }

    fn file(
        path: PathBuf,
        format: Option<Format>,
        has_column: bool,
        stops: &'m dyn Fn() -> bool,
    ) -> Result<(Self, Format)> {
        let name = path.display().to_string();
        let failed = |action| {
            let path = path.clone();
            move |source| AuditError::Io { action, path, source }
        };
        let facts = std::fs::metadata(&path).map_err(failed("open"))?;
        let file = InputFile::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::IsADirectory => failed("read")(error),
            _ => failed("open")(error),
        })?;
        let meter = Meter { done: Rc::default(), total: facts.is_file().then_some(facts.len()) };
        let reader =
            Box::new(Counted { reader: Box::new(Waiting { file, stops }), done: Rc::clone(&meter.done) });
        let plain = Plain::new(reader, &path, &name)?;
        let format = match format {
            Some(format) => format,
            None => plain.format(&name, facts.is_file(), has_column)?,
        };
        let assumed = plain.assumed();
        let path = plain.packed.is_none().then_some(path);
        Ok((Self { name, reader: plain.reader, path, meter, assumed }, format))
    }

    /// A failed read.
    pub(crate) fn failed(name: &str) -> impl Fn(io::Error) -> AuditError + use<> {
        let path = PathBuf::from(name);
        move |source| AuditError::Io { action: "read", path: path.clone(), source }
    }
}

/// Why a file whose format is not certain is not read: what it is, or how it can be read, where its beginning tells.
fn not_certain(name: &str, start: &Start<'_>) -> AuditError {
    let name = name.to_owned();
    if start.text.is_empty() {
        return AuditError::Empty { name };
    }
    let known = || Format::by_content(start).map(guess::known);
    match (others::of(start.text), known().or_else(|| guess::of(start.text))) {
        (Some(sealed), _) => AuditError::Sealed { name, sealed },
        (None, Some(advice)) => AuditError::LooksLike { name, advice },
        (None, None) => AuditError::FormatNotCertain { name },
    }
}

/// An input that is decompressed.
struct Plain<'m> {
    reader: Box<dyn Read + 'm>,
    /// Its first bytes, which the reader has too.
    start: Zeroizing<Vec<u8>>,
    /// The file's name without the compression's, or its name in an archive.
    name: PathBuf,
    packed: Option<Packed>,
}

impl<'m> Plain<'m> {
    /// Decompresses where that is needed, and looks at the first bytes of what comes of it. Refuses what is known and cannot
    /// be read.
    fn new(mut reader: Box<dyn Read + 'm>, path: &Path, name: &str) -> Result<Self> {
        let failed = Opened::failed(name);
        let refuse = |sealed| Err(AuditError::Sealed { name: name.to_owned(), sealed });
        let mut start = peek(&mut reader).map_err(&failed)?;
        if let Some(sealed) = sealed::of(path, &start) {
            return refuse(sealed);
        }
        let mut plain_name = path.to_owned();
        let packed = Packed::of_start(&start);
        if let Some(packed) = packed {
            if packed.is_stream() {
                plain_name = compression::plain_name(packed, path);
                reader = compression::open(packed, Box::new(Cursor::new(start).chain(reader)), name)?;
            } else {
                // An archive is read from its end, which a stream does not have.
                let file = InputFile::open(path).ok().and_then(InputFile::into_regular_file);
                match file {
                    Some(file) if packed.is_read() => {
                        (plain_name, reader) = compression::open_archive(packed, file, name)?;
                    }
                    _ => return refuse(sealed::packed(packed)),
                }
            }
            start = peek(&mut reader).map_err(&failed)?;
            let again = sealed::of(&plain_name, &start).or(Packed::of_start(&start).map(sealed::packed));
            if let Some(sealed) = again {
                return refuse(sealed);
            }
        }
        let reader = Box::new(Cursor::new(start.clone()).chain(reader));
        Ok(Self { reader, start, name: plain_name, packed })
    }

    /// The format by the beginning, and of a file by its name.
    fn format(&self, name: &str, is_file: bool, has_column: bool) -> Result<Format> {
        let text = text::lossy(&self.start);
        let first_line = text.lines().find(|line| !csv::is_before_header(line)).unwrap_or_default();
        let start = Start { first_line, text: &text, has_column };
        let found = if is_file { Format::detect(&self.name, &start) } else { None };
        found.ok_or_else(|| not_certain(name, &start))
    }

    fn assumed(&self) -> Option<Assumption> {
        self.packed.map(|found| Assumption::Compressed(found.name()))
    }
}

/// The first bytes, in a buffer that never grows.
fn peek(reader: &mut dyn Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut start = Zeroizing::new(Vec::with_capacity(PEEK));
    reader.take(PEEK as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// A file, or a pipe whose writer is waited for until that is enough.
struct Waiting<'m> {
    file: InputFile,
    stops: &'m dyn Fn() -> bool,
}

impl Read for Waiting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_unless(buffer, self.stops)
    }
}

/// Counts the bytes that pass.
struct Counted<'m> {
    reader: Box<dyn Read + 'm>,
    done: Rc<Cell<u64>>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.done.set(self.done.get() + read as u64);
        Ok(read)
    }
}
