//! Reading everything: each checksum, each entry, the order, the totals and the content id.

#![forbid(unsafe_code)]

use super::core::{Core, MALFORMED};
use crate::digest::Key;
use crate::entry::Entry;
use crate::error::{Error, Fault, Result, Section};
use crate::format::checksum::ContentHasher;
use crate::format::cursor::{Cursor, DecodeRun};
use crate::format::directory::Locator;
use crate::format::directory_bits;
use crate::format::facts::Facts;
use crate::format::group::Group;
use crate::format::header::Header;
use crate::index::Metadata;
use crate::kernels::ActiveKernel;
use crate::monitor::{Monitor, Phase, Progress};

/// Checks the whole index. Nothing that an earlier touch verified is taken for granted.
pub(super) fn verify(core: &Core, monitor: &dyn Monitor) -> Result<()> {
    let damaged = |fault| core.damaged(fault);
    let mut walk = Walk::new(core.header(), core.metadata(), core.active_kernel());
    for (prefix, locator) in core.all_groups().map_err(damaged)? {
        walk.report(monitor)?;
        let bytes = core.group_bytes().get(locator.offset() as usize..).unwrap_or_default();
        walk.group(prefix, locator, bytes).map_err(damaged)?;
    }
    walk.finish().map_err(damaged)?;
    core.notes().map(drop)
}

/// The way through all groups of an index in the order of the file, wherever their bytes come from.
pub(super) struct Walk<'a> {
    header: &'a Header,
    metadata: &'a Metadata,
    kernel: ActiveKernel,
    content: ContentHasher,
    previous: Option<Key>,
    /// The last 5-digit prefix that was found to be covered.
    covered: Option<u32>,
    entries: u64,
    total: u64,
    max: u64,
    /// Where the next group must start, from the start of the groups section.
    end: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(header: &'a Header, metadata: &'a Metadata, kernel: ActiveKernel) -> Self {
        let facts = Facts {
            coverage: metadata.coverage.clone(),
            source: metadata.source.clone(),
            date: metadata.corpus_date.clone(),
        };
        Self {
            header,
            metadata,
            kernel,
            content: ContentHasher::new(header, &facts.encode()),
            previous: None,
            covered: None,
            entries: 0,
            total: 0,
            max: 0,
            end: 0,
        }
    }

    /// Says how far it is.
    pub(super) fn report(&self, monitor: &dyn Monitor) -> Result<()> {
        let total = Some(self.metadata.file_length);
        let progress = Progress { phase: Phase::Verifying, done: self.end, total };
        if monitor.progress(progress).is_break() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Checks the next group, of which `bytes` are those from its first one on: all of its own and any number
    /// behind them.
    pub(super) fn group(&mut self, prefix: u32, locator: Locator, bytes: &[u8]) -> Result<(), Fault> {
        let header = self.header;
        if locator.offset() != self.end {
            let reason = "a group does not start where the one before it ends";
            return Err(Fault::new(Section::Directory, header.directory.offset, reason));
        }
        let layout = header.layout;
        let at = header.groups.offset + self.end;
        let fault = |reason| Fault::new(Section::Groups, at, reason);
        let available = header.groups.length.checked_sub(self.end).filter(|length| *length > 0);
        let available = available.ok_or_else(|| fault("the directory points beyond the groups"))?;
        let group = Group::new(bytes, available as usize).map_err(fault)?;
        group.check(layout, prefix, locator).map_err(fault)?;
        if group.is_wide_without_need() {
            return Err(fault("the group's records are wide without need"));
        }
        self.content.group(prefix, group.stored_checksum());
        let entries_before = self.entries;
        let mut bucket_start = group.data_start;
        for bucket in 0..group.buckets() {
            let record =
                group.bucket(bucket).ok_or_else(|| fault("a bucket's place in its group cannot be"))?;
            let offset = at + record.start as u64;
            let fault = |reason| Fault::new(Section::Bucket, offset, reason);
            let bucket_prefix = u64::from(prefix) << group.extra_bits | bucket as u64;
            if record.start != bucket_start || !group.bucket_is_sound(layout, bucket_prefix, &record) {
                return Err(fault("the bucket's checksum does not match"));
            }
            bucket_start = record.start + record.length;
            if record.entries > 0 {
                let prefix_bits = layout.directory_bits + group.extra_bits;
                let mut leading = Key::default();
                leading.place(0, prefix_bits, bucket_prefix);
                let bucket = group.open(layout, &record).ok_or_else(|| fault(MALFORMED))?;
                let mut cursor = Cursor::new(bucket, leading, prefix_bits, layout.counts);
                self.bucket(&mut cursor).map_err(fault)?;
            }
        }
        if self.entries == entries_before {
            return Err(fault("the group has no entries"));
        }
        self.end += group.end() as u64;
        Ok(())
    }

    fn bucket(&mut self, cursor: &mut Cursor<'_>) -> Result<(), &'static str> {
        let mut run = Vec::new();
        while !cursor.is_at_end() {
            run.clear();
            self.kernel.run(DecodeRun { cursor, out: &mut run }).map_err(|_| MALFORMED)?;
            run.iter().try_for_each(|entry| self.entry(entry))?;
        }
        cursor.finish().map_err(|_| MALFORMED)
    }

    #[inline(always)]
    fn entry(&mut self, entry: &Entry) -> Result<(), &'static str> {
        if self.previous.is_some_and(|previous| previous >= entry.key) {
            return Err("the entries are not in order");
        }
        let prefix = entry.key.leading(20) as u32;
        if self.covered != Some(prefix) {
            if !self.metadata.coverage.contains(prefix) {
                return Err("an entry lies outside the coverage");
            }
            self.covered = Some(prefix);
        }
        self.previous = Some(entry.key);
        self.entries += 1;
        self.total = self.total.checked_add(entry.count).ok_or("the counts' sum overflows")?;
        self.max = self.max.max(entry.count);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Fault> {
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
