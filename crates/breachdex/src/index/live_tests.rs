//! Files that are replaced, spoilt, damaged and deleted under a live handle, and overlays against a plain model.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Index, LiveIndex, OpenOptions};
use crate::coverage::Coverage;
use crate::digest::{Digest, Kind};
use crate::entry::Entry;
use crate::format::Layout;
use crate::testing::{assemble, layout};

/// The bytes of an index of passwords and counts.
fn index_of(passwords: &[(&str, u64)], counts: bool, coverage: Coverage) -> Vec<u8> {
    let mut entries: Vec<Entry> = passwords
        .iter()
        .map(|(password, count)| {
            Entry::new(&Digest::sha1(password.as_bytes()), if counts { *count } else { 1 })
        })
        .collect();
    entries.sort_unstable_by_key(|entry| entry.key);
    assemble(Layout { counts, ..layout(Kind::Sha1, 160, 0) }, &entries, coverage)
}

fn whole(passwords: &[(&str, u64)]) -> Vec<u8> {
    index_of(passwords, true, Coverage::whole())
}

/// A folder with one index in it.
struct Site {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Site {
    fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pwned.bdx");
        fs::write(&path, bytes).unwrap();
        Self { folder, path }
    }

    /// Replaces the file as it should be.
    fn replace(&self, bytes: &[u8]) {
        let fresh = self.folder.path().join("fresh");
        fs::write(&fresh, bytes).unwrap();
        crate::files::Disk::rename(&crate::files::System, &fresh, Path::new(&self.path), true).unwrap();
    }

    fn open(&self, every: Option<Duration>) -> LiveIndex {
        LiveIndex::open(&self.path, OpenOptions::default(), every).unwrap()
    }
}

fn count(index: &LiveIndex, password: &str) -> Result<u64, String> {
    index.ask(|index| index.count(&Digest::sha1(password.as_bytes()))).map_err(|error| error.to_string())
}

#[test]
fn a_sound_replacement_answers_and_readers_of_the_old_one_finish() {
    let site = Site::new(&whole(&[("old", 1)]));
    let index = site.open(None);
    let reader = index.snapshot().unwrap();
    assert!(!index.reload_if_changed(&()).unwrap());
    site.replace(&whole(&[("new", 2)]));
    assert_eq!(count(&index, "old"), Ok(1), "nobody looked yet");
    assert!(index.reload_if_changed(&()).unwrap());
    assert_eq!((count(&index, "old"), count(&index, "new")), (Ok(0), Ok(2)));
    assert_eq!(reader.count(&Digest::sha1(b"old")).unwrap(), 1);
    assert!(index.reload_error().is_none());
}

#[test]
fn questions_look_on_their_own_when_asked_to() {
    let site = Site::new(&whole(&[("old", 1)]));
    let index = site.open(Some(Duration::ZERO));
    site.replace(&whole(&[("new", 2)]));
    assert_eq!(count(&index, "new"), Ok(2));
    let patient = site.open(Some(Duration::from_secs(3600)));
    site.replace(&whole(&[("newer", 3)]));
    assert_eq!((count(&patient, "newer"), count(&index, "newer")), (Ok(0), Ok(3)));
}

#[test]
#[cfg(unix)]
fn a_symbolic_link_that_is_swapped_counts_as_a_replacement() {
    let site = Site::new(&whole(&[("old", 1)]));
    let link = site.folder.path().join("link");
    std::os::unix::fs::symlink(&site.path, &link).unwrap();
    let index = LiveIndex::open(&link, OpenOptions::default(), None).unwrap();
    let other = site.folder.path().join("other.bdx");
    fs::write(&other, whole(&[("new", 2)])).unwrap();
    let fresh = site.folder.path().join("fresh-link");
    std::os::unix::fs::symlink(&other, &fresh).unwrap();
    fs::rename(fresh, &link).unwrap();
    assert!(index.reload_if_changed(&()).unwrap());
    assert_eq!(count(&index, "new"), Ok(2));
}

#[test]
fn a_bad_replacement_is_refused_once_and_the_old_one_answers_on() {
    let site = Site::new(&whole(&[("old", 1)]));
    let name = site.path.display().to_string();
    let index = site.open(None);
    let mut damaged = whole(&[("new", 2)]);
    damaged[crate::format::header::LENGTH + 30] ^= 1;
    let ntlm = Layout { kind: Kind::Ntlm, ..layout(Kind::Ntlm, 128, 0) };
    let ntlm = assemble(ntlm, &[Entry::new(&Digest::ntlm("x"), 1)], Coverage::whole());
    for (bytes, expected) in [
        (damaged, " is damaged: "),
        (b"not an index".to_vec(), " is not a breachdex index: "),
        (Vec::new(), " is not a breachdex index: "),
        (ntlm, " holds NTLM digests now, before it held SHA-1 ones; put an index of the same kind there"),
    ] {
        site.replace(&bytes);
        for _ in 0..2 {
            assert!(!index.reload_if_changed(&()).unwrap());
            assert_eq!(count(&index, "old"), Ok(1));
        }
        let said = index.reload_error().unwrap().to_string();
        assert!(said.starts_with(&format!("{name}{expected}")), "{said}");
        let refused = format!("a replaced file was refused, still using the previous one: {said}");
        assert_eq!(index.unreported().unwrap().to_string(), refused);
        assert!(index.unreported().is_none(), "said once");
    }
    fs::remove_file(&site.path).unwrap();
    assert!(!index.reload_if_changed(&()).unwrap());
    assert!(index.reload_error().unwrap().to_string().starts_with(&format!("cannot open {name}: ")));
    assert!(index.unreported().is_some());
    site.replace(&whole(&[("new", 2)]));
    assert!(index.reload_if_changed(&()).unwrap());
    assert!(index.reload_error().is_none() && count(&index, "new") == Ok(2));
}

#[test]
fn a_file_that_was_changed_in_place_is_never_believed_again() {
    let site = Site::new(&whole(&[("old", 1)]));
    let said = format!(
        "{} is damaged: header at byte 0: the file was changed in place while it was open; restore it from a copy \
         or build it again",
        site.path.display()
    );
    for every in [None, Some(Duration::ZERO)] {
        site.replace(&whole(&[("old", 1)]));
        let index = site.open(every);
        let mut file = fs::OpenOptions::new().append(true).open(&site.path).unwrap();
        file.write_all(b"x").unwrap();
        drop(file);
        if every.is_none() {
            assert_eq!(index.reload_if_changed(&()).unwrap_err().to_string(), said);
        }
        assert_eq!(count(&index, "old"), Err(said.clone()));
        assert_eq!(index.reload_if_changed(&()).unwrap_err().to_string(), said);
        site.replace(&whole(&[("old", 1)]));
        assert!(index.reload_if_changed(&()).unwrap(), "a sound file mends it");
        assert_eq!(count(&index, "old"), Ok(1));
    }
}

#[test]
fn a_closed_index_answers_nobody() {
    let site = Site::new(&whole(&[("old", 1)]));
    let index = site.open(Some(Duration::ZERO));
    index.close();
    let said = format!("{} was closed; open it again", site.path.display());
    assert_eq!(count(&index, "old"), Err(said.clone()));
    assert_eq!(index.reload_if_changed(&()).unwrap_err().to_string(), said);
    site.replace(&whole(&[("new", 1)]));
    assert!(index.is_closed() && count(&index, "new").is_err());
}

#[test]
fn every_answer_during_swaps_is_of_one_file_or_the_other() {
    let (one, two) = (whole(&[("both", 1)]), whole(&[("both", 2)]));
    let site = Site::new(&one);
    let index = site.open(Some(Duration::ZERO));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert!(matches!(count(&index, "both"), Ok(1 | 2)));
                }
            });
        }
        for _ in 0..100 {
            site.replace(&two);
            site.replace(&one);
            index.reload_if_changed(&()).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(count(&index, "both"), Ok(1));
}

/// A handle on an index in memory.
fn in_memory(bytes: Vec<u8>) -> LiveIndex {
    LiveIndex::new(Index::from_bytes(bytes, "test").unwrap())
}

#[cfg(unix)]
#[test]
fn what_the_system_refused_is_tried_again() {
    use std::os::unix::fs::symlink;
    let site = Site::new(&whole(&[("old", 1)]));
    let index = site.open(Some(Duration::ZERO));
    // A link to itself cannot be opened, as a file without the right to read it cannot.
    let target = site.folder.path().join("target");
    symlink(&target, &target).unwrap();
    fs::remove_file(&site.path).unwrap();
    symlink(&target, &site.path).unwrap();
    assert_eq!(count(&index, "old"), Ok(1));
    assert!(index.unreported().is_some() && index.reload_error().is_some());
    assert_eq!(count(&index, "old"), Ok(1));
    assert!(index.unreported().is_none(), "said once");
    fs::remove_file(&target).unwrap();
    fs::write(&target, whole(&[("new", 2)])).unwrap();
    assert_eq!(count(&index, "new"), Ok(2));
    assert!(index.reload_error().is_none());
}

/// Stops whatever asks it.
struct Stop;

impl crate::Monitor for Stop {
    fn progress(&self, _: crate::Progress) -> std::ops::ControlFlow<()> {
        std::ops::ControlFlow::Break(())
    }
}

#[test]
fn who_looks_again_and_again_does_not_read_a_refused_file_again() {
    let site = Site::new(&whole(&[("old", 1)]));
    let index = site.open(None);
    let mut damaged = whole(&[("new", 2)]);
    damaged[crate::format::header::LENGTH + 30] ^= 1;
    site.replace(&damaged);
    assert!(matches!(index.reload_if_new(&Stop), Err(crate::Error::Cancelled)), "it is read");
    assert_eq!(index.reload_if_new(&()).ok(), Some(false));
    assert!(index.unreported().is_some());
    assert_eq!(index.reload_if_new(&Stop).ok(), Some(false), "it is not read again");
    assert!(
        matches!(index.reload_if_changed(&Stop), Err(crate::Error::Cancelled)),
        "who asks has it read again"
    );
    site.replace(&whole(&[("new", 2)]));
    assert_eq!(index.reload_if_new(&()).ok(), Some(true));
    assert_eq!(count(&index, "new"), Ok(2));
}

/// Reloads from within a reload, as a signal handler may.
struct Nested<'a>(&'a LiveIndex, AtomicBool);

impl crate::Monitor for Nested<'_> {
    fn progress(&self, _: crate::Progress) -> std::ops::ControlFlow<()> {
        assert!(!self.0.reload_if_changed(&()).unwrap());
        self.1.store(true, Ordering::Relaxed);
        std::ops::ControlFlow::Continue(())
    }
}

#[test]
fn a_reload_within_a_reload_does_not_wait_for_itself() {
    let site = Site::new(&whole(&[("old", 1)]));
    let index = site.open(None);
    site.replace(&whole(&[("new", 2)]));
    let nested = Nested(&index, AtomicBool::new(false));
    assert!(index.reload_if_changed(&nested).unwrap());
    assert!(nested.1.load(Ordering::Relaxed), "the monitor was heard");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_without_waiting_for_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let said = format!("{} is not a breachdex index: it is a pipe or a device, not a file", path.display());
    assert_eq!(Index::open(&path).unwrap_err().to_string(), said);
}

#[test]
fn an_index_follows_its_path_not_the_working_folder() {
    let site = Site::new(&whole(&[("old", 1)]));
    assert_eq!(site.open(None).path(), Some(Path::new(&site.path)));
    assert_eq!(in_memory(whole(&[])).path(), None);
    assert!(!in_memory(whole(&[])).reload_if_changed(&()).unwrap());
}
