//! The gallery of bad indexes: what is wrong with each and how it is made out of a sound one.
//!
//! A fault below a checksum is signed, so that the fault itself must be seen and not only its checksum.

#![forbid(unsafe_code)]

use breachdex::Digest;

use crate::parts::{Bucket, GROUP_HEAD, Group, Parts, sections};

/// The two sound files that every bad one is made out of. Both hold SHA-1 digests with counts.
pub struct Sound {
    /// 40 exact entries in one bucket.
    pub small: Vec<u8>,
    /// 600 entries of 64 bits in one group of two buckets.
    pub split: Vec<u8>,
}

/// A file name without its extension, and how the file is made.
pub type Fault = (&'static str, fn(&Sound) -> Vec<u8>);

/// One bad index a fault.
pub const FAULTS: &[Fault] = &[
    ("file-empty", |_| Vec::new()),
    ("file-of-text", |_| b"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\n".repeat(8)),
    ("file-cut-in-the-header", |sound| sound.small[..100].to_vec()),
    ("file-cut-by-a-byte", |sound| sound.small[..sound.small.len() - 1].to_vec()),
    ("file-with-a-byte-appended", |sound| [&sound.small[..], b"\n"].concat()),
    ("file-with-line-ends-converted", |sound| [b"\x89BDX\n\x1A\n\0".as_slice(), &sound.small[8..]].concat()),
    ("header-checksum", |sound| with_byte(&sound.small, 252, |byte| byte ^ 1)),
    ("header-version-0", |sound| header(sound, 8, 0)),
    ("header-version-1", |sound| header(sound, 8, 1)),
    ("header-version-3", |sound| header(sound, 8, 3)),
    ("header-of-another-length", |sound| header(sound, 12, 1)),
    ("header-kind-unknown", |sound| header(sound, 16, 3)),
    ("header-kind-other", |sound| header(sound, 16, 2)),
    ("header-bits-too-few", |sound| header(sound, 17, 31)),
    ("header-bits-too-many", |sound| header(sound, 17, 161)),
    ("header-directory-bits-too-many", |sound| header(sound, 18, 17)),
    ("header-flag-unknown", |sound| header(sound, 19, 0b101)),
    ("header-overlay-that-holds-none", |sound| header(sound, 19, 0b1_0001)),
    ("header-overlay-without-counts", |sound| header(sound, 19, 0b1_1000)),
    ("header-pairs-without-counts", |sound| header(sound, 19, 0b10_0000)),
    ("header-pairs-and-an-overlay", |sound| header(sound, 19, 0b11_1001)),
    ("header-reserved-not-zero", |sound| header(sound, 21, 1)),
    ("header-overlay-with-a-count-of-2", |sound| header(sound, 19, 0b1_1001)),
    ("header-unit-bits-too-many", |sound| forged_header(sound, 20, 1)),
    ("header-tail-not-zero", |sound| header(sound, 251, 1)),
    ("header-table-reserved-not-zero", |sound| forged_header(sound, 100, 1)),
    ("header-groups-checksum-not-zero", |sound| forged_header(sound, 96, 1)),
    ("header-collisions-of-full-digests", |sound| header(sound, 56, 1)),
    ("header-directory-bits-other", directory_bits_other),
    ("header-entries-other", |sound| header(sound, 24, 41)),
    ("header-total-count-other", |sound| header(sound, 34, 0xFF)),
    ("header-max-count-other", |sound| header(sound, 46, 0xFF)),
    ("header-floor-zero", |sound| header(sound, 48, 0)),
    ("header-file-length-other", |sound| forged_header(sound, 64, 1)),
    ("header-group-count-other", |sound| header(sound, 72, 2)),
    ("header-groups-start-later", |sound| forged_header(sound, 80, 1)),
    ("header-directory-starts-later", |sound| forged_header(sound, 104, 1)),
    ("header-directory-checksum-other", |sound| forged_header(sound, 120, 1)),
    ("header-facts-beyond-the-file", |sound| forged_header(sound, 141, 0x40)),
    ("header-hashes-longer", |sound| {
        let mut parts = Parts::of(&sound.small);
        parts.hashes = Some(vec![0; 64]);
        parts.sign()
    }),
    ("header-content-id-other", |sound| forged_header(sound, 200, 1)),
    ("directory-bit-flipped", |sound| {
        let directory = sections(&sound.small)[1].clone();
        with_byte(&sound.small, directory.start + 20, |byte| byte ^ 4)
    }),
    ("directory-of-an-older-fst", |sound| directory_bytes(sound, 0, 2)),
    ("directory-of-another-type", |sound| directory_bytes(sound, 8, 1)),
    ("directory-address-of-no-bytes", directory_address_of_no_bytes),
    ("directory-key-of-one-byte", |sound| directory(sound, &[(b"\0", 0)])),
    ("directory-key-of-three-bytes", |sound| directory(sound, &[(b"\0\0\0", 0)])),
    ("directory-key-beyond-its-bits", |sound| directory(sound, &[(b"\0\x01", 0)])),
    ("directory-without-the-group", |sound| directory(sound, &[])),
    ("directory-leads-beyond-the-groups", |sound| directory(sound, &[(b"\0\0", 1 << 40)])),
    ("directory-leads-beyond-any-index", |sound| directory(sound, &[(b"\0\0", ((1 << 40) - 1) << 24)])),
    ("directory-outputs-overflow", directory_outputs_overflow),
    ("directory-leads-into-a-group", |sound| directory(sound, &[(b"\0\0", 8 << 24)])),
    ("directory-and-group-disagree", |sound| {
        let value =
            u64::from_le_bytes([0, sound.small[256] ^ 1, sound.small[257], sound.small[258], 0, 0, 0, 0]);
        directory(sound, &[(b"\0\0", value >> 8)])
    }),
    ("group-behind-zeros-without-need", |sound| {
        let mut parts = Parts::of(&sound.small);
        parts.groups[0].before = Some(vec![0; 3]);
        parts.sign()
    }),
    ("group-checksum", |sound| with_byte(&sound.small, 256, |byte| byte ^ 1)),
    ("group-bits-reserved", |sound| group(&sound.small, |bytes| bytes[4] |= 0x20)),
    ("group-split-too-often", |sound| group(&sound.small, |bytes| bytes[4] = 17)),
    ("group-longer-than-the-section", |sound| group(&sound.small, |bytes| bytes[6] += 1)),
    ("group-shorter-than-its-section", |sound| group(&sound.small, |bytes| bytes.push(0))),
    ("group-first-drift-not-zero", |sound| group(&sound.split, |bytes| bytes[GROUP_HEAD] = 1)),
    ("group-buckets-start-backwards", |sound| group(&sound.split, |bytes| bytes[GROUP_HEAD + 9] = 0x80)),
    ("group-bucket-starts-beyond-the-group", |sound| {
        group(&sound.split, |bytes| bytes[GROUP_HEAD + 9] = 0x7F)
    }),
    ("group-wide-without-need", |sound| group(&sound.small, widen)),
    ("group-without-entries", |sound| {
        group(&sound.small, |bytes| {
            bytes.truncate(GROUP_HEAD + 8);
            bytes[5..].fill(0);
        })
    }),
    ("group-bucket-without-entries-but-bytes", |sound| group(&sound.small, |bytes| bytes[11..17].fill(0))),
    ("bucket-bit-flipped", |sound| with_byte(&sound.small, 300, |byte| byte ^ 1)),
    ("bucket-with-an-entry-less", |sound| group(&sound.small, |bytes| bytes[11] -= 1)),
    ("bucket-with-an-entry-more", |sound| group(&sound.small, |bytes| bytes[11] += 1)),
    ("bucket-with-the-most-entries", |sound| group(&sound.small, |bytes| bytes[11..13].fill(0xFF))),
    ("bucket-high-part-missing", |sound| {
        bits(&sound.small, |bits, _| {
            let first = (0..104).find(|at| bits[*at]).expect("a high part");
            bits[first] = false;
        })
    }),
    ("bucket-entries-in-disorder", |sound| bits(&sound.small, |bits, pair| swap(bits, pair, LOW_BITS))),
    ("bucket-entry-twice", |sound| {
        bits(&sound.small, |bits, pair| bits.copy_within(pair..pair + LOW_BITS, pair + LOW_BITS))
    }),
    ("bucket-count-without-length", |sound| bits(&sound.small, |bits, _| bits[LENGTHS..].fill(false))),
    ("bucket-padding-not-zero", |sound| {
        bits(&sound.small, |bits, _| {
            let padding = padding(bits);
            bits[padding.start] = true;
        })
    }),
    ("bucket-longer-than-needed", |sound| {
        bits(&sound.small, |bits, _| {
            let at = padding(bits).start;
            bits.splice(at..at, [false; 8]);
        })
    }),
    ("facts-checksum", |sound| {
        let facts = sections(&sound.small)[2].clone();
        with_byte(&sound.small, facts.start + 16, |byte| byte ^ 1)
    }),
    ("facts-range-backwards", |sound| facts(sound, &[(5, 4)], b"source", b"")),
    ("facts-range-beyond-the-last-prefix", |sound| facts(sound, &[(0, 0x10_0000)], b"source", b"")),
    ("facts-ranges-adjacent", |sound| facts(sound, &[(0, 5), (6, 0xF_FFFF)], b"source", b"")),
    ("facts-ranges-in-disorder", |sound| facts(sound, &[(9, 0xF_FFFF), (0, 5)], b"source", b"")),
    ("facts-entry-outside-the-coverage", |sound| facts(sound, &[(0, 9)], b"source", b"")),
    ("facts-entries-without-coverage", |sound| facts(sound, &[], b"source", b"")),
    ("facts-source-not-utf-8", |sound| facts(sound, &[(0, 0xF_FFFF)], b"\xFF", b"")),
    ("facts-date-in-words", |sound| facts(sound, &[(0, 0xF_FFFF)], b"source", b"21 Nov 2026")),
    ("facts-date-of-no-day", |sound| facts(sound, &[(0, 0xF_FFFF)], b"source", b"2026-02-29")),
    ("facts-cut-short", |sound| {
        let mut parts = Parts::of(&sound.small);
        parts.facts.pop();
        parts.sign()
    }),
    ("facts-with-bytes-left-over", |sound| {
        let mut parts = Parts::of(&sound.small);
        parts.facts.push(0);
        parts.sign()
    }),
    ("hashes-checksum", |sound| {
        let hashes = sections(&sound.small)[3].clone();
        with_byte(&sound.small, hashes.start, |byte| byte ^ 1)
    }),
    ("hashes-of-other-groups", |sound| {
        let mut parts = Parts::of(&sound.small);
        let mut hashes = sound.small[sections(&sound.small)[3].clone()].to_vec();
        hashes[31] ^= 0x80;
        parts.hashes = Some(hashes);
        parts.sign()
    }),
    ("notes-collisions-other", |sound| {
        let mut parts = Parts::of(&sound.split);
        let note = [&19_u32.to_le_bytes()[..], b"collisions-by-range", &8_u32.to_le_bytes()].concat();
        parts.notes = [&1_u32.to_le_bytes()[..], &note, &5_u32.to_le_bytes(), &2_u32.to_le_bytes()].concat();
        parts.sign()
    }),
    ("notes-checksum", |sound| {
        let notes = sections(&sound.small)[4].clone();
        with_byte(&sound.small, notes.end - 1, |byte| byte ^ 1)
    }),
    ("notes-cut-short", |sound| {
        let mut parts = Parts::of(&sound.small);
        parts.notes.pop();
        parts.sign()
    }),
    ("notes-with-bytes-left-over", |sound| {
        let mut parts = Parts::of(&sound.small);
        parts.notes.push(0);
        parts.sign()
    }),
    ("notes-more-than-an-index-holds", |sound| {
        let mut parts = Parts::of(&sound.small);
        let note = [1, 0, 0, 0, b'n', 0, 0, 0, 0];
        parts.notes = [&257_u32.to_le_bytes()[..], &note.repeat(257)].concat();
        parts.sign()
    }),
    ("notes-without-names", |sound| {
        let mut parts = Parts::of(&sound.small);
        parts.notes = [&256_u32.to_le_bytes()[..], &[0; 256 * 8]].concat();
        parts.sign()
    }),
];

/// A digest that both sound files hold.
pub fn known_digest() -> Digest {
    Digest::sha1(b"password 0")
}

fn with_byte(file: &[u8], at: usize, change: impl FnOnce(u8) -> u8) -> Vec<u8> {
    let mut bytes = file.to_vec();
    bytes[at] = change(bytes[at]);
    bytes
}

fn header(sound: &Sound, at: usize, value: u8) -> Vec<u8> {
    let mut parts = Parts::of(&sound.small);
    parts.header[at] = value;
    parts.sign()
}

/// Changes what signing computes, and signs the header only.
fn forged_header(sound: &Sound, at: usize, mask: u8) -> Vec<u8> {
    let mut parts = Parts::of(&sound.small);
    parts.forged.push((at, mask));
    parts.sign()
}

fn directory(sound: &Sound, pairs: &[(&[u8], u64)]) -> Vec<u8> {
    let mut builder = fst::MapBuilder::memory();
    for (key, value) in pairs {
        builder.insert(key, *value).expect("ascending keys");
    }
    let mut parts = Parts::of(&sound.small);
    parts.directory = Some(builder.into_inner().expect("a map in memory"));
    parts.sign()
}

fn directory_bytes(sound: &Sound, at: usize, value: u8) -> Vec<u8> {
    let directory = sections(&sound.small)[1].clone();
    let mut parts = Parts::of(&sound.small);
    parts.directory = Some(with_byte(&sound.small[directory], at, |_| value));
    parts.sign()
}

/// The root has one transition; the high four bits of the byte before its last say how long its address is.
fn directory_address_of_no_bytes(sound: &Sound) -> Vec<u8> {
    let directory = sections(&sound.small)[1].clone();
    let root = directory.len() - 21;
    let sizes = sound.small[directory.start + root - 2];
    directory_bytes(sound, root - 2, sizes & 0x0F)
}

/// Outputs of 2^63 and 2^63 - 1 on the way to one key, the latter made 2^64 - 1: together more than a word.
fn directory_outputs_overflow(sound: &Sound) -> Vec<u8> {
    let pairs: [(&[u8], u64); 4] =
        [(b"\0\0", 0), (b"\0\x01", 1 << 63), (b"\x01\0", 1 << 63), (b"\x01\x01", (1 << 63) + (1 << 62))];
    let mut bytes = directory(sound, &pairs);
    let directory = sections(&bytes)[1].clone();
    let high =
        bytes[directory.clone()].iter().rposition(|byte| *byte == 0x40).expect("2^62") + directory.start;
    bytes[high] = 0xFF;
    let mut parts = Parts::of(&sound.small);
    parts.directory = Some(bytes[directory].to_vec());
    parts.sign()
}

/// Makes two groups of one bucket each of the one group of two: sound but for the rule for directory bits.
fn directory_bits_other(sound: &Sound) -> Vec<u8> {
    let mut parts = Parts::of(&sound.split);
    let whole = parts.groups.swap_remove(0);
    for (key, bucket) in [0, 0x8000].into_iter().zip(whole.buckets()) {
        let mut bytes = vec![0; GROUP_HEAD];
        bytes[5..].copy_from_slice(&(bucket.bytes.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&whole.bytes[bucket.record.start + 2..bucket.record.end]);
        bytes.extend_from_slice(&whole.bytes[bucket.bytes]);
        parts.groups.push(Group { key, bytes, before: None });
    }
    parts.header[18] = 1;
    parts.header[72] = 2;
    parts.sign()
}

/// Makes the narrow record of a group of one bucket wide.
fn widen(bytes: &mut Vec<u8>) {
    bytes[4] |= 0x80;
    bytes.splice(GROUP_HEAD + 4..GROUP_HEAD + 4, [0; 2]);
    bytes.splice(GROUP_HEAD + 2..GROUP_HEAD + 2, [0; 2]);
}

fn group(file: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut parts = Parts::of(file);
    change(&mut parts.groups[0].bytes);
    parts.sign()
}

fn facts(sound: &Sound, ranges: &[(u32, u32)], source: &[u8], date: &[u8]) -> Vec<u8> {
    let mut bytes = (ranges.len() as u32).to_le_bytes().to_vec();
    for (first, last) in ranges {
        bytes.extend_from_slice(&first.to_le_bytes());
        bytes.extend_from_slice(&last.to_le_bytes());
    }
    for text in [source, date] {
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text);
    }
    let mut parts = Parts::of(&sound.small);
    parts.facts = bytes;
    parts.sign()
}

// The bucket of the small file: 40 entries of 160 bits, the first 6 of them high.
const ENTRIES: usize = 40;
const LOW_BITS: usize = 154;
const LOWS: usize = ENTRIES + 64;
const LENGTHS: usize = LOWS + ENTRIES * LOW_BITS;

/// Changes the bits of the only bucket. The second argument is where the low part of an entry begins that
/// shares its high part with the next entry.
fn bits(file: &[u8], change: impl FnOnce(&mut Vec<bool>, usize)) -> Vec<u8> {
    group(file, |bytes| {
        let Bucket { bytes: range, .. } = only_bucket(bytes);
        let mut bits: Vec<bool> =
            bytes[range.clone()].iter().flat_map(|byte| (0..8).map(move |i| byte >> i & 1 == 1)).collect();
        let neighbours = (0..LOWS - 1).find(|at| bits[*at] && bits[at + 1]).expect("a shared high part");
        let entry = bits[..neighbours].iter().filter(|bit| **bit).count();
        change(&mut bits, LOWS + entry * LOW_BITS);
        let packed =
            bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | u8::from(*bit)));
        bytes.splice(range, packed.collect::<Vec<u8>>());
        let length = (bytes.len() - GROUP_HEAD - 8) as u32;
        bytes[5..GROUP_HEAD].copy_from_slice(&length.to_le_bytes());
    })
}

fn only_bucket(bytes: &[u8]) -> Bucket {
    let group = Group { key: 0, bytes: bytes.to_vec(), before: None };
    group.buckets().swap_remove(0)
}

fn swap(bits: &mut [bool], at: usize, width: usize) {
    let (first, second) = bits[at..at + 2 * width].split_at_mut(width);
    first.swap_with_slice(second);
}

/// The zeros between the lengths of the counts and their remainders.
fn padding(bits: &[bool]) -> std::ops::Range<usize> {
    let mut ones = (LENGTHS..bits.len()).filter(|at| bits[*at]);
    let end = ones.nth(ENTRIES - 1).expect("a length for every count") + 1;
    let remainders = end - LENGTHS - ENTRIES;
    end..bits.len() - remainders
}
