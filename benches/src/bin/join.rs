//! `join`: what it costs to make one index of segments, beside a plain copy of the same files.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use breachdex::{
    BuildOptions, BuildReport, CoverageRule, Digest, Entry, EntryBatches, JoinOptions, Kind, build_entries,
    join,
};
use breachdex_benches::corpus::{Corpus, CorpusSpec};
use breachdex_benches::machine::anonymous_memory;
use breachdex_benches::measure::expect;
use breachdex_benches::report::{Report, announce};
use clap::Parser;

/// Build segments of a corpus, join them, and time that beside a copy of the segments
#[derive(Parser)]
struct Arguments {
    /// How many entries
    #[arg(long, default_value_t = 100_000_000)]
    entries: u64,
    /// How many segments
    #[arg(long, default_value_t = 16)]
    segments: u32,
    /// How often each is repeated
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Threads of a join
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Write the report to this file as well
    #[arg(long)]
    out: Option<PathBuf>,
    /// A folder for the segments, which are used where they are there, a copy of them and the joined index
    folder: PathBuf,
}

/// Prefixes of 20 bits.
const PREFIXES: u32 = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let corpus = Arc::new(Corpus::new(CorpusSpec::whole(arguments.entries))?);
    let mut report = Report::new("Joining segments");
    let segments = build_all(&corpus, &arguments, &mut report)?;
    let bytes = segments.iter().map(|path| Ok(fs::metadata(path)?.len())).sum::<std::io::Result<u64>>()?;
    report.section(
        "Joining",
        "Seconds until the file is synced, each round in turn; the segments are in the page cache where they fit. RssAnon \
         is what the process holds after all rounds, the generator's tables included.",
    );
    let mut rows = Vec::new();
    for round in 1..=arguments.rounds {
        announce(format_args!("round {round}"));
        let copied = timed(|| copy(&segments, &arguments.folder.join("copy.bdx")))?;
        rows.push(row(format!("copy {round}"), copied, bytes, "the segments into one file".into()));
        let mut made = None;
        let joined = timed(|| {
            made = Some(join_all(&segments, &arguments)?);
            Ok(())
        })?;
        let BuildReport { entries, groups, groups_copied, parsing, writing, syncing, .. } =
            made.ok_or("nothing was joined")?;
        expect("the join", entries, arguments.entries)?;
        let note = format!(
            "{groups_copied} of {groups} groups copied; reading and checking {:.2}, writing {:.2}, syncing {:.2} s",
            parsing.as_secs_f64(),
            writing.as_secs_f64(),
            syncing.as_secs_f64(),
        );
        rows.push(row(format!("join {round}"), joined, bytes, note));
    }
    report.table(["what", "seconds", "MB/s", "note"], &rows);
    if let Some(bytes) = anonymous_memory("self") {
        report.line(format_args!("\nRssAnon: {:.1} MiB", bytes as f64 / 1024.0 / 1024.0));
    }
    Ok(report.publish(arguments.out.as_deref(), false)?)
}

/// Builds the segments that are not there.
fn build_all(
    corpus: &Arc<Corpus>,
    arguments: &Arguments,
    report: &mut Report,
) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let each = PREFIXES.div_ceil(arguments.segments);
    let started = Instant::now();
    let (mut paths, mut built) = (Vec::new(), 0);
    for first in (0..PREFIXES).step_by(each as usize) {
        let last = (first + each - 1).min(PREFIXES - 1);
        let path = arguments.folder.join(format!("{first:05x}-{last:05x}.bdx"));
        if !path.exists() {
            announce(format_args!("segment {first:05X}"));
            built += build_one(corpus, first, last, &path)?.entries;
        }
        paths.push(path);
    }
    if built > 0 {
        report
            .section("Segments", "Built of sorted entries in memory, which the generator makes on the way.");
        report.line(format_args!("{built} entries, {:.1} seconds", started.elapsed().as_secs_f64()));
    }
    Ok(paths)
}

fn build_one(corpus: &Arc<Corpus>, first: u32, last: u32, path: &Path) -> breachdex::Result<BuildReport> {
    let corpus = Arc::clone(corpus);
    let entries = move |prefix: u32| {
        let mut reader = corpus.reader();
        let entry = |row: &breachdex_benches::corpus::Row| {
            Ok(Entry::new(&Digest::from_bytes(Kind::Sha1, &row.digest)?, row.count.into()))
        };
        reader.read(prefix).iter().map(entry).collect()
    };
    let options = BuildOptions {
        coverage: CoverageRule::Prefixes(vec![(first, last)]),
        directory_bits: Some(16),
        ..BuildOptions::default()
    };
    build_entries(EntryBatches::new("the corpus", (first..=last).map(entries)).sorted(), path, &options, &())
}

fn join_all(segments: &[PathBuf], arguments: &Arguments) -> breachdex::Result<BuildReport> {
    let options = JoinOptions { replace: true, threads: arguments.threads, ..JoinOptions::default() };
    let target = arguments.folder.join("joined.bdx");
    let report = join(segments, &target, &options, &());
    let _ = fs::remove_file(&target);
    report
}

/// Copies all files into one and syncs it.
fn copy(segments: &[PathBuf], to: &Path) -> Result<(), Box<dyn Error>> {
    let mut target = File::create(to)?;
    for segment in segments {
        std::io::copy(&mut File::open(segment)?, &mut target)?;
    }
    target.sync_all()?;
    Ok(fs::remove_file(to)?)
}

fn row(what: String, seconds: f64, bytes: u64, note: String) -> [String; 4] {
    [what, format!("{seconds:.2}"), format!("{:.0}", bytes as f64 / seconds / 1e6), note]
}

fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64())
}
