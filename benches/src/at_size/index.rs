//! breachdex among its peers: exact, 64 bits, and a filter of the class of 2^-16.

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex::{Answer, ChangedRange, Digest, Entry, Index, Kind, Prefix, SpliceOptions, splice};

use super::{Ask, Knows, Outcome, Structure};
use crate::corpus::{Corpus, PrefixReader, Row};

const FILE: &str = "pwned.bdx";

/// A shape of index.
#[derive(Clone, Copy)]
enum Shape {
    Exact,
    Bits64,
    Filter,
}

/// Every shape.
pub(super) fn all() -> Vec<Box<dyn Structure>> {
    vec![Box::new(Shape::Exact), Box::new(Shape::Bits64), Box::new(Shape::Filter)]
}

impl Shape {
    /// `None` keeps every bit. A filter keeps as many as give at most one false positive in 2^16.
    fn bits(self, entries: u64) -> Option<u32> {
        match self {
            Self::Exact => None,
            Self::Bits64 => Some(64),
            Self::Filter => Some(((entries.max(1) as f64).log2().ceil() as u32 + 16).max(32)),
        }
    }
}

impl Structure for Shape {
    fn name(&self) -> &'static str {
        match self {
            Self::Exact => "breachdex-exact",
            Self::Bits64 => "breachdex-64",
            Self::Filter => "breachdex-filter",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Exact => "breachdex, exact",
            Self::Bits64 => "breachdex, 64 bits",
            Self::Filter => "breachdex, filter 2^-16",
        }
    }

    fn settings(&self) -> String {
        "`splice` without a base on all threads, ranges handed over one after another, default settings; opened \
         with `Index::map`"
            .into()
    }

    fn knows(&self) -> Knows {
        match self {
            Self::Exact => Knows { counts: true, ranges: true, exact: true },
            // A range of full suffixes cannot be told from fingerprints.
            Self::Bits64 => Knows { counts: true, ranges: false, exact: false },
            Self::Filter => Knows { counts: false, ranges: false, exact: false },
        }
    }

    fn build(&self, corpus: &Corpus, folder: &Path) -> Outcome<()> {
        let entries = corpus.spec().entries;
        let options = SpliceOptions {
            bits: self.bits(entries),
            counts: self.knows().counts,
            ..SpliceOptions::default()
        };
        let mut reader = corpus.reader();
        let ranges = corpus.prefixes().map(move |prefix| range(&mut reader, prefix));
        let report = splice(None, ranges, &folder.join(FILE), &options, |_| Ok(Vec::new()), &())?;
        let kept = report.index.entries + report.index.collisions;
        Ok(crate::measure::expect("entries built", kept, entries)?)
    }

    fn open(&self, folder: &Path) -> Outcome<Box<dyn Ask>> {
        Ok(Box::new(Open { index: Index::map(folder.join(FILE))?, ranges: self.knows().ranges }))
    }
}

fn range(reader: &mut PrefixReader<'_>, prefix: u32) -> breachdex::Result<ChangedRange> {
    let entry = |row: &Row| Ok(Entry::new(&digest(row)?, row.count.into()));
    let entries = reader.read(prefix).iter().map(entry).collect::<breachdex::Result<_>>()?;
    Ok(ChangedRange { prefix, entries, folded: 0 })
}

fn digest(row: &Row) -> breachdex::Result<Digest> {
    Digest::from_bytes(Kind::Sha1, &row.digest)
}

struct Open {
    index: Index,
    ranges: bool,
}

impl Ask for Open {
    fn ask(&self, question: &Row) -> Outcome<u64> {
        Ok(match self.index.lookup(&digest(question)?)? {
            Answer::Absent => 0,
            Answer::Present { count } => count.unwrap_or(1),
        })
    }

    fn entries_under(&self, prefix: u32) -> Option<Outcome<u64>> {
        self.ranges.then(|| {
            let mut entries = self.index.range(&Prefix::of_range(prefix))?;
            Ok(entries.try_fold(0, |sum, entry| entry.map(|_| sum + 1))?)
        })
    }
}
