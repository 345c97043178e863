//! What there is to do, and for whom: counts with the first names of each kind.

#![forbid(unsafe_code)]

use crate::account::AccountKind;
use crate::window::Answered;

/// Accounts that a step names. The list and the files of rows have all of them.
const NAMES: usize = 20;

/// Accounts of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    pub(crate) number: u64,
    /// The first of them, by pseudonym or name; accounts without a name are not among them.
    pub(crate) names: Vec<String>,
}

impl Named {
    fn add(&mut self, user: &str, name: impl FnOnce(&str) -> String) {
        self.number += 1;
        if self.names.len() < NAMES && !user.is_empty() {
            self.names.push(name(user));
        }
    }
}

/// Accounts in use with an exposed password; the names are of those whose passwords were seen most often.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worst {
    /// The most often seen first; of equals, the first of the input.
    names: Vec<(u64, String)>,
}

impl Worst {
    fn add(&mut self, count: u64, user: &str, name: impl FnOnce(&str) -> String) {
        let at = self.names.partition_point(|(other, _)| *other >= count);
        if at < NAMES && !user.is_empty() {
            self.names.insert(at, (count, name(user)));
            self.names.truncate(NAMES);
        }
    }

    /// Their names, as those of `number` accounts.
    pub(crate) fn named(&self, number: u64) -> Named {
        Named { number, names: self.names.iter().map(|(_, name)| name.clone()).collect() }
    }
}

/// What there is to do, and for whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Actions {
    /// Accounts in use with an exposed password.
    pub(crate) exposed: Worst,
    /// Accounts and machines in use with the empty password.
    pub(crate) empty: Named,
    /// Accounts and machines in use whose password is their name.
    pub(crate) own_name: Named,
    /// Machines with an exposed password.
    pub(crate) machines: Named,
    /// Accounts that keep an LM hash.
    pub(crate) lm_hashes: Named,
    /// Accounts in use whose password the policy refuses.
    pub(crate) refused: Named,
    /// Disabled accounts whose password is exposed, empty or their name.
    pub(crate) disabled: Named,
}

impl Actions {
    pub(crate) fn add(&mut self, row: &Answered<'_>, name: impl Fn(&str) -> String) {
        let (entry, user) = (&row.entry, row.user);
        if entry.account_kind == AccountKind::Former {
            return;
        }
        let is_exposed = row.outcome.is_exposed;
        let in_use = entry.is_in_use();
        let kinds = [
            (&mut self.empty, entry.is_empty && in_use),
            (&mut self.own_name, entry.is_own_name && in_use),
            (&mut self.machines, is_exposed && in_use && entry.account_kind == AccountKind::Machine),
            (&mut self.lm_hashes, entry.has_lm && entry.account_kind == AccountKind::Account),
            (&mut self.refused, !entry.violations.is_empty() && in_use),
            (&mut self.disabled, (is_exposed || entry.is_empty || entry.is_own_name) && entry.is_disabled),
        ];
        if is_exposed && in_use && entry.account_kind == AccountKind::Account {
            self.exposed.add(row.outcome.count.unwrap_or(0), user, &name);
        }
        for (named, _) in kinds.into_iter().filter(|(_, applies)| *applies) {
            named.add(user, &name);
        }
    }
}
