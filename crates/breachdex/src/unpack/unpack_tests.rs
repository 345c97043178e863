//! Files that xz, bzip2, 7-Zip, Info-ZIP and Python packed, whole, cut at every byte and with every byte changed.

#![allow(clippy::unwrap_used)]

use std::io::{Cursor, Write as _};

use super::*;

const TEXT: &[u8] = b"first line\nsecond line\n";

fn packed(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/packed/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn kind(name: &str) -> Packed {
    Packed::of_name(name.as_ref()).unwrap().0
}

/// What comes of bytes, read in small pieces.
fn unpack(packed: Packed, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut reader: Box<dyn Read> = if packed.is_stream() {
        Box::new(Decompressor::new(packed, Cursor::new(bytes)).map_err(|error| error.to_string())?)
    } else {
        open_archive(packed, Cursor::new(bytes), &the_only_file).map_err(|error| error.to_string())?.reader
    };
    let (mut text, mut piece) = (Vec::new(), [0; 7]);
    loop {
        match reader.read(&mut piece).map_err(|error| error.to_string())? {
            0 => return Ok(text),
            length => text.extend_from_slice(&piece[..length]),
        }
    }
}

fn unpack_file(name: &str) -> Result<Vec<u8>, String> {
    unpack(kind(name), packed(name))
}

const SOUND: [&str; 17] = [
    "list.txt.xz",
    "crc32.xz",
    "sha256.xz",
    "list.txt.bz2",
    "lzma.7z",
    "lzma2.7z",
    "bzip2.7z",
    "folder.7z",
    "deflated.zip",
    "stored.zip",
    "streamed.zip",
    "zip64.zip",
    "bzip2.zip",
    "folder.zip",
    "mac.zip",
    "gzip",
    "zstd",
];

/// One of the sound files; two are made here, for their encoders are at hand.
fn sound(name: &str) -> (Packed, Vec<u8>) {
    match name {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(TEXT).unwrap();
            (Packed::Gzip, encoder.finish().unwrap())
        }
        "zstd" => {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(TEXT).unwrap();
            (Packed::Zstd, encoder.finish().unwrap())
        }
        name => (kind(name), packed(name)),
    }
}

#[test]
fn what_other_programs_packed_is_read() {
    for name in SOUND {
        let (packed, bytes) = sound(name);
        assert_eq!(Packed::of_start(&bytes), Some(packed), "{name}");
        assert_eq!(unpack(packed, bytes), Ok(TEXT.to_vec()), "{name}");
    }
}

#[test]
fn streams_are_read_to_the_last_one() {
    for name in ["list.txt.xz", "list.txt.bz2", "gzip", "zstd"] {
        let (packed, bytes) = sound(name);
        assert_eq!(unpack(packed, [bytes.clone(), bytes].concat()), Ok([TEXT, TEXT].concat()), "{name}");
    }
    // xz has padding between streams, in fours.
    let xz = packed("list.txt.xz");
    assert_eq!(unpack(Packed::Xz, [&xz[..], &[0; 8], &xz].concat()), Ok([TEXT, TEXT].concat()));
    assert!(unpack(Packed::Xz, [&xz[..], &[0; 3]].concat()).is_err());
}

#[test]
fn a_cut_at_any_byte_is_an_error() {
    for name in SOUND {
        let (packed, bytes) = sound(name);
        for length in 0..bytes.len() {
            let unpacked = unpack(packed, bytes[..length].to_vec());
            let cut = format!("the {} data end too early; get the file again", packed.name());
            let damaged = format!(
                "the {} data are damaged or followed by something else; get the file again",
                packed.name()
            );
            let said = unpacked.expect_err(&format!("{name} cut to {length}"));
            assert!(said == cut || said == damaged, "{name} cut to {length}: {said}");
        }
    }
}

#[test]
fn what_follows_is_an_error() {
    for name in SOUND {
        let (packed, bytes) = sound(name);
        for garbage in [&b"x"[..], b"\n", b"garbage behind the end", &[0; 3]] {
            let appended = [&bytes[..], garbage].concat();
            // The directory of a 7z archive says where it ends, and 7-Zip itself reads what is followed by something.
            if packed != Packed::SevenZip {
                assert!(unpack(packed, appended).is_err(), "{name} followed by {} bytes", garbage.len());
            }
        }
    }
}

/// Whatever one byte of a file is, its text is either right or not there.
#[test]
fn a_changed_byte_gives_the_text_or_an_error() {
    for name in SOUND {
        let (packed, bytes) = sound(name);
        for place in 0..bytes.len() {
            for change in [0x01, 0x80, 0xFF] {
                let mut bytes = bytes.clone();
                bytes[place] ^= change;
                if let Ok(text) = unpack(packed, bytes) {
                    assert_eq!(text, TEXT, "{name} with byte {place} changed by {change}");
                }
            }
        }
    }
}

#[test]
fn what_is_not_read_is_named() {
    let cases = [
        ("ppmd.7z", "the 7z data are compressed by a method that is not read (PPMD); unpack the file first"),
        ("encrypted.7z", "the 7z data are encrypted; unpack the file first"),
        ("encrypted-names.7z", "the 7z data are encrypted; unpack the file first"),
        ("empty.7z", "there is no file in the 7z archive"),
        (
            "two.7z",
            "there are 2 files in the 7z archive (list.txt, other.txt, ...); unpack it first and name the one that is \
             meant",
        ),
        (
            "two.zip",
            "there are 2 files in the ZIP archive (list.txt, other.txt, ...); unpack it first and name the one that is \
             meant",
        ),
        ("encrypted.zip", "the ZIP data are encrypted; unpack the file first"),
        ("aes.zip", "the ZIP data are encrypted; unpack the file first"),
        (
            "deflate64.zip",
            "the ZIP data are compressed by a method that is not read (Deflate64); unpack the file first",
        ),
        (
            "lzma.zip",
            "the ZIP data are compressed by a method that is not read (LZMA); unpack the file first",
        ),
        ("large-dictionary.xz", "the xz data ask for more than 1024 MiB of memory; unpack the file first"),
    ];
    for (name, expected) in cases {
        assert_eq!(unpack_file(name), Err(expected.to_owned()), "{name}");
    }
    let lz4 = Decompressor::new(Packed::Lz4, &b""[..]).err().unwrap();
    assert_eq!(lz4.to_string(), "it is LZ4 data; unpack it first");
}

#[test]
fn a_file_of_several_can_be_chosen() {
    for name in ["two.zip", "two.7z"] {
        let choose = |names: &[&str]| names.iter().position(|name| *name == "other.txt");
        let mut member = open_archive(kind(name), Cursor::new(packed(name)), &choose).unwrap();
        let mut text = String::new();
        member.reader.read_to_string(&mut text).unwrap();
        assert_eq!((member.name.as_str(), text.as_str()), ("other.txt", "other\n"), "{name}");
    }
}

#[test]
fn a_reader_that_is_dropped_early_leaves_no_thread_behind() {
    let member = open_archive(Packed::SevenZip, Cursor::new(packed("lzma2.7z")), &the_only_file).unwrap();
    drop(member);
}

/// 64 MiB of zeros come out of a kilobyte or less, piece by piece; nothing is kept of them.
#[test]
fn a_bomb_is_read_in_pieces() {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    let mut checksum = flate2::Crc::new();
    for _ in 0..64 {
        encoder.write_all(&zeros).unwrap();
        checksum.update(&zeros);
    }
    let deflated = encoder.finish().unwrap();
    let mut zip = zip_of(&deflated, 64 << 20, checksum.sum());
    let member = open_archive(Packed::Zip, Cursor::new(zip.clone()), &the_only_file).unwrap();
    assert_eq!(io::copy(&mut { member.reader }, &mut io::sink()).unwrap(), 64 << 20);
    // One that says that it is smaller ends where it said.
    let size = zip.len() - END - NAME.len() - 46 + 24;
    zip[size..size + 4].copy_from_slice(&1000_u32.to_le_bytes());
    let member = open_archive(Packed::Zip, Cursor::new(zip), &the_only_file).unwrap();
    let mut sink = Vec::new();
    assert!({ member.reader }.read_to_end(&mut sink).is_err());
    assert!(sink.len() <= 1000);
}

const NAME: &[u8] = b"zeros";
const END: usize = 22;

/// An archive with one deflated file.
fn zip_of(deflated: &[u8], size: u32, checksum: u32) -> Vec<u8> {
    let length = u32::try_from(deflated.len()).unwrap();
    let facts = [
        &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
        &checksum.to_le_bytes(),
        &length.to_le_bytes(),
        &size.to_le_bytes(),
    ]
    .concat();
    let name = u16::try_from(NAME.len()).unwrap().to_le_bytes();
    let local = [b"PK\x03\x04", &facts[..], &name, &[0, 0], NAME, deflated].concat();
    let entry = [b"PK\x01\x02", &[20, 0][..], &facts, &name, &[0; 16], NAME].concat();
    let at = u32::try_from(local.len()).unwrap().to_le_bytes();
    let long = u32::try_from(entry.len()).unwrap().to_le_bytes();
    let end = [b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &long, &at, &[0, 0]].concat();
    [local, entry, end].concat()
}
