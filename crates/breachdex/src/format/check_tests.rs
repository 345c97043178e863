#![allow(clippy::unwrap_used)]

use super::*;
use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::format::Layout;
use crate::format::cursor::{Cursor, DecodeRun};
use crate::format::encode::GroupEncoder;
use crate::format::group::Group;
use crate::kernels::{ActiveKernel, Kernel};
use crate::testing::{Random, entries, layout};

/// What decoding every entry says of a bucket.
fn decoded(bucket: Bucket<'_>, kernel: ActiveKernel, counts: bool) -> Option<Counts> {
    let mut cursor = Cursor::new(bucket, Key::default(), 10, counts);
    let mut all: Vec<Entry> = Vec::new();
    while !cursor.is_at_end() {
        kernel.run(DecodeRun { cursor: &mut cursor, out: &mut all }).ok()?;
    }
    cursor.finish().ok()?;
    let ascending = all.is_sorted_by(|one, next| one.key < next.key);
    let sum = all.iter().map(|entry| u128::from(entry.count)).sum();
    let max = all.iter().map(|entry| entry.count).max().unwrap_or(0);
    ascending.then_some(Counts { sum, max })
}

/// One bucket of `number` entries that share their first 10 bits, and `near` of them many more.
fn bucket(layout: Layout, number: u64, near: bool, random: &mut Random) -> (Vec<u8>, usize) {
    let keys: Vec<Key> = (0..number)
        .map(|_| {
            let mut key = random.key(layout.kind);
            key.words[0] >>= if near { 60 } else { 10 };
            if near && layout.bits > 70 {
                key.words[0] = 0;
            }
            key.truncated(layout.kind.bits())
        })
        .collect();
    let entries = entries(keys, layout.bits, random);
    let mut out = Vec::new();
    let mut encoder = GroupEncoder::new(layout);
    encoder.begin(0, 0);
    assert!(encoder.push_leading(&entries).is_empty());
    encoder.finish(&mut out).unwrap();
    (out, entries.len())
}

#[test]
fn the_check_agrees_with_the_decoder_whatever_the_bits() {
    let mut random = Random(11);
    let (mut sound, mut refused) = (0, 0);
    for kernel in [Kernel::Auto, Kernel::Portable].map(ActiveKernel::choose) {
        for (kind, bits) in [(Kind::Sha1, 160), (Kind::Ntlm, 128), (Kind::Sha1, 64), (Kind::Sha1, 24)] {
            for counts in [true, false] {
                let layout = Layout { counts, ..layout(kind, bits, 10) };
                for number in [1, 2, 3, 17, 64, 100, 255] {
                    for near in [false, true] {
                        let (bytes, entries) = bucket(layout, number, near, &mut random);
                        let group = Group::new(&bytes, bytes.len()).unwrap();
                        let record = group.bucket(0).unwrap();
                        assert_eq!(record.entries as usize, entries);
                        let mut content = bytes[record.start..].to_vec();
                        for round in 0..120 {
                            // What lies behind a bucket is not its own.
                            let padded = [&content[..], &[0xff; 40]].concat();
                            let given = if round % 2 == 0 { &content } else { &padded };
                            if let Some(bucket) =
                                Bucket::new(given, content.len(), entries, bits - 10, counts)
                            {
                                let expected = decoded(bucket, kernel, counts);
                                let checked = kernel.run(CheckBucket { bucket, counts });
                                assert_eq!(checked, expected, "{kind:?} {bits} {number} round {round}");
                                *(if checked.is_some() { &mut sound } else { &mut refused }) += 1;
                            }
                            content = bytes[record.start..].to_vec();
                            for _ in 0..=random.next() % 2 {
                                let bit = random.next() as usize % (content.len() * 8);
                                content[bit / 8] ^= 1 << (bit % 8);
                            }
                            if round % 16 == 0 {
                                content.push(0);
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(sound > 1_000 && refused > 1_000, "{sound} sound, {refused} refused");
}
