//! A journal gives back what was put into it, whatever is cut off its end.

use breachdex::{Coverage, Digest, Entry, Kind};
use proptest::prelude::*;

use super::*;

fn settings() -> Settings {
    Settings::new("download", Kind::Sha1, &Coverage::whole())
}

fn open(target: &Path) -> Result<Journal> {
    Journal::open(target, settings(), "http://a", IfOther::Refuse, &mut |_| Ok(None), &())
}

fn same(prefix: u32) -> Record {
    Record {
        tag: format!("\"{prefix}\""),
        modified: u64::from(prefix) + 1,
        ..Record::of(RecordKind::Same, prefix)
    }
}

fn put(journal: &mut Journal, record: &Record) {
    journal.know(record);
    journal.append(record).and_then(|()| journal.write()).expect("written");
}

#[test]
fn whatever_is_cut_off_the_end_the_records_before_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let ranges = [same(7), Record::of(RecordKind::Unchanged, 3), same(0xfffff)];
    let mut journal = open(&target).expect("a new journal");
    let mut ends = vec![journal.length];
    for record in &ranges {
        put(&mut journal, record);
        ends.push(journal.length);
    }
    drop(journal);
    let file = path(&target, "download");
    let whole = std::fs::read(&file).expect("the journal");
    let assert_known = |journal: &Journal, record: &Record| {
        assert_eq!(journal.kind_of(record.prefix), Some(record.kind));
        assert_eq!(journal.tag(record.prefix), record.tag.as_bytes());
    };
    for cut in (ends[0] as usize..=whole.len()).rev() {
        std::fs::write(&file, &whole[..cut]).expect("cut");
        let journal = open(&target).expect("a journal");
        let kept = ends.iter().filter(|end| **end <= cut as u64).count() - 1;
        assert_eq!(journal.ranges() as usize, kept, "cut at {cut}");
        ranges[..kept].iter().for_each(|record| assert_known(&journal, record));
        assert_eq!(journal.kind_of(8), None);
    }
    for flipped in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[flipped] ^= 0x10;
        std::fs::write(&file, &bytes).expect("flipped");
        if let Ok(journal) = open(&target) {
            let known = ranges.iter().filter(|record| journal.kind_of(record.prefix).is_some());
            assert_eq!(known.clone().count(), journal.ranges() as usize, "flip at {flipped}");
            known.for_each(|record| assert_known(&journal, record));
        }
    }
}

#[test]
fn tags_of_another_server_are_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let at = |url| {
        Journal::open(&target, settings(), url, IfOther::Refuse, &mut |_| Ok(None), &()).expect("a journal")
    };
    let mut journal = at("http://a");
    put(&mut journal, &same(1));
    drop(journal);
    assert_eq!(at("http://a").tag(1), b"\"1\"");
    let mut journal = at("http://b");
    assert_eq!(journal.tag(1), b"");
    put(&mut journal, &same(2));
    drop(journal);
    let journal = at("http://b");
    assert_eq!((journal.tag(1), journal.tag(2)), (&b""[..], &b"\"2\""[..]));
    drop(journal);
    assert_eq!(at("http://a").tag(2), b"");
}

#[test]
fn two_runs_do_not_share_a_journal_and_other_settings_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let journal = open(&target).expect("a journal");
    let said = |result: Result<Journal>| result.err().expect("refused").to_string();
    assert_eq!(
        said(open(&target)),
        format!(
            "another download or update of {} is running; wait for it or choose another target",
            target.display()
        )
    );
    let id = journal.settings.id.clone();
    drop(journal);
    assert_eq!(open(&target).expect("the same").settings.id, id);
    let other = || Settings { min_count: 2, ..settings() };
    assert_eq!(
        said(Journal::open(&target, other(), "http://a", IfOther::Refuse, &mut |_| Ok(None), &())),
        format!(
            "{}: a run with other settings was begun and not finished (another minimum count); use the same ones, \
             or discard what it fetched",
            path(&target, "download").display()
        )
    );
    let over = Journal::open(&target, other(), "http://a", IfOther::StartOver, &mut |_| Ok(None), &())
        .expect("over");
    assert_ne!(over.settings.id, id);
    drop(over);
    std::fs::write(path(&target, "download"), [b'x'; 100]).expect("written");
    assert_eq!(
        said(open(&target)),
        format!(
            "{}: this is not what a download or an update leaves; move it elsewhere",
            path(&target, "download").display()
        )
    );
}

/// What a file system may leave whose power was lost: the length of what was never synced, and zeros.
#[test]
fn a_journal_of_zeros_was_never_begun() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    std::fs::write(path(&target, "download"), [0; 700]).expect("written");
    assert_eq!(open(&target).expect("a new journal").ranges(), 0);
}

/// Or its length and some of its first bytes.
#[test]
fn a_journal_that_begins_with_a_part_of_its_mark_was_never_begun() {
    for mark in [*b"BDXJR\0\0\0", *b"\0\0\0\0\0NL4"] {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("x.bdx");
        let with_length = |length: usize| {
            let mut bytes = vec![0; length];
            bytes[..8].copy_from_slice(&mark);
            std::fs::write(path(&target, "download"), bytes).expect("written");
            open(&target).map(|journal| journal.ranges()).map_err(|error| error.to_string())
        };
        assert_eq!(with_length(309), Ok(0));
        // So much was synced in between.
        assert!(with_length(1 << 20).expect_err("refused").contains("move it elsewhere"));
    }
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were(
        prefix in 0_u32..PREFIX_COUNT,
        rows in proptest::collection::vec((any::<[u8; 20]>(), 1_u64..), 0..20),
        bits in 32_u32..=160,
        counts in any::<bool>(),
    ) {
        let shape = RowShape::new(bits, counts);
        let entries: Vec<Entry> = rows
            .iter()
            .map(|(bytes, count)| {
                let mut bytes = *bytes;
                let top = prefix << 12 | u32::from_be_bytes([0, 0, bytes[2], bytes[3]]) & 0xfff;
                bytes[..4].copy_from_slice(&top.to_be_bytes());
                let digest = Digest::from_bytes(Kind::Sha1, &bytes).expect("20 bytes");
                Entry::new(&digest, if counts { *count } else { 1 }).truncated(bits)
            })
            .collect();
        let payload = shape.encode(&entries);
        prop_assert!(shape.decode(prefix, entries.len() as u32, &payload).as_ref() == Some(&entries));
        prop_assert!(shape.decode(prefix, entries.len() as u32 + 1, &payload).is_none());
        prop_assert!(entries.is_empty() || shape.decode(prefix ^ 1, entries.len() as u32, &payload).is_none());
    }
}
