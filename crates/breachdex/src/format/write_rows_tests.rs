//! Every kernel's rows against rows that are put together digit by digit from the entries a bucket was made of.
//!
//! `BREACHDEX_KERNEL_BUCKETS=100000000` compares as many random buckets instead of some thousand.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use super::*;
use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::format::Layout;
use crate::format::bucket::Bucket;
use crate::format::encode::GroupEncoder;
use crate::format::group::Group;
use crate::kernels::ActiveKernel;
use crate::testing::{Random, entries, layout};

/// What a bucket is made of, and how many bits its prefix has.
struct Made {
    layout: Layout,
    prefix: Key,
    entries: Vec<Entry>,
}

/// Counts of which each has something that decoders can get wrong.
const EDGES: [u64; 14] =
    [1, 9, 10, 99, 100, 999, 1000, 1001, (1 << 32) - 1, 1 << 32, 1 << 56, (1 << 57) + 1, 1 << 63, u64::MAX];

impl Made {
    /// A bucket of up to so many entries.
    fn new(kind: Kind, prefix_bits: u32, most: usize, random: &mut Random) -> Self {
        let mut prefix = Key::default();
        if prefix_bits > 0 {
            prefix.place(0, prefix_bits, random.next() >> (64 - prefix_bits));
        }
        let shape = random.next() % 8;
        let keys: Vec<Key> = (0..most)
            .map(|_| {
                let mut rest = random.key(kind);
                match shape {
                    // High parts that are nearly all the same, at either end.
                    0 => rest.words[0] >>= 40,
                    1 => rest.words[0] |= u64::MAX << 24,
                    2 => rest.words = [0, 0, rest.words[2]],
                    _ => {}
                }
                // The rest of the key behind the prefix, a word at a time.
                let (mut key, mut at) = (prefix, prefix_bits);
                for word in rest.words {
                    let width = (kind.bits() - at).min(64);
                    if width > 0 {
                        key.place(at, width, word >> (64 - width));
                    }
                    at += width;
                }
                key
            })
            .collect();
        let mut entries = entries(keys, kind.bits(), random);
        for entry in &mut entries {
            entry.count = match random.next() % 8 {
                // The usual, and what `Random` gives, which is up to 2^63.
                0..5 => 1 + random.next() % 12,
                5 => 1 + random.next() % 1200,
                6 => EDGES[random.next() as usize % EDGES.len()],
                _ => entry.count,
            };
        }
        Self { layout: layout(kind, kind.bits(), prefix_bits), prefix, entries }
    }

    /// The bytes of the bucket.
    fn encoded(&self) -> Vec<u8> {
        let prefix_bits = self.layout.directory_bits;
        let mut encoder = GroupEncoder::new(self.layout);
        encoder.begin(if prefix_bits == 0 { 0 } else { self.prefix.leading(prefix_bits) as u32 }, 0);
        assert!(encoder.push_leading(&self.entries).is_empty());
        let mut out = Vec::new();
        encoder.finish(&mut out).unwrap();
        let group = Group::new(&out, out.len()).unwrap();
        let record = group.bucket(0).unwrap();
        out[record.start..record.start + record.length].to_vec()
    }

    /// All rows, one digit after another.
    fn plain<F: Form>(&self) -> Vec<u8> {
        plain::<F>(&self.entries, self.layout.kind)
    }

    /// The ranges whose rows are compared: of the first, a middle and the last entry, and the one before the first.
    fn ranges(&self) -> Vec<u32> {
        let at = |at: usize| self.entries[at].prefix();
        let (first, last) = (at(0), at(self.entries.len() - 1));
        if self.layout.directory_bits >= PREFIX_BITS {
            return vec![first];
        }
        vec![first, at(self.entries.len() / 2), last, first.saturating_sub(1)]
    }

    /// The rows of a range, or with `None` whole lines, as a kernel writes them; `None` where it finds that they cannot be.
    fn written(
        &self,
        kernel: ActiveKernel,
        bytes: &[u8],
        length: usize,
        range: Option<u32>,
    ) -> Option<Vec<u8>> {
        let (bits, prefix_bits) = (self.layout.bits, self.layout.directory_bits);
        let bucket = Bucket::new(bytes, length, self.entries.len(), bits - prefix_bits, true)?;
        let mut cursor = Cursor::new(bucket, self.prefix, prefix_bits, true);
        let (mut columns, mut out) = (Columns::default(), b"before".to_vec());
        let (cursor_of, columns) = (&mut cursor, &mut columns);
        let written = match range {
            None => kernel
                .run_wide(WriteLines { cursor: cursor_of, bits, columns, out: &mut out })
                .map(|()| self.entries.len()),
            Some(prefix) => {
                kernel.run_wide(WriteRows { cursor: cursor_of, prefix, bits, columns, out: &mut out })
            }
        };
        let written = written.and_then(|written| cursor.finish().map(|()| written)).ok()?;
        assert!(out.starts_with(b"before"));
        let rows = out.split_off(6);
        assert_eq!(rows.iter().filter(|byte| **byte == b'\n').count(), written);
        Some(rows)
    }

    /// The same from what the decoder of keys makes of the bytes.
    fn decoded<F: Form>(&self, bytes: &[u8], length: usize) -> Option<Vec<u8>> {
        let (bits, prefix_bits) = (self.layout.bits, self.layout.directory_bits);
        let bucket = Bucket::new(bytes, length, self.entries.len(), bits - prefix_bits, true)?;
        let mut cursor = Cursor::new(bucket, self.prefix, prefix_bits, true);
        let mut all = Vec::new();
        while !cursor.is_at_end() {
            all.push(cursor.next_entry()?);
        }
        cursor.finish().ok()?;
        Some(plain::<F>(&all, self.layout.kind))
    }
}

fn plain<F: Form>(entries: &[Entry], kind: Kind) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        let skipped = if F::WHOLE { 0 } else { 5 };
        for digit in skipped..kind.hex_digits() {
            let value = entry.key.words[digit / 16] >> (60 - digit % 16 * 4) & 15;
            out.push(b"0123456789ABCDEF"[value as usize]);
        }
        out.push(b':');
        let (mut rest, start) = (entry.count, out.len());
        while rest > 0 {
            out.push(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        out[start..].reverse();
        out.extend_from_slice(F::END.as_bytes());
    }
    out
}

/// Compares all kernels on the bytes of a bucket with others behind them.
fn compare(made: &Made, encoded: &[u8], behind: usize) {
    let given = [encoded, &vec![0xaa; behind]].concat();
    let lines = made.plain::<Lines>();
    let rows = made.ranges().into_iter().map(|range| {
        let within: Vec<Entry> =
            made.entries.iter().filter(|entry| entry.prefix() == range).copied().collect();
        (range, plain::<Rows>(&within, made.layout.kind))
    });
    let rows: Vec<_> = rows.collect();
    for kernel in ActiveKernel::available() {
        let told = |form: &str| {
            let Layout { kind, directory_bits, .. } = made.layout;
            let (name, number) = (kernel.name(), made.entries.len());
            format!("{name} {kind} {form} under {directory_bits} bits, {number} entries, {behind} behind")
        };
        let written = made.written(kernel, &given, encoded.len(), None);
        assert!(written.as_ref() == Some(&lines), "{}", told("lines"));
        for (range, rows) in &rows {
            let written = made.written(kernel, &given, encoded.len(), Some(*range));
            assert!(written.as_ref() == Some(rows), "{}", told("rows"));
        }
    }
}

#[test]
fn every_kernel_writes_the_rows_that_the_entries_say() {
    let mut random = Random(17);
    for kind in [Kind::Sha1, Kind::Ntlm] {
        for prefix_bits in [0, 1, 4, 13, 16, 18, 20, 21, 24, 27, 31, 32] {
            for most in [1, 2, 3, 31, 64, 65, 120, 130, 255, 256, 257, 512, 700] {
                let made = Made::new(kind, prefix_bits, most, &mut random);
                let encoded = made.encoded();
                for behind in [0, 1, 7, 15, 31, 32, 33, 100] {
                    compare(&made, &encoded, behind);
                }
            }
        }
    }
}

#[test]
fn every_kernel_writes_random_buckets_alike() {
    let wanted = std::env::var("BREACHDEX_KERNEL_BUCKETS").ok().and_then(|text| text.parse().ok());
    let seed = std::env::var("BREACHDEX_KERNEL_SEED").ok().and_then(|text| text.parse().ok());
    let mut random = Random(seed.unwrap_or(18));
    for _ in 0..wanted.unwrap_or(5_000_u64) {
        let kind = if random.next().is_multiple_of(3) { Kind::Ntlm } else { Kind::Sha1 };
        let prefix_bits = if random.next().is_multiple_of(4) { random.next() as u32 % 33 } else { 24 };
        // Few, that there may be many of them; and now and then as many as a run has, and more.
        let most = 1 + random.next() % [2, 4, 4, 8, 8, 16, 16, 24][random.next() as usize % 8];
        let most = if random.next().is_multiple_of(64) { 1 + random.next() % 300 } else { most };
        let made = Made::new(kind, prefix_bits, most as usize, &mut random);
        compare(&made, &made.encoded(), random.next() as usize % 40);
    }
}

#[test]
fn every_kernel_finds_the_same_damage() {
    let mut random = Random(19);
    let (mut sound, mut refused) = (0, 0);
    for round in 0..4_000 {
        let kind = [Kind::Sha1, Kind::Ntlm][round % 2];
        let made = Made::new(kind, [16, 20, 24, 30][round / 2 % 4], 1 + round % 300, &mut random);
        let mut encoded = made.encoded();
        let length = encoded.len();
        for _ in 0..=random.next() % 2 {
            let bit = random.next() as usize % (length * 8);
            encoded[bit / 8] ^= 1 << (bit % 8);
        }
        encoded.resize(length + random.next() as usize % 40, 0xff);
        let lines = made.decoded::<Lines>(&encoded, length);
        *(if lines.is_some() { &mut sound } else { &mut refused }) += 1;
        for kernel in ActiveKernel::available() {
            let written = made.written(kernel, &encoded, length, None);
            assert!(written == lines, "{} round {round}", kernel.name());
        }
    }
    assert!(sound > 1_000 && refused > 300, "{sound} {refused}");
}

/// The recorded ranges of a kind: their prefixes and bodies. None where there is no recorded data.
fn recorded(kind: Kind) -> Vec<(u32, Vec<u8>)> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into();
    let shared: std::path::PathBuf = std::env::var_os("BREACHDEX_SHARED").map_or_else(beside, Into::into);
    let Ok(files) = std::fs::read_dir(shared.join("data/ranges").join(kind.name())) else {
        return Vec::new();
    };
    let path = |file: std::io::Result<std::fs::DirEntry>| file.unwrap().path();
    files
        .map(path)
        .map(|path| {
            let digits = path.file_stem().unwrap().to_str().unwrap();
            (u32::from_str_radix(digits, 16).unwrap(), std::fs::read(&path).unwrap())
        })
        .collect()
}

#[test]
fn every_kernel_writes_recorded_ranges_byte_for_byte() {
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let ranges = recorded(kind);
        if ranges.is_empty() {
            eprintln!("skipped: there are no recorded ranges of {kind}");
        }
        for (prefix, body) in ranges {
            let entries: Vec<Entry> = body
                .split(|byte| *byte == b'\n')
                .map(|row| {
                    let (suffix, count) =
                        std::str::from_utf8(row).unwrap().trim_end().split_once(':').unwrap();
                    let key = crate::hex::decode_key(format!("{prefix:05X}{suffix}").as_bytes()).unwrap();
                    Entry { key, count: count.parse().unwrap() }
                })
                .collect();
            // As one bucket, and as the sixteen that a whole corpus has.
            for bits in [20, 24] {
                let buckets: Vec<(Made, Vec<u8>)> = entries
                    .chunk_by(|one, next| one.key.leading(bits) == next.key.leading(bits))
                    .map(|entries| {
                        let mut prefix = Key::default();
                        prefix.place(0, bits, entries[0].key.leading(bits));
                        let layout = layout(kind, kind.bits(), bits);
                        let made = Made { layout, prefix, entries: entries.to_vec() };
                        let encoded = made.encoded();
                        (made, encoded)
                    })
                    .collect();
                for kernel in ActiveKernel::available() {
                    let mut written = Vec::new();
                    for (made, encoded) in &buckets {
                        let given = [&encoded[..], &[0; 32]].concat();
                        written.extend(made.written(kernel, &given, encoded.len(), Some(prefix)).unwrap());
                    }
                    written.truncate(written.len() - 2);
                    assert!(written == body, "{} {kind} {prefix:05X} {bits}", kernel.name());
                }
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_read_beyond_what_can_be() {
    let mut random = Random(20);
    for kind in [Kind::Sha1, Kind::Ntlm] {
        for most in [1, 2, 17, 100, 300] {
            for behind in [0, 1, 16, 31, 32, 40] {
                let made = Made::new(kind, 24, most, &mut random);
                let encoded = made.encoded();
                let guarded = crate::kernels::Guarded::new(&[&encoded[..], &vec![0xaa; behind]].concat());
                for kernel in ActiveKernel::available() {
                    let written = made.written(kernel, guarded.bytes(), encoded.len(), None);
                    assert!(written == Some(made.plain::<Lines>()), "{} {kind} {most}", kernel.name());
                }
            }
        }
    }
}
