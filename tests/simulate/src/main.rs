//! `simulate --seeds N | --seconds N | --seed X [--first X] [--threads N] [--failures N] [--verbose]`

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

const USAGE: &str =
    "simulate (--seeds N | --seconds N | --seed X) [--first X] [--threads N] [--failures N] [--verbose]";
struct Arguments {
    seeds: u64,
    seconds: u64,
    first: u64,
    threads: u64,
    /// Failures after which it ends.
    failures: u64,
    verbose: bool,
}

fn arguments() -> Result<Arguments, String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // New ones every second, far apart.
    let mut read =
        Arguments { seeds: 0, seconds: 0, first: now << 24, threads: 0, failures: 5, verbose: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--verbose" {
            read.verbose = true;
            continue;
        }
        let value = arguments.next().and_then(|value| value.parse().ok()).ok_or(USAGE)?;
        match name.as_str() {
            "--seeds" => read.seeds = value,
            "--seconds" => (read.seconds, read.seeds) = (value, u64::MAX >> 1),
            "--seed" => (read.seeds, read.first, read.threads) = (1, value, 1),
            "--first" => read.first = value,
            "--threads" => read.threads = value,
            "--failures" => read.failures = value,
            _ => return Err(USAGE.into()),
        }
    }
    if read.seeds == 0 {
        return Err(USAGE.into());
    }
    if read.threads == 0 {
        read.threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    }
    Ok(read)
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    println!("seeds from {}", arguments.first);
    let began = Instant::now();
    let (next, done, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let limit = (arguments.seconds > 0).then(|| Duration::from_secs(arguments.seconds));
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let is_over =
                        at >= arguments.seeds || limit.is_some_and(|limit| began.elapsed() >= limit);
                    if is_over || failed.load(Ordering::Relaxed) >= arguments.failures {
                        return;
                    }
                    let seed = arguments.first.wrapping_add(at);
                    let outcome = breachdex_simulate::run(seed);
                    done.fetch_add(1, Ordering::Relaxed);
                    if arguments.verbose {
                        println!("{}", outcome.trace);
                    }
                    if let Some(failure) = outcome.failure {
                        failed.fetch_add(1, Ordering::Relaxed);
                        println!("seed {seed}: {failure}\n  simulate --seed {seed} --verbose");
                    }
                }
            });
        }
    });
    let (done, failed) = (done.into_inner(), failed.into_inner());
    let seconds = began.elapsed().as_secs_f64();
    let rate = done as f64 / seconds * 60.0;
    println!("{done} seeds in {seconds:.1} s ({rate:.0} a minute), {failed} failed");
    if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
