//! Every way to ask says the same, and an index that was split answers as the whole does.
//!
//! The corpora are random, by a seed that is printed; the parts, ranges and questions follow from it.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use breachdex::{
    Answer, BuildOptions, Digest, Entry, Finding, Format, Index, Input, Kind, MergeOptions, MergeRule,
    Prefix, build, merge, rows,
};
use tempfile::TempDir;

/// Digests in hex with their counts.
type Corpus = BTreeMap<String, u64>;

/// A sequence that is named by a number (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn digest(&mut self, kind: Kind) -> String {
        let digits: String = (0..3).map(|_| format!("{:016X}", self.next())).collect();
        digits[..kind.hex_digits()].to_owned()
    }
}

/// A corpus with dense and empty places, neighbours in the last digit and counts past 32 bits.
fn corpus(random: &mut Random, kind: Kind, entries: u64) -> Corpus {
    let mut corpus = Corpus::new();
    let crowded = random.digest(kind)[..5].to_owned();
    for _ in 0..entries {
        let mut digest = random.digest(kind);
        if random.below(3) == 0 {
            digest.replace_range(..5, &crowded);
        }
        let width = random.below(40).min(random.below(40));
        let count = |random: &mut Random| 1 + random.below(1 << width);
        if random.below(16) == 0 {
            let neighbour = char::from_digit((digest.chars().last().unwrap().to_digit(16).unwrap()) ^ 1, 16);
            let last = neighbour.unwrap().to_ascii_uppercase();
            corpus.insert(format!("{}{last}", &digest[..digest.len() - 1]), count(random));
        }
        corpus.insert(digest, count(random));
    }
    corpus
}

/// An index as it was asked for.
#[derive(Clone, Copy)]
struct Shape {
    kind: Kind,
    bits: u32,
    counts: bool,
}

impl Shape {
    fn is_exact(self) -> bool {
        self.bits == self.kind.bits()
    }

    fn build(self, corpus: &Corpus, target: &Path) -> Index {
        let lines: String = corpus.iter().map(|(digest, count)| format!("{digest}:{count}\n")).collect();
        let text = target.with_extension("txt");
        fs::write(&text, lines).unwrap();
        let options = BuildOptions {
            kind: self.kind,
            bits: Some(self.bits),
            counts: self.counts,
            source: "a corpus".into(),
            date: "2026-01-31".into(),
            ..BuildOptions::default()
        };
        let input = Input { format: Some(Format::Hibp), ..Input::path(&text) };
        build(&[input], target, &options, &()).unwrap();
        Index::open(target).unwrap()
    }

    /// What an index of the corpus must list: digests cut to the kept bits, those that become equal as one
    /// with the larger count.
    fn kept(self, corpus: &Corpus) -> Corpus {
        let mut kept = Corpus::new();
        for (digest, count) in corpus {
            let held = kept.entry(self.cut(digest)).or_insert(0);
            *held = if self.counts { *count.max(held) } else { 1 };
        }
        kept
    }

    /// All shapes keep whole hex digits.
    fn cut(self, digest: &str) -> String {
        let (digits, kept) = (self.kind.hex_digits(), self.bits as usize / 4);
        format!("{}{}", &digest[..kept], "0".repeat(digits - kept))
    }

    fn answer(self, kept: &Corpus, digest: &str) -> Answer {
        match kept.get(&self.cut(digest)) {
            None => Answer::Absent,
            Some(count) => Answer::Present { count: self.counts.then_some(*count) },
        }
    }
}

fn digest(kind: Kind, hex: &str) -> Digest {
    Digest::from_hex(kind, hex.as_bytes()).unwrap()
}

fn listed(kind: Kind, entries: impl Iterator<Item = breachdex::Result<Entry>>) -> Vec<(String, u64)> {
    entries
        .map(|entry| {
            let (entry, mut digits) = (entry.unwrap(), Vec::new());
            rows::write_row(&mut digits, &entry, kind, 0, false);
            (String::from_utf8(digits).unwrap(), entry.count())
        })
        .collect()
}

/// What a prefix selects. Of one longer than the kept bits only those bits say anything.
fn under(shape: Shape, kept: &Corpus, prefix: &str) -> Vec<(String, u64)> {
    let prefix = &prefix[..prefix.len().min(shape.bits as usize / 4)];
    let rows = kept.iter().filter(|(digest, _)| digest.starts_with(prefix));
    rows.map(|(digest, count)| (digest.clone(), *count)).collect()
}

/// Every digest, neighbours of some, and as many strangers.
fn questions(random: &mut Random, shape: Shape, corpus: &Corpus) -> Vec<String> {
    let mut questions: Vec<String> = corpus.keys().cloned().collect();
    for digest in corpus.keys() {
        let at = random.below(shape.kind.hex_digits() as u64) as usize;
        let digit = digest[at..=at].chars().next().unwrap().to_digit(16).unwrap() ^ (1 << random.below(4));
        let mut other = digest.clone();
        other.replace_range(at..=at, &format!("{digit:X}"));
        questions.push(other);
        questions.push(random.digest(shape.kind));
    }
    // Bulk lookups must not need an order.
    for i in (1..questions.len()).rev() {
        questions.swap(i, random.below(i as u64 + 1) as usize);
    }
    questions
}

/// Prefixes of every length, of what is there and of what is not.
fn prefixes(random: &mut Random, shape: Shape, corpus: &Corpus) -> Vec<String> {
    let digests: Vec<&String> = corpus.keys().collect();
    let mut prefixes = vec![String::new()];
    for length in 1..=shape.kind.hex_digits() {
        prefixes.push(digests[random.below(digests.len() as u64) as usize][..length].to_owned());
        prefixes.push(random.digest(shape.kind)[..length].to_owned());
    }
    prefixes
}

/// The text that the command exports.
fn exported(index: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_breachdex-under-test")).arg("export").arg(index).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Asks one index in every way.
fn assert_every_way_agrees(random: &mut Random, shape: Shape, corpus: &Corpus, index: &Index) {
    let kept = shape.kept(corpus);
    let questions = questions(random, shape, corpus);
    let digests: Vec<Digest> = questions.iter().map(|hex| digest(shape.kind, hex)).collect();
    let expected: Vec<Answer> = questions.iter().map(|hex| shape.answer(&kept, hex)).collect();
    let scalar: Vec<Answer> = digests.iter().map(|digest| index.lookup(digest).unwrap()).collect();
    assert!(scalar == expected, "scalar lookups differ from the corpus");
    let mut bulk = vec![Answer::Absent; digests.len()];
    index.lookup_many(&digests, &mut bulk).unwrap();
    assert!(bulk == expected, "bulk lookups differ");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let mut parallel = vec![Answer::Absent; digests.len()];
    index.par_lookup_many(&digests, &mut parallel, &pool).unwrap();
    assert!(parallel == expected, "parallel lookups differ");

    let all: Vec<(String, u64)> = kept.clone().into_iter().collect();
    assert!(listed(shape.kind, index.iter()) == all, "iteration differs");
    for prefix in prefixes(random, shape, corpus) {
        let range = index.range(&Prefix::from_hex(shape.kind, &prefix).unwrap()).unwrap();
        assert!(listed(shape.kind, range) == under(shape, &kept, &prefix), "the range {prefix} differs");
    }
    if shape.is_exact() {
        let line = |(digest, count): &(String, u64)| match shape.counts {
            true => format!("{digest}:{count}\n"),
            false => format!("{digest}\n"),
        };
        let text: String = all.iter().map(line).collect();
        assert!(exported(index.path().unwrap()) == text, "the export differs");
    }
}

/// Asks a set of indexes what it must answer as the whole does.
fn assert_set_answers_as_the_whole(
    random: &mut Random,
    shape: Shape,
    corpus: &Corpus,
    whole: &Index,
    set: &breachdex::Corpus,
) {
    for hex in questions(random, shape, corpus) {
        let asked = digest(shape.kind, &hex);
        let answer = match set.find(&asked, 1).unwrap() {
            Finding::Exposed(exposure) => Answer::Present { count: exposure.count },
            Finding::NotExposed { .. } => Answer::Absent,
            Finding::Unknown(fault) => panic!("{fault}"),
        };
        assert_eq!(answer, whole.lookup(&asked).unwrap());
        if shape.counts {
            assert_eq!(set.count(&asked).unwrap(), whole.count(&asked).unwrap());
            let threshold = 1 + random.below(8);
            let is_exposed = set.find(&asked, threshold).unwrap().exposure().is_some();
            assert_eq!(is_exposed, whole.contains(&asked, threshold).unwrap());
        }
    }
    let all = |entries| if shape.counts { entries } else { ones(entries) };
    let set = set.snapshot().unwrap();
    assert!(all(listed(shape.kind, set.iter())) == listed(shape.kind, whole.iter()));
    for prefix in prefixes(random, shape, corpus) {
        let prefix = Prefix::from_hex(shape.kind, &prefix).unwrap();
        let (of_set, of_whole) = (set.range(&prefix).unwrap(), whole.range(&prefix).unwrap());
        assert!(all(listed(shape.kind, of_set)) == listed(shape.kind, of_whole));
    }
}

/// Without counts every index says 1 of an entry, and a set adds them up.
fn ones(entries: Vec<(String, u64)>) -> Vec<(String, u64)> {
    entries.into_iter().map(|(digest, _)| (digest, 1)).collect()
}

/// Divides a corpus over `parts`, none of them empty. Digests that become equal when they are cut stay
/// together, for their larger count stands for them in one index but counts of several add up; of exact
/// digests the count itself is divided now and then.
fn split(random: &mut Random, shape: Shape, corpus: &Corpus, parts: usize) -> Vec<Corpus> {
    let mut split = vec![Corpus::new(); parts];
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (digest, count) in corpus {
        let known = places.len();
        let place = || if known < parts { known } else { random.below(parts as u64) as usize };
        let first = *places.entry(shape.cut(digest)).or_insert_with(place);
        let divide = shape.is_exact() && *count > 1 && random.below(4) == 0;
        let moved = if divide { 1 + random.below(count - 1) } else { 0 };
        split[first].insert(digest.clone(), count - moved);
        if moved > 0 {
            split[(first + 1) % parts].insert(digest.clone(), moved);
        }
    }
    split
}

/// The parts put together again, which is what the whole must hold.
fn joined(parts: &[Corpus]) -> Corpus {
    let mut whole = Corpus::new();
    for (digest, count) in parts.iter().flatten() {
        *whole.entry(digest.clone()).or_insert(0) += count;
    }
    whole
}

const SHAPES: [Shape; 5] = [
    Shape { kind: Kind::Sha1, bits: 160, counts: true },
    Shape { kind: Kind::Sha1, bits: 160, counts: false },
    Shape { kind: Kind::Sha1, bits: 64, counts: true },
    Shape { kind: Kind::Ntlm, bits: 128, counts: true },
    Shape { kind: Kind::Ntlm, bits: 48, counts: false },
];

fn random() -> Random {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = std::env::var("BREACHDEX_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or(now.as_nanos() as u64);
    eprintln!("BREACHDEX_SEED={seed}");
    Random(seed)
}

#[test]
fn every_way_to_ask_says_the_same() {
    let mut random = random();
    for shape in SHAPES {
        for entries in [1, 70, 5000] {
            let folder = TempDir::new().unwrap();
            let corpus = corpus(&mut random, shape.kind, entries);
            let index = shape.build(&corpus, &folder.path().join("a.bdx"));
            assert_every_way_agrees(&mut random, shape, &corpus, &index);
            index.verify(&()).unwrap();
        }
    }
}

#[test]
fn any_split_answers_and_merges_as_the_whole() {
    let mut random = random();
    for shape in SHAPES {
        for (parts, entries) in [(2, 40), (3, 3000), (4, 9)] {
            let folder = TempDir::new().unwrap();
            let parts = {
                let corpus = corpus(&mut random, shape.kind, entries);
                split(&mut random, shape, &corpus, parts)
            };
            let corpus = joined(&parts);
            let whole = shape.build(&corpus, &folder.path().join("whole.bdx"));
            let paths: Vec<PathBuf> =
                (0..parts.len()).map(|i| folder.path().join(format!("part{i}.bdx"))).collect();
            let indexes: Vec<Index> =
                parts.iter().zip(&paths).map(|(part, path)| shape.build(part, path)).collect();
            let set = breachdex::Corpus::builder().bases(indexes).build().unwrap();
            assert_set_answers_as_the_whole(&mut random, shape, &corpus, &whole, &set);

            let options = MergeOptions {
                merge: MergeRule::Sum,
                source: "a corpus".into(),
                date: "2026-01-31".into(),
                ..MergeOptions::default()
            };
            let target = folder.path().join("merged.bdx");
            let report = merge(&paths, &target, &options, &()).unwrap();
            assert_eq!(report.entries, whole.len());
            let merged = Index::open(&target).unwrap();
            assert_eq!(merged.content_id(), whole.content_id());
            assert!(fs::read(&target).unwrap() == fs::read(whole.path().unwrap()).unwrap());
        }
    }
}
