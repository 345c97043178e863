//! Many lookups at once. In memory each stage is done for a batch of questions and asks for the memory of the next, so
//! that the processor waits for many cache lines at a time instead of one after another. A file that is read is asked one
//! question after another: questions that follow each other in one group or bucket share what was read.

#![forbid(unsafe_code)]

#[cfg(feature = "parallel")]
use rayon::prelude::*;

use super::Answer;
use super::core::Core;
use super::failure::Failure;
use super::places::Known;
use super::rows::RangeScratch;
use super::touch::{BucketAt, MALFORMED, bucket_of};
use crate::digest::Digest;
use crate::error::Result;
use crate::format::bucket::{Bucket, Malformed};
use crate::format::group;
use crate::kernels::{BitOperations, Task, prefetch};
use crate::memory::{OF_A_BATCH, erasing_stack};
use crate::storage::{Access as _, InMemory, ReadMode};

/// Questions in flight: enough to fill the processor's line buffers several times over.
const BATCH: usize = 32;
/// Questions that one task of a thread pool takes.
#[cfg(feature = "parallel")]
const TASK: usize = 4096;

pub(super) fn lookup_many(core: &Core, digests: &[Digest], answers: &mut [Answer]) -> Result<()> {
    assert_eq!(digests.len(), answers.len(), "one answer for each digest");
    let Some(bytes) = core.storage.bytes() else {
        let mut scratch = RangeScratch::default();
        for (digest, answer) in digests.iter().zip(answers) {
            *answer = core.lookup_by_reads(digest, ReadMode::Blocking, &mut scratch)?;
        }
        return Ok(());
    };
    erasing_stack::<OF_A_BATCH, _>(|| in_batches(core, InMemory(bytes), digests, answers))
}

fn in_batches(core: &Core, access: InMemory<'_>, digests: &[Digest], answers: &mut [Answer]) -> Result<()> {
    for (digests, answers) in digests.chunks(BATCH).zip(answers.chunks_mut(BATCH)) {
        for digest in digests {
            core.admit(digest)?;
        }
        let batch = Batch { core, access, digests, answers };
        core.run(batch).map_err(|failure| core.failed(failure))?;
    }
    Ok(())
}

#[cfg(feature = "parallel")]
pub(super) fn par_lookup_many(
    core: &Core,
    digests: &[Digest],
    answers: &mut [Answer],
    pool: &rayon::ThreadPool,
) -> Result<()> {
    assert_eq!(digests.len(), answers.len(), "one answer for each digest");
    pool.install(|| {
        digests
            .par_chunks(TASK)
            .zip(answers.par_chunks_mut(TASK))
            .try_for_each(|(digests, answers)| lookup_many(core, digests, answers))
    })
}

/// The buffer of bytes in memory: nothing, for as long as it is wanted.
#[inline(always)]
fn unit<'a>() -> &'a mut () {
    Box::leak(Box::new(()))
}

/// A batch of at most [`BATCH`] questions that were admitted.
struct Batch<'a> {
    core: &'a Core,
    access: InMemory<'a>,
    digests: &'a [Digest],
    answers: &'a mut [Answer],
}

/// A question's bucket.
#[derive(Clone, Copy)]
struct Place<'a> {
    question: usize,
    bucket: Bucket<'a>,
    /// Bits of the bucket's prefix.
    prefix_bits: u32,
    /// Bytes from the start of the groups, for messages.
    offset: u64,
}

/// A list of questions that came to a stage. One that goes no further is not written over, without a branch.
struct Reached<T> {
    items: [Option<T>; BATCH],
    length: usize,
}

impl<T: Copy> Reached<T> {
    #[inline(always)]
    fn new() -> Self {
        Self { items: [None; BATCH], length: 0 }
    }

    /// Adds an item if it goes on.
    #[inline(always)]
    fn add(&mut self, item: T, goes_on: bool) {
        if let Some(place) = self.items.get_mut(self.length) {
            *place = Some(item);
            self.length += usize::from(goes_on);
        }
    }

    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = &T> {
        self.items[..self.length].iter().flatten()
    }
}

impl Task for Batch<'_> {
    type Output = Result<(), Failure>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { core, access, digests, answers } = self;
        let layout = core.layout();
        answers.fill(Answer::Absent);
        let mut places = Reached::new();
        let mut unknown = Reached::new();
        for (question, digest) in digests.iter().enumerate() {
            match core.known_bucket(access, digest.key()) {
                Some((Known { start, prefix_bits, .. }, bucket)) => {
                    bucket.prefetch_high();
                    places.add(Place { question, bucket, prefix_bits, offset: start as u64 }, true);
                }
                None => unknown.add(question, true),
            }
        }
        if unknown.length > 0 {
            resolve(core, access, digests, &unknown, &mut places)?;
        }
        let rest = |place: &Place<'_>| digests[place.question].key().skip(place.prefix_bits);
        let malformed = |place: &Place<'_>| core.bucket_fault(place.offset, MALFORMED);
        let mut slots = Reached::new();
        for place in places.iter() {
            let slot = place.bucket.slot::<O>(&rest(place)).ok_or_else(|| malformed(place))?;
            place.bucket.prefetch_slot(slot);
            slots.add((place, slot), slot.run > 0);
        }
        let mut found = Reached::new();
        for (place, slot) in slots.iter() {
            let entry = place.bucket.find_in(*slot, &rest(place));
            if layout.counts {
                place.bucket.prefetch_counts(entry.unwrap_or_default());
                found.add((*place, entry.unwrap_or_default()), entry.is_some());
            } else if entry.is_some() {
                answers[place.question] = core.answer(Some(0));
            }
        }
        for (place, entry) in found.iter() {
            let count = place.bucket.count::<O>(*entry).map_err(|Malformed| malformed(place))?;
            answers[place.question] = core.answer(Some(count));
        }
        Ok(())
    }
}

/// Finds the buckets of questions that are not known by the directory and their groups' heads, and checks what was not.
#[inline(always)]
fn resolve<'a>(
    core: &Core,
    access: InMemory<'a>,
    digests: &[Digest],
    unknown: &Reached<usize>,
    places: &mut Reached<Place<'a>>,
) -> Result<(), Failure> {
    let layout = core.layout();
    let bytes = access.loaded(core.header.groups.offset, &());
    let mut located = Reached::new();
    for question in unknown.iter() {
        let prefix = digests[*question].key().leading(layout.directory_bits) as u32;
        if let Some(locator) = core.locate(prefix) {
            prefetch(bytes, locator.offset() as usize);
            core.verified.prefetch(locator.offset());
            located.add((*question, prefix, locator), true);
        }
    }
    let mut groups = Reached::new();
    for (question, prefix, locator) in located.iter() {
        let group = core.group(access, *prefix, *locator, 0, unit())?;
        let bucket = bucket_of(digests[*question].key(), layout, &group);
        prefetch(bytes, locator.offset() as usize + group::FIXED + bucket * group::NARROW_RECORD);
        groups.add((*question, *prefix, *locator, group, bucket), true);
    }
    for (question, prefix, locator, group, bucket) in groups.iter() {
        let record = core.record(*locator, group, *bucket)?;
        let place = BucketAt { prefix: *prefix, locator: *locator, group, bucket: *bucket };
        let bytes = core.bucket_bytes(access, place, &record, 0, unit())?;
        if record.entries > 0 {
            let bucket = core.bucket(*locator, group, &record, bytes)?;
            bucket.prefetch_high();
            let (offset, prefix_bits) =
                (locator.offset() + record.start as u64, layout.directory_bits + group.extra_bits);
            core.places.remember(digests[*question].key(), prefix_bits, offset, &record);
            places.add(Place { question: *question, bucket, prefix_bits, offset }, true);
        }
    }
    Ok(())
}
