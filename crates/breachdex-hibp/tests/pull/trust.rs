//! What is refused: unsigned, signed by another, of another index, older, of another kind, not ours to write.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use breachdex::Kind;
use breachdex::trust::{SignatureFiles, Trust};
use breachdex_hibp::pull::{PullOptions, pull, pull_from};

use super::place::Place;
use super::server::{Reply, Server};
use super::world::{EXACT, Key, Random, Shape, folder, index, listing, options, rows, state};

fn signed(bytes: &[u8], key: &Key) -> Place {
    let mut place = Place::of(bytes);
    let [statement, signature] = key.sign(bytes);
    place.put(".id", statement);
    place.put(".id.minisig", signature);
    place
}

fn trusting(key: &Key) -> PullOptions {
    PullOptions { trust: key.trust(), ..options() }
}

#[test]
fn a_signed_index_is_pulled_with_its_signature() {
    let (key, new) = (Key::new(), state(3000, 0, "2026-11-27"));
    let place = signed(&new, &key);
    let (folder, path) = folder(None);
    pull_from(&place, &path, &trusting(&key), &()).unwrap();
    assert!(fs::read(&path).unwrap() == new);
    assert_eq!(listing(folder.path()), ["a.bdx", "a.bdx.id", "a.bdx.id.minisig"]);
    let open = breachdex::OpenOptions::new().trust(key.trust());
    breachdex::Index::open_with(&path, open).unwrap().verify(&()).unwrap();
    // A signature that went away is put there again.
    fs::remove_file(SignatureFiles::beside(&path).signature).unwrap();
    assert!(pull_from(&place, &path, &trusting(&key), &()).unwrap().up_to_date);
    assert_eq!(listing(folder.path()), ["a.bdx", "a.bdx.id", "a.bdx.id.minisig"]);
}

#[test]
fn nothing_but_the_signature_is_fetched_where_it_is_not_valid() {
    let (key, other, new) = (Key::new(), Key::new(), state(3000, 0, "2026-11-27"));
    let (folder, path) = folder(None);
    let mut flipped = signed(&new, &key);
    let mut statement = flipped.files[".id"].to_vec();
    statement[100] ^= 1;
    flipped.put(".id", statement);
    let mut long = signed(&new, &key);
    long.put(".id.minisig", vec![b'x'; 100_000]);
    for (place, said) in [
        (Place::of(&new), "memory:a.bdx is not signed by a trusted key: memory:a.bdx.id is missing"),
        (signed(&new, &other), "which is not trusted"),
        (flipped, "one of the two was changed"),
        (long, "is not a minisign signature"),
    ] {
        let error = pull_from(&place, &path, &trusting(&key), &()).unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
        assert!(place.parts("").is_empty(), "{said}");
    }
    assert!(listing(folder.path()).is_empty());
}

/// While an index is published its statement has another name; one that never fits is refused.
#[test]
fn the_statement_that_belongs_to_the_index_is_found() {
    let (key, old, new) = (Key::new(), state(2000, 1, "2026-11-20"), state(2000, 2, "2026-11-27"));
    let (_folder, path) = folder(None);
    let mut place = signed(&new, &key);
    let [statement, signature] = key.sign(&old);
    for (ending, bytes) in [(".id", statement), (".id.minisig", signature)] {
        let next = place.files[ending].to_vec();
        place.put(&format!(".next{ending}"), next);
        place.put(ending, bytes);
    }
    pull_from(&place, &path, &trusting(&key), &()).unwrap();
    assert!(fs::read(&path).unwrap() == new);
    place.files.remove(".next.id");
    fs::remove_file(&path).unwrap();
    let error = pull_from(&place, &path, &trusting(&key), &()).unwrap_err().to_string();
    assert!(
        error.contains("is the statement of another index: its corpus date is \"2026-11-20\""),
        "{error}"
    );
    assert!(!path.exists());
}

/// A publication ends by renaming two files. Who reads one before and the other one after reads both again.
#[test]
fn a_signature_that_is_just_being_replaced_is_read_again() {
    let (key, old, new) = (Key::new(), state(2000, 1, "2026-11-20"), state(2000, 2, "2026-11-27"));
    let ([old_statement, _], [new_statement, new_signature]) = (key.sign(&old), key.sign(&new));
    let server = Arc::new(Server::start(&new));
    server.put(".id", &old_statement, "\"1\"");
    server.put(".id.minisig", &new_signature, "\"2\"");
    let (published, done) = (Arc::downgrade(&server), AtomicBool::new(false));
    server.behave(move |request| {
        // Once the torn pair was read.
        if request.ending == ".next.id"
            && !done.swap(true, Ordering::SeqCst)
            && let Some(server) = published.upgrade()
        {
            server.put(".id", &new_statement, "\"2\"");
        }
        Reply::Good
    });
    let (folder, path) = folder(Some(&old));
    pull(&server.url().parse().unwrap(), &path, &trusting(&key), &()).unwrap();
    assert!(fs::read(&path).unwrap() == new);
    assert_eq!(listing(folder.path()), ["a.bdx", "a.bdx.id", "a.bdx.id.minisig"]);
}

#[test]
fn what_must_not_replace_the_index_is_refused() {
    let (old, new) = (state(2000, 1, "2026-11-20"), state(2000, 2, "2026-11-27"));
    let all = rows(&mut Random(3), 2000);
    let ntlm = index(&all, Shape { kind: Kind::Ntlm, bits: 128, counts: true }, "2026-11-28");
    let fewer = index(&all, Shape { bits: 64, ..EXACT }, "2026-11-28");
    let bare = index(&all, Shape { counts: false, ..EXACT }, "2026-11-28");
    let force = PullOptions { force: true, ..options() };
    let older = PullOptions { allow_older: true, ..options() };
    for (published, said, way) in [
        (&old, "has the corpus date 2026-11-20, which is older than 2026-11-27 of", &older),
        (&old, "has the corpus date 2026-11-20, which is older than 2026-11-27 of", &force),
        (&ntlm, "holds NTLM digests of 128 bits with counts, ", &force),
        (&fewer, "holds SHA-1 digests of 64 bits with counts, ", &force),
        (&bare, "holds SHA-1 digests of 160 bits without counts, ", &force),
    ] {
        let (folder, path) = folder(Some(&new));
        let place = Place::of(published);
        let error = pull_from(&place, &path, &options(), &()).unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
        assert!(fs::read(&path).unwrap() == new);
        assert_eq!(listing(folder.path()), ["a.bdx"]);
        pull_from(&place, &path, way, &()).unwrap();
        assert!(fs::read(&path).unwrap() == **published, "{said}");
    }
    let (_folder, path) = folder(Some(b"no index"));
    let place = Place::of(&new);
    let error = pull_from(&place, &path, &options(), &()).unwrap_err().to_string();
    assert!(error.contains("is not a breachdex index"), "{error}");
    pull_from(&place, &path, &force, &()).unwrap();
    assert!(fs::read(&path).unwrap() == new);
    let stale = PullOptions { trust: Trust::default().with_max_age(Some(3)), ..options() };
    let (_folder, path) = folder(None);
    let error =
        pull_from(&Place::of(&state(9, 0, "2020-01-01")), &path, &stale, &()).unwrap_err().to_string();
    assert!(error.contains("its corpus date 2020-01-01 is"), "{error}");
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn the_mode_is_kept_and_links_are_not_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let (old, new) = (state(2000, 1, "2026-11-20"), state(2000, 2, "2026-11-27"));
    let (folder, path) = folder(Some(&old));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("link.bdx");
    symlink("a.bdx", &link).unwrap();
    for name in [".a.bdx.breachdex-pull", ".a.bdx.breachdex-pull-index"] {
        let trap = folder.path().join(name);
        symlink("victim", &trap).unwrap();
        fs::write(folder.path().join("victim"), b"precious").unwrap();
        let error = pull_from(&Place::of(&new), &path, &options(), &()).unwrap_err().to_string();
        assert!(error.contains("it is a symbolic link, which is not followed here; remove it"), "{error}");
        fs::remove_file(trap).unwrap();
    }
    assert_eq!(fs::read(folder.path().join("victim")).unwrap(), b"precious");
    // The link stays one: what it leads to is replaced.
    let served = breachdex::Index::open(&path).unwrap();
    pull_from(&Place::of(&new), &link, &options(), &()).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(fs::read(&path).unwrap() == new);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    // Whoever has the old one open goes on with it.
    served.verify(&()).unwrap();
}

/// Five bytes that can be xored into any others without a change of their CRC-32C: its polynomial, shifted.
const SAME_CRC: [u8; 5] = [0x01, 0x03, 0x83, 0x6B, 0xF2];

#[test]
fn an_entry_that_was_changed_without_a_trace_in_the_checksums_is_not_pulled() {
    let (key, old, new) = (Key::new(), state(5000, 0, "2026-11-20"), state(5000, 1, "2026-11-27"));
    let altered = |at: usize| {
        let mut bytes = new.clone();
        bytes[at..at + SAME_CRC.len()].iter_mut().zip(SAME_CRC).for_each(|(byte, mask)| *byte ^= mask);
        bytes
    };
    let is_unseen = |bytes: &Vec<u8>| {
        breachdex::Index::from_bytes(bytes.clone(), "altered")
            .is_ok_and(|index| index.iter().all(|entry| entry.is_ok()) && index.verify(&()).is_err())
    };
    let bytes = (new.len() / 3..new.len() / 2).map(altered).find(is_unseen).expect("an entry to alter");
    let [statement, signature] = key.sign(&new);
    for trust in [key.trust(), Trust::default()] {
        for before in [None, Some(&old[..])] {
            let mut place = Place::of(&bytes);
            place.put(".id", statement.clone());
            place.put(".id.minisig", signature.clone());
            let (folder, path) = folder(before);
            let options = PullOptions { trust: trust.clone(), force: true, ..options() };
            let error = pull_from(&place, &path, &options, &()).unwrap_err().to_string();
            assert!(error.contains("is damaged") && error.contains("memory:a.bdx"), "{error}");
            assert_eq!(fs::read(&path).ok().as_deref(), before);
            drop(folder);
        }
    }
}
