//! The exposed accounts that a report lists: those whose passwords were seen most often.

#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use breachdex::Form;

use crate::account::Standing;
use crate::groups::Groups;
use crate::tally::Band;
use crate::window::Answered;

/// An exposed account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Its line, item, entry or row, from 1.
    pub number: u64,
    /// Its pseudonym, or its name where that was asked for; empty where the input has none.
    pub account: String,
    /// Whose it is.
    pub standing: Standing,
    /// How often the password was seen; `None` where an index does not say.
    pub count: Option<u64>,
    /// An overlay holds the password.
    pub in_overlay: bool,
    /// The form of the password that is exposed.
    pub form: Form,
    /// Another source could not answer: the count is a lower bound.
    pub is_partial: bool,
    /// Nobody can log in with it at present.
    pub is_disabled: bool,
    /// An LM hash is kept too.
    pub has_lm: bool,
    /// Accounts that have this password, itself among them; 1 where it is the only one.
    pub shared_by: u64,
}

impl Finding {
    /// The range that its count falls into.
    pub fn band(&self) -> Band {
        Band::of(self.count)
    }
}

/// The most often seen come first, equals in the order of the input.
type Rank = (u64, Reverse<u64>);

struct Ranked {
    rank: Rank,
    finding: Finding,
    tag: u64,
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

/// Keeps the worst of the findings, and no more than are asked for.
pub(crate) struct Findings {
    most: usize,
    kept: BinaryHeap<Reverse<Ranked>>,
}

impl Findings {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, kept: BinaryHeap::new() }
    }

    /// Takes a row that is exposed; `name` is called only if it is kept for now.
    pub(crate) fn offer(&mut self, row: &Answered<'_>, name: impl FnOnce(&str) -> String) {
        let rank = (row.outcome.count.unwrap_or(0), Reverse(row.number));
        if self.kept.len() >= self.most {
            match self.kept.peek() {
                Some(Reverse(least)) if least.rank < rank => drop(self.kept.pop()),
                _ => return,
            }
        }
        let finding = Finding {
            number: row.number,
            account: name(row.user),
            standing: row.standing,
            count: row.outcome.count,
            in_overlay: row.outcome.in_overlay,
            form: row.outcome.form,
            is_partial: row.outcome.is_partial,
            is_disabled: row.is_disabled,
            has_lm: row.has_lm,
            shared_by: 1,
        };
        self.kept.push(Reverse(Ranked { rank, finding, tag: row.tag }));
    }

    /// The worst first. Only accounts share passwords; machines and former passwords are not in the groups.
    pub(crate) fn finish(self, groups: &Groups) -> Vec<Finding> {
        let kept = self.kept.into_sorted_vec().into_iter();
        let with_group = |Reverse(Ranked { finding, tag, .. }): Reverse<Ranked>| match finding.standing {
            Standing::Account => Finding { shared_by: groups.size(tag), ..finding },
            _ => finding,
        };
        kept.map(with_group).collect()
    }
}
