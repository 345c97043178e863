//! `compare`: breachdex and its peers over the same synthetic corpus, in one run, one after another.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use breachdex::CoverageRule;
use breachdex_benches::corpus::{Corpus, CorpusSpec};
use breachdex_benches::measure::{self, PASSES};
use breachdex_benches::peers::{self, PeerResult};
use breachdex_benches::questions::Questions;
use breachdex_benches::report::{Report, announce, grouped, nanoseconds};
use breachdex_benches::subject::{self, Built, SHARE_COLUMNS, Shape, share_row};
use clap::Parser;

/// Measure breachdex beside its peers over one synthetic corpus
#[derive(Parser)]
struct Arguments {
    /// Entries of the corpus
    #[arg(long, default_value_t = 60_000_000)]
    entries: u64,
    /// Entries of the plain FST, whose building takes long
    #[arg(long, default_value_t = 10_000_000)]
    fst_entries: u64,
    /// Questions of each sort
    #[arg(long, default_value_t = 1_000_000)]
    questions: usize,
    /// Threads that build
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
    /// A folder for the corpus and the indexes; needs about 75 bytes an entry
    #[arg(long, env = "BREACHDEX_BENCH_DATA", default_value_os_t = std::env::temp_dir().join("breachdex-benches"))]
    data: PathBuf,
    /// Leave the corpus and the indexes there
    #[arg(long)]
    keep: bool,
    /// Measure breachdex only
    #[arg(long)]
    without_peers: bool,
    /// Also write the report to this file
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Prefixes of the corpus at real density, and their mean number of rows.
const DENSE_PREFIXES: u32 = 4_096;
const DENSE_ROWS: u64 = 1_973;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    fs::create_dir_all(&arguments.data)?;
    let mut report = Report::new("breachdex and its peers");
    report.line(format_args!(
        "- corpus: {} SHA-1 digests, uniformly random, with the real shares of counts; {} questions of each \
         sort, drawn from all of it; medians of {PASSES} passes; one thread unless said",
        grouped(arguments.entries),
        grouped(arguments.questions as u64)
    ));
    let corpus = Corpus::new(CorpusSpec::whole(arguments.entries))?;
    let built = build_all(&arguments, &corpus, &mut report)?;
    let questions = draw_questions(&built[0], &corpus, arguments.questions)?;
    for (position, index) in built.iter().enumerate() {
        measure_lookups(index, &questions, position == 0, &mut report)?;
    }
    measure_first_touch(&built, &questions, &mut report)?;
    built.iter().try_for_each(|index| discard(&index.path, arguments.keep))?;
    measure_ranges(&arguments, &mut report)?;
    if !arguments.without_peers {
        measure_peers(&arguments, &corpus, &questions, &mut report)?;
    }
    report.publish(arguments.out.as_deref(), false)?;
    Ok(())
}

/// Exact, compact, and a filter whose false-positive rate is at most 2^-16.
fn shapes(entries: u64) -> [Shape; 3] {
    let filter_bits = (entries.max(1) as f64).log2().ceil() as u32 + 16;
    [
        Shape { name: "exact", bits: 160, counts: true },
        Shape { name: "64 bits", bits: 64, counts: true },
        Shape { name: "filter", bits: filter_bits.max(32), counts: false },
    ]
}

fn build_all(
    arguments: &Arguments,
    corpus: &Corpus,
    report: &mut Report,
) -> Result<Vec<Built>, Box<dyn Error>> {
    let text = arguments.data.join(format!("sha1-{}-sorted.txt", arguments.entries));
    announce(format_args!("writing {}", text.display()));
    subject::ensure_text(corpus, &text)?;
    let mut built = Vec::new();
    for shape in shapes(arguments.entries) {
        announce(format_args!("building {}", shape.name));
        let path = arguments.data.join(format!("sha1-{}-{}.bdx", arguments.entries, shape.bits));
        let index = subject::build_index(&text, path, shape, CoverageRule::Whole, arguments.threads)?;
        let kept = index.report.entries + index.report.collisions;
        measure::expect("building", kept, arguments.entries)?;
        built.push(index);
    }
    discard(&text, arguments.keep)?;
    report.section(
        "Size",
        "Whole files. Bound: k - log2 n + 1.443 bits and the entropy of a count, which no encoding of random \
         digests can go below.",
    );
    let sizes: Vec<[String; 6]> = built.iter().map(size_row).collect();
    report.table(["index", "bits", "B/entry", "bound", "× bound", "false positives"], &sizes);
    report.section(
        "Building",
        &format!(
            "From sorted text in the page cache to a synced and renamed file, {} threads; shares of all \
             thread time.",
            arguments.threads
        ),
    );
    let shares: Vec<[String; 8]> =
        built.iter().map(|index| share_row(index.shape.name, &index.report, index.took)).collect();
    report.table(SHARE_COLUMNS, &shares);
    Ok(built)
}

fn size_row(built: &Built) -> [String; 6] {
    [
        built.shape.name.to_owned(),
        built.shape.bits.to_string(),
        format!("{:.3}", built.bytes_per_entry()),
        format!("{:.3}", built.bound()),
        format!("{:.4}", built.bytes_per_entry() / built.bound()),
        if built.report.false_positive_rate == 0.0 {
            "0".to_owned()
        } else {
            format!("2^{:.1}", built.report.false_positive_rate.log2())
        },
    ]
}

fn draw_questions(exact: &Built, corpus: &Corpus, wanted: usize) -> Result<Questions, Box<dyn Error>> {
    announce("drawing questions");
    let group_bits = breachdex::Index::map(&exact.path)?.metadata().directory_bits;
    Ok(Questions::draw(corpus, wanted, group_bits))
}

fn measure_lookups(
    built: &Built,
    questions: &Questions,
    explain: bool,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let counts = if built.shape.counts { "with counts" } else { "no counts" };
    report.section(
        &format!("Lookups, verified buckets: {} ({counts})", built.shape.name),
        if explain {
            "Nanoseconds a question. *Single* calls follow one another without depending on each other; for \
             *dependent* ones each waits for the answer before. *Bulk* is `lookup_many` in batches of 65,536 \
             on one core. Answers are summed and compared with the corpus before a time counts."
        } else {
            "As above."
        },
    );
    let mut table = Vec::new();
    for handle in subject::handles() {
        announce(format_args!("asking {}: {}", built.shape.name, handle.name));
        let times = subject::lookups(built, handle.clone(), questions)?;
        let name = format!("{} (`{}`)", handle.name, times.kernel);
        table.push([
            name,
            nanoseconds(times.hits.independent),
            nanoseconds(times.misses.independent),
            nanoseconds(times.hits.dependent),
            nanoseconds(times.misses.dependent),
            nanoseconds(times.bulk_hits),
            nanoseconds(times.bulk_misses),
            times.misses.answers.to_string(),
        ]);
    }
    report.table(
        [
            "handle",
            "single hit",
            "miss",
            "dependent hit",
            "miss",
            "bulk hit",
            "miss",
            if built.shape.counts { "counts of false positives" } else { "false positives" },
        ],
        &table,
    );
    Ok(())
}

fn measure_first_touch(
    built: &[Built],
    questions: &Questions,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    report.section(
        "First touch",
        "Nanoseconds of a question that is the first into its group (group and bucket are checked), then the \
         first into a bucket of a checked group; best kernel, scattered. *Mapped*: a new \
         mapping of a file in the page cache, so page faults count. *In memory*: the same bytes, no faults. \
         The last column is opening the file and asking one question, in microseconds.",
    );
    let mut table = Vec::new();
    for index in built {
        announce(format_args!("touching {} for the first time", index.shape.name));
        let mapped = subject::first_touch(index, questions, true)?;
        let memory = subject::first_touch(index, questions, false)?;
        table.push([
            index.shape.name.to_owned(),
            nanoseconds(mapped.group_and_bucket),
            mapped.bucket.map_or("–".to_owned(), nanoseconds),
            nanoseconds(memory.group_and_bucket),
            memory.bucket.map_or("–".to_owned(), nanoseconds),
            mapped.questions.to_string(),
            format!("{:.0}", subject::open_and_ask(index, questions)?),
        ]);
    }
    report.table(
        [
            "index",
            "mapped: group and bucket",
            "bucket",
            "in memory: group and bucket",
            "bucket",
            "questions",
            "open and ask, µs",
        ],
        &table,
    );
    Ok(())
}

fn measure_ranges(arguments: &Arguments, report: &mut Report) -> Result<(), Box<dyn Error>> {
    announce("rendering ranges");
    let spec = CorpusSpec {
        prefixes: 0..=DENSE_PREFIXES - 1,
        ..CorpusSpec::whole(u64::from(DENSE_PREFIXES) * DENSE_ROWS)
    };
    let corpus = Corpus::new(spec)?;
    let text = arguments.data.join(format!("sha1-dense-{DENSE_PREFIXES}.txt"));
    subject::ensure_text(&corpus, &text)?;
    let shape = Shape { name: "exact at real density", bits: 160, counts: true };
    let coverage = CoverageRule::Prefixes(vec![(0, DENSE_PREFIXES - 1)]);
    let path = arguments.data.join(format!("sha1-dense-{DENSE_PREFIXES}.bdx"));
    let built = subject::build_index(&text, path, shape, coverage, arguments.threads)?;
    let times = subject::ranges(&built, &corpus)?;
    report.section(
        "Ranges",
        &format!(
            "{DENSE_PREFIXES} prefixes at the real density ({:.0} rows each on average), decoded and rendered \
             as bodies of the range protocol into one buffer, scattered, buckets verified.",
            times.rows
        ),
    );
    report.table(
        ["index", "decode and render, µs a range", "decode alone, µs", "ns a row"],
        &[[
            built.shape.name.to_owned(),
            format!("{:.1}", times.render),
            format!("{:.1}", times.decode),
            format!("{:.1}", times.render * 1e3 / times.rows),
        ]],
    );
    discard(&text, arguments.keep)?;
    discard(&built.path, arguments.keep)
}

fn measure_peers(
    arguments: &Arguments,
    corpus: &Corpus,
    questions: &Questions,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let mut results = Vec::new();
    announce("loading from random places");
    results.push(peers::one_load(corpus, questions)?);
    announce("filling a sorted array");
    results.push(peers::sorted_array(corpus, questions)?);
    announce("filling a hash set");
    results.push(peers::hash_set(corpus, questions)?);
    announce("filling a binary fuse filter");
    results.push(peers::binary_fuse(corpus, questions)?);
    announce("building a plain FST");
    let smaller = Corpus::new(CorpusSpec::whole(arguments.fst_entries.min(arguments.entries)))?;
    results.push(peers::fst_map(&smaller, &Questions::draw(&smaller, arguments.questions, 0))?);
    report.section(
        "Peers",
        "The same questions to structures in memory, nanoseconds. None of them checks what it reads; mind \
         the number of entries of each.",
    );
    let rows: Vec<[String; 8]> = results.iter().map(peer_row).collect();
    report.table(
        ["structure", "entries", "B/entry", "single hit", "miss", "dependent hit", "miss", "false positives"],
        &rows,
    );
    Ok(())
}

fn peer_row(result: &PeerResult) -> [String; 8] {
    [
        result.name.to_owned(),
        grouped(result.entries),
        format!("{:.2}", result.bytes_per_entry),
        nanoseconds(result.hits.independent),
        nanoseconds(result.misses.independent),
        nanoseconds(result.hits.dependent),
        nanoseconds(result.misses.dependent),
        result.misses.answers.to_string(),
    ]
}

fn discard(path: &Path, keep: bool) -> Result<(), Box<dyn Error>> {
    if !keep {
        fs::remove_file(path)?;
    }
    Ok(())
}
