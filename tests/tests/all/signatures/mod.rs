//! Signed indexes: what is accepted, what is refused and by which name, before a lookup, at one, and when a file is
//! replaced. Signatures are made with the crate `minisign` by hand, so that every part of one can be wrong.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod altered;
mod command;
mod contents;
mod refusals;
mod replaced;
mod serving;
mod updated;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use breachdex::trust::{PublicKey, SignatureFiles, Statement, Trust};
use breachdex::{BuildOptions, Checks, Format, Index, Input, Kind, OpenOptions, Source, build};
use minisign::KeyPair;
use tempfile::{TempDir, tempdir};

/// A key that signs.
struct Key {
    pair: KeyPair,
    public: PublicKey,
}

impl Key {
    fn new() -> Self {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let public = pair.pk.to_base64().parse().unwrap();
        Self { pair, public }
    }

    /// The text of a signature.
    fn sign(&self, message: &str) -> String {
        let comment = Some("timestamp:1\tfile:a.bdx.id\thashed");
        minisign::sign(None, &self.pair.sk, Cursor::new(message), comment, None).unwrap().to_string()
    }

    fn trust(&self) -> Trust {
        Trust::keys([self.public.clone()]).unwrap()
    }
}

/// 20,000 passwords: eight units of four groups. The entries of `state` differ, by a tenth.
fn index_bytes(state: u32, date: &str) -> Vec<u8> {
    let folder = tempdir().unwrap();
    let (list, target) = (folder.path().join("list.txt"), folder.path().join("a.bdx"));
    let line =
        |i: u32| format!("password {}\n", if i.is_multiple_of(10) { 1_000_000 + i + state } else { i });
    fs::write(&list, (0..20_000).map(line).collect::<String>()).unwrap();
    let inputs = [Input { source: Source::Path(list), format: Some(Format::Passwords) }];
    let options = BuildOptions {
        source: "list.txt".into(),
        date: date.to_owned(),
        threads: 1,
        ..BuildOptions::default()
    };
    build(&inputs, &target, &options, &()).unwrap();
    fs::read(&target).unwrap()
}

/// The index most tests begin with.
fn sound() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| index_bytes(0, "2026-07-02"))
}

/// A folder with `a.bdx`, and a key.
struct Site {
    folder: TempDir,
    path: PathBuf,
    key: Key,
}

impl Site {
    fn unsigned(bytes: &[u8]) -> Self {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.bdx");
        fs::write(&path, bytes).unwrap();
        Self { folder, path, key: Key::new() }
    }

    fn signed(bytes: &[u8]) -> Self {
        let site = Self::unsigned(bytes);
        site.sign();
        site
    }

    fn files(&self) -> SignatureFiles {
        SignatureFiles::beside(&self.path)
    }

    /// Signs what lies there.
    fn sign(&self) {
        write_pair(&self.files(), &statement(&self.path), &self.key);
    }

    /// Replaces the file by rename.
    fn replace(&self, bytes: &[u8]) {
        let fresh = self.folder.path().join("fresh");
        fs::write(&fresh, bytes).unwrap();
        fs::rename(fresh, &self.path).unwrap();
    }

    fn options(&self) -> OpenOptions {
        OpenOptions::new().mapped().trust(self.key.trust())
    }

    fn open(&self) -> breachdex::Result<Index> {
        Index::open_with(&self.path, self.options())
    }

    /// As a server opens it.
    fn read(&self) -> breachdex::Result<Index> {
        let options = OpenOptions::new().checks(Checks::Always).trust(self.key.trust());
        Index::open_with(&self.path, options)
    }

    /// An error without the folder's name.
    fn words(&self, error: impl std::fmt::Display) -> String {
        error.to_string().replace(&format!("{}/", self.folder.path().display()), "")
    }
}

fn statement(index: &Path) -> String {
    let index = Index::open(index).unwrap();
    Statement::of(index.metadata(), index.content_id()).encode().unwrap()
}

fn write_pair(files: &SignatureFiles, statement: &str, key: &Key) {
    fs::write(&files.statement, statement).unwrap();
    fs::write(&files.signature, key.sign(statement)).unwrap();
}

#[test]
fn a_signed_index_answers_and_says_who_signed_it() {
    let site = Site::signed(sound());
    let index = site.open().unwrap();
    let signed = index.signed().unwrap();
    assert_eq!(signed.key, site.key.public.id());
    assert_eq!(signed.comment, "timestamp:1\tfile:a.bdx.id\thashed");
    assert_eq!((signed.statement.kind, signed.statement.entries), (Kind::Sha1, 20_000));
    assert_eq!(signed.statement.corpus_date, "2026-07-02");
    let plain = Index::open(&site.path).unwrap();
    assert!(plain.signed().is_none());
    assert!(index.iter().map(Result::unwrap).eq(plain.iter().map(Result::unwrap)));
    index.verify(&()).unwrap();
}

#[test]
fn one_of_several_keys_is_enough_so_that_keys_can_be_rotated() {
    let site = Site::signed(sound());
    let next = Key::new();
    let trust = Trust::keys([next.public.clone(), site.key.public.clone()]).unwrap();
    let open = || Index::open_with(&site.path, OpenOptions::new().trust(trust.clone()));
    assert_eq!(open().unwrap().signed().unwrap().key, site.key.public.id());
    write_pair(&site.files(), &statement(&site.path), &next);
    assert_eq!(open().unwrap().signed().unwrap().key, next.public.id());
}

#[test]
fn an_age_can_be_asked_for_without_a_signature() {
    let open = |bytes: &[u8], days| {
        let site = Site::unsigned(bytes);
        let trust = Trust::default().with_max_age(Some(days));
        let opened = Index::open_with(&site.path, OpenOptions::new().trust(trust));
        opened.map(drop).map_err(|error| site.words(error))
    };
    assert_eq!(open(&index_bytes(0, "2001-01-01"), 100_000), Ok(()));
    let error = open(&index_bytes(0, "2001-01-01"), 30).unwrap_err();
    assert!(error.starts_with("a.bdx is not new enough: its corpus date 2001-01-01 is "), "{error}");
    assert!(error.ends_with(" days ago, at most 30 are allowed; use a newer index"), "{error}");
    let error = open(&index_bytes(0, "9999-01-01"), 30).unwrap_err();
    assert_eq!(
        error,
        "a.bdx is not new enough: its corpus date 9999-01-01 is in the future; check the clock of this machine, or build \
         it with the right date"
    );
    let error = open(&index_bytes(0, ""), 30).unwrap_err();
    assert_eq!(
        error,
        "a.bdx is not new enough: it has no corpus date, and at most 30 days since then are allowed; build it with one"
    );
}
