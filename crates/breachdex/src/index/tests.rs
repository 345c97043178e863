//! The index against a plain model: every way of asking gives what a sorted map gives.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::{Answer, Index};
use crate::coverage::{Coverage, Prefix};
use crate::digest::{Key, Kind};
use crate::entry::Entry;
use crate::error::Error;
use crate::format::{Layout, directory_bits};
use crate::testing::{Random, assemble, digest, entries, layout};

/// Asks in every way and compares with the map.
fn agree(layout: Layout, entries: &[Entry], random: &mut Random) {
    let index = Index::from_bytes(assemble(layout, entries, Coverage::whole()), "test").unwrap();
    let model: BTreeMap<Key, u64> = entries.iter().map(|entry| (entry.key, entry.count)).collect();
    let step = 1 + model.len() / 25_000;
    let mut questions: Vec<Key> = model.keys().step_by(step).copied().collect();
    for key in model.keys().step_by(1 + model.len() / 200) {
        // Neighbours: the last kept bit, the last bit of all, a bit in the middle.
        for bit in [layout.bits - 1, layout.kind.bits() - 1, layout.bits / 2, layout.directory_bits] {
            let mut near = *key;
            near.words[bit as usize / 64] ^= 1 << (63 - bit % 64);
            questions.push(near);
        }
    }
    questions.extend((0..200).map(|_| random.key(layout.kind)));
    questions.push(Key::default());
    questions.push(Key { words: [u64::MAX; 3] }.truncated(layout.kind.bits()));
    let digests: Vec<_> = questions.iter().map(|key| digest(layout.kind, *key)).collect();
    let expected: Vec<Answer> = questions
        .iter()
        .map(|key| match model.get(&key.truncated(layout.bits)) {
            None => Answer::Absent,
            Some(count) => Answer::Present { count: layout.counts.then_some(*count) },
        })
        .collect();
    for (digest, expected) in digests.iter().zip(&expected) {
        assert_eq!(index.lookup(digest).unwrap(), *expected);
    }
    let mut answers = vec![Answer::Absent; digests.len()];
    index.lookup_many(&digests, &mut answers).unwrap();
    assert_eq!(answers, expected);
    let stored: Vec<Entry> = index.iter().map(Result::unwrap).collect();
    let count = |entry: &Entry| if layout.counts { entry.count } else { 1 };
    assert!(stored.iter().map(|e| (e.key, e.count)).eq(entries.iter().map(|e| (e.key, count(e)))));
    match index.verify(&()) {
        Ok(()) => assert_eq!(layout.directory_bits, directory_bits(index.len())),
        // Groups of every size are tried, also where the rule would choose others; the rest was in order.
        Err(error) => {
            assert_ne!(layout.directory_bits, directory_bits(index.len()));
            assert_eq!(
                error.to_string(),
                "test is damaged: header at byte 18: the directory bits are not those of that many entries; \
                 restore it from a copy or build it again"
            );
        }
    }
    for (width, key) in questions.iter().take(100).enumerate() {
        let hex: String = key.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let digits = width % (layout.kind.hex_digits() + 1);
        let prefix = Prefix::from_hex(layout.kind, &hex[..digits]).unwrap();
        let found: Vec<Key> = index.range(&prefix).unwrap().map(|entry| entry.unwrap().key).collect();
        let (mut first, last) = prefix.bounds();
        first = first.truncated(layout.bits);
        assert!(model.range(first..=last).map(|(key, _)| *key).eq(found));
    }
}

#[test]
fn every_kind_width_and_size_agrees_with_a_map() {
    let mut random = Random(1);
    for kind in [Kind::Sha1, Kind::Ntlm] {
        for bits in [32, 33, 47, 63, 64, 65, 96, 127, 128, 129, 159, 160] {
            if bits > kind.bits() {
                continue;
            }
            for (size, directory_bits) in
                [(0, 0), (1, 0), (2, 3), (63, 1), (64, 0), (65, 16), (3000, 2), (20_000, 9)]
            {
                let keys: Vec<Key> = (0..size).map(|_| random.key(kind)).collect();
                let entries = entries(keys, bits, &mut random);
                let counts = size % 2 == 0;
                agree(Layout { counts, ..layout(kind, bits, directory_bits) }, &entries, &mut random);
            }
        }
    }
}

#[test]
fn skewed_corpora_agree_with_a_map() {
    let mut random = Random(2);
    let crowded: Vec<(u32, u32, usize)> = vec![
        (20, 16, 2509),
        (20, 16, 100_000),
        (40, 16, 70_000),
        (128, 0, 1500),
        (159, 16, 2),
        (150, 5, 900),
    ];
    for (shared_bits, directory_bits, size) in crowded {
        let common = random.key(Kind::Sha1).truncated(shared_bits);
        let keys: Vec<Key> = (0..size)
            .map(|_| {
                let key = random.key(Kind::Sha1);
                let mut tail = key;
                let head = key.truncated(shared_bits);
                for (word, head) in tail.words.iter_mut().zip(head.words) {
                    *word ^= head;
                }
                for (word, common) in tail.words.iter_mut().zip(common.words) {
                    *word |= common;
                }
                tail
            })
            .collect();
        let entries = entries(keys, 160, &mut random);
        agree(layout(Kind::Sha1, 160, directory_bits), &entries, &mut random);
    }
}

#[test]
fn bucket_sizes_around_powers_of_two_and_extreme_counts() {
    let mut random = Random(3);
    for size in [1, 2, 3, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025] {
        let keys: Vec<Key> = (0..size).map(|_| random.key(Kind::Sha1)).collect();
        let mut entries = entries(keys, 160, &mut random);
        let extremes = [1, 2, 3, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 56, 1 << 50];
        for (entry, count) in entries.iter_mut().zip(extremes) {
            entry.count = count;
        }
        agree(layout(Kind::Sha1, 160, 0), &entries, &mut random);
    }
    let all: Vec<Entry> = [1, 1 << 63, (1 << 62) - 1]
        .iter()
        .enumerate()
        .map(|(i, count)| Entry { key: Key { words: [i as u64, 0, 0] }, count: *count })
        .collect();
    agree(layout(Kind::Sha1, 160, 0), &all, &mut random);
}

#[test]
fn low_parts_of_no_bits() {
    // 2^12 neighbours in a 32-bit index whose groups take 16 bits and buckets the rest.
    let mut random = Random(4);
    let keys = (0..65_536_u64).map(|low| Key { words: [0xabcd_0000_0000_0000 | low << 32, 0, 0] });
    let entries = entries(keys, 32, &mut random);
    agree(layout(Kind::Sha1, 32, 16), &entries, &mut random);
}

#[test]
fn outside_the_coverage_is_an_error() {
    let mut random = Random(5);
    let inside = Key { words: [0x0001_2000_0000_0000 | 7, 0, 0] };
    let entries = entries([inside], 160, &mut random);
    let coverage = Coverage::from_ranges([(0x12, 0x12)]).unwrap();
    let index =
        Index::from_bytes(assemble(layout(Kind::Sha1, 160, 0), &entries, coverage), "part.bdx").unwrap();
    assert!(index.lookup(&digest(Kind::Sha1, inside)).unwrap().is_present());
    let outside = digest(Kind::Sha1, Key { words: [0x0001_3000_0000_0000, 0, 0] });
    let error = index.lookup(&outside).unwrap_err();
    assert_eq!(
        error.to_string(),
        "prefix 00013 is outside the coverage of part.bdx: what is exposed there is not known"
    );
    assert!(matches!(
        index.range(&Prefix::from_hex(Kind::Sha1, "0001").unwrap()),
        Err(Error::NotCovered { prefix: 0x10, .. })
    ));
    assert_eq!(index.range(&Prefix::from_hex(Kind::Sha1, "00012").unwrap()).unwrap().count(), 1);
    assert!(matches!(index.lookup(&crate::Digest::ntlm("x")), Err(Error::WrongKind { .. })));
    index.verify(&()).unwrap();
}

#[test]
fn thirty_two_threads_meet_one_damaged_bucket() {
    let mut random = Random(6);
    let keys: Vec<Key> = (0..5000).map(|_| random.key(Kind::Sha1)).collect();
    let entries = entries(keys, 160, &mut random);
    let mut bytes = assemble(layout(Kind::Sha1, 160, 2), &entries, Coverage::whole());
    bytes[30_000] ^= 0x10;
    let index = Index::from_bytes(bytes, "damaged").unwrap();
    let wrong: Vec<usize> = std::thread::scope(|scope| {
        let ask = || {
            let outcome = |round: usize| {
                let failures =
                    entries.iter().filter(|e| index.lookup(&digest(Kind::Sha1, e.key)).is_err()).count();
                assert!(failures > 100, "round {round}");
                failures
            };
            (0..3).map(outcome).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..32).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.iter().all(|failures| *failures == wrong[0]));
    assert!(index.verify(&()).is_err());
}
