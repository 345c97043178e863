//! A real index of more than 4 GiB: made of entries in memory, opened, asked at both ends and around 4 GiB, ranged,
//! served, verified and spliced; and, at full size, joined from two segments that are shorter. The other tests past the
//! edges have sparse files; here every byte is one.
//!
//! Takes some 9 GB in the build folder while it runs, 14 GB at full size, and says so where it is skipped for want of them.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]
#![cfg(unix)]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use breachdex::{
    Answer, ChangedRange, Coverage, Digest, Entry, Error, Index, Kind, PREFIX_COUNT, Prefix, RangeScratch,
    ReadMode, SpliceOptions, SpliceReport, splice,
};
use breachdex_tests::is_thorough;
use fst::{Map, Streamer as _};
use tempfile::TempDir;

/// What must be free.
const DISK: u64 = 12 << 30;
/// What must be free for segments and what they are joined to beside the index.
const DISK_OF_JOIN: u64 = 15 << 30;
const EDGE: u64 = 1 << 32;
/// Rows of a range, whose counts are so large that they take as many bits as the digests do.
const ROWS: u64 = 168;
const COUNT: u64 = 1 << 36;
/// Ranges of a group.
const RANGES: u32 = 16;

/// An entry of a range: evenly spread, the rest of the digest mixed.
fn entry(prefix: u32, row: u64) -> Entry {
    let number = u64::from(prefix) * ROWS + row;
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = mixed ^ mixed >> 29;
    let leading = (u64::from(prefix) << 44) + row * ((1 << 44) / ROWS) + (mixed >> 32);
    let mut key = [0; 24];
    key[..8].copy_from_slice(&leading.to_be_bytes());
    key[8..16].copy_from_slice(&mixed.to_be_bytes());
    key[16..20].copy_from_slice(&(mixed as u32).to_be_bytes());
    Entry::from_key_bytes(&key, COUNT + number)
}

fn range(prefix: u32) -> ChangedRange {
    ChangedRange { prefix, entries: (0..ROWS).map(|row| entry(prefix, row)).collect(), folded: 0 }
}

/// The range as the protocol has it.
fn body(range: &ChangedRange) -> String {
    let row = |entry: &Entry| {
        let hex: String = entry.key_bytes()[..20].iter().map(|byte| format!("{byte:02X}")).collect();
        format!("{}:{}", &hex[5..], entry.count())
    };
    range.entries.iter().map(row).collect::<Vec<_>>().join("\r\n")
}

fn into(
    target: &Path,
    base: Option<&Index>,
    ranges: impl Iterator<Item = ChangedRange> + Send,
) -> SpliceReport {
    covering(Coverage::whole(), target, base, ranges)
}

fn covering(
    coverage: Coverage,
    target: &Path,
    base: Option<&Index>,
    ranges: impl Iterator<Item = ChangedRange> + Send,
) -> SpliceReport {
    let options = SpliceOptions { coverage, ..SpliceOptions::default() };
    splice(base, ranges.map(Ok::<_, Error>), target, &options, |_| Ok(Vec::new()), &()).unwrap()
}

/// The prefix of the group that lies over an offset in the groups section.
fn group_over(path: &Path, edge: u64) -> u32 {
    let file = File::open(path).unwrap();
    let mut row = [0; 24];
    file.read_exact_at(&mut row, 104).unwrap();
    let number = |at: usize| u64::from_le_bytes(row[at..at + 8].try_into().unwrap());
    let mut directory = vec![0; number(8) as usize];
    file.read_exact_at(&mut directory, number(0)).unwrap();
    let map = Map::new(directory).unwrap();
    assert_eq!(map.len(), 1 << 16);
    let mut stream = map.stream();
    let mut over = None;
    while let Some((key, value)) = stream.next() {
        if value >> 24 <= edge {
            over = Some(u32::from(u16::from_be_bytes(key.try_into().unwrap())));
        }
    }
    over.unwrap()
}

/// Asks for every entry of a range in every way, and for as many that are not there.
fn ask(mapped: &Index, by_reads: &Index, expected: &ChangedRange) {
    let held: Vec<Digest> = expected.entries.iter().map(|entry| entry.digest(Kind::Sha1)).collect();
    let missing = held.iter().map(|digest| {
        let mut bytes = digest.to_bytes().to_vec();
        bytes[19] ^= 1;
        Digest::from_bytes(Kind::Sha1, &bytes).unwrap()
    });
    let questions: Vec<Digest> = held.iter().cloned().chain(missing).collect();
    let known = expected.entries.iter().map(|entry| Answer::Present { count: Some(entry.count()) });
    let known: Vec<Answer> = known.chain(std::iter::repeat_n(Answer::Absent, held.len())).collect();
    for index in [mapped, by_reads] {
        let mut answers = vec![Answer::Absent; questions.len()];
        index.lookup_many(&questions, &mut answers).unwrap();
        assert_eq!(answers, known, "range {:05X}", expected.prefix);
        let answers: Vec<Answer> = questions.iter().map(|question| index.lookup(question).unwrap()).collect();
        assert_eq!(answers, known, "range {:05X}", expected.prefix);
        let stored = index.range(&Prefix::of_range(expected.prefix)).unwrap().map(Result::unwrap);
        assert!(stored.eq(expected.entries.iter().copied()), "range {:05X}", expected.prefix);
        let (mut rows, mut scratch) = (Vec::new(), RangeScratch::default());
        index.write_range(expected.prefix, ReadMode::Blocking, &mut scratch, &mut rows).unwrap();
        assert!(rows == body(expected).as_bytes(), "range {:05X}", expected.prefix);
    }
}

/// `breachdex serve` of an index; killed when it is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(index: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_breachdex-under-test"))
            .args(["serve", "--listen", "127.0.0.1:0", "--index"])
            .arg(index)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        Self { process, address }
    }

    fn range(&self, prefix: u32) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET /range/{prefix:05X} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        body.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether two files have the same bytes. Neither is held in memory.
fn is_equal(one: &Path, other: &Path) -> bool {
    let lengths = [one, other].map(|path| fs::metadata(path).unwrap().len());
    let (mut ours, mut theirs) = (File::open(one).unwrap(), File::open(other).unwrap());
    let (mut left, mut buffers) = (lengths[0], [vec![0; 4 << 20], vec![0; 4 << 20]]);
    while lengths[0] == lengths[1] && left > 0 {
        let length = left.min(4 << 20) as usize;
        let [a, b] = &mut buffers;
        ours.read_exact(&mut a[..length]).unwrap();
        theirs.read_exact(&mut b[..length]).unwrap();
        if a[..length] != b[..length] {
            return false;
        }
        left -= length as u64;
    }
    lengths[0] == lengths[1]
}

/// Joins two segments, each shorter than 4 GiB, with the command: the second one's groups are moved past 4 GiB.
fn join_segments(folder: &Path, whole: &Path) {
    let [low, high, joined] = ["low.bdx", "high.bdx", "joined.bdx"].map(|name| folder.join(name));
    let middle = PREFIX_COUNT / 2;
    for (path, prefixes) in [(&low, 0..middle), (&high, middle..PREFIX_COUNT)] {
        let coverage = Coverage::from_ranges([(prefixes.start, prefixes.end - 1)]).unwrap();
        timed("segment", || covering(coverage, path, None, prefixes.map(range)));
        assert!(fs::metadata(path).unwrap().len() < EDGE);
    }
    let output = timed("joined", || {
        Command::new(env!("CARGO_BIN_EXE_breachdex-under-test"))
            .args(["build", "--complete", "--format", "index", "--output"])
            .args([&joined, &high, &low])
            .output()
            .unwrap()
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::metadata(&joined).unwrap().len() > EDGE);
    assert!(
        timed("compared", || is_equal(&joined, whole)),
        "the joined index has other bytes than the whole"
    );
}

/// Says how long a part took.
fn timed<T>(what: &str, part: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = part();
    eprintln!("{what}: {:.1} s", started.elapsed().as_secs_f64());
    done
}

#[test]
fn an_index_past_4_gib_does_all_that_others_do() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let disk = rustix::fs::statvfs(folder).unwrap();
    let free = disk.f_bavail * disk.f_frsize;
    if free < DISK {
        eprintln!(
            "skipped: an index past 4 GiB and its update want 12 GiB in {}, {} MiB are free",
            folder.display(),
            free >> 20
        );
        return;
    }
    let folder = TempDir::new_in(folder).unwrap();
    let path = folder.path().join("large.bdx");
    let report = timed("made", || into(&path, None, (0..PREFIX_COUNT).map(range)));
    assert_eq!(report.index.entries, u64::from(PREFIX_COUNT) * ROWS);
    assert_eq!(report.index.groups, 1 << 16);
    let length = fs::metadata(&path).unwrap().len();
    assert!((EDGE..EDGE + (400 << 20)).contains(&length), "{length} bytes");

    // The group over 4 GiB, those before and behind it, and both ends.
    let group = group_over(&path, EDGE);
    assert!((2..0xfffe).contains(&group), "group {group:04X}");
    let around = (group - 1) * RANGES..(group + 2) * RANGES;
    let asked: Vec<ChangedRange> =
        (0..RANGES).chain(around).chain(PREFIX_COUNT - RANGES..PREFIX_COUNT).map(range).collect();
    let index = Index::map(&path).unwrap();
    let by_reads = Index::open(&path).unwrap();
    timed("asked", || {
        asked.iter().for_each(|range| ask(&index, &by_reads, range));
        (0..PREFIX_COUNT).step_by(4099).for_each(|prefix| ask(&index, &by_reads, &range(prefix)));
    });
    timed("served", || {
        let server = Server::start(&path);
        asked.iter().for_each(|range| assert!(server.range(range.prefix) == body(range)));
    });
    timed("verified", || index.verify(&()).unwrap());

    // One range in the group over 4 GiB gets a row less, so that every group behind it moves.
    let mut changed = range(group * RANGES + 3);
    let removed = changed.entries.remove(7);
    let updated_path = folder.path().join("updated.bdx");
    let report = timed("spliced", || into(&updated_path, Some(&index), std::iter::once(changed.clone())));
    assert_eq!((report.groups_encoded, report.groups_copied), (1, 0xffff));
    assert_eq!((report.hashes_removed, report.hashes_added), (1, 0));
    let updated = Index::map(&updated_path).unwrap();
    let by_reads = Index::open(&updated_path).unwrap();
    assert_eq!(updated.len(), index.len() - 1);
    assert_eq!(updated.lookup(&removed.digest(Kind::Sha1)).unwrap(), Answer::Absent);
    for range in &asked {
        ask(&updated, &by_reads, if range.prefix == changed.prefix { &changed } else { range });
    }
    drop((updated, by_reads));
    fs::remove_file(&updated_path).unwrap();

    if !is_thorough() {
        eprintln!("skipped: joining segments past 4 GiB, which BREACHDEX_THOROUGH=1 does");
    } else if free < DISK_OF_JOIN {
        eprintln!("skipped: joining segments past 4 GiB wants 15 GiB, {} MiB are free", free >> 20);
    } else {
        join_segments(folder.path(), &path);
    }
}
