#![allow(clippy::unwrap_used)]

use super::*;
use breachdex::{Day, OnError};

use crate::action::Action;
use crate::event::Event;
use crate::grace::Grace;
use crate::profile::Profile;
use crate::requirements::Scope;
use crate::rules::Code;

fn rules(text: &str) -> Rules {
    Settings::parse(text, "policy.toml").unwrap().rules
}

fn refusal(text: &str) -> String {
    Settings::parse(text, "policy.toml").unwrap_err().to_string()
}

#[test]
fn every_key_is_read() {
    let settings = Settings::parse(
        "profile = 'asvs-l1'\nlanguage = 'ja-JP'\nmin_length = 10\nmax_length = 128\nmin_count = 3\n\
         scope = 'all'\nforms = ['nfkc', 'casefold']\nservice_name = 'Swallow'\ncontext = ['燕屋']\n\
         index = 'pwned.bdx'\noverlays = ['own.bdx']\npairs = ['pairs.bdx']\npair_key = ['a.key', 'b.key']\n\
         test_password = true\n[grace]\ndays = 14\nlog_ins = 5\n\
         [on_error]\nsign_up = 'reject'\n[rules]\nsimilar_exposed = true\n\
         [actions.log_in]\nexposed = 'force_reset'\n",
        "policy.toml",
    )
    .unwrap();
    let rules = settings.rules;
    assert_eq!((rules.min_length, rules.max_length, rules.min_count), (10, 128, 3));
    assert_eq!(rules.language.code(), "ja");
    assert_eq!(rules.scope, Scope::All);
    assert_eq!(rules.forms.names().collect::<Vec<_>>(), ["nfkc", "casefold"]);
    assert_eq!(format!("{:?}", rules.words), "ContextWords(2)");
    assert!(rules.test_password);
    assert_eq!(rules.grace, Some(Grace::Each { days: Some(14), log_ins: Some(5) }));
    assert_eq!(rules.on_error(Event::SignUp), OnError::Reject);
    assert_eq!(rules.on_error(Event::LogIn), OnError::Accept);
    assert_eq!(rules.action(Event::SignUp, Code::SimilarExposed), Action::Reject);
    assert_eq!(rules.action(Event::LogIn, Code::Exposed), Action::ForceReset);
    assert_eq!(settings.index.unwrap(), Path::new("pwned.bdx"));
    assert_eq!(settings.overlays, [Path::new("own.bdx")]);
    assert_eq!(settings.pairs, [Path::new("pairs.bdx")]);
    assert_eq!(settings.pair_keys, [Path::new("a.key"), Path::new("b.key")]);
}

#[test]
fn an_empty_file_is_nist() {
    let empty = rules("");
    assert_eq!((empty.min_length, empty.max_length), (15, 1024));
    assert_eq!(empty.action(Event::Reset, Code::Exposed), Action::Reject);
    assert_eq!(empty.action(Event::LogIn, Code::Exposed), Action::ForceReset);
    assert_eq!(empty.action(Event::LogIn, Code::TooShort), Action::Accept);
    assert_eq!(empty.action(Event::SignUp, Code::Repetitive), Action::Warn);
    assert_eq!(empty.action(Event::SignUp, Code::SimilarExposed), Action::Accept);
    assert_eq!(rules("mfa = true").min_length, 8);
}

#[test]
fn what_is_written_is_what_was_read() {
    for profile in Profile::ALL {
        let words = r#"service_name = "Swallow \"2\" \u0007"
context = ["燕屋", "back\\slash"]"#;
        let first = rules(&format!("profile = '{}'\nmin_count = 2\n{words}", profile.name()));
        assert!(first.to_toml().contains(r#"context = ["燕屋", "back\\slash"]"#), "{}", first.to_toml());
        let text = first.to_toml();
        let second = Settings::parse(&text, "written.toml").unwrap().rules;
        assert_eq!(second.to_toml(), text, "{profile:?}");
        for event in Event::ALL {
            for code in Code::ALL {
                assert_eq!(
                    first.action(event, code),
                    second.action(event, code),
                    "{profile:?} {event:?} {code:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_not_known_is_named_with_the_nearest_that_is() {
    for (text, said) in [
        (
            "profil = 'nist'",
            "policy.toml:1: a policy has no key \"profil\" (the keys are profile, mfa, \
             language, min_length, max_length, min_count, scope, forms, service_name, context, on_error, test_password, grace, index, \
             overlays, pairs, pair_key, rules, actions); did you mean \"profile\"?",
        ),
        (
            "\npairs = ['pairs.bdx']",
            "policy.toml:2: pairs needs pair_key: the key file that they were made with",
        ),
        ("pair_key = 'pairs.key'", "policy.toml:1: pair_key is for pairs: name these too"),
        (
            "\nlanguage = 'jp'",
            "policy.toml:2: language must be one of en, ja, not \"jp\"; did you mean \"ja\"?",
        ),
        (
            "[rules]\nexposd = false",
            "policy.toml:2: rules has no key \"exposd\" (the keys are context_word, \
             control_character, exposed, exposed_pair, one_character, repetitive, similar_exposed, too_long, too_short); did you mean \"exposed\"?",
        ),
        (
            "[actions.login]\nexposed = 'warn'",
            "policy.toml:1: actions has no key \"login\" (the keys are sign_up, change, \
             reset, log_in); did you mean \"log_in\"?",
        ),
        (
            "[actions.log_in]\nexposed = 'forcereset'",
            "policy.toml:2: actions.log_in.exposed must be one of accept, warn, notify, force_reset, reject, not \
             \"forcereset\"; did you mean \"force_reset\"?",
        ),
        (
            "forms = ['nfd']",
            "policy.toml:1: forms must be one of nfc, nfkc, trimmed, visible, casefold, not \"nfd\"; did you mean \"nfc\"?",
        ),
        (
            "[grace]\nday = 3",
            "policy.toml:2: grace has no key \"day\" (the keys are days, log_ins, until); did you mean \"days\"?",
        ),
        ("on_error = 'zzz'", "policy.toml:1: on_error must be one of accept, reject, raise, not \"zzz\""),
    ] {
        assert_eq!(refusal(text), said);
    }
}

#[test]
fn what_is_of_another_type_is_refused() {
    for (text, said) in [
        ("min_length = '15'", "policy.toml:1: min_length must be a whole number, not a string"),
        ("min_length = 1.5", "policy.toml:1: min_length must be a whole number, not a number with a point"),
        ("mfa = 1", "policy.toml:1: mfa must be true or false, not a number"),
        ("context = 'x'", "policy.toml:1: context must be a list of strings, not a string"),
        ("context = [1]", "policy.toml:1: context must be a string, not a number"),
        ("rules = 1", "policy.toml:1: rules must be a table, not a number"),
        ("[actions]\nlog_in = 'warn'", "policy.toml:2: actions.log_in must be a table, not a string"),
        ("min_count = 0", "policy.toml:1: min_count must be 1 or more, not 0"),
    ] {
        assert_eq!(refusal(text), said);
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (text, said) in [
        ("max_length = 63", "policy.toml: max_length must be 64 or more, not 63"),
        (
            "min_length = 100\nmax_length = 64",
            "policy.toml: min_length (100) is more than max_length (64): nothing would do",
        ),
        (
            "[actions.reset]\nexposed = 'force_reset'",
            "policy.toml: actions.reset.exposed cannot be force_reset, which is for log_in; use reject",
        ),
        (
            "[actions.reset]\nexposed = 'warn'",
            "policy.toml: actions.log_in.exposed is force_reset and actions.reset.exposed is warn: a user could set \
             the same password again and be refused again; set actions.reset.exposed to reject",
        ),
        (
            "[actions.log_in]\ntoo_short = 'reject'\n[actions.reset]\ntoo_short = 'accept'",
            "policy.toml: actions.log_in.too_short is reject and actions.reset.too_short is accept: a user could set \
             the same password again and be refused again; set actions.reset.too_short to reject",
        ),
        (
            "[on_error]\nlog_in = 'reject'\nreset = 'accept'",
            "policy.toml: on_error.log_in is reject and on_error.reset is accept: set on_error.reset to reject or raise",
        ),
        (
            "[actions.log_in]\nindex_unavailable = 'reject'",
            "policy.toml:2: actions.log_in.index_unavailable is what on_error is for: set that instead",
        ),
    ] {
        assert_eq!(refusal(text), said);
    }
    let unclear = refusal("profile = \n");
    assert!(unclear.starts_with("policy.toml:1: "), "{unclear}");
}

#[test]
fn paths_are_taken_from_the_files_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    let text = "index = 'pwned.bdx'\noverlays = ['/var/own.bdx', 'more.bdx']\npairs = ['pairs.bdx']\n\
                pair_key = '/var/pairs.key'";
    std::fs::write(&file, text).unwrap();
    let settings = Settings::open(&file).unwrap();
    assert_eq!(settings.index.unwrap(), folder.path().join("pwned.bdx"));
    assert_eq!(settings.overlays, [PathBuf::from("/var/own.bdx"), folder.path().join("more.bdx")]);
    assert_eq!(settings.pairs, [folder.path().join("pairs.bdx")]);
    assert_eq!(settings.pair_keys, [PathBuf::from("/var/pairs.key")]);
    let missing = Settings::open(&folder.path().join("none.toml")).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read ") && missing.contains("none.toml"), "{missing}");
}

#[test]
fn a_mapping_is_refused_without_a_place() {
    let node =
        Node::from(Value::Table(vec![(String::from("profile"), Value::Text(String::from("nits")).into())]));
    assert_eq!(
        Settings::from_node(&node).unwrap_err().to_string(),
        "profile must be one of nist, asvs-l1, asvs-l2, pci, permissive, not \"nits\"; did you mean \"nist\"?"
    );
}

#[test]
fn grace_says_what_is_meant() {
    for (text, said) in [
        ("grace = 14", "policy.toml:1: grace must be a table, not a number"),
        ("[grace]", "policy.toml:1: grace needs days, log_ins or until"),
        ("[grace]\ndays = 0", "policy.toml:2: days must be 1 or more, not 0"),
        (
            "[grace]\nuntil = '2027-02-30'",
            "policy.toml:1: grace.until must be a day as \"2027-01-31\", not \"2027-02-30\"",
        ),
        (
            "[grace]\nuntil = '2027-01-31'\ndays = 3",
            "policy.toml:1: grace.until is one day for all accounts: give it, or days and log_ins",
        ),
        (
            "[grace]\ndays = 3\n[actions.log_in]\nexposed = 'warn'",
            "policy.toml: grace is without effect, because nothing is refused at log_in; set actions.log_in.exposed to \
             force_reset or reject",
        ),
        ("test_password = 1", "policy.toml:1: test_password must be true or false, not a number"),
    ] {
        assert_eq!(refusal(text), said);
    }
    let until = rules("test_password = true\n[grace]\nuntil = '2027-01-31'");
    assert_eq!(until.grace, Day::parse("2027-01-31").map(Grace::Until));
    let again = Settings::parse(&until.to_toml(), "written.toml").unwrap().rules;
    assert_eq!((again.grace, again.test_password), (until.grace, true));
}
