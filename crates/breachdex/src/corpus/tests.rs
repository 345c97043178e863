//! The table of a corpus as properties against plain maps, and every fault by name.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::coverage::{Coverage, Prefix};
use crate::entry::Entry;
use crate::index::{Answer, Index, OpenOptions, RangeScratch};
use crate::storage::ReadMode;
use crate::testing::passwords_index;

type Map = BTreeMap<u8, u64>;

fn name(number: u8) -> String {
    format!("password {number}")
}

fn digest(number: u8) -> Digest {
    Digest::sha1(name(number).as_bytes())
}

fn bytes(map: &Map, coverage: Coverage) -> Vec<u8> {
    let held: Vec<(String, u64)> = map.iter().map(|(number, count)| (name(*number), *count)).collect();
    passwords_index(held.iter().map(|(password, count)| (password.as_str(), *count)), true, coverage)
}

fn index(map: &Map) -> Index {
    Index::from_bytes(bytes(map, Coverage::whole()), "memory").unwrap()
}

/// What befalls a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Sound,
    Closed,
    /// Changed in place after it was opened.
    Damaged,
    /// A range server that gives no answer.
    TimedOut,
    /// A replacement that was refused: the previous index goes on.
    Stale,
}

/// A range server over a map.
#[derive(Debug)]
struct Server(Map, Health);

impl RangeServer for Server {
    fn name(&self) -> String {
        String::from("https://ranges.example")
    }

    fn kind(&self) -> Kind {
        Kind::Sha1
    }

    fn lookup_many(&self, digests: &[&Digest]) -> Vec<Result<Answer, RemoteError>> {
        let one = |asked: &&Digest| match self.1 {
            Health::TimedOut => Err(RemoteError::new("no answer in time", true)),
            _ => {
                let found = self.0.iter().find(|(number, _)| digest(**number) == **asked);
                Ok(found.map_or(Answer::Absent, |(_, count)| Answer::Present { count: Some(*count) }))
            }
        };
        digests.iter().map(one).collect()
    }

    fn range(&self, prefix: u32) -> Result<Vec<Entry>, RemoteError> {
        if self.1 == Health::TimedOut {
            return Err(RemoteError::new("no answer in time", true));
        }
        let mut all: Vec<Entry> =
            self.0.iter().map(|(number, count)| Entry::new(&digest(*number), *count)).collect();
        all.retain(|entry| entry.prefix() == prefix);
        all.sort_by_key(|entry| entry.key);
        Ok(all)
    }
}

/// A source of a map in some health. The folder keeps its file.
fn source(map: &Map, health: Health, folder: &TempDir, number: usize) -> Source {
    let path = folder.path().join(format!("{number}.bdx"));
    match health {
        Health::TimedOut => Source::Remote(Arc::new(Server(map.clone(), health))),
        Health::Sound => index(map).into(),
        Health::Closed => {
            let live = LiveIndex::new(index(map));
            live.close();
            live.into()
        }
        Health::Damaged | Health::Stale => {
            fs::write(&path, bytes(map, Coverage::whole())).unwrap();
            let live = LiveIndex::open(&path, OpenOptions::default(), Some(Duration::ZERO)).unwrap();
            if health == Health::Damaged {
                fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
            } else {
                fs::write(folder.path().join("broken"), b"not an index").unwrap();
                fs::rename(folder.path().join("broken"), &path).unwrap();
            }
            live.into()
        }
    }
}

fn healths() -> impl Strategy<Value = Health> {
    prop_oneof![
        4 => Just(Health::Sound),
        1 => Just(Health::Closed),
        1 => Just(Health::Damaged),
        1 => Just(Health::Stale),
        1 => Just(Health::TimedOut),
    ]
}

fn maps() -> impl Strategy<Value = Map> {
    proptest::collection::btree_map(0_u8..24, 1_u64..40, 0..14)
}

fn answers(health: Health) -> bool {
    matches!(health, Health::Sound | Health::Stale)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any split into sources, any of them unable to answer: the table, for one, for many and for any.
    #[test]
    fn a_corpus_is_the_table(
        bases in proptest::collection::vec((maps(), healths()), 0..4),
        overlays in proptest::collection::vec((maps(), healths()), 0..3),
        min_count in 1_u64..60,
    ) {
        prop_assume!(!bases.is_empty() || !overlays.is_empty());
        let folder = tempfile::tempdir().unwrap();
        let sources = |all: &[(Map, Health)], from: usize| -> Vec<Source> {
            let one = |(number, (map, health)): (usize, &(Map, Health))| source(map, *health, &folder, from + number);
            all.iter().enumerate().map(one).collect()
        };
        let corpus =
            Corpus::builder().bases(sources(&bases, 0)).overlays(sources(&overlays, 100)).build().unwrap();
        let digests: Vec<Digest> = (0..24).map(digest).collect();
        let many = corpus.find_many(&digests, min_count).unwrap();
        let mut any_exposed = false;
        for (number, many) in (0..24).zip(many) {
            let one = corpus.find(&digest(number), min_count).unwrap();
            let readable = |all: &[(Map, Health)]| -> Vec<u64> {
                let held = all.iter().filter(|(_, health)| answers(*health));
                held.filter_map(|(map, _)| map.get(&number).copied()).collect()
            };
            let failed = bases.iter().chain(&overlays).any(|(_, health)| !answers(*health));
            let (seen, laid) = (readable(&bases), readable(&overlays));
            let sum: u64 = seen.iter().sum();
            let is_exposed = !laid.is_empty() || sum >= min_count;
            any_exposed |= is_exposed;
            for finding in [one, many] {
                match finding {
                    Finding::Exposed(found) => {
                        prop_assert!(is_exposed);
                        prop_assert_eq!(found.is_partial, failed);
                        let count = if seen.is_empty() { laid.iter().max().copied() } else { Some(sum) };
                        prop_assert_eq!(found.count, count);
                        let origin = if laid.is_empty() { Origin::Base } else { Origin::Overlay };
                        prop_assert_eq!(found.origin, origin);
                    }
                    Finding::NotExposed { count } => {
                        prop_assert!(!is_exposed && !failed);
                        prop_assert_eq!(count, sum);
                    }
                    Finding::Unknown(_) => prop_assert!(!is_exposed && failed),
                }
            }
            let count = corpus.count(&digest(number)).ok();
            let whole = if seen.is_empty() { laid.iter().max().copied().unwrap_or(0) } else { sum };
            prop_assert_eq!(count, (!failed).then_some(whole));
        }
        let any = corpus.find_any(&digests, min_count).unwrap();
        prop_assert_eq!(any.exposure().is_some(), any_exposed);
    }

    /// The rows of a range, mapped, read and merged by hand, are the same.
    #[test]
    fn ranges_are_the_merged_entries(
        bases in proptest::collection::vec(maps(), 1..3),
        overlays in proptest::collection::vec(maps(), 0..3),
        served in maps(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = |map: &Map, number: usize| {
            let path = folder.path().join(format!("{number}.bdx"));
            fs::write(&path, bytes(map, Coverage::whole())).unwrap();
            Index::open(&path).unwrap()
        };
        let mapped = Corpus::builder().bases(bases.iter().map(index)).overlays(overlays.iter().map(index));
        let read = Corpus::builder()
            .bases(bases.iter().zip(0..).map(|(map, number)| file(map, number)))
            .overlays(overlays.iter().zip(100..).map(|(map, number)| file(map, number)));
        let with_server = mapped_with(&bases, &overlays, &served);
        let (mapped, read) = (mapped.build().unwrap(), read.build().unwrap());
        for number in 0..24 {
            let prefix = Entry::new(&digest(number), 1).prefix();
            let model = |bases: &[Map]| -> Option<u64> {
                let seen: Vec<u64> = bases.iter().filter_map(|map| map.get(&number).copied()).collect();
                let laid = overlays.iter().filter_map(|map| map.get(&number).copied()).max();
                if seen.is_empty() { laid } else { Some(seen.iter().sum()) }
            };
            let counts = |entries: &[Entry]| -> Option<u64> {
                entries.iter().find(|entry| entry.key == Entry::new(&digest(number), 1).key).map(|entry| entry.count)
            };
            let entries = mapped.range(&Prefix::of_range(prefix)).unwrap();
            prop_assert_eq!(counts(&entries), model(&bases));
            let mut rows = b"before".to_vec();
            let written = read.write_range(prefix, ReadMode::Blocking, &mut RangeScratch::default(), &mut rows);
            prop_assert_eq!(written.unwrap(), entries.len());
            let mut expected = b"before".to_vec();
            for (i, entry) in entries.iter().enumerate() {
                if i > 0 {
                    expected.extend_from_slice(b"\r\n");
                }
                crate::rows::write_row(&mut expected, entry, Kind::Sha1, 5, true);
            }
            prop_assert_eq!(String::from_utf8(rows), String::from_utf8(expected));
            let entries = with_server.range(&Prefix::of_range(prefix)).unwrap();
            let all: Vec<Map> = bases.iter().chain([&served]).cloned().collect();
            prop_assert_eq!(counts(&entries), model(&all));
            prop_assert!(entries.is_sorted_by_key(|entry| entry.key));
        }
    }
}

fn mapped_with(bases: &[Map], overlays: &[Map], served: &Map) -> Corpus {
    let server = Arc::new(Server(served.clone(), Health::Sound));
    let builder = Corpus::builder().bases(bases.iter().map(index)).overlays(overlays.iter().map(index));
    builder.server(server).build().unwrap()
}

fn of(pairs: &[(u8, u64)]) -> Map {
    pairs.iter().copied().collect()
}

#[test]
fn a_corpus_needs_a_source_and_one_kind() {
    let none = Corpus::builder().build().unwrap_err();
    assert_eq!(none.to_string(), "no index and no range server is named: name at least one");
    let ntlm = crate::testing::empty_index(Kind::Ntlm);
    let mixed = Corpus::builder()
        .base(index(&of(&[])))
        .overlay(Index::from_bytes(ntlm, "ntlm.bdx").unwrap())
        .build()
        .unwrap_err();
    assert_eq!(
        mixed.to_string(),
        "ntlm.bdx holds NTLM digests, memory holds SHA-1: indexes of one kind only can be used together"
    );
    let corpus = Corpus::from(index(&of(&[])));
    assert!(matches!(corpus.find(&Digest::ntlm("x"), 1), Err(Error::WrongKind { .. })));
}

#[test]
fn what_no_base_covers_is_unknown_whatever_an_overlay_does_not_hold() {
    let part = Coverage::from_ranges([(0, 0xf)]).unwrap();
    let base = Index::from_bytes(bytes(&of(&[]), part), "part.bdx").unwrap();
    let corpus = Corpus::builder().base(base.clone()).overlay(index(&of(&[(1, 7)]))).build().unwrap();
    let held = corpus.find(&digest(1), 1_000).unwrap();
    let held = held.exposure().unwrap();
    assert_eq!((held.count, held.origin, held.is_partial), (Some(7), Origin::Overlay, false));
    assert_eq!(corpus.count(&digest(1)).unwrap(), 7);
    let Finding::Unknown(fault) = corpus.find(&digest(2), 1).unwrap() else { panic!("known") };
    assert!(fault.is_transient());
    let prefix = Entry::new(&digest(2), 1).prefix();
    let said = format!(
        "prefix {prefix:05X} is outside the coverage of part.bdx: what is exposed there is not known"
    );
    assert_eq!(fault.to_string(), said);
    assert_eq!(corpus.count(&digest(2)).unwrap_err().to_string(), said);
    assert_eq!(corpus.range(&Prefix::of_range(prefix)).unwrap_err().to_string(), said);
    // Another base that covers it answers for both.
    let whole = Corpus::builder().base(base).base(index(&of(&[]))).build().unwrap();
    assert!(matches!(whole.find(&digest(2), 1), Ok(Finding::NotExposed { count: 0 })));
}

#[test]
fn overlays_alone_cover_what_they_cover() {
    let corpus = Corpus::builder().overlay(index(&of(&[(1, 1)]))).build().unwrap();
    assert!(corpus.find(&digest(1), 1_000_000).unwrap().exposure().is_some());
    assert!(matches!(corpus.find(&digest(2), 1), Ok(Finding::NotExposed { count: 0 })));
}

#[test]
fn a_base_without_counts_decides_no_threshold() {
    let bare = passwords_index([("password 1", 9)].into_iter(), false, Coverage::whole());
    let bare = Index::from_bytes(bare, "bare.bdx").unwrap();
    let corpus = Corpus::builder().base(bare).base(index(&of(&[(2, 5)]))).build().unwrap();
    let said = "bare.bdx was built without counts: it can only say whether a password is exposed";
    assert_eq!(corpus.require_counts().unwrap_err().to_string(), said);
    assert_eq!(corpus.find(&digest(1), 1).unwrap().exposure().unwrap().count, None);
    let Finding::Unknown(fault) = corpus.find(&digest(1), 2).unwrap() else { panic!("known") };
    assert_eq!(fault.to_string(), said);
    assert!(!fault.is_transient(), "a wrong configuration");
    let raised = OnError::Accept.decide(Finding::Unknown(fault)).unwrap_err();
    assert_eq!(raised.to_string(), said);
    assert!(corpus.find(&digest(2), 2).unwrap().exposure().unwrap().is_partial);
}

#[test]
fn on_error_decides_about_faults_only() {
    let fault = || {
        let error = RemoteError::new("no answer in time", true);
        Finding::Unknown(Box::new(error.into()))
    };
    assert!(matches!(OnError::Accept.decide(fault()), Ok(Decision::Accepted(_))));
    assert!(matches!(OnError::Reject.decide(fault()), Ok(Decision::Refused(_))));
    assert_eq!(OnError::Raise.decide(fault()).unwrap_err().to_string(), "no answer in time");
    for choice in OnError::ALL {
        let corpus = Corpus::from(index(&of(&[(1, 3)])));
        let question = Question::from(digest(1));
        assert!(matches!(corpus.decide(&question, 3, choice), Ok(Decision::Exposed(_))));
        assert!(matches!(corpus.decide(&question, 4, choice), Ok(Decision::NotExposed { count: 3 })));
    }
}

#[test]
fn a_clients_own_error_comes_back() {
    let error = RemoteError::new(Error::InvalidHex, true);
    assert_eq!(error.to_string(), Error::InvalidHex.to_string());
    assert!(error.get_ref().is::<Error>());
}

#[cfg(feature = "forms")]
#[test]
fn a_form_without_an_answer_hides_no_other_one() {
    let part = |covered: u32| Coverage::from_ranges([(covered, covered)]).unwrap();
    let full = Digest::sha1("ｐａｓｓｗｏｒｄ 1".as_bytes());
    let plain = Entry::new(&digest(1), 1).prefix();
    let base = Index::from_bytes(bytes(&of(&[(1, 3)]), part(plain)), "part.bdx").unwrap();
    let ask = |base: Index| {
        let corpus = Corpus::from(base);
        let question =
            Question::password(Kind::Sha1, "ｐａｓｓｗｏｒｄ 1".as_bytes(), None, FormSet::default())
                .unwrap();
        corpus.ask(&question, 1).unwrap()
    };
    let found = ask(base);
    let found = found.exposure().unwrap();
    assert_eq!((found.form, found.is_partial), (Form::Nfkc, true));
    // Only what was typed is covered, and that is not exposed: the plain form is unknown.
    let typed = Index::from_bytes(bytes(&of(&[]), part(Entry::new(&full, 1).prefix())), "part.bdx").unwrap();
    assert!(matches!(ask(typed), Finding::Unknown(_)));
}

/// The test password is exposed to whoever asked for that, whatever the threshold, and to nobody else; other answers stay.
#[test]
fn the_test_password_is_exposed_on_request_only() {
    let plain = Corpus::from(index(&Map::from([(7, 20)])));
    let asked =
        |corpus: &Corpus, digest: &Digest, least| corpus.find(digest, least).unwrap().exposure().copied();
    let knowing = plain.clone().with_test_password();
    let test = Digest::sha1(TEST_PASSWORD.as_bytes());
    assert_eq!(asked(&plain, &test, 1), None);
    let found = asked(&knowing, &test, 1_000).unwrap();
    assert_eq!((found.origin, found.count, found.is_partial), (Origin::Overlay, None, false));
    for number in 0..20 {
        assert_eq!(asked(&knowing, &digest(number), 2), asked(&plain, &digest(number), 2));
    }
}

/// What would wait is no answer, and no rule about faults passes over it. What is in memory or in the page cache answers.
#[test]
fn a_corpus_that_must_not_wait_says_so() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("read.bdx");
    fs::write(&path, bytes(&of(&[(1, 3), (2, 9)]), Coverage::whole())).unwrap();
    let read = Index::open(&path).unwrap();
    let cached = Corpus::from(read.clone()).with_read_mode(ReadMode::Cached);
    for number in 0..20 {
        let expected = Corpus::from(read.clone()).find(&digest(number), 2).unwrap();
        match cached.find(&digest(number), 2).unwrap() {
            // A file system may forget at any time.
            Finding::Unknown(fault) => {
                assert!(matches!(*fault, SourceError::Index(Error::WouldBlock)));
            }
            found => assert_eq!(found.exposure(), expected.exposure()),
        }
    }

    let remote = Source::Remote(Arc::new(Server(of(&[(1, 3)]), Health::Sound)));
    let alone = Corpus::from(remote.clone());
    assert!(alone.find(&digest(1), 1).unwrap().exposure().is_some());
    let waiting = alone.with_read_mode(ReadMode::Cached).find(&digest(1), 1).unwrap();
    let fault = OnError::Accept.decide(waiting).unwrap_err();
    assert!(matches!(*fault, SourceError::Index(Error::WouldBlock)));
    let over = Corpus::builder().base(remote).overlay(index(&of(&[(1, 1)]))).build().unwrap();
    let over = over.with_read_mode(ReadMode::Cached);
    assert!(over.find(&digest(1), 1).unwrap().exposure().unwrap().is_partial);
    assert!(matches!(over.find(&digest(2), 1).unwrap(), Finding::Unknown(_)));
}
