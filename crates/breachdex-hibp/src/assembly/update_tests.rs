//! An update on disk: what did not change is copied, nothing is written before a change is known, and whatever order ranges
//! arrive in and whatever is cut off, the result is what a download makes.

use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use breachdex::files::{self, Disk, System};
use breachdex::{Index, Progress};

use super::*;
use crate::notes::{Memory, put_tag};

const LAST: u32 = 0x7f3;

/// An index of the old corpus, with the tags of all ranges but every 16th one.
fn base(folder: &Path, last: u32) -> (PathBuf, Vec<u8>) {
    let target = folder.join("x.bdx");
    let mut assembly = open(&target, last);
    keep(&mut assembly, 5..=last);
    let mut tags = Vec::new();
    for prefix in 5..=last {
        let tag = if prefix % 16 == 7 { String::new() } else { format!("\"{prefix}\"") };
        put_tag(&mut tags, tag.as_bytes());
    }
    let notes = Memory::encode(URL, "a journal", tags);
    let facts = (String::new(), String::new());
    let (_, journal) = assembly.publish(&target, facts, notes, &()).expect("published");
    remove(&journal::path(&target, "download")).expect("removed");
    drop(journal);
    let bytes = std::fs::read(&target).expect("the index");
    (target, bytes)
}

/// The old index, opened, and what it knows.
struct Old(Index, Tags);

impl Old {
    fn open(target: &Path) -> Self {
        let index = Index::open(target).expect("the old index");
        let tags = Memory::of(&index).expect("notes").tags;
        Self(index, tags)
    }

    fn update_at(&self, target: &Path, url: &str, last: u32) -> Assembly<'_> {
        let options = SpliceOptions { replace: true, ..options(last) };
        let content_id = self.0.content_id().to_string();
        let settings =
            Settings { base: Some(content_id), ..Settings::new("update", Kind::Sha1, &options.coverage) };
        let base = Base { index: &self.0, known: &self.1 };
        let making = Making { base: Some(base), options: &options, concurrency: 1 };
        Assembly::open(target, settings, url, IfOther::StartOver, making, &()).expect("opened")
    }

    fn update(&self, target: &Path, last: u32) -> Assembly<'_> {
        self.update_at(target, URL, last)
    }
}

/// Whether a range is another in the new corpus.
fn is_changed(prefix: u32) -> bool {
    prefix % 41 == 3
}

/// What comes of asking for a range of the new corpus.
fn answer(prefix: u32) -> Record {
    if is_changed(prefix) {
        range_of(prefix, 7)
    } else if prefix % 16 == 7 {
        Record { payload: Vec::new(), rows: 0, kind: RecordKind::Same, ..range(prefix) }
    } else {
        Record::of(RecordKind::Unchanged, prefix)
    }
}

fn unchanged(assembly: &mut Assembly<'_>, prefixes: impl IntoIterator<Item = u32>) {
    prefixes
        .into_iter()
        .for_each(|prefix| assembly.keep(Record::of(RecordKind::Unchanged, prefix).into()).expect("kept"));
    assembly.flush(&()).expect("written");
}

fn take(assembly: &mut Assembly<'_>, prefixes: &[u32]) {
    prefixes.iter().for_each(|prefix| assembly.keep(answer(*prefix).into()).expect("kept"));
    assembly.flush(&()).expect("written");
}

/// A download of the new corpus.
fn fresh(last: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let mut assembly = open(&target, last);
    for prefix in 5..=last {
        let record = if is_changed(prefix) { range_of(prefix, 7) } else { range(prefix) };
        assembly.keep(record.into()).expect("kept");
    }
    assembly.flush(&()).expect("written");
    finish(assembly, &target)
}

#[test]
fn an_update_in_any_order_is_a_fresh_download_and_leaves_nothing() {
    let expected = fresh(LAST);
    let orders: [Box<dyn Fn(u32) -> u32>; 3] =
        [Box::new(|at| 5 + at), Box::new(|at| LAST - at), Box::new(|at| 5 + (at * 7) % (LAST - 4))];
    for (at, order) in orders.iter().enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, old) = base(folder.path(), LAST);
        let held = Old::open(&target);
        let mut wanted: Vec<u32> = (0..LAST - 4).map(order).collect();
        let mut seen = std::collections::HashSet::new();
        wanted.retain(|prefix| seen.insert(*prefix));
        wanted.extend((5..=LAST).filter(|prefix| !seen.contains(prefix)));
        let mut done = std::collections::HashSet::<u32>::new();
        // A run for every 90 ranges.
        for part in wanted.chunks(90) {
            let mut assembly = held.update(&target, LAST);
            let missing: Vec<u32> = (5..=LAST).filter(|prefix| !done.contains(prefix)).collect();
            assert_eq!(assembly.missing(), missing, "order {at}");
            part.chunks(7).for_each(|some| take(&mut assembly, some));
            done.extend(part);
            assert!(std::fs::read(&target).expect("the old index") == old);
        }
        let assembly = held.update(&target, LAST);
        assert!(assembly.missing().is_empty() && assembly.is_due());
        let journal = &assembly.journal;
        let changed = (5..=LAST).filter(|prefix| is_changed(*prefix)).count() as u64;
        assert_eq!(journal.count(RecordKind::Range), changed);
        let total = journal.count(RecordKind::Unchanged) + journal.count(RecordKind::Same) + changed;
        assert_eq!(total, u64::from(LAST - 4));
        for prefix in (5..=LAST).filter(|prefix| is_changed(*prefix) || prefix % 16 == 7) {
            assert_eq!(journal.tag(prefix), format!("\"{prefix}\"").as_bytes());
        }
        assert!(finish(assembly, &target) == expected, "order {at}");
        assert_eq!(beside_target(folder.path()), ["x.bdx"]);
    }
}

#[test]
fn nothing_is_written_before_a_change_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let (target, _) = base(folder.path(), LAST);
    let held = Old::open(&target);
    let mut assembly = held.update(&target, LAST);
    let length = |assembly: &Assembly<'_>| assembly.unfinished.file.metadata().expect("a file").len();
    let limit = assembly.limit();
    unchanged(&mut assembly, 5..LAST);
    assert!(!assembly.is_due() && length(&assembly) == 0 && assembly.early.is_empty());
    assert_eq!(*limit.borrow(), u32::MAX);
    drop(assembly);
    // Another run knows all of it.
    let mut assembly = held.update(&target, LAST);
    assert_eq!((assembly.missing(), assembly.is_due(), length(&assembly)), (vec![LAST], false, 0));
    // A range that was fetched and is the same with a tag that is known is no reason.
    let same = |prefix| Record { payload: Vec::new(), rows: 0, kind: RecordKind::Same, ..range(prefix) };
    assembly.keep(same(LAST).into()).expect("kept");
    assembly.flush(&()).expect("written");
    assert!(assembly.missing().is_empty() && !assembly.is_due() && length(&assembly) == 0);
    drop(assembly);
    // One whose tag was not known is.
    let mut assembly = held.update(&target, LAST);
    assembly.keep(same(7).into()).expect("kept");
    assembly.flush(&()).expect("written");
    assert!(assembly.is_due() && length(&assembly) > 0);
    assert_eq!((assembly.front, assembly.reach), (assembly.covered.len(), assembly.covered.len()));
}

#[test]
fn the_last_range_changed_has_all_groups_written_and_is_not_lost_when_that_is_stopped() {
    use std::ops::ControlFlow;

    struct Stop;
    impl Monitor for Stop {
        fn progress(&self, _: Progress) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }

    let folder = tempfile::tempdir().expect("a folder");
    let (target, _) = base(folder.path(), LAST);
    let held = Old::open(&target);
    let mut assembly = held.update(&target, LAST);
    unchanged(&mut assembly, 5..LAST);
    assembly.keep(range_of(LAST, 7).into()).expect("kept");
    assert!(matches!(assembly.flush(&Stop), Err(Error::Stopped)));
    assert_eq!(assembly.front, CHUNK * 16 - 5);
    drop(assembly);
    let assembly = held.update(&target, LAST);
    assert!(assembly.missing().is_empty() && assembly.is_due());
    let report =
        assembly.publish(&target, (String::new(), String::new()), Vec::new(), &()).expect("published").0;
    assert_eq!((report.ranges_given, report.ranges_changed), (1, 1));
    assert_eq!(report.hashes_added, 7 - u64::from(LAST % 5));
}

#[test]
fn what_is_cut_off_or_flipped_costs_requests_and_nothing_else() {
    const LAST: u32 = 0x65;
    let whole = fresh(LAST);
    let folder = tempfile::tempdir().expect("a folder");
    let (target, old) = base(folder.path(), LAST);
    let held = Old::open(&target);
    let mut assembly = held.update(&target, LAST);
    // Some groups, a hole, and ranges ahead of it, of which the last one changed.
    take(&mut assembly, &(5..0x30).collect::<Vec<_>>());
    take(&mut assembly, &(0x38..LAST).collect::<Vec<_>>());
    drop(assembly);
    let names: Vec<String> =
        beside_target(folder.path()).into_iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(
        names,
        [".x.bdx.breachdex-update", ".x.bdx.breachdex-update-early-0", ".x.bdx.breachdex-update-index"]
    );
    let files: Vec<_> = names.iter().map(|name| folder.path().join(name)).collect();
    let sound: Vec<_> = files.iter().map(|path| std::fs::read(path).expect("a file")).collect();
    for (file, bytes) in sound.iter().enumerate() {
        for at in (0..bytes.len()).step_by((bytes.len() / 12).max(1)) {
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
                let mut assembly = held.update(&target, LAST);
                let again = assembly.missing();
                assert!((0x30..0x38).chain([LAST]).all(|prefix| again.contains(&prefix)));
                take(&mut assembly, &again);
                assert!(finish(assembly, &target) == whole, "file {file}, byte {at}");
                std::fs::write(&target, &old).expect("restored");
            }
        }
    }
}

/// A disk that has no space for one file.
#[derive(Debug)]
struct FullFor {
    path: PathBuf,
    inode: AtomicU64,
}

impl FullFor {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), inode: AtomicU64::new(0) }
    }
}

impl Disk for FullFor {
    fn create_new(&self, path: &Path, mode: u32) -> std::io::Result<std::fs::File> {
        let file = System.create_new(path, mode)?;
        if path == self.path {
            self.inode.store(file.metadata()?.ino(), Ordering::Relaxed);
        }
        Ok(file)
    }

    fn write_at(&self, file: &std::fs::File, bytes: &[u8], offset: u64) -> std::io::Result<usize> {
        if file.metadata()?.ino() == self.inode.load(Ordering::Relaxed) {
            return Err(std::io::Error::from_raw_os_error(28));
        }
        System.write_at(file, bytes, offset)
    }
}

/// The spool and the unfinished index on a full disk: said by name, and what arrived is in the other of the two.
#[cfg(unix)]
#[test]
#[allow(clippy::print_stderr)]
fn a_full_disk_is_said_and_costs_no_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let (target, _) = base(folder.path(), LAST);
    let held = Old::open(&target);
    let segment = folder.path().join(".x.bdx.breachdex-update-early-0");
    let on_full = |full: &Path| files::simulate(Arc::new(FullFor::new(full)), || held.update(&target, LAST));
    let mut assembly = on_full(&segment);
    unchanged(&mut assembly, 5..LAST - 1);
    assembly.keep(range_of(LAST, 7).into()).expect("kept");
    let said = assembly.flush(&()).expect_err("full").to_string();
    assert!(
        said.starts_with(&format!("cannot write {}: No space left on device", segment.display())),
        "{said}"
    );
    drop(assembly);
    let index = folder.path().join(".x.bdx.breachdex-update-index");
    std::fs::remove_file(&index).expect("removed");
    let mut assembly = on_full(&index);
    assert_eq!(assembly.missing(), [LAST - 1, LAST]);
    assembly.keep(range_of(LAST - 1, 7).into()).expect("kept");
    assembly.keep(range_of(LAST, 7).into()).expect("kept");
    let said = assembly.flush(&()).expect_err("full").to_string();
    assert!(
        said.starts_with(&format!("cannot write {}: No space left on device", index.display())),
        "{said}"
    );
    drop(assembly);
    assert!(held.update(&target, LAST).missing().is_empty());
}

#[test]
fn what_an_earlier_version_or_another_index_left_is_discarded() {
    let folder = tempfile::tempdir().expect("a folder");
    let (target, _) = base(folder.path(), LAST);
    let held = Old::open(&target);
    let journal = journal::path(&target, "update");
    for magic in [b"BDXJRNL1", b"BDXJRNL2"] {
        std::fs::write(&journal, [magic.as_slice(), &[0; 100]].concat()).expect("written");
        let mut assembly = held.update(&target, LAST);
        assert!(assembly.journal.discarded_earlier);
        assert_eq!(assembly.missing().len(), LAST as usize - 4);
        take(&mut assembly, &[5, 6, 44]);
        drop(assembly);
        let assembly = held.update(&target, LAST);
        assert!(!assembly.journal.discarded_earlier);
        assert_eq!(assembly.missing().len(), LAST as usize - 7);
    }
    let other = tempfile::tempdir().expect("a folder");
    let held = Old::open(&base(other.path(), LAST - 1).0);
    let assembly = held.update(&target, LAST - 1);
    assert!(!assembly.journal.discarded_earlier && !assembly.is_due());
    assert_eq!(assembly.missing().len(), LAST as usize - 5);
}

/// The second half comes from a mirror: what the first server said of tags is no good there.
#[test]
fn tags_of_another_server_are_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let (target, _) = base(folder.path(), LAST);
    let held = Old::open(&target);
    let mut assembly = held.update(&target, LAST);
    take(&mut assembly, &(5..0x400).collect::<Vec<_>>());
    drop(assembly);
    let mut assembly = held.update_at(&target, "http://b", LAST);
    assert_eq!(assembly.journal.tag(3 + 41), b"");
    take(&mut assembly, &(0x400..=LAST).collect::<Vec<_>>());
    assert!(!assembly.journal.tag(3 + 41 * 30).is_empty());
    assert!(finish(assembly, &target) == fresh(LAST));
}

/// Ranges that could not be fetched are as the base has them in groups that no later run may go on behind: it asks for
/// them again, and what it gets belongs there.
#[test]
fn what_was_missing_is_put_in_its_place_by_the_run_that_gets_it() {
    let last = 0x4f;
    for ends_early in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, _) = base(folder.path(), last);
        let held = Old::open(&target);
        let missing = [3 + 41];
        assert!(is_changed(missing[0]));
        let mut assembly = held.update(&target, last);
        let others: Vec<u32> = (5..=last).filter(|prefix| !missing.contains(prefix)).collect();
        take(&mut assembly, &others);
        missing.iter().for_each(|prefix| assembly.pass_over(*prefix));
        assembly.flush(&()).expect("written");
        assembly.keep_of_base(&missing, &()).expect("kept");
        // It ends here, before the index is published.
        drop(assembly);
        let mut assembly = held.update(&target, last);
        assert_eq!(assembly.missing(), missing, "nothing else is fetched twice");
        if ends_early {
            assembly.keep_of_base(&missing, &()).expect("kept");
            drop(assembly);
            assembly = held.update(&target, last);
            assert_eq!(assembly.missing(), missing);
        }
        take(&mut assembly, &missing);
        assert!(finish(assembly, &target) == fresh(last));
    }
}
