//! The hot paths on inputs that are always the same, for a program that counts their instructions.
//!
//! `instructions prepare FOLDER` makes the inputs there, and `instructions PART FOLDER` does one part and prints for how
//! many items. What counts happens in a function called `measured`; of `build` all of the process. `instructions.py` runs
//! each part under callgrind and compares.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use breachdex::{
    Answer, BuildOptions, Corpus as Sources, Digest, DigestList, Index, Input, Kind, RangeScratch, ReadMode,
    build,
};
use breachdex_benches::corpus::{Corpus, CorpusSpec, Order, write_text};
use breachdex_benches::questions::{Questions, digests};
use breachdex_policy::{Candidate, Event, Settings};
use breachdex_server::ServeOptions;
use breachdex_server::simulation::Unconnected;
use clap::{Parser, ValueEnum};

/// As many prefixes of the real corpus's density as make its directory and the widths of its columns.
const PREFIXES: u32 = 2_176;
const DENSITY: u64 = 1_973;
/// Lookups of a part.
const LOOKUPS: usize = 20_000;
/// Lines of the text that is built from.
const LINES: u64 = 200_000;

/// Do one part.
#[derive(Parser)]
struct Flags {
    part: Part,
    folder: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    /// Make the inputs
    Prepare,
    /// Lookups of digests that are there
    Hit,
    /// Lookups of digests that are not there
    Miss,
    /// The former, many at once
    Bulk,
    /// Ranges of a mapped index whose buckets were checked before
    Range,
    /// Ranges that are read and checked
    CheckedRange,
    /// All entries as text, on one thread
    Export,
    /// An index of sorted text, on one thread: the whole process
    Build,
    /// Verdicts of the default rules on plain ASCII
    Policy,
    /// A server's answers that it has ready: what a request takes besides its body
    Request,
    /// A server's answers with gzip that it has to make
    Gzip,
    /// Digests of passwords, many at once
    Passwords,
}

fn corpus(entries: u64, prefixes: u32) -> Result<Corpus, Box<dyn Error>> {
    Ok(Corpus::new(CorpusSpec { kind: Kind::Sha1, entries, prefixes: 0..=prefixes - 1, seed: 1 })?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let Flags { part, folder } = Flags::parse();
    let (path, lines) = (folder.join("instructions.bdx"), folder.join("lines.txt"));
    let items = match part {
        Part::Prepare => return prepare(&folder, &path, &lines),
        Part::Hit | Part::Miss => lookups(&path, matches!(part, Part::Hit))?,
        Part::Bulk => bulk(&path)?,
        Part::Range => ranges(&Index::map(&path)?)?,
        Part::CheckedRange => ranges(&Index::open(&path)?)?,
        Part::Export => export(&path)?,
        Part::Build => {
            let options = BuildOptions { threads: 1, replace: true, ..BuildOptions::default() };
            build(&[Input::path(&lines)], &folder.join("built.bdx"), &options, &())?.entries as usize
        }
        Part::Policy => policy(&path)?,
        Part::Request => requests(&path, 1 << 30, "identity")?,
        Part::Gzip => requests(&path, 0, "gzip")?,
        Part::Passwords => passwords()?,
    };
    println!("{items}");
    Ok(())
}

/// Calls what is measured; callgrind counts from here to the return.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

fn prepare(folder: &Path, index: &Path, lines: &Path) -> Result<(), Box<dyn Error>> {
    let text = folder.join("text.txt");
    for (entries, prefixes, target) in
        [(u64::from(PREFIXES) * DENSITY, PREFIXES, &*text), (LINES, 1 << 20, lines)]
    {
        let mut file = BufWriter::new(File::create(target)?);
        write_text(&corpus(entries, prefixes)?, Order::Sorted, &mut file, "the text")?;
    }
    build(&[Input::path(&text)], index, &BuildOptions { replace: true, ..BuildOptions::default() }, &())?;
    std::fs::remove_file(text)?;
    Ok(())
}

/// Digests that are there, and some that are not.
fn questions() -> Result<(Vec<Digest>, Vec<Digest>), Box<dyn Error>> {
    let questions = Questions::sample(&corpus(u64::from(PREFIXES) * DENSITY, PREFIXES)?, LOOKUPS);
    // Absent ones under the prefixes that have entries.
    let misses = questions.hits.iter().zip(&questions.misses).map(|(hit, miss)| {
        let mut row = *miss;
        row.digest[..4].copy_from_slice(&hit.digest[..4]);
        row
    });
    Ok((digests(&questions.hits)?, digests(&misses.collect::<Vec<_>>())?))
}

fn lookups(path: &Path, hits: bool) -> Result<usize, Box<dyn Error>> {
    let (there, absent) = questions()?;
    let (index, asked) = (Index::map(path)?, if hits { there } else { absent });
    let ask = || {
        asked.iter().try_fold(0, |found, digest| Ok(found + usize::from(index.lookup(digest)?.is_present())))
    };
    // Once before, for the checks at first touch.
    let before: Result<usize, breachdex::Error> = ask();
    let found = measured(ask)?;
    if found != before? || found != if hits { asked.len() } else { 0 } {
        return Err("wrong answers".into());
    }
    Ok(asked.len())
}

fn bulk(path: &Path) -> Result<usize, Box<dyn Error>> {
    let (there, _) = questions()?;
    let index = Index::map(path)?;
    let mut answers = vec![Answer::Absent; there.len()];
    index.lookup_many(&there, &mut answers)?;
    measured(|| index.lookup_many(&there, &mut answers))?;
    Ok(there.len())
}

fn ranges(index: &Index) -> Result<usize, Box<dyn Error>> {
    let (mut scratch, mut body) = (RangeScratch::default(), Vec::new());
    let mut write = || {
        (0..PREFIXES).step_by(20).try_fold(0, |ranges, prefix| {
            body.clear();
            index.write_range(prefix, ReadMode::Blocking, &mut scratch, &mut body)?;
            Ok::<usize, breachdex::Error>(ranges + 1)
        })
    };
    write()?;
    Ok(measured(write)?)
}

fn export(path: &Path) -> Result<usize, Box<dyn Error>> {
    let index = Index::map(path)?;
    let mut bytes = 0;
    measured(|| {
        index.export(
            1,
            &mut |piece: &[u8]| {
                bytes += piece.len();
                Ok::<(), breachdex::Error>(())
            },
            &(),
        )
    })?;
    Ok(if bytes > 0 { index.len() as usize } else { 0 })
}

/// Requests without a network, of a server that keeps so many bytes of bodies.
fn requests(path: &Path, cache_bytes: usize, encoding: &str) -> Result<usize, Box<dyn Error>> {
    let options = ServeOptions {
        indexes: vec![path.to_owned()],
        allow_partial: true,
        cache_bytes,
        ..ServeOptions::default()
    };
    let server = Unconnected::open(&options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let paths: Vec<String> = (0..PREFIXES).step_by(20).map(|prefix| format!("/range/{prefix:05X}")).collect();
    let ask = || {
        runtime.block_on(async {
            let mut sent = 0;
            for path in &paths {
                let (status, body) = server.answer(path, encoding).await;
                sent += if status == 200 { body.len() } else { return None };
            }
            Some(sent)
        })
    };
    // Bodies are kept when they are asked for again.
    for _ in 0..4 {
        ask();
    }
    measured(ask).ok_or("a range was refused")?;
    Ok(paths.len())
}

fn passwords() -> Result<usize, Box<dyn Error>> {
    let passwords: Vec<String> = (0..16_384).map(|i| format!("Kettle-{}-walk", i * 7_919)).collect();
    let hash = |kind| {
        let mut list = DigestList::new(kind);
        passwords.iter().try_for_each(|password| list.add_password(password.as_bytes()))?;
        Ok::<usize, breachdex::Error>(list.finish().len())
    };
    let both = || Ok::<usize, breachdex::Error>(hash(Kind::Sha1)? + hash(Kind::Ntlm)?);
    both()?;
    Ok(measured(both)?)
}

fn policy(path: &Path) -> Result<usize, Box<dyn Error>> {
    let corpus = Sources::from(Index::map(path)?);
    let rules = Settings::parse("", "instructions")?.rules;
    let passwords: Vec<String> = (0..2_000).map(|i| format!("Kettle-{}-walk-{i:04}", i * 7_919)).collect();
    let check = || {
        passwords.iter().try_for_each(|password| {
            let candidate = Candidate::new(black_box(password), Event::SignUp);
            black_box(rules.check(&corpus, &candidate, |_| ())?);
            Ok::<(), Box<dyn Error>>(())
        })
    };
    check()?;
    measured(check)?;
    Ok(passwords.len())
}
