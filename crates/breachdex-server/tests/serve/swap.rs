//! A replaced index file takes over while requests run; a bad one does not.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use breachdex::BuildOptions;
use breachdex_server::ServeOptions;
use tempfile::TempDir;

use crate::client::Client;
use crate::encodings::gunzipped;
use crate::subject::{
    BODY, NTLM_ROWS, ROWS, Running, dense_body, dense_lines, index, ntlm, options, partial, range, sha1,
    wait_until,
};

/// How many swaps were made and refused.
fn swaps(server: &Running) -> (f64, f64) {
    let count = |name: &str| server.metric(&format!("breachdex_index_{name}_total{{kind=\"sha1\"}}"));
    (count("swaps"), count("swaps_refused"))
}

#[test]
fn a_replaced_file_takes_over_and_unchanged_ranges_keep_their_tags() {
    let folder = TempDir::new().unwrap();
    let path = sha1(folder.path(), ROWS);
    let server = Running::serve(&[&path]);
    let old = server.get("/range/21BD1", &[]);
    let old_other = server.get("/range/ABCDE", &[]);
    let changed = ROWS.replace("0001:7", "0001:8");
    let date = "2026-08-01".to_owned();
    let fresh = index(folder.path(), "fresh.bdx", &changed, BuildOptions { date, ..BuildOptions::default() });
    fs::rename(fresh, &path).unwrap();
    wait_until("the new file answers", || swaps(&server) == (1.0, 0.0));
    let tag = |answer: &crate::client::Answer| answer.header("etag").unwrap().to_owned();
    let new = server.get("/range/21BD1", &[]);
    assert_eq!(new.text(), BODY);
    assert_eq!(tag(&new), tag(&old));
    assert_eq!(new.header("last-modified"), Some("Sat, 01 Aug 2026 00:00:00 GMT"));
    let none_match = format!("If-None-Match: {}", tag(&old));
    assert_eq!(server.get("/range/21BD1", &[&none_match]).status, 304);
    let new_other = server.get("/range/ABCDE", &[]);
    assert!(new_other.text().ends_with(":8"));
    assert_ne!(tag(&new_other), tag(&old_other));
}

#[test]
fn a_date_that_stood_still_is_not_given_out() {
    let folder = TempDir::new().unwrap();
    let path = sha1(folder.path(), ROWS);
    let server = Running::serve(&[&path]);
    let date = "If-Modified-Since: Thu, 02 Jul 2026 00:00:00 GMT";
    assert_eq!(server.get("/range/ABCDE", &[date]).status, 304);
    let dated = || BuildOptions { date: "2026-07-02".into(), ..BuildOptions::default() };
    let fresh = index(folder.path(), "fresh.bdx", &ROWS.replace("0001:7", "0001:8"), dated());
    fs::rename(fresh, &path).unwrap();
    wait_until("the new file answers", || swaps(&server).0 == 1.0);
    let answer = server.get("/range/ABCDE", &[date]);
    assert_eq!((answer.status, answer.header("last-modified")), (200, None));
    // The same content once more changes nothing about what is known of its date.
    let again = index(folder.path(), "again.bdx", &ROWS.replace("0001:7", "0001:8"), dated());
    fs::rename(again, &path).unwrap();
    wait_until("the same content answers", || swaps(&server).0 == 2.0);
    assert_eq!(server.get("/range/ABCDE", &[date]).status, 200);
}

#[test]
fn a_bad_replacement_is_refused_once_and_the_old_index_answers_on() {
    let folder = TempDir::new().unwrap();
    let path = sha1(folder.path(), ROWS);
    let server = Running::start(ServeOptions { allow_partial: false, ..options(&[&path]) });
    let good = fs::read(&path).unwrap();
    let damaged = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let built = |name, build| fs::read(index(folder.path(), name, ROWS, build)).unwrap();
    let defaults = BuildOptions::default;
    let replacements = [
        Vec::new(),
        b"an error page".to_vec(),
        damaged(30),
        // A bucket, which only a whole verification finds.
        damaged(290),
        good[..good.len() - 1].to_vec(),
        built("64.bdx", BuildOptions { bits: Some(64), ..defaults() }),
        built("bare.bdx", BuildOptions { counts: false, ..defaults() }),
        fs::read(partial(folder.path(), &dense_lines(1, 1, 0))).unwrap(),
        fs::read(ntlm(folder.path(), NTLM_ROWS)).unwrap(),
    ];
    for (number, bytes) in replacements.iter().enumerate() {
        let fresh = folder.path().join("fresh");
        fs::write(&fresh, bytes).unwrap();
        fs::rename(&fresh, &path).unwrap();
        let refused = number as f64 + 1.0;
        wait_until("it is refused", || swaps(&server).1 == refused);
        assert_eq!(server.get("/range/21BD1", &[]).text(), BODY, "replacement {number}");
    }
    // Looked at many times since, refused once.
    thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(swaps(&server), (0.0, replacements.len() as f64));
    fs::remove_file(&path).unwrap();
    thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
    fs::rename(index(folder.path(), "last.bdx", ROWS, defaults()), &path).unwrap();
    wait_until("a good one takes over", || swaps(&server).0 == 1.0);
    assert_eq!(server.get("/range/21BD1", &[]).text(), BODY);
}

/// Builds a generation beside the file that is served and renames it onto that.
fn publish(folder: &Path, path: &Path, prefixes: u32, rows: u32, generation: u32) {
    let fresh = partial(folder, &dense_lines(prefixes, rows, generation));
    fs::rename(fresh, path).unwrap();
}

#[test]
fn under_load_every_answer_is_whole_and_of_one_generation() {
    let folder = TempDir::new().unwrap();
    let (prefixes, rows, generations) = (4, 700, 12);
    let path = folder.path().join("served.bdx");
    publish(folder.path(), &path, prefixes, rows, 0);
    let server = Running::start(ServeOptions { workers: 2, ..options(&[&path]) });
    let bodies: Vec<Vec<String>> = (0..prefixes)
        .map(|prefix| (0..generations).map(|generation| dense_body(prefix, rows, generation)).collect())
        .collect();
    let (is_over, answers) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for start in 0..4 {
            let (bodies, is_over, answers) = (&bodies, &is_over, &answers);
            let mut client = Client::connect(server.address);
            scope.spawn(move || {
                let mut newest = vec![0; bodies.len()];
                for prefix in (0..prefixes as usize).cycle().skip(start) {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let path = range(prefix as u32);
                    let text = match start % 2 {
                        0 => client.get(&path, &[]).text().to_owned(),
                        _ => gunzipped(&client.get(&path, &["Accept-Encoding: gzip"])),
                    };
                    let generation = bodies[prefix].iter().position(|body| *body == text);
                    let generation = generation.expect("an answer that no generation has");
                    assert!(generation >= newest[prefix], "an old index came back");
                    newest[prefix] = generation;
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for generation in 1..generations {
            publish(folder.path(), &path, prefixes, rows, generation);
            wait_until("it takes over", || swaps(&server).0 == f64::from(generation));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(answers.into_inner() > 100);
    assert_eq!(swaps(&server), (f64::from(generations) - 1.0, 0.0));
}
