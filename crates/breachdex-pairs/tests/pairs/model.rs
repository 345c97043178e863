//! Any list of pairs answers as a plain set of names and passwords does.

use std::collections::BTreeSet;

use breachdex::{FormSet, each_form, for_each_variation};
use breachdex_pairs::{Name, PairMatch, PairRules, Pairs, PairsFile, PairsOptions};
use proptest::collection::vec;
use proptest::prelude::*;

use super::Place;

/// Names of few letters, so that they meet: plain ones, addresses, addresses of a provider with rules.
fn users() -> impl Strategy<Value = String> {
    prop_oneof![
        "[abＡ]{1,2}",
        "[abA]{1,2}@(x|y|X)\\.jp",
        "[ab]{1,2}\\.?[ab]?(\\+z)?@(gmail|googlemail)\\.com",
        Just(String::from(" ")),
    ]
}

fn passwords() -> impl Strategy<Value = String> {
    prop_oneof!["[Pp]ass[0-2]{0,2}!?", "ｐａｓｓ[01]", "か\u{3099}くせい", Just(String::new())]
}

type Set = BTreeSet<(String, Option<String>, String)>;

/// A name in full and without its host.
fn name_of(user: &str, rules: PairRules) -> Option<(String, Option<String>)> {
    let name = Name::of(user, rules)?;
    let local = name.local().filter(|_| rules.local_names).map(str::to_owned);
    Some((name.full().to_owned(), local))
}

/// What a list of plain text would say.
fn expected(set: &Set, rules: PairRules, user: &str, password: &str) -> Option<PairMatch> {
    let (full, local) = name_of(user, rules)?;
    let mut forms = Vec::new();
    let _ = each_form(password, None, FormSet::default(), |_, form| {
        forms.push(form.to_owned());
        Ok::<Option<()>, ()>(None)
    });
    let mut variations = Vec::new();
    for_each_variation(password, |text| variations.push(text.to_owned()));
    let has_host = |full: &str| Name::of(full, rules).is_some_and(|name| name.local().is_some());
    let mut found = None;
    for (held, held_local, held_password) in set {
        let is_same = *held == full;
        // One of both has no host, and is the other's local part.
        let is_other = rules.local_names
            && (!has_host(held) && local.as_ref() == Some(held)
                || !has_host(&full) && held_local.as_ref() == Some(&full));
        let is_near = local.is_some() && *held_local == local;
        let answer = if (is_same || is_other) && forms.contains(held_password) {
            Some(PairMatch::Pair)
        } else if (is_same || is_other) && variations.contains(held_password)
            || is_near && forms.contains(held_password)
        {
            Some(PairMatch::SimilarPair)
        } else if is_same {
            Some(PairMatch::UserName)
        } else {
            None
        };
        found = found.max(answer);
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_answers_as_a_list_of_plain_text(
        steps in vec((any::<bool>(), vec((users(), passwords()), 0..12)), 1..5),
        asked in vec((users(), passwords()), 1..20),
        mail_rules: bool,
        local_names: bool,
    ) {
        let place = Place::new();
        let rules = PairRules { mail_rules, local_names };
        let file = PairsFile::at(place.path("pairs.bdx"), &place.key, rules);
        file.add([], &()).unwrap();
        let mut set = Set::new();
        for (adds, pairs) in &steps {
            let given = || pairs.iter().map(|(user, password)| (user.as_str(), password.as_bytes()));
            let distinct: Set = pairs
                .iter()
                .filter(|(_, password)| !password.is_empty())
                .filter_map(|(user, password)| name_of(user, rules).map(|(full, local)| (full, local, password.clone())))
                .collect();
            let known = distinct.intersection(&set).count() as u64;
            let unknown = distinct.len() as u64 - known;
            let change = if *adds { file.add(given(), &()) } else { file.remove(given(), &()) }.unwrap();
            let (changed, unchanged) = if *adds { (unknown, known) } else { (known, unknown) };
            prop_assert_eq!((change.changed, change.unchanged), (changed, unchanged));
            if *adds {
                set.extend(distinct);
            } else {
                set.retain(|pair| !distinct.contains(pair));
            }
        }
        let pairs = Pairs::open(file.path(), place.path("pairs.key"), PairsOptions::default()).unwrap();
        pairs.live().snapshot().unwrap().verify(&()).unwrap();
        prop_assert_eq!(pairs.len().unwrap(), set.len() as u64);
        let held = steps.iter().flat_map(|(_, pairs)| pairs);
        for (user, password) in asked.iter().chain(held) {
            let found = pairs.find(user, password.as_bytes()).unwrap();
            prop_assert_eq!(found, expected(&set, rules, user, password), "{} {}", user, password);
        }
        if set.is_empty() {
            prop_assert_eq!(pairs.live().snapshot().unwrap().len(), 0, "nothing is left of what was removed");
        }
    }
}

#[test]
fn names_and_passwords_are_told_apart() {
    let place = Place::new();
    place.add(&[("ab", "cpassword"), ("taro@example.jp", "sakura2019"), ("jiro", "sakura2019")]);
    let pairs = place.open().unwrap();
    let found = |user, password: &str| pairs.find(user, password.as_bytes()).unwrap();
    assert_eq!(found("ab", "cpassword"), Some(PairMatch::Pair));
    assert_eq!(found("abc", "password"), None);
    assert_eq!(found("taro@example.jp", "sakura2019"), Some(PairMatch::Pair));
    assert_eq!(found("TARO", "sakura2019"), Some(PairMatch::Pair));
    assert_eq!(found("jiro@example.jp", "sakura2019"), Some(PairMatch::Pair));
    assert_eq!(found("taro@example.com", "sakura2019"), Some(PairMatch::SimilarPair));
    assert_eq!(found("taro@example.jp", "sakura2018"), Some(PairMatch::SimilarPair));
    assert_eq!(found("taro@example.com", "sakura2018"), None);
    assert_eq!(found("taro@example.jp", "else"), Some(PairMatch::UserName));
    assert_eq!(found("taro", "else"), None);
    assert_eq!(found("", "sakura2019"), None);
}

#[test]
fn an_account_with_several_names_has_the_severest_match() {
    use breachdex::{Corpus, PairQuestion};
    use std::sync::Arc;

    let place = Place::new();
    place.add(&[("taro@example.jp", "sakura2019"), ("taro1", "else")]);
    let pairs: Arc<dyn breachdex::PairList> = Arc::new(place.open().unwrap());
    let index = breachdex::Index::open_with(place.path("pairs.bdx"), breachdex::OpenOptions::new().pairs());
    let corpus = Corpus::from(index.unwrap()).with_pairs([pairs]);
    let find = |users: &[&str], password: &str| {
        let finding = corpus.find_pair(&PairQuestion::new(users, password.as_bytes()));
        assert!(finding.fault.is_none());
        finding.found
    };
    assert_eq!(find(&["taro1", "taro@example.jp"], "sakura2019"), Some(PairMatch::Pair));
    assert_eq!(find(&["taro1"], "sakura2019"), Some(PairMatch::UserName));
    assert_eq!(find(&[], "sakura2019"), None);
    assert_eq!(corpus.followed().count(), 2);
}

#[test]
fn passwords_that_are_no_text_are_pairs_too() {
    let place = Place::new();
    place.file().add([("taro", b"\xFF\xFE\x00".as_slice())], &()).unwrap();
    let pairs = place.open().unwrap();
    assert_eq!(pairs.find("taro", b"\xFF\xFE\x00").unwrap(), Some(PairMatch::Pair));
    assert_eq!(pairs.find("taro", b"\xFF\xFE").unwrap(), Some(PairMatch::UserName));
}
