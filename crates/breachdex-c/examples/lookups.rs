//! The questions of `benches/c-abi/lookups.c`, asked from Rust without the library for C: `benches/c-abi.sh` compares them.

#![forbid(unsafe_code)]

use std::error::Error;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use breachdex::{Corpus, Digest, Kind, LiveIndex, OpenOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |name: &str| arguments.next().ok_or(format!("{name} is missing"));
    let (index, questions, rounds) = (next("INDEX")?, next("QUESTIONS")?, next("ROUNDS")?.parse::<u32>()?);
    let index = LiveIndex::open(&index, OpenOptions::new().mapped(), Some(Duration::from_secs(1)))?;
    let corpus = Corpus::builder().base(index).build()?;
    let questions = std::fs::read(questions)?;
    let (digests, _) = questions.as_chunks::<20>();
    let mut out = std::io::stdout().lock();
    for _ in 0..rounds {
        let (started, mut sum, mut found) = (Instant::now(), 0_u64, 0);
        for digest in digests {
            let digest = Digest::from_bytes(Kind::Sha1, black_box(digest))?;
            let count = corpus.count(&digest)?;
            sum += count;
            found += u32::from(count > 0);
        }
        let taken = started.elapsed().as_nanos() as f64 / digests.len() as f64;
        writeln!(out, "{taken:.1} ns a question, {found} found, {sum} in all")?;
    }
    Ok(())
}
