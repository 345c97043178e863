//! An earlier report, to compare with.

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex_messages::Language;
use serde::Deserialize;

use super::Report;
use crate::error::{AuditError, Result};
use crate::groups::Shared;

/// Bytes of the longest report that is read; those that list all rows are long.
const MOST: u64 = 1 << 30;

/// What an earlier report in JSON says, as far as it is compared.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Earlier {
    /// What was read.
    pub input: String,
    /// When, `YYYY-MM-DD`; empty for a report that does not say.
    #[serde(default)]
    pub made_on: String,
    accounts: u64,
    exposed: u64,
    #[serde(default)]
    empty_in_use: Option<u64>,
    #[serde(default)]
    own_name: Option<u64>,
    #[serde(default)]
    lm_hashes: u64,
    shared: EarlierShared,
}

#[derive(Clone, Debug, Deserialize)]
struct EarlierShared {
    groups: u64,
    accounts: u64,
}

/// A number then and now.
pub(super) struct Change {
    pub(super) label: &'static str,
    pub(super) before: Option<u64>,
    pub(super) now: u64,
    /// More of it is no better.
    pub(super) is_bad: bool,
}

impl Earlier {
    /// Reads a report that `--json` printed.
    ///
    /// # Errors
    /// [`AuditError::Io`] where the system refuses, [`AuditError::NotAReport`] for another file.
    pub fn open(path: &Path) -> Result<Self> {
        let text = breachdex::files::read_text(path, MOST).map_err(|source| AuditError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads the text of such a report; `name` is for messages.
    ///
    /// # Errors
    /// [`AuditError::NotAReport`].
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| AuditError::NotAReport {
            name: name.to_owned(),
            // The library's own words may quote what it met.
            reason: format!("line {}, column {} is not as expected", error.line(), error.column()),
        })
    }

    /// What is compared, in the order of the summary.
    pub(super) fn changes(&self, report: Report<'_>, language: Language) -> Vec<Change> {
        let (tally, words) = (&report.audited.tally, language.reports());
        let Shared { groups, accounts, .. } = tally.shared;
        let change = |label, before, now, is_bad| Change { label, before, now, is_bad };
        vec![
            change(words.accounts(), Some(self.accounts), tally.accounts, false),
            change(words.exposed(), Some(self.exposed), tally.exposed, true),
            change(words.empty_in_use(), self.empty_in_use, tally.empty_in_use, true),
            change(words.own_name(), self.own_name, tally.own_name, true),
            change(words.shared(), Some(self.shared.groups), groups, true),
            change(words.shared_accounts(), Some(self.shared.accounts), accounts, true),
            change(words.lm_hashes(), Some(self.lm_hashes), tally.lm_hashes, true),
        ]
    }
}

impl Change {
    /// As in `+3`, `-12` or `0`; `–` where the earlier report does not say.
    pub(super) fn difference(&self, language: Language) -> String {
        let Some(before) = self.before else { return String::from("–") };
        let number = language.grouped(self.now.abs_diff(before));
        match self.now.cmp(&before) {
            std::cmp::Ordering::Greater => format!("+{number}"),
            std::cmp::Ordering::Less => format!("-{number}"),
            std::cmp::Ordering::Equal => number,
        }
    }

    /// Whether it became worse (`true`) or better (`false`); `None` where it did not change or says neither.
    pub(super) fn is_worse(&self) -> Option<bool> {
        let before = self.before.filter(|before| self.is_bad && *before != self.now)?;
        Some(self.now > before)
    }
}
