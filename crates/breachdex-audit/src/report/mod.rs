//! What is said about an audit: a summary with a table, JSON, a page, and files of all rows. No password, no digest.
//!
//! `steps` is what there is to do next, `earlier` a report to compare with.

#![forbid(unsafe_code)]

mod csv;
mod earlier;
mod html;
mod json;
mod numbers;
mod page;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "parquet_left_out.rs"]
mod parquet;
mod steps;
mod text;
mod words;

pub use self::csv::{CsvEncoding, write_csv};
pub use breachdex_messages::Language;
pub use earlier::Earlier;
pub use html::html;
pub use json::json;
pub use parquet::write_parquet;
pub use text::text;

use breachdex::{Corpus, CorpusSource, Form, Index, Kind};

use crate::audit::Audited;

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
    /// The day of the report, `YYYY-MM-DD`; empty where it is not to be said.
    pub made_on: String,
}

impl Subject {
    /// What the sources say about themselves, and how often bases must have seen a password.
    ///
    /// # Errors
    /// Why an index cannot answer now.
    pub fn of(corpus: &Corpus, min_count: u64) -> breachdex::Result<Self> {
        let mut subject = Self {
            indexes: Vec::new(),
            overlays: Vec::new(),
            kind: corpus.kind(),
            is_exact: true,
            entries: 0,
            corpus_date: None,
            floor: 1,
            min_count: min_count.max(1),
            is_starter: false,
            made_on: String::new(),
        };
        for base in corpus.bases() {
            let name = match base {
                CorpusSource::Index(index) => subject.add(&index.snapshot()?),
                other => other.name(),
            };
            subject.indexes.push(name);
        }
        for overlay in corpus.overlays() {
            if let CorpusSource::Index(index) = overlay {
                subject.is_exact &= index.snapshot()?.metadata().is_exact();
            }
            subject.overlays.push(overlay.name());
        }
        Ok(subject)
    }

    /// Adds an index to the bases, and returns its name.
    fn add(&mut self, index: &Index) -> String {
        let metadata = index.metadata();
        self.is_exact &= metadata.is_exact();
        self.entries += index.len();
        self.floor = self.floor.saturating_add(metadata.floor - 1);
        self.is_starter |= index.is_starter();
        let date = Some(metadata.corpus_date.clone()).filter(|date| !date.is_empty());
        self.corpus_date = match (self.corpus_date.take(), date) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if index.is_starter() { String::from("starter") } else { index.name().to_owned() }
    }
}

/// The name of an exposed form, where it is not the password as it was read.
fn other_form(form: Form, is_exposed: bool) -> Option<&'static str> {
    (is_exposed && form != Form::Raw).then(|| form.name())
}

/// A finished audit and what it was made with.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was found.
    pub audited: &'a Audited,
    /// What was asked.
    pub subject: &'a Subject,
    /// A report to compare with.
    pub earlier: Option<&'a Earlier>,
}

impl<'a> Report<'a> {
    /// A report that is compared with none.
    pub fn new(audited: &'a Audited, subject: &'a Subject) -> Self {
        Self { audited, subject, earlier: None }
    }

    /// Findings that the list leaves out.
    fn unlisted(self) -> u64 {
        self.audited.findings_total.saturating_sub(self.audited.findings.len() as u64)
    }

    /// The input's name, or how many there are.
    fn input(self, language: Language) -> String {
        match self.audited.inputs.as_slice() {
            [input] => input.name.clone(),
            inputs => language.reports().several_inputs(inputs.len() as u64),
        }
    }

    /// The formats of the inputs, each once.
    fn format(self, language: Language) -> String {
        let mut formats: Vec<String> = Vec::new();
        for input in &self.audited.inputs {
            let described = input.format.described(language);
            if !formats.contains(&described) {
                formats.push(described);
            }
        }
        formats.join(", ")
    }
}
