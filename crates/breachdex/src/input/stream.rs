//! All inputs of a build laid end to end, handed out in pieces that threads can work on apart.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::blocks::{BlockPool, Cut, Segment, TextBlock, last_cut};
use super::decompress::{Feed, TextReader};
use super::faults::LineFault;
use super::indexes::GroupRuns;
use super::passwords::LongPassword;
use super::ranges::RangeFolder;
use super::{EntryBatches, Format, Input, Source};
use crate::coverage::Coverage;
use crate::digest::Kind;
use crate::entry::Entry;
use crate::error::{InputError, Result};
use crate::index::groups::GroupExtent;
use crate::index::{Index, OpenOptions};
use crate::text;

/// An input that was looked at: what it is, and what of it is opened once for all passes.
pub(crate) struct Opened {
    pub(crate) input: Input,
    pub(crate) name: Arc<str>,
    pub(crate) contents: Contents,
    /// The kind of digests that its passwords look like, once that was looked at.
    pub(crate) looks_like_digests: OnceLock<Kind>,
    pub(crate) oddities: Oddities,
}

/// What of a list of passwords is probably not what was meant.
#[derive(Default)]
pub(crate) struct Oddities {
    /// A line is written as hashcat does, `$HEX[...]`.
    pub(crate) in_notation: AtomicBool,
    /// The first lines are users and passwords.
    pub(crate) user_passwords: AtomicBool,
    /// A line is not UTF-8.
    pub(crate) not_utf8: AtomicBool,
}

/// What an input holds.
pub(crate) enum Contents {
    Rows,
    Passwords,
    Ranges(RangeFolder),
    Index(Index),
    Entries(EntryBatches),
}

impl Opened {
    /// Looks at an input, an index as `open` says. Text is not opened yet.
    pub(crate) fn new(input: &Input, open: &OpenOptions) -> Result<Self> {
        let contents = match (input.resolve_format()?, &input.source) {
            (Format::Ranges, Source::Path(path)) => Contents::Ranges(RangeFolder::open(path)?),
            (Format::Index, Source::Path(path)) => {
                let index = Index::open_with(path, open.clone())?;
                index.hold_to_hashes()?;
                Contents::Index(index)
            }
            (Format::Passwords, _) => Contents::Passwords,
            _ => Contents::Rows,
        };
        let looks_like_digests = OnceLock::new();
        Ok(Self {
            input: input.clone(),
            name: input.name().into(),
            contents,
            looks_like_digests,
            oddities: Oddities::default(),
        })
    }

    /// What a program hands over. Like standard input, it cannot be read a second time.
    pub(crate) fn entries(batches: EntryBatches) -> Self {
        Self {
            input: Input { source: Source::Stdin, format: None },
            name: batches.name.as_str().into(),
            contents: Contents::Entries(batches),
            looks_like_digests: OnceLock::new(),
            oddities: Oddities::default(),
        }
    }
}

/// A piece of the inputs.
pub(crate) enum Work {
    Rows(TextBlock),
    Passwords(TextBlock),
    /// A password too long for a block, already hashed; one line of an input.
    LongPassword {
        input: usize,
        entry: Result<Entry, LineFault>,
    },
    /// The range files under a 16-bit prefix.
    Ranges {
        input: usize,
        prefix: u32,
    },
    /// Groups of an index that follow one another.
    Groups {
        input: usize,
        groups: Vec<GroupExtent>,
    },
    /// Entries that were handed over.
    Entries {
        input: usize,
        entries: Vec<Entry>,
    },
}

/// How much is read at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Bytes of text in a block.
    pub(crate) block: usize,
    /// The most that a block may grow to, where one group fills it.
    pub(crate) most: usize,
    /// Entries of a run of decoded ones.
    pub(crate) run: usize,
}

/// Reads the inputs one after another.
pub(crate) struct InputStream<'a> {
    inputs: &'a [Opened],
    kind: Kind,
    /// The prefixes asked for; range files outside are not opened.
    wanted: &'a Coverage,
    sizes: Sizes,
    pool: Arc<BlockPool>,
    feed: Feed,
    /// The input being read.
    at: usize,
    text: Option<TextReader>,
    /// Text that was read and belongs to the next block.
    carry: TextBlock,
    next_prefix: u32,
    groups: Option<GroupRuns<'a>>,
    /// Entries that were handed over and belong to the next piece.
    entries: Vec<Entry>,
}

impl<'a> InputStream<'a> {
    pub(crate) fn new(
        inputs: &'a [Opened],
        kind: Kind,
        wanted: &'a Coverage,
        sizes: Sizes,
        pool: Arc<BlockPool>,
        feed: Feed,
    ) -> Self {
        Self {
            inputs,
            kind,
            wanted,
            sizes,
            pool,
            feed,
            at: 0,
            text: None,
            carry: TextBlock::default(),
            next_prefix: 0,
            groups: None,
            entries: Vec::new(),
        }
    }

    /// The next piece; text ends where `cut` says.
    pub(crate) fn next_work(&mut self, cut: Cut) -> Result<Option<Work>> {
        while self.at < self.inputs.len() || self.carry.length > 0 {
            let work = match self.inputs.get(self.at).map(|input| &input.contents) {
                Some(Contents::Ranges(folder)) => self.next_ranges(folder),
                Some(Contents::Index(index)) => self.next_groups(index)?,
                Some(Contents::Entries(batches)) => self.next_entries(batches, cut)?,
                Some(Contents::Passwords) => self.next_passwords()?,
                Some(Contents::Rows) | None => self.next_rows(cut)?,
            };
            if work.is_some() {
                return Ok(work);
            }
        }
        Ok(None)
    }

    fn next_ranges(&mut self, folder: &RangeFolder) -> Option<Work> {
        while self.next_prefix < 1 << 16 {
            let prefix = self.next_prefix;
            self.next_prefix += 1;
            let has_file = |prefix: &u32| self.wanted.contains(*prefix) && folder.file(*prefix).is_some();
            if (prefix << 4..=prefix << 4 | 15).any(|prefix| has_file(&prefix)) {
                return Some(Work::Ranges { input: self.at, prefix });
            }
        }
        self.next_prefix = 0;
        self.at += 1;
        None
    }

    fn next_groups(&mut self, index: &'a Index) -> Result<Option<Work>> {
        let runs = match &mut self.groups {
            Some(runs) => runs,
            closed => closed.insert(GroupRuns::new(index)?),
        };
        if let Some(groups) = runs.next_run() {
            return Ok(Some(Work::Groups { input: self.at, groups }));
        }
        self.groups = None;
        self.at += 1;
        Ok(None)
    }

    fn next_entries(&mut self, batches: &EntryBatches, cut: Cut) -> Result<Option<Work>> {
        let run = batches.next_run(&mut self.entries, cut == Cut::Prefix, self.sizes.run)?;
        if let Some(entries) = run {
            return Ok(Some(Work::Entries { input: self.at, entries }));
        }
        self.at += 1;
        Ok(None)
    }

    fn next_rows(&mut self, cut: Cut) -> Result<Option<Work>> {
        /// A line of this length is no row; the parser says why.
        const NO_ROW: usize = 64 << 10;
        let mut block = std::mem::take(&mut self.carry);
        let mut target = self.sizes.block;
        loop {
            if !self.fill(&mut block, target, |contents| matches!(contents, Contents::Rows))? {
                return Ok(self.unless_empty(block).map(Work::Rows));
            }
            if let Some(at) = last_cut(block.text(), cut) {
                self.carry_from(&mut block, at);
                return Ok(Some(Work::Rows(block)));
            }
            let line = last_cut(block.text(), Cut::Line);
            if line.is_none() && block.length >= NO_ROW {
                return Ok(Some(Work::Rows(block)));
            }
            // A group too large for a block is taken for disorder, and sorted on disk if that helps.
            if let (Some(at), true) = (line, target >= self.sizes.most) {
                self.carry_from(&mut block, at);
                return Ok(Some(Work::Rows(block)));
            }
            target = (target * 2).min(self.sizes.most.max(NO_ROW));
        }
    }

    fn next_passwords(&mut self) -> Result<Option<Work>> {
        let mut block = std::mem::take(&mut self.carry);
        let target = self.sizes.block;
        if !self.fill(&mut block, target, |contents| matches!(contents, Contents::Passwords))? {
            return Ok(self.unless_empty(block).map(Work::Passwords));
        }
        if let Some(at) = last_cut(block.text(), Cut::Line) {
            self.carry_from(&mut block, at);
            return Ok(Some(Work::Passwords(block)));
        }
        self.long_password(block).map(Some)
    }

    /// Hashes a line whose beginning fills the block, and leaves what follows it.
    fn long_password(&mut self, mut block: TextBlock) -> Result<Work> {
        let input = block.segments.last().map_or(self.at, |segment| segment.input);
        let mut long = LongPassword::new(self.kind);
        loop {
            if let Some(end) = block.text().iter().position(|byte| *byte == b'\n') {
                long.update(&block.text()[..end]);
                self.carry_from(&mut block, end + 1);
                break;
            }
            long.update(block.text());
            block.length = 0;
            block.segments = vec![Segment { start: 0, input, starts_file: false }];
            // The end of the input ends the line, as `fill` would with a line feed.
            let room = self.sizes.block;
            let read = match &mut self.text {
                Some(reader) => reader.read(&mut block.spare(room)[..room])?,
                None => 0,
            };
            block.length = read;
            if read == 0 {
                self.text = None;
                self.at += 1;
                break;
            }
        }
        self.pool.give_back(block);
        Ok(Work::LongPassword { input, entry: long.finish() })
    }

    /// Reads until the block holds `target` bytes, on into the inputs that follow as long as they are of
    /// the same make. `false` when there are no more of them.
    fn fill(
        &mut self,
        block: &mut TextBlock,
        target: usize,
        same: impl Fn(&Contents) -> bool,
    ) -> Result<bool> {
        while block.length < target {
            let Some(input) = self.inputs.get(self.at).filter(|input| same(&input.contents)) else {
                return Ok(false);
            };
            let reader = match &mut self.text {
                Some(reader) => reader,
                closed => {
                    let segment = Segment { start: block.length, input: self.at, starts_file: true };
                    block.segments.push(segment);
                    let mut reader = TextReader::open(&input.input.source, true, &self.feed)?;
                    if matches!(input.contents, Contents::Passwords) {
                        begin_passwords(input, &mut reader, block)?;
                    }
                    closed.insert(reader)
                }
            };
            // A block that begins where the one before ended with a line has nothing carried over to own it.
            if block.segments.is_empty() {
                block.segments.push(Segment { start: 0, input: self.at, starts_file: false });
            }
            let room = target.saturating_sub(block.length).max(1);
            match reader.read(&mut block.spare(room)[..room])? {
                0 => {
                    block.end_line();
                    self.text = None;
                    self.at += 1;
                }
                read => block.length += read,
            }
        }
        Ok(true)
    }

    fn carry_from(&mut self, block: &mut TextBlock, at: usize) {
        let mut rest = self.pool.take();
        block.split_into(at, &mut rest);
        self.carry = rest;
    }

    fn unless_empty(&self, block: TextBlock) -> Option<TextBlock> {
        if block.length > 0 {
            return Some(block);
        }
        self.pool.give_back(block);
        None
    }
}

/// Reads the first bytes of a list of passwords behind a block's text, without a byte order mark.
///
/// # Errors
/// [`InputError`] where they are not text.
fn begin_passwords(input: &Opened, reader: &mut TextReader, block: &mut TextBlock) -> Result<()> {
    /// Enough to look at some lines.
    const WANTED: usize = 1 << 12;
    let from = block.length;
    let mut is_whole = false;
    while block.length < from + WANTED && !is_whole {
        let room = from + WANTED - block.length;
        let read = reader.read(&mut block.spare(room)[..room])?;
        block.length += read;
        is_whole = read == 0;
    }
    let start = &block.text()[from..];
    let mark = text::inspect(start)
        .map_err(|fault| InputError::new(input.name.to_string(), None, format!("the list {fault}")))?;
    if let Some(lines) = text::digest_lines(&start[mark..], is_whole) {
        // Every pass sees the same.
        let _ = input.looks_like_digests.set(lines.kind);
    }
    if text::are_user_passwords(&start[mark..], is_whole) {
        input.oddities.user_passwords.store(true, Ordering::Relaxed);
    }
    block.buffer.copy_within(from + mark..block.length, from);
    block.length -= mark;
    Ok(())
}
