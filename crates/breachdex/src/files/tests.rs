//! Links, pipes and other users' files under our names; locks where there are none; what a replaced file hands on; and
//! disks that fail.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::{TempDir, tempdir};

use super::*;

mod owners;

fn system() -> Arc<dyn Disk> {
    Arc::new(System)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn claim(disk: Arc<dyn Disk>, target: &Path) -> Temporary {
    Temporary::claim(disk, target, Readers::Umask).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_pipe_that_is_called_as_a_temporary_file_keeps_nobody_waiting() {
    let folder = tempdir().unwrap();
    let strange = folder.path().join(".a.bdx.breachdex-1-abcdefgh");
    mkfifoat(CWD, &strange, Mode::RUSR | Mode::WUSR).unwrap();
    symlink("/dev/zero", folder.path().join(".a.bdx.breachdex-1-bcdefghi")).unwrap();
    drop(claim(system(), &folder.path().join("a.bdx")));
    assert_eq!(names(folder.path()), [".a.bdx.breachdex-1-abcdefgh", ".a.bdx.breachdex-1-bcdefghi"]);
}

#[test]
fn a_lock_on_the_folder_stops_nobody() {
    let folder = tempdir().unwrap();
    let held = File::open(folder.path()).unwrap();
    held.lock().unwrap();
    drop(claim(system(), &folder.path().join("a.bdx")));
}

#[test]
fn of_many_that_claim_at_once_one_has_it() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("a.bdx");
    for _ in 0..20 {
        let held: Vec<_> = std::thread::scope(|scope| {
            let claim = || Temporary::claim(system(), &target, Readers::Umask).ok();
            let all: Vec<_> = (0..4).map(|_| scope.spawn(claim)).collect();
            all.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(held.len() <= 1, "{held:?}");
        drop(held);
        assert!(names(folder.path()).is_empty());
    }
}

/// A disk without locks.
#[derive(Debug)]
struct Lockless;

impl Disk for Lockless {
    fn try_flock(&self, _: &File) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn where_there_are_no_locks_a_lock_file_stands_in() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("a.bdx");
    let lockless = || Arc::new(Lockless) as Arc<dyn Disk>;
    let first = claim(lockless(), &target);
    assert_eq!(names(folder.path()).len(), 2);
    let second = Temporary::claim(lockless(), &target, Readers::Umask);
    assert!(matches!(second, Err(ClaimError::Busy)));
    first.publish(false, Readers::Umask).unwrap();
    assert_eq!(names(folder.path()), ["a.bdx"]);
    assert!(Lock::lock_files_were_used() && !Lock::lock_files_were_used());
    // Of a process that is gone: a child that was waited for.
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let dead = child.id();
    child.wait().unwrap();
    let leftover = folder.path().join(format!(".a.bdx.breachdex-{dead}-abcdefgh"));
    let lock = |name: &str| folder.path().join(format!("{name}.lock"));
    let held = claim(lockless(), &target);
    let name = held.path().file_name().unwrap().to_str().unwrap();
    let ours = fs::read_to_string(lock(name)).unwrap();
    drop(held);
    let theirs = ours.replacen(&std::process::id().to_string(), &dead.to_string(), 1);
    let put = |text: &str| {
        fs::write(&leftover, "half").unwrap();
        fs::write(lock(leftover.file_name().unwrap().to_str().unwrap()), text).unwrap();
    };
    put(&theirs);
    drop(claim(lockless(), &target));
    assert_eq!(names(folder.path()), ["a.bdx"]);
    // What was left alone of a killed clean-up.
    put(&theirs);
    fs::remove_file(&leftover).unwrap();
    drop(claim(lockless(), &target));
    assert_eq!(names(folder.path()), ["a.bdx"]);
    // Of another machine: it may live.
    put(&format!("{dead} elsewhere\n"));
    assert!(matches!(Temporary::claim(lockless(), &target, Readers::Umask), Err(ClaimError::Busy)));
    // Of this one before it was started anew, whatever process has its number now.
    let words: Vec<&str> = ours.trim_end().split(' ').collect();
    if words[2].is_empty() || words[4] != "pid:[4026531836]" {
        eprintln!("skipped: nothing tells this machine from others, or this is a container");
        return;
    }
    put(&ours.replace(words[3], "an-earlier-start"));
    assert!(
        matches!(Temporary::claim(lockless(), &target, Readers::Umask), Err(ClaimError::Busy)),
        "it is new"
    );
    let lock =
        File::options().write(true).open(lock(leftover.file_name().unwrap().to_str().unwrap())).unwrap();
    lock.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1)).unwrap();
    drop(claim(lockless(), &target));
    assert_eq!(names(folder.path()), ["a.bdx"]);
}

/// One that is full, too.
#[derive(Debug)]
struct LocklessAndFull;

impl Disk for LocklessAndFull {
    fn write_at(&self, _: &File, _: &[u8], _: u64) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(libc::ENOSPC))
    }

    fn try_flock(&self, _: &File) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// An empty lock file names no process, so nobody would ever dare to remove it.
#[test]
fn a_lock_file_that_cannot_be_written_does_not_stay() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("a.bdx");
    let full = Temporary::claim(Arc::new(LocklessAndFull), &target, Readers::Umask);
    assert!(matches!(full, Err(ClaimError::Io("lock", ..))), "{full:?}");
    assert_eq!(names(folder.path()), [""; 0]);
    claim(Arc::new(Lockless), &target);
}

/// One from which nothing can be removed either.
#[derive(Debug)]
struct LocklessAndBroken;

impl Disk for LocklessAndBroken {
    fn write_at(&self, _: &File, _: &[u8], _: u64) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(libc::EIO))
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(libc::EIO))
    }

    fn try_flock(&self, _: &File) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn a_lock_file_that_stays_without_its_line_is_no_obstacle_to_its_own_process() {
    let folder = tempdir().unwrap();
    let (path, lock) = (folder.path().join("journal"), folder.path().join("journal.lock"));
    let file = File::create(&path).unwrap();
    let take = |disk: Arc<dyn Disk>| Lock::try_take(&disk, &file, &path);
    assert_eq!(take(Arc::new(LocklessAndBroken)).unwrap_err().raw_os_error(), Some(libc::EIO));
    assert_eq!(fs::read(&lock).unwrap(), b"");
    assert!(take(Arc::new(Lockless)).unwrap().is_some());
    // One that this process did not leave is another's, who may be about to write it.
    fs::write(&lock, "").unwrap();
    assert!(take(Arc::new(Lockless)).unwrap().is_none());
}

/// Kills do not wait for a line to be whole, and a loss of power leaves zeros.
#[test]
fn a_lock_file_without_its_whole_line_is_taken_over_once_it_is_old() {
    let folder = tempdir().unwrap();
    let lockless = || Arc::new(Lockless) as Arc<dyn Disk>;
    let (path, lock) = (folder.path().join("journal"), folder.path().join("journal.lock"));
    let file = File::create(&path).unwrap();
    let take = || Lock::try_take(&lockless(), &file, &path).unwrap();
    let whole = {
        let _held = take().unwrap();
        fs::read(&lock).unwrap()
    };
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(31);
    let put = |name: &str, text: &[u8], is_old: bool| {
        let file = File::create(folder.path().join(name)).unwrap();
        io::Write::write_all(&mut &file, text).unwrap();
        if is_old {
            file.set_modified(old).unwrap();
        }
    };
    let zeros = vec![0; whole.len()];
    for torn in [&[][..], b"4", &whole[..whole.len() - 1], &zeros, b"\xff\xfe"] {
        put("journal.lock", torn, false);
        assert!(take().is_none(), "its process may be writing it");
        put("journal.lock", torn, true);
        let held = take().unwrap();
        assert_eq!(fs::read(&lock).unwrap(), whole);
        assert!(take().is_none());
        drop(held);
        // The process that took it over was killed, too.
        put("journal.lock", torn, true);
        put("journal.lock.takeover", torn, false);
        assert!(take().is_none());
        put("journal.lock.takeover", torn, true);
        drop(take().unwrap());
        assert_eq!(names(folder.path()), ["journal"]);
    }
    // Whole ones of living processes never are, but for one of ours that could not be removed.
    put("journal.lock", &whole, true);
    drop(take().unwrap());
    let (_, place) = std::str::from_utf8(&whole).unwrap().split_once(' ').unwrap();
    put("journal.lock", format!("1 {place}").as_bytes(), true);
    assert!(take().is_none());
    put("journal.lock", b"1 elsewhere\n", true);
    assert!(take().is_none());
}

/// Many at once: one has it.
#[test]
fn of_many_that_take_an_abandoned_lock_file_over_one_has_it() {
    let folder = tempdir().unwrap();
    let (path, lock) = (folder.path().join("journal"), folder.path().join("journal.lock"));
    let file = File::create(&path).unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(31);
    for _ in 0..50 {
        let torn = File::create(&lock).unwrap();
        torn.set_modified(old).unwrap();
        let held: Vec<_> = std::thread::scope(|scope| {
            let take = || {
                let disk = Arc::new(Lockless) as Arc<dyn Disk>;
                Lock::try_take(&disk, &file, &path).unwrap()
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            all.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(held.len() <= 1, "{held:?}");
        drop(held);
        let _ = fs::remove_file(&lock);
        assert_eq!(names(folder.path()), ["journal"]);
    }
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced() {
    let folder = tempdir().unwrap();
    let (real, link) = (folder.path().join("real.bdx"), folder.path().join("link.bdx"));
    fs::write(&real, "old").unwrap();
    symlink("real.bdx", &link).unwrap();
    assert!(matches!(resolve_target(&link, false), Err(ClaimError::Exists)));
    let resolved = resolve_target(&link, true).unwrap();
    claim(system(), &resolved).publish(true, Readers::Umask).unwrap();
    assert!(link.is_symlink() && fs::read(&real).unwrap().is_empty());
    let refused = |leads_to: &str| {
        let link = folder.path().join("other");
        let _ = fs::remove_file(&link);
        symlink(leads_to, &link).unwrap();
        match resolve_target(&link, true).unwrap_err() {
            ClaimError::Unfit(reason) => {
                reason.replace(&format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR), "")
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused("/dev/null"), "other is a symbolic link to a device");
    assert_eq!(refused("nowhere"), "other is a symbolic link that leads nowhere; remove it");
    assert_eq!(refused("."), "other is a symbolic link to a folder");
}

/// What a disk does badly.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    ShortWrites,
    Sync,
    SyncFolder,
    Rename,
}

#[derive(Debug)]
struct Faulty(Fault);

impl Faulty {
    fn fails(&self, when: Fault) -> io::Result<()> {
        if self.0 == when { Err(io::Error::from_raw_os_error(libc::EIO)) } else { Ok(()) }
    }
}

impl Disk for Faulty {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let most = if self.0 == Fault::ShortWrites { 3 } else { bytes.len() };
        System.write_at(file, &bytes[..most.min(bytes.len())], offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        // A disk that is found to be full when it is asked to keep what it took.
        if self.0 == Fault::Sync {
            Err(io::Error::from_raw_os_error(libc::ENOSPC))
        } else {
            System.sync(file)
        }
    }

    fn rename(&self, from: &Path, to: &Path, replace: bool) -> io::Result<()> {
        self.fails(Fault::Rename)?;
        System.rename(from, to, replace)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.fails(Fault::SyncFolder)?;
        System.sync_folder(folder)
    }
}

fn corpus(folder: &TempDir) -> std::path::PathBuf {
    let path = folder.path().join("corpus.txt");
    fs::write(&path, format!("{:040X}:3\n{:040X}:1\n", 7, 9)).unwrap();
    path
}

/// Builds over an old file on a disk with a fault; what was said, with the target's name alone.
fn build_on(fault: Fault) -> (Result<Durability, String>, TempDir) {
    let folder = tempdir().unwrap();
    let input = crate::Input::path(corpus(&folder));
    let target = folder.path().join("a.bdx");
    fs::write(&target, "old").unwrap();
    let options = crate::BuildOptions { replace: true, ..crate::BuildOptions::default() };
    let built = simulate(Arc::new(Faulty(fault)), || crate::build(&[input], &target, &options, &()));
    let said = built.map(|report| report.durability);
    let said = said.map_err(|error| {
        error.to_string().replace(&format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR), "")
    });
    assert_eq!(names(folder.path()), ["a.bdx", "corpus.txt"]);
    (said, folder)
}

#[test]
fn a_build_survives_short_writes() {
    let (said, folder) = build_on(Fault::ShortWrites);
    assert_eq!(said, Ok(Durability::Synced));
    crate::Index::open(folder.path().join("a.bdx")).unwrap().verify(&()).unwrap();
}

#[test]
fn a_disk_that_is_full_at_the_sync_leaves_the_old_file() {
    let (said, folder) = build_on(Fault::Sync);
    assert_eq!(said, Err("cannot write a.bdx: No space left on device (os error 28)".to_owned()));
    assert_eq!(fs::read(folder.path().join("a.bdx")).unwrap(), b"old");
    let (said, folder) = build_on(Fault::Rename);
    assert_eq!(said, Err("cannot create a.bdx: Input/output error (os error 5)".to_owned()));
    assert_eq!(fs::read(folder.path().join("a.bdx")).unwrap(), b"old");
}

#[test]
fn a_folder_that_cannot_be_synced_is_an_outcome() {
    let (said, folder) = build_on(Fault::SyncFolder);
    assert_eq!(said, Ok(Durability::FolderNotSynced(Some(libc::EIO))));
    assert_eq!(
        said.unwrap().to_string(),
        "published; the folder could not be synced: Input/output error (os error 5): a loss of power may bring back \
         what was there before"
    );
    assert_eq!(crate::Index::open(folder.path().join("a.bdx")).unwrap().len(), 2);
    let overlay = crate::OverlayFile::at(folder.path().join("own.bdx"));
    let digest = crate::Digest::sha1(b"ours");
    let add = || overlay.add(crate::Kind::Sha1, &[digest], &());
    let change = simulate(Arc::new(Faulty(Fault::SyncFolder)), add).unwrap();
    assert_eq!((change.changed, change.durability), (1, Durability::FolderNotSynced(Some(libc::EIO))));
}

#[test]
fn waiting_for_a_pipe_ends_when_it_is_told_to() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("pipe");
    mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
    let mut pipe = InputFile::open(&path).unwrap();
    let stopped = pipe.read_unless(&mut [0; 4], &|| true).unwrap_err();
    assert!(is_stopped(&stopped));
    let writer = std::thread::spawn({
        let path = path.clone();
        move || fs::write(path, "text")
    });
    let mut text = String::new();
    io::Read::read_to_string(&mut pipe, &mut text).unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(text, "text");
    let refused = open_index(&path).unwrap_err().to_string();
    assert!(
        refused.ends_with("pipe is not a breachdex index: it is a pipe or a device, not a file"),
        "{refused}"
    );
    let refused = crate::Index::open(&path).unwrap_err().to_string();
    assert!(refused.ends_with("it is a pipe or a device, not a file"), "{refused}");
}

/// The lock of a system ends with the last handle of its file, which callers may have closed.
#[test]
fn a_lock_lasts_when_its_file_is_closed() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("locked");
    let take = || {
        let file = File::options().create(true).append(true).open(&path).unwrap();
        Lock::try_take(&(Arc::new(System) as Arc<dyn Disk>), &file, &path).unwrap()
    };
    let held = take().unwrap();
    assert!(take().is_none());
    drop(held);
    assert!(take().is_some());
}

/// A process that another thread starts has every handle until it runs its own program.
#[cfg(unix)]
#[test]
fn a_lock_ends_though_another_process_has_a_handle_of_its_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("locked");
    let open = || File::options().create(true).append(true).open(&path).unwrap();
    let take = |file: &File| Lock::try_take(&(Arc::new(System) as Arc<dyn Disk>), file, &path).unwrap();
    let file = open();
    let held = take(&file).unwrap();
    assert!(take(&open()).is_none());
    drop(held);
    assert!(take(&open()).is_some());
    drop(file);
}

/// A folder that gets its name when it is complete has its lock in it.
#[test]
fn a_lock_file_is_removed_where_its_folder_has_another_name() {
    let folder = tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    fs::create_dir(&before).unwrap();
    let path = before.join("locked");
    let file = File::create(&path).unwrap();
    let mut held = Lock::try_take(&(Arc::new(Lockless) as Arc<dyn Disk>), &file, &path).unwrap().unwrap();
    fs::rename(&before, &after).unwrap();
    held.moved(&after.join("locked"));
    assert!(after.join("locked.lock").exists());
    drop(held);
    assert!(!after.join("locked.lock").exists());
}
