//! What is said about an audit: a summary with a table, JSON, a page, and files of all rows. No password, no digest.

#![forbid(unsafe_code)]

mod csv;
mod html;
mod json;
mod numbers;
mod page;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "parquet_left_out.rs"]
mod parquet;
mod text;
mod words;

pub use self::csv::write_csv;
pub use breachdex_messages::Language;
pub use html::html;
pub use json::json;
pub use parquet::write_parquet;
pub use text::text;

use breachdex::{Index, Kind};

use crate::audit::Audited;
use crate::oracle::Indexes;

/// What was asked, as far as reports mention it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The indexes, by path, or `starter`.
    pub indexes: Vec<String>,
    /// The overlays, by path.
    pub overlays: Vec<String>,
    /// Which digests they hold.
    pub kind: Kind,
    /// Whether full digests are kept, so that no password is taken for another.
    pub is_exact: bool,
    /// Entries of all indexes together, without the overlays.
    pub entries: u64,
    /// The oldest corpus date among the indexes that have one, `YYYY-MM-DD`.
    pub corpus_date: Option<String>,
    /// Seen less often than this, a password may be missing.
    pub floor: u64,
    /// Exposed means seen this often; inclusive.
    pub min_count: u64,
    /// The index is the short one that is part of the program.
    pub is_starter: bool,
}

impl Subject {
    /// What the indexes say about themselves.
    pub fn of(indexes: &Indexes) -> Self {
        let bases = indexes.bases();
        let name = |index: &Index| {
            if index.is_starter() { String::from("starter") } else { index.name().to_owned() }
        };
        let dates = bases.indexes().iter().map(|index| index.metadata().corpus_date.clone());
        Self {
            indexes: bases.indexes().iter().map(name).collect(),
            overlays: indexes.overlays().iter().map(name).collect(),
            kind: indexes.kind(),
            is_exact: bases.is_exact() && indexes.overlays().iter().all(|index| index.metadata().is_exact()),
            entries: bases.indexes().iter().map(Index::len).sum(),
            corpus_date: dates.filter(|date| !date.is_empty()).min(),
            floor: bases.floor(),
            min_count: indexes.min_count(),
            is_starter: bases.indexes().iter().any(Index::is_starter),
        }
    }
}

/// A finished audit and what it was made with.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was found.
    pub audited: &'a Audited,
    /// What was asked.
    pub subject: &'a Subject,
}

impl Report<'_> {
    /// Exposed accounts and machine accounts that the list leaves out.
    fn unlisted(&self) -> u64 {
        let tally = &self.audited.tally;
        (tally.exposed + tally.machines.exposed).saturating_sub(self.audited.findings.len() as u64)
    }
}
