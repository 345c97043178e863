//! What reports say, and that nothing in the input can act in them.

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex_audit::report::{self, CsvEncoding, Language, Report, Subject};
use breachdex_audit::{AuditOptions, Audited, Format};

use crate::{Indexes, hex, index, known, options, run};

const NO_LM: &str = "aad3b435b51404eeaad3b435b51404ee";

/// Names that would act in a page, a spreadsheet or a terminal.
const NAMES: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "a\u{1b}[31mb",
    "\u{202E}evil",
];

fn dump() -> String {
    let nt = hex(Kind::Ntlm, "password");
    NAMES.iter().map(|name| format!("{name}:1:{NO_LM}:{nt}:::\n")).collect()
}

fn audited(users: bool) -> (Audited, Subject) {
    let indexes = known(Kind::Ntlm);
    let chosen = AuditOptions { users, ..options(Format::Ntlm) };
    (run(dump(), &indexes, &chosen).unwrap(), indexes.subject())
}

fn csv(audited: &Audited) -> String {
    let mut bytes = Vec::new();
    report::write_csv(audited.rows.as_ref().unwrap(), &mut bytes, CsvEncoding::Utf8).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_page_escapes_everything_and_allows_nothing() {
    let (audited, subject) = audited(true);
    for language in Language::ALL.iter().copied() {
        let page = report::html(Report::new(&audited, &subject), language);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(page.contains("&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"));
        for forbidden in [
            "<script", "<img", "<link", "<iframe", "http:", "https:", " style=", "url(", "@import", "\u{1b}",
            "\u{202E}",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        let policy =
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-";
        assert!(page.contains(policy));
        assert!(
            page.contains("<svg")
                && page.contains("<title id=\"ring-title\">")
                && page.contains("2026-11-22")
        );
    }
}

#[test]
fn a_page_s_policy_names_its_style() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let (audited, subject) = audited(false);
    let page = report::html(Report::new(&audited, &subject), Language::Ja);
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"ja\">"));
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(page.contains(&format!("style-src 'sha256-{hash}'")));
    assert!(!page.contains("漏洩") && page.contains("流出"));
}

#[test]
fn cells_that_a_spreadsheet_would_run_have_an_apostrophe() {
    let (audited, _) = audited(true);
    let csv = csv(&audited);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "number,account,account_kind,exposed,count,band,source,shared_by,disabled,lm_hash,form,partial,empty,own_name,group,policy,file"
    );
    assert_eq!(
        lines[1],
        "1,<script>alert(1)</script>,account,true,9,2-9,base,6,false,false,,false,false,false,1,,standard input"
    );
    assert!(lines[3].starts_with("3,'=cmd|' /C calc'!A0,"), "{}", lines[3]);
    assert!(lines[4].starts_with("4,'@SUM(1),"), "{}", lines[4]);
}

#[test]
fn names_cannot_act_on_a_terminal() {
    let (audited, subject) = audited(true);
    let text = report::text(Report::new(&audited, &subject), Language::En);
    assert!(text.contains("a\u{FFFD}[31mb") && text.contains("\u{FFFD}evil"));
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202E}'));
}

#[test]
fn pseudonyms_join_within_a_run_and_not_across() {
    let nt = hex(Kind::Ntlm, "password");
    let dump = format!("kim:{nt}\nlee:{nt}\nkim:{nt}\n");
    let chosen = AuditOptions { users: false, ..options(Format::Ntlm) };
    let names = || {
        let audited = run(&dump, &known(Kind::Ntlm), &chosen).unwrap();
        audited.findings.into_iter().map(|finding| finding.account).collect::<Vec<_>>()
    };
    let (first, second) = (names(), names());
    assert_eq!(first[0], first[2]);
    assert_ne!(first[0], first[1]);
    assert_ne!(first[0], second[0]);
    assert!(first.iter().all(|name| name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit())));
}

#[test]
fn the_summary_as_printed() {
    let nt = |password| hex(Kind::Ntlm, password);
    let dump = format!(
        "kim:1:{NO_LM}:{}:::\nlee:2:{NO_LM}:{}::: (status=Disabled)\npat:3:{NO_LM}:{}:::\nWS$:4:{NO_LM}:{}:::\nbroken\n",
        nt("two\nlines"),
        nt("two\nlines"),
        nt("unheard of"),
        nt("123456")
    );
    let indexes = known(Kind::Ntlm);
    let audited = run(dump, &indexes, &options(Format::Ntlm)).unwrap();
    let mut subject = indexes.subject();
    subject.indexes = vec![String::from("ntlm.bdx")];
    subject.corpus_date = Some(String::from("2026-07-02"));
    let report = Report::new(&audited, &subject);
    let expected = "\
standard input, an NTLM dump, against ntlm.bdx (6 entries, 2026-07-02)

accounts                 3
exposed                  2  66.7 %
  10,000 times or more   2
not found                1
passwords shared         1
shared and exposed       1
accounts that share one  2
disabled accounts        1  1 exposed
machine accounts         1  1 exposed
malformed                1

This report is not complete: some of the input could not be read or answered.

  seen  account  number  notes
12,000  kim           1  shared by 2 (group 1)
     1  WS$           4  machine
12,000  lee           2  shared by 2 (group 1), disabled
";
    assert_eq!(report::text(report, Language::En), expected);
    let ja = report::text(report, Language::Ja);
    assert!(ja.starts_with("standard input（NTLM ダンプ）を ntlm.bdx と照合（6 件、2026-07-02）\n"), "{ja}");
    assert!(ja.contains("流出パスワードを使用"), "{ja}");
}

#[test]
fn json_has_every_count() {
    let (audited, subject) = audited(false);
    let json = report::json(Report::new(&audited, &subject));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["accounts"], 6);
    assert_eq!(value["exposed"], 6);
    assert_eq!(value["bands"][1], serde_json::json!({"band": "2-9", "from": 2, "to": 9, "accounts": 6}));
    let group = &value["shared"]["largest"][0];
    assert_eq!((&group["id"], &group["accounts"], &group["exposed"]), (&1.into(), &6.into(), &true.into()));
    assert_eq!(group["members"].as_array().unwrap().len(), 6);
    assert_eq!((&value["made_on"], &value["empty_in_use"]), (&"2026-11-22".into(), &0.into()));
    assert_eq!(value["listed"].as_array().unwrap().len(), 6);
    assert_eq!((&value["listed"][0]["count"], &value["listed"][0]["group"]), (&9.into(), &1.into()));
    assert_eq!((&value["users"], &value["unlisted"]), (&false.into(), &0.into()));
}

#[test]
fn the_list_is_the_worst_and_says_how_many_more_there_are() {
    let indexes = known(Kind::Ntlm);
    let mut dump = String::new();
    for (at, password) in ["123456", "password", "パスワード", "123456", "two\nlines"].iter().enumerate()
    {
        dump += &format!("user{at}:{}\n", hex(Kind::Ntlm, password));
    }
    let chosen = AuditOptions { list: 3, ..options(Format::Ntlm) };
    let audited = run(dump, &indexes, &chosen).unwrap();
    let listed: Vec<_> = audited.findings.iter().map(|found| (found.account.as_str(), found.count)).collect();
    assert_eq!(listed, [("user4", Some(12_000)), ("user2", Some(120)), ("user1", Some(9))]);
    let text = report::text(Report::new(&audited, &indexes.subject()), Language::En);
    assert!(text.ends_with("\nand 2 more\n"), "{text}");
}

#[test]
fn thresholds_overlays_and_indexes_without_counts() {
    let list: String =
        ["password", "123456", "own", "unheard of"].map(|password| hex(Kind::Sha1, password) + "\n").concat();
    let base = index(Kind::Sha1, true, &[("password", 9), ("123456", 1), ("own", 1)]);
    let overlay = index(Kind::Sha1, true, &[("own", 1)]);
    let indexes = Indexes::new(base, vec![], vec![overlay], 5).unwrap();
    let audited = run(&list, &indexes, &options(Format::Hashes)).unwrap();
    let tally = &audited.tally;
    assert_eq!((tally.exposed, tally.by_overlay, tally.below_min_count), (2, 1, 1));
    assert_eq!(audited.findings[1].count, Some(1));
    assert!(csv(&audited).contains("3,,account,true,1,1,overlay,1,false,false"));
    let uncounted = Indexes::new(index(Kind::Sha1, false, &[("password", 1)]), vec![], vec![], 1).unwrap();
    let audited = run(&list, &uncounted, &options(Format::Hashes)).unwrap();
    assert_eq!((audited.tally.exposed, audited.tally.bands[6]), (1, 1));
    assert!(csv(&audited).contains("1,,account,true,,unknown,base,1,false,false"));
}

#[test]
fn several_indexes_are_asked_together() {
    let (first, second) =
        (index(Kind::Sha1, true, &[("password", 3)]), index(Kind::Sha1, true, &[("password", 4)]));
    let indexes = Indexes::new(first, vec![second], vec![], 7).unwrap();
    let audited = run(hex(Kind::Sha1, "password"), &indexes, &options(Format::Hashes)).unwrap();
    assert_eq!(audited.findings[0].count, Some(7));
}
