//! Opening the input and keeping count of how much of it was read.

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::error::{AuditError, Result};
use crate::formats::Format;

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
pub(crate) struct Opened {
    /// For messages.
    pub(crate) name: String,
    pub(crate) reader: Box<dyn Read>,
    /// The file itself, for formats that are not read from front to back.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only these formats seek"))]
    pub(crate) path: Option<PathBuf>,
    pub(crate) meter: Meter,
}

impl Opened {
    /// Opens the input and settles its format.
    pub(crate) fn new(input: Input, format: Option<Format>, has_column: bool) -> Result<(Self, Format)> {
        match input {
            Input::Stream(reader) => {
                let name = String::from("standard input");
                let format = format.ok_or_else(|| AuditError::FormatNotCertain { name: name.clone() })?;
                let meter = Meter::default();
                let reader = Box::new(Counted { reader, done: Rc::clone(&meter.done) });
                Ok((Self { name, reader, path: None, meter }, format))
            }
            Input::File(path) => {
                let name = path.display().to_string();
                let failed = |action| {
                    let path = path.clone();
                    move |source| AuditError::Io { action, path, source }
                };
                let facts = std::fs::metadata(&path).map_err(failed("open"))?;
                if facts.is_dir() {
                    return Err(failed("read")(io::Error::from(io::ErrorKind::IsADirectory)));
                }
                let format = match format {
                    Some(format) => format,
                    None if facts.is_file() => {
                        let line = first_line(&path).map_err(failed("read"))?;
                        Format::detect(&path, &line, has_column)
                            .ok_or_else(|| AuditError::FormatNotCertain { name: name.clone() })?
                    }
                    None => return Err(AuditError::FormatNotCertain { name }),
                };
                let file = File::open(&path).map_err(failed("open"))?;
                let total = facts.is_file().then_some(facts.len());
                let meter = Meter { done: Rc::default(), total };
                let reader = Box::new(Counted { reader: Box::new(file), done: Rc::clone(&meter.done) });
                Ok((Self { name, reader, path: Some(path), meter }, format))
            }
        }
    }

    /// A failed read.
    pub(crate) fn failed(name: &str) -> impl Fn(io::Error) -> AuditError + use<> {
        let path = PathBuf::from(name);
        move |source| AuditError::Io { action: "read", path: path.clone(), source }
    }
}

/// The first line, as far as it is short and text; what is not has no format that can be told by it.
fn first_line(path: &Path) -> io::Result<String> {
    let mut start = Vec::new();
    File::open(path)?.take(PEEK as u64).read_to_end(&mut start)?;
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&start);
    let text = match start {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => encoding_rs::UTF_16LE.decode(start).0.into_owned(),
        _ => String::from_utf8_lossy(start).into_owned(),
    };
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Counts the bytes that pass.
struct Counted {
    reader: Box<dyn Read>,
    done: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.done.set(self.done.get() + read as u64);
        Ok(read)
    }
}
