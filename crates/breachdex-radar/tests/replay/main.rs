//! Replays of files of attempts, and the reports on them.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::path::PathBuf;

use breachdex_radar::replay::{Incident, ReplayOptions, replay};
use breachdex_radar::report::{Language, html, json, text};
use breachdex_radar::{RadarOptions, Reason};

const HEADER: &str = "time,source,account,outcome,known,exposed\n";

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(text: &[u8]) -> File {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("attempts.csv");
    std::fs::write(&path, text).expect("written");
    File { _folder: folder, path }
}

fn options() -> ReplayOptions {
    let radar = RadarOptions { learns: false, key: Some(*b"a key for tests!"), ..RadarOptions::default() };
    ReplayOptions { radar, users: false, list: 10 }
}

fn replayed(text: &str, options: &ReplayOptions) -> Incident {
    replay(&file(text.as_bytes()).path, options).expect("an incident")
}

fn refused(text: &[u8]) -> String {
    let error = replay(&file(text).path, &options()).expect_err("refused").to_string();
    error.split_once("attempts.csv").map_or(error.clone(), |(_, rest)| rest.to_owned())
}

/// An honest day with an attack from 200 addresses from noon to two, which takes ten accounts.
fn day() -> String {
    let (mut text, start) = (String::from(HEADER), 1_790_553_600_u64);
    for second in (0..86_400_u64).step_by(6) {
        let at = second / 6;
        let (user, failed) = (at * 7 % 5003, at % 5 == 0);
        let (outcome, exposed) = if failed { ("failed", at / 5 % 10 < 3) } else { ("succeeded", false) };
        let yes = if exposed { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "{},10.{}.{}.9,user{user},{outcome},yes,{yes}",
            start + second,
            user >> 8,
            user & 255
        );
        if (12 * 3600..14 * 3600).contains(&second) {
            let outcome = if at % 120 == 119 { "succeeded" } else { "failed" };
            let source = at % 200;
            let known = if outcome == "failed" && at % 3 > 0 { "no" } else { "yes" };
            let _ = writeln!(text, "{},203.0.{source}.7,list{at},{outcome},{known},yes", start + second);
        }
    }
    text
}

#[test]
fn an_attack_is_found_and_counted_from_its_beginning() {
    let incident = replayed(&day(), &options());
    let [attack] = &incident.attacks[..] else { panic!("{:?}", incident.attacks) };
    let noon = 1_790_553_600 + 12 * 3600;
    assert!(attack.episode.since.unix().abs_diff(noon) < 300, "{attack:?}");
    assert!((noon..noon + 900).contains(&attack.episode.raised.unix()), "{attack:?}");
    let until = attack.episode.until.expect("an end").unix();
    assert!(until.abs_diff(noon + 2 * 3600) < 3600, "{attack:?}");
    assert!(!attack.reasons.is_empty());
    // 1,200 tries, ten of which succeeded, from 200 addresses.
    assert!((1100..1260).contains(&incident.suspected.failures), "{:?}", incident.suspected);
    assert!((9..=14).contains(&incident.accounts_taken), "{}", incident.accounts_taken);
    assert!((195..260).contains(&incident.sources), "{}", incident.sources);
    assert_eq!(incident.all.attempts(), 14_400 + 1_200);
    assert_eq!(incident.timeline.slots.iter().map(|slot| slot.failures).sum::<u64>(), incident.all.failures);
    assert!(incident.timeline.slots.len() <= 120);
    assert!(incident.all.unknown_accounts > 700 && incident.all.exposed > 1_190);
}

/// Who gets in at the second try, and a shared address at which most log-ins succeed, came with the attack by chance.
#[test]
fn honest_log_ins_during_an_attack_are_not_counted() {
    let (mut text, noon) = (String::from(HEADER), 1_790_553_600_u64 + 12 * 3600);
    for line in day().lines().skip(1) {
        let _ = writeln!(text, "{line}");
        let time: u64 = line.split(',').next().and_then(|time| time.parse().ok()).expect("a time");
        if !line.contains(",list") && (noon + 1800..noon + 5400).contains(&time) {
            let user = time / 6 % 1000;
            let address = format!("198.{}.{}.9", user >> 8, user & 255);
            let _ = writeln!(text, "{time},{address},late{user},failed,yes,yes");
            let _ = writeln!(text, "{time},{address},late{user},succeeded,yes,no");
            for one in 0..4 {
                let outcome = if one == 0 { "failed" } else { "succeeded" };
                let exposed = if one == 0 && user % 10 < 3 { "yes" } else { "no" };
                let _ = writeln!(text, "{time},192.0.2.77,office{user}-{one},{outcome},yes,{exposed}");
            }
        }
    }
    let incident = replayed(&text, &options());
    assert!((9..=14).contains(&incident.accounts_taken), "{}", incident.accounts_taken);
}

#[test]
fn an_honest_file_has_no_attack() {
    let honest: String =
        day().lines().filter(|line| !line.contains(",list")).map(|line| format!("{line}\n")).collect();
    let incident = replayed(&honest, &ReplayOptions { radar: RadarOptions::default(), ..options() });
    assert!(incident.attacks.is_empty() && incident.taken.is_empty(), "{:?}", incident.attacks);
    assert!(html(&incident, Language::En).contains("No attack was found in 14,400 log-in attempts."));
    assert!(text(&incident, Language::Ja).contains("攻撃は検出されませんでした"));
}

#[test]
fn an_empty_file_says_so() {
    let incident = replayed(HEADER, &options());
    assert_eq!(text(&incident, Language::En), "The file contains no log-in attempts.\n");
    let json = json(&incident, Language::En);
    assert!(json.contains("\"from\":null") && json.contains("\"authority\":[]"), "{json}");
    assert!(html(&incident, Language::Ja).contains("記録がありません"));
}

/// The nine items of the table for the authority, in the page and in JSON, in both languages.
#[test]
fn the_table_for_the_authority_is_in_every_report() {
    let incident = replayed(&day(), &options());
    let names =
        ["overview", "data", "people", "cause", "damage", "people_told", "public", "prevention", "other"];
    for (language, title) in [(Language::En, "Overview"), (Language::Ja, "概要")] {
        let (page, json) = (html(&incident, language), json(&incident, language));
        assert!(page.contains(title) && json.contains(title), "{language:?}");
        for name in names {
            assert!(json.contains(&format!("{{\"name\":\"{name}\",\"title\":\"")), "{name}");
        }
    }
}

#[test]
fn reports_name_accounts_only_if_asked() {
    let hidden = replayed(&day(), &options());
    let shown = replayed(&day(), &ReplayOptions { users: true, ..options() });
    let pages = [html(&hidden, Language::En), html(&hidden, Language::Ja)];
    for report in pages.into_iter().chain([json(&hidden, Language::Ja), text(&hidden, Language::En)]) {
        assert!(
            !report.contains("list7") && !report.contains("203.0.") && !report.contains("user1"),
            "{report}"
        );
    }
    for report in [html(&shown, Language::En), json(&shown, Language::En)] {
        assert!(report.contains("list7") && report.contains("203.0."), "{report}");
    }
    let again = replay(
        &file(day().as_bytes()).path,
        &ReplayOptions { radar: RadarOptions { key: None, ..options().radar }, ..options() },
    );
    let again = again.expect("an incident");
    assert!(hidden.taken.iter().all(|one| again.taken.iter().all(|other| one.account != other.account)));
}

#[test]
fn the_page_escapes_and_loads_nothing() {
    let evil = "\"<script>alert(1)</script>\u{202E}\"";
    let mut text = String::from(HEADER);
    for at in 0..40 {
        let _ = writeln!(text, "{},192.0.2.7,a{at},failed,no,yes", 1_790_553_600 + at);
    }
    let _ = writeln!(text, "1790553700,192.0.2.7,{evil},succeeded,yes,yes");
    let incident = replayed(&text, &ReplayOptions { users: true, ..options() });
    assert_eq!(incident.accounts_taken, 1);
    for language in [Language::En, Language::Ja] {
        let page = html(&incident, language);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\u{FFFD}"), "{page}");
        for forbidden in ["<script", "http://", "https://", "<img", "<link", "style=", "url(", "\u{202E}"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("default-src 'none'") && page.contains("<svg"));
        // In SVG an element that is not closed swallows the next.
        assert_eq!(page.matches("<rect").count(), page.matches("></rect>").count());
    }
    assert!(matches!(incident.attacks[0].reasons[0], Reason::Sources { count: 1 }));
}

#[test]
fn the_table_for_the_authority_has_all_nine_items() {
    let incident = replayed(&day(), &options());
    let (ja, en) = (html(&incident, Language::Ja), html(&incident, Language::En));
    for item in [
        "1. 概要",
        "2. 個人データの項目",
        "3. 本人の数",
        "4. 原因",
        "5. 二次被害",
        "6. 本人への対応",
        "7. 公表",
        "8. 再発防止",
        "9. その他",
    ] {
        assert!(ja.contains(item), "{item}");
    }
    for item in ["1. Overview", "9. Other", "3 to 5 days", "100 %"] {
        assert!(en.contains(item), "{item}");
    }
    assert!(ja.contains("3～5 日以内") && ja.contains("lang=\"ja\""));
}

#[test]
fn every_bad_line_is_an_error_with_its_number() {
    let line = |row: &str| refused(format!("{HEADER}1790000000,a,b,failed,,\n{row}\n").as_bytes());
    assert_eq!(
        line("yesterday,a,b,failed,,"),
        ", line 3: time must be like 2026-09-28T19:04:05+09:00, or seconds since 1970"
    );
    assert_eq!(
        line("1790000000000,a,b,failed,,"),
        ", line 3: time is after the year 2106; give seconds since 1970, not milliseconds"
    );
    assert_eq!(
        line("1789990000,a,b,failed,,"),
        ", line 3: time is more than an hour before that of an earlier line; sort the file by time"
    );
    assert_eq!(line("1790000000,a,b,ok,,"), ", line 3: outcome must be failed or succeeded");
    assert_eq!(line("1790000000,a,b,failed,maybe,"), ", line 3: known must be yes, no or empty");
    assert_eq!(line("1790000000,a,b,failed,,1"), ", line 3: exposed must be yes, no or empty");
    assert_eq!(line("1790000000,a,b"), ", line 3: has 3 cells, the header has 6");
    assert_eq!(
        line(&format!("1790000000,a,{},failed,,", "x".repeat(5000))),
        ", line 3: account is longer than 4096 bytes; check the quotes"
    );
    let invalid = [HEADER.as_bytes(), b"1790000000,a,\xFF,failed,,\n"].concat();
    assert_eq!(refused(&invalid), ", line 2: is not UTF-8; convert the file");
    let none = "a header with time, source, account and outcome is required, known and exposed are optional";
    assert_eq!(refused(b""), format!(", line 1: has no column time; {none}"));
    assert_eq!(refused(b"time,source,outcome\n"), format!(", line 1: has no column account; {none}"));
    assert_eq!(
        refused(b"time,source,account,outcome,exposd\n"),
        ", line 1: has a column that is not known, number 5; the columns are time, source, account, outcome, known and exposed"
    );
    assert_eq!(refused(b"time,source,account,outcome,time\n"), ", line 1: has the column time twice");
    let missing = replay("no-such-file.csv".as_ref(), &options()).expect_err("refused").to_string();
    assert!(missing.starts_with("cannot read no-such-file.csv: "), "{missing}");
}

#[test]
fn columns_are_found_by_their_names() {
    let text = "\u{FEFF}Account,Outcome,Time,Source\r\n\"a,b\", Failed ,2026-09-28T19:04:05+09:00,192.0.2.1\r\n\r\nc,SUCCEEDED,1790589900.5,\r\n";
    let incident = replayed(text, &options());
    assert_eq!((incident.all.failures, incident.all.successes, incident.all.rated), (1, 1, 0));
}

/// No error repeats what a line says: it may be a password in the wrong column.
#[test]
fn errors_repeat_nothing() {
    for row in [
        "SENTINEL-W0rd,a,b,failed,,",
        "1790000000,a,b,SENTINEL-W0rd,,",
        "1790000000,a,b,failed,SENTINEL-W0rd,",
        "SENTINEL-W0rd",
    ] {
        let error = refused(format!("{HEADER}{row}\n").as_bytes());
        assert!(!error.contains("SENTINEL"), "{error}");
    }
    assert!(!refused(b"time,SENTINEL-W0rd\n").contains("SENTINEL"));
}
