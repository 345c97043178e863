//! The rule for exposed pairs, with files of pairs and with lists that give no answer.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use breachdex::{Corpus, Index, LiveIndex, PairList, SourceError};
use breachdex_messages::Language;
use breachdex_pairs::{PairKey, PairRules, Pairs, PairsFile, PairsOptions};
use tempfile::TempDir;

use super::*;
use crate::policy::Candidate;
use crate::{Reason, Rules, Settings, Verdict};

/// A corpus whose pairs are in files of their own.
fn corpus(folder: &TempDir, pairs: &[(&str, &str)]) -> Corpus {
    let number = std::fs::read_dir(folder.path()).unwrap().count();
    let path = |name: &str| folder.path().join(format!("{number}{name}"));
    let key = PairKey::create(path(".key")).unwrap();
    let pairs = pairs.iter().map(|(user, password)| (*user, password.as_bytes()));
    PairsFile::at(path(".bdx"), &key, PairRules::default()).add(pairs, &()).unwrap();
    let list = Pairs::open(path(".bdx"), path(".key"), PairsOptions::default()).unwrap();
    Corpus::from(Index::starter().unwrap()).with_pairs([Arc::new(list) as Arc<dyn PairList>])
}

/// A list that gives no answer.
#[derive(Debug)]
struct Broken;

impl PairList for Broken {
    fn name(&self) -> String {
        String::from("broken.bdx")
    }

    fn find(&self, _: &PairQuestion<'_>) -> Result<Option<PairMatch>, SourceError> {
        let io = std::io::Error::other("no answer");
        Err(breachdex::Error::Io { action: "read", path: "broken.bdx".into(), source: io }.into())
    }

    fn live_index(&self) -> Option<&LiveIndex> {
        None
    }
}

fn rules(text: &str) -> Rules {
    Settings::parse(text, "policy.toml").unwrap().rules
}

fn candidate<'a>(user: &'a str, password: &'a str, event: Event) -> Candidate<'a> {
    Candidate { user_name: Some(user), ..Candidate::new(password, event) }
}

fn judged(rules: &Rules, corpus: &Corpus, candidate: &Candidate<'_>) -> Verdict {
    rules.check(corpus, candidate, |_| ()).unwrap()
}

fn said(verdict: &Verdict) -> Vec<(&'static str, &'static str)> {
    let said = |reason: &Reason| (reason.code().name(), reason.action.name());
    verdict.reasons().iter().map(said).collect()
}

#[test]
fn an_exposed_pair_stands_above_an_exposed_password() {
    let folder = TempDir::new().unwrap();
    let corpus = corpus(&folder, &[("hanako@example.jp", "iloveyou"), ("taro", "zq7kvdwm2019")]);
    for (profile, chosen, log_in) in [
        ("nist", "reject", "force_reset"),
        ("asvs-l1", "reject", "warn"),
        ("asvs-l2", "reject", "force_reset"),
        ("permissive", "warn", "warn"),
    ] {
        let rules =
            rules(&format!("profile = '{profile}'\n[rules]\ncontext_word = false\ntoo_short = false"));
        for (event, action) in
            [(Event::SignUp, chosen), (Event::Change, chosen), (Event::Reset, chosen), (Event::LogIn, log_in)]
        {
            let verdict = judged(&rules, &corpus, &candidate("Hanako@example.jp", "iloveyou", event));
            let first = said(&verdict)[0];
            assert_eq!(first, ("exposed_pair", action), "{profile} {event:?}");
            assert!(said(&verdict).iter().any(|(code, _)| *code == "exposed"), "{profile} {event:?}");
            // Known by the e-mail address alone, and by the local part.
            for (user_name, email) in [(None, Some("hanako@example.jp")), (Some("hanako"), None)] {
                let candidate = Candidate { user_name, email, ..Candidate::new("iloveyou", event) };
                assert_eq!(said(&judged(&rules, &corpus, &candidate))[0], ("exposed_pair", action));
            }
            let similar = judged(&rules, &corpus, &candidate("taro", "zq7kvdwm2020", event));
            assert_eq!(said(&similar), [("exposed_pair", action)], "{profile} {event:?}");
            // Another account, another password, or none that is known.
            for (user, password) in
                [("jiro", "zq7kvdwm2019"), ("taro", "qx81unheardof"), ("", "zq7kvdwm2019")]
            {
                assert!(judged(&rules, &corpus, &candidate(user, password, event)).reasons().is_empty());
            }
            let nobody = judged(&rules, &corpus, &Candidate::new("zq7kvdwm2019", event));
            assert!(nobody.reasons().is_empty());
        }
    }
    let off = rules("profile = 'asvs-l2'\n[rules]\nexposed_pair = false\ncontext_word = false");
    let verdict = judged(&off, &corpus, &candidate("taro", "zq7kvdwm2019", Event::SignUp));
    assert!(verdict.reasons().is_empty());
}

#[test]
fn what_is_said_of_passwords_holds_for_pairs_unless_something_else_is() {
    let action = |text: &str, event| rules(text).action(event, Code::ExposedPair);
    let warns = "[actions.log_in]\nexposed = 'warn'";
    assert_eq!(action(warns, Event::LogIn), Action::Warn);
    assert_eq!(action(warns, Event::Reset), Action::Reject);
    let both = "[actions.log_in]\nexposed_pair = 'reject'\nexposed = 'warn'";
    assert_eq!(action(both, Event::LogIn), Action::Reject);
    assert_eq!(rules(both).action(Event::LogIn, Code::Exposed), Action::Warn);
    assert_eq!(action("[actions.log_in]\nexposed_pair = 'accept'", Event::LogIn), Action::Accept);
    let circle =
        "[actions.reset]\nexposed = 'warn'\n[actions.log_in]\nexposed = 'warn'\nexposed_pair = 'force_reset'";
    assert_eq!(
        Settings::parse(circle, "policy.toml").unwrap_err().to_string(),
        "policy.toml: actions.log_in.exposed_pair is force_reset and actions.reset.exposed_pair is warn: a user could set \
         the same password again and be refused again; set actions.reset.exposed_pair to reject"
    );
}

#[test]
fn messages_say_what_is_known_and_no_more() {
    let folder = TempDir::new().unwrap();
    let corpus = corpus(&folder, &[("taro", "zq7kvdwm2019")]);
    let rules = rules(
        "profile = 'asvs-l2'\n[actions.change]\nexposed_pair = 'warn'\n[actions.log_in]\nexposed_pair = 'notify'",
    );
    let texts = |password, event| {
        let verdict = judged(&rules, &corpus, &candidate("taro", password, event));
        Language::ALL.iter().map(|language| verdict.messages(*language).join("")).collect::<Vec<_>>()
    };
    let words = |text: fn(Words<Passwords>) -> &'static str| {
        Language::ALL.iter().map(|language| text(language.passwords()).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts("zq7kvdwm2019", Event::SignUp), words(|words| words.exposed_pair()));
    assert_eq!(texts("zq7kvdwm2019", Event::Change), words(|words| words.exposed_pair_warning()));
    assert_eq!(texts("zq7kvdwm2019", Event::LogIn), words(|words| words.log_in_warning()));
    for event in Event::ALL {
        assert_eq!(texts("zq7kvdwm2020", event), words(|words| words.similar_exposed()));
    }
    let forced = self::rules("");
    let verdict = judged(&forced, &corpus, &candidate("taro", "zq7kvdwm2019", Event::LogIn));
    assert_eq!(verdict.messages(Language::Ja), [Language::Ja.passwords().force_reset()]);
    assert_eq!(verdict.in_grace().action(), Action::Warn);
}

#[test]
fn a_reason_tells_the_match_and_nothing_else() {
    let found = ExposedPair { found: PairMatch::SimilarPair, is_partial: false };
    assert_eq!(found.facts(), [("match", Fact::Text("similar_pair"))]);
    let partial = ExposedPair { is_partial: true, ..found };
    assert_eq!(partial.facts(), [("match", Fact::Text("similar_pair")), ("partial", Fact::Flag(true))]);
    let facts = [("match", Fact::Text("user_name"))];
    assert_eq!(crate::Finding::from_facts(Code::ExposedPair, &facts), None, "a user name is no reason");
}

#[test]
fn a_list_without_an_answer_is_never_a_list_that_holds_nothing() {
    let folder = TempDir::new().unwrap();
    let broken = || [Arc::new(Broken) as Arc<dyn PairList>];
    let corpus = corpus(&folder, &[("taro", "zq7kvdwm2019")]).with_pairs(broken());
    let raise = rules("profile = 'asvs-l2'\n[rules]\ncontext_word = false");
    let fault = raise.check(&corpus, &candidate("jiro", "zq7kvdwm2019", Event::SignUp), |_| ());
    assert_eq!(fault.unwrap_err().to_string(), "cannot read broken.bdx: no answer");
    let known = judged(&raise, &corpus, &candidate("taro", "zq7kvdwm2019", Event::SignUp));
    assert_eq!(said(&known), [("exposed_pair", "reject")]);
    let similar = judged(&raise, &corpus, &candidate("taro", "zq7kvdwm2020", Event::SignUp));
    let facts = similar.reasons()[0].finding.facts();
    assert_eq!(facts, [("match", Fact::Text("similar_pair")), ("partial", Fact::Flag(true))]);
    // Of a user name alone nothing follows, and what the other list holds is not known.
    assert!(raise.check(&corpus, &candidate("taro", "qx81unheardof", Event::SignUp), |_| ()).is_err());

    let reject = rules("profile = 'asvs-l2'\non_error = 'reject'\n[rules]\ncontext_word = false");
    let refused = judged(&reject, &corpus, &candidate("jiro", "zq7kvdwm2019", Event::LogIn));
    assert_eq!(said(&refused), [("index_unavailable", "reject")]);
    let accept = rules("profile = 'asvs-l2'\non_error = 'accept'\n[rules]\ncontext_word = false");
    let mut reported = 0;
    let accepted = accept.check(&corpus, &candidate("jiro", "zq7kvdwm2019", Event::LogIn), |_| reported += 1);
    assert_eq!(said(&accepted.unwrap()), [("index_unavailable", "accept")]);
    assert_eq!(reported, 1);
    // Nothing is asked of an account of which nothing is known.
    assert!(judged(&raise, &corpus, &Candidate::new("zq7kvdwm2019", Event::SignUp)).accepted());
}

#[test]
fn a_password_beyond_measure_is_asked_as_it_is() {
    let folder = TempDir::new().unwrap();
    let long = "zq7 kv!dwm xp9rt ".repeat(100);
    let corpus = corpus(&folder, &[("taro", &long)]);
    let rules = rules("profile = 'nist'");
    let verdict = judged(&rules, &corpus, &candidate("taro", &long, Event::LogIn));
    assert_eq!(said(&verdict), [("exposed_pair", "force_reset")]);
    let verdict = judged(&rules, &corpus, &candidate("taro", &long, Event::SignUp));
    assert_eq!(said(&verdict), [("too_long", "reject")]);
}
