//! A folder of range files, as downloaders of Pwned Passwords leave it: one file for each 5-digit prefix,
//! named for it, holding `SUFFIX:COUNT` rows. They lie in it, or in folders that are named for the first digits of prefixes:
//! 256 of two digits, or four levels of one. The names of files in these have all five digits or those that follow.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use super::Source;
use super::body::{PREFIX_DIGITS, says_empty};
use super::decompress::{Feed, TextReader};
use super::faults::{LineFault, RowShape};
use super::lines::Rows;
use crate::coverage::{Coverage, PREFIX_COUNT};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, InputError, Remedy, Result, io_error};
use crate::hex;
use crate::text::Packed;

/// A folder of range files. What else lies in it is passed over, unless it may be a range file that was damaged. Names are
/// kept as a few bits each, for a whole corpus has a million of them.
pub(crate) struct RangeFolder {
    pub(crate) path: PathBuf,
    names: Vec<FileName>,
    /// Folders in this one that hold range files.
    nested: Vec<Box<Path>>,
    /// For each prefix, which of them has its file, counted from 1; empty where there are none.
    nested_in: Vec<u32>,
    /// Names of what lies beside range files and cannot be one: files of file managers, notes, folders.
    pub(crate) passed_over: Vec<String>,
}

/// How a prefix's file is written: present, which digits are lower-case, how many of the first ones are left to the names of
/// the folders that it is in, and its endings. 0 is no file.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct FileName(u16);

impl FileName {
    const PRESENT: u16 = 1 << 15;
    const TEXT: u16 = 1 << 8;
    const GZIP: u16 = 1 << 9;
    const ZSTD: u16 = 1 << 10;
    /// Where the number of digits that the name does not have is.
    const LEFT_OUT: u32 = 11;

    /// Takes the name of a file, in folders whose names have the first digits of its prefix, apart into its prefix and its
    /// form. `None` for what no range file is called there.
    fn parse(name: &str, folders: &str) -> Option<(u32, Self)> {
        let whole = Self::parse_digits(name, PREFIX_DIGITS).filter(|(prefix, _)| {
            format!("{prefix:05X}")
                .get(..folders.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(folders))
        });
        if folders.is_empty() || whole.is_some() {
            return whole;
        }
        let (rest, Self(form)) = Self::parse_digits(name, PREFIX_DIGITS - folders.len())?;
        let start = u32::from_str_radix(folders, 16).ok()?;
        let prefix = start << (4 * (PREFIX_DIGITS - folders.len())) | rest;
        Some((prefix, Self(form | (folders.len() as u16) << Self::LEFT_OUT)))
    }

    /// The same for a name that has so many digits.
    fn parse_digits(name: &str, length: usize) -> Option<(u32, Self)> {
        let (digits, endings) = name.split_at_checked(length)?;
        let form = match endings {
            "" => 0,
            ".txt" => Self::TEXT,
            ".gz" => Self::GZIP,
            ".txt.gz" => Self::TEXT | Self::GZIP,
            ".zst" => Self::ZSTD,
            ".txt.zst" => Self::TEXT | Self::ZSTD,
            _ => return None,
        };
        let mut prefix = 0;
        let mut lower = 0;
        for byte in digits.bytes() {
            prefix = prefix << 4 | u32::from(hex::digit(byte)?);
            lower = lower << 1 | u16::from(byte.is_ascii_lowercase());
        }
        Some((prefix, Self(Self::PRESENT | form | lower)))
    }

    fn is_present(self) -> bool {
        self.0 & Self::PRESENT != 0
    }

    fn write(self, prefix: u32) -> String {
        let left_out = usize::from(self.0 >> Self::LEFT_OUT & 7);
        let mut name: String = format!("{prefix:05X}")
            .chars()
            .enumerate()
            .skip(left_out)
            .map(|(i, digit)| {
                let lower = self.0 >> (PREFIX_DIGITS - 1 - i) & 1 != 0;
                if lower { digit.to_ascii_lowercase() } else { digit }
            })
            .collect();
        for (bit, ending) in [(Self::TEXT, ".txt"), (Self::GZIP, ".gz"), (Self::ZSTD, ".zst")] {
            if self.0 & bit != 0 {
                name.push_str(ending);
            }
        }
        name
    }
}

impl RangeFolder {
    /// Lists a folder and, where their names are the first digits of prefixes, the folders in it.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] where the name of an entry is nearly that of a range file, or two are the same range.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut folder = Self {
            path: path.to_owned(),
            names: vec![FileName::default(); PREFIX_COUNT as usize],
            nested: Vec::new(),
            nested_in: Vec::new(),
            passed_over: Vec::new(),
        };
        folder.list(Path::new(""), "")?;
        folder.passed_over.sort_unstable();
        Ok(folder)
    }

    /// Lists the folder at a place in this one, whose files have prefixes that begin with `digits`.
    fn list(&mut self, within: &Path, digits: &str) -> Result<()> {
        let path = self.path.join(within);
        if !digits.is_empty() {
            self.nested.push(within.into());
        }
        let number = self.nested.len();
        for entry in std::fs::read_dir(&path).map_err(io_error("list", &path))? {
            let entry = entry.map_err(io_error("list", &path))?;
            let name = entry.file_name();
            let place = entry.path();
            if let Some(more) = name.to_str().filter(|name| leads_on(digits, name))
                && place.is_dir()
            {
                self.list(&within.join(more), &format!("{digits}{more}"))?;
                continue;
            }
            let is_folder = entry.file_type().map_err(io_error("look at", &place))?.is_dir();
            let parsed = name.to_str().and_then(|name| FileName::parse(name, digits));
            let Some((prefix, form)) = parsed.filter(|_| !is_folder) else {
                if !resembles_range(name.as_encoded_bytes()) {
                    self.passed_over.push(within.join(&name).to_string_lossy().into_owned());
                    continue;
                }
                let reason = if digits.is_empty() {
                    "this is not a range file: expected names like 00000 or 00000.txt, .gz or .zst after it; \
                     move it elsewhere"
                        .into()
                } else {
                    format!(
                        "this is not a range file: expected the five digits of a prefix that begins with {digits}, or \
                         those of them that follow, as in 00000.txt; move it elsewhere"
                    )
                };
                return Err(fault(&place, None, reason).into());
            };
            let shown = within.join(form.write(prefix));
            if let Some(other) = self.name(prefix) {
                let mut both = [shown, other];
                both.sort();
                return Err(fault(
                    &self.path,
                    None,
                    format!(
                        "{} and {} are the same range; keep one of them",
                        both[0].display(),
                        both[1].display()
                    ),
                )
                .into());
            }
            self.names[prefix as usize] = form;
            if number > 0 {
                self.nested_in.resize(PREFIX_COUNT as usize, 0);
                self.nested_in[prefix as usize] = number as u32;
            }
        }
        Ok(())
    }

    /// The name of a prefix's file in the folder, with the folders in between.
    fn name(&self, prefix: u32) -> Option<PathBuf> {
        let form = self.names[prefix as usize];
        let number = self.nested_in.get(prefix as usize).copied().unwrap_or(0) as usize;
        let within = number.checked_sub(1).and_then(|at| self.nested.get(at));
        let within = within.map_or(Path::new(""), |within| within);
        form.is_present().then(|| within.join(form.write(prefix)))
    }

    /// The prefixes that have a file.
    pub(crate) fn present(&self) -> Coverage {
        let present = (0..).zip(&self.names).filter(|(_, name)| name.is_present());
        Coverage::from_ranges(present.map(|(prefix, _)| (prefix, prefix))).unwrap_or_else(Coverage::empty)
    }

    /// Refuses a folder that lacks the file of a prefix that must be there.
    pub(crate) fn require(&self, wanted: &Coverage) -> Result<()> {
        const NAMED: usize = 5;
        let wanted = wanted.ranges().iter().flat_map(|(first, last)| *first..=*last);
        let mut missing = wanted.filter(|prefix| !self.names[*prefix as usize].is_present());
        let first: Vec<String> = missing.by_ref().take(NAMED).map(|prefix| format!("{prefix:05X}")).collect();
        if first.is_empty() {
            return Ok(());
        }
        if !self.names.iter().any(|name| name.is_present()) {
            let reason = "there is no range file in it, named 00000 to FFFFF with or without an extension";
            return Err(fault(&self.path, None, reason.to_owned()).into());
        }
        let more = missing.count();
        let count = first.len() + more;
        let reason = format!(
            "{count} range {} missing: {}{}; download {}",
            if count == 1 { "file is" } else { "files are" },
            first.join(", "),
            if more > 0 { ", ..." } else { "" },
            if count == 1 { "it" } else { "them" },
        );
        Err(fault(&self.path, None, reason).with(Some(Remedy::Partial)).into())
    }

    /// How many files lie outside `wanted`.
    pub(crate) fn outside(&self, wanted: &Coverage) -> u64 {
        let present = (0..).zip(&self.names).filter(|(_, name)| name.is_present());
        present.filter(|(prefix, _)| !wanted.contains(*prefix)).count() as u64
    }

    /// The path of a prefix's file, if there is one.
    pub(crate) fn file(&self, prefix: u32) -> Option<PathBuf> {
        Some(self.path.join(self.name(prefix)?))
    }
}

/// Whether a folder's name goes on with the digits of prefixes and leaves some for the files in it.
fn leads_on(digits: &str, name: &str) -> bool {
    !name.is_empty()
        && digits.len() + name.len() < PREFIX_DIGITS
        && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a name may be that of a range file that was cut, copied or renamed: it begins with five hex digits and no letter
/// or digit behind them, or has nothing but hex digits before its ending.
fn resembles_range(name: &[u8]) -> bool {
    let digits = name.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let next = name.get(digits);
    digits > 0
        && (next.is_none_or(|byte| *byte == b'.')
            || digits == PREFIX_DIGITS && !next.is_some_and(u8::is_ascii_alphanumeric))
}

/// The rows of one range file.
pub(crate) struct RangeFile {
    pub(crate) path: PathBuf,
    pub(crate) prefix: u32,
    text: Vec<u8>,
    length: usize,
}

impl RangeFile {
    /// Reads a file whole. Refuses more than `most` bytes of text.
    pub(crate) fn read(path: PathBuf, prefix: u32, most: usize, feed: &Feed) -> Result<Self> {
        let source = Source::Path(path);
        let look_inside = matches!(&source, Source::Path(path) if Packed::of_name(path).is_none());
        let mut reader = TextReader::open(&source, look_inside, feed)?;
        let Source::Path(path) = source else { unreachable!("made of a path above") };
        let mut text = vec![0; 128 << 10];
        let mut length = 0;
        loop {
            if length == text.len() {
                if length >= most {
                    return Err(Error::TooLittleMemory { what: path.display().to_string(), are_many: false });
                }
                text.resize(length * 2, 0);
            }
            match reader.read(&mut text[length..])? {
                0 => break,
                read => length += read,
            }
        }
        Ok(Self { path, prefix, text, length })
    }

    /// Appends the file's entries to `entries` and returns whether they are ascending. A file that says only
    /// that the range is empty has none.
    pub(crate) fn parse(&mut self, shape: RowShape, entries: &mut Vec<Entry>) -> Result<bool> {
        if self.length == 0 {
            return Err(self.fault(None, "the file is empty; download the range again".into()).into());
        }
        if says_empty(&self.text[..self.length], shape) {
            return Ok(true);
        }
        if self.text[self.length - 1] != b'\n' {
            self.text.resize(self.length.max(self.text.len()) + 1, 0);
            self.text[self.length] = b'\n';
            self.length += 1;
        }
        let mut top = Key::default();
        top.place(0, 20, u64::from(self.prefix));
        let mut rows = Rows::new(&self.text[..self.length], shape, true).padded();
        let mut ascending = true;
        let mut last = Key::default();
        while let Some(row) = rows.next() {
            let Entry { mut key, count } =
                row.map_err(|found| self.line_fault(Some(rows.lines()), found, shape))?;
            key.words[0] |= top.words[0];
            ascending &= last <= key;
            last = key;
            entries.push(Entry { key, count });
        }
        Ok(ascending)
    }

    /// Names this file and a line in it.
    pub(crate) fn fault(&self, line: Option<u64>, reason: String) -> InputError {
        fault(&self.path, line, reason)
    }

    fn line_fault(&self, line: Option<u64>, found: LineFault, shape: RowShape) -> InputError {
        self.fault(line, found.describe(shape)).with(found.remedy(shape))
    }

    /// The line of the first row whose digest an earlier one has as well.
    pub(crate) fn duplicate(&self, shape: RowShape) -> Error {
        let mut rows = Rows::new(&self.text[..self.length], shape, true).padded();
        let mut seen = std::collections::BTreeSet::new();
        let mut line = None;
        while let Some(Ok(row)) = rows.next() {
            if !seen.insert(row.key) {
                line = Some(rows.lines());
                break;
            }
        }
        self.line_fault(line, LineFault::Duplicate, shape).into()
    }
}

fn fault(path: &Path, line: Option<u64>, reason: String) -> InputError {
    InputError::new(path.display().to_string(), line, reason)
}

#[cfg(test)]
#[path = "ranges_tests.rs"]
mod tests;
