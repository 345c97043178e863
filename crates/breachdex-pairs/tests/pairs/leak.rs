//! What files, messages and `Debug` give away: no name, no password, no digest of either without the key, and no key.

use std::fs;

use breachdex::{Digest, Index, Kind, OpenOptions, PairQuestion};
use breachdex_pairs::{Name, PairKey, PairRules, Pairs, PairsFile, PairsOptions};

use super::Place;

const USER: &str = "sentinel-user@example.jp";
const PASSWORD: &str = "sentinel-password-7316";

/// Whether the bytes hold a piece, as it is or in hexadecimal digits of either case.
fn holds(bytes: &[u8], piece: &[u8]) -> bool {
    let hex: String = piece.iter().map(|byte| format!("{byte:02x}")).collect();
    let pieces = [piece.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    pieces.iter().any(|piece| bytes.windows(piece.len()).any(|window| window == &piece[..]))
}

#[test]
fn nothing_of_a_pair_is_in_its_file_in_messages_or_debug() {
    let place = Place::new();
    place.add(&[(USER, PASSWORD), ("taro", "else")]);
    let key = fs::read(place.path("pairs.key")).unwrap();
    let pairs = place.open().unwrap();
    let changes = {
        let file = place.file();
        let mut changes = file.changes();
        changes.push(USER, PASSWORD.as_bytes()).unwrap();
        format!("{changes:?} {file:?}")
    };
    let other = PairKey::create(place.path("other.key")).unwrap();
    let errors = [
        Pairs::open(place.path("pairs.bdx"), place.path("other.key"), PairsOptions::default()).unwrap_err(),
        PairsFile::at(place.path("pairs.bdx"), &other, PairRules::default())
            .add([(USER, PASSWORD.as_bytes())], &())
            .unwrap_err(),
        breachdex_pairs::PairsError::Index(Index::open(place.path("pairs.bdx")).err().unwrap()),
    ];
    let mut texts: Vec<String> = errors.iter().map(|error| format!("{error} {error:?}")).collect();
    let question = [USER];
    texts.push(format!("{:?}", PairQuestion::new(&question, PASSWORD.as_bytes())));
    texts.push(format!("{pairs:?} {:?} {:?}", place.key, Name::of(USER, PairRules::default())));
    texts.push(changes);
    texts.push(format!("{:?}", pairs.find(USER, PASSWORD.as_bytes()).unwrap()));
    let mut everything: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    for entry in fs::read_dir(place.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("pairs.key") && !path.ends_with("other.key") {
            everything.push(fs::read(path).unwrap());
        }
    }
    let sha1 = Digest::sha1(PASSWORD.as_bytes()).to_bytes();
    let ntlm = Digest::ntlm(PASSWORD).to_bytes();
    let secrets: [&[u8]; 9] = [
        PASSWORD.as_bytes(),
        b"sentinel-password",
        USER.as_bytes(),
        b"sentinel-user",
        &sha1[..4],
        &ntlm[..4],
        &Digest::sha1(USER.as_bytes()).to_bytes()[..4],
        &key,
        &key[..8],
    ];
    for secret in secrets {
        for bytes in &everything {
            assert!(!holds(bytes, secret), "{}", String::from_utf8_lossy(bytes));
        }
    }
}

#[test]
fn a_file_without_its_key_answers_no_guess() {
    let place = Place::new();
    place.add(&[(USER, PASSWORD)]);
    let index = Index::open_with(place.path("pairs.bdx"), OpenOptions::new().pairs()).unwrap();
    // What somebody would try who has the file and knows the pair, but no key: digests of it, keyed with nothing.
    for guess in
        [PASSWORD.to_owned(), USER.to_owned(), format!("{USER}:{PASSWORD}"), format!("{USER}{PASSWORD}")]
    {
        assert_eq!(index.count(&Digest::sha1(guess.as_bytes())).unwrap(), 0);
    }
    // The same pair under two keys has no entry in common, so that two files cannot be joined.
    let other = PairKey::create(place.path("other.key")).unwrap();
    PairsFile::at(place.path("other.bdx"), &other, PairRules::default())
        .add([(USER, PASSWORD.as_bytes())], &())
        .unwrap();
    let second = Index::open_with(place.path("other.bdx"), OpenOptions::new().pairs()).unwrap();
    for entry in &index {
        assert_eq!(second.count(&entry.unwrap().digest(Kind::Sha1)).unwrap(), 0);
    }
    assert_eq!((index.len(), second.len()), (4, 4));
}

#[test]
#[cfg(unix)]
fn the_file_and_its_lock_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::new();
    place.add(&[(USER, PASSWORD)]);
    for name in ["pairs.bdx", ".pairs.bdx.breachdex-lock", "pairs.key"] {
        assert_eq!(fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o7777, 0o600, "{name}");
    }
}
