//! A download on disk: whatever order ranges arrive in and whatever is cut off, what is left is gone on with.

use breachdex::{Coverage, Digest, Entry, Index, Kind};

use super::order::{FEWEST_AHEAD, MOST_AHEAD};
use super::*;
use crate::journal::RowShape;

#[path = "text_tests.rs"]
mod text_tests;
#[path = "update_tests.rs"]
mod update_tests;

const URL: &str = "http://a";

fn options(last: u32) -> SpliceOptions {
    SpliceOptions {
        coverage: Coverage::from_ranges([(5, last)]).expect("ranges"),
        memory: 32 << 20,
        ..SpliceOptions::default()
    }
}

fn open_at(target: &Path, url: &str, last: u32, if_other: IfOther) -> Result<Assembly<'static>> {
    let options = options(last);
    let settings = Settings::new("download", Kind::Sha1, &options.coverage);
    let making = Making { base: None, options: &options, concurrency: 1 };
    Assembly::open(target, settings, url, if_other, making, &())
}

fn open(target: &Path, last: u32) -> Assembly<'static> {
    open_at(target, URL, last, IfOther::Refuse).expect("opened")
}

fn range(prefix: u32) -> Record {
    range_of(prefix, prefix % 5)
}

/// A range with so many rows.
fn range_of(prefix: u32, rows: u32) -> Record {
    let entry = |row: u32| {
        let mut bytes = [row as u8; 20];
        bytes[..4].copy_from_slice(&(prefix << 12 | row).to_be_bytes());
        Entry::new(
            &Digest::from_bytes(Kind::Sha1, &bytes).expect("20 bytes"),
            u64::from(prefix * 7 + row) + 1,
        )
    };
    let entries: Vec<Entry> = (0..rows).map(entry).collect();
    Record {
        rows: entries.len() as u32,
        tag: format!("\"{prefix}\""),
        modified: u64::from(prefix) + 1,
        payload: RowShape::new(160, true).encode(&entries),
        ..Record::of(RecordKind::Range, prefix)
    }
}

fn keep(assembly: &mut Assembly<'_>, prefixes: impl IntoIterator<Item = u32>) {
    prefixes.into_iter().for_each(|prefix| assembly.keep(range(prefix).into()).expect("kept"));
    assembly.flush(&()).expect("written");
}

/// Publishes, and returns the index but for its notes, which name the journal.
fn finish(assembly: Assembly<'_>, target: &Path) -> Vec<u8> {
    let facts = (String::new(), String::new());
    let job = assembly.journal.settings.job.clone();
    let (_, journal) = assembly.publish(target, facts, Vec::new(), &()).expect("published");
    remove(&journal::path(target, &job)).expect("removed");
    drop(journal);
    Index::open(target).and_then(|index| index.verify(&())).expect("sound");
    std::fs::read(target).expect("the index")
}

fn beside_target(folder: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn expected(last: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let mut assembly = open(&target, last);
    keep(&mut assembly, 5..=last);
    finish(assembly, &target)
}

#[test]
fn ranges_in_any_order_make_the_same_index_and_leave_nothing() {
    const LAST: u32 = 0x7f3;
    let expected = expected(LAST);
    let orders: [Box<dyn Fn(u32) -> u32>; 3] = [
        Box::new(|at| LAST - at),
        Box::new(|at| 5 + (at * 7) % (LAST - 4)),
        Box::new(|at| 5 + (at ^ 1).min(LAST - 5)),
    ];
    for order in orders {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("x.bdx");
        let mut wanted: Vec<u32> = (0..LAST - 4).map(&order).collect();
        let mut seen = std::collections::HashSet::new();
        wanted.retain(|prefix| seen.insert(*prefix));
        wanted.extend((5..=LAST).filter(|prefix| !seen.contains(prefix)));
        // A run for every 100 ranges.
        for part in wanted.chunks(100) {
            let mut assembly = open(&target, LAST);
            part.iter().for_each(|prefix| keep(&mut assembly, [*prefix]));
        }
        let assembly = open(&target, LAST);
        assert_eq!(assembly.missing(), [0; 0]);
        for prefix in 5..=LAST {
            assert_eq!(assembly.journal.tag(prefix), format!("\"{prefix}\"").as_bytes());
        }
        assert_eq!(assembly.journal.latest_change(), u64::from(LAST) + 1);
        assert!(finish(assembly, &target) == expected);
        assert_eq!(beside_target(folder.path()), ["x.bdx"]);
    }
}

#[test]
fn what_is_cut_off_or_flipped_is_asked_for_again_and_nothing_else() {
    const LAST: u32 = 0x45;
    let whole = expected(LAST);
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let mut assembly = open(&target, LAST);
    // Three groups, a hole, and a part of the last group.
    keep(&mut assembly, 5..0x30);
    keep(&mut assembly, 0x38..0x44);
    drop(assembly);
    let names = beside_target(folder.path());
    assert_eq!(
        names,
        [".x.bdx.breachdex-download", ".x.bdx.breachdex-download-early-0", ".x.bdx.breachdex-download-index"]
    );
    let files: Vec<_> = names.iter().map(|name| folder.path().join(name)).collect();
    let sound: Vec<_> = files.iter().map(|path| std::fs::read(path).expect("a file")).collect();
    let missing = |last| (0x30..0x38).chain(0x44..=last).collect::<Vec<u32>>();
    let settings_end =
        sound[0].windows(URL.len()).position(|part| part == URL.as_bytes()).expect("the origin");
    for (file, bytes) in sound.iter().enumerate() {
        let step = (bytes.len() / 12).max(1);
        let from = if file == 0 { settings_end } else { 0 };
        for at in (from..bytes.len()).step_by(step) {
            for flip in [false, true] {
                for (path, bytes) in files.iter().zip(&sound) {
                    std::fs::write(path, bytes).expect("restored");
                }
                let mut damaged = bytes.clone();
                if flip {
                    damaged[at] ^= 4;
                } else {
                    damaged.truncate(at);
                }
                std::fs::write(&files[file], damaged).expect("damaged");
                let mut assembly = open(&target, LAST);
                let again = assembly.missing();
                assert!(missing(LAST).iter().all(|prefix| again.contains(prefix)));
                // Damage to the index or to what is said of it costs groups, damage to the spool ranges of it.
                let lost = again.iter().filter(|prefix| !missing(LAST).contains(prefix));
                assert!(lost.clone().all(|prefix| (*prefix >= 0x38) == (file == 1)), "{again:x?}");
                keep(&mut assembly, again);
                assert!(finish(assembly, &target) == whole, "file {file}, byte {at}");
                std::fs::remove_file(&target).expect("removed");
            }
        }
    }
}

#[test]
fn segments_go_when_their_ranges_are_in_groups_and_the_limit_follows() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let mut assembly = open(&target, 0xfff);
    let limit = assembly.limit();
    assert_eq!(*limit.borrow(), 5 + FEWEST_AHEAD as u32);
    let early = || beside_target(folder.path()).iter().filter(|name| name.contains("-early-")).count();
    keep(&mut assembly, 6..6 + FEWEST_AHEAD as u32);
    assert_eq!((early(), *limit.borrow()), (4, 5 + FEWEST_AHEAD as u32));
    keep(&mut assembly, [5]);
    assert_eq!(early(), 1, "the last one has ranges of an incomplete group");
    assert_eq!(*limit.borrow(), 0x80 + FEWEST_AHEAD as u32);
    keep(&mut assembly, 0x86..0x200);
    assert_eq!(early(), 0);
    assert_eq!(assembly.cached, 0);
    assert!(assembly.early.is_empty());
}

#[test]
fn what_does_not_fit_into_memory_is_read_back() {
    const LAST: u32 = 0x105;
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let mut assembly = open(&target, LAST);
    assembly.most_cached = 0;
    (6..=LAST).for_each(|prefix| keep(&mut assembly, [prefix]));
    assert!(assembly.early.values().all(|early| early.place.is_some()));
    assert!(assembly.cached < 200, "{} bytes", assembly.cached);
    keep(&mut assembly, [5]);
    assert!(finish(assembly, &target) == expected(LAST));
}

#[test]
fn tags_of_another_server_are_forgotten_in_groups_and_in_the_spool() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let mut assembly = open(&target, 0x3f);
    keep(&mut assembly, (5..0x10).chain([0x11]));
    drop(assembly);
    let mut assembly = open_at(&target, "http://b", 0x3f, IfOther::Refuse).expect("opened");
    assert_eq!((assembly.journal.tag(5), assembly.journal.tag(0x11)), (&b""[..], &b""[..]));
    // A group of ranges from both: those of the other server have no tag in what is said of it.
    keep(&mut assembly, (0x10..0x20).filter(|prefix| *prefix != 0x11));
    drop(assembly);
    let assembly = open_at(&target, "http://b", 0x3f, IfOther::Refuse).expect("opened");
    assert_eq!((assembly.journal.tag(0x11), assembly.journal.tag(0x12)), (&b""[..], &b"\"18\""[..]));
}

#[test]
fn a_restart_takes_nothing_over_and_an_earlier_format_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let mut assembly = open(&target, 0x3f);
    keep(&mut assembly, (5..0x10).chain([0x11]));
    drop(assembly);
    let error = open_at(&target, URL, 0x4f, IfOther::Refuse).err().expect("other prefixes").to_string();
    assert!(error.contains("(other prefixes)"), "{error}");
    // One of other settings, then any.
    for (last, if_other) in [(0x4f, IfOther::StartOver), (0x4f, IfOther::Discard)] {
        let mut assembly = open_at(&target, URL, last, if_other).expect("over");
        assert_eq!(assembly.missing().len() as u32, last - 4);
        assert_eq!(assembly.unfinished.file.metadata().expect("a file").len(), 0);
        assert!(!beside_target(folder.path()).iter().any(|name| name.contains("-early-")));
        keep(&mut assembly, (5..0x10).chain([0x11]));
    }
    let path = journal::path(&target, "download");
    for magic in [b"BDXJRNL1", b"BDXJRNL2"] {
        std::fs::write(&path, [magic.as_slice(), &[0; 100]].concat()).expect("written");
        assert_eq!(
            open_at(&target, URL, 0x4f, IfOther::Refuse).err().expect("earlier").to_string(),
            format!(
                "{}: an earlier version of breachdex began this and did not finish it; discard what it \
                 fetched",
                path.display()
            )
        );
        let over = |_| open_at(&target, URL, 0x4f, IfOther::StartOver).map(|it| it.journal.discarded_earlier);
        assert_eq!([(); 2].map(over).map(|discarded| discarded.expect("over")), [true, false]);
    }
}

#[test]
fn the_window_is_a_small_share_of_the_corpus_and_never_too_small_for_the_requests() {
    for (ranges, concurrency, expected) in [
        (1, 1, FEWEST_AHEAD),
        (1 << 20, 64, MOST_AHEAD),
        (1 << 17, 64, 1024),
        (16, 300, 600),
        (16, usize::MAX, MOST_AHEAD),
    ] {
        assert_eq!(window(ranges, concurrency), expected);
    }
    let covered = [0x0ffff, 0x10000, 0xfffff];
    let next = |front| next_group(&covered, front).map(|next| (next.prefix, next.ranges, next.len));
    assert_eq!(next(0), Some((0xfff, 1 << 15, 1)));
    assert_eq!(next(2), Some((0xffff, 1 << 15, 1)));
    assert_eq!((next(3), next(4)), (None, None));
}

/// A disk whose folders cannot be synced.
#[derive(Debug)]
struct NoFolders(i32);

impl breachdex::files::Disk for NoFolders {
    fn sync_folder(&self, _: &Path) -> std::io::Result<()> {
        Err(std::io::Error::from_raw_os_error(self.0))
    }
}

/// A disk that remembers what was removed, and what of that is certain to stay so.
#[derive(Debug, Default)]
struct Removals(std::sync::Mutex<(Vec<String>, Vec<String>)>);

impl breachdex::files::Disk for Removals {
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.0.lock().expect("unpoisoned").0.push(name);
        breachdex::files::System.remove(path)
    }

    fn sync_folder(&self, folder: &Path) -> std::io::Result<()> {
        let mut removals = self.0.lock().expect("unpoisoned");
        let pending = std::mem::take(&mut removals.0);
        removals.1.extend(pending);
        breachdex::files::System.sync_folder(folder)
    }
}

/// Found by the simulation: after a loss of power the journal of a finished update came back, and the next one asked for
/// nothing.
#[test]
fn a_removed_journal_does_not_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let disk = std::sync::Arc::new(Removals::default());
    breachdex::files::simulate(std::sync::Arc::<Removals>::clone(&disk), || {
        let mut assembly = open(&target, 0x45);
        keep(&mut assembly, 8..=0x45);
        drop(assembly);
        remove(&journal::path(&target, "download")).expect("removed");
    });
    let removals = disk.0.lock().expect("unpoisoned");
    assert_eq!(removals.0, [""; 0], "a loss of power could bring these back");
    let journal = ".x.bdx.breachdex-download".to_owned();
    assert_eq!(removals.1.last(), Some(&journal), "it says what the others are");
    assert!(removals.1.contains(&format!("{journal}-index")));
}

/// A disk that lost the second half of every file and kept it in memory until now.
#[derive(Debug)]
struct Forgetful;

impl breachdex::files::Disk for Forgetful {
    fn forget(&self, file: &std::fs::File) -> std::io::Result<()> {
        let length = file.metadata()?.len();
        let zeros = vec![0; (length - length / 2) as usize];
        breachdex::files::write_all_at(&breachdex::files::System, file, &zeros, length / 2)
    }
}

#[test]
fn what_is_in_memory_and_not_on_disk_is_asked_for_again() {
    const LAST: u32 = 0x145;
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let mut assembly = open(&target, LAST);
    keep(&mut assembly, (5..0x100).chain(0x118..LAST));
    drop(assembly);
    let mut assembly = open(&target, LAST);
    assert_eq!(assembly.missing().len(), 0x19, "nothing was lost");
    drop(assembly);
    let index = std::sync::Arc::new(Forgetful);
    assembly = breachdex::files::simulate(index, || open(&target, LAST));
    // Some groups are on disk, and some of what waits.
    let again = assembly.missing();
    assert!(again.len() > 0x80 && !again.contains(&5), "{again:x?}");
    keep(&mut assembly, again);
    assert!(finish(assembly, &target) == expected(LAST));
}

#[test]
fn an_index_whose_folder_cannot_be_synced_is_published_and_that_is_said() {
    const EIO: i32 = 5;
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let report = breachdex::files::simulate(std::sync::Arc::new(NoFolders(EIO)), || {
        let mut assembly = open(&target, 0x3f);
        keep(&mut assembly, 5..=0x3f);
        let facts = (String::new(), String::new());
        let (report, _journal) = assembly.publish(&target, facts, Vec::new(), &()).expect("published");
        remove(&journal::path(&target, "download")).expect("removed");
        report
    });
    assert!(!report.index.durability.is_synced());
    assert!(std::fs::read(&target).expect("the index") == expected(0x3f));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_to_another_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let victim = folder.path().join("victim");
    std::fs::write(&victim, "of another").expect("written");
    for suffix in ["", INDEX_SUFFIX] {
        let link = beside(&journal::path(&target, "download"), suffix);
        std::os::unix::fs::symlink(&victim, &link).expect("a link");
        let error = open_at(&target, URL, 0x3f, IfOther::Refuse).err().expect("refused").to_string();
        assert!(error.contains("symbolic link"), "{error}");
        std::fs::remove_file(&link).expect("removed");
    }
    assert_eq!(std::fs::read(&victim).expect("there"), b"of another");
}
