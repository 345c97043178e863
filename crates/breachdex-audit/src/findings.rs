//! The accounts that a report lists, the worst first: those in use before disabled ones; the empty password, one that is the
//! account's own name, exposed ones by how often they were seen, and those that the policy refuses.

#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use breachdex::Form;

use crate::account::AccountKind;
use crate::groups::Groups;
use crate::policy::Violations;
use crate::tally::Band;
use crate::window::Answered;

/// An account to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Which input it is from, from 0.
    pub input: usize,
    /// Its line, item, entry or row, from 1.
    pub number: u64,
    /// Its pseudonym, or its name where that was asked for; empty where the input has none.
    pub account: String,
    /// Whose it is.
    pub account_kind: AccountKind,
    /// Whether the password is exposed; `false` for the empty one, which is not looked up.
    pub is_exposed: bool,
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
    /// The number of the accounts' group; `None` where it is the only one.
    pub group: Option<u64>,
    /// It has the empty password.
    pub is_empty: bool,
    /// The password is the account's own name.
    pub is_own_name: bool,
    /// The rules of the policy that refuse it.
    pub violations: Violations,
}

impl Finding {
    /// The range that its count falls into.
    pub fn band(&self) -> Band {
        Band::of(self.count)
    }
}

/// Whether it is in use, how bad that is, how often it was seen; equals in the order of the inputs.
type Rank = (bool, u8, u64, Reverse<(u32, u64)>);

fn rank(row: &Answered<'_>) -> Rank {
    let severity = match (row.entry.is_empty, row.entry.is_own_name, row.outcome.is_exposed) {
        (true, _, _) => 3,
        (_, true, _) => 2,
        (_, _, true) => 1,
        _ => 0,
    };
    let place = Reverse((row.entry.input, row.entry.number));
    (row.entry.is_in_use(), severity, row.outcome.count.unwrap_or(0), place)
}

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

/// How many findings there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offered {
    pub(crate) total: u64,
    /// Machine accounts in use.
    pub(crate) machines: u64,
    /// Accounts and machines that are disabled.
    pub(crate) disabled: u64,
}

/// Keeps the worst of the findings, and no more than are asked for.
pub(crate) struct Findings {
    most: usize,
    offered: Offered,
    kept: BinaryHeap<Reverse<Ranked>>,
}

impl Findings {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, offered: Offered::default(), kept: BinaryHeap::new() }
    }

    /// Takes a row that is a finding; `name` is called only if it is kept for now.
    pub(crate) fn offer(&mut self, row: &Answered<'_>, name: impl FnOnce(&str) -> String) {
        let (is_disabled, is_machine) =
            (row.entry.is_disabled, row.entry.account_kind == AccountKind::Machine);
        self.offered.total += 1;
        self.offered.disabled += u64::from(is_disabled);
        self.offered.machines += u64::from(is_machine && !is_disabled);
        let rank = rank(row);
        if self.kept.len() >= self.most {
            match self.kept.peek() {
                Some(Reverse(least)) if least.rank < rank => drop(self.kept.pop()),
                _ => return,
            }
        }
        let Answered { entry, outcome, .. } = row;
        let finding = Finding {
            input: entry.input as usize,
            number: entry.number,
            account: name(row.user),
            account_kind: entry.account_kind,
            is_exposed: outcome.is_exposed,
            count: outcome.count.filter(|_| outcome.is_exposed),
            in_overlay: outcome.in_overlay,
            form: outcome.form,
            is_partial: outcome.is_partial,
            is_disabled: entry.is_disabled,
            has_lm: entry.has_lm,
            shared_by: 1,
            group: None,
            is_empty: entry.is_empty,
            is_own_name: entry.is_own_name,
            violations: entry.violations,
        };
        self.kept.push(Reverse(Ranked { rank, finding, tag: row.tag }));
    }

    /// How many findings there were.
    pub(crate) fn offered(&self) -> Offered {
        self.offered
    }

    /// The worst first. Only accounts share passwords; machines and former passwords are not in the groups.
    pub(crate) fn finish(self, groups: &Groups) -> Vec<Finding> {
        let kept = self.kept.into_sorted_vec().into_iter();
        let with_group = |Reverse(Ranked { finding, tag, .. }): Reverse<Ranked>| match finding.account_kind {
            AccountKind::Account => {
                let (shared_by, group) = groups.size_and_id(tag);
                Finding { shared_by, group, ..finding }
            }
            _ => finding,
        };
        kept.map(with_group).collect()
    }
}
