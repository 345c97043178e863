//! What an audit has found so far, row by row, and what becomes of it at the end.

#![forbid(unsafe_code)]

use rayon::ThreadPool;

use crate::account::AccountKind;
use crate::actions::Actions;
use crate::audit::{Audited, Fault, InputRead};
use crate::error::{LineFault, Result};
use crate::findings::Findings;
use crate::groups::{Group, Groups, MEMBERS};
use crate::identity::Pseudonyms;
use crate::rows::{Rows, Spool};
use crate::tally::Tally;
use crate::window::Answered;

/// Malformed lines that are named one by one.
const NAMED_FAULTS: usize = 10;

/// What was found so far.
pub(crate) struct Found {
    pub(crate) inputs: Vec<InputRead>,
    pub(crate) tally: Tally,
    /// One for each account.
    pub(crate) tags: Vec<u64>,
    pub(crate) findings: Findings,
    pub(crate) actions: Actions,
    pub(crate) faults: Vec<Fault>,
    pub(crate) reasons: Vec<String>,
    pub(crate) spool: Option<Spool>,
    pub(crate) spooled: u64,
    /// `None` where accounts are named as they are.
    pub(crate) pseudonyms: Option<Pseudonyms>,
}

impl Found {
    /// Which input is being read, from 0.
    pub(crate) fn input(&self) -> u32 {
        self.inputs.len().saturating_sub(1) as u32
    }

    pub(crate) fn fault(&mut self, input: u32, number: u64, fault: LineFault) {
        if self.faults.len() < NAMED_FAULTS {
            self.faults.push(Fault { input: input as usize, number, fault });
        }
    }

    pub(crate) fn add(&mut self, row: &Answered<'_>) -> Result<()> {
        let entry = &row.entry;
        self.tally.count(entry, row.outcome);
        if let Some(fault) = row.outcome.unanswered {
            self.fault(entry.input, entry.number, fault);
        } else if entry.account_kind == AccountKind::Account && !entry.is_empty {
            self.tags.push(row.tag);
        }
        let pseudonyms = &self.pseudonyms;
        let name = |user: &str| match pseudonyms {
            Some(pseudonyms) if !user.is_empty() => pseudonyms.of(user),
            _ => user.to_owned(),
        };
        let is_finding =
            row.outcome.is_exposed || entry.is_empty || entry.is_own_name || !entry.violations.is_empty();
        if is_finding && entry.account_kind != AccountKind::Former {
            self.findings.offer(row, name);
        }
        self.actions.add(row, name);
        if let Some(spool) = &mut self.spool {
            self.spooled += 1;
            spool.push(row, &name(row.user))?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, pool: &ThreadPool) -> Result<Audited> {
        let groups = Groups::of(self.tags, pool);
        self.tally.shared = groups.summary();
        self.faults.sort_by_key(|fault| (fault.input, fault.number));
        let offered = self.findings.offered();
        let findings = self.findings.finish(&groups);
        let names = self.inputs.iter().map(|input| input.name.clone()).collect();
        let rows = self.spool.map(|spool| spool.finish(self.spooled, groups, names)).transpose()?;
        if let Some(rows) = &rows {
            name_members(rows, &mut self.tally.shared.largest)?;
        }
        let has_users = self.pseudonyms.is_none();
        Ok(Audited {
            inputs: self.inputs,
            has_users,
            tally: self.tally,
            findings,
            findings_total: offered.total,
            findings_machines: offered.machines,
            findings_disabled: offered.disabled,
            faults: self.faults,
            unanswered_because: self.reasons,
            rows,
            actions: self.actions,
        })
    }
}

/// Puts names to the groups that are shown.
fn name_members(rows: &Rows, groups: &mut [Group]) -> Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    rows.for_each(|row| -> Result<()> {
        let group = row.group.and_then(|id| groups.get_mut(usize::try_from(id).ok()?.checked_sub(1)?));
        if let Some(group) = group.filter(|group| group.members.len() < MEMBERS) {
            group.members.push(row.account.to_owned());
        }
        Ok(())
    })
}
