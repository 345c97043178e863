#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::PackedSorter;
use crate::digest::Digest;

const HERE: TextPlace<'_> = TextPlace { name: "list.txt", first_line: 1 };

fn unpacked(kind: Kind, rows: PackedRows) -> Vec<Entry> {
    let mut sorter = PackedSorter::new(kind, (0, 0xfffff));
    sorter.add(rows).unwrap();
    sorter.unsorted().flatten().collect()
}

fn fault(added: Result<u64>) -> (Option<u64>, String) {
    match added {
        Err(Error::Input(fault)) => (fault.line, fault.reason.clone()),
        _ => panic!("no fault of the input"),
    }
}

#[test]
fn borders_ascend_from_0() {
    for borders in [&[][..], &[1], &[0, 0], &[0, 5, 4], &[0, 1 << 16]] {
        assert!(Partitions::new(Kind::Sha1, borders).is_err(), "{borders:?}");
    }
    assert!(Partitions::new(Kind::Ntlm, &(0..1 << 16).collect::<Vec<_>>()).is_ok());
}

/// What a build's report says of lists, the tasks of a cluster can say too.
#[test]
fn lists_that_are_probably_something_else_are_noted_by_name() {
    let mut partitions = Partitions::new(Kind::Sha1, &[0]).unwrap();
    let digests = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8\n".repeat(600);
    for (name, first_line, text) in [
        ("plain.txt", 1, b"password\nhunter2\n".as_slice()),
        ("digests.txt", 1, digests.as_bytes()),
        ("combo.txt", 1, b"kim@corp.example:a\nlee@corp.example:b\n"),
        ("hashcat.txt", 1, b"a\nb\n"),
        ("hashcat.txt", 3, b"$HEX[613a62]\n"),
        ("latin.txt", 1, b"p\xe4ssword\nkim@corp.example:a\n"),
        // The middle of a list is not its beginning.
        ("middle.txt", 9, digests.as_bytes()),
    ] {
        partitions.add_text(text, TextRows::Passwords, TextPlace { name, first_line }).unwrap();
    }
    let none = ListNotes::default();
    let expected = [
        ("combo.txt", ListNotes { with_users: true, ..none }),
        ("digests.txt", ListNotes { like_digests: Some(Kind::Sha1), ..none }),
        ("hashcat.txt", ListNotes { in_notation: true, ..none }),
        ("latin.txt", ListNotes { not_utf8: true, ..none }),
    ];
    assert_eq!(partitions.notes().collect::<Vec<_>>(), expected);
}

#[test]
fn a_password_falls_into_the_part_of_its_digest() {
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let mut partitions = Partitions::new(kind, &[0, 0x4000, 0x4001, 0xc000]).unwrap();
        let words: Vec<String> = (0..2000).map(|i| format!("word {i}")).collect();
        assert_eq!(
            partitions.add_text(words.join("\r\n").as_bytes(), TextRows::Passwords, HERE).unwrap(),
            2000
        );
        assert_eq!(partitions.rows(), 2000);
        let mut found = Vec::new();
        for (part, rows) in partitions.take() {
            for entry in unpacked(kind, rows) {
                let group = entry.prefix() >> 4;
                assert_eq!(
                    part,
                    [0, 0x4000, 0x4001, 0xc000].iter().filter(|border| **border <= group).count() - 1
                );
                assert_eq!(entry.count(), 1);
                found.push(entry.digest(kind));
            }
        }
        let mut expected: Vec<Digest> = words
            .iter()
            .map(|word| if kind == Kind::Sha1 { Digest::sha1(word.as_bytes()) } else { Digest::ntlm(word) })
            .collect();
        let by_bytes = |digest: &Digest| digest.to_bytes().to_vec();
        found.sort_by_key(by_bytes);
        expected.sort_by_key(by_bytes);
        assert!(found == expected);
        assert_eq!(partitions.rows(), 0);
        assert!(partitions.take().is_empty());
    }
}

#[test]
fn a_fault_has_its_line_and_not_its_text() {
    let mut partitions = Partitions::new(Kind::Ntlm, &[0]).unwrap();
    let rows = TextRows::Hashes { bare: false };
    let row = "00112233445566778899AABBCCDDEEFF";
    let at = TextPlace { first_line: 1001, ..HERE };
    let added =
        |partitions: &mut Partitions, text: String| fault(partitions.add_text(text.as_bytes(), rows, at));
    assert_eq!(
        added(&mut partitions, format!("{row}:1\n{row}:0\n")),
        (Some(1002), "the count is 0; a digest that was never seen does not belong here".into())
    );
    assert_eq!(
        added(&mut partitions, format!("{row}:1\n{row}:-3")),
        (Some(1002), "the count is negative".into())
    );
    assert_eq!(added(&mut partitions, row.into()), (Some(1001), "the count is missing".into()));
    assert_eq!(partitions.rows(), 2);
    assert_eq!(partitions.add_text(row.as_bytes(), TextRows::Hashes { bare: true }, at).unwrap(), 1);
    let nul = partitions.add_text(b"fine\nno\0ne\n", TextRows::Passwords, at);
    let (line, reason) = fault(nul);
    assert!(line == Some(1002) && reason.contains("NUL") && !reason.contains("ne\0"));
}

#[test]
fn a_list_of_passwords_begins_with_text() {
    let mut partitions = Partitions::new(Kind::Sha1, &[0]).unwrap();
    assert_eq!(partitions.add_text(b"\xef\xbb\xbfpassword\n", TextRows::Passwords, HERE).unwrap(), 1);
    let (_, rows) = partitions.take().pop().unwrap();
    assert!(unpacked(Kind::Sha1, rows)[0].digest(Kind::Sha1) == Digest::sha1(b"password"));
    let packed = partitions.add_text(&[0x1f, 0x8b, 8, 0, 0], TextRows::Passwords, HERE);
    let (line, reason) = fault(packed);
    assert!(line.is_none() && reason.contains("gzip"), "{reason}");
}

#[test]
fn a_file_has_the_parts_in_order_and_where_they_end() {
    let borders = [0, 0x4000, 0x4001, 0x4002, 0xc000];
    for bytes in [200, 1 << 20] {
        let mut partitions = Partitions::new(Kind::Sha1, &borders).unwrap().pieces_of(bytes);
        // A second time, in the memory of the first.
        for words in [0..3000, 3000..3100] {
            let words: Vec<String> = words.map(|word| format!("word {word}")).collect();
            partitions.add_text(words.join("\n").as_bytes(), TextRows::Passwords, HERE).unwrap();
            let sizes = partitions.sizes();
            let mut file = Vec::new();
            partitions.write_to(&mut file).unwrap();
            assert_eq!((partitions.rows(), partitions.take().len()), (0, 0));
            let (pieces, ends) = file.split_at(file.len() - 8 * (borders.len() + 1));
            let ends: Vec<usize> =
                ends.as_chunks().0.iter().map(|end| u64::from_le_bytes(*end) as usize).collect();
            assert_eq!((ends[0], ends[borders.len()]), (0, pieces.len()));
            for (part, size) in sizes.iter().enumerate() {
                let last = borders.get(part + 1).map_or(0xfffff, |border| (border << 4) - 1);
                let mut sorter = PackedSorter::new(Kind::Sha1, (borders[part] << 4, last));
                sorter.add(&pieces[ends[part]..ends[part + 1]]).unwrap();
                assert_eq!((sorter.rows(), sorter.sorted().flatten().count() as u64), (*size, *size));
            }
        }
    }
}

proptest! {
    #[test]
    fn rows_are_kept_wherever_a_text_is_cut(
        rows in prop::collection::vec((prop::array::uniform20(any::<u8>()), 1..u64::MAX), 0..50),
        cut in 0_usize..50,
        border in 1_u32..1 << 16,
        bytes in prop::sample::select(vec![1_usize, 100, 1 << 20]),
    ) {
        let lines: Vec<String> = rows
            .iter()
            .map(|(digest, count)| {
                let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("{digits}:{count}\n")
            })
            .collect();
        let (first, second) = lines.split_at(cut.min(lines.len()));
        let mut partitions = Partitions::new(Kind::Sha1, &[0, border]).unwrap().pieces_of(bytes);
        for piece in [first.concat(), second.concat()] {
            partitions.add_text(piece.as_bytes(), TextRows::Hashes { bare: false }, HERE).unwrap();
        }
        let mut found = Vec::new();
        for (part, taken) in partitions.take() {
            for entry in unpacked(Kind::Sha1, taken) {
                let digest: [u8; 20] = entry.key_bytes()[..20].try_into().unwrap();
                prop_assert_eq!(entry.prefix() >> 4 >= border, part == 1);
                found.push((digest, entry.count()));
            }
        }
        let mut expected = rows;
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}
