//! What there is to act on: empty passwords, own names, groups, a policy, several inputs, a comparison.

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex_audit::report::{self, CsvEncoding, Earlier, Language, Report};
use breachdex_audit::{AuditOptions, Audited, Format, Input, ReadOptions, Violations, audit_all};
use breachdex_policy::{Code, Settings};

use crate::{hex, known, options, run};

const NO_LM: &str = "aad3b435b51404eeaad3b435b51404ee";
const NO_NT: &str = "31d6cfe0d16ae931b73c59d7e0c089c0";

fn nt(password: &str) -> String {
    hex(Kind::Ntlm, password)
}

fn csv(audited: &Audited, encoding: CsvEncoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    report::write_csv(audited.rows.as_ref().unwrap(), &mut bytes, encoding).unwrap();
    bytes
}

fn plain(column: &str, user: Option<&str>) -> AuditOptions {
    let read = ReadOptions {
        format: Some(Format::Csv),
        column: Some(column.to_owned()),
        user_column: user.map(str::to_owned),
        ..ReadOptions::default()
    };
    AuditOptions { read, ..options(Format::Csv) }
}

#[test]
fn the_empty_password_of_an_account_in_use_is_the_worst() {
    let dump = format!(
        "kim:1:{NO_LM}:{}:::\n\
         lee:2:{NO_LM}:{NO_NT}:::\n\
         Guest:501:{NO_LM}:{NO_NT}::: (status=Disabled)\n\
         pat_history0:3:{NO_LM}:{NO_NT}:::\n\
         WS$:4:{NO_LM}:{NO_NT}:::\n",
        nt("two\nlines")
    );
    let found = run(&dump, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap();
    assert_eq!((found.tally.empty, found.tally.empty_in_use, found.tally.accounts), (4, 2, 1));
    let listed: Vec<_> =
        found.findings.iter().map(|found| (found.account.as_str(), found.is_empty)).collect();
    assert_eq!(listed, [("lee", true), ("WS$", true), ("kim", false), ("Guest", true)]);
    assert_eq!((found.findings_total, found.findings_machines, found.findings_disabled), (4, 1, 1));
    let rows = String::from_utf8(csv(&found, CsvEncoding::Utf8)).unwrap();
    let numbers: Vec<&str> = rows.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(numbers, ["2", "5", "1", "3", "4"], "{rows}");
    assert!(
        rows.contains("\n2,lee,account,,,,,1,false,false,,false,true,false,,,standard input\n"),
        "{rows}"
    );
    // Alone, it is something to act on.
    let alone = format!("lee:2:{NO_LM}:{NO_NT}:::\n");
    assert!(run(alone, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap().tally.has_findings());
    let disabled = format!("Guest:501:{NO_LM}:{NO_NT}::: (status=Disabled)\n");
    assert!(!run(disabled, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap().tally.has_findings());
    // An empty cell of a column is the empty password, too.
    let found = run("user,pw\nkim,\n", &known(Kind::Sha1), &plain("pw", Some("user"))).unwrap();
    assert_eq!(found.tally.empty_in_use, 1);
}

#[test]
fn a_password_that_is_the_own_name() {
    let dump = format!(
        "CORP\\Kim:{}\nlee:{}\nWS01$:{}\npat:{}\nold_history0:{}\n",
        nt("kim"),
        nt("LEE"),
        nt("ws01"),
        nt("patricia"),
        nt("old_history0")
    );
    let found = run(dump, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap();
    assert_eq!((found.tally.own_name, found.tally.exposed), (3, 0));
    assert!(found.tally.has_findings());
    let listed: Vec<_> = found.findings.iter().map(|found| found.account.as_str()).collect();
    assert_eq!(listed, ["CORP\\Kim", "lee", "WS01$"]);
    let export = "user,pw\nkim@example.org,Kim\nlee,eel\n名前,名前\n";
    let found = run(export, &known(Kind::Sha1), &plain("pw", Some("user"))).unwrap();
    assert_eq!(found.tally.own_name, 2);
}

#[test]
fn shared_passwords_have_the_numbers_of_their_groups() {
    let dump: String = ["a", "b", "password", "a", "b", "password", "a", "x"]
        .iter()
        .enumerate()
        .map(|(at, password)| format!("u{at}:{}\n", nt(password)))
        .collect();
    for _ in 0..3 {
        let found = run(&dump, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap();
        let groups: Vec<_> = found
            .tally
            .shared
            .largest
            .iter()
            .map(|group| (group.id, group.accounts, group.exposed, group.members.join(" ")))
            .collect();
        let expected = [(1, 3, false, "u0 u3 u6"), (2, 2, true, "u2 u5"), (3, 2, false, "u1 u4")];
        assert_eq!(
            groups,
            expected.map(|(id, size, exposed, members)| (id, size, exposed, members.to_owned()))
        );
        let listed: Vec<_> = found.findings.iter().map(|found| (found.group, found.shared_by)).collect();
        assert_eq!(listed, [(Some(2), 2), (Some(2), 2)]);
        let rows = String::from_utf8(csv(&found, CsvEncoding::Utf8)).unwrap();
        let groups: Vec<&str> = rows.lines().skip(1).map(|line| line.split(',').nth(14).unwrap()).collect();
        assert_eq!(groups, ["1", "3", "2", "1", "3", "2", "1", ""]);
    }
}

#[test]
fn a_policy_judges_plain_text_beside_exposure() {
    let settings = Settings::parse("profile = 'nist'\nservice_name = 'Example Shop'", "policy.toml").unwrap();
    let policy = Some((String::from("nist"), settings.rules));
    let chosen = AuditOptions { policy, ..plain("pw", Some("user")) };
    let export = "user,pw\nkim,short\nlee,examplesh0p!!!!!\npat,a long and unheard of one\nsam,password\n";
    let found = run(export, &known(Kind::Sha1), &chosen).unwrap();
    let policy = found.tally.policy.as_ref().unwrap();
    assert_eq!((policy.name.as_str(), policy.refused), ("nist", 3));
    let by_rule: Vec<_> = Violations::CODES.iter().zip(policy.by_rule).filter(|(_, n)| *n > 0).collect();
    assert_eq!(by_rule, [(&Code::TooShort, 2), (&Code::ContextWord, 1)]);
    let listed: Vec<_> =
        found.findings.iter().map(|found| (found.account.as_str(), found.violations.names())).collect();
    let expected = [("sam", "too_short"), ("kim", "too_short"), ("lee", "context_word")];
    assert_eq!(listed, expected.map(|(name, rules)| (name, rules.to_owned())));
    let dump = AuditOptions { read: options(Format::Hashes).read, ..chosen };
    let said = run(hex(Kind::Sha1, "x"), &known(Kind::Sha1), &dump).unwrap_err().to_string();
    assert_eq!(said, "standard input holds digests, and a policy judges passwords; leave the policy out");
}

#[test]
fn several_inputs_are_one_audit() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a.csv"), folder.path().join("b.json"));
    std::fs::write(&first, "name,url,username,password\na,b,kim,password\nbroken\n").unwrap();
    let json = r#"{"encrypted":false,"items":[{"type":1,"login":{"username":"lee","password":"password"}}]}"#;
    std::fs::write(&second, json).unwrap();
    let chosen = AuditOptions { read: ReadOptions::default(), ..options(Format::Csv) };
    let indexes = known(Kind::Sha1);
    let inputs = || vec![Input::File(first.clone()), Input::File(second.clone())];
    let found = audit_all(inputs(), &indexes.corpus, &chosen, &()).unwrap();
    assert_eq!((found.tally.accounts, found.tally.shared.groups), (2, 1));
    let formats: Vec<_> = found.inputs.iter().map(|input| input.format).collect();
    assert_eq!(formats, [Format::ChromeCsv, Format::BitwardenJson]);
    let listed: Vec<_> = found.findings.iter().map(|found| (found.input, found.number)).collect();
    assert_eq!(listed, [(0, 2), (1, 1)]);
    assert_eq!((found.faults[0].input, found.faults[0].number), (0, 3));
    let rows = String::from_utf8(csv(&found, CsvEncoding::Utf8)).unwrap();
    assert!(rows.lines().nth(2).unwrap().ends_with("b.json"), "{rows}");
    let subject = indexes.subject();
    let text = report::text(Report::new(&found, &subject), Language::En);
    assert!(
        text.starts_with("2 files, an export from Chrome (CSV), an export from Bitwarden (JSON), against "),
        "{text}"
    );
    assert!(text.contains("b.json:1  shared by 2 (group 1)"), "{text}");
    // An input in which nothing can be read ends it, whatever the others are.
    std::fs::write(&second, r#"{"items":[]}"#).unwrap();
    let said = audit_all(inputs(), &indexes.corpus, &chosen, &()).unwrap_err().to_string();
    assert_eq!(said, format!("nothing was asked: {} is empty", second.display()));
}

#[test]
fn a_report_is_compared_with_an_earlier_one() {
    let indexes = known(Kind::Ntlm);
    let subject = indexes.subject();
    let before =
        run(format!("kim:{}\nlee:{}\n", nt("password"), nt("password")), &indexes, &options(Format::Ntlm));
    let json = report::json(Report::new(&before.unwrap(), &subject));
    let earlier = Earlier::parse(&json, "old.json").unwrap();
    let now = run(
        format!("kim:{}\nlee:{}\npat:{NO_NT}\n", nt("password"), nt("unheard of")),
        &indexes,
        &options(Format::Ntlm),
    );
    let now = now.unwrap();
    let report = Report { earlier: Some(&earlier), ..Report::new(&now, &subject) };
    let text = report::text(report, Language::En);
    let expected = "
Earlier report: 2026-11-22, standard input
                         earlier  now  change
accounts                       2    2       0
exposed                        2    1      -1
empty passwords in use         0    1      +1
password is own name           0    0       0
passwords shared               1    0      -1
accounts that share one        2    0      -2
LM hashes kept                 0    0       0
";
    assert!(text.contains(expected), "{text}");
    let page = report::html(report, Language::Ja);
    assert!(page.contains("前回の報告書") && page.contains("<span class=\"worse\">+1</span>"), "{page}");
    assert!(page.contains("<span class=\"better\">-1</span>"));
    let said = Earlier::parse("{\"accounts\":\"hunter2\"}", "old.json").unwrap_err().to_string();
    assert_eq!(
        said,
        "old.json is not a report of `breachdex audit --json`: line 1, column 21 is not as expected"
    );
}

/// Every account to act on is in one step: a disabled one whose password is its name, too.
#[test]
fn the_steps_have_all_accounts_to_act_on() {
    let disabled = "(status=Disabled)";
    let dump = format!(
        "a:1:{NO_LM}:{}::: {disabled}\nb:2:{NO_LM}:{NO_NT}::: {disabled}\nc:3:{NO_LM}:{}::: {disabled}\nd:4:{NO_LM}:{}:::\n",
        nt("a"),
        nt("password"),
        nt("d")
    );
    let indexes = known(Kind::Ntlm);
    let found = run(dump, &indexes, &options(Format::Ntlm)).unwrap();
    assert_eq!(found.findings_total, 4);
    let page = report::html(Report::new(&found, &indexes.subject()), Language::En);
    assert!(page.contains("Keep 3 accounts disabled"), "{page}");
    assert!(page.contains("Change the password of 1 account whose password is its own name"), "{page}");
}

#[test]
fn the_page_begins_with_what_to_do_and_its_totals_agree() {
    let mut dump = format!("open:{NO_NT}\nWS$:{}\n", nt("password"));
    for at in 0..430 {
        dump += &format!("user{at}:{}\n", nt("password"));
    }
    dump += &format!("gone:9:{NO_LM}:{}::: (status=Disabled)\n", nt("password"));
    let indexes = known(Kind::Ntlm);
    let chosen = AuditOptions { list: 50, ..options(Format::Ntlm) };
    let found = run(dump, &indexes, &chosen).unwrap();
    assert_eq!((found.tally.exposed, found.tally.exposed_in_use(), found.findings_total), (431, 430, 433));
    let subject = indexes.subject();
    let page = report::html(Report::new(&found, &subject), Language::En);
    let steps = page.find("id=\"next\"").unwrap();
    for later in ["<nav", "id=\"list\"", "id=\"shared\"", "id=\"counts\"", "id=\"meaning\""] {
        assert!(steps < page.find(later).unwrap(), "{later}");
    }
    for expected in [
        "Set a password today for 1 account that has the empty one, or disable it.",
        "<bdi>open</bdi>",
        "Have the exposed passwords of 430 active accounts changed",
        "and 410 more",
        "Reset the exposed password of 1 machine account.",
        "Keep 1 account disabled",
        "433 in all: accounts in use 431, machine accounts 1, disabled 1.",
        "and 383 more",
        "<dt>accounts</dt><dd>431 <small class=\"parts\">besides these: machines 1, empty passwords 1</small></dd>",
        "<dt>to act on</dt><dd>433 <small class=\"parts\">in use 431, machines 1, disabled 1</small></dd>",
        "<small class=\"parts\">disabled: 1 of them</small>",
        "href=\"#shared\"",
        "group 1: 431 accounts (exposed)",
        "and 331 more",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    for language in Language::ALL.iter().copied() {
        let page = report::html(Report::new(&found, &subject), language);
        for link in page.split("href=\"#").skip(1) {
            let id = link.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }
}

/// The names of exposed accounts are those of the worst, however few the list has.
#[test]
fn the_steps_name_the_accounts_whose_passwords_were_seen_most() {
    let dump: String = (0..30)
        .map(|at| format!("once{at}:{}\n", nt("once")))
        .chain([format!("often:{}\n", nt("password"))])
        .collect();
    let indexes = crate::Indexes::new(
        crate::index(Kind::Ntlm, true, &[("once", 1), ("password", 52_000_000)]),
        vec![],
        vec![],
        1,
    )
    .unwrap();
    let chosen = AuditOptions { list: 1, users: true, ..options(Format::Ntlm) };
    let found = run(dump, &indexes, &chosen).unwrap();
    let page = report::html(Report::new(&found, &indexes.subject()), Language::En);
    let names: Vec<&str> = page.split("<bdi>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(names[..3], ["often", "once0", "once1"], "{page}");
    assert!(
        page.contains("and 11 more") && page.contains("and 30 more, which the files of all rows list"),
        "{page}"
    );
}

#[test]
fn csv_for_excel_in_japan() {
    let names = ["髙橋", "＝cmd", "－1", "＠x", "\u{1b}[31m\t=1", "+1", "😀"];
    let dump: String = names.iter().map(|name| format!("{name}:{}\n", nt("unheard of"))).collect();
    let found = run(dump, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap();
    let text = String::from_utf8(csv(&found, CsvEncoding::Utf8)).unwrap();
    let cells: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert_eq!(cells, ["髙橋", "'＝cmd", "'－1", "'＠x", "\u{FFFD}[31m\u{FFFD}=1", "'+1", "😀"]);
    let marked = csv(&found, CsvEncoding::Utf8Bom);
    assert_eq!(marked.strip_prefix(b"\xEF\xBB\xBF"), Some(text.as_bytes()));
    let bytes = csv(&found, CsvEncoding::Cp932);
    let (decoded, had_errors) = encoding_rs::SHIFT_JIS.decode_without_bom_handling(&bytes);
    assert!(!had_errors);
    assert!(decoded.contains("\n1,髙橋,account,") && decoded.contains("\n7,〓,account,"), "{decoded}");
}
