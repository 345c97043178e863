//! What is wrong with a signature, each by its name, at open.

#![forbid(unsafe_code)]

use std::fs;

use breachdex::Index;
use breachdex::trust::{PublicKey, SignatureFiles, Trust};
use minisign::KeyPair;

use super::{Key, Site, index_bytes, sound, statement, write_pair};

/// The refusal of an index, the same whether it is mapped or read.
fn refusal(site: &Site) -> String {
    let error = site.words(site.open().unwrap_err());
    let read = site.read();
    assert_eq!(site.words(read.unwrap_err()), error);
    error.strip_prefix("a.bdx is not signed by a trusted key: ").unwrap().to_owned()
}

fn edit(path: &std::path::Path, change: impl FnOnce(String) -> String) {
    fs::write(path, change(fs::read_to_string(path).unwrap())).unwrap();
}

#[test]
fn missing_files() {
    let site = Site::unsigned(sound());
    assert_eq!(refusal(&site), "a.bdx.id.minisig is missing");
    site.sign();
    fs::remove_file(site.files().statement).unwrap();
    assert_eq!(refusal(&site), "a.bdx.id is missing");
    site.sign();
    fs::remove_file(site.files().signature).unwrap();
    assert_eq!(refusal(&site), "a.bdx.id.minisig is missing");
    site.sign();
    site.open().unwrap();
}

#[test]
fn a_key_that_is_not_trusted() {
    let site = Site::unsigned(sound());
    let other = Key::new();
    write_pair(&site.files(), &statement(&site.path), &other);
    let expected = format!("a.bdx.id.minisig was made with key {}, which is not trusted", other.public);
    assert_eq!(refusal(&site), expected);
}

/// Ids of keys are chosen by whoever makes them.
#[test]
fn another_key_with_the_id_of_a_trusted_one() {
    let site = Site::unsigned(sound());
    let mut bytes = Key::new().pair.sk.to_bytes();
    // Algorithms and what encrypts it, then the id.
    bytes[54..62].copy_from_slice(site.key.pair.pk.keynum());
    let secret = minisign::SecretKey::from_bytes(&bytes).unwrap();
    let pk = minisign::PublicKey::from_secret_key(&secret).unwrap();
    let impostor = Key { public: pk.to_base64().parse().unwrap(), pair: KeyPair { pk, sk: secret } };
    assert_eq!(impostor.public.id(), site.key.public.id());
    write_pair(&site.files(), &statement(&site.path), &impostor);
    let expected = invalid(&site);
    assert_eq!(refusal(&site), expected);
    let both = Trust::keys([impostor.public.clone(), site.key.public.clone()]).unwrap();
    site.sign();
    let options = breachdex::OpenOptions::new().trust(both);
    Index::open_with(&site.path, options).unwrap();
}

fn invalid(site: &Site) -> String {
    format!(
        "a.bdx.id.minisig is no signature of a.bdx.id by key {}: one of the two was changed",
        site.key.public
    )
}

#[test]
fn a_statement_or_a_comment_that_was_changed() {
    let site = Site::signed(sound());
    let files = site.files();
    let text = fs::read(&files.statement).unwrap();
    for at in (0..text.len()).step_by(7) {
        let mut changed = text.clone();
        changed[at] ^= 1;
        fs::write(&files.statement, changed).unwrap();
        assert_eq!(refusal(&site), invalid(&site), "byte {at}");
    }
    fs::write(&files.statement, [&text[..], b"\n"].concat()).unwrap();
    assert_eq!(refusal(&site), invalid(&site));
    fs::write(&files.statement, String::from_utf8(text.clone()).unwrap().replace('\n', "\r\n")).unwrap();
    assert_eq!(refusal(&site), invalid(&site));
    site.sign();
    edit(&files.signature, |text| text.replace("timestamp:1", "timestamp:2"));
    assert_eq!(refusal(&site), invalid(&site));
    site.sign();
    edit(&files.signature, |text| text.replace("timestamp:1", "timestamp:1 "));
    assert_eq!(refusal(&site), invalid(&site));
}

#[test]
fn a_signature_that_is_none() {
    let site = Site::signed(sound());
    let signature = site.files().signature;
    let whole = fs::read_to_string(&signature).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let cut = |count: usize| lines[..count].join("\n");
    let wrong = |reason: &str| format!("a.bdx.id.minisig is not a minisign signature: {reason}");
    let comment = "its trusted comment or the signature of that is malformed";
    for (text, reason) in [
        (String::new(), "its first line is not an untrusted comment"),
        (whole.replacen("untrusted comment", "comment", 1), "its first line is not an untrusted comment"),
        (cut(1), "its second line is not a signature"),
        (whole.replacen("RU", "R", 1), "its second line is not a signature"),
        (format!("{}\n{}", cut(1), site.key.public_text()), "its second line is not a signature"),
        (cut(2), "it is cut short"),
        (cut(3), "it is cut short"),
        (whole[..whole.trim_end().len() - 3].to_owned(), comment),
        (whole.replacen("\ntrusted comment: ", "\ncomment: ", 1), comment),
        (whole.replacen("\nRU", "\nAU", 1), "it has an algorithm that minisign does not know"),
    ] {
        fs::write(&signature, text).unwrap();
        assert_eq!(refusal(&site), wrong(reason));
    }
    fs::write(&signature, [0xff; 100]).unwrap();
    assert_eq!(refusal(&site), wrong("it is not UTF-8"));
    // As minisign has it, the ends of lines are not part of what is signed.
    fs::write(&signature, whole.replace('\n', "\r\n")).unwrap();
    site.open().unwrap();
}

impl Key {
    fn public_text(&self) -> String {
        self.pair.pk.to_base64()
    }
}

#[test]
fn something_else_that_was_signed() {
    let site = Site::unsigned(sound());
    let text = statement(&site.path);
    let sign = |text: &str| write_pair(&site.files(), text, &site.key);
    sign("anything\n");
    let expected = "a.bdx.id is not the statement of an index: it is not the statement of an index (line 1)";
    assert_eq!(refusal(&site), expected);
    sign(&text.replace('\n', "\r\n"));
    let expected = "a.bdx.id is not the statement of an index: its lines end with CR LF, not with LF; copy it as binary \
                    data (line 1)";
    assert_eq!(refusal(&site), expected);
    let id = Index::open(&site.path).unwrap().content_id();
    let none = "0".repeat(64);
    for (from, to, difference) in [
        ("kind: sha1", "kind: ntlm", "its kind is NTLM, this one has SHA-1".to_owned()),
        ("bits: 160", "bits: 64", "its bits is 64, this one has 160".to_owned()),
        ("entries: 20000", "entries: 20001", "its entries is 20001, this one has 20000".to_owned()),
        ("list.txt", "other.txt", "it names another source".to_owned()),
        (
            "2026-07-02",
            "2026-07-03",
            r#"its corpus date is "2026-07-03", this one has "2026-07-02""#.to_owned(),
        ),
        (&id.to_string(), &none, format!("its content id is {none}, this one has {id}")),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        sign(&changed);
        assert_eq!(refusal(&site), format!("a.bdx.id is the statement of another index: {difference}"));
    }
}

#[test]
fn the_pair_of_a_sibling() {
    let site = Site::unsigned(sound());
    let other = Site::unsigned(&index_bytes(1, "2026-07-02"));
    write_pair(&site.files(), &statement(&other.path), &site.key);
    let [said, found] = [&other, &site].map(|site| Index::open(&site.path).unwrap().content_id());
    assert_eq!(
        refusal(&site),
        format!("a.bdx.id is the statement of another index: its content id is {said}, this one has {found}")
    );
}

/// Each file is what it was; only the two statements are exchanged.
#[test]
fn statements_that_were_exchanged() {
    let site = Site::signed(sound());
    let other = Site::unsigned(&index_bytes(1, "2026-07-02"));
    fs::write(site.files().statement, statement(&other.path)).unwrap();
    let expected = invalid(&site);
    assert_eq!(refusal(&site), expected);
}

#[test]
#[cfg(unix)]
fn a_folder_or_a_pipe_in_the_place_of_a_file() {
    let site = Site::signed(sound());
    fs::remove_file(site.files().signature).unwrap();
    fs::create_dir(site.files().signature).unwrap();
    assert_eq!(refusal(&site), "a.bdx.id is missing");
    let site = Site::signed(sound());
    fs::remove_file(site.files().statement).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, site.files().statement, rustix::fs::Mode::from_raw_mode(0o600))
        .unwrap();
    assert_eq!(refusal(&site), "a.bdx.id is missing");
}

#[test]
#[cfg(unix)]
fn a_link_has_the_signature_of_the_file_that_it_leads_to() {
    let site = Site::signed(sound());
    let link = site.folder.path().join("link.bdx");
    std::os::unix::fs::symlink("a.bdx", &link).unwrap();
    Index::open_with(&link, site.options()).unwrap();
    Index::open_with(&link, breachdex::OpenOptions::new().trust(site.key.trust())).unwrap();
    fs::remove_file(site.files().signature).unwrap();
    write_pair(&SignatureFiles::beside(&link), &statement(&link), &site.key);
    Index::open_with(&link, site.options()).unwrap();
}

#[test]
fn keys_that_are_none() {
    let key = Key::new();
    let words = |text: &str| text.parse::<PublicKey>().unwrap_err().to_string();
    assert_eq!(words(""), "not a minisign public key: it has another length than a public key");
    assert_eq!(
        words("untrusted comment: x"),
        "not a minisign public key: the second line, which holds the key, is missing"
    );
    assert_eq!(words("RWQ!"), "not a minisign public key: it is not base64");
    let other = key.public_text().replacen("RW", "AA", 1);
    assert_eq!(words(&other), "not a minisign public key: it is a key of another algorithm");
    let secret = String::from(key.pair.sk.to_box(None).unwrap());
    let refused = "it is a secret key; name the public key that belongs to it, and keep this one secret";
    assert_eq!(words(&secret), format!("not a minisign public key: {refused}"));
    let line = secret.lines().nth(1).unwrap();
    let error = PublicKey::from_text_or_file(line.as_ref()).unwrap_err().to_string();
    assert_eq!(error, format!("not a minisign public key: {refused}"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pub");
    let error = PublicKey::read(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot open {}: ", path.display())), "{error}");
    fs::write(&path, &secret).unwrap();
    let error = PublicKey::read(&path).unwrap_err().to_string();
    assert_eq!(error, format!("{} is not a minisign public key: {refused}", path.display()));
    fs::write(&path, key.pair.pk.to_box().unwrap().to_string().replace('\n', "\r\n")).unwrap();
    assert_eq!(PublicKey::read(&path).unwrap(), key.public);
    assert_eq!(
        Trust::keys([]).unwrap_err().to_string(),
        "no key is trusted, so no index would be; name at least one public key"
    );
}
