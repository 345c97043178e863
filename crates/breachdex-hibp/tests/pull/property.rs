//! Any published index onto any other that is there gives the published one, byte for byte, and moves no byte twice.

use std::fs;
use std::ops::Range;

use breachdex::Kind;
use breachdex::replica::delta_ending;
use breachdex_hibp::pull::{preview_pull_from, pull_from};

use super::place::Place;
use super::world::{EXACT, Random, Rows, Shape, delta, folder, index, listing, open, options, rows, state};

/// Rows of which some changed.
fn changed(random: &mut Random, old: &Rows) -> Rows {
    let mut new = old.clone();
    match random.below(6) {
        0 => {}
        1 => return rows(random, 2000),
        // In one place.
        2 => {
            let first = format!("{:X}", random.below(16));
            new.iter_mut()
                .filter(|(digest, _)| digest.starts_with(&first))
                .for_each(|(_, count)| *count += 1);
        }
        // Few, here and there.
        3 => {
            for count in new.values_mut().filter(|_| random.next().is_multiple_of(500)) {
                *count += 1;
            }
        }
        _ => {
            let share = 1 + random.below(60);
            new.retain(|_, _| !random.next().is_multiple_of(share * 3));
            let more = 1 << random.below(9);
            for count in new.values_mut().filter(|_| random.next().is_multiple_of(share)) {
                *count += more;
            }
            let number = old.len() as u64 / (share * 3);
            new.extend(rows(random, number));
        }
    }
    new
}

fn shape(random: &mut Random) -> Shape {
    let kind = if random.below(3) == 0 { Kind::Ntlm } else { Kind::Sha1 };
    let bits = if random.below(2) == 0 {
        kind.bits()
    } else {
        32 + random.below(u64::from(kind.bits()) - 32) as u32
    };
    Shape { kind, bits, counts: random.below(4) > 0 }
}

fn overlap(mut parts: Vec<Range<u64>>) -> u64 {
    parts.sort_by_key(|part| part.start);
    parts.windows(2).map(|two| two[0].end.saturating_sub(two[1].start)).sum()
}

#[test]
fn what_is_made_is_what_is_published() {
    for seed in 0..60 {
        let mut random = Random(seed);
        let shape = shape(&mut random);
        let number = [1, 300, 3000, 9000, 9000][random.below(5) as usize];
        let old_rows = rows(&mut random, number);
        let new_rows = changed(&mut random, &old_rows);
        let (old, new) = (index(&old_rows, shape, "2026-11-20"), index(&new_rows, shape, "2026-11-27"));
        let mut place = Place::of(&new);
        let has_delta = random.below(2) == 0 && old[16..20] == new[16..20];
        if has_delta {
            place.put(&delta_ending(open(&old).content_id()), delta(&old, &new));
        }
        let mut base = (random.below(6) > 0).then(|| old.clone());
        let is_damaged = number > 300 && random.below(4) == 0;
        if let Some(base) = base.as_mut().filter(|_| is_damaged) {
            // Among the groups, so that it opens.
            for _ in 0..3 {
                let at = 256 + random.below(base.len() as u64 / 2) as usize;
                base[at] ^= 1 << random.below(8);
            }
        }
        let (folder, path) = folder(base.as_deref());
        let gap = [0, 300, 16 << 10][random.below(3) as usize];
        let options = breachdex_hibp::pull::PullOptions { gap, ..options() };
        let preview = (!is_damaged).then(|| preview_pull_from(&place, &path, &options, &()).unwrap());
        let mut again = place.afresh();
        let report = pull_from(&again, &path, &options, &()).unwrap();
        assert_eq!(report.bytes, again.moved(), "{seed}");
        assert!(fs::read(&path).unwrap() == new, "{seed}");
        assert_eq!(listing(folder.path()), ["a.bdx"], "{seed}");
        if let Some(preview) = preview {
            // With a gap a head that was fetched may lie between two parts that are then fetched together.
            assert!(overlap(again.parts("")) == 0 || gap > 0, "{seed}");
            assert!(again.moved() < new.len() as u64 + new.len() as u64 / 50 + 600, "{seed}");
            assert_eq!(preview.bytes, again.moved(), "{seed}");
            assert_eq!(preview.up_to_date, report.up_to_date);
        }
        // What is there is not fetched again.
        again = place.afresh();
        let report = pull_from(&again, &path, &options, &()).unwrap();
        assert_eq!((report.up_to_date, again.moved()), (true, 256), "{seed}");
        again = place.afresh();
        let preview = preview_pull_from(&again, &path, &options, &()).unwrap();
        assert_eq!((preview.up_to_date, preview.fetched, again.moved()), (true, 256, 256), "{seed}");
    }
}

/// Buckets that changed nearly everywhere are fetched with the heads between them, and found again.
#[test]
fn changes_everywhere_move_the_file_once() {
    let (old, new) = (state(9000, 0, "2026-11-20"), state(9000, 1, "2026-11-27"));
    for gap in [0, 300, 2000, 16 << 10] {
        let place = Place::of(&new);
        let (_folder, path) = folder(Some(&old));
        let options = breachdex_hibp::pull::PullOptions { gap, ..options() };
        pull_from(&place, &path, &options, &()).unwrap();
        assert!(fs::read(&path).unwrap() == new);
        let (moved, length) = (place.moved(), new.len() as u64);
        assert!(moved > length / 2 && moved < length + length / 50, "{gap}: {moved} of {length}");
    }
}

/// Whatever a delta says, the result is what is published.
#[test]
fn a_delta_is_not_believed() {
    let mut random = Random(11);
    let old_rows = rows(&mut random, 6000);
    let mut new_rows = old_rows.clone();
    new_rows.values_mut().filter(|_| random.next().is_multiple_of(100)).for_each(|count| *count += 1);
    let (old, new) = (index(&old_rows, EXACT, "2026-11-20"), index(&new_rows, EXACT, "2026-11-27"));
    let good = delta(&old, &new);
    for try_ in 0..40 {
        let mut bad = good.clone();
        match try_ {
            0 => {}
            1 => bad.truncate(bad.len() / 2),
            2 => bad.extend_from_slice(b"more"),
            3 => bad.clear(),
            4 => bad.fill(0xff),
            _ => {
                let at = random.below(bad.len() as u64) as usize;
                bad[at] ^= 1 << random.below(8);
            }
        }
        let mut place = Place::of(&new);
        place.put(&delta_ending(open(&old).content_id()), bad);
        let (_folder, path) = folder(Some(&old));
        pull_from(&place, &path, &options(), &()).unwrap();
        assert!(fs::read(&path).unwrap() == new, "{try_}");
        if try_ == 0 {
            // Header, tail, and one count in a hundred.
            let groups = open(&new).metadata().file_length;
            let changes: u64 = good.len() as u64;
            assert!(changes * 100 < groups, "{changes} of {groups}");
        }
    }
}

/// One group's changes that are as long as all that changed: nobody keeps that much in memory for a file that nobody signed.
#[test]
fn a_delta_that_saves_nothing_is_not_fetched() {
    let (old, new) = (state(9000, 0, "2026-11-20"), state(9000, 1, "2026-11-27"));
    let ids = [&old, &new].map(|bytes| *open(bytes).content_id().as_bytes());
    let table_at = new.len() as u64 / 2;
    let table: Vec<u8> = [0, table_at as u32 - 104].into_iter().flat_map(u32::to_le_bytes).collect();
    let mut delta = b"\x89BDD\r\n\x1a\n".to_vec();
    delta.extend([1, 104].into_iter().flat_map(u32::to_le_bytes));
    ids.iter().for_each(|id| delta.extend(id));
    delta.extend([1, table_at].into_iter().flat_map(u64::to_le_bytes));
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&delta), &table);
    delta.extend(checksum.to_le_bytes());
    delta.resize(table_at as usize, 0);
    delta.extend(&table);
    let (ending, mut place) = (delta_ending(open(&old).content_id()), Place::of(&new));
    place.put(&ending, delta);
    let (_folder, path) = folder(Some(&old));
    pull_from(&place, &path, &options(), &()).unwrap();
    assert!(fs::read(&path).unwrap() == new);
    // The header and the table, of one row, are all that is read of it.
    let read: Vec<u64> = place.parts(&ending).iter().map(|part| part.end - part.start).collect();
    assert_eq!(read, [104, 8]);
}

/// An index with the published header whose groups are damaged says that it is the published one.
#[test]
fn what_is_damaged_behind_the_published_header_is_mended_by_force() {
    let new = state(9000, 0, "2026-11-27");
    let mut damaged = new.clone();
    damaged[20_000] ^= 1;
    let (place, (folder, path)) = (Place::of(&new), folder(Some(&damaged)));
    assert!(pull_from(&place, &path, &options(), &()).unwrap().up_to_date);
    let forced = breachdex_hibp::pull::PullOptions { force: true, ..options() };
    let preview = preview_pull_from(&place, &path, &forced, &()).unwrap();
    assert!(!preview.up_to_date);
    let report = pull_from(&place, &path, &forced, &()).unwrap();
    assert!(!report.up_to_date && report.bytes < new.len() as u64);
    assert!(fs::read(&path).unwrap() == new);
    assert_eq!(listing(folder.path()), ["a.bdx"]);
}
