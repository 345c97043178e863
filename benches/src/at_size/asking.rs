//! Asks a structure: first whether its answers are right, then how long they take with its file in the page cache,
//! and what they read from disk with a cold one.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use super::cold::{Reads, drop_pages, warm_pages};
use super::figures::{Asking, Cold, Latency};
use super::{Ask, Outcome, Structure, files};
use crate::corpus::{Corpus, Row};
use crate::machine::{anonymous_memory, available_memory};
use crate::measure::{self, WrongAnswers};
use crate::questions::{Questions, endless_misses};

/// How much is asked.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Questions of each sort that are timed.
    pub questions: usize,
    /// Digests that are not in the corpus, to count false positives.
    pub misses: usize,
    /// Questions to a cold file.
    pub cold: usize,
}

/// Prefixes whose entries are counted.
const RANGES: u32 = 64;

/// Tests all answers, then times them.
///
/// # Errors
/// Those of the structure; [`WrongAnswers`].
pub fn warm(structure: &dyn Structure, corpus: &Corpus, folder: &Path, plan: Plan) -> Outcome<Asking> {
    let questions = Questions::sample(corpus, plan.questions);
    let files = files(folder)?;
    let warmed_whole = fits_the_page_cache(folder)?;
    if warmed_whole {
        warm_pages(&files)?;
    }
    let before = anonymous_memory("self");
    let mut opened = structure.open(folder)?;
    let mut opening = Vec::new();
    for _ in 0..measure::PASSES {
        drop(opened);
        let started = Instant::now();
        opened = structure.open(folder)?;
        opening.push(started.elapsed().as_secs_f64());
    }
    let knows = structure.knows();
    check_hits(opened.as_ref(), &questions.hits, knows.counts)?;
    let ranges = check_ranges(opened.as_ref(), corpus, structure)?;
    let (asked, false_positives) = false_positives(opened.as_ref(), structure, &questions, plan.misses)?;
    let hit = timed(opened.as_ref(), &questions.hits)?;
    let miss = timed(opened.as_ref(), &questions.misses)?;
    let held = before.zip(anonymous_memory("self")).map(|(before, after)| after.saturating_sub(before));
    Ok(Asking {
        open_seconds: measure::median(&mut opening),
        warmed_whole,
        held_bytes: held,
        hit,
        miss,
        misses_asked: asked,
        false_positives,
        counts: Some(knows.counts),
        ranges: Some(ranges),
    })
}

/// Asks a structure that was never opened since its pages left the page cache.
///
/// # Errors
/// Those of the structure; [`WrongAnswers`].
pub fn cold(structure: &dyn Structure, corpus: &Corpus, folder: &Path, plan: Plan) -> Outcome<Cold> {
    let questions = Questions::sample(corpus, plan.cold);
    drop_pages(&files(folder)?)?;
    let before = Reads::now();
    let started = Instant::now();
    let opened = structure.open_cold(folder)?;
    let open_seconds = started.elapsed().as_secs_f64();
    let between = Reads::now();
    let mut times = Vec::with_capacity(questions.hits.len());
    let mut answers = Vec::with_capacity(questions.hits.len());
    for question in &questions.hits {
        let started = Instant::now();
        answers.push(opened.ask(question)?);
        times.push(started.elapsed().as_secs_f64());
    }
    let after = Reads::now();
    for (question, answer) in questions.hits.iter().zip(answers) {
        check(question, answer, structure.knows().counts)?;
    }
    let since = |later: Option<Reads>, earlier: Option<Reads>| Some(later?.since(earlier?));
    Ok(Cold::new(open_seconds, since(between, before), &mut times, since(after, between)))
}

/// Whether all of a folder's files and what reads them have room in memory.
fn fits_the_page_cache(folder: &Path) -> std::io::Result<bool> {
    let mut bytes = 0;
    for path in files(folder)? {
        bytes += path.metadata()?.len();
    }
    Ok(available_memory().is_some_and(|available| bytes <= available / 10 * 9))
}

fn check(question: &Row, answer: u64, counts: bool) -> Result<(), WrongAnswers> {
    let expected = if counts { u64::from(question.count) } else { 1 };
    measure::expect(&format!("an entry under {:05X}", question.leading() >> 44), answer, expected)
}

fn check_hits(opened: &dyn Ask, hits: &[Row], counts: bool) -> Outcome<()> {
    hits.iter().try_for_each(|question| Ok(check(question, opened.ask(question)?, counts)?))
}

/// Whether ranges can be told, which must be what the structure says of itself.
fn check_ranges(opened: &dyn Ask, corpus: &Corpus, structure: &dyn Structure) -> Outcome<bool> {
    if !structure.knows().ranges {
        return Ok(false);
    }
    let (first, last) = (*corpus.prefixes().start(), *corpus.prefixes().end());
    for prefix in (first..=last).step_by(((last - first) / RANGES + 1) as usize).chain([last]) {
        let found = opened.entries_under(prefix).ok_or("it cannot tell ranges though it says so")??;
        let expected = u64::from(corpus.entries_under(prefix));
        measure::expect(&format!("entries under {prefix:05X}"), found, expected)?;
    }
    Ok(true)
}

/// How many digests that are absent were asked for, and how many of them it holds to be present.
fn false_positives(
    opened: &dyn Ask,
    structure: &dyn Structure,
    questions: &Questions,
    misses: usize,
) -> Outcome<(u64, u64)> {
    let mut found = 0;
    if structure.knows().exact {
        for question in &questions.misses {
            measure::expect("a digest that is absent", opened.ask(question)?, 0)?;
        }
        return Ok((questions.misses.len() as u64, 0));
    }
    for question in endless_misses().take(misses) {
        found += u64::from(opened.ask(&question)? > 0);
    }
    Ok((misses as u64, found))
}

/// Times questions whose answers were found right before; the first error ends it.
fn timed(opened: &dyn Ask, questions: &[Row]) -> Outcome<Latency> {
    let failed: RefCell<Option<Box<dyn Error>>> = RefCell::new(None);
    let times = measure::scalar(questions, |question| {
        opened.ask(question).unwrap_or_else(|error| {
            failed.borrow_mut().get_or_insert(error);
            0
        })
    });
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(Latency { independent: times.independent, dependent: times.dependent }),
    }
}
