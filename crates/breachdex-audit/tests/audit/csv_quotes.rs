//! CSV with broken quotes, other line ends, delimiters and widths: nothing is dropped without being counted.

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex_audit::{Assumption, AuditOptions, Audited, Format, LineFault, ReadOptions};
use proptest::prelude::*;

use crate::{faults, known, options, rows, run};

fn by_columns() -> AuditOptions {
    let read = ReadOptions {
        format: Some(Format::Csv),
        column: Some(String::from("password")),
        user_column: Some(String::from("user")),
        ..ReadOptions::default()
    };
    AuditOptions { read, ..options(Format::Csv) }
}

fn audited(csv: &str) -> Audited {
    run(csv, &known(Kind::Sha1), &by_columns()).unwrap()
}

fn names(audited: &Audited) -> Vec<(u64, String)> {
    rows(audited).into_iter().map(|(number, name, _, _)| (number, name)).collect()
}

fn named(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(number, name)| (*number, (*name).to_owned())).collect()
}

fn assumptions(audited: &Audited) -> Vec<String> {
    audited.inputs[0].assumptions.iter().map(ToString::to_string).collect()
}

#[test]
fn a_quote_swallows_no_row() {
    let found = audited("user,password\na,\"abc\nb,hunter2\nc,\"def\n");
    assert_eq!(names(&found), named(&[(3, "b")]));
    assert_eq!(faults(&found), [(2, LineFault::TextAfterQuote), (4, LineFault::OpenQuote)]);
    assert_eq!((found.tally.accounts, found.tally.malformed), (1, 2));
    assert!(found.tally.is_incomplete());
}

#[test]
fn a_quote_within_a_cell_is_part_of_it() {
    let found = audited("user,password\na,pa\"ss\nb,123456\nc,\"\"\"\n");
    assert_eq!(names(&found), named(&[(2, "a"), (3, "b")]));
    assert_eq!(faults(&found), [(4, LineFault::OpenQuote)]);
}

/// Two quotes that seem to belong together enclose a row.
#[test]
fn what_looks_like_a_row_within_a_password_is_one() {
    let found = audited("user,password\na,\"abc\nb,hunter2\nc,def\"\nd,123456\n");
    assert_eq!(names(&found), named(&[(3, "b"), (4, "c"), (5, "d")]));
    assert_eq!(faults(&found), [(2, LineFault::OpenQuote)]);
    // A name with a line end in it is one all the same.
    let found = audited("user,password\n\"a\nb\",123456\n");
    assert_eq!(names(&found), named(&[(2, "a\nb")]));
}

#[test]
fn a_record_of_another_width_gives_back_its_lines() {
    let found = audited("user,password\na,\"abc\nb,hunter2\nc\",d\ne,123456\n");
    assert_eq!(names(&found), named(&[(3, "b"), (4, "c\""), (5, "e")]));
    assert_eq!(faults(&found), [(2, LineFault::Cells { expected: 2, found: 3 })]);
}

#[test]
fn a_quote_at_the_start_of_a_long_file_costs_one_line() {
    let mut csv = String::from("user,password,note\nx,y,\"open\n");
    for at in 0..200_000 {
        csv += &format!("u{at},p{at},n\n");
    }
    let found = audited(&csv);
    assert_eq!((found.tally.accounts, found.tally.malformed), (200_000, 1));
    assert_eq!(faults(&found), [(2, LineFault::OpenQuote)]);
}

#[test]
fn every_line_end_ends_a_record() {
    for end in ["\n", "\r\n", "\r"] {
        let csv = ["user,password", "a,password", "", "b,x,y", "c,123456"].join(end);
        let found = audited(&csv);
        assert_eq!(names(&found), named(&[(2, "a"), (5, "c")]), "{end:?}");
        assert_eq!(faults(&found), [(4, LineFault::Cells { expected: 2, found: 3 })], "{end:?}");
    }
}

#[test]
fn delimiters_are_told_by_their_line_or_the_header() {
    let found = audited("sep=;\nuser;password\na;password\n");
    assert_eq!(names(&found), named(&[(3, "a")]));
    assert_eq!(assumptions(&found), ["its first line says that the delimiter is semicolon"]);
    let found = audited("user\tpassword\na\tpassword\n");
    assert_eq!(names(&found), named(&[(2, "a")]));
    assert_eq!(assumptions(&found), ["read with the delimiter tab, by its header"]);
    let semicolons = "name;url;username;password\nA;b;kim;password\n";
    let found = run(semicolons, &known(Kind::Sha1), &options(Format::ChromeCsv)).unwrap();
    assert_eq!(names(&found), named(&[(2, "kim")]));
}

#[test]
fn other_widths_are_counted_and_explained() {
    let found = audited("user,password\na,password\nb,1,2\nc,1,2\nd,1,2\n");
    assert_eq!((found.tally.accounts, found.tally.malformed), (1, 3));
    assert_eq!(
        assumptions(&found),
        [
            "3 rows have 3 cells and the header 2: add the missing column names to the first line, or quote cells that \
          contain the delimiter"
        ]
    );
    let found = audited("user,password,x\na,password,\nb,1\nc,1\n");
    let width = Assumption::Width { expected: 3, found: 2, records: 2 };
    assert_eq!(found.inputs[0].assumptions, [width]);
    assert_eq!(
        width.to_string(),
        "2 rows have 2 cells and the header 3: the first line may be no header, or belong to another table"
    );
}

#[test]
fn a_missing_column_has_a_hint() {
    let read = |delimiter, column: &str| ReadOptions {
        format: Some(Format::Csv),
        column: Some(column.to_owned()),
        delimiter,
        ..ReadOptions::default()
    };
    let refused = |bytes: &[u8], read: ReadOptions| {
        let chosen = AuditOptions { read, ..options(Format::Csv) };
        run(bytes, &known(Kind::Sha1), &chosen).unwrap_err().to_string()
    };
    let start = "standard input has no column \"password\" among its 1; names are compared exactly; ";
    let said = refused(b"user;password\na;b\n", read(Some(b','), "password"));
    assert_eq!(said, format!("{start}it has one if the delimiter is semicolon"));
    let cp932 = encoding_rs::SHIFT_JIS.encode("番号,パスワード\n1,x\n").0.into_owned();
    let said = refused(&cp932, read(None, "パスワード"));
    assert!(said.ends_with("names are compared exactly; it has one if the encoding is CP932"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Every line of any text is a row, malformed, part of one of these, or blank: none is lost.
    #[test]
    fn rows_and_faults_are_as_many_as_the_lines(lines in prop::collection::vec("[ab,\"]{0,8}", 1..12)) {
        let csv = format!("user,password\n{}\n", lines.join("\n"));
        let (read, malformed) = match run(&csv, &known(Kind::Sha1), &by_columns()) {
            Ok(found) => (found.tally.accounts + found.tally.empty, found.tally.malformed),
            Err(_) => return Ok(()),
        };
        let filled = lines.iter().filter(|line| !line.is_empty()).count() as u64;
        prop_assert!(read + malformed <= filled);
        // Only a cell in quotes may hold a line end.
        if !csv.contains('"') {
            prop_assert_eq!(read + malformed, filled);
        }
    }
}
