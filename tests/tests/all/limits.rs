//! What a process or a disk is not given: address space below the file's length, files of more than so many bytes, and
//! the last block of a full disk. Each is said as printed, with what to do, and leaves everything as it was.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use breachdex::{BuildOptions, Input, build};
use breachdex_tests::parts::{HEADER, sections};
use tempfile::{TempDir, tempdir};

const COMMAND: &str = env!("CARGO_BIN_EXE_breachdex-under-test");

/// Sorted rows, some 17 bytes of index for each.
fn rows(number: u32) -> String {
    let row = |i: u32| {
        format!("{:040X}:{}\n", u128::from(i) << 90 | u128::from(i.wrapping_mul(2_654_435_761)), i % 9 + 1)
    };
    (1..=number).map(row).collect()
}

/// `rows.txt`, its rows the other way round in `reversed.txt`, and the index of it, `rows.bdx`.
fn folder(number: u32) -> TempDir {
    let folder = tempdir().unwrap();
    let text = rows(number);
    fs::write(folder.path().join("rows.txt"), &text).unwrap();
    let reversed: Vec<&str> = text.lines().rev().collect();
    fs::write(folder.path().join("reversed.txt"), reversed.join("\n")).unwrap();
    let options = BuildOptions::default();
    build(&[Input::path(folder.path().join("rows.txt"))], &folder.path().join("rows.bdx"), &options, &())
        .unwrap();
    folder
}

/// The command in a folder, started by a shell that first does as `before` says.
fn limited(folder: &Path, before: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.current_dir(folder).arg("-c").arg(format!("{before}; exec \"$@\"")).arg("sh").arg(COMMAND);
    command.args(arguments);
    command
}

fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Puts a hole behind the groups of an index, so that it is as long as a large one and takes no disk.
fn stretch(index: &Path, by: u64) {
    let bytes = fs::read(index).unwrap();
    let groups_end = sections(&bytes)[0].end;
    let mut header = bytes[..HEADER].to_vec();
    // The file's length, the groups' length, the offsets of the other sections.
    for at in [64, 88, 104, 128, 152, 176] {
        let number = u64::from_le_bytes(header[at..at + 8].try_into().unwrap());
        header[at..at + 8].copy_from_slice(&(number + by).to_le_bytes());
    }
    let checksum = crc32c::crc32c(&header[..HEADER - 4]);
    header[HEADER - 4..].copy_from_slice(&checksum.to_le_bytes());
    let file = File::options().write(true).open(index).unwrap();
    file.write_all_at(&header, 0).unwrap();
    file.write_all_at(&bytes[groups_end..], groups_end as u64 + by).unwrap();
}

#[test]
fn less_address_space_than_the_file_takes_is_said_and_serve_needs_none() {
    let folder = folder(3000);
    let index = folder.path().join("rows.bdx");
    stretch(&index, 8 << 30);
    let length = fs::metadata(&index).unwrap().len();
    let first = rows(1)[..40].to_owned();
    fs::write(folder.path().join("digest"), &first).unwrap();
    let check = ["check", "--index", "rows.bdx", "--hash"];
    let output = limited(folder.path(), "exec < digest", &check).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\texposed\t2\n", "{}", said(&output));
    for command in [&check[..], &["info", "rows.bdx"]] {
        let output = limited(folder.path(), "ulimit -v 4194304; exec < digest", command).output().unwrap();
        assert_eq!(
            said(&output),
            format!(
                "breachdex: error: cannot map rows.bdx: it takes {length} bytes of address space, this process is allowed \
                 4294967296 (ulimit -v); raise the limit, or ask `breachdex serve`, which reads the file and does not \
                 map it\n"
            )
        );
        assert_eq!(output.status.code(), Some(2));
    }
    let serve = ["serve", "--listen", "127.0.0.1:0", "--index", "rows.bdx"];
    let mut server = limited(folder.path(), "ulimit -v 4194304", &serve)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut stream =
        TcpStream::connect(line.trim_end().strip_prefix("listening on http://").unwrap()).unwrap();
    write!(stream, "GET /range/00000 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let row = format!("{}:2", &first[5..]);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(&row), "{answer}");
}

#[test]
fn a_file_system_without_large_files_is_said_and_nothing_is_left() {
    let folder = folder(5000);
    let target = folder.path().join("rows.bdx");
    let before = fs::read(&target).unwrap();
    let (there, limit) = (names(folder.path()), "trap '' XFSZ; ulimit -f 64");
    let advice = "File too large (os error 27); its file system, or a limit of this process (ulimit -f), holds no larger \
                  file: choose a folder elsewhere or raise the limit\n";
    for (arguments, action) in [
        (&["build", "rows.txt", "--force", "--output", "rows.bdx"][..], "write rows.bdx"),
        (&["build", "rows.txt", "--output", "new.bdx"], "write new.bdx"),
        (&["merge", "rows.bdx", "rows.bdx", "--output", "new.bdx"], "write new.bdx"),
        (&["build", "reversed.txt", "--output", "new.bdx"], "write a temporary file in ."),
    ] {
        let output = limited(folder.path(), limit, arguments).output().unwrap();
        let last = said(&output).lines().next_back().unwrap_or_default();
        assert_eq!(
            format!("{last}\n"),
            format!("breachdex: error: cannot {action}: {advice}"),
            "{arguments:?}"
        );
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(names(folder.path()), there, "{arguments:?}");
        assert!(fs::read(&target).unwrap() == before);
    }
}

/// The disk has every block but the last ones that the index takes at its most, or all of them.
#[test]
fn a_disk_full_at_the_last_block_leaves_the_target_as_it_was() {
    let folder = folder(5000);
    fs::write(folder.path().join("few.txt"), rows(9)).unwrap();
    let old = folder.path().join("old.bdx");
    build(&[Input::path(folder.path().join("few.txt"))], &old, &BuildOptions::default(), &()).unwrap();
    fs::create_dir(folder.path().join("disk")).unwrap();
    let script = r#"mount -t tmpfs -o size="$1" none disk || exit 99; cp old.bdx disk/a.bdx || exit 99; shift
        "$@"; status=$?; ls -A disk; cmp -s disk/a.bdx old.bdx && echo as before; exit "$status""#;
    let run = |blocks: u64| {
        [&["--mount"][..], &["--map-root-user", "--mount"]].into_iter().find_map(|way| {
            let output = Command::new("unshare")
                .current_dir(folder.path())
                .args(way)
                .args(["sh", "-c", script, "sh", &(blocks * 4096).to_string(), COMMAND])
                .args(["build", "rows.txt", "--force", "--output", "disk/a.bdx"])
                .output();
            output.ok().filter(|output| matches!(output.status.code(), Some(0 | 2)))
        })
    };
    // A small index is written twice, the second time with the directory bits of its number of entries.
    let (mut short, mut enough) = (2, 400);
    let Some(whole) = run(enough) else {
        eprintln!("skipped: no file system can be mounted here, neither as root nor in a namespace");
        return;
    };
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    while enough - short > 1 {
        let middle = short.midpoint(enough);
        let output = run(middle).unwrap();
        if output.status.success() {
            assert!(output.stdout.ends_with(b"\na.bdx\n"));
            enough = middle;
            continue;
        }
        let last = said(&output).lines().next_back().unwrap_or_default();
        assert_eq!(last, "breachdex: error: cannot write disk/a.bdx: No space left on device (os error 28)");
        assert_eq!(output.stdout, b"a.bdx\nas before\n", "{middle} blocks");
        assert_eq!(output.status.code(), Some(2));
        short = middle;
    }
    let blocks = fs::metadata(folder.path().join("rows.bdx")).unwrap().len().div_ceil(4096);
    assert!(short > blocks, "{short} blocks are too few, the index alone has {blocks}");
}
