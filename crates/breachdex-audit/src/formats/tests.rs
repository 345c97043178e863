//! What holds for every format, and the made-up one that CONTRIBUTING.md adds.

use std::collections::BTreeSet;
use std::fs;

use breachdex::{Corpus, Index};

use super::*;
use crate::{AuditOptions, Input, audit};

fn detected(name: &str, first_line: &str, has_column: bool) -> Option<Format> {
    Format::detect(Path::new(name), &Start { first_line, text: first_line, has_column })
}

#[test]
fn every_format_has_a_name_and_a_description_of_its_own() {
    let names: BTreeSet<&str> = Format::ALL.iter().map(|format| format.name()).collect();
    assert_eq!(names.len(), Format::ALL.len());
    for format in Format::ALL {
        assert!(!format.name().is_empty(), "{format:?}");
        assert_eq!(Format::named(format.name()), Some(*format));
        for language in Language::ALL {
            let described = format.described(*language);
            let same = Format::ALL.iter().filter(|other| other.described(*language) == described).count();
            assert!(!described.is_empty() && same == 1, "{format:?} {language:?}");
        }
        assert!(format.units(2).starts_with(&format.unit()[..3]) && format.units(1) == format.unit());
        let spec = format.spec();
        assert!(!spec.takes_delimiter || spec.takes_column, "{format:?}");
        assert!(!spec.holds_digests || !spec.takes_column, "{format:?}");
    }
    assert_eq!(Format::named(""), None);
}

#[test]
fn a_header_is_recognised_as_one_format() {
    let mut headers = 0;
    for format in Format::ALL {
        for header in format.spec().headers.iter().filter(|header| header.fixed.is_none()) {
            headers += 1;
            let line = header.signature.join(",");
            assert_eq!(detected("export.csv", &line, false), Some(*format), "{line}");
            assert_eq!(detected("export.CSV", &line.to_uppercase(), false), Some(*format), "{line}");
            assert_eq!(detected("export.csv", &line, true), Some(Format::Csv), "{line}");
            assert_eq!(detected("export.txt", &line, false), None, "{line}");
        }
    }
    assert_eq!(headers, 24);
}

#[test]
fn a_header_of_two_products_is_of_neither() {
    let bitwarden = Format::BitwardenCsv.spec().headers[0].signature.join(",");
    let firefox = Format::FirefoxCsv.spec().headers[0].signature.join(",");
    assert_eq!(detected("export.csv", &format!("{bitwarden},{firefox}"), false), None);
}

#[test]
fn other_files_are_told_by_their_extensions_and_dumps_by_their_first_line() {
    for (name, expected) in [
        ("a.parquet", Some(Format::Parquet)),
        ("a.Arrow", Some(Format::Arrow)),
        ("a.arrows", Some(Format::Arrow)),
        ("a.feather", Some(Format::Arrow)),
        ("a.ipc", Some(Format::Arrow)),
        ("a.json", Some(Format::BitwardenJson)),
        ("a.xml", Some(Format::KeepassXml)),
        ("a.csv", None),
        ("a.txt", None),
        ("a", None),
    ] {
        assert_eq!(detected(name, "", false), expected, "{name}");
    }
    let dump = "kim:1104:aad3b435b51404eeaad3b435b51404ee:8846f7eaee8fb117ad06bdd830b7586c:::";
    assert_eq!(detected("a.ntds", dump, false), Some(Format::Ntlm));
    assert_eq!(detected("a", dump, false), Some(Format::Ntlm));
    assert_eq!(detected("a.csv", dump, false), None);
    assert_eq!(detected("a", "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8", false), None);
}

/// One file and one line: the format is detected, read, named in errors and described in every language.
#[test]
fn a_made_up_format_is_audited() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("export.csv");
    fs::write(&file, "Vault,Login,Secret\nhome,kim,password\nhome,lee,qvX81-unheard-of\n").expect("written");
    let corpus = Corpus::from(Index::starter().expect("starter"));
    let options = |format| AuditOptions {
        read: ReadOptions { format, ..ReadOptions::default() },
        users: true,
        list: 10,
        threads: Some(1),
        ..AuditOptions::default()
    };
    let audited = audit(Input::File(file), &corpus, &options(None), &()).expect("an audit");
    assert_eq!(audited.inputs[0].format, Format::MadeUp);
    assert_eq!((audited.tally.accounts, audited.tally.exposed), (2, 1));
    assert_eq!((audited.findings[0].number, audited.findings[0].account.as_str()), (2, "kim"));
    assert_eq!(Format::MadeUp.described(Language::Ja), "Example Vault のエクスポート（CSV）");
    let other = Input::Stream(Box::new("a,b\n1,2\n".as_bytes()));
    let refused =
        audit(other, &corpus, &options(Format::named("example-vault-csv")), &()).expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "standard input is not an export from Example Vault (CSV): its first line names no column login"
    );
}

#[test]
fn contributing_shows_the_made_up_format_as_it_is() {
    let page = include_str!("../../../../CONTRIBUTING.md");
    assert!(page.contains(include_str!("made_up.rs")));
    assert!(page.contains("MadeUp => made_up,"));
}
