//! Differences against those of two maps.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::*;
use crate::digest::Kind;
use crate::format::Layout;
use crate::testing::{Random, assemble, layout};

type Model = BTreeMap<Key, u64>;

fn index(layout: Layout, model: &Model, coverage: &Coverage, name: &str) -> Index {
    let covered = |key: &Key| coverage.contains(key.leading(20) as u32);
    let entries: Vec<Entry> = model
        .iter()
        .filter(|(key, _)| covered(key))
        .map(|(key, count)| Entry { key: *key, count: *count })
        .collect();
    Index::from_bytes(assemble(layout, &entries, coverage.clone()), name).unwrap()
}

/// What the library says, and every change that it told of.
fn found(old: &Index, new: &Index) -> (Difference, Vec<Change>) {
    let mut changes = Vec::new();
    let mut visit = |change| {
        changes.push(change);
        Ok::<(), Error>(())
    };
    let difference = diff(old, new, &mut visit, &()).unwrap();
    (difference, changes)
}

/// What the maps say of the prefixes that are compared.
fn expected(old: &Model, new: &Model, both: &Coverage, counts: bool) -> Vec<Change> {
    let entry = |key: &Key, count: u64| Entry { key: *key, count: if counts { count } else { 1 } };
    let mut keys: Vec<&Key> = old.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let change = |key: &&Key| match (old.get(key), new.get(key)) {
        (Some(before), Some(after)) if counts && before != after => {
            Some(Change::Recounted { entry: entry(key, *after), before: *before })
        }
        (Some(count), None) => Some(Change::Removed(entry(key, *count))),
        (None, Some(count)) => Some(Change::Added(entry(key, *count))),
        _ => None,
    };
    let covered = keys.into_iter().filter(|key| both.contains(key.leading(20) as u32));
    covered.filter_map(|key| change(&key)).collect()
}

fn key_of(change: &Change) -> Key {
    let (Change::Added(entry) | Change::Removed(entry) | Change::Recounted { entry, .. }) = change;
    entry.key
}

/// Keys crowded under some prefixes, so that buckets have many sizes.
fn model(random: &mut Random, layout: Layout, entries: usize) -> Model {
    let key = |random: &mut Random| {
        let mut key = random.key(layout.kind);
        if random.next().is_multiple_of(3) {
            key.words[0] = key.words[0] >> 9 | 0x1230_0000_0000_0000;
        }
        key.truncated(layout.bits)
    };
    (0..entries).map(|_| (key(random), random.count() >> 20 | 1)).collect()
}

/// The next state: some removed, some counted again, some added.
fn changed(random: &mut Random, layout: Layout, old: &Model, share: u64) -> Model {
    let mut new = old.clone();
    new.retain(|_, _| !random.next().is_multiple_of(share));
    for count in new.values_mut().filter(|_| random.next().is_multiple_of(share)) {
        *count += 1;
    }
    new.extend(model(random, layout, old.len() / share as usize));
    new
}

#[test]
fn a_difference_is_that_of_two_maps() {
    let mut random = Random(51);
    let whole = Coverage::whole();
    let low = Coverage::from_ranges([(0, 0x7_ffff)]).unwrap();
    let odd = Coverage::from_ranges([(0x1_0000, 0x3_0000), (0x7_0000, 0xf_ffff)]).unwrap();
    for (kind, bits) in [(Kind::Sha1, 160), (Kind::Ntlm, 128), (Kind::Sha1, 64), (Kind::Sha1, 40)] {
        for (old_bits, new_bits) in [(3, 3), (0, 0), (5, 3), (2, 16), (16, 16)] {
            for (old_cover, new_cover) in [(&whole, &whole), (&low, &odd), (&whole, &odd), (&low, &low)] {
                for share in [3, 400] {
                    let counted = layout(kind, bits, old_bits);
                    let old_model = model(&mut random, counted, 6000);
                    let new_model = changed(&mut random, counted, &old_model, share);
                    let bare = !random.next().is_multiple_of(3);
                    let old_layout = Layout { counts: bare, ..counted };
                    let new_layout = Layout { directory_bits: new_bits, ..counted };
                    let old = index(old_layout, &old_model, old_cover, "old");
                    let new = index(new_layout, &new_model, new_cover, "new");
                    let (difference, changes) = found(&old, &new);
                    let both = old_cover.intersection(new_cover);
                    let expected = expected(&old_model, &new_model, &both, bare);
                    let keys = |changes: &[Change]| -> Vec<(Key, std::mem::Discriminant<Change>)> {
                        changes.iter().map(|c| (key_of(c), std::mem::discriminant(c))).collect()
                    };
                    assert!(keys(&changes) == keys(&expected));
                    if bare {
                        assert!(changes == expected);
                    }
                    let number =
                        |kind: fn(&Change) -> bool| changes.iter().filter(|c| kind(c)).count() as u64;
                    assert_eq!(difference.hashes_added, number(|c| matches!(c, Change::Added(_))));
                    assert_eq!(difference.hashes_removed, number(|c| matches!(c, Change::Removed(_))));
                    let recounted = number(|c| matches!(c, Change::Recounted { .. }));
                    assert_eq!(difference.counts_changed, bare.then_some(recounted));
                    let mut ranges: Vec<u64> = changes.iter().map(|c| key_of(c).leading(20)).collect();
                    ranges.dedup();
                    assert_eq!(difference.ranges_changed, ranges.len() as u64);
                    assert_eq!((difference.entries_old, difference.entries_new), (old.len(), new.len()));
                    assert_eq!(difference.only_old, old_cover.difference(new_cover));
                    assert_eq!(difference.only_new, new_cover.difference(old_cover));
                    assert!(!difference.same_content);
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let mut random = Random(53);
    let index = |random: &mut Random, kind, bits, name| {
        let layout = layout(kind, bits, 0);
        index(layout, &model(random, layout, 10), &Coverage::whole(), name)
    };
    let old = index(&mut random, Kind::Sha1, 128, "old.bdx");
    let refusal = |new: &Index| {
        let refused = diff(&old, new, &mut |_| Ok::<(), Error>(()), &());
        refused.unwrap_err().to_string()
    };
    assert_eq!(
        refusal(&index(&mut random, Kind::Ntlm, 128, "new.bdx")),
        "old.bdx and new.bdx cannot be compared: one holds SHA-1 digests, the other NTLM ones"
    );
    assert_eq!(
        refusal(&index(&mut random, Kind::Sha1, 64, "new.bdx")),
        "old.bdx and new.bdx cannot be compared: one keeps 128 bits of each digest, the other 64"
    );
}

struct Never;

impl Monitor for Never {
    fn progress(&self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

/// Wherever the damage is, it is met, though most of the two is equal.
#[test]
fn damage_and_the_visitor_end_it() {
    let mut random = Random(54);
    for bits in [2, 3] {
        let layout = layout(Kind::Sha1, 160, 2);
        let old_model = model(&mut random, layout, 2000);
        let new_model = changed(&mut random, layout, &old_model, 500);
        let old = index(layout, &old_model, &Coverage::whole(), "old");
        let entries: Vec<Entry> =
            new_model.iter().map(|(key, count)| Entry { key: *key, count: *count }).collect();
        let sound = assemble(Layout { directory_bits: bits, ..layout }, &entries, Coverage::whole());
        let new = Index::from_bytes(sound.clone(), "new").unwrap();
        let groups: u64 = new.groups().iter().map(|group| group.length).sum();
        for at in (256..256 + groups as usize).step_by(331) {
            let mut bytes = sound.clone();
            bytes[at] ^= 4;
            let damaged = Index::from_bytes(bytes, "new").unwrap();
            for (one, other) in [(&old, &damaged), (&damaged, &old)] {
                let refused = diff(one, other, &mut |_| Ok::<(), Error>(()), &());
                assert!(matches!(refused, Err(Error::Damaged { .. })), "byte {at}");
            }
        }
        let mut told = 0;
        let ended = diff(
            &old,
            &new,
            &mut |_| {
                told += 1;
                if told == 3 { Err(Error::Unbuildable("enough".into())) } else { Ok(()) }
            },
            &(),
        );
        assert_eq!((ended.unwrap_err().to_string().as_str(), told), ("enough", 3));
    }
    let layout = layout(Kind::Sha1, 160, 2);
    let (one, other) = (model(&mut random, layout, 2000), model(&mut random, layout, 2000));
    let (one, other) =
        (index(layout, &one, &Coverage::whole(), "old"), index(layout, &other, &Coverage::whole(), "new"));
    let stopped = diff(&one, &other, &mut |_| Ok::<(), Error>(()), &Never);
    assert!(matches!(stopped, Err(Error::Cancelled)));
}

/// Somebody who writes a file can write another's content id into it.
#[test]
fn an_index_with_the_content_id_of_another_is_not_the_same() {
    let mut random = Random(52);
    let layout = layout(Kind::Sha1, 160, 3);
    let old = model(&mut random, layout, 500);
    let mut new = old.clone();
    let recounted = *new.keys().nth(123).unwrap();
    *new.get_mut(&recounted).unwrap() += 1;
    let of = |model: &Model| {
        let entries: Vec<Entry> =
            model.iter().map(|(key, count)| Entry { key: *key, count: *count }).collect();
        assemble(layout, &entries, Coverage::whole())
    };
    let (one, mut other) = (of(&old), of(&new));
    other[200..232].copy_from_slice(&one[200..232]);
    let checksum = crc32c::crc32c(&other[..252]);
    other[252..256].copy_from_slice(&checksum.to_le_bytes());
    let one = Index::from_bytes(one, "one").unwrap();
    let other = Index::from_bytes(other, "other").unwrap();
    assert_eq!(one.content_id(), other.content_id());
    let (difference, changes) = found(&one, &other);
    assert!(!difference.same_content);
    assert_eq!(changes.len(), 1);
    assert_eq!(key_of(&changes[0]), recounted);
    assert!(found(&one, &one).0.same_content);
}
