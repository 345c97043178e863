//! Measures a file of pairs: bytes for each pair, how long adding takes, and how long a question takes. Times are those of
//! the processor, where the system says them, so that other work on the machine does not count.
//!
//! `cargo run --release -p breachdex-pairs --features build --example measure -- [PAIRS]` (a million, if not said)

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use breachdex_pairs::{PairKey, PairMatch, PairRules, Pairs, PairsError, PairsFile, PairsOptions};

/// Questions of each kind that are timed.
const QUESTIONS: u32 = 20_000;

/// The time of this thread on a processor; on systems that do not say it, the time.
struct Clock {
    start: Instant,
    on_processor: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Self { start: Instant::now(), on_processor: on_processor() }
    }

    fn elapsed(&self) -> Duration {
        match (self.on_processor, on_processor()) {
            (Some(start), Some(end)) => end.saturating_sub(start),
            _ => self.start.elapsed(),
        }
    }
}

/// The first number of Linux's `schedstat`: nanoseconds on a processor.
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

fn pair(number: u64) -> (String, String) {
    (format!("user{number}@example{}.jp", number % 1000), format!("Password-{}", number * 7919))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |number| number.parse())?;
    let folder = tempfile::tempdir()?;
    let (key_path, path) = (folder.path().join("pairs.key"), folder.path().join("pairs.bdx"));
    let key = PairKey::create(&key_path)?;
    let file = PairsFile::at(&path, &key, PairRules::default());
    let start = Clock::start();
    let mut changes = file.changes();
    for at in 0..number {
        let (user, password) = pair(at);
        changes.push(&user, password.as_bytes())?;
    }
    println!("hash {number} pairs: {:.2?}", start.elapsed());
    let start = Clock::start();
    changes.add_all(&())?;
    println!("write them to a new file: {:.2?}", start.elapsed());
    let start = Clock::start();
    file.add([("one more", b"pair".as_slice())], &())?;
    println!("add one more: {:.2?}", start.elapsed());
    let bytes = std::fs::metadata(&path)?.len();
    println!("{bytes} bytes, {:.1} a pair", bytes as f64 / number as f64);
    for mapped in [false, true] {
        let pairs = Pairs::open(&path, &key_path, PairsOptions { mapped, ..PairsOptions::default() })?;
        let how = if mapped { "mapped" } else { "read" };
        for (name, expected) in [("a pair", Some(PairMatch::Pair)), ("nothing", None)] {
            let time = questions(&pairs, number, expected)?;
            println!("find {name}, {how}: {:.1} us", time.as_secs_f64() * 1e6);
        }
    }
    Ok(())
}

/// The time of one question, of many all over the file, each asked twice and timed the second time.
fn questions(
    pairs: &Pairs,
    number: u64,
    expected: Option<PairMatch>,
) -> Result<Duration, Box<dyn std::error::Error>> {
    let asked: Vec<(String, String)> = (0..u64::from(QUESTIONS))
        .map(|at| {
            let (user, password) = pair(at * number / u64::from(QUESTIONS));
            if expected.is_some() { (user, password) } else { (format!("nobody-{user}"), password) }
        })
        .collect();
    let ask = || -> Result<(), PairsError> {
        for (user, password) in &asked {
            assert_eq!(pairs.find(user, password.as_bytes())?, expected);
        }
        Ok(())
    };
    ask()?;
    let start = Clock::start();
    ask()?;
    Ok(start.elapsed() / QUESTIONS)
}
