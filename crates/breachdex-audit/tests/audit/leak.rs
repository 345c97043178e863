//! A planted password, exposed or not, is in no report: not its text, not its digest, not the digest's first eight digits.

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex_audit::report::{self, CsvEncoding, Language, Report};
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
    let report = Report::new(&audited, &subject);
    let rows = audited.rows.as_ref().unwrap();
    let mut said: Vec<String> =
        audited.faults.iter().map(|fault| format!("{} {fault:?}", fault.fault)).collect();
    said.extend(
        audited
            .inputs
            .iter()
            .flat_map(|input| &input.assumptions)
            .map(|assumed| format!("{assumed} {assumed:?}")),
    );
    for encoding in [CsvEncoding::Utf8, CsvEncoding::Utf8Bom, CsvEncoding::Cp932] {
        let mut csv = Vec::new();
        report::write_csv(rows, &mut csv, encoding).unwrap();
        said.push(String::from_utf8_lossy(&csv).into_owned());
    }
    let mut parquet = Vec::new();
    match report::write_parquet(rows, &mut parquet) {
        Ok(()) => said.push(String::from_utf8_lossy(&parquet).into_owned()),
        // A build without Parquet says so.
        Err(error) => said.push(format!("{error} {error:?}")),
    }
    for language in Language::ALL.iter().copied() {
        said.push(report::text(report, language));
        said.push(report::html(report, language));
    }
    said.extend([report::json(report), format!("{audited:?} {subject:?} {indexes:?}")]);
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
            (Format::Hashes, format!("kim:{digest}\n{digest}:{SENTINEL}\n")),
            (Format::Ntlm, format!("SMB 10.0.0.1 445 DC kim:1::{digest}:::\nkim:CLEARTEXT:{SENTINEL}\n")),
            (
                Format::Csv,
                format!("user,pw\nkim,\"{SENTINEL}\nlee,\"{SENTINEL}\"{SENTINEL}\npat,\"{SENTINEL}\"\n"),
            ),
            (Format::KeeperCsv, format!("f,t,kim,{SENTINEL},u,n\n{SENTINEL}\n")),
            (
                Format::ProtonJson,
                format!(
                    r#"{{"vaults":{{"a":{{"items":[{{"data":{{"type":"login","content":{{"itemUsername":"kim","password":"{SENTINEL}"}}}}}}]}}}}}}"#
                ),
            ),
            (
                Format::EnpassJson,
                format!(
                    r#"{{"items":[{{"category":"login","fields":[{{"type":"password","value":"{SENTINEL}","history":[{{"value":"{SENTINEL}"}}]}}]}}]}}"#
                ),
            ),
            (
                Format::OnePassword1pux,
                format!(
                    r#"{{"accounts":[{{"vaults":[{{"items":[{{"details":{{"loginFields":[{{"designation":"password","value":"{SENTINEL}"}}]}}}}]}}]}}]}}"#
                ),
            ),
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
