//! Fuzz targets as plain functions, and the mutator that runs them on a stable toolchain.
//!
//! Each target takes any bytes. The parsers are held against models written here in the plainest way, so a
//! target fails on disagreement, not only on a panic: whatever a build accepts must be what the bytes say.
//! `tests/tests/all/fuzz.rs` runs them for a while in CI; `fuzz/` at the root hands the same functions to libFuzzer.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use breachdex::{Answer, Digest, Index, Kind, Prefix, rows, text};
use breachdex::{BuildOptions, CoverageRule, Format, Input, MergeRule, build};

/// A target: its name and what it does with some bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("index", index),
    ("hibp", hibp),
    ("ranges", ranges),
    ("passwords", passwords),
    ("compressed", compressed),
    ("hex", hex),
];

/// Opens an index and asks it in every way; damage is an error, never a panic or an endless loop.
pub fn index(bytes: &[u8]) {
    let Ok(index) = Index::from_bytes(bytes.to_vec(), "fuzzed") else { return };
    let ask = |seed: u8| Digest::sha1(&[seed]);
    let digests: Vec<Digest> = match index.kind() {
        Kind::Sha1 => (0..40).map(ask).collect(),
        Kind::Ntlm => (0..40_u8).map(|seed| Digest::ntlm(&char::from(seed).to_string())).collect(),
    };
    let scalar: Vec<_> = digests.iter().map(|digest| index.lookup(digest)).collect();
    let mut answers = vec![Answer::Absent; digests.len()];
    if index.lookup_many(&digests, &mut answers).is_ok() {
        for (scalar, bulk) in scalar.into_iter().zip(answers) {
            assert_eq!(scalar.ok(), Some(bulk), "bulk and scalar disagree");
        }
    }
    if let Ok(range) = Prefix::from_hex(index.kind(), "8").and_then(|prefix| index.range(&prefix)) {
        assert!(range.take(100_000).count() <= 100_000);
    }
    let listed = index.iter().take(100_000).filter(Result::is_ok).count();
    if index.verify(&()).is_ok() {
        assert_eq!(listed as u64, index.len().min(100_000), "a sound index lists all its entries");
    }
    let _ = index.notes();
}

/// Where scratch files live: in memory where the system offers that.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a scratch folder")
}

/// Builds one input and gives what the index lists, or `None` when the build refused.
fn built(input: Input, options: &BuildOptions, folder: &Path) -> Option<BTreeMap<String, u64>> {
    let target = folder.join("target.bdx");
    match build(&[input], &target, options, &()) {
        Err(error) => {
            assert!(!target.exists(), "a build that failed left a target");
            let words = error.to_string();
            assert!(
                !words.is_empty() && words.len() < 1000 && !words.contains('\n'),
                "a message is one line: {words}"
            );
            None
        }
        Ok(report) => {
            let index = Index::open(&target).expect("what was built opens");
            index.verify(&()).expect("what was built is sound");
            assert_eq!(report.entries, index.len());
            let row = |entry: breachdex::Entry| {
                let mut digits = Vec::new();
                rows::write_row(&mut digits, &entry, index.kind(), 0, false);
                (String::from_utf8_lossy(&digits).into_owned(), entry.count())
            };
            Some(index.iter().map(|entry| row(entry.expect("a sound entry"))).collect())
        }
    }
}

fn options(coverage: CoverageRule, merge: Option<MergeRule>) -> BuildOptions {
    BuildOptions { coverage, merge, memory: 32 << 20, threads: 1, replace: true, ..BuildOptions::default() }
}

/// One row as the strict reading has it: exactly `width` hex digits, a colon, a count of 1 or more.
fn row(line: &str, width: usize) -> Option<(String, u64)> {
    let (digits, count) = line.split_once(':')?;
    let hex = digits.len() == width && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    let count = count.parse::<u64>().ok().filter(|count| *count > 0)?;
    (hex && number).then(|| (digits.to_ascii_uppercase(), count))
}

/// All rows of a text, equal digests summed; `None` where any line is not a row.
fn text_rows(bytes: &[u8], width: usize) -> Option<BTreeMap<String, u64>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut model: BTreeMap<String, u64> = BTreeMap::new();
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        // Lists that pad all lines to one length have blanks before the line end.
        let line = line.strip_suffix('\r').unwrap_or(line).trim_end_matches([' ', '\t']);
        let (digits, count) = row(line, width)?;
        let sum = model.entry(digits).or_default();
        *sum = sum.checked_add(count)?;
    }
    model.values().try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
    Some(model)
}

/// `HEX:COUNT` text: accepted exactly where every line is a row, and then those rows.
pub fn hibp(bytes: &[u8]) {
    let folder = scratch();
    let path = folder.path().join("input");
    fs::write(&path, bytes).expect("a scratch file");
    let input = Input { format: Some(Format::Hibp), ..Input::path(&path) };
    let found = built(input, &options(CoverageRule::Whole, Some(MergeRule::Sum)), folder.path());
    if !bytes.starts_with(b"\x1f\x8b") && !bytes.starts_with(b"\x28\xb5\x2f\xfd") {
        assert_eq!(found, text_rows(bytes, 40), "the build and the plain reading disagree");
    }
}

/// A range file: whatever is accepted are its rows under its prefix.
pub fn ranges(bytes: &[u8]) {
    let folder = scratch();
    let ranges = folder.path().join("ranges");
    fs::create_dir(&ranges).expect("a scratch folder");
    fs::write(ranges.join("0AF3C"), bytes).expect("a scratch file");
    let found = built(
        Input { format: Some(Format::Ranges), ..Input::path(&ranges) },
        &options(CoverageRule::Prefixes(vec![(0x0AF3C, 0x0AF3C)]), Some(MergeRule::Sum)),
        folder.path(),
    );
    let Some(found) = found else { return };
    let text = std::str::from_utf8(bytes).expect("what was accepted is text");
    let empty = text.trim_end_matches(['\r', '\n', ' ', '\t']) == format!("{}:0", "0".repeat(35));
    let model = if empty { Some(BTreeMap::new()) } else { text_rows(bytes, 35) };
    let model = model.expect("what was accepted are rows");
    let model: BTreeMap<String, u64> =
        model.into_iter().map(|(suffix, count)| (format!("0AF3C{suffix}"), count)).collect();
    assert_eq!(found, model);
}

/// A list of passwords: every line of text counts, and what is no list of text is refused.
pub fn passwords(bytes: &[u8]) {
    let folder = scratch();
    let path = folder.path().join("input");
    fs::write(&path, bytes).expect("a scratch file");
    let input = Input { format: Some(Format::Passwords), ..Input::path(&path) };
    let found = built(input, &options(CoverageRule::Whole, None), folder.path());
    let bytes = match text::inspect(&bytes[..bytes.len().min(text::HEAD)]) {
        // Unpacked, which is another target.
        Err(text::NotText::Packed(_)) => return,
        Err(_) => &[],
        Ok(mark) => &bytes[mark..],
    };
    if bytes.is_empty() || bytes.contains(&0) {
        assert_eq!(found, None);
        return;
    }
    let mut model: BTreeMap<String, u64> = BTreeMap::new();
    for line in bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n') {
        let digest = Digest::sha1(line.strip_suffix(b"\r").unwrap_or(line));
        let hex = digest.to_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
        *model.entry(hex).or_default() += 1;
    }
    assert_eq!(found, Some(model));
}

/// Compressed text: what is accepted is what the whole of the members or frames says, to the last byte.
pub fn compressed(bytes: &[u8]) {
    let folder = scratch();
    for name in ["input.gz", "input.zst"] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a scratch file");
        let input = Input { format: Some(Format::Hibp), ..Input::path(&path) };
        let found = built(input, &options(CoverageRule::Whole, Some(MergeRule::Sum)), folder.path());
        let _ = fs::remove_file(folder.path().join("target.bdx"));
        if found.is_some() {
            let mut text = Vec::new();
            if name.ends_with("gz") {
                let read = flate2::read::MultiGzDecoder::new(bytes).take(1 << 24).read_to_end(&mut text);
                assert!(read.is_ok(), "a damaged gzip was accepted");
            } else {
                text = zstd::decode_all(bytes).expect("a damaged zstd was accepted");
            }
            assert_eq!(found, text_rows(&text, 40));
        }
    }
}

/// Digests and prefixes in hex: accepted exactly where they are hex of the right width.
pub fn hex(bytes: &[u8]) {
    let digits = bytes.iter().all(u8::is_ascii_hexdigit);
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let digest = Digest::from_hex(kind, bytes);
        assert_eq!(digest.is_ok(), digits && bytes.len() == kind.hex_digits());
        if let Ok(text) = std::str::from_utf8(bytes) {
            let prefix = Prefix::from_hex(kind, text);
            assert_eq!(prefix.is_ok(), digits && bytes.len() <= kind.hex_digits());
        }
    }
}

/// The committed seeds of a target, as bytes in a fixed order.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).expect("a seed folder").map(|entry| entry.expect("a seed").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a seed")).collect()
}

/// Makes new inputs of old ones: the same sequence for the same seed.
#[derive(Debug)]
pub struct Mutator(u64);

impl Mutator {
    /// A mutator whose sequence is named by a number.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }

    /// One to eight changes to one of the corpus, pieces of others among them.
    pub fn mutate(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len() + 1);
            let length = self.below(64).min(bytes.len() - at);
            match self.below(8) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => {
                    bytes[at] = b"\0\xff\x80\n\r:09afAFg -+,\x1f\x28\xef"[self.below(20)]
                }
                2 => bytes.truncate(at),
                3 => drop(bytes.drain(at..at + length)),
                4 => {
                    let copy = bytes[at..at + length].to_vec();
                    bytes.splice(at..at, copy);
                }
                5 => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len() + 1);
                    let piece = other[from..(from + self.below(128)).min(other.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
                6 if at + 8 <= bytes.len() => {
                    let number = [0, 1, 0xffff_ffff, u64::MAX, 1 << 63, 0xff, 0x8000][self.below(7)];
                    let width = [1, 2, 4, 8][self.below(4)];
                    bytes[at..at + width].copy_from_slice(&u64::to_le_bytes(number)[..width]);
                }
                _ => bytes.insert(at, self.below(256) as u8),
            }
        }
        bytes
    }
}
