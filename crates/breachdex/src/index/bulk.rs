//! Many lookups at once. In memory each stage is done for a batch of questions and asks for the memory of the next, so
//! that the processor waits for many cache lines at a time instead of one after another; in large indexes questions are asked
//! in the order of their first bits, so that they find the same pages. A file that is read is asked one
//! question after another: questions that follow each other in one group or bucket share what was read.

#![forbid(unsafe_code)]

#[cfg(feature = "parallel")]
use rayon::prelude::*;

use zeroize::Zeroizing;

use super::Answer;
use super::core::Core;
use super::failure::Failure;
use super::rows::RangeScratch;
use super::touch::{MALFORMED, Placed, bucket_of, unit};
use crate::digest::{Digest, Key};
use crate::error::Result;
use crate::format::bucket::Malformed;
use crate::kernels::{BitOperations, Task, prefetch_item};
use crate::memory::{OF_A_BATCH, erasing_stack};
use crate::storage::{InMemory, ReadMode};

/// Questions in flight: enough to fill the processor's line buffers several times over.
const BATCH: usize = 64;
/// Questions in the order in which they are given.
const IN_TURN: [u32; BATCH] = {
    let mut numbers = [0; BATCH];
    let mut i = 0;
    while i < BATCH {
        numbers[i] = i as u32;
        i += 1;
    }
    numbers
};
/// Bytes of groups from which on questions are asked in the order of their first bits. At random each would miss the
/// processor's table of pages once or twice, which takes as long as the lines themselves.
const WORTH_SORTING: u64 = 1 << 25;
/// Questions that are put in order together.
const SORTED: usize = 1 << 16;
/// Bits by which they are, if there are so many questions: of 60 million entries 16 KiB.
const SORTED_BITS: u32 = 16;
/// The fewest questions that one task of a thread pool takes.
#[cfg(feature = "parallel")]
const TASK: usize = 1 << 12;

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
    for digest in digests {
        core.admit(digest)?;
    }
    answers.fill(Answer::Absent);
    let is_worth_sorting = core.header.groups.length >= WORTH_SORTING;
    answer_admitted(core, access, digests, answers, is_worth_sorting).map_err(|failure| core.failed(failure))
}

fn answer_admitted(
    core: &Core,
    access: InMemory<'_>,
    digests: &[Digest],
    answers: &mut [Answer],
    is_worth_sorting: bool,
) -> Result<(), Failure> {
    // Of several failures the first digest's is told, which is not the first in order.
    if is_worth_sorting && in_order(core, access, digests, answers).is_ok() {
        return Ok(());
    }
    for (digests, answers) in digests.chunks(BATCH).zip(answers.chunks_mut(BATCH)) {
        core.run(Batch { core, access, digests, answers, asked: &IN_TURN[..digests.len()], next: &[] })?;
    }
    Ok(())
}

fn in_order(
    core: &Core,
    access: InMemory<'_>,
    digests: &[Digest],
    answers: &mut [Answer],
) -> Result<(), Failure> {
    let mut order = Zeroizing::new(Vec::new());
    for (digests, answers) in digests.chunks(SORTED).zip(answers.chunks_mut(SORTED)) {
        by_leading_bits(digests, &mut order);
        let mut batches = order.chunks(BATCH).peekable();
        while let Some(asked) = batches.next() {
            let next = batches.peek().copied().unwrap_or_default();
            core.run(Batch { core, access, digests, answers: &mut *answers, asked, next })?;
        }
    }
    Ok(())
}

/// The numbers of digests in the order of their first bits.
#[inline(never)]
fn by_leading_bits(digests: &[Digest], order: &mut Vec<u32>) {
    let bits = SORTED_BITS.min(digests.len().max(1).ilog2());
    let mut starts = Zeroizing::new(vec![0_u32; (1 << bits) + 1]);
    let leading = |digest: &Digest| digest.key().leading(bits) as usize;
    for digest in digests {
        starts[leading(digest) + 1] += 1;
    }
    for i in 1..=1 << bits {
        starts[i] += starts[i - 1];
    }
    order.resize(digests.len(), 0);
    for (number, digest) in (0..).zip(digests) {
        let start = &mut starts[leading(digest)];
        order[*start as usize] = number;
        *start += 1;
    }
}

#[cfg(feature = "parallel")]
pub(super) fn par_lookup_many(
    core: &Core,
    digests: &[Digest],
    answers: &mut [Answer],
    pool: &rayon::ThreadPool,
) -> Result<()> {
    assert_eq!(digests.len(), answers.len(), "one answer for each digest");
    // Work for all threads, in tasks that gain most by order.
    let task = (digests.len() / (4 * pool.current_num_threads().max(1))).clamp(TASK, SORTED);
    pool.install(|| {
        digests
            .par_chunks(task)
            .zip(answers.par_chunks_mut(task))
            .try_for_each(|(digests, answers)| lookup_many(core, digests, answers))
    })
}

/// A batch of at most [`BATCH`] questions that were admitted, whose answers are all absent so far.
struct Batch<'a> {
    core: &'a Core,
    access: InMemory<'a>,
    digests: &'a [Digest],
    answers: &'a mut [Answer],
    /// Which of the digests are asked for.
    asked: &'a [u32],
    /// Which of them are likely asked for next.
    next: &'a [u32],
}

/// A question's bucket.
#[derive(Clone, Copy)]
struct Place<'a> {
    question: usize,
    placed: Placed<'a>,
    /// The key behind the bucket's prefix.
    rest: Key,
}

impl<'a> Place<'a> {
    #[inline(always)]
    fn new(question: usize, key: &Key, placed: Placed<'a>) -> Self {
        Self { question, placed, rest: key.skip(placed.prefix_bits) }
    }
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
        let Self { core, access, digests, answers, asked, next } = self;
        let layout = core.layout();
        let mut places = Reached::new();
        let mut unknown = Reached::new();
        for question in asked.iter().map(|number| *number as usize) {
            let key = digests[question].key();
            match core.known_bucket(access, key) {
                Some(placed) => {
                    placed.bucket.prefetch_high();
                    places.add(Place::new(question, key, placed), true);
                }
                None => unknown.add(question, true),
            }
        }
        if unknown.length > 0 {
            resolve(core, access, digests, &unknown, &mut places)?;
        }
        for number in next {
            prefetch_item(digests, *number as usize);
        }
        let malformed = |place: &Place<'_>| core.bucket_fault(place.placed.offset, MALFORMED);
        let mut slots = Reached::new();
        for place in places.iter() {
            let bucket = &place.placed.bucket;
            let slot = bucket.slot::<O>(&place.rest).ok_or_else(|| malformed(place))?;
            bucket.prefetch_slot(slot);
            slots.add((place, slot), slot.run > 0);
        }
        let mut found = Reached::new();
        for (place, slot) in slots.iter() {
            let bucket = &place.placed.bucket;
            let entry = bucket.find_in(*slot, &place.rest);
            if layout.counts {
                bucket.prefetch_counts(entry.unwrap_or_default());
                found.add((*place, entry.unwrap_or_default()), entry.is_some());
            } else if entry.is_some() {
                answers[place.question] = core.answer(Some(0));
            }
        }
        for (place, entry) in found.iter() {
            let count = place.placed.bucket.count::<O>(*entry).map_err(|Malformed| malformed(place))?;
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
    let (layout, known) = (core.layout(), places.length);
    let mut located = Reached::new();
    for question in unknown.iter() {
        let key = digests[*question].key();
        let prefix = key.leading(layout.directory_bits) as u32;
        if let Some(locator) = core.locate(prefix) {
            located.add((*question, prefix, locator), true);
        }
    }
    // By itself, as the buckets' lines are asked for.
    for (question, _, locator) in located.iter() {
        core.prefetch_head(access, digests[*question].key(), *locator);
    }
    for (question, prefix, locator) in located.iter() {
        let key = digests[*question].key();
        let group = core.group(access, *prefix, *locator, 0, unit())?;
        let bucket = bucket_of(key, layout, &group);
        if let Some(placed) = core.placed(access, key, *prefix, *locator, &group, bucket)? {
            places.add(Place::new(*question, key, placed), true);
        }
    }
    // In a loop of its own, which was measured to be quicker where so much work finds a bucket. Likely a request whose page
    // the processor has yet to look up holds up what follows, so that fewer are looked up at a time with work between them.
    for place in places.iter().skip(known) {
        place.placed.bucket.prefetch_high();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::coverage::Coverage;
    use crate::digest::Kind;
    use crate::index::Index;
    use crate::testing::{Random, assemble, digest, entries, layout};

    #[test]
    fn questions_are_put_in_order_whole() {
        let mut random = Random(7);
        let mut order = Vec::new();
        for length in [0_usize, 1, 2, 3, 63, 64, 65, 2047, 2048, 2049, 40_000, 5] {
            let digests: Vec<Digest> =
                (0..length).map(|_| digest(Kind::Sha1, random.key(Kind::Sha1))).collect();
            by_leading_bits(&digests, &mut order);
            let bits = SORTED_BITS.min(length.max(1).ilog2());
            let mut expected: Vec<u32> = (0..length as u32).collect();
            expected.sort_by_key(|number| digests[*number as usize].key().leading(bits));
            assert_eq!(order, expected);
        }
    }
    #[test]
    fn answers_in_order_are_those_of_single_lookups() {
        let mut random = Random(8);
        let keys = (0..20_000).map(|_| random.key(Kind::Sha1)).collect::<Vec<_>>();
        let entries = entries(keys, 160, &mut random);
        let layout = layout(Kind::Sha1, 160, 6);
        let bytes = assemble(layout, &entries, Coverage::whole());
        let index = Index::from_bytes(bytes.clone(), "test").unwrap();
        let keys =
            entries.iter().rev().map(|entry| entry.key).chain((0..20_000).map(|_| random.key(Kind::Sha1)));
        let mut digests: Vec<Digest> = keys.map(|key| digest(Kind::Sha1, key)).collect();
        digests.rotate_left(7_001);
        let alone: Vec<Answer> = digests.iter().map(|digest| index.lookup(digest).unwrap()).collect();
        // An index that was asked nothing, and then one that knows all buckets.
        let index = Index::from_bytes(bytes.clone(), "test").unwrap();
        let core = &index.core;
        let access = InMemory(core.storage.bytes().unwrap());
        for _ in 0..2 {
            let mut answers = vec![Answer::Absent; digests.len()];
            in_order(core, access, &digests, &mut answers).map_err(|failure| core.failed(failure)).unwrap();
            assert_eq!(answers, alone);
        }
        // Every group is damaged; the first question's is told.
        let mut damaged = bytes;
        for at in (300..damaged.len() - 4_000).step_by(900) {
            damaged[at] ^= 1;
        }
        let told = |is_worth_sorting| {
            let index = Index::from_bytes(damaged.clone(), "test").unwrap();
            let (core, mut answers) = (&index.core, vec![Answer::Absent; digests.len()]);
            let access = InMemory(core.storage.bytes().unwrap());
            let failure =
                answer_admitted(core, access, &digests, &mut answers, is_worth_sorting).unwrap_err();
            core.failed(failure).to_string()
        };
        assert_eq!(told(true), told(false));
    }
}
