//! Packed inputs whole, cut at every byte, and with something behind their end.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;

use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn read(&self, name: &str, bytes: &[u8], look_inside: bool) -> Result<Vec<u8>, String> {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut text = Vec::new();
        let mut read = || {
            let mut reader = TextReader::open(&Source::Path(path.clone()), look_inside, &Feed::default())?;
            let mut buffer = [0; 7];
            loop {
                match reader.read(&mut buffer)? {
                    0 => return Ok::<(), Error>(()),
                    length => text.extend_from_slice(&buffer[..length]),
                }
            }
        };
        let result = read().map_err(|error| {
            error
                .to_string()
                .replace(&format!("{}{}", self.0.path().display(), std::path::MAIN_SEPARATOR), "")
        });
        result.map(|()| text)
    }
}

const TEXT: &[u8] = b"first line\nsecond line\n";

#[test]
fn every_member_and_every_frame_is_read() {
    let folder = Folder::new();
    for (pack, name) in [(gzip as fn(&[u8]) -> Vec<u8>, "a.gz"), (zstd, "a.zst")] {
        let both = [pack(&TEXT[..11]), pack(&TEXT[11..])].concat();
        assert_eq!(folder.read(name, &both, false).unwrap(), TEXT);
        assert_eq!(folder.read("unnamed", &both, true).unwrap(), TEXT);
        assert_eq!(folder.read("unnamed", &both, false).unwrap(), both);
    }
    assert_eq!(folder.read("plain", TEXT, true).unwrap(), TEXT);
    assert_eq!(folder.read("plain", b"", true).unwrap(), b"");
}

#[test]
fn a_cut_at_any_byte_is_an_error() {
    let folder = Folder::new();
    for (pack, name, kind) in [(gzip as fn(&[u8]) -> Vec<u8>, "a.gz", "gzip"), (zstd, "a.zst", "zstd")] {
        let first = pack(&TEXT[..11]);
        let both = [first.clone(), pack(&TEXT[11..])].concat();
        for length in 1..both.len() {
            // A cut between two members leaves a whole file of one.
            if length == first.len() {
                continue;
            }
            let refused = folder.read(name, &both[..length], false).expect_err("the file is cut");
            let expected = format!("{name}: the {kind} data end too early; get the file again");
            assert_eq!(refused, expected, "cut to {length} of {}", both.len());
        }
        let empty = format!("{name}: the file is empty, which is not a {kind} file");
        assert_eq!(folder.read(name, b"", false).unwrap_err(), empty);
    }
}

#[test]
fn whatever_follows_the_end_is_an_error() {
    let folder = Folder::new();
    for (pack, name) in [(gzip as fn(&[u8]) -> Vec<u8>, "a.gz"), (zstd, "a.zst")] {
        let whole = pack(TEXT);
        for garbage in
            [&b"\0"[..], b"x", b"\x1f", b"\x28", b"\n", &[0; 4], &[0; 512], b"garbage behind the end"]
        {
            let appended = [&whole, garbage].concat();
            let refused = folder.read(name, &appended, false);
            assert!(refused.is_err(), "{name} followed by {} bytes", garbage.len());
        }
        let mut flipped = whole.clone();
        let last = flipped.len() - 1;
        flipped[last] ^= 1;
        if name == "a.gz" {
            let expected =
                "a.gz: the gzip data are damaged or followed by something else; get the file again";
            assert_eq!(folder.read(name, &flipped, false).unwrap_err(), expected);
        }
        assert!(folder.read(name, b"no packed data at all", false).is_err());
    }
}

#[test]
fn a_missing_file_is_named() {
    let source = Source::Path("no/such/file".into());
    let error = TextReader::open(&source, true, &Feed::default()).err().unwrap().to_string();
    assert!(error.starts_with("cannot open no/such/file: "), "{error}");
}

#[test]
fn lists_in_archives_and_other_compressions_are_read() {
    let folder = Folder::new();
    for name in ["list.txt.xz", "list.txt.bz2", "lzma2.7z", "deflated.zip"] {
        let bytes = std::fs::read(format!("{}/tests/packed/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert_eq!(folder.read(name, &bytes, false).unwrap(), TEXT, "{name}");
        assert_eq!(folder.read("unnamed", &bytes, true).unwrap(), TEXT, "{name}");
        // A list of passwords may begin with anything.
        assert_eq!(folder.read("unnamed", &bytes, false).unwrap(), bytes, "{name}");
        assert!(folder.read(name, &bytes[..bytes.len() - 1], false).is_err(), "{name}");
    }
    let lz4 = b"\x04\x22\x4d\x18";
    let said = folder.read("a", lz4, true).unwrap_err();
    assert_eq!(said, "a: this is LZ4 data; unpack it first, or pipe `lz4 -dc a` into standard input");
    let said = folder.read("a.lzma", b"]\0\0\x80\0", true).unwrap_err();
    assert_eq!(
        said,
        "a.lzma: this is LZMA data; unpack it first, or pipe `xz -dc a.lzma` into standard input"
    );
    let said = folder.read("a", b"Rar!\x1a\x07\0", true).unwrap_err();
    assert_eq!(said, "a: this is RAR data; unpack it first, or pipe `unrar p -inul a` into standard input");
}

/// An archive is read from its end, which a pipe does not have.
#[cfg(unix)]
#[test]
fn an_archive_in_a_pipe_is_named_with_what_unpacks_it() {
    let folder = Folder::new();
    let pipe = folder.0.path().join("list.7z");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, b"7z\xbc\xaf\x27\x1c....").unwrap()
    });
    let error =
        TextReader::open(&Source::Path(pipe.clone()), true, &Feed::default()).err().unwrap().to_string();
    writer.join().unwrap();
    let pipe = pipe.display();
    assert_eq!(
        error,
        format!("{pipe}: this is 7z data; unpack it first, or pipe `7z x -so {pipe}` into standard input")
    );
}
