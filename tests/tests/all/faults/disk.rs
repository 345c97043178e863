//! Disks that are full or read-only: small file systems in memory, mounted where only the command sees them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{
    COMMAND, assert_refused, assert_succeeds, breachdex, corpus, finish, listing, program, reversed,
};

/// Runs its arguments with a file system of the options `$1` at `disk`, then lists what is left there.
const SCRIPT: &str = r#"
mount -t tmpfs -o "$1" none disk || exit 99
shift
"$@"
code=$?
ls -A disk > left
exit $code"#;

/// A folder with the empty folder `disk`.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("disk")).unwrap();
    folder
}

/// How to get a mount table of one's own: as root, or as root of a new namespace.
const WAYS: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];

/// The way that works here; `None`, said aloud, where none does.
fn unshare() -> Option<&'static [&'static str]> {
    let works = |way: &&[&str]| {
        let folder = folder();
        let arguments = [*way, &["sh", "-c", SCRIPT, "sh", "size=64k", "true"]].concat();
        let child = program(folder.path(), "unshare", &arguments).spawn();
        child.is_ok_and(|child| finish(child, b"").status.success())
    };
    let found = WAYS.into_iter().find(works);
    if found.is_none() {
        eprintln!("skipped: no file system can be mounted here, neither as root nor in a namespace");
    }
    found
}

/// Runs the command with a file system at `disk`; it must be refused with `error` and leave nothing there.
#[track_caller]
fn assert_refused_on(way: &[&str], disk: &str, folder: &Path, arguments: &[&str], stdin: &str, error: &str) {
    let before = listing(folder);
    let prefix = ["sh", "-c", SCRIPT, "sh", disk, COMMAND];
    let all = [way, &prefix[..], arguments].concat();
    let output = finish(program(folder, "unshare", &all).spawn().unwrap(), stdin.as_bytes());
    assert_refused(&output, error);
    assert_eq!(fs::read_to_string(folder.join("left")).unwrap(), "", "{arguments:?}");
    fs::remove_file(folder.join("left")).unwrap();
    assert_eq!(listing(folder), before, "{arguments:?}");
}

/// A folder with 20,000 rows ascending and descending, their index, and the empty folder `disk`.
fn folder_with_corpus() -> TempDir {
    let folder = folder();
    let text = corpus(20_000);
    fs::write(folder.path().join("sorted.txt"), &text).unwrap();
    fs::write(folder.path().join("unsorted.txt"), reversed(&text)).unwrap();
    assert_succeeds(&breachdex(folder.path(), &["build", "-o", "a.bdx", "sorted.txt"], b""));
    assert_succeeds(&breachdex(folder.path(), &["build", "-o", "few.bdx", "-"], corpus(3).as_bytes()));
    folder
}

const FULL: &str = "No space left on device (os error 28)";

#[test]
fn a_full_disk_ends_whatever_writes_a_file() {
    let Some(way) = unshare() else { return };
    let folder = folder_with_corpus();
    let target = format!("cannot write disk/b.bdx: {FULL}");
    let temporary = format!("cannot write a temporary file in disk: {FULL}");
    let text = format!("cannot write disk/b.txt: {FULL}");
    let runs: [(&[&str], &str); 8] = [
        (&["build", "-o", "disk/b.bdx", "sorted.txt"], &target),
        (&["build", "-o", "disk/b.bdx", "unsorted.txt"], &temporary),
        (&["build", "-o", "disk/b.bdx", "unsorted.txt", "--temp-dir", "."], &target),
        (&["build", "-o", "b.bdx", "unsorted.txt", "--temp-dir", "disk"], &temporary),
        (&["build", "-o", "disk/b.bdx", "a.bdx"], &target),
        (&["merge", "-o", "disk/b.bdx", "a.bdx", "a.bdx"], &target),
        (&["export", "a.bdx", "-o", "disk/b.txt"], &text),
        (&["diff", "few.bdx", "a.bdx", "--export", "disk/b.txt"], &text),
    ];
    for (arguments, error) in runs {
        assert_refused_on(way, "size=64k", folder.path(), arguments, "", error);
    }
    let (sorted, descending) = (corpus(20_000), reversed(&corpus(20_000)));
    let from_stdin = ["build", "-o", "disk/b.bdx", "-"];
    assert_refused_on(way, "size=64k", folder.path(), &from_stdin, &sorted, &target);
    assert_refused_on(way, "size=64k", folder.path(), &from_stdin, &descending, &temporary);
    // So full that not even a name fits.
    let no_name = format!("cannot create disk/b.bdx: {FULL}");
    assert_refused_on(way, "nr_inodes=1", folder.path(), &from_stdin, &sorted, &no_name);
}

#[test]
fn a_read_only_disk_takes_no_target() {
    let Some(way) = unshare() else { return };
    let folder = folder_with_corpus();
    let read_only = "Read-only file system (os error 30)";
    let runs: [(&[&str], &str); 5] = [
        (&["build", "-o", "disk/b.bdx", "sorted.txt"], "cannot create disk/b.bdx"),
        (&["merge", "-o", "disk/b.bdx", "a.bdx"], "cannot create disk/b.bdx"),
        (&["export", "a.bdx", "-o", "disk/b.txt"], "cannot create disk/b.txt"),
        (&["diff", "few.bdx", "a.bdx", "--export", "disk/b.txt"], "cannot create disk/b.txt"),
        (
            &["build", "-o", "b.bdx", "unsorted.txt", "--temp-dir", "disk"],
            "cannot create a temporary file in disk",
        ),
    ];
    for (arguments, error) in runs {
        assert_refused_on(way, "ro", folder.path(), arguments, "", &format!("{error}: {read_only}"));
    }
}

#[test]
fn a_folder_without_the_right_to_write_takes_no_target() {
    use std::os::unix::fs::PermissionsExt as _;

    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: root may write everywhere; the read-only disk stands in for this");
        return;
    }
    let folder = folder_with_corpus();
    let disk = folder.path().join("disk");
    fs::set_permissions(&disk, fs::Permissions::from_mode(0o555)).unwrap();
    let output = breachdex(folder.path(), &["build", "-o", "disk/b.bdx", "sorted.txt"], b"");
    assert_refused(&output, "cannot create disk/b.bdx: Permission denied (os error 13)");
    assert_eq!(listing(&disk), Vec::<String>::new());
}
