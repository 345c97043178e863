//! A journal gives back what was put into it, whatever is cut off its end.

use breachdex::Digest;
use proptest::prelude::*;

use super::*;

fn settings() -> Settings {
    Settings::new("download", Kind::Sha1, &Coverage::whole())
}

fn open(target: &Path) -> Result<Journal> {
    Journal::open(target, settings(), "http://a", IfOther::Refuse, &mut |_| Ok(None), &())
}

fn range(prefix: u32, counts: &[u64]) -> (Record, Vec<Entry>) {
    let entry = |(i, count): (usize, &u64)| {
        let mut bytes = [0x5a_u8; 20];
        bytes[..4].copy_from_slice(&(prefix << 12 | i as u32).to_be_bytes());
        Entry::new(&Digest::from_bytes(Kind::Sha1, &bytes).expect("20 bytes"), *count)
    };
    let entries: Vec<Entry> = counts.iter().enumerate().map(entry).collect();
    let payload = RowShape::new(160, true).encode(&entries);
    let record = Record {
        rows: entries.len() as u32,
        tag: format!("\"{prefix}\""),
        modified: u64::from(prefix) + 1,
        payload,
        ..Record::of(RecordKind::Range, prefix)
    };
    (record, entries)
}

#[test]
fn whatever_is_cut_off_the_end_the_records_before_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("x.bdx");
    let ranges = [range(7, &[1, 300, u64::MAX]), range(3, &[]), range(0xfffff, &[5])];
    let mut journal = open(&target).expect("a new journal");
    let mut ends = vec![journal.length];
    for (record, _) in &ranges {
        journal.append(record).and_then(|()| journal.flush()).expect("written");
        ends.push(journal.length);
    }
    drop(journal);
    let file = path(&target, "download");
    let whole = std::fs::read(&file).expect("the journal");
    for cut in (ends[0] as usize..=whole.len()).rev() {
        std::fs::write(&file, &whole[..cut]).expect("cut");
        let journal = open(&target).expect("a journal");
        let kept = ends.iter().filter(|end| **end <= cut as u64).count() - 1;
        assert_eq!(journal.ranges() as usize, kept, "cut at {cut}");
        for (record, entries) in &ranges[..kept] {
            assert!(journal.read(record.prefix).expect("sound").expect("there") == (entries.clone(), 0));
            assert_eq!(journal.tag(record.prefix), record.tag.as_bytes());
        }
        assert!(journal.read(8).expect("sound").is_none());
    }
    for flipped in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[flipped] ^= 0x10;
        std::fs::write(&file, &bytes).expect("flipped");
        if let Ok(journal) = open(&target) {
            for (record, entries) in &ranges {
                if let Some(read) = journal.read(record.prefix).expect("what is placed was sound") {
                    assert!(read == (entries.clone(), 0), "flip at {flipped}");
                }
            }
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
    journal.append(&range(1, &[1]).0).and_then(|()| journal.flush()).expect("written");
    drop(journal);
    assert_eq!(at("http://a").tag(1), b"\"1\"");
    let mut journal = at("http://b");
    assert_eq!(journal.tag(1), b"");
    journal.append(&range(2, &[1]).0).and_then(|()| journal.flush()).expect("written");
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
            "{}: a run with other settings was begun and not finished (another --min-count); use the same ones, \
             or --restart to throw away what it fetched",
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
