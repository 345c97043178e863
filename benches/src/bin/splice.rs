//! `splice`: what it costs to bring an index up to date, beside a plain copy of the file.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use breachdex::{
    ChangedRange, Coverage, Digest, Entry, Index, Kind, SpliceOptions, SpliceReport, diff, splice,
};
use breachdex_benches::corpus::{Corpus, CorpusSpec, PrefixReader};
use breachdex_benches::machine::anonymous_memory;
use breachdex_benches::measure::expect;
use breachdex_benches::report::{Report, announce};
use clap::Parser;

/// Splice ranges of which a share changed into an index, and time that beside a copy of the file
#[derive(Parser)]
struct Arguments {
    /// How many entries
    #[arg(long, default_value_t = 60_000_000)]
    entries: u64,
    /// The last 5-digit prefix that they fall under; fewer prefixes are denser
    #[arg(long, default_value_t = 0xf_ffff)]
    last: u32,
    /// One range in so many changes
    #[arg(long, default_value_t = 100)]
    share: u32,
    /// How often each is repeated
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Write the report to this file as well
    #[arg(long)]
    out: Option<PathBuf>,
    /// A folder for three indexes; `base.bdx` in it is used where it is there
    folder: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let spec = CorpusSpec { prefixes: 0..=arguments.last, ..CorpusSpec::whole(arguments.entries) };
    let corpus = Corpus::new(spec)?;
    let options = SpliceOptions {
        coverage: Coverage::from_ranges([(0, arguments.last)]).ok_or("no such prefix")?,
        replace: true,
        ..SpliceOptions::default()
    };
    let mut report = Report::new("Splicing");
    let base = arguments.folder.join("base.bdx");
    if !base.exists() {
        report.section(
            "All ranges, no base",
            "Seconds until the index is synced, the ranges in memory, and what all threads spent on what.",
        );
        let columns =
            ["all ranges", "seconds", "M entries/s", "handing over", "encoding", "writing", "syncing"];
        report.table(columns, &[make(&corpus, &base, &options)?]);
    }
    report.section(
        "Some ranges changed",
        "Seconds until the file is synced, median and best; the base is in the page cache. RssAnon is what the \
         process holds in the end, the generator's tables included.",
    );
    let mut bench = Bench { corpus: &corpus, arguments: &arguments, options: &options, base: &base };
    report.table(["what", "median", "best", "note"], &bench.rows()?);
    if let Some(bytes) = anonymous_memory("self") {
        report.line(format_args!("\nRssAnon: {:.1} MiB", bytes as f64 / 1024.0 / 1024.0));
    }
    Ok(report.publish(arguments.out.as_deref(), false)?)
}

/// A range as the corpus has it.
fn range(reader: &mut PrefixReader<'_>, prefix: u32) -> breachdex::Result<ChangedRange> {
    let entry = |row: &breachdex_benches::corpus::Row| {
        Ok(Entry::new(&Digest::from_bytes(Kind::Sha1, &row.digest)?, row.count.into()))
    };
    let entries = reader.read(prefix).iter().map(entry).collect::<breachdex::Result<_>>()?;
    Ok(ChangedRange { prefix, entries, folded: 0 })
}

/// Makes the base.
fn make(corpus: &Corpus, base: &Path, options: &SpliceOptions) -> Result<[String; 7], Box<dyn Error>> {
    announce("making the corpus");
    let mut reader = corpus.reader();
    let ranges: Vec<_> = corpus.prefixes().map(|prefix| range(&mut reader, prefix)).collect();
    announce("making the base");
    let started = Instant::now();
    let spliced = splice(None, ranges.into_iter(), base, options, |_| Ok(Vec::new()), &())?;
    let seconds = started.elapsed().as_secs_f64();
    expect("making the base", spliced.index.entries, corpus.spec().entries)?;
    let index = &spliced.index;
    let shares = [index.parsing, index.encoding, index.writing, index.syncing];
    let [parsing, encoding, writing, syncing] = shares.map(|share| format!("{:.2}", share.as_secs_f64()));
    let speed = format!("{:.1}", index.entries as f64 / seconds / 1e6);
    let label = format!("{} entries", index.entries);
    Ok([label, format!("{seconds:.2}"), speed, parsing, encoding, writing, syncing])
}

struct Bench<'a> {
    corpus: &'a Corpus,
    arguments: &'a Arguments,
    options: &'a SpliceOptions,
    base: &'a Path,
}

impl Bench<'_> {
    fn rows(&mut self) -> Result<Vec<[String; 4]>, Box<dyn Error>> {
        let folder = &self.arguments.folder;
        let (copy, target) = (folder.join("copy.bdx"), folder.join("target.bdx"));
        let (mut copies, mut splices, mut differences) = (Vec::new(), Vec::new(), Vec::new());
        let mut note = String::new();
        for round in 0..=self.arguments.rounds {
            announce(format_args!("round {round}"));
            let seconds = timed(|| {
                std::fs::copy(self.base, &copy)?;
                Ok(File::open(&copy)?.sync_all()?)
            })?;
            copies.push(seconds);
            std::fs::remove_file(&copy)?;
            let mut spliced = None;
            splices.push(timed(|| {
                spliced = Some(self.splice(&target)?);
                Ok(())
            })?);
            if let Some(SpliceReport { ranges_changed, groups_copied, groups_encoded, .. }) = spliced {
                note = format!(
                    "{ranges_changed} ranges; {groups_copied} groups copied, {groups_encoded} encoded"
                );
            }
            let (old, new) = (Index::map(self.base)?, Index::map(&target)?);
            differences.push(timed(|| {
                let changes = diff(&old, &new, &mut |_| Ok::<(), breachdex::Error>(()), &())?;
                Ok(expect("the difference", changes.ranges_changed, self.changed().count() as u64)?)
            })?);
            std::fs::remove_file(&target)?;
        }
        let bytes = std::fs::metadata(self.base)?.len();
        let row = |what: &str, mut seconds: Vec<f64>, note: String| {
            // The first of each warms up.
            seconds.remove(0);
            seconds.sort_by(f64::total_cmp);
            let (median, best) = (seconds[seconds.len() / 2], seconds[0]);
            [what.to_owned(), format!("{median:.2}"), format!("{best:.2}"), note]
        };
        Ok(vec![
            row("copy of the file", copies, format!("{bytes} bytes")),
            row("splice", splices, note),
            row("diff", differences, String::new()),
        ])
    }

    /// The prefixes that change. One without rows would not.
    fn changed(&self) -> impl Iterator<Item = u32> {
        let share = self.arguments.share;
        let chosen = move |prefix: &u32| (prefix.wrapping_mul(0x9e37_79b1) / 7).is_multiple_of(share);
        self.corpus.prefixes().filter(chosen).filter(|prefix| self.corpus.entries_under(*prefix) > 0)
    }

    /// Every hundredth row of a changed range is gone, and its last was seen once more.
    fn splice(&self, target: &Path) -> Result<SpliceReport, Box<dyn Error>> {
        let base = Index::map(self.base)?;
        let mut reader = self.corpus.reader();
        let ranges = self.changed().map(move |prefix| {
            let mut range = range(&mut reader, prefix)?;
            let mut at = 0;
            range.entries.retain(|_| {
                at += 1;
                at % 100 != 0
            });
            if let Some(last) = range.entries.last_mut() {
                *last = Entry::new(&last.digest(Kind::Sha1), last.count() + 1);
            }
            Ok(range)
        });
        let spliced = splice(Some(&base), ranges, target, self.options, |_| Ok(Vec::new()), &())?;
        expect("ranges changed", spliced.ranges_changed, self.changed().count() as u64)?;
        Ok(spliced)
    }
}

fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64())
}
