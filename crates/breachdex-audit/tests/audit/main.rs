//! Audits of small files in the shapes that the products write, of faults, and of what reports say.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

#[cfg(feature = "parquet")]
mod columns;
mod csv_quotes;
mod dumps;
mod exports;
mod faults;
mod findings;
mod formats;
mod leak;
mod model;
mod reports;

use std::io::Cursor;

use breachdex::{BuildOptions, Corpus, CoverageRule, Digest, Index, Kind, build};
use breachdex_audit::{
    AccountKind, AuditError, AuditOptions, Audited, Format, Input, LineFault, ReadOptions, audit,
    report::Subject,
};

/// What the index of most tests holds.
const KNOWN: [(&str, u64); 5] =
    [("password", 9), ("パスワード", 120), ("123456", 1), ("a\"b\\c,d", 4), ("two\nlines", 12_000)];

fn digest(kind: Kind, password: &str) -> Digest {
    match kind {
        Kind::Sha1 => Digest::sha1(password.as_bytes()),
        Kind::Ntlm => Digest::ntlm(password),
    }
}

fn hex(kind: Kind, password: &str) -> String {
    digest(kind, password).to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An index of these passwords.
fn index(kind: Kind, counts: bool, entries: &[(&str, u64)]) -> Index {
    // No index is built of nothing.
    let filled = entries.iter().chain(&[("in every index of the tests", 1)]);
    index_of(filled.map(|(password, count)| (hex(kind, password), *count)), kind, counts, None)
}

fn index_of(
    entries: impl Iterator<Item = (String, u64)>,
    kind: Kind,
    counts: bool,
    covered: Option<(u32, u32)>,
) -> Index {
    let folder = tempfile::tempdir().unwrap();
    let (text, target) = (folder.path().join("corpus.txt"), folder.path().join("index.bdx"));
    std::fs::write(&text, entries.map(|(hex, count)| format!("{hex}:{count}\n")).collect::<String>())
        .unwrap();
    let coverage = covered.map_or(CoverageRule::Whole, |range| CoverageRule::Prefixes(vec![range]));
    let options = BuildOptions { kind, counts, coverage, ..BuildOptions::default() };
    build(&[breachdex::Input::path(text)], &target, &options, &()).unwrap();
    Index::open(&target).unwrap()
}

/// An index that opens and cannot be read where entries are.
fn damaged(entries: &[(&str, u64)]) -> Index {
    let folder = tempfile::tempdir().unwrap();
    let (text, target) = (folder.path().join("corpus.txt"), folder.path().join("damaged.bdx"));
    let lines = entries.iter().map(|(password, count)| format!("{}:{count}\n", hex(Kind::Sha1, password)));
    std::fs::write(&text, lines.collect::<String>()).unwrap();
    build(&[breachdex::Input::path(text)], &target, &BuildOptions::default(), &()).unwrap();
    let sound = std::fs::read(&target).unwrap();
    // The first byte that the index opens without, and that every lookup needs.
    for at in (0..sound.len()).rev() {
        let mut bytes = sound.clone();
        bytes[at] ^= 0xff;
        let opened = Index::from_bytes(bytes, "damaged.bdx");
        if let Ok(index) = opened
            && ["password", "nobody has this one"].iter().all(|text| {
                matches!(index.lookup(&digest(Kind::Sha1, text)), Err(breachdex::Error::Damaged { .. }))
            })
        {
            return index;
        }
    }
    panic!("no byte of the index is needed")
}

/// What is asked, and how often a password must have been seen.
#[derive(Debug)]
struct Indexes {
    corpus: Corpus,
    min_count: u64,
}

impl Indexes {
    fn new(base: Index, others: Vec<Index>, overlays: Vec<Index>, min_count: u64) -> breachdex::Result<Self> {
        let corpus = Corpus::builder().base(base).bases(others).overlays(overlays).build()?;
        Ok(Self { corpus, min_count })
    }

    fn subject(&self) -> Subject {
        let subject = Subject::of(&self.corpus, self.min_count).unwrap();
        Subject { made_on: String::from("2026-11-22"), ..subject }
    }
}

/// Indexes of what is known, seen at least once.
fn known(kind: Kind) -> Indexes {
    Indexes::new(index(kind, true, &KNOWN), vec![], vec![], 1).unwrap()
}

/// Names shown, all rows kept.
fn options(format: Format) -> AuditOptions {
    let read = ReadOptions { format: Some(format), ..ReadOptions::default() };
    AuditOptions {
        read,
        users: true,
        list: 100,
        keep_rows: true,
        threads: Some(2),
        ..AuditOptions::default()
    }
}

fn run(input: impl AsRef<[u8]>, indexes: &Indexes, options: &AuditOptions) -> Result<Audited, AuditError> {
    let options = AuditOptions { min_count: indexes.min_count, ..options.clone() };
    audit(Input::Stream(Box::new(Cursor::new(input.as_ref().to_vec()))), &indexes.corpus, &options, &())
}

/// The lines that could not be used, and why.
fn faults(audited: &Audited) -> Vec<(u64, LineFault)> {
    audited.faults.iter().map(|fault| (fault.number, fault.fault)).collect()
}

/// Number, account, its kind and whether it is exposed, of all rows.
type Seen = (u64, String, AccountKind, Option<bool>);

fn rows(audited: &Audited) -> Vec<Seen> {
    let mut seen = Vec::new();
    let rows = audited.rows.as_ref().unwrap();
    rows.for_each(|row| -> Result<(), AuditError> {
        seen.push((row.number, row.account.to_owned(), row.account_kind, row.exposed));
        Ok(())
    })
    .unwrap();
    seen
}

fn account(number: u64, name: &str, exposed: bool) -> Seen {
    (number, name.to_owned(), AccountKind::Account, Some(exposed))
}

fn former(number: u64, name: &str, exposed: bool) -> Seen {
    (number, name.to_owned(), AccountKind::Former, Some(exposed))
}

/// A row of an account with the empty password, which is not looked up.
fn empty(number: u64, name: &str) -> Seen {
    (number, name.to_owned(), AccountKind::Account, None)
}
