//! Many lookups at once: each stage is done for a batch of questions and asks for the memory of the next, so
//! that the processor waits for many cache lines at a time instead of one after another.

#![forbid(unsafe_code)]

use rayon::prelude::*;

use super::Answer;
use super::core::{Core, bucket_of};
use crate::digest::{Digest, Key};
use crate::error::{Fault, Result};
use crate::format::bucket::Malformed;
use crate::format::directory::Locator;
use crate::format::group::{self, BucketRecord, Group};
use crate::kernels::{BitOperations, Task, prefetch};

/// Questions in flight: enough to fill the processor's line buffers several times over.
const BATCH: usize = 32;
/// From this many questions an expanded directory pays for itself.
const EXPAND_FROM: usize = 8192;
/// Questions that one task of a thread pool takes.
const TASK: usize = 4096;

pub(super) fn lookup_many(core: &Core, digests: &[Digest], answers: &mut [Answer]) -> Result<()> {
    assert_eq!(digests.len(), answers.len(), "one answer for each digest");
    if digests.len() >= EXPAND_FROM {
        core.expand_directory()?;
    }
    for (digests, answers) in digests.chunks(BATCH).zip(answers.chunks_mut(BATCH)) {
        for digest in digests {
            core.admit(digest)?;
        }
        core.run(Batch { core, digests, answers }).map_err(|fault| core.damaged(fault))?;
    }
    Ok(())
}

pub(super) fn par_lookup_many(
    core: &Core,
    digests: &[Digest],
    answers: &mut [Answer],
    pool: &rayon::ThreadPool,
) -> Result<()> {
    assert_eq!(digests.len(), answers.len(), "one answer for each digest");
    if digests.len() >= EXPAND_FROM {
        core.expand_directory()?;
    }
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
    InBucket(Locator, Group<'a>, BucketRecord),
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
                    core.prefetch_bucket(locator, &group, &record, key(i));
                    *stage = Stage::InBucket(locator, group, record);
                }
            }
        }
        for (i, stage) in stages[..digests.len()].iter_mut().enumerate() {
            if let Stage::InBucket(locator, group, record) = *stage {
                let bucket = core.bucket(locator, &group, &record)?;
                let rest = key(i).skip(layout.directory_bits + group.extra_bits);
                let found = bucket.find::<O>(&rest).and_then(|entry| match entry {
                    None => Ok(None),
                    Some(entry) if layout.counts => bucket.count::<O>(entry).map(Some),
                    Some(_) => Ok(Some(0)),
                });
                answers[i] = core.answer(found.map_err(|Malformed| core.malformed(locator, &record))?);
            }
        }
        Ok(())
    }
}
