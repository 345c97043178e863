//! From a piece of input to entries, with the place of whatever is wrong.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::span::{EntrySink, Misfit};
use crate::coverage::Coverage;
use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::error::{Error, InputError, Result};
use crate::index::groups::GroupExtent;
use crate::input::blocks::{BlockPool, TextBlock};
use crate::input::decompress::Feed;
use crate::input::faults::{LineFault, RowShape};
use crate::input::lines::Rows;
use crate::input::passwords::Passwords;
use crate::input::ranges::RangeFile;
use crate::input::stream::{Contents, Opened, Work};
use crate::kernels::{ActiveKernel, BitOperations, Task};

/// How pieces are parsed.
pub(crate) struct Intake<'a> {
    pub(crate) inputs: &'a [Opened],
    pub(crate) shape: RowShape,
    /// Leading bits by which entries are told apart.
    pub(crate) width: u32,
    /// Range files outside are not read.
    pub(crate) wanted: &'a Coverage,
    /// The most bytes of a range file.
    pub(crate) most: usize,
    pub(crate) feed: Feed,
    pub(crate) pool: Arc<BlockPool>,
    pub(crate) kernel: ActiveKernel,
}

/// What is wrong with a piece, and where in it.
pub(crate) struct Trouble {
    pub(crate) input: usize,
    /// The range file, where the input is a folder of them.
    pub(crate) file: Option<PathBuf>,
    /// The line: in the file, or where there is none, in this piece's part of the input.
    pub(crate) line: Option<u64>,
    pub(crate) misfit: Misfit,
}

/// How many lines of an input a piece held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) input: usize,
    pub(crate) lines: u64,
}

/// Lines of each input in the pieces so far.
pub(crate) struct LineCount(Vec<u64>);

impl LineCount {
    pub(crate) fn new(inputs: usize) -> Self {
        Self(vec![0; inputs])
    }

    pub(crate) fn add(&mut self, lines: &[Lines]) {
        for part in lines {
            self.0[part.input] += part.lines;
        }
    }

    /// Where a trouble is, in the user's terms. The pieces before it must have been added, its own not.
    pub(crate) fn place(&self, inputs: &[Opened], trouble: &Trouble) -> (String, Option<u64>) {
        match &trouble.file {
            Some(path) => (path.display().to_string(), trouble.line),
            None => {
                let before = self.0[trouble.input];
                (inputs[trouble.input].name.to_string(), trouble.line.map(|line| before + line))
            }
        }
    }

    /// A trouble as an error.
    pub(crate) fn error(&self, inputs: &[Opened], shape: RowShape, trouble: Trouble) -> Error {
        let (input, line) = self.place(inputs, &trouble);
        let shape = RowShape { named_digits: if trouble.file.is_some() { 5 } else { 0 }, ..shape };
        match trouble.misfit {
            Misfit::Other(error) => error,
            Misfit::Line(fault) => {
                InputError::new(input, line, fault.describe(shape)).with(fault.remedy(shape)).into()
            }
            Misfit::OutOfOrder => InputError::new(input, line, "the digests are not in order").into(),
        }
    }
}

impl Intake<'_> {
    /// Adds a piece's entries to `sink` and says in `lines` how many lines it held.
    pub(crate) fn feed(
        &self,
        work: &Work,
        sink: &mut impl EntrySink,
        lines: &mut Vec<Lines>,
    ) -> Result<(), Trouble> {
        match work {
            Work::Rows(block) => self.feed_rows(block, sink, lines),
            Work::Passwords(block) => self.feed_passwords(block, sink, lines),
            Work::LongPassword { input, entry } => {
                let at = |misfit| Trouble { input: *input, file: None, line: Some(1), misfit };
                let entry = entry.map_err(|fault| at(fault.into()))?;
                sink.add(self.narrowed(entry)).map_err(at)?;
                lines.push(Lines { input: *input, lines: 1 });
                Ok(())
            }
            Work::Ranges { input, prefix } => self.feed_ranges(*input, *prefix, sink),
            Work::Entries { input, entries } => self.feed_entries(entries, sink).map_err(|misfit| Trouble {
                input: *input,
                file: None,
                line: None,
                misfit,
            }),
            Work::Groups { input, groups } => self
                .feed_groups(*input, groups, sink)
                .map_err(|misfit| Trouble { input: *input, file: None, line: None, misfit }),
        }
    }

    /// Gives a piece's memory back.
    pub(crate) fn recycle(&self, work: Work) {
        if let Work::Rows(block) | Work::Passwords(block) = work {
            self.pool.give_back(block);
        }
    }

    #[inline(always)]
    fn narrowed(&self, entry: Entry) -> Entry {
        if self.width == self.shape.kind.bits() {
            return entry;
        }
        Entry { key: entry.key.truncated(self.width), ..entry }
    }

    fn feed_rows(
        &self,
        block: &TextBlock,
        sink: &mut impl EntrySink,
        lines: &mut Vec<Lines>,
    ) -> Result<(), Trouble> {
        for (segment, text) in block.parts() {
            let mut rows = Rows::new(text, self.shape, segment.starts_file).padded();
            let fed = self.kernel.run(FeedRows { intake: self, rows: &mut rows, sink: &mut *sink });
            if let Err(misfit) = fed {
                let line = Some(rows.lines());
                return Err(Trouble { input: segment.input, file: None, line, misfit }.counted(lines));
            }
            lines.push(Lines { input: segment.input, lines: rows.lines() });
        }
        Ok(())
    }

    fn feed_passwords(
        &self,
        block: &TextBlock,
        sink: &mut impl EntrySink,
        lines: &mut Vec<Lines>,
    ) -> Result<(), Trouble> {
        for (segment, text) in block.parts() {
            let mut passwords = Passwords::new(text, self.shape.kind);
            while let Some(entry) = passwords.next() {
                let added = entry.map_err(Misfit::from).and_then(|entry| sink.add(self.narrowed(entry)));
                if let Err(misfit) = added {
                    let line = Some(passwords.lines());
                    return Err(Trouble { input: segment.input, file: None, line, misfit }.counted(lines));
                }
            }
            let oddities = &self.inputs[segment.input].oddities;
            if passwords.in_notation() {
                oddities.in_notation.store(true, Ordering::Relaxed);
            }
            // Of NTLM it is an error.
            if self.shape.kind == Kind::Sha1
                && !oddities.not_utf8.load(Ordering::Relaxed)
                && std::str::from_utf8(text).is_err()
            {
                oddities.not_utf8.store(true, Ordering::Relaxed);
            }
            lines.push(Lines { input: segment.input, lines: passwords.lines() });
        }
        Ok(())
    }

    /// Adds entries that were handed over, which may be anything.
    fn feed_entries(&self, entries: &[Entry], sink: &mut impl EntrySink) -> Result<(), Misfit> {
        for entry in entries {
            if entry.count == 0 {
                return Err(LineFault::ZeroCount.into());
            }
            if entry.key != entry.key.truncated(self.shape.kind.bits()) {
                let said =
                    format!("a digest that was handed over is longer than {} ones are", self.shape.kind);
                return Err(Error::Unbuildable(said).into());
            }
            sink.add(self.narrowed(*entry))?;
        }
        Ok(())
    }

    /// Decodes groups of an index a bucket at a time, so that its entries are in the processor's cache when they are
    /// added.
    fn feed_groups(
        &self,
        input: usize,
        groups: &[GroupExtent],
        sink: &mut impl EntrySink,
    ) -> Result<(), Misfit> {
        let Contents::Index(index) = &self.inputs[input].contents else { return Ok(()) };
        let mut entries = Vec::new();
        for extent in groups {
            let mut group = index.group(*extent)?;
            for bucket in group.buckets() {
                entries.clear();
                group.decode(bucket..bucket + 1, &mut entries)?;
                for entry in &entries {
                    sink.add(self.narrowed(*entry))?;
                }
            }
        }
        Ok(())
    }

    /// Reads the files under a 16-bit prefix. Rows out of order inside a file are put in order.
    fn feed_ranges(&self, input: usize, prefix: u32, sink: &mut impl EntrySink) -> Result<(), Trouble> {
        let Contents::Ranges(folder) = &self.inputs[input].contents else { return Ok(()) };
        let shape = RowShape { named_digits: 5, ..self.shape };
        let mut entries = Vec::new();
        for prefix in (prefix << 4..=prefix << 4 | 15).filter(|prefix| self.wanted.contains(*prefix)) {
            let Some(path) = folder.file(prefix) else { continue };
            let at = |file: Option<PathBuf>, misfit| Trouble { input, file, line: None, misfit };
            let whole = |error: Error| at(None, error.into());
            let mut file = RangeFile::read(path, prefix, self.most, &self.feed).map_err(whole)?;
            entries.clear();
            if !file.parse(shape, &mut entries).map_err(whole)? {
                entries.sort_unstable_by_key(|entry: &Entry| entry.key);
            }
            let mut last: Option<Key> = None;
            for entry in &entries {
                match sink.add(self.narrowed(*entry)) {
                    Ok(()) => last = Some(entry.key),
                    Err(Misfit::Line(LineFault::Duplicate)) if last == Some(entry.key) => {
                        return Err(at(None, file.duplicate(shape).into()));
                    }
                    Err(misfit) => return Err(at(Some(file.path), misfit)),
                }
            }
        }
        Ok(())
    }
}

/// Adds all rows of a text to a sink.
struct FeedRows<'a, 'b, 'c, S> {
    intake: &'a Intake<'b>,
    rows: &'a mut Rows<'c>,
    sink: &'a mut S,
}

impl<S: EntrySink> Task for FeedRows<'_, '_, '_, S> {
    type Output = Result<(), Misfit>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { intake, rows, sink } = self;
        while let Some(row) = rows.next_row::<O>() {
            sink.add(intake.narrowed(row?))?;
        }
        Ok(())
    }
}

impl Trouble {
    /// Keeps a line's place right where the piece holds several parts of one input.
    fn counted(mut self, lines: &[Lines]) -> Self {
        let before: u64 = lines.iter().filter(|part| part.input == self.input).map(|part| part.lines).sum();
        self.line = self.line.map(|line| line + before);
        self
    }
}
