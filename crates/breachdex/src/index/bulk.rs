//! Many lookups at once: each stage is done for a batch of questions and asks for the memory of the next, so
//! that the processor waits for many cache lines at a time instead of one after another.

#![forbid(unsafe_code)]

#[cfg(feature = "parallel")]
use rayon::prelude::*;

use super::Answer;
use super::core::{Core, MALFORMED, bucket_of};
use crate::digest::{Digest, Key};
use crate::error::{Fault, Result};
use crate::format::bucket::{Bucket, Malformed, Slot};
use crate::format::directory::Locator;
use crate::format::group::{self, Group};
use crate::kernels::{BitOperations, Task, prefetch};

/// Questions in flight: enough to fill the processor's line buffers several times over.
const BATCH: usize = 32;
/// Questions that one task of a thread pool takes.
#[cfg(feature = "parallel")]
const TASK: usize = 4096;

pub(super) fn lookup_many(core: &Core, digests: &[Digest], answers: &mut [Answer]) -> Result<()> {
    assert_eq!(digests.len(), answers.len(), "one answer for each digest");
    for (digests, answers) in digests.chunks(BATCH).zip(answers.chunks_mut(BATCH)) {
        for digest in digests {
            core.admit(digest)?;
        }
        core.run(Batch { core, digests, answers }).map_err(|fault| core.damaged(fault))?;
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

/// A batch of at most [`BATCH`] questions that were admitted.
struct Batch<'a> {
    core: &'a Core,
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
    offset: usize,
}

impl Task for Batch<'_> {
    type Output = Result<(), Fault>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        let Self { core, digests, answers } = self;
        let layout = core.layout();
        let bytes = core.group_bytes();
        let mut stages = [Stage::Answered; BATCH];
        let key = |i: usize| -> &Key { digests[i].key() };
        let prefix = |i: usize| key(i).leading(layout.directory_bits) as u32;

        answers.fill(Answer::Absent);
        for (i, stage) in stages[..digests.len()].iter_mut().enumerate() {
            if let Some(locator) = core.locate(key(i)) {
                prefetch(bytes, locator.offset() as usize);
                *stage = Stage::Located(locator);
            }
        }
        for (i, stage) in stages[..digests.len()].iter_mut().enumerate() {
            if let Stage::Located(locator) = *stage {
                let group = core.group(prefix(i), locator)?;
                let record = group::FIXED + bucket_of(key(i), layout, &group) * group::NARROW_RECORD;
                prefetch(bytes, locator.offset() as usize + record);
                *stage = Stage::InGroup(locator, group);
            }
        }
        for (i, stage) in stages[..digests.len()].iter_mut().enumerate() {
            if let Stage::InGroup(locator, group) = *stage {
                let record = core.record(prefix(i), locator, &group, bucket_of(key(i), layout, &group))?;
                *stage = Stage::Answered;
                if record.entries > 0 {
                    let bucket = core.bucket(locator, &group, &record)?;
                    bucket.prefetch_high();
                    let offset = locator.offset() as usize + record.start;
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
