//! From options and inputs to what will be done: every request that cannot be is refused here, before input
//! is read.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::finish::sum_of_collisions;
use super::options::{BuildOptions, CoverageRule, MergeRule};
use super::options_fault::OptionsFault;
use super::span::{Keep, Plan};
use crate::calendar::Day;
use crate::coverage::{Coverage, PREFIX_COUNT};
use crate::digest::Kind;
use crate::error::{Error, Result};
use crate::format::{Layout, MAX_DIRECTORY_BITS, MIN_BITS, OverlayMark, directory_bits};
use crate::index::{Index, Metadata};
use crate::input::stream::{Contents, Opened};

/// The least memory that a build can be told to keep to.
const LEAST_MEMORY: u64 = 16 << 20;

/// The most entries in 2^bits fingerprints: a false-positive rate of 2^-7.
const MOST_RATE_BITS: u32 = 7;

/// Everything decided before input is read.
pub(crate) struct Decision {
    pub(crate) layout: Layout,
    /// Leading bits by which entries are told apart.
    pub(crate) width: u32,
    pub(crate) merge: MergeRule,
    pub(crate) min_count: u64,
    pub(crate) top: Option<u64>,
    pub(crate) coverage: Coverage,
    /// Directory bits of the whole, where the result is a segment of one.
    pub(crate) segment_bits: Option<u32>,
    /// The prefixes that are read; the whole unless ranges were named.
    pub(crate) wanted: Coverage,
    /// Range files outside `wanted`.
    pub(crate) files_left_out: u64,
    pub(crate) floors: Floors,
    pub(crate) earlier_collisions: u64,
    /// The most entries that keep the false-positive rate acceptable.
    pub(crate) most_entries: Option<u64>,
}

/// What the floors of index inputs do to the result's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Floors {
    /// How much of a count index inputs may lack at most.
    slack: u64,
    /// The largest floor of one.
    least: u64,
}

impl Floors {
    /// When counts are added up, each input may lack up to its floor less one. When the largest stays, the
    /// input that has it has it whole, from its own floor on.
    pub(crate) fn new(rule: MergeRule, floors: impl Iterator<Item = u64>) -> Self {
        let start = Self { slack: 0, least: 1 };
        floors.fold(start, |sum, floor| match rule {
            MergeRule::Sum => Self { slack: sum.slack.saturating_add(floor.saturating_sub(1)), ..sum },
            MergeRule::Max | MergeRule::Error => Self { least: sum.least.max(floor), ..sum },
        })
    }

    /// The floor of a result that keeps every count of `threshold` or more.
    pub(crate) fn floor(self, threshold: u64) -> u64 {
        threshold.saturating_add(self.slack).max(self.least)
    }
}

impl Decision {
    /// Decides what to build of inputs that were looked at.
    pub(crate) fn new(options: &BuildOptions, inputs: &[Opened]) -> Result<Self> {
        let kind = options.kind;
        let indexes = || inputs.iter().filter_map(Opened::index);
        for index in indexes() {
            fits(index, options)?;
        }
        let width = indexes().map(|index| index.metadata().bits).min().unwrap_or(kind.bits());
        let bits = options.bits.unwrap_or(kind.bits());
        check_bits(kind, bits)?;
        if let Some(index) = indexes().find(|index| index.metadata().bits < bits) {
            let (name, held) = (index.name().to_owned(), index.metadata().bits);
            return Err(OptionsFault::FewerBits { name, held, asked: bits }.into());
        }
        let has_passwords = inputs.iter().any(|input| matches!(input.contents, Contents::Passwords));
        let default_merge = if has_passwords { MergeRule::Sum } else { MergeRule::Error };
        let merge = options.merge.unwrap_or(default_merge);
        let wanted = wanted(&options.coverage)?;
        let coverage = coverage(&options.coverage, &wanted, inputs)?;
        if let Some(prefix) = coverage.first_gap(0, PREFIX_COUNT - 1).filter(|_| options.complete) {
            return Err(Error::MissingPrefix { prefix });
        }
        let folders = || inputs.iter().filter_map(Opened::folder);
        Ok(Self {
            layout: Layout {
                kind,
                bits,
                directory_bits: MAX_DIRECTORY_BITS,
                counts: options.counts,
                cut: options.top.is_some() || indexes().any(|index| index.metadata().is_cut),
                overlay: overlay_mark(indexes().any(|index| index.metadata().holds_overlay)),
            },
            width,
            merge,
            min_count: options.min_count.max(1),
            top: options.top,
            segment_bits: options.directory_bits.filter(|_| !coverage.is_whole()),
            coverage,
            files_left_out: folders().map(|folder| folder.outside(&wanted)).sum(),
            wanted,
            floors: Floors::new(merge, indexes().map(|index| index.metadata().floor)),
            earlier_collisions: sum_of_collisions(indexes().map(|index| index.metadata().collisions))?,
            most_entries: most_entries(kind, bits, options.force_bits),
        })
    }

    /// What the final groups are made by.
    pub(crate) fn plan(&self, most: usize) -> Plan {
        Plan {
            layout: self.layout,
            width: self.width,
            merge: self.merge,
            keep: Keep::AtLeast(self.min_count),
            wanted: (!self.wanted.is_whole()).then(|| Arc::new(self.wanted.clone())),
            most,
        }
    }

    /// What groups are made by from which anything can be made later.
    pub(crate) fn lossless_plan(&self, most: usize) -> Plan {
        let layout = Layout { bits: self.width, counts: true, cut: false, ..self.layout };
        Plan { layout, keep: Keep::AtLeast(1), ..self.plan(most) }
    }

    /// Whether the final groups have lost nothing either.
    pub(crate) fn is_lossless(&self) -> bool {
        self.top.is_none() && self.min_count == 1 && self.layout.counts && self.layout.bits == self.width
    }

    /// The directory bits of a result of so many entries.
    pub(crate) fn directory_bits(&self, entries: u64) -> Result<u32> {
        let own = directory_bits(entries);
        match self.segment_bits {
            Some(bits) if bits < own => Err(OptionsFault::MoreThanWhole { entries }.into()),
            Some(bits) => Ok(bits),
            None => Ok(own),
        }
    }

    /// Refuses a result whose false-positive rate nobody would want.
    pub(crate) fn check_rate(&self, entries: u64) -> Result<()> {
        match self.most_entries {
            Some(most) if entries > most => {
                Err(OptionsFault::TooManyFalsePositives { bits: self.layout.bits }.into())
            }
            _ => Ok(()),
        }
    }
}

impl Opened {
    fn index(&self) -> Option<&Index> {
        match &self.contents {
            Contents::Index(index) => Some(index),
            _ => None,
        }
    }

    /// Whether its entries ascend or are an error.
    pub(crate) fn is_sorted_for_certain(&self) -> bool {
        matches!(&self.contents, Contents::Entries(batches) if batches.are_sorted)
    }

    fn folder(&self) -> Option<&crate::input::ranges::RangeFolder> {
        match &self.contents {
            Contents::Ranges(folder) => Some(folder),
            _ => None,
        }
    }
}

/// What is made of an index that holds entries of an overlay holds them too, and is none to add to.
pub(crate) fn overlay_mark(holds_overlay: bool) -> OverlayMark {
    if holds_overlay { OverlayMark::Merged } else { OverlayMark::None }
}

/// Refuses options that no input could meet.
pub(crate) fn check_options(options: &BuildOptions) -> Result<()> {
    if options.memory < LEAST_MEMORY {
        return Err(OptionsFault::LittleMemory.into());
    }
    if let Some(bits) = options.directory_bits.filter(|bits| *bits > MAX_DIRECTORY_BITS) {
        return Err(OptionsFault::DirectoryBits(bits).into());
    }
    if options.top == Some(0) {
        return Err(OptionsFault::TopNothing.into());
    }
    if !options.date.is_empty() && Day::parse(&options.date).is_none() {
        return Err(Error::Unbuildable("the date is not of the form YYYY-MM-DD".into()));
    }
    check_bits(options.kind, options.bits.unwrap_or(options.kind.bits()))
}

fn check_bits(kind: Kind, bits: u32) -> Result<()> {
    if (MIN_BITS..=kind.bits()).contains(&bits) {
        return Ok(());
    }
    Err(Error::Unbuildable(format!(
        "{kind} digests can be kept with {MIN_BITS} to {} bits, not {bits}",
        kind.bits()
    )))
}

/// Refuses an index that cannot be an input of this build.
fn fits(index: &Index, options: &BuildOptions) -> Result<()> {
    let Metadata { kind, has_counts, .. } = index.metadata();
    if *kind != options.kind {
        let name = index.name().to_owned();
        return Err(OptionsFault::OtherKind { name, held: *kind, asked: options.kind }.into());
    }
    if !has_counts && (options.counts || options.min_count > 1 || options.top.is_some()) {
        return Err(OptionsFault::WithoutCounts { name: index.name().to_owned() }.into());
    }
    Ok(())
}

pub(crate) fn most_entries(kind: Kind, bits: u32, force: bool) -> Option<u64> {
    let exponent = bits - MOST_RATE_BITS;
    (bits < kind.bits() && !force && exponent < u64::BITS).then(|| 1 << exponent)
}

fn wanted(rule: &CoverageRule) -> Result<Coverage> {
    match rule {
        CoverageRule::Whole | CoverageRule::Present => Ok(Coverage::whole()),
        CoverageRule::Prefixes(ranges) => Coverage::from_ranges(ranges.iter().copied())
            .filter(|coverage| !coverage.ranges().is_empty())
            .ok_or_else(|| {
                Error::Unbuildable(
                    "prefixes are named as FIRST-LAST, 5 hex digits each, the first not after the last"
                        .into(),
                )
            }),
    }
}

/// What the result covers. Refuses a range folder that lacks what it should hold.
fn coverage(rule: &CoverageRule, wanted: &Coverage, inputs: &[Opened]) -> Result<Coverage> {
    let present = *rule == CoverageRule::Present;
    if present && !inputs.iter().any(|input| input.folder().is_some()) {
        return Err(OptionsFault::NoFolder.into());
    }
    let mut covered = Coverage::empty();
    for input in inputs {
        let here = match &input.contents {
            Contents::Rows | Contents::Passwords | Contents::Entries(_) => Coverage::whole(),
            Contents::Index(index) => index.metadata().coverage.clone(),
            Contents::Ranges(folder) if present => folder.present(),
            Contents::Ranges(folder) => {
                folder.require(wanted)?;
                Coverage::whole()
            }
        };
        covered = covered.union(&here);
    }
    let covered = covered.intersection(wanted);
    if covered.ranges().is_empty() {
        return Err(Error::Unbuildable("the inputs cover no prefix at all".into()));
    }
    Ok(covered)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
