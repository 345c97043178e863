//! Files of hundreds of GiB with some KB in them, swapped in under a running server.

#![allow(clippy::print_stderr)]

use std::fs::{self, File};
use std::net::TcpStream;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use breachdex_tests::parts::sections;

use super::{PREFIXES, Server, ask, body, folder};

const HUGE: u64 = 200 << 30;
/// Places in the header: the file's length, the section table with its rows, and the checksum.
const FILE_LENGTH: usize = 64;
const SECTION_TABLE: usize = 80;
const ROW: usize = 24;
const CHECKSUM: usize = 252;

/// The head of a file whose groups section is longer than it was by `HUGE`, with its checksum made anew.
fn stretched_header(sound: &[u8]) -> Vec<u8> {
    let mut header = sound[..256].to_vec();
    let mut add = |at: usize| {
        let number = u64::from_le_bytes(header[at..at + 8].try_into().unwrap()) + HUGE;
        header[at..at + 8].copy_from_slice(&number.to_le_bytes());
    };
    add(FILE_LENGTH);
    add(SECTION_TABLE + 8);
    (1..5).for_each(|row| add(SECTION_TABLE + row * ROW));
    let sum = crc32c::crc32c(&header[..CHECKSUM]);
    header[CHECKSUM..].copy_from_slice(&sum.to_le_bytes());
    header
}

/// Puts a file of that length in the place of the index by rename; `false`, aloud, where there are no sparse files.
fn swap(folder: &Path, length: u64, parts: &[(&[u8], u64)]) -> bool {
    let fresh = folder.join("fresh.bdx");
    let file = File::create(&fresh).unwrap();
    if let Err(error) = file.set_len(length) {
        eprintln!("skipped: no sparse file can be made here: {error}");
        fs::remove_file(fresh).unwrap();
        return false;
    }
    parts.iter().for_each(|(bytes, at)| file.write_all_at(bytes, *at).unwrap());
    fs::rename(fresh, folder.join("a.bdx")).unwrap();
    true
}

fn most_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or(0, |line| line.split_whitespace().next().unwrap().parse().unwrap())
}

#[test]
fn a_huge_file_that_is_swapped_in_is_refused_and_the_server_answers_on() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let sound = fs::read(folder.path().join("a.bdx")).unwrap();
    let [groups, rest @ ..] = sections(&sound);
    let (header, tail) = (stretched_header(&sound), &sound[rest[0].start..]);
    let length = sound.len() as u64 + HUGE;
    let mut connection = TcpStream::connect(server.address).unwrap();
    let before = most_memory(server.process.id());
    let hostile: [&[(&[u8], u64)]; 4] = [
        // Longer than it says.
        &[(&sound, 0)],
        // As long as it says, and all behind the groups is a hole.
        &[(&header, 0), (&sound[groups.clone()], 256)],
        // All behind the groups is there, and they are a hole.
        &[(&header, 0), (tail, groups.end as u64 + HUGE)],
        // Every part is there, with a hole behind the last group.
        &[(&header, 0), (&sound[groups.clone()], 256), (tail, groups.end as u64 + HUGE)],
    ];
    for (number, parts) in hostile.into_iter().enumerate() {
        if !swap(folder.path(), length, parts) {
            return;
        }
        let refusals =
            || fs::read_to_string(folder.path().join("log")).unwrap().matches("still serving").count();
        for _ in 0..600 {
            if refusals() > number {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        assert_eq!(refusals(), number + 1, "{log}");
        assert!(log.contains("the replacement is refused: a.bdx is damaged: "), "{log}");
        for prefix in 0..PREFIXES {
            let (status, found) = ask(&mut connection, &format!("/range/{prefix:05X}")).unwrap();
            assert_eq!((status, found), (200, body(prefix, 0)));
        }
    }
    let grown = most_memory(server.process.id()) - before;
    assert!(grown < 64 << 10, "{grown} KiB more");
}
