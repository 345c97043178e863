//! Updates: only what changed is sent, what did not is left alone, and the result is what a fresh download makes.

use std::fs;
use std::path::Path;

use breachdex::{
    BuildOptions, CoverageRule, Digest, Index, Input, Kind, OpenOptions, OverlayFile, SpliceOptions, build,
};
use breachdex_hibp::{UpdateOptions, UpdateReport, download, update};
use breachdex_tests::range_server::{RangeServer, Reply, body};
use tempfile::tempdir;

use super::{assert_holds, command, corpus, downloading, fetch, fetching, listing, said};

const LAST: u32 = 255;

fn bring_up_to_date(server: &RangeServer, path: &Path) -> breachdex_hibp::Result<UpdateReport> {
    let options = UpdateOptions {
        fetch: fetching(server),
        allow_older: false,
        from_origin: true,
        memory: 32 << 20,
        threads: 0,
        open: OpenOptions::default(),
        before_publish: None,
    };
    update(path, &options, &())
}

/// No more was asked than had to be, but for what a busy machine lost on the way and was asked again.
fn assert_served(server: &RangeServer, least: u64, report: &UpdateReport) {
    let most = least + report.fetch.retries;
    assert!(
        (least..=most).contains(&server.served()),
        "{} served, {least} to {most} expected",
        server.served()
    );
}

/// Ranges that differ between two states of the corpus.
fn changed(kind: Kind, one: u64, other: u64) -> u64 {
    (0..=LAST).filter(|prefix| corpus(one)(kind, *prefix) != corpus(other)(kind, *prefix)).count() as u64
}

#[test]
fn only_what_changed_is_sent_and_the_result_is_a_fresh_download() {
    for kind in [Kind::Sha1, Kind::Ntlm] {
        for (bits, counts, min_count) in [
            (None, true, 1),
            (Some(64), true, 1),
            (Some(40), false, 1),
            (None, true, 4),
            (Some(32), true, 2),
            (None, false, 3),
            (Some(48), false, 2),
        ] {
            let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
            let mut options = downloading(&server, LAST);
            options.index = SpliceOptions { kind, bits, counts, min_count, ..options.index };
            options.index.force_bits = true;
            let (old, fresh) = (folder.path().join("old.bdx"), folder.path().join("fresh.bdx"));
            download(&old, &options, &()).unwrap();
            server.change(corpus(1), "Sat, 01 Aug 2026 10:00:00 GMT");
            server.forget();
            let report = bring_up_to_date(&server, &old).unwrap();
            let ranges = changed(kind, 0, 1);
            assert!(ranges > 10);
            assert_eq!(report.ranges_unchanged, u64::from(LAST) + 1 - ranges);
            assert_served(&server, u64::from(LAST) + 1 + ranges, &report);
            let index = report.index.unwrap();
            assert!(index.ranges_changed <= ranges && index.hashes_added > 0);
            download(&fresh, &options, &()).unwrap();
            let [old_index, fresh_index] = [&old, &fresh].map(|path| Index::open(path).unwrap());
            old_index.verify(&()).unwrap();
            assert_eq!(
                old_index.content_id(),
                fresh_index.content_id(),
                "{kind} {bits:?} {counts} {min_count}"
            );
            assert_eq!(old_index.metadata().corpus_date, "2026-08-01");
            // And once more: nothing to do.
            let before = fs::metadata(&old).unwrap().modified().unwrap();
            let report = bring_up_to_date(&server, &old).unwrap();
            assert!(report.index.is_none() && report.fetch.bytes == 0);
            assert_eq!(report.ranges_unchanged, u64::from(LAST) + 1);
            assert_eq!(fs::metadata(&old).unwrap().modified().unwrap(), before);
            assert_eq!(listing(folder.path()), ["fresh.bdx", "old.bdx"]);
        }
    }
}

#[test]
fn an_index_that_was_built_learns_the_tags() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let ranges = folder.path().join("ranges");
    fs::create_dir(&ranges).unwrap();
    for prefix in 0..=LAST {
        let text = body(&corpus(0)(Kind::Sha1, prefix), Kind::Sha1);
        fs::write(ranges.join(format!("{prefix:05X}.txt")), text).unwrap();
    }
    let path = folder.path().join("a.bdx");
    let options = BuildOptions { coverage: CoverageRule::Present, ..BuildOptions::default() };
    build(&[Input::path(&ranges)], &path, &options, &()).unwrap();
    let built = Index::open(&path).unwrap().content_id();
    let report = bring_up_to_date(&server, &path).unwrap();
    assert_eq!(report.ranges_same, u64::from(LAST) + 1);
    assert_served(&server, u64::from(LAST) + 1, &report);
    let index = report.index.unwrap();
    assert_eq!((index.ranges_changed, index.hashes_added), (0, 0));
    assert_eq!(Index::open(&path).unwrap().content_id(), built);
    let report = bring_up_to_date(&server, &path).unwrap();
    assert_eq!(report.ranges_unchanged, u64::from(LAST) + 1);
    assert_served(&server, u64::from(LAST) + 1, &report);
    assert!(report.index.is_none());
}

#[test]
fn without_tags_everything_is_fetched_and_nothing_rewritten() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    server.behave(|request| {
        Reply::Headed(vec![], body(&corpus(0)(request.kind, request.prefix), request.kind))
    });
    fetch(&server, folder.path(), LAST).unwrap();
    let path = folder.path().join("a.bdx");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let report = bring_up_to_date(&server, &path).unwrap();
    assert_eq!((report.ranges_same, report.ranges_unchanged), (u64::from(LAST) + 1, 0));
    assert!(report.index.is_none());
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert_eq!(Index::open(&path).unwrap().metadata().corpus_date, "");
}

#[test]
fn the_command_says_what_changed() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let url = server.url();
    let run = |arguments: &[&str]| said(&command(folder.path()).args(arguments).output().unwrap());
    let (stdout, stderr, exit) =
        run(&["download", "-o", "a.bdx", "--prefixes", "00000-000FF", "--base-url", &url]);
    assert_eq!(exit, 0, "{stderr}");
    let (entries, _) = stdout.split_once(" entries, ").unwrap();
    let expected: usize = (0..=LAST).map(|prefix| corpus(0)(Kind::Sha1, prefix).len()).sum();
    assert_eq!(entries, expected.to_string());
    let bytes: usize = (0..=LAST).map(|prefix| body(&corpus(0)(Kind::Sha1, prefix), Kind::Sha1).len()).sum();
    assert_eq!(stderr, format!("breachdex: note: 256 ranges asked for, {bytes} bytes fetched\n"));
    let (stdout, stderr, exit) = run(&["update", "a.bdx"]);
    assert_eq!((stderr.as_str(), exit), ("breachdex: note: 256 ranges asked for, 0 bytes fetched\n", 0));
    let (said, seconds) = stdout.rsplit_once(", ").unwrap();
    assert_eq!(said, "nothing changed in 256 ranges, nothing was written");
    assert!(seconds.ends_with(" seconds\n"));
    fs::copy(folder.path().join("a.bdx"), folder.path().join("old.bdx")).unwrap();
    server.change(corpus(1), "Sat, 01 Aug 2026 10:00:00 GMT");
    let (stdout, _, exit) = run(&["update", "a.bdx"]);
    let (ranges, _) = stdout.split_once(" ranges changed, ").unwrap();
    assert_eq!((ranges, exit), (changed(Kind::Sha1, 0, 1).to_string().as_str(), 0));
    assert_holds(&folder.path().join("a.bdx"), &corpus(1), LAST);
}

/// A mirror that has not followed would take newer hashes away.
#[test]
fn a_server_that_is_behind_the_index_is_refused() {
    let (server, folder) = (RangeServer::start(corpus(1)), tempdir().unwrap());
    let url = server.url();
    let run = |arguments: &[&str]| said(&command(folder.path()).args(arguments).output().unwrap());
    let path = folder.path().join("a.bdx");
    let date = || Index::open(&path).unwrap().metadata().corpus_date.clone();
    server.change(corpus(1), "Sat, 01 Aug 2026 10:00:00 GMT");
    run(&["download", "-o", "a.bdx", "--prefixes", "00000-000FF", "--base-url", &url]);
    server.change(corpus(0), "Sat, 25 Jul 2026 10:00:00 GMT");
    let rows = |state: u64| -> std::collections::BTreeSet<_> {
        let rows = |prefix| corpus(state)(Kind::Sha1, prefix).into_iter().map(move |row| (prefix, row.0));
        (0..=LAST).flat_map(rows).collect()
    };
    let removed = rows(1).difference(&rows(0)).count();
    let behind = format!(
        "{url} is behind the index: its ranges that differ were last changed on 2026-07-25, before the corpus date \
         2026-08-01, and lack {removed} hashes"
    );
    let (_, stderr, exit) = run(&["update", "a.bdx", "--dry-run"]);
    let note = format!("breachdex: note: {behind}; an update removes them with --allow-older only");
    assert_eq!((stderr.lines().nth(1), exit), (Some(note.as_str()), 0), "{stderr}");
    let (stdout, stderr, exit) = run(&["update", "a.bdx"]);
    let error = format!(
        "breachdex: error: {behind}; {} was left as it is; update from the server that the newer index came from \
         (--base-url), or go back with --allow-older\n",
        fs::canonicalize(&path).unwrap().display()
    );
    assert_eq!((stdout.as_str(), stderr.as_str(), exit), ("", error.as_str(), 2));
    // What the mirror sent is not kept, because the next update may ask another server.
    assert_eq!(listing(folder.path()), ["a.bdx"]);
    assert_holds(&path, &corpus(1), LAST);
    let (_, stderr, exit) = run(&["update", "a.bdx", "--allow-older"]);
    let note = format!("breachdex: note: {behind}; they were removed");
    assert_eq!((stderr.lines().nth(1), exit), (Some(note.as_str()), 0), "{stderr}");
    assert_holds(&path, &corpus(0), LAST);
    assert_eq!(date(), "2026-07-25", "it does not pass for newer than it is");
    server.change(corpus(1), "Sun, 02 Aug 2026 10:00:00 GMT");
    let (_, stderr, _) = run(&["update", "a.bdx"]);
    assert!(!stderr.contains("is behind"), "{stderr}");
    assert_eq!(date(), "2026-08-02");
}

#[test]
fn what_an_earlier_version_began_is_discarded_with_a_note() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    fetch(&server, folder.path(), LAST).unwrap();
    server.change(corpus(1), "Sat, 01 Aug 2026 10:00:00 GMT");
    let journal = folder.path().join(".a.bdx.breachdex-update");
    fs::write(&journal, [b"BDXJRNL2".as_slice(), &[7; 3000]].concat()).unwrap();
    let (_, stderr, exit) = said(&command(folder.path()).args(["update", "a.bdx"]).output().unwrap());
    let (note, _) = stderr.split_once('\n').unwrap();
    assert_eq!(
        (note, exit),
        (
            "breachdex: note: discarded an unfinished update that an earlier version of breachdex began; all ranges \
             were asked for again",
            0
        )
    );
    assert_holds(&folder.path().join("a.bdx"), &corpus(1), LAST);
    assert_eq!(listing(folder.path()), ["a.bdx"]);
}

#[test]
fn a_server_that_changes_meanwhile_is_noticed() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    fetch(&server, folder.path(), LAST).unwrap();
    let path = folder.path().join("a.bdx");
    // Later than any clock: as if it were put there after the first answer.
    server.change(corpus(1), "Sat, 01 Aug 2099 10:00:00 GMT");
    let report = bring_up_to_date(&server, &path).unwrap();
    assert!(report.corpus_changed && report.index.is_some());
    assert!(!bring_up_to_date(&server, &path).unwrap().corpus_changed);
    assert_holds(&path, &corpus(1), LAST);
}

#[test]
fn what_cannot_be_updated_is_refused() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let path = folder.path().join("top.bdx");
    let list = folder.path().join("list.txt");
    let digest =
        Digest::sha1(b"password").to_bytes().iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    fs::write(&list, format!("{digest}:7\n")).unwrap();
    let options = BuildOptions { top: Some(1), ..BuildOptions::default() };
    build(&[Input::path(&list)], &path, &options, &()).unwrap();
    let real = fs::canonicalize(&path).unwrap();
    assert_eq!(
        bring_up_to_date(&server, &path).expect_err("cut").to_string(),
        format!(
            "{} holds the most frequent passwords only: which ones those are now cannot be told from what changed; \
             download or build it again",
            real.display()
        )
    );
    let own = folder.path().join("own.bdx");
    OverlayFile::at(&own).add(Kind::Sha1, &[Digest::sha1(b"ours")], &()).unwrap();
    assert_eq!(
        bring_up_to_date(&server, &own).expect_err("an overlay").to_string(),
        format!(
            "{} holds digests from an overlay, which the server does not know: an update would lose them; keep the \
             overlay apart, update the index that it was merged with, and ask both",
            fs::canonicalize(&own).unwrap().display()
        )
    );
    fs::remove_file(own).unwrap();
    fs::remove_file(folder.path().join(".own.bdx.breachdex-lock")).unwrap();
    let missing = folder.path().join("missing.bdx");
    assert_eq!(
        bring_up_to_date(&server, &missing).expect_err("missing").to_string(),
        format!("cannot open {}: No such file or directory (os error 2)", missing.display())
    );
    fs::write(&missing, b"no index").unwrap();
    assert!(bring_up_to_date(&server, &missing).is_err());
    assert_eq!(listing(folder.path()), ["list.txt", "missing.bdx", "top.bdx"]);
}

#[test]
fn a_damaged_index_is_not_updated() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    fetch(&server, folder.path(), LAST).unwrap();
    let path = folder.path().join("a.bdx");
    let whole = fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[256 + 700] ^= 1;
    fs::write(&path, &bytes).unwrap();
    server.change(corpus(1), "Sat, 01 Aug 2026 10:00:00 GMT");
    let error = bring_up_to_date(&server, &path).expect_err("damaged").to_string();
    assert!(error.contains(" is damaged: "), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_dry_run_says_what_an_update_would_change_and_writes_nothing() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    fetch(&server, folder.path(), LAST).unwrap();
    let path = folder.path().join("a.bdx");
    let before = fs::read(&path).unwrap();
    let run = |arguments: &[&str]| {
        let (stdout, stderr, exit) = said(&command(folder.path()).args(arguments).output().unwrap());
        assert_eq!(exit, 0, "{stderr}");
        let (said, seconds) = stdout.rsplit_once(", ").unwrap();
        assert!(seconds.ends_with(" seconds\n"));
        said.to_owned()
    };
    assert_eq!(run(&["update", "--dry-run", "a.bdx"]), "nothing would change in 256 ranges");
    server.change(corpus(1), "Sat, 01 Aug 2026 10:00:00 GMT");
    let would = run(&["update", "--dry-run", "a.bdx"]);
    assert!(fs::read(&path).unwrap() == before);
    assert_eq!(listing(folder.path()), ["a.bdx"]);
    let (would, end) = would.rsplit_once(", ").unwrap();
    assert_eq!(end, "nothing was written");
    let did = run(&["update", "a.bdx"]);
    let (did, entries) = did.rsplit_once(", ").unwrap();
    assert!(entries.ends_with(" entries"));
    assert_eq!(would.replace(" would change", " changed"), did);
}

#[test]
fn progress_is_written_for_programs() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    let run = |mode: &str| {
        let output = command(folder.path())
            .args(["download", "-o", "a.bdx", "--force", "--restart", "--prefixes", "00000-000FF"])
            .args(["--progress", mode, "--base-url", &server.url()])
            .output()
            .unwrap();
        let (_, stderr, exit) = said(&output);
        assert_eq!(exit, 0, "{stderr}");
        stderr
    };
    let written = run("json");
    let lines: Vec<serde_json::Value> =
        written.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(lines.len(), written.lines().count() - 1, "{written}");
    assert_eq!((&lines[0]["progress"], &lines[0]["total"]), (&"fetching".into(), &256.into()));
    assert!(
        lines.iter().any(|line| line["progress"] == "syncing" || line["progress"] == "writing"),
        "{written}"
    );
    for quiet in ["none", "plain", "auto"] {
        // Nothing within half a minute.
        assert_eq!(run(quiet).lines().count(), 1);
    }
}

#[test]
fn an_old_corpus_is_refused_when_asked_for() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    fetch(&server, folder.path(), LAST).unwrap();
    let run = |days: &str| {
        let arguments = ["info", "a.bdx", "--max-age", days];
        let (_, stderr, exit) = said(&command(folder.path()).args(arguments).output().unwrap());
        (stderr, exit)
    };
    assert_eq!(run("4000000"), (String::new(), 0));
    let (stderr, exit) = run("0");
    assert_eq!(exit, 2);
    let start = "breachdex: error: a.bdx is not new enough: its corpus date 2026-07-02 is ";
    assert!(stderr.starts_with(start) && stderr.contains(" days ago, at most 0 are allowed"), "{stderr}");
}

#[test]
fn the_most_frequent_are_those_of_a_build() {
    let (server, folder) = (RangeServer::start(corpus(0)), tempdir().unwrap());
    fetch(&server, folder.path(), LAST).unwrap();
    let whole = Index::open(folder.path().join("a.bdx")).unwrap().len();
    let run = |arguments: &[&str]| {
        let (_, stderr, exit) = said(&command(folder.path()).args(arguments).output().unwrap());
        assert_eq!(exit, 0, "{stderr}");
    };
    run(&["build", "-o", "built.bdx", "--top", "100", "--date", "2026-07-02", "a.bdx"]);
    let url = server.url();
    let download =
        ["download", "-o", "top.bdx", "--top", "100", "--prefixes", "00000-000FF", "--base-url", &url];
    server.forget();
    run(&download);
    assert_eq!(server.requests().len(), LAST as usize + 1);
    assert_eq!(listing(folder.path()), ["a.bdx", "built.bdx", "top.bdx"]);
    let id = |name: &str| Index::open(folder.path().join(name)).unwrap().content_id();
    let top = Index::open(folder.path().join("top.bdx")).unwrap();
    assert_eq!((top.len(), top.metadata().is_cut, whole > 100), (100, true, true));
    let built = id("built.bdx");
    assert_eq!(id("top.bdx"), built);
    // What an interrupted run left is taken.
    fs::rename(folder.path().join("a.bdx"), folder.path().join(".top.bdx.breachdex-whole.bdx")).unwrap();
    fs::remove_file(folder.path().join("top.bdx")).unwrap();
    server.forget();
    run(&download);
    assert!(server.requests().is_empty());
    assert_eq!((id("top.bdx"), listing(folder.path()).len()), (built, 2));
}
