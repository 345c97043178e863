//! What holds for every rule, and the made-up one that CONTRIBUTING.md adds.

use breachdex::{Corpus, Index, Origin, PairMatch};

use super::found::{ControlCharacter, ExposedPair, Exposure, OneCharacter, TooShort, WordSource};
use super::*;
use crate::{Language, Settings};

#[test]
fn codes_are_in_the_order_of_their_names() {
    let names = Code::ALL.map(Code::name);
    assert!(names.is_sorted(), "{names:?}");
    for code in Code::ALL {
        let variant: String = format!("{code:?}").to_lowercase();
        assert_eq!(code.name().replace('_', ""), variant);
    }
}

#[test]
fn a_finding_is_made_of_its_facts_again() {
    let exposure =
        Exposure { count: None, origin: Origin::Overlay, form: breachdex::Form::Nfkc, is_partial: true };
    for finding in [
        Finding::ContextWord(WordSource::Email),
        Finding::ControlCharacter(ControlCharacter),
        Finding::Exposed(exposure),
        Finding::Exposed(Exposure { count: Some(9), is_partial: false, ..exposure }),
        Finding::ExposedPair(ExposedPair { found: PairMatch::Pair, is_partial: false }),
        Finding::ExposedPair(ExposedPair { found: PairMatch::SimilarPair, is_partial: true }),
        Finding::OneCharacter(OneCharacter { times: 3 }),
        Finding::TooShort(TooShort { length: 3, min_length: 8 }),
    ] {
        let facts = finding.facts();
        assert_eq!(Finding::from_facts(finding.code(), &facts), Some(finding));
        let mut more = facts.clone();
        more.push(("more", Fact::Flag(true)));
        assert_eq!(Finding::from_facts(finding.code(), &more), None, "{finding:?}");
        if !facts.is_empty() {
            assert_eq!(Finding::from_facts(finding.code(), &facts[1..]), None, "{finding:?}");
        }
    }
    let facts = Finding::Exposed(exposure).facts();
    let names: Vec<&str> = facts.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["count", "form", "source", "partial"]);
}

/// One file and one line: the rule is read from settings, written, judged, and said in every language.
#[test]
fn a_made_up_rule_judges() {
    let corpus = Corpus::from(Index::starter().expect("starter"));
    let on = "profile = 'asvs-l2'\n[rules]\none_character = true\nexposed = false";
    let rules = Settings::parse(on, "policy.toml").expect("a policy").rules;
    let judged = |password| {
        let candidate = Candidate::new(password, Event::SignUp);
        rules.check(&corpus, &candidate, |_| ()).expect("a verdict")
    };
    let verdict = judged("xxxxxxxxx");
    let [reason] = verdict.reasons() else { panic!("{verdict:?}") };
    assert_eq!((reason.code().name(), reason.action), ("one_character", Action::Reject));
    assert_eq!(reason.finding.facts(), [("times", Fact::Number(Some(9)))]);
    for language in Language::ALL {
        assert_eq!(verdict.messages(*language), [language.passwords().repetitive()]);
    }
    assert!(judged("xxxxxxxxy").accepted());
    assert!(rules.to_toml().contains("\none_character = true\n"), "{}", rules.to_toml());
    assert_eq!(Code::OneCharacter.title(Language::En.reports()), "one_character");
    let off = Settings::parse("profile = 'asvs-l2'", "policy.toml").expect("a policy").rules;
    assert_eq!(off.action(Event::SignUp, Code::OneCharacter), Action::Accept);
}

#[test]
fn contributing_shows_the_made_up_rule_as_it_is() {
    let page = include_str!("../../../../CONTRIBUTING.md");
    assert!(page.contains(include_str!("one_character.rs")));
    assert!(page.contains("    OneCharacter(one_character::OneCharacter),\n"));
}
