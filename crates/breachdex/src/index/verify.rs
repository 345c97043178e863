//! Reading everything: each checksum, each entry, the order, the totals and the content id.
//!
//! A group is checked apart from all others, on any thread, by `verify_group`; here the groups are handed out, and what
//! became of them is joined in the order of the file, so that the fault that is reported is always the first.

#![forbid(unsafe_code)]

use super::core::Core;
use super::in_order;
use super::parts::Parts;
use super::verify_group::{Checked, GroupCheck};
use crate::error::{Error, Fault, Result, Section};
use crate::format::checksum::ContentHasher;
use crate::format::directory::Locator;
use crate::format::directory_bits;
use crate::format::facts::Facts;
use crate::format::header::Header;
use crate::index::Metadata;
use crate::kernels::ActiveKernel;
use crate::monitor::{Monitor, Phase, Progress};
use crate::storage::{WINDOW, Windows};

/// How to verify an index.
#[derive(Clone, Copy, Debug, Default)]
pub struct VerifyOptions {
    /// Threads that check groups, beside the calling one, which only waits; 0 for one per processor. 1 does all of
    /// it on the calling thread. Small indexes use fewer.
    pub threads: usize,
}

/// Checks the whole index. Nothing that an earlier touch verified is taken for granted.
pub(super) fn verify(core: &Core, options: VerifyOptions, monitor: &dyn Monitor) -> Result<()> {
    let damaged = |fault| core.damaged(fault);
    let parts = Parts::new(core.all_groups().map_err(damaged)?, WINDOW);
    let windows = Windows::new(core.source(), parts.bounds(core.header()));
    let walk = Walk {
        header: core.header(),
        metadata: core.metadata(),
        kernel: core.active_kernel(),
        name: core.name(),
        groups: core,
    };
    walk.run(&parts, &windows, options, monitor)?;
    core.notes().map(drop)
}

/// Where a group's bytes come from.
pub(super) trait GroupBytes: Sync {
    /// The bytes from a group's first one on: all of its own and any number behind them. They may be put into
    /// `buffer`.
    fn bytes<'a>(&'a self, prefix: u32, locator: Locator, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]>;
}

impl GroupBytes for Core {
    fn bytes<'a>(&'a self, _: u32, locator: Locator, _: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        Ok(self.group_bytes().get(locator.offset() as usize..).unwrap_or_default())
    }
}

/// The way through all groups of an index.
pub(super) struct Walk<'a, G> {
    pub(super) header: &'a Header,
    pub(super) metadata: &'a Metadata,
    pub(super) kernel: ActiveKernel,
    /// The file's name for messages.
    pub(super) name: &'a str,
    pub(super) groups: &'a G,
}

/// What became of a group on a thread.
type Outcome = Result<Checked>;

impl<G: GroupBytes> Walk<'_, G> {
    /// Checks all groups and what the header says of them together.
    pub(super) fn run(
        &self,
        parts: &Parts,
        windows: &Windows<'_>,
        options: VerifyOptions,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let threads = in_order::thread_count(options.threads);
        let mut join = Join::new(self.header, self.metadata);
        let mut buffer = Vec::new();
        let check = |buffer: &mut Vec<u8>, part: usize| {
            let _window = windows.enter(part);
            self.check_part(parts, part, buffer)
        };
        in_order::run(threads, parts.count(), Vec::new, check, |(part, outcomes)| {
            for (outcome, (prefix, locator)) in outcomes.into_iter().zip(parts.groups(part)) {
                join.report(monitor)?;
                let named = |fault: Fault| fault.named(self.name);
                join.begin(*locator).map_err(named)?;
                let mut checked = outcome?;
                if join.total.checked_add(checked.total).is_none() {
                    // Its own sum is no reason to complain, but the one with those before it.
                    checked = self.check(*prefix, *locator, join.total, &mut buffer)?;
                    checked.total = checked.total.saturating_sub(join.total);
                }
                join.add(*prefix, &checked).map_err(named)?;
            }
            Ok::<(), Error>(())
        })?;
        join.finish().map_err(|fault| fault.named(self.name))
    }

    /// Checks the groups of a part up to the first fault.
    fn check_part(&self, parts: &Parts, part: usize, buffer: &mut Vec<u8>) -> (usize, Vec<Outcome>) {
        let mut outcomes = Vec::with_capacity(parts.groups(part).len());
        for (prefix, locator) in parts.groups(part) {
            let outcome = self.check(*prefix, *locator, 0, buffer);
            let ended = outcome.as_ref().map_or(true, |checked| checked.fault.is_some());
            outcomes.push(outcome);
            if ended {
                break;
            }
        }
        (part, outcomes)
    }

    fn check(&self, prefix: u32, locator: Locator, total: u64, buffer: &mut Vec<u8>) -> Outcome {
        let bytes = self.groups.bytes(prefix, locator, buffer)?;
        let check = GroupCheck { header: self.header, metadata: self.metadata, kernel: self.kernel };
        Ok(check.run(prefix, locator, bytes, total))
    }
}

/// What the groups so far make together.
struct Join<'a> {
    header: &'a Header,
    metadata: &'a Metadata,
    content: ContentHasher,
    entries: u64,
    total: u64,
    max: u64,
    /// Where the next group must start, from the start of the groups section.
    end: u64,
}

impl<'a> Join<'a> {
    fn new(header: &'a Header, metadata: &'a Metadata) -> Self {
        let facts = Facts {
            coverage: metadata.coverage.clone(),
            source: metadata.source.clone(),
            date: metadata.corpus_date.clone(),
        };
        let content = ContentHasher::new(header, &facts.encode());
        Self { header, metadata, content, entries: 0, total: 0, max: 0, end: 0 }
    }

    /// Says how far it is.
    fn report(&self, monitor: &dyn Monitor) -> Result<()> {
        let total = Some(self.metadata.file_length);
        let progress = Progress { phase: Phase::Verifying, done: self.end, total };
        if monitor.progress(progress).is_break() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Holds where the next group starts against where the one before ended.
    fn begin(&self, locator: Locator) -> Result<(), Fault> {
        if locator.offset() == self.end {
            return Ok(());
        }
        let reason = "a group does not start where the one before it ends";
        Err(Fault::new(Section::Directory, self.header.directory.offset, reason))
    }

    fn add(&mut self, prefix: u32, checked: &Checked) -> Result<(), Fault> {
        if let Some(fault) = checked.fault {
            return Err(fault);
        }
        self.content.group(prefix, checked.checksum);
        self.entries += checked.entries;
        self.total += checked.total;
        self.max = self.max.max(checked.max);
        self.end += checked.length;
        Ok(())
    }

    fn finish(self) -> Result<(), Fault> {
        let header = self.header;
        let fault = |offset, reason| Err(Fault::new(Section::Header, offset, reason));
        if self.end != header.groups.length {
            return fault(88, "the groups do not fill their section");
        }
        if self.entries != header.entries {
            return fault(24, "the number of entries is another");
        }
        let (total, max) = if header.layout.counts { (self.total, self.max) } else { (0, 0) };
        if total != header.total_count {
            return fault(32, "the sum of the counts is another");
        }
        if max != header.max_count {
            return fault(40, "the largest count is another");
        }
        if self.content.finish() != header.content_id {
            return fault(176, "the content id does not match the content");
        }
        if header.layout.directory_bits != directory_bits(header.entries) {
            return fault(18, "the directory bits are not those of that many entries");
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
