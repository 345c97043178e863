//! What was measured of one structure, for JSON and for tables.

#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

use super::cold::Reads;
use crate::measure;
use crate::report::{Report, grouped, nanoseconds};

/// How a structure was built.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Building {
    /// Bytes of its files.
    pub bytes: u64,
    /// Until it was on disk, making the corpus included.
    pub seconds: f64,
    /// Peak of the anonymous memory of the process that built it.
    pub peak_anonymous: Option<u64>,
}

/// Nanoseconds a question.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Latency {
    /// Questions that do not wait for one another.
    pub independent: f64,
    /// Each question waits for the answer before it.
    pub dependent: f64,
}

/// Answers from the page cache.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asking {
    /// Seconds to open it, median.
    pub open_seconds: f64,
    /// Whether all of it was read into the page cache before; otherwise only what the questions touch.
    pub warmed_whole: bool,
    /// Anonymous memory that opening and asking took and did not give back.
    pub held_bytes: Option<u64>,
    /// Questions for entries.
    pub hit: Latency,
    /// Questions for what is absent.
    pub miss: Latency,
    /// How many absent digests were asked for.
    pub misses_asked: u64,
    /// How many of them were said to be present.
    pub false_positives: u64,
    /// Whether it told right counts; `None` if that was not tested.
    pub counts: Option<bool>,
    /// Whether it told how many entries begin with given digits; `None` if that was not tested.
    pub ranges: Option<bool>,
}

/// Answers from the disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cold {
    /// Seconds to open it.
    pub open_seconds: f64,
    /// What opening read.
    pub open_reads: Option<Reads>,
    /// How many entries were asked for.
    pub questions: u64,
    /// Seconds a question, median.
    pub median_seconds: f64,
    /// Seconds of the slowest question in a hundred.
    pub p99_seconds: f64,
    /// What all questions read together.
    pub reads: Option<Reads>,
}

impl Cold {
    /// From the seconds of every question.
    pub fn new(open_seconds: f64, opening: Option<Reads>, times: &mut [f64], asking: Option<Reads>) -> Self {
        let median_seconds = measure::median(times);
        // A file system that keeps its files in memory reads nothing, and so tells nothing.
        let counted = opening.zip(asking).is_some_and(|(opening, asking)| opening.bytes + asking.bytes > 0);
        Self {
            open_seconds,
            open_reads: opening.filter(|_| counted),
            questions: times.len() as u64,
            median_seconds,
            p99_seconds: times.get(times.len() * 99 / 100).copied().unwrap_or(0.0),
            reads: asking.filter(|_| counted),
        }
    }
}

/// All figures of one structure. What is missing was not measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// How it is picked on the command line.
    pub name: String,
    /// How it is called in tables.
    pub title: String,
    /// How it was built and opened.
    pub settings: String,
    /// Entries it was filled with.
    pub entries: u64,
    /// How it was built.
    pub building: Option<Building>,
    /// Answers from the page cache.
    pub asking: Option<Asking>,
    /// Answers from the disk.
    pub cold: Option<Cold>,
    /// Why there are no further figures.
    pub error: Option<String>,
}

/// What is written where nothing was measured.
const NOTHING: &str = "–";

/// The tables, the settings and the errors.
pub fn tabulate(figures: &[Figures], report: &mut Report) {
    report.section(
        "Size and building",
        "Bytes are those of whole files. Every structure is filled from the same generator in ascending order, whose \
         time is part of the rate, until it is on disk. RssAnon peak is that of the process that builds. Counts and \
         ranges say *yes* where the right ones were told.",
    );
    report.table(
        [
            "structure",
            "bytes",
            "B/entry",
            "M entries/s",
            "RssAnon peak, MiB",
            "false positives",
            "counts",
            "ranges",
        ],
        &figures.iter().map(building_row).collect::<Vec<_>>(),
    );
    report.section(
        "Answers from the page cache",
        "One thread; each question waits for the answer before it; median of passes over questions from everywhere in \
         random order. Opening: median. Held: anonymous memory after opening and asking, less what was there before.",
    );
    report.table(
        ["structure", "open, µs", "held, MiB", "hit, ns", "miss, ns"],
        &figures.iter().map(asking_row).collect::<Vec<_>>(),
    );
    report.section(
        "Answers from the disk",
        "A new process opens the structure after all of its pages have left the page cache, and asks for entries from \
         everywhere one after another. Bytes read are those that block devices delivered, readahead included; major \
         faults are those of mappings. The columns from *median* on are for one question; as the cache fills, upper \
         levels of trees are read once for all of them.",
    );
    report.table(
        [
            "structure",
            "open, ms",
            "read to open, KiB",
            "median, µs",
            "p99, µs",
            "read, KiB",
            "4 KiB pages",
            "major faults",
        ],
        &figures.iter().map(cold_row).collect::<Vec<_>>(),
    );
    list_settings(figures, report);
    list_gaps(figures, report);
}

fn list_settings(figures: &[Figures], report: &mut Report) {
    report.section("Settings", "How each structure was built and opened.\n");
    for peer in figures.iter().filter(|peer| !peer.settings.is_empty()) {
        report.line(format_args!("- {}: {}.", peer.title, peer.settings));
    }
}

fn list_gaps(figures: &[Figures], report: &mut Report) {
    let partly_warm = |peer: &Figures| peer.asking.as_ref().is_some_and(|asking| !asking.warmed_whole);
    let gaps: Vec<String> = figures
        .iter()
        .flat_map(|peer| {
            let failed = peer.error.as_ref().map(|error| format!("- {}: {error}", peer.title));
            let partly = partly_warm(peer).then(|| {
                format!(
                    "- {}: larger than the page cache, which had only what the questions touch.",
                    peer.title
                )
            });
            failed.into_iter().chain(partly)
        })
        .collect();
    if !gaps.is_empty() {
        report.section("Not measured", "What has no figures, and why.\n");
        gaps.iter().for_each(|gap| report.line(gap));
    }
}

fn building_row(peer: &Figures) -> [String; 8] {
    let entries = peer.entries as f64;
    let building = peer.building.as_ref();
    let asking = peer.asking.as_ref();
    [
        peer.title.clone(),
        shown(building, |built| grouped(built.bytes)),
        shown(building, |built| format!("{:.3}", built.bytes as f64 / entries)),
        shown(building, |built| format!("{:.2}", entries / built.seconds / 1e6)),
        shown(building.and_then(|built| built.peak_anonymous), mebibytes),
        shown(asking, |asking| {
            format!("{} in {}", grouped(asking.false_positives), grouped(asking.misses_asked))
        }),
        shown(asking.and_then(|asking| asking.counts), yes),
        shown(asking.and_then(|asking| asking.ranges), yes),
    ]
}

fn asking_row(peer: &Figures) -> [String; 5] {
    let asking = peer.asking.as_ref();
    [
        peer.title.clone(),
        shown(asking, |asking| nanoseconds(asking.open_seconds * 1e6)),
        shown(asking.and_then(|asking| asking.held_bytes), mebibytes),
        shown(asking, |asking| nanoseconds(asking.hit.dependent)),
        shown(asking, |asking| nanoseconds(asking.miss.dependent)),
    ]
}

fn cold_row(peer: &Figures) -> [String; 8] {
    let cold = peer.cold.as_ref();
    let each = |value: u64, cold: &Cold| value as f64 / cold.questions.max(1) as f64;
    let reads = cold.and_then(|cold| Some((cold, cold.reads?)));
    [
        peer.title.clone(),
        shown(cold, |cold| format!("{:.2}", cold.open_seconds * 1e3)),
        shown(cold.and_then(|cold| cold.open_reads), |reads| grouped(reads.bytes / 1024)),
        shown(cold, |cold| nanoseconds(cold.median_seconds * 1e6)),
        shown(cold, |cold| nanoseconds(cold.p99_seconds * 1e6)),
        shown(reads, |(cold, reads)| format!("{:.1}", each(reads.bytes, cold) / 1024.0)),
        shown(reads, |(cold, reads)| format!("{:.2}", each(reads.bytes, cold) / 4096.0)),
        shown(reads, |(cold, reads)| format!("{:.2}", each(reads.major_faults, cold))),
    ]
}

fn shown<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or(NOTHING.to_owned(), show)
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}
