//! Whether segments are parts of one index.

#![forbid(unsafe_code)]

use super::JoinOptions;
use super::segment::Segment;
use crate::build::finish::sum_of_collisions;
use crate::build::options::MergeRule;
use crate::build::plan::{Decision, Floors};
use crate::coverage::{Coverage, PREFIX_COUNT};
use crate::error::{Error, Result, SegmentFault};
use crate::files;
use crate::format::{Layout, MAX_DIRECTORY_BITS, OverlayMark};

/// What the joined index will be. Refuses segments that do not fit together.
pub(super) fn decide(segments: &[Segment], options: &JoinOptions) -> Result<Decision> {
    let first = &segments[0];
    for segment in segments {
        if segment.layout.overlay == OverlayMark::Overlay {
            return Err(unfit(segment.name.clone(), SegmentFault::IsOverlay));
        }
        if let Some(fault) = difference(segment, first, options) {
            return Err(unfit(segment.name.clone(), fault));
        }
    }
    if let Some((segment, prefix, other)) = overlap(segments) {
        let fault = if files::is_same_file(segment.name.as_ref(), other.name.as_ref()) {
            SegmentFault::Twice
        } else {
            SegmentFault::Overlap { prefix, first: other.name.clone() }
        };
        return Err(unfit(segment.name.clone(), fault));
    }
    let ranges = segments.iter().flat_map(|segment| segment.metadata.coverage.ranges()).copied();
    let coverage = Coverage::from_ranges(ranges).unwrap_or_else(Coverage::empty);
    if let Some(prefix) = coverage.first_gap(0, PREFIX_COUNT - 1).filter(|_| options.complete) {
        return Err(Error::MissingPrefix { prefix });
    }
    let facts = &first.metadata;
    Ok(Decision {
        layout: Layout { directory_bits: MAX_DIRECTORY_BITS, ..first.layout },
        width: facts.bits,
        merge: MergeRule::Error,
        min_count: 1,
        top: None,
        segment_bits: options.directory_bits.filter(|_| !coverage.is_whole()),
        coverage,
        wanted: Coverage::whole(),
        files_left_out: 0,
        floors: Floors::new(MergeRule::Error, std::iter::once(facts.floor)),
        earlier_collisions: sum_of_collisions(segments.iter().map(|segment| segment.metadata.collisions))?,
        most_entries: None,
    })
}

/// Where a segment differs from the first one.
fn difference(segment: &Segment, first: &Segment, options: &JoinOptions) -> Option<SegmentFault> {
    let (held, expected) = (&segment.metadata, &first.metadata);
    let first = first.name.clone();
    if held.kind != expected.kind {
        return Some(SegmentFault::Kind { held: held.kind, first, expected: expected.kind });
    }
    if held.bits != expected.bits {
        return Some(SegmentFault::Bits { held: held.bits, first, expected: expected.bits });
    }
    if held.has_counts != expected.has_counts {
        let with = held.has_counts;
        return Some(if with {
            SegmentFault::WithCounts { first }
        } else {
            SegmentFault::WithoutCounts { first }
        });
    }
    if held.is_cut != expected.is_cut {
        return Some(SegmentFault::Cut { first });
    }
    if held.holds_overlay != expected.holds_overlay {
        return Some(SegmentFault::HoldsOverlay { first });
    }
    if held.floor != expected.floor {
        return Some(SegmentFault::Floor { held: held.floor, first, expected: expected.floor });
    }
    if held.source != expected.source && options.source.is_none() {
        let (held, expected) = (held.source.clone(), expected.source.clone());
        return Some(SegmentFault::Source { held, first, expected });
    }
    if held.corpus_date != expected.corpus_date && options.date.is_none() {
        let (held, expected) = (held.corpus_date.clone(), expected.corpus_date.clone());
        return Some(SegmentFault::Date { held, first, expected });
    }
    None
}

/// The first prefix that two segments cover, and both of them, the one that was named later first.
pub(super) fn overlap(segments: &[Segment]) -> Option<(&Segment, u32, &Segment)> {
    let mut ranges: Vec<(u32, u32, usize)> = Vec::new();
    for (place, segment) in segments.iter().enumerate() {
        let here = segment.metadata.coverage.ranges();
        ranges.extend(here.iter().map(|(first, last)| (*first, *last, place)));
    }
    ranges.sort_unstable();
    let two = ranges.windows(2).find(|two| two[0].1 >= two[1].0)?;
    let (one, other) = (two[0].2, two[1].2);
    Some((&segments[one.max(other)], two[1].0, &segments[one.min(other)]))
}

fn unfit(name: String, fault: SegmentFault) -> Error {
    Error::UnfitSegment { name, fault: Box::new(fault) }
}
