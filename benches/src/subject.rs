//! breachdex as the subject: built from the corpus, then measured in every way it is meant to be used.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use breachdex::{
    Answer, BuildOptions, BuildReport, CoverageRule, Digest, Index, Input, Kernel, Kind, OpenOptions, Prefix,
    build, rows,
};

use crate::corpus::{Corpus, CountModel, Order, Row, write_text};
use crate::measure::{self, Scalar};
use crate::questions::{Questions, digests, total_count};

/// An answer that makes any sum wrong: what an error counts as.
const POISON: u64 = 1 << 60;
/// Groups up to this many bytes on average may be single buckets.
const SINGLE_BUCKET: u64 = 4096;
/// Questions handed to `lookup_many` at a time.
pub const BATCH: usize = 1 << 16;

/// One shape of index to build.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its name in tables.
    pub name: &'static str,
    /// Fingerprint bits.
    pub bits: u32,
    /// Whether counts are kept.
    pub counts: bool,
}

/// An index that was built, and how that went.
pub struct Built {
    /// Its shape.
    pub shape: Shape,
    /// Where it is.
    pub path: PathBuf,
    /// What the builder says.
    pub report: BuildReport,
    /// From the call to its return: reading, writing, syncing, renaming.
    pub took: Duration,
}

impl Built {
    /// Bytes an entry, of the whole file.
    pub fn bytes_per_entry(&self) -> f64 {
        self.report.bytes as f64 / self.report.entries.max(1) as f64
    }

    /// The least that random digests and their counts need, in bytes an entry:
    /// `k - log2 n + 1.443` bits and the entropy of a count.
    pub fn bound(&self) -> f64 {
        let entropy = if self.shape.counts { CountModel::entropy_bits() } else { 0.0 };
        let entries = self.report.entries.max(1) as f64;
        (f64::from(self.shape.bits) - entries.log2() + std::f64::consts::LOG2_E + entropy) / 8.0
    }
}

/// Writes the corpus as sorted text unless the file is there already. The name is complete only when the
/// content is.
///
/// # Errors
/// Those of the file system.
pub fn ensure_text(corpus: &Corpus, path: &Path) -> Result<(), Box<dyn Error>> {
    if path.exists() {
        return Ok(());
    }
    let unfinished = path.with_extension("unfinished");
    let name = unfinished.display().to_string();
    write_text(corpus, Order::Sorted, &mut File::create(&unfinished)?, &name)?;
    fs::rename(&unfinished, path)?;
    Ok(())
}

/// Builds an index of a shape from sorted text.
///
/// # Errors
/// Those of the builder.
pub fn build_index(
    text: &Path,
    path: PathBuf,
    shape: Shape,
    coverage: CoverageRule,
    threads: usize,
) -> Result<Built, Box<dyn Error>> {
    let options = BuildOptions {
        bits: Some(shape.bits),
        counts: shape.counts,
        coverage,
        threads,
        replace: true,
        ..BuildOptions::default()
    };
    let started = Instant::now();
    let report = build(&[Input::path(text)], &path, &options, &())?;
    Ok(Built { shape, path, report, took: started.elapsed() })
}

/// Columns of a table of where builds spent their time.
pub const SHARE_COLUMNS: [&str; 8] =
    ["build", "seconds", "M lines/s", "parsing", "sorting", "encoding", "writing", "syncing, s"];

/// One build in such a table: shares of the thread time that was spent working.
pub fn share_row(name: &str, report: &BuildReport, took: Duration) -> [String; 8] {
    let working = [report.parsing, report.sorting, report.encoding, report.writing];
    let total = working.iter().sum::<Duration>().as_secs_f64().max(f64::MIN_POSITIVE);
    let [parsing, sorting, encoding, writing] =
        working.map(|part| format!("{:.0} %", part.as_secs_f64() / total * 100.0));
    let seconds = took.as_secs_f64();
    [
        name.to_owned(),
        format!("{seconds:.2}"),
        format!("{:.1}", report.entries as f64 / seconds / 1e6),
        parsing,
        sorting,
        encoding,
        writing,
        format!("{:.2}", report.syncing.as_secs_f64()),
    ]
}

/// How a handle is opened for a measurement.
#[derive(Clone, Debug)]
pub struct Handle {
    /// In tables.
    pub name: &'static str,
    /// Its options.
    pub options: OpenOptions,
}

/// The handles measured: what the processor can do and what runs everywhere.
pub fn handles() -> [Handle; 2] {
    let handle = |name, kernel| Handle { name, options: OpenOptions::new().mapped().kernel(kernel) };
    [handle("best kernel", Kernel::Auto), handle("portable kernel", Kernel::Portable)]
}

/// What was measured through one handle.
pub struct Lookups {
    /// The kernel that ran.
    pub kernel: &'static str,
    /// Single lookups of entries, with their counts.
    pub hits: Scalar,
    /// Single lookups of what is not there; `answers` are false positives.
    pub misses: Scalar,
    /// `lookup_many` of entries, nanoseconds each.
    pub bulk_hits: f64,
    /// `lookup_many` of what is not there.
    pub bulk_misses: f64,
}

/// Times lookups whose buckets were verified before, by a pass over the same questions.
///
/// # Errors
/// Those of the index; wrong answers.
pub fn lookups(built: &Built, handle: Handle, questions: &Questions) -> Result<Lookups, Box<dyn Error>> {
    let index = Index::open_with(&built.path, handle.options)?;
    let (hits, misses) = (digests(&questions.hits)?, digests(&questions.misses)?);
    let expected = expected_sum(built, &questions.hits);
    let hit_times = measure::scalar(&hits, |digest| ask(&index, digest));
    measure::expect(built.shape.name, hit_times.answers, expected)?;
    let miss_times = measure::scalar(&misses, |digest| ask(&index, digest));
    if built.report.bits == Kind::Sha1.bits() {
        measure::expect(built.shape.name, miss_times.answers, 0)?;
    }
    let bulk_hits = bulk(&index, &hits, expected)?;
    let bulk_misses = bulk(&index, &misses, miss_times.answers)?;
    Ok(Lookups { kernel: index.kernel(), hits: hit_times, misses: miss_times, bulk_hits, bulk_misses })
}

/// Nanoseconds of lookups that touch something for the first time.
pub struct FirstTouch {
    /// The first question into a group: group and bucket are checked.
    pub group_and_bucket: f64,
    /// The first question into a bucket of a group that was checked; `None` where groups are so small that
    /// one bucket is all they have.
    pub bucket: Option<f64>,
    /// How many of each were asked.
    pub questions: usize,
}

/// Times first touches through a new handle: of the mapped file, so page faults count, or of the same bytes
/// read into memory.
///
/// # Errors
/// Those of the index; wrong answers.
pub fn first_touch(built: &Built, questions: &Questions, mapped: bool) -> Result<FirstTouch, Box<dyn Error>> {
    let side = |which: usize| questions.touches.iter().map(|pair| pair[which]).collect::<Vec<Row>>();
    let (first, second) = (side(0), side(1));
    let (first_digests, second_digests) = (digests(&first)?, digests(&second)?);
    // The median over several handles; each one forgets what others have verified.
    let (mut groups, mut buckets) = (Vec::new(), Vec::new());
    for _ in 0..measure::PASSES {
        let index = if mapped {
            Index::map(&built.path)?
        } else {
            Index::from_bytes(fs::read(&built.path)?, "memory")?
        };
        let (group, sum) = measure::single_pass(first.len(), || ask_all(&index, &first_digests));
        measure::expect(built.shape.name, sum, expected_sum(built, &first))?;
        let (bucket, sum) = measure::single_pass(second.len(), || ask_all(&index, &second_digests));
        measure::expect(built.shape.name, sum, expected_sum(built, &second))?;
        groups.push(group);
        buckets.push(bucket);
    }
    Ok(FirstTouch {
        group_and_bucket: measure::median(&mut groups),
        bucket: (built.report.bytes / questions.touches.len().max(1) as u64 > SINGLE_BUCKET)
            .then(|| measure::median(&mut buckets)),
        questions: first.len(),
    })
}

/// Opening an index for one question, as a command does: microseconds, median.
///
/// # Errors
/// Those of the index.
pub fn open_and_ask(built: &Built, questions: &Questions) -> Result<f64, Box<dyn Error>> {
    let hits = digests(&questions.hits[..questions.hits.len().min(101)])?;
    let mut times = Vec::new();
    for digest in &hits {
        let started = Instant::now();
        let answer = Index::map(&built.path)?.lookup(digest)?;
        times.push(started.elapsed().as_nanos() as f64 / 1e3);
        measure::expect("opening and asking", u64::from(answer.is_present()), 1)?;
    }
    Ok(measure::median(&mut times))
}

/// Ranges decoded and rendered as bodies of the range protocol.
pub struct Ranges {
    /// Microseconds a range, median of passes over all.
    pub render: f64,
    /// Microseconds a range for decoding alone.
    pub decode: f64,
    /// Rows a range, on average.
    pub rows: f64,
}

/// Times every range of a corpus at real density, verified, in scattered order.
///
/// # Errors
/// Those of the index; a wrong number of rows.
pub fn ranges(built: &Built, corpus: &Corpus) -> Result<Ranges, Box<dyn Error>> {
    let index = Index::map(&built.path)?;
    let span = corpus.prefixes().end() - corpus.prefixes().start() + 1;
    // An odd stride visits every prefix of a power of two once, never two neighbours in a row.
    let order: Vec<Prefix> = (0..span)
        .map(|place| Prefix::of_range(corpus.prefixes().start() + place.wrapping_mul(1_237) % span))
        .collect();
    let mut body = Vec::new();
    let (render, rendered) = measure::median_pass(order.len(), || {
        order.iter().try_fold(0_u64, |rows, prefix| render_body(&index, prefix, &mut body).map(|n| rows + n))
    });
    measure::expect("ranges", rendered?, built.report.entries)?;
    let (decode, decoded) = measure::median_pass(order.len(), || {
        order.iter().try_fold(0_u64, |sum, prefix| {
            index.range(prefix)?.try_fold(sum, |sum, entry| entry.map(|entry| sum + entry.count()))
        })
    });
    measure::expect("decoded ranges", decoded?, index.metadata().total_count)?;
    let rows = built.report.entries as f64 / f64::from(span);
    Ok(Ranges { render: render / 1e3, decode: decode / 1e3, rows })
}

fn render_body(index: &Index, prefix: &Prefix, body: &mut Vec<u8>) -> breachdex::Result<u64> {
    body.clear();
    let mut written = 0;
    for entry in index.range(prefix)? {
        if written > 0 {
            body.extend_from_slice(b"\r\n");
        }
        rows::write_row(body, &entry?, Kind::Sha1, prefix.digits(), true);
        written += 1;
    }
    Ok(written)
}

fn ask(index: &Index, digest: &Digest) -> u64 {
    match index.lookup(digest) {
        Ok(Answer::Absent) => 0,
        Ok(Answer::Present { count }) => count.unwrap_or(1),
        Err(_) => POISON,
    }
}

fn ask_all(index: &Index, digests: &[Digest]) -> u64 {
    digests.iter().fold(0, |sum, digest| sum + ask(index, digest))
}

fn bulk(index: &Index, digests: &[Digest], expected: u64) -> Result<f64, Box<dyn Error>> {
    let mut answers = vec![Answer::Absent; BATCH];
    let (time, sum) = measure::median_pass(digests.len(), || {
        let mut sum = 0;
        for batch in digests.chunks(BATCH) {
            let answers = &mut answers[..batch.len()];
            if index.lookup_many(batch, answers).is_err() {
                return POISON;
            }
            sum += answers.iter().map(value).sum::<u64>();
        }
        sum
    });
    measure::expect("lookup_many", sum, expected)?;
    Ok(time)
}

fn value(answer: &Answer) -> u64 {
    match answer {
        Answer::Absent => 0,
        Answer::Present { count } => count.unwrap_or(1),
    }
}

fn expected_sum(built: &Built, rows: &[Row]) -> u64 {
    if built.shape.counts { total_count(rows) } else { rows.len() as u64 }
}
