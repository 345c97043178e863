//! A file that is replaced while it is asked.

use std::fs;

use breachdex_pairs::{PairKey, PairMatch, PairRules, PairsFile};

use super::Place;

#[test]
fn a_replaced_file_is_followed_and_one_under_another_key_is_not() {
    let place = Place::new();
    place.add(&[("taro", "sakura2019")]);
    let pairs = place.open().unwrap();
    let find = |user| pairs.find(user, b"sakura2019").unwrap();
    assert_eq!((find("taro"), find("jiro")), (Some(PairMatch::Pair), None));
    place.add(&[("jiro", "sakura2019")]);
    assert!(pairs.live().reload_if_changed(&()).unwrap());
    assert_eq!(find("jiro"), Some(PairMatch::Pair));

    // Under another key, with other rules, or an overlay of passwords: the previous one stays in use, and says why.
    let other = PairKey::create(place.path("other.key")).unwrap();
    let next = place.path("next.bdx");
    let others = "holds pairs under another key, or with other rules for user names, than before; put a file there that \
                  was made with the same key, or name both files";
    let strict = PairRules { mail_rules: false, ..PairRules::default() };
    for (key, rules) in [(&other, PairRules::default()), (&place.key, strict)] {
        PairsFile::at(&next, key, rules).add([("saburo", b"sakura2019".as_slice())], &()).unwrap();
        fs::rename(&next, place.path("pairs.bdx")).unwrap();
        assert!(!pairs.live().reload_if_changed(&()).unwrap());
        assert_eq!((find("taro"), find("saburo")), (Some(PairMatch::Pair), None));
        let said = pairs.live().reload_error().unwrap().to_string();
        assert_eq!(said, format!("{} {others}", place.path("pairs.bdx").display()));
    }
    let overlay = breachdex::OverlayFile::at(&next);
    overlay.add(breachdex::Kind::Sha1, &[], &()).unwrap();
    fs::rename(&next, place.path("pairs.bdx")).unwrap();
    assert!(!pairs.live().reload_if_changed(&()).unwrap());
    assert!(pairs.live().reload_error().unwrap().to_string().contains("holds no pairs: it is an overlay"));
    assert_eq!(find("taro"), Some(PairMatch::Pair));

    fs::remove_file(place.path("pairs.bdx")).unwrap();
    place.add(&[("shiro", "sakura2019")]);
    assert!(pairs.live().reload_if_changed(&()).unwrap());
    assert_eq!((find("taro"), find("shiro")), (None, Some(PairMatch::Pair)));
}

#[test]
fn a_file_that_is_changed_in_place_is_an_error() {
    let place = Place::new();
    place.add(&[("taro", "sakura2019")]);
    let pairs = place.open().unwrap();
    let path = place.path("pairs.bdx");
    let mut bytes = fs::read(&path).unwrap();
    bytes.push(0);
    fs::write(&path, bytes).unwrap();
    assert!(pairs.live().reload_if_changed(&()).is_err());
    assert!(pairs.find("taro", b"sakura2019").is_err());
}
