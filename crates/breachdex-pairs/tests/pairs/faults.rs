//! Every fault by name, with the message as it is printed; and that nothing is changed by it.

use std::fs;

use breachdex::{Digest, Index, Kind, OpenOptions, OverlayFile};
use breachdex_pairs::{PairKey, PairRules, Pairs, PairsError, PairsFile, PairsOptions};

use super::{Place, said};

#[test]
fn a_key_is_made_once_for_its_owner_alone() {
    let place = Place::new();
    let path = place.path("pairs.key");
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes.len(), 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    assert_eq!(
        said(PairKey::create(&path), place.folder.path()),
        "FOLDER/pairs.key exists; a key is never replaced, because what was made with it could not be asked any more"
    );
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(PairKey::open(&path).unwrap().id(), place.key.id());
    assert_eq!(format!("{:?}", place.key), "PairKey(..)");
    let other = PairKey::create(place.path("other.key")).unwrap();
    assert_ne!(other.id(), place.key.id());
    assert_ne!(fs::read(place.path("other.key")).unwrap(), bytes);
}

#[test]
#[cfg(unix)]
#[expect(clippy::print_stderr, reason = "what is skipped is said")]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::new();
    let path = place.path("pairs.key");
    let is_root = fs::metadata(&path).is_ok_and(|facts| std::os::unix::fs::MetadataExt::uid(&facts) == 0);
    for mode in [0o644, 0o604, 0o640, 0o620, 0o660, 0o666, 0o440] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        if is_root && mode & 0o037 == 0 {
            assert!(PairKey::open(&path).is_ok(), "{mode:o}: a file of root may be for its group");
            continue;
        }
        assert_eq!(
            said(PairKey::open(&path), place.folder.path()),
            format!(
                "FOLDER/pairs.key has mode {mode:04o}, so other users can read the key; run `chmod 600 \
                 FOLDER/pairs.key`, and make a new key and new pairs if somebody may have read it"
            )
        );
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(PairKey::open(&path).is_ok());
    if std::os::unix::fs::chown(&path, Some(65534), None).is_err() {
        eprintln!("skipped: a key of another user, which only root can make");
        return;
    }
    assert_eq!(
        said(PairKey::open(&path), place.folder.path()),
        "FOLDER/pairs.key belongs to another user, who knows the key; make a key of your own, or run `chown` on it if it is yours"
    );
}

/// A pipe keeps nobody waiting, also one that takes the place of the key.
#[test]
#[cfg(unix)]
fn a_key_that_is_a_pipe_is_refused_at_once() {
    let place = Place::new();
    let path = place.path("pipe.key");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_eq!(
        said(PairKey::open(&path), place.folder.path()),
        "FOLDER/pipe.key is no key of pairs: it is not a regular file"
    );
}

#[test]
fn what_is_no_key_is_refused() {
    let place = Place::new();
    let path = place.path("text.key");
    for (bytes, reason) in [
        (vec![], "it does not have 32 bytes"),
        (vec![7; 31], "it does not have 32 bytes"),
        (vec![7; 33], "it does not have 32 bytes"),
        (vec![0; 32], "all its bytes are the same"),
        (
            b"correct horse battery staple 123".to_vec(),
            "it is text, and a key is 32 random bytes, as `breachdex keygen` makes them",
        ),
    ] {
        fs::write(&path, bytes).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(
            said(PairKey::open(&path), place.folder.path()),
            format!("FOLDER/text.key is no key of pairs: {reason}")
        );
    }
    assert_eq!(
        said(PairKey::open(place.folder.path()), place.folder.path()),
        "FOLDER is no key of pairs: it is not a regular file"
    );
    assert_eq!(
        said(PairKey::open(place.path("none.key")), place.folder.path()),
        "cannot open the key FOLDER/none.key: No such file or directory (os error 2)"
    );
}

#[test]
fn another_key_is_an_error_and_never_finds_nothing() {
    let place = Place::new();
    place.add(&[("taro", "sakura2019")]);
    let other = PairKey::create(place.path("other.key")).unwrap();
    let (needed, given, path) = (place.key.id(), other.id(), place.path("pairs.bdx"));
    let message = format!(
        "FOLDER/pairs.bdx was made with the key {needed}, and the key that was named is {given}; name the key file that \
         it was made with"
    );
    let opened = Pairs::open(&path, place.path("other.key"), PairsOptions::default());
    assert!(matches!(&opened, Err(PairsError::WrongKey { .. })));
    assert_eq!(said(opened, place.folder.path()), message);
    let before = fs::read(&path).unwrap();
    let file = PairsFile::at(&path, &other, PairRules::default());
    assert_eq!(said(file.add([("taro", b"x".as_slice())], &()), place.folder.path()), message);
    assert_eq!(said(file.remove([("taro", b"x".as_slice())], &()), place.folder.path()), message);
    assert_eq!(said(PairsFile::at_existing(&path, &other), place.folder.path()), message);
    assert_eq!(fs::read(&path).unwrap(), before);
    // Of several keys, the one that it was made with is taken.
    let keys = [other, PairKey::open(place.path("pairs.key")).unwrap()];
    let pairs = Pairs::open_with(&path, &keys, PairsOptions::default()).unwrap();
    assert_eq!((pairs.key_id(), pairs.len().unwrap()), (place.key.id(), 1));
    let more = PairKey::create(place.path("more.key")).unwrap();
    let ids = [keys[0].id(), more.id()].map(|id| id.to_string()).join(", ");
    let [other, _] = keys;
    assert_eq!(
        said(Pairs::open_with(&path, &[other, more], PairsOptions::default()), place.folder.path()),
        format!(
            "FOLDER/pairs.bdx was made with the key {needed}, and the keys that were named are {ids}; name the key file \
             that it was made with"
        )
    );
    assert_eq!(
        said(Pairs::open_with(&path, &[], PairsOptions::default()), place.folder.path()),
        "FOLDER/pairs.bdx needs its key: name the key file"
    );
}

#[test]
fn the_rules_of_a_file_stay() {
    let place = Place::new();
    place.add(&[("taro", "sakura2019")]);
    let path = place.path("pairs.bdx");
    let strict = PairRules { mail_rules: false, local_names: false };
    let file = PairsFile::at(&path, &place.key, strict);
    assert_eq!(
        said(file.add([("jiro", b"x".as_slice())], &()), place.folder.path()),
        "FOLDER/pairs.bdx has rules for mail providers and names without their host; they stay as they are for the life \
         of a file: make another file for other rules"
    );
    let again = PairsFile::at_existing(&path, &place.key).unwrap();
    assert_eq!(again.rules(), PairRules::default());
    let strict_path = place.path("strict.bdx");
    PairsFile::at(&strict_path, &place.key, strict).add([("t.a+1@gmail.com", b"x".as_slice())], &()).unwrap();
    let pairs = Pairs::open(&strict_path, place.path("pairs.key"), PairsOptions::default()).unwrap();
    assert_eq!((pairs.rules(), pairs.find("ta@gmail.com", b"x").unwrap()), (strict, None));
    assert_eq!(PairsFile::at_existing(&strict_path, &place.key).unwrap().rules(), strict);
}

#[test]
fn indexes_overlays_and_pairs_are_told_apart() {
    let place = Place::new();
    place.add(&[("taro", "sakura2019")]);
    let (path, overlay) = (place.path("pairs.bdx"), place.path("own.bdx"));
    let own = OverlayFile::at(&overlay);
    own.add(Kind::Sha1, &[Digest::sha1(b"sakura2019")], &()).unwrap();
    let message = "FOLDER/pairs.bdx holds exposed pairs of user names and passwords, which are asked with their key \
                   alone; name it as pairs, not as an index or an overlay";
    let folder = place.folder.path();
    assert_eq!(said(Index::open(&path), folder), message);
    assert_eq!(said(Index::map(&path), folder), message);
    assert_eq!(said(Index::from_bytes(fs::read(&path).unwrap(), path.to_str().unwrap()), folder), message);
    assert_eq!(said(OverlayFile::at(&path).open(), folder), message);
    assert_eq!(said(OverlayFile::at(&path).add(Kind::Sha1, &[], &()), folder), message);
    let inputs = [breachdex::Input::path(&path)];
    let built = breachdex::build(&inputs, &place.path("built.bdx"), &breachdex::BuildOptions::default(), &());
    assert_eq!(said(built, folder), message);
    let merged = breachdex::merge(
        &[overlay.clone(), path.clone()],
        &place.path("merged.bdx"),
        &breachdex::MergeOptions::default(),
        &(),
    );
    assert_eq!(said(merged, folder), message);
    assert!(Index::open_with(&path, OpenOptions::new().any_content()).is_ok());
    let opened = Pairs::open(&overlay, place.path("pairs.key"), PairsOptions::default());
    let message = "FOLDER/own.bdx holds no pairs: it is an overlay of passwords; name it as an overlay";
    assert_eq!(said(opened, folder), message);
    let file = PairsFile::at(&overlay, &place.key, PairRules::default());
    assert_eq!(said(file.add([], &()), folder), message);
    let plain = place.path("plain.txt");
    fs::write(&plain, "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:7\n").unwrap();
    let base = place.path("base.bdx");
    breachdex::build(&[breachdex::Input::path(&plain)], &base, &breachdex::BuildOptions::default(), &())
        .unwrap();
    let opened = Pairs::open(&base, place.path("pairs.key"), PairsOptions::default());
    assert_eq!(
        said(opened, folder),
        "FOLDER/base.bdx holds no pairs: it is an index of passwords; name it as an index"
    );
    let opened = Pairs::open(&plain, place.path("pairs.key"), PairsOptions::default());
    assert_eq!(
        said(opened, folder),
        "FOLDER/plain.txt is not a breachdex index: it is a list of hashes; make an index of it with `breachdex build`"
    );
}

#[test]
fn a_damaged_file_is_an_error_and_never_says_that_nothing_is_there() {
    let place = Place::new();
    place.add(&[("taro@example.jp", "sakura2019"), ("jiro", "else")]);
    let path = place.path("pairs.bdx");
    let sound = fs::read(&path).unwrap();
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        fs::remove_file(&path).unwrap();
        fs::write(&path, &bytes).unwrap();
        match place.open().and_then(|pairs| pairs.find("taro@example.jp", b"sakura2019")) {
            // No answer depends on the notes, the hashes and the zeros between groups.
            Ok(found) => assert_eq!(found, Some(breachdex_pairs::PairMatch::Pair), "byte {at}"),
            Err(PairsError::Index(_) | PairsError::UnknownLabel { .. } | PairsError::WrongKey { .. }) => {}
            Err(other) => panic!("byte {at}: {other}"),
        }
        let changed = place.file().add([("saburo", b"new".as_slice())], &());
        assert!(changed.is_err(), "byte {at}: a damaged file is not written again as a sound one");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    for length in [0, 7, 255, sound.len() - 1] {
        fs::write(&path, &sound[..length]).unwrap();
        assert!(matches!(place.open(), Err(PairsError::Index(_))), "{length}");
    }
}

#[test]
fn what_is_removed_takes_with_it_what_no_other_pair_shares() {
    let place = Place::new();
    let file = place.file();
    place.add(&[("taro@example.jp", "one"), ("taro@example.jp", "two"), ("taro@example.com", "one")]);
    let entries = || Index::open_with(file.path(), OpenOptions::new().pairs()).unwrap();
    // Three pairs, two users, two passwords of one local part, and how many there are.
    assert_eq!((entries().len(), entries().metadata().max_count), (3 + 2 + 2 + 1, 3));
    let change =
        file.remove([("taro@example.jp", b"one".as_slice()), ("taro@example.jp", b"three")], &()).unwrap();
    assert_eq!((change.changed, change.unchanged), (1, 1));
    assert_eq!(entries().len(), 2 + 2 + 2 + 1);
    file.remove([("taro@example.com", b"one".as_slice())], &()).unwrap();
    assert_eq!(entries().len(), 1 + 1 + 1 + 1);
    file.remove([("TARO@example.jp", b"two".as_slice())], &()).unwrap();
    assert_eq!(entries().len(), 0);
    assert!(place.open().unwrap().is_empty().unwrap());
}
