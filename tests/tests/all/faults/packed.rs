//! Packed inputs: read to their last member or frame, or refused.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use tempfile::TempDir;

use super::{assert_refused, assert_succeeds, breachdex, corpus, listing};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    // With a checksum, as the zstd program writes it.
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A file name's ending, what packs bytes so, and its name in messages.
type Packing = (&'static str, fn(&[u8]) -> Vec<u8>, &'static str);

const PACKINGS: [Packing; 2] = [("gz", gzip, "gzip"), ("zst", zstd, "zstd")];

/// A text packed whole, and in two parts that were joined, the first ending inside a line.
fn whole_and_joined(text: &str, pack: fn(&[u8]) -> Vec<u8>) -> [Vec<u8>; 2] {
    let (first, second) = text.as_bytes().split_at(text.len() / 2 + 7);
    [pack(text.as_bytes()), [pack(first), pack(second)].concat()]
}

fn exported(folder: &Path, index: &str) -> String {
    let output = breachdex(folder, &["export", index], b"");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_member_and_frame_is_read_from_files_and_from_standard_input() {
    let text = corpus(3000);
    for (ending, pack, _) in PACKINGS {
        for (members, bytes) in (1..).zip(whole_and_joined(&text, pack)) {
            let folder = TempDir::new().unwrap();
            let name = format!("corpus.txt.{ending}");
            fs::write(folder.path().join(&name), &bytes).unwrap();
            assert_succeeds(&breachdex(folder.path(), &["build", "-o", "file.bdx", &name], b""));
            assert_succeeds(&breachdex(folder.path(), &["build", "-o", "stdin.bdx", "-"], &bytes));
            for index in ["file.bdx", "stdin.bdx"] {
                assert!(exported(folder.path(), index) == text, "{index} of {members} parts of {ending}");
            }
        }
    }
}

#[test]
fn packed_range_files_are_read_to_their_last_member_and_frame() {
    let rows = format!("{:035X}:3\r\n{:035X}:1\r\n{}:2", 5, 6, "F".repeat(35));
    let text: String = rows.split("\r\n").map(|row| format!("0000A{row}\n")).collect();
    for (ending, pack, _) in PACKINGS {
        for name in [format!("0000A.{ending}"), format!("0000a.txt.{ending}")] {
            for bytes in whole_and_joined(&rows, pack) {
                let folder = TempDir::new().unwrap();
                fs::create_dir(folder.path().join("ranges")).unwrap();
                fs::write(folder.path().join("ranges").join(&name), bytes).unwrap();
                let arguments = ["build", "-o", "a.bdx", "--partial", "ranges"];
                assert_succeeds(&breachdex(folder.path(), &arguments, b""));
                assert_eq!(exported(folder.path(), "a.bdx"), text, "{name}");
                let range = breachdex(folder.path(), &["range", "0000A", "--index", "a.bdx"], b"");
                assert_eq!(String::from_utf8(range.stdout).unwrap(), rows, "{name}");
            }
        }
    }
}

/// What damages packed bytes, and what is then said of the data.
fn damages(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let cut = |end: usize| bytes[..end].to_vec();
    let followed = "are damaged or followed by something else";
    vec![
        ("cut in the middle", cut(bytes.len() / 2), "end too early"),
        ("without its last byte", cut(bytes.len() - 1), "end too early"),
        ("with a line appended", [bytes, b"and now for something else\n"].concat(), followed),
        ("with zeros appended", [bytes, &[0; 512]].concat(), followed),
        ("with a plain row appended", [bytes, corpus(1).as_bytes()].concat(), followed),
        (
            "with a trailer that lies",
            [&bytes[..bytes.len() - 1], &[bytes[bytes.len() - 1] ^ 1]].concat(),
            followed,
        ),
    ]
}

#[test]
fn cut_and_continued_files_are_refused_and_leave_nothing() {
    let text = corpus(3000);
    for (ending, pack, packing) in PACKINGS {
        for whole in whole_and_joined(&text, pack) {
            for (damage, bytes, what) in damages(&whole) {
                let folder = TempDir::new().unwrap();
                let name = format!("corpus.txt.{ending}");
                fs::write(folder.path().join(&name), &bytes).unwrap();
                eprintln!("{name} {damage}");
                let reason = format!("the {packing} data {what}; get the file again");
                let of_file = breachdex(folder.path(), &["build", "-o", "a.bdx", &name], b"");
                assert_refused(&of_file, &format!("{name}: {reason}"));
                let of_stdin = breachdex(folder.path(), &["build", "-o", "a.bdx", "-"], &bytes);
                assert_refused(&of_stdin, &format!("standard input: {reason}"));
                assert_eq!(listing(folder.path()), [name]);
            }
        }
    }
}

#[test]
fn cut_and_continued_range_files_are_refused_and_leave_nothing() {
    let rows: String = (0..300).map(|i| format!("{i:035X}:{}\r\n", 1 + i % 9)).collect();
    for (ending, pack, packing) in PACKINGS {
        for whole in whole_and_joined(rows.trim_end(), pack) {
            for (damage, bytes, what) in damages(&whole) {
                let folder = TempDir::new().unwrap();
                let name = format!("ranges/00000.txt.{ending}");
                fs::create_dir(folder.path().join("ranges")).unwrap();
                fs::write(folder.path().join(&name), &bytes).unwrap();
                eprintln!("{name} {damage}");
                let output = breachdex(folder.path(), &["build", "-o", "a.bdx", "--partial", "ranges"], b"");
                assert_refused(&output, &format!("{name}: the {packing} data {what}; get the file again"));
                assert_eq!(listing(folder.path()), ["ranges"]);
            }
        }
    }
}
