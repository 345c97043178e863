//! Timing without a framework: medians over whole passes, and answers that must be right before a time counts.

#![forbid(unsafe_code)]

use std::hint::black_box;
use std::time::Instant;

/// How often a pass is repeated; the median counts. One more pass before warms caches and verified buckets.
pub const PASSES: usize = 5;

/// A structure gave another answer than the corpus holds, so its time means nothing.
#[derive(Debug, thiserror::Error)]
#[error("{what}: found {found}, but the corpus says {expected}")]
pub struct WrongAnswers {
    /// What was measured.
    pub what: String,
    /// The sum of all answers, or the number of entries.
    pub found: u64,
    /// What it had to be.
    pub expected: u64,
}

/// Nanoseconds per question, asked one at a time.
#[derive(Clone, Copy, Debug)]
pub struct Scalar {
    /// Calls that do not depend on one another: the processor overlaps them as far as it can.
    pub independent: f64,
    /// Each call waits for the answer before it: what a single question costs from end to end.
    pub dependent: f64,
    /// The sum of the answers of one pass.
    pub answers: u64,
}

/// Times `ask` over all questions, independent and dependent.
pub fn scalar<Q>(questions: &[Q], ask: impl Fn(&Q) -> u64) -> Scalar {
    // Zero, but the compiler does not know it, so the next index needs the answer before.
    let gate = black_box(0_usize);
    let (independent, answers) =
        median_pass(questions.len(), || questions.iter().fold(0_u64, |sum, q| sum.wrapping_add(ask(q))));
    let (dependent, _) = median_pass(questions.len(), || {
        let (mut sum, mut before) = (0_u64, 0_usize);
        for index in 0..questions.len() {
            let answer = ask(&questions[index + (before & gate)]);
            before = answer as usize;
            sum = sum.wrapping_add(answer);
        }
        sum
    });
    Scalar { independent, dependent, answers }
}

/// The median time of a pass per item in nanoseconds, and what the last pass returned.
pub fn median_pass<T>(items: usize, mut pass: impl FnMut() -> T) -> (f64, T) {
    black_box(pass());
    let mut times = Vec::with_capacity(PASSES);
    let mut last = None;
    for _ in 0..PASSES {
        let started = Instant::now();
        last = Some(black_box(pass()));
        times.push(started.elapsed().as_nanos() as f64);
    }
    match last {
        Some(result) => (median(&mut times) / items.max(1) as f64, result),
        None => unreachable!("there is at least one pass"),
    }
}

/// The time of one pass, without warming, per item in nanoseconds.
pub fn single_pass<T>(items: usize, pass: impl FnOnce() -> T) -> (f64, T) {
    let started = Instant::now();
    let result = black_box(pass());
    (started.elapsed().as_nanos() as f64 / items.max(1) as f64, result)
}

/// The middle value; of an even number of values the upper middle one. 0 of none.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Refuses a time whose answers are wrong.
///
/// # Errors
/// [`WrongAnswers`] when the sums differ.
pub fn expect(what: &str, found: u64, expected: u64) -> Result<(), WrongAnswers> {
    if found == expected { Ok(()) } else { Err(WrongAnswers { what: what.to_owned(), found, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn every_question_is_asked_in_every_pass() {
        let times = scalar(&[1_u64, 2, 3], |q| *q);
        assert_eq!(times.answers, 6);
        assert!(expect("sums", times.answers, 6).is_ok());
        assert_eq!(
            expect("sums", 5, 6).err().map(|error| error.to_string()).as_deref(),
            Some("sums: found 5, but the corpus says 6")
        );
    }
}
