//! What cannot be used: named by number and never by content, counted, and never taken for "not exposed".

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex_audit::report::{self, CsvEncoding, Language, Report};
use breachdex_audit::{AuditError, AuditOptions, Encoding, Format, LineFault, ReadOptions};

use crate::{Indexes, account, damaged, faults, hex, index, index_of, known, options, rows, run};

fn by_column(read: ReadOptions) -> AuditOptions {
    let read = ReadOptions { format: Some(Format::Csv), column: Some(String::from("pw")), ..read };
    AuditOptions { read, ..options(Format::Csv) }
}

/// What is said when nothing comes of it.
fn refusal(input: impl AsRef<[u8]>, kind: Kind, options: &AuditOptions) -> String {
    run(input, &known(kind), options).unwrap_err().to_string()
}

#[test]
fn malformed_lines_of_a_dump() {
    let nt = hex(Kind::Ntlm, "password");
    let long = "x".repeat(70_000);
    let dump = format!(
        "kim:{nt}\nno colon\nlee:x:{nt}:{nt}:::\npat:1:zz:{nt}:::\npat:1:{nt}:{nt}0:::\n{long}:{nt}\nkai:{nt}z\nsam:{nt}\n"
    );
    let audited = run(dump, &known(Kind::Ntlm), &options(Format::Ntlm)).unwrap();
    assert_eq!(rows(&audited), [account(1, "kim", true), account(8, "sam", true)]);
    assert_eq!(audited.tally.malformed, 6);
    let said: Vec<String> = faults(&audited).iter().map(|(line, fault)| format!("{line}: {fault}")).collect();
    let expected = [
        "2: no line of a dump: neither user:rid:lm:nt::: nor user:hash",
        "3: no line of a dump: neither user:rid:lm:nt::: nor user:hash",
        "4: its LM hash is not 32 hex digits",
        "5: its NT hash is not 32 hex digits",
        "6: longer than 65536 bytes",
        "7: its NT hash is not 32 hex digits",
    ];
    assert_eq!(said, expected);
}

#[test]
fn ten_faults_are_named_and_all_are_counted() {
    let list = format!("{}\n{}", hex(Kind::Sha1, "password"), "nothing\n".repeat(25));
    let audited = run(list, &known(Kind::Sha1), &options(Format::Hashes)).unwrap();
    assert_eq!((audited.faults.len(), audited.tally.malformed), (10, 25));
    assert_eq!(audited.more_faults(), 15);
    assert_eq!(faults(&audited)[0], (2, LineFault::Width { expected: 40, found: 7 }));
    assert_eq!(audited.faults[0].fault.to_string(), "a digest here has 40 hex digits, found 7");
}

#[test]
fn a_file_without_a_valid_line() {
    let said = refusal("one\ntwo\n", Kind::Sha1, &options(Format::Hashes));
    let expected = "nothing in standard input could be read as a list of hashes: 2 lines malformed; \
        the first, line 1: a digest here has 40 hex digits, found 3";
    assert_eq!(said, expected);
    assert_eq!(
        refusal("\n", Kind::Sha1, &options(Format::Hashes)),
        "nothing was asked: standard input is empty"
    );
    let csv = by_column(ReadOptions::default());
    assert_eq!(refusal("", Kind::Sha1, &csv), "nothing was asked: standard input is empty");
    assert_eq!(refusal("pw\n", Kind::Sha1, &csv), "nothing was asked: standard input is empty");
}

#[test]
fn digests_of_the_other_kind() {
    let said = refusal(format!("kim:{}\n", hex(Kind::Ntlm, "x")), Kind::Sha1, &options(Format::Ntlm));
    let expected =
        "standard input holds NTLM digests and the index SHA-1 ones; name an index of NTLM digests";
    assert_eq!(said, expected);
    let list = format!("{}\n", hex(Kind::Ntlm, "password"));
    assert!(refusal(list, Kind::Sha1, &options(Format::Hashes)).ends_with("has 40 hex digits, found 32"));
}

#[test]
fn what_cannot_be_decoded_is_never_hashed() {
    let mut text = b"pw\r\npassword\r\n".to_vec();
    text.extend(encoding_rs::SHIFT_JIS.encode("パスワード").0.iter());
    let mut broken = text.clone();
    broken.extend(b"\r\nbro\x82\r\n\xFDken\r\npassword\r\n");
    let cp932 = by_column(ReadOptions { encoding: Some(Encoding::CP932), ..ReadOptions::default() });
    let audited = run(&broken, &known(Kind::Sha1), &cp932).unwrap();
    assert_eq!(rows(&audited), [account(2, "", true), account(3, "", true), account(6, "", true)]);
    let fault = LineFault::Undecodable("CP932");
    assert_eq!(faults(&audited), [(4, fault), (5, fault)]);
    assert_eq!(fault.to_string(), "not CP932; name the encoding that the file is in");
    let utf8 = run(&text, &known(Kind::Sha1), &by_column(ReadOptions::default())).unwrap();
    assert_eq!(faults(&utf8), [(3, LineFault::Undecodable("UTF-8"))]);
    // A lone surrogate, and a byte too many.
    let utf16 =
        [b"\xFF\xFEp\0w\0\n\0".as_slice(), b"\x00\xD8a\0\n\0", b"1\x002\x003\x004\x005\x006\0\n\0z"].concat();
    let audited = run(utf16, &known(Kind::Sha1), &by_column(ReadOptions::default())).unwrap();
    assert_eq!(rows(&audited), [account(3, "", true)]);
    let fault = LineFault::Undecodable("UTF-16");
    assert_eq!(faults(&audited), [(2, fault), (4, fault)]);
}

#[test]
fn csv_records_that_are_none() {
    let csv = by_column(ReadOptions::default());
    let audited = run(
        "pw,x\npassword,\n123456\n123456,,\n\"two\nlines\",\n\"open,\n123456,\n",
        &known(Kind::Sha1),
        &csv,
    )
    .unwrap();
    assert_eq!(rows(&audited), [account(2, "", true), account(5, "", true), account(8, "", true)]);
    let cells = |found| LineFault::Cells { expected: 2, found };
    assert_eq!(faults(&audited), [(3, cells(1)), (4, cells(3)), (7, LineFault::OpenQuote)]);
    assert_eq!(cells(1).to_string(), "1 cells where the header has 2");
    let open = "a cell begins with a quote that is not closed; only this line is left out";
    assert_eq!(LineFault::OpenQuote.to_string(), open);
    let behind = "text behind a closing quote; only this line is left out";
    assert_eq!(LineFault::TextAfterQuote.to_string(), behind);
}

/// A cell of any length costs its line, and memory for a part of it.
#[test]
fn a_record_without_end() {
    for end in ["\nlee,password\n", ""] {
        let mut csv = b"id,pw\nkim,password\nx,\"".to_vec();
        csv.resize(12 << 20, b'x');
        csv.extend(end.bytes());
        let audited = run(csv, &known(Kind::Sha1), &by_column(ReadOptions::default())).unwrap();
        assert_eq!(faults(&audited), [(3, LineFault::OpenQuote)]);
        assert_eq!(audited.tally.accounts, 1 + u64::from(!end.is_empty()));
    }
    let mut csv = b"id,pw\nkim,password\nx,".to_vec();
    csv.resize(12 << 20, b'x');
    csv.extend(b"\r\nlee,password\r\n");
    let audited = run(csv, &known(Kind::Sha1), &by_column(ReadOptions::default())).unwrap();
    assert_eq!(faults(&audited), [(3, LineFault::TooLong(1 << 20))]);
    assert_eq!(rows(&audited).last().unwrap().0, 4);
}

#[test]
fn a_name_without_end_is_cut() {
    let name = "é".repeat(100_000);
    let read = ReadOptions { user_column: Some(String::from("id")), ..ReadOptions::default() };
    let audited = run(format!("id,pw\n{name},password\n"), &known(Kind::Sha1), &by_column(read)).unwrap();
    assert_eq!(rows(&audited), [account(2, &name[..1 << 16], true)]);
}

#[test]
fn columns_that_are_not_there_are_named_and_those_that_are_there_are_not() {
    let csv = by_column(ReadOptions::default());
    let said = refusal("hunter2,x\n", Kind::Sha1, &csv);
    assert_eq!(said, "standard input has no column \"pw\" among its 2; names are compared exactly");
    assert_eq!(refusal("pw,pw\n", Kind::Sha1, &csv), "standard input has more than one column \"pw\"");
    let said = refusal("name,url,username,pass\n", Kind::Sha1, &options(Format::ChromeCsv));
    assert_eq!(
        said,
        "standard input is not an export from Chrome (CSV): its first line names no column password"
    );
    let said = refusal("pw\n", Kind::Sha1, &options(Format::Csv));
    assert_eq!(said, "csv needs the name of the column that holds the passwords");
}

#[test]
fn flags_without_a_meaning() {
    let with = |change: fn(&mut ReadOptions), format| {
        let mut chosen = options(format);
        change(&mut chosen.read);
        refusal("x", Kind::Sha1, &chosen)
    };
    let said = with(|read| read.column = Some(String::from("pw")), Format::ChromeCsv);
    assert_eq!(said, "the name of a column has no meaning for chrome-csv: its columns are known");
    let said = with(|read| read.digests = true, Format::Hashes);
    assert_eq!(said, "that it holds digests has no meaning for hashes: it holds digests anyway");
    let said = with(|read| read.encoding = Some(Encoding::CP932), Format::BitwardenJson);
    assert_eq!(said, "an encoding has no meaning for bitwarden-json: it says itself how its text is encoded");
    let said = with(|read| read.delimiter = Some(b';'), Format::ChromeCsv);
    assert_eq!(said, "a delimiter has no meaning for chrome-csv: its columns are known");
}

#[test]
fn bitwarden_files_that_cannot_be_audited() {
    let json = |text: &str| refusal(text, Kind::Sha1, &options(Format::BitwardenJson));
    let encrypted = "standard input is an encrypted export; export again without encryption and delete that file \
        afterwards";
    assert_eq!(json(r#"{"encrypted": true, "passwordProtected": true, "data": "2.x"}"#), encrypted);
    assert_eq!(
        json(r#"{"encrypted": true, "items": [{"type": 1, "login": {"password": "2.x|y"}}]}"#),
        encrypted
    );
    let said = json(r#"{"encrypted": false, "items": [{"type": "hunter2"}]}"#);
    assert_eq!(
        said,
        "standard input is not an export from Bitwarden (JSON): line 1, column 49 is not as Bitwarden writes it"
    );
    let said = json(r#"{"encrypted": false, "items": ["#);
    assert_eq!(
        said,
        "standard input is not an export from Bitwarden (JSON): it is no JSON from line 1, column 31 on"
    );
    assert_eq!(json("{}"), "standard input is not an export from Bitwarden (JSON): it has no items");
}

#[test]
fn keepass_files_that_cannot_be_audited() {
    let xml = |text: &str| refusal(text, Kind::Sha1, &options(Format::KeepassXml));
    let refused = |reason: &str| format!("standard input is not an export from KeePass (XML): {reason}");
    let doctype = "<!DOCTYPE KeePassFile [<!ENTITY a \"aaaa\">]><KeePassFile><Root/></KeePassFile>";
    let reason = "it has a DOCTYPE, which no export has; it is not read any further";
    assert_eq!(xml(doctype), refused(reason));
    let entity =
        "<KeePassFile><Root><Entry><String><Key>&secret;</Key></String></Entry></Root></KeePassFile>";
    assert_eq!(xml(entity), refused("it has an entity that is not XML's own"));
    assert_eq!(xml("<pwlist></pwlist>"), refused("its root element is not KeePassFile"));
    assert_eq!(xml("<KeePassFile><Root>"), refused("it ends before its elements do"));
    assert!(xml("<KeePassFile></Root></KeePassFile>").contains("it is no XML from byte"));
    let deep = "<a>".repeat(300);
    assert_eq!(xml(&format!("<KeePassFile>{deep}")), refused("its elements are nested too deeply"));
}

#[test]
fn an_encrypted_value_of_keepass_is_not_looked_up() {
    let entry = |value| format!("<Entry><String><Key>Password</Key>{value}</String></Entry>");
    let file = format!(
        "<KeePassFile><Root>{}{}</Root></KeePassFile>",
        entry("<Value Protected=\"True\">3q2+7w==</Value>"),
        entry("<Value>password</Value>")
    );
    let audited = run(file, &known(Kind::Sha1), &options(Format::KeepassXml)).unwrap();
    assert_eq!(rows(&audited), [account(2, "", true)]);
    assert_eq!(faults(&audited), [(1, LineFault::Encrypted)]);
    assert_eq!(LineFault::Encrypted.to_string(), "its password is encrypted in the file");
}

#[test]
fn what_no_index_covers_is_unknown() {
    // SHA-1 of "password" begins with 5BAA6, of "123456" with 7C4A8.
    let entries = [(hex(Kind::Sha1, "password"), 9)];
    let part = index_of(entries.into_iter(), Kind::Sha1, true, Some((0x5BAA6, 0x5BAA6)));
    let list = format!("{}\n{}\n", hex(Kind::Sha1, "password"), hex(Kind::Sha1, "123456"));
    let indexes = Indexes::new(part.clone(), vec![], vec![], 1).unwrap();
    let audited = run(&list, &indexes, &options(Format::Hashes)).unwrap();
    assert_eq!((audited.tally.accounts, audited.tally.exposed, audited.tally.unanswered), (1, 1, 1));
    assert_eq!(rows(&audited)[1].3, None);
    assert_eq!(faults(&audited), [(2, LineFault::NotCovered)]);
    let said = "outside the coverage of the index: whether it is exposed is not known";
    assert_eq!(LineFault::NotCovered.to_string(), said);
    // An overlay that holds it makes it exposed all the same.
    let overlay = index(Kind::Sha1, true, &[("123456", 1)]);
    let indexes = Indexes::new(part, vec![], vec![overlay], 1).unwrap();
    let audited = run(&list, &indexes, &options(Format::Hashes)).unwrap();
    assert_eq!((audited.tally.exposed, audited.tally.unanswered, audited.tally.by_overlay), (2, 0, 1));
}

#[test]
fn indexes_that_do_not_go_together() {
    let (sha1, ntlm) = (index(Kind::Sha1, true, &[]), index(Kind::Ntlm, true, &[]));
    let said = Indexes::new(sha1.clone(), vec![], vec![ntlm], 1).unwrap_err().to_string();
    assert!(said.contains("indexes of one kind only can be used together"), "{said}");
    let uncounted = Indexes::new(index(Kind::Sha1, false, &[("password", 1)]), vec![], vec![], 2).unwrap();
    let said = run("password\n", &uncounted, &by_column(ReadOptions::default())).unwrap_err().to_string();
    assert!(said.contains("was built without counts"), "{said}");
}

/// A base holds it, an overlay is damaged: exposed, and what no source holds is unknown. Neither ends the audit.
#[test]
fn a_damaged_overlay_hides_nothing_and_aborts_nothing() {
    let base = index(Kind::Sha1, true, &[("password", 9)]);
    let overlay = damaged(&[("our own", 1)]);
    let indexes = Indexes::new(base, vec![], vec![overlay], 1).unwrap();
    let csv = "id,pw\nkim,password\nlee,nobody has this one\n";
    let read = ReadOptions { user_column: Some(String::from("id")), ..ReadOptions::default() };
    let audited = run(csv, &indexes, &by_column(read)).unwrap();
    let mut seen = Vec::new();
    audited
        .rows
        .as_ref()
        .unwrap()
        .for_each(|row| -> Result<(), AuditError> {
            seen.push((row.account.to_owned(), row.exposed, row.count, row.is_partial));
            Ok(())
        })
        .unwrap();
    let expected = [("kim", Some(true), Some(9), true), ("lee", None, None, false)];
    assert_eq!(
        seen,
        expected.map(|(name, exposed, count, partial)| (name.to_owned(), exposed, count, partial))
    );
    assert_eq!((audited.tally.exposed, audited.tally.unanswered), (1, 1));
    assert!(audited.tally.is_incomplete());
    assert_eq!(faults(&audited), [(3, LineFault::Unanswered)]);
    let said = "could not be checked: whether it is exposed is not known";
    assert_eq!(LineFault::Unanswered.to_string(), said);
    let [reason] = &*audited.unanswered_because else { panic!("{:?}", audited.unanswered_because) };
    assert!(reason.contains("damaged.bdx is damaged (bucket: "), "{reason}");
    assert!(
        reason
            .ends_with("; find where with `breachdex verify`, then restore it from a copy or build it again"),
        "{reason}"
    );
    let subject = indexes.subject();
    let report = Report::new(&audited, &subject);
    for language in [Language::En, Language::Ja] {
        assert!(report::text(report, language).contains(reason.as_str()));
        assert!(report::html(report, language).contains(reason.as_str()));
    }
    assert!(report::json(report).contains("\"unanswered\":1,\"unanswered_because\":["));
}

/// Every form is looked up unless exact bytes are asked for, and rows say which form is exposed.
#[test]
fn passwords_are_looked_up_in_their_forms() {
    let indexes = known(Kind::Sha1);
    let csv = "pw\nｐａｓｓｗｏｒｄ\nﾊﾟｽﾜｰﾄﾞ\npassword\n";
    let in_forms = by_column(ReadOptions::default());
    let exact = AuditOptions { exact_bytes: true, ..in_forms.clone() };
    assert_eq!(run(csv, &indexes, &exact).unwrap().tally.exposed, 1);
    let audited = run(csv, &indexes, &in_forms).unwrap();
    assert_eq!(audited.tally.exposed, 3);
    let subject = indexes.subject();
    let report = Report::new(&audited, &subject);
    let json = report::json(report);
    assert_eq!(json.matches("\"form\":\"nfkc\"").count(), 2, "{json}");
    assert!(report::text(report, Language::En).contains("in its NFKC form"));
    assert!(report::html(report, Language::Ja).contains("NFKC 形で一致"));
    let mut rows = Vec::new();
    report::write_csv(audited.rows.as_ref().unwrap(), &mut rows, CsvEncoding::Utf8).unwrap();
    let rows = String::from_utf8(rows).unwrap();
    let forms: Vec<&str> = rows.lines().map(|line| line.split(',').nth(10).unwrap()).collect();
    assert_eq!(forms, ["form", "nfkc", "nfkc", ""], "{rows}");
}
