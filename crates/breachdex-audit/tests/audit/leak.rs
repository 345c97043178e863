//! A planted password, exposed or not, is in no report: not its text, not its digest, not the digest's first eight digits.

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex_audit::report::{self, Language, Report};
use breachdex_audit::{AuditOptions, Format, ReadOptions};

use crate::{Indexes, hex, index, options, run};

const SENTINEL: &str = "Xq7-sentinel-Wv4";

/// Everything that an audit of this input can say, as text.
fn all_outputs(input: &str, indexes: &Indexes, format: Format, users: bool) -> Vec<String> {
    let takes_column = format.takes_column().then(|| String::from("pw"));
    let read = ReadOptions { format: Some(format), column: takes_column, ..ReadOptions::default() };
    let audited = match run(input, indexes, &AuditOptions { read, users, ..options(format) }) {
        Ok(audited) => audited,
        Err(error) => return vec![error.to_string(), format!("{error:?}")],
    };
    let subject = indexes.subject();
    let report = Report { audited: &audited, subject: &subject };
    let rows = audited.rows.as_ref().unwrap();
    let (mut csv, mut parquet) = (Vec::new(), Vec::new());
    report::write_csv(rows, &mut csv).unwrap();
    report::write_parquet(rows, &mut parquet).unwrap();
    let mut said: Vec<String> =
        audited.faults.iter().map(|(_, fault)| format!("{fault} {fault:?}")).collect();
    for language in Language::ALL.iter().copied() {
        said.push(report::text(report, language));
        said.push(report::html(report, language, "2026-11-22"));
    }
    said.extend([report::json(report), format!("{audited:?} {subject:?} {indexes:?}")]);
    said.extend([csv, parquet].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    said
}

#[test]
fn nothing_says_the_password() {
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let digest = hex(kind, SENTINEL);
        let inputs = [
            (
                Format::Ntlm,
                format!("kim:{digest}\nlee:1:{digest}:{digest}:::\n{digest}\n{SENTINEL}\nx:{digest}0\n"),
            ),
            (Format::Hashes, format!("{digest}\n{SENTINEL}\n{digest}00\n")),
            (Format::Hashes, format!("{SENTINEL}\n")),
            (Format::Csv, format!("user,pw\nkim,{SENTINEL}\nlee,{SENTINEL},{SENTINEL}\npat,\"{SENTINEL}\n")),
            (Format::Csv, format!("user,{SENTINEL}\nkim,{SENTINEL}\n")),
            (Format::ChromeCsv, format!("name,url,username,password\na,b,kim,{SENTINEL}\n{SENTINEL}\n")),
            (
                Format::BitwardenJson,
                format!(r#"{{"items":[{{"type":1,"login":{{"username":"kim","password":"{SENTINEL}"}}}}]}}"#),
            ),
            (Format::BitwardenJson, format!(r#"{{"items":[{{"type":"{SENTINEL}","login":"{SENTINEL}"}}]}}"#)),
            (Format::BitwardenJson, format!(r#"{{"encrypted":"{SENTINEL}","{SENTINEL}":1}}"#)),
            (
                Format::KeepassXml,
                format!(
                    "<KeePassFile><Root><Entry><String><Key>Password</Key><Value>{SENTINEL}</Value></String></Entry></Root></KeePassFile>"
                ),
            ),
            (Format::KeepassXml, format!("<KeePassFile><{SENTINEL}>&{SENTINEL};")),
            (Format::KeepassXml, format!("<{SENTINEL}>")),
            (Format::Arrow, format!("{SENTINEL}{SENTINEL}")),
        ];
        for known in [&[(SENTINEL, 3)][..], &[]] {
            let indexes = Indexes::new(index(kind, true, known), vec![], vec![], 1).unwrap();
            for (format, input) in &inputs {
                for users in [false, true] {
                    for said in all_outputs(input, &indexes, *format, users) {
                        let folded = said.to_lowercase();
                        for secret in [SENTINEL.to_lowercase(), digest[..8].to_owned()] {
                            assert!(!folded.contains(&secret), "{format:?}: {said}");
                        }
                    }
                }
            }
        }
    }
}
