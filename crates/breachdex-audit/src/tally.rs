//! What an audit counts.

#![forbid(unsafe_code)]

use serde::Serialize;

use crate::account::{AccountKind, Entry, Record};
use crate::groups::Shared;
use crate::outcome::Outcome;
use crate::policy::Violations;

/// How often passwords were seen, as ranges from these numbers on.
const BAND_STARTS: [u64; 6] = [1, 2, 10, 100, 1_000, 10_000];

/// A range of counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Band(usize);

impl Band {
    /// All of them, the rarest first; the last is for what an index without counts, or an overlay, does not say.
    pub const ALL: [Self; BAND_STARTS.len() + 1] =
        [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5), Self(6)];

    /// The range that a count falls into; `None` is "not known".
    pub fn of(count: Option<u64>) -> Self {
        match count {
            None => Self(BAND_STARTS.len()),
            Some(count) => Self(BAND_STARTS.iter().rposition(|start| *start <= count).unwrap_or(0)),
        }
    }

    /// The first count in it; `None` for the one of unknown counts.
    pub fn first(self) -> Option<u64> {
        BAND_STARTS.get(self.0).copied()
    }

    /// The last count in it; `None` where there is no end.
    pub fn last(self) -> Option<u64> {
        BAND_STARTS.get(self.0 + 1).map(|next| next - 1)
    }

    /// As in `10-99`, `10000+` or `unknown`.
    pub fn name(self) -> String {
        match (self.first(), self.last()) {
            (None, _) => String::from("unknown"),
            (Some(first), None) => format!("{first}+"),
            (Some(first), Some(last)) if first == last => first.to_string(),
            (Some(first), Some(last)) => format!("{first}-{last}"),
        }
    }
}

/// Passwords that were looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LookedUp {
    /// How many.
    pub checked: u64,
    /// How many of them are exposed.
    pub exposed: u64,
}

impl LookedUp {
    fn add(&mut self, outcome: Outcome) {
        self.checked += 1;
        self.exposed += u64::from(outcome.is_exposed);
    }
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Accounts with a password that was looked up.
    pub accounts: u64,
    /// Accounts whose password is exposed.
    pub exposed: u64,
    /// Exposed accounts by how often their password was seen.
    pub bands: [u64; Band::ALL.len()],
    /// Exposed accounts whose password an overlay holds.
    pub by_overlay: u64,
    /// Accounts seen, but fewer times than was asked for.
    pub below_min_count: u64,
    /// Passwords that several accounts have.
    pub shared: Shared,
    /// Of the accounts, those that are disabled.
    pub disabled: LookedUp,
    /// Machine accounts, which are no accounts here.
    pub machines: LookedUp,
    /// Passwords no longer in use.
    pub former: LookedUp,
    /// Passwords that are empty, which are not looked up and are no accounts here: of accounts, machines, and former ones.
    pub empty: u64,
    /// Of these, those of accounts and machines that somebody can log in with.
    pub empty_in_use: u64,
    /// Accounts and machines in use whose password is their own name, exposed or not.
    pub own_name: u64,
    /// What the policy refuses; `None` where none was asked.
    pub policy: Option<PolicyTally>,
    /// Log-ins without a password: a passkey, a reference to another entry.
    pub without_password: u64,
    /// Items that are no log-ins.
    pub other_items: u64,
    /// Accounts that keep an LM hash, whatever their password, disabled or not.
    pub lm_hashes: u64,
    /// Lines that could not be used.
    pub malformed: u64,
    /// Lines of which it is not known whether they are exposed: no index covers them, or one could not be read.
    pub unanswered: u64,
}

/// What a policy refuses of the accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyTally {
    /// The name of the profile or the file.
    pub name: String,
    /// Accounts in use whose password the policy refuses, besides those that are exposed only.
    pub refused: u64,
    /// The same by rule, in the order of [`Violations::CODES`].
    pub by_rule: [u64; Violations::CODES.len()],
}

impl Tally {
    /// Counts a record before its password is looked up.
    pub(crate) fn admit(&mut self, record: &Record<'_>) {
        self.lm_hashes += u64::from(record.has_lm && record.account_kind == AccountKind::Account);
    }

    /// Counts what was found.
    pub(crate) fn count(&mut self, entry: &Entry, outcome: Outcome) {
        if entry.is_empty {
            self.empty += 1;
            self.empty_in_use += u64::from(entry.is_in_use());
            return;
        }
        self.own_name += u64::from(entry.is_own_name && entry.is_in_use());
        if let Some(policy) = &mut self.policy
            && !entry.violations.is_empty()
            && entry.is_in_use()
        {
            policy.refused += 1;
            for (at, code) in Violations::CODES.iter().enumerate() {
                policy.by_rule[at] += u64::from(entry.violations.codes().any(|broken| broken == *code));
            }
        }
        if outcome.unanswered.is_some() {
            self.unanswered += 1;
            return;
        }
        match entry.account_kind {
            AccountKind::Machine => self.machines.add(outcome),
            AccountKind::Former => self.former.add(outcome),
            AccountKind::Account => {
                self.accounts += 1;
                if entry.is_disabled {
                    self.disabled.add(outcome);
                }
                if outcome.is_exposed {
                    self.exposed += 1;
                    self.by_overlay += u64::from(outcome.in_overlay);
                    self.bands[Band::of(outcome.count).0] += 1;
                } else if outcome.count != Some(0) {
                    self.below_min_count += 1;
                }
            }
        }
    }

    /// How much was what its format says.
    pub(crate) fn read(&self) -> u64 {
        self.accounts
            + self.machines.checked
            + self.former.checked
            + self.unanswered
            + self.empty
            + self.without_password
            + self.other_items
    }

    /// Whether there is anything to act on: an exposed password of an account or a machine, the empty one or the own name
    /// of one in use, a password that the policy refuses.
    pub fn has_findings(&self) -> bool {
        let refused = self.policy.as_ref().map_or(0, |policy| policy.refused);
        self.exposed + self.machines.exposed + self.empty_in_use + self.own_name + refused > 0
    }

    /// Exposed accounts that somebody can log in with.
    pub fn exposed_in_use(&self) -> u64 {
        self.exposed - self.disabled.exposed
    }

    /// Whether something could not be answered.
    pub fn is_incomplete(&self) -> bool {
        self.malformed + self.unanswered > 0
    }
}
