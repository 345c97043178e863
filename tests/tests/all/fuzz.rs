//! Every fuzz target, run by the in-tree mutator from the committed seeds for `BREACHDEX_FUZZ_SECONDS` in
//! all (10 where that is not set). A failing input is printed as hex, to become a seed.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use breachdex_tests::fuzz::{Mutator, TARGETS, Target, seeds};

fn run(target: &Target, time: Duration, seed: u64) -> u64 {
    let (name, function) = target;
    let mut corpus = seeds(name);
    let attempt = |bytes: &[u8]| {
        if catch_unwind(AssertUnwindSafe(|| function(bytes))).is_err() {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            panic!("target {name} failed on {hex}");
        }
    };
    corpus.iter().for_each(|bytes| attempt(bytes));
    let mut mutator = Mutator::new(seed);
    let (started, mut runs) = (Instant::now(), 0);
    while started.elapsed() < time {
        let bytes = mutator.mutate(&corpus);
        attempt(&bytes);
        runs += 1;
        // A wandering corpus reaches further than single steps from the seeds.
        if runs % 64 == 0 && bytes.len() < 16_384 && corpus.len() < 512 {
            corpus.push(bytes);
        }
    }
    runs
}

#[test]
fn targets_hold_for_mutated_inputs() {
    let seconds =
        std::env::var("BREACHDEX_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10.0);
    let share = Duration::from_secs_f64(seconds) / TARGETS.len() as u32;
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    eprintln!("in-tree mutator, seed {seed}, {seconds} s");
    for target in TARGETS {
        let runs = run(target, share, seed);
        eprintln!("{}: {runs} inputs", target.0);
        assert!(runs > 0);
    }
}
