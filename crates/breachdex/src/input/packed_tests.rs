#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::digest::Digest;

const EVERYTHING: (u32, u32) = (0, 0xfffff);

fn piece(kind: Kind, entries: &[Entry]) -> Vec<u8> {
    let mut piece = Piece::default();
    entries.iter().for_each(|entry| piece.add(entry, kind.bytes()));
    piece.seal().as_ref().to_vec()
}

fn entry(bytes: &[u8; 20], count: u64) -> Entry {
    Entry::new(&Digest::from_bytes(Kind::Sha1, bytes).unwrap(), count)
}

fn facts(entry: &Entry) -> ([u8; 24], u64) {
    (entry.key_bytes(), entry.count())
}

fn said(sorter: &mut PackedSorter<Vec<u8>>, bytes: Vec<u8>) -> String {
    sorter.add(bytes).unwrap_err().to_string()
}

#[test]
fn every_changed_byte_and_every_cut_is_found() {
    let whole = piece(Kind::Sha1, &[entry(&[7; 20], 1), entry(&[200; 20], 1 << 40)]);
    for at in 0..whole.len() {
        let mut other = whole.clone();
        other[at] ^= 0x10;
        let mut sorter = PackedSorter::new(Kind::Sha1, EVERYTHING);
        assert!(said(&mut sorter, other).contains("arrived damaged"), "byte {at}");
        if at > 0 {
            assert!(said(&mut sorter, whole[..at].to_vec()).contains("arrived damaged"), "cut at {at}");
        }
    }
}

#[test]
fn rows_of_another_part_are_refused() {
    let mut sorter = PackedSorter::new(Kind::Sha1, (0x10000, 0x1ffff));
    sorter.add(piece(Kind::Sha1, &[entry(&[0x10; 20], 1), entry(&[0x1f; 20], 1)])).unwrap();
    for outside in [0x0f, 0x20] {
        let told = said(&mut sorter, piece(Kind::Sha1, &[entry(&[outside; 20], 1)]));
        assert!(told.contains("rows of another part"), "{told}");
    }
    // SHA-1's records are none of NTLM's.
    let mut sorter = PackedSorter::new(Kind::Ntlm, EVERYTHING);
    let rows: Vec<Entry> = (1..9).map(|byte| entry(&[byte; 20], 1)).collect();
    assert!(said(&mut sorter, piece(Kind::Sha1, &rows)).contains("arrived damaged"));
}

#[test]
fn many_rows_under_one_prefix_are_put_in_order() {
    let mut rows: Vec<Entry> = (0..5000_u32)
        .map(|number| {
            let mut digest = [0xab; 20];
            digest[12..16].copy_from_slice(&(number.wrapping_mul(0x9e37_79b1)).to_be_bytes());
            entry(&digest, u64::from(number) + 1)
        })
        .collect();
    let mut sorter = PackedSorter::new(Kind::Sha1, (0xab000, 0xabfff));
    rows.chunks(700).for_each(|rows| sorter.add(piece(Kind::Sha1, rows)).unwrap());
    assert_eq!(sorter.rows(), 5000);
    let sorted: Vec<_> = sorter.sorted().flatten().map(|entry| facts(&entry)).collect();
    rows.sort_by_key(|entry| entry.key);
    assert_eq!(sorted, rows.iter().map(facts).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn rows_come_back_in_order(
        rows in prop::collection::vec((prop::array::uniform20(any::<u8>()), prop_oneof![1_u64..300, 1..=u64::MAX]), 0..6000),
        pieces in 1_usize..9,
    ) {
        let rows: Vec<Entry> = rows.iter().map(|(digest, count)| entry(digest, *count)).collect();
        let whole = || {
            let mut sorter = PackedSorter::new(Kind::Sha1, EVERYTHING);
            for rows in rows.chunks(rows.len() / pieces + 1) {
                // Pieces may follow one another.
                let (first, second) = rows.split_at(rows.len() / 2);
                let both: Vec<u8> = [first, second]
                    .iter()
                    .filter(|rows| !rows.is_empty())
                    .flat_map(|rows| piece(Kind::Sha1, rows))
                    .collect();
                sorter.add(both).unwrap();
            }
            sorter
        };
        let unsorted: Vec<_> = whole().unsorted().flatten().map(|entry| facts(&entry)).collect();
        prop_assert_eq!(&unsorted, &rows.iter().map(facts).collect::<Vec<_>>());
        let sorted: Vec<_> = whole().sorted().flatten().collect();
        prop_assert!(sorted.is_sorted_by_key(|entry| entry.key));
        let (mut sorted, mut expected): (Vec<_>, _) = (sorted.iter().map(facts).collect(), unsorted);
        sorted.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(sorted, expected);
    }
}
