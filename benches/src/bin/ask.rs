//! `ask`: opens an index of a synthetic corpus and asks what it is told on standard input, one command a line; answers
//! each with one JSON object. The caller decides between the commands what is in the page cache.
//!
//! ```text
//! hits FROM COUNT SECONDS      entries of the corpus, each timed by itself
//! misses FROM COUNT SECONDS    digests that are not in it
//! rate KIND FROM COUNT         `hits` or `misses` in passes without a clock between them: median nanoseconds
//! ranges FROM COUNT SECONDS    whole range bodies, by reads
//! pread FROM COUNT SECONDS     4 KiB at random places of the file, as a measure of the disk
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use breachdex::{Checks, Digest, Index, Kind, OpenOptions, PREFIX_COUNT, RangeScratch, ReadMode, Residency};
use breachdex_benches::asking::{Costs, PageReads, number};
use breachdex_benches::corpus::{Corpus, CorpusSpec};
use breachdex_benches::measure::median_pass;
use clap::Parser;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Ask an index of a synthetic corpus, as standard input says
#[derive(Parser)]
struct Arguments {
    /// The index
    index: PathBuf,
    /// Entries of the corpus that it was built from
    #[arg(long)]
    entries: u64,
    /// Hits and misses that are drawn
    #[arg(long, default_value_t = 20_000)]
    questions: usize,
    /// Other questions with another number
    #[arg(long, default_value_t = 1)]
    set: u64,
    /// Open for ranges only, without mapping the file
    #[arg(long)]
    ranges_only: bool,
    /// How much is in memory: on-demand, populate, locked, huge-pages
    #[arg(long, default_value_t = Residency::OnDemand)]
    residency: Residency,
}

/// An entry and how often it was seen.
type Question = (Digest, u64);

struct Session {
    index: Option<Index>,
    by_reads: Option<Index>,
    file: File,
    length: u64,
    set: u64,
    corpus: Corpus,
    hits: Vec<Question>,
    misses: Vec<Question>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let corpus = Corpus::new(CorpusSpec::whole(arguments.entries))?;
    let (hits, misses) = draw(&corpus, &arguments)?;
    let (before, started) = (PageReads::now(), Instant::now());
    let options = OpenOptions::new().residency(arguments.residency);
    let index = match arguments.ranges_only {
        true => None,
        false => Some(Index::open_with(&arguments.index, options.clone().mapped())?),
    };
    let by_reads = match arguments.ranges_only {
        true => Some(Index::open_with(&arguments.index, options.checks(Checks::Always))?),
        false => None,
    };
    let seconds = started.elapsed().as_secs_f64();
    let read = PageReads::now().read_bytes - before.read_bytes;
    let file = File::open(&arguments.index)?;
    let length = file.metadata()?.len();
    answer(&format!("{{\"open_seconds\":{seconds:.9},\"open_read_bytes\":{read}}}"))?;
    let mut session = Session { index, by_reads, file, length, set: arguments.set, corpus, hits, misses };
    for line in io::stdin().lock().lines() {
        let line = line?;
        answer(&session.run(&line)?)?;
    }
    Ok(())
}

fn answer(json: &str) -> io::Result<()> {
    println!("{json}");
    io::stdout().flush()
}

/// One entry out of each of so many prefixes drawn from everywhere, and random digests.
fn draw(corpus: &Corpus, arguments: &Arguments) -> Result<(Vec<Question>, Vec<Question>), Box<dyn Error>> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0x0041_534b ^ arguments.set << 32);
    let mut reader = corpus.reader();
    let mut hits = Vec::with_capacity(arguments.questions);
    while hits.len() < arguments.questions && arguments.entries > 0 {
        let rows = reader.read(random.next_u32() % PREFIX_COUNT);
        if let Some(row) = rows.get(random.next_u32() as usize % rows.len().max(1)) {
            hits.push((Digest::from_bytes(Kind::Sha1, &row.digest)?, u64::from(row.count)));
        }
    }
    let mut misses = Vec::with_capacity(arguments.questions);
    for _ in 0..arguments.questions {
        let mut digest = [0; 20];
        random.fill_bytes(&mut digest);
        misses.push((Digest::from_bytes(Kind::Sha1, &digest)?, 0));
    }
    Ok((hits, misses))
}

impl Session {
    fn run(&mut self, line: &str) -> Result<String, Box<dyn Error>> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.first().copied() {
            Some("hits") => self.lookups(&self.hits, &words),
            Some("misses") => self.lookups(&self.misses, &words),
            Some("rate") => self.rate(&words),
            Some("ranges") => self.ranges(&words),
            Some("pread") => self.preads(&words),
            _ => Err(format!("no such command: `{line}`").into()),
        }
    }

    fn index(&self) -> Result<&Index, Box<dyn Error>> {
        self.index.as_ref().ok_or_else(|| "the index was opened for ranges only".into())
    }

    fn lookups(&self, questions: &[Question], words: &[&str]) -> Result<String, Box<dyn Error>> {
        let (from, count, limit) = extent(words)?;
        let index = self.index()?;
        let part = questions.iter().skip(from).take(count);
        Ok(match index.metadata().has_counts {
            true => Costs::measure(part, limit, |(digest, seen)| Ok(index.count(digest)? == *seen)),
            false => Costs::measure(part, limit, |(digest, seen)| {
                Ok::<_, breachdex::Error>(index.contains(digest, 1)? == (*seen > 0))
            }),
        }?
        .json())
    }

    /// Nanoseconds a question; the sum of the answers keeps the compiler from leaving them out.
    fn rate(&self, words: &[&str]) -> Result<String, Box<dyn Error>> {
        let index = self.index()?;
        let questions = if words.get(1) == Some(&"misses") { &self.misses } else { &self.hits };
        let (from, count) = (number(words, 2, "FROM")?, number::<usize>(words, 3, "COUNT")?);
        let part = questions.get(from..questions.len().min(from + count)).unwrap_or_default();
        let (nanoseconds, found) = median_pass(part.len(), || {
            part.iter()
                .try_fold(0_u64, |sum, (digest, _)| Ok(sum + u64::from(index.lookup(digest)?.is_present())))
        });
        let found: breachdex::Result<u64> = found;
        Ok(format!("{{\"asked\":{},\"ns\":{nanoseconds:.1},\"found\":{}}}", part.len(), found?))
    }

    fn ranges(&self, words: &[&str]) -> Result<String, Box<dyn Error>> {
        let (from, count, limit) = extent(words)?;
        let file = self.by_reads.as_ref().ok_or("only with --ranges-only")?;
        let (mut scratch, mut body) = (RangeScratch::default(), Vec::new());
        let costs = Costs::measure(self.places(from, count), limit, |place| {
            body.clear();
            let prefix = (place % u64::from(PREFIX_COUNT)) as u32;
            let rows = file.write_range(prefix, ReadMode::Blocking, &mut scratch, &mut body)?;
            Ok::<_, breachdex::Error>(rows == self.corpus.entries_under(prefix) as usize)
        })?;
        Ok(costs.json())
    }

    fn preads(&self, words: &[&str]) -> Result<String, Box<dyn Error>> {
        let (from, count, limit) = extent(words)?;
        let pages = (self.length / 4096).max(1);
        let mut page = [0; 4096];
        let costs = Costs::measure(self.places(from, count), limit, |place| {
            Ok::<_, io::Error>(self.file.read_at(&mut page, place % pages * 4096)? > 0)
        })?;
        Ok(costs.json())
    }

    /// Random numbers, the same for the same part.
    fn places(&self, from: usize, count: usize) -> Vec<u64> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(0x0050_4c41 ^ self.set << 32);
        std::iter::repeat_with(|| random.next_u64() >> 8).skip(from).take(count).collect()
    }
}

fn extent(words: &[&str]) -> io::Result<(usize, usize, Duration)> {
    let seconds: f64 = number(words, 3, "SECONDS")?;
    Ok((
        number(words, 1, "FROM")?,
        number(words, 2, "COUNT")?,
        Duration::from_secs_f64(seconds.clamp(0.0, 1e6)),
    ))
}
