//! Many lookups at once. In memory each stage is done for a batch of questions and asks for the memory of the next, so
//! that the processor waits for many cache lines at a time instead of one after another. A file that is read is asked one
//! question after another: questions that follow each other in one group or bucket share what was read.

#![forbid(unsafe_code)]

#[cfg(feature = "parallel")]
use rayon::prelude::*;

use super::Answer;
use super::core::Core;
use super::failure::Failure;
use super::rows::RangeScratch;
use super::touch::{BucketAt, MALFORMED, bucket_of};
use crate::digest::{Digest, Key};
use crate::error::Result;
use crate::format::bucket::{Bucket, Malformed, Slot};
use crate::format::directory::Locator;
use crate::format::group::{self, Group};
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

/// How far one question has come.
#[derive(Clone, Copy)]
enum Stage<'a> {
    Answered,
    Located(Locator),
    InGroup(Locator, Group<'a>),
    InBucket(Place<'a>),
    InSlot(Place<'a>, Slot),
    Found(Place<'a>, usize),
}

/// A question's bucket.
#[derive(Clone, Copy)]
struct Place<'a> {
    bucket: Bucket<'a>,
    /// Bits of the bucket's prefix.
    prefix_bits: u32,
    /// Bytes from the start of the groups, for messages.
    offset: u64,
}

impl Task for Batch<'_> {
    type Output = Result<(), Failure>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { core, access, digests, answers } = self;
        let layout = core.layout();
        let bytes = access.loaded(core.header.groups.offset, &());
        let mut stages = [Stage::Answered; BATCH];
        let key = |i: usize| -> &Key { digests[i].key() };
        let prefix = |i: usize| key(i).leading(layout.directory_bits) as u32;

        answers.fill(Answer::Absent);
        for (i, stage) in stages[..digests.len()].iter_mut().enumerate() {
            if let Some(locator) = core.locate(prefix(i)) {
                prefetch(bytes, locator.offset() as usize);
                *stage = Stage::Located(locator);
            }
        }
        for (i, stage) in stages[..digests.len()].iter_mut().enumerate() {
            if let Stage::Located(locator) = *stage {
                let group = core.group(access, prefix(i), locator, 0, unit())?;
                let record = group::FIXED + bucket_of(key(i), layout, &group) * group::NARROW_RECORD;
                prefetch(bytes, locator.offset() as usize + record);
                *stage = Stage::InGroup(locator, group);
            }
        }
        for (i, stage) in stages[..digests.len()].iter_mut().enumerate() {
            if let Stage::InGroup(locator, group) = *stage {
                let bucket = bucket_of(key(i), layout, &group);
                let record = core.record(locator, &group, bucket)?;
                let place = BucketAt { prefix: prefix(i), locator, group: &group, bucket };
                let bytes = core.bucket_bytes(access, place, &record, 0, unit())?;
                *stage = Stage::Answered;
                if record.entries > 0 {
                    let bucket = core.bucket(locator, &group, &record, bytes)?;
                    bucket.prefetch_high();
                    let offset = locator.offset() + record.start as u64;
                    let prefix_bits = layout.directory_bits + group.extra_bits;
                    *stage = Stage::InBucket(Place { bucket, prefix_bits, offset });
                }
            }
        }
        let malformed = |place: &Place<'_>| core.bucket_fault(place.offset, MALFORMED);
        for (i, stage) in stages[..digests.len()].iter_mut().enumerate() {
            if let Stage::InBucket(place) = *stage {
                let slot = place.bucket.slot::<O>(&key(i).skip(place.prefix_bits));
                let slot = slot.ok_or_else(|| malformed(&place))?;
                *stage = Stage::Answered;
                if slot.run > 0 {
                    place.bucket.prefetch_low(slot.first);
                    *stage = Stage::InSlot(place, slot);
                }
            }
        }
        for (i, stage) in stages[..digests.len()].iter_mut().enumerate() {
            if let Stage::InSlot(place, slot) = *stage {
                *stage = Stage::Answered;
                if let Some(entry) = place.bucket.find_in(slot, &key(i).skip(place.prefix_bits)) {
                    if layout.counts {
                        place.bucket.prefetch_counts(entry);
                        *stage = Stage::Found(place, entry);
                    } else {
                        answers[i] = core.answer(Some(0));
                    }
                }
            }
        }
        for (i, stage) in stages[..digests.len()].iter().enumerate() {
            if let Stage::Found(place, entry) = stage {
                let count = place.bucket.count::<O>(*entry).map_err(|Malformed| malformed(place))?;
                answers[i] = core.answer(Some(count));
            }
        }
        Ok(())
    }
}
