//! The judge against what the standards and the contracts of the rules say.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use breachdex::{
    Answer as Said, CorpusSource, Digest, Entry, Error, Index, Kind, LiveIndex, Origin, RangeServer,
    RemoteError,
};
use proptest::prelude::*;

use super::*;
use crate::{COMMON_COUNT, Language, Settings, TooLong, TooShort};

/// Passwords that are exposed, as plain maps; the base has no answer about a password of `broken`.
#[derive(Default)]
struct Known {
    base: BTreeMap<Vec<u8>, u64>,
    overlay: Vec<Vec<u8>>,
    broken: Vec<Vec<u8>>,
}

impl Known {
    fn of(base: &[(&str, u64)]) -> Self {
        let base = base.iter().map(|(password, count)| (key(password), *count)).collect();
        Self { base, ..Self::default() }
    }

    fn corpus(&self) -> Corpus {
        self.asked_by().0
    }

    /// The corpus, and the list of what its base is asked.
    fn asked_by(&self) -> (Corpus, Arc<Mutex<Vec<Digest>>>) {
        let asked = Arc::default();
        let base = Fake { held: self.base.clone(), broken: self.broken.clone(), asked: Arc::clone(&asked) };
        let held = self.overlay.iter().map(|key| (key.clone(), 1)).collect();
        let overlay: Arc<dyn RangeServer> = Arc::new(Fake { held, ..Fake::default() });
        let builder = Corpus::builder().server(Arc::new(base)).overlay(CorpusSource::Remote(overlay));
        (builder.build().unwrap(), asked)
    }
}

/// A range server over a map.
#[derive(Debug, Default)]
struct Fake {
    held: BTreeMap<Vec<u8>, u64>,
    broken: Vec<Vec<u8>>,
    asked: Arc<Mutex<Vec<Digest>>>,
}

impl RangeServer for Fake {
    fn name(&self) -> String {
        String::from("https://ranges.example")
    }

    fn kind(&self) -> Kind {
        Kind::Sha1
    }

    fn lookup_many(&self, digests: &[&Digest]) -> Vec<Result<Said, RemoteError>> {
        let answer = |digest: &&Digest| {
            self.asked.lock().unwrap().push((*digest).clone());
            let key = digest.to_bytes().to_vec();
            match self.held.get(&key) {
                _ if self.broken.contains(&key) => Err(RemoteError::new("no answer in time", true)),
                Some(count) => Ok(Said::Present { count: Some(*count) }),
                None => Ok(Said::Absent),
            }
        };
        digests.iter().map(answer).collect()
    }

    fn range(&self, _: u32) -> Result<Vec<Entry>, RemoteError> {
        Err(RemoteError::new("ranges are not asked for", false))
    }
}

fn key(password: &str) -> Vec<u8> {
    Digest::sha1(password.as_bytes()).to_bytes().to_vec()
}

fn rules(text: &str) -> Rules {
    Settings::parse(text, "policy.toml").unwrap().rules
}

fn judged(rules: &Rules, known: &Known, password: &str, event: Event) -> Verdict {
    rules.check(&known.corpus(), &Candidate::new(password, event), |_| ()).unwrap()
}

fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.reasons().iter().map(|reason| reason.code().name()).collect()
}

#[test]
fn nist_asks_for_fifteen_alone_and_eight_with_another_factor() {
    let known = Known::default();
    for (text, least) in [("", 15), ("mfa = true", 8), ("profile = 'asvs-l1'", 8), ("profile = 'asvs-l2'", 8)]
    {
        let rules = rules(text);
        let password = "zq7 kv!dwm xp9rt"; // no word, no run
        let short = judged(&rules, &known, &password[..least - 1], Event::SignUp);
        assert_eq!(codes(&short), ["too_short"]);
        assert!(!short.accepted());
        assert!(judged(&rules, &known, &password[..least], Event::SignUp).accepted());
    }
}

#[test]
fn length_is_counted_in_code_points_of_nfc() {
    let rules = rules("mfa = true\nmax_length = 64\n[rules]\nrepetitive = false");
    let length = |password: &str| match judged(&rules, &Known::default(), password, Event::SignUp).reasons() {
        [] => None,
        [reason] => Some(reason.finding),
        more => panic!("{more:?}"),
    };
    assert_eq!(
        length(&"か\u{3099}".repeat(7)),
        Some(Finding::TooShort(TooShort { length: 7, min_length: 8 }))
    );
    assert_eq!(length(&"か\u{3099}".repeat(8)), None);
    assert_eq!(length(&"𠮷".repeat(8)), None);
    assert_eq!(length(&"か\u{3099}".repeat(64)), None);
    assert_eq!(length(&"が".repeat(65)), Some(Finding::TooLong(TooLong { length: 65, max_length: 64 })));
    assert_eq!(length(&"a".repeat(64)), None);
    // Beyond any measure it is counted as it came.
    assert_eq!(
        length(&"か\u{3099}".repeat(513)),
        Some(Finding::TooLong(TooLong { length: 1026, max_length: 64 }))
    );
    assert_eq!(length(&"\u{FDFA}".repeat(64)), None);
}

#[test]
fn at_log_in_a_password_beyond_measure_is_still_looked_up() {
    let long = "x".repeat(2000);
    let known = Known::of(&[(&long, 2)]);
    assert_eq!(codes(&judged(&rules(""), &known, &long, Event::LogIn)), ["exposed"]);
    assert_eq!(codes(&judged(&rules(""), &known, &long, Event::Change)), ["too_long"]);
}

#[test]
fn reasons_come_by_severity_then_code() {
    let known = Known::of(&[("taro1111", 5)]);
    let candidate = Candidate { user_name: Some("taro"), ..Candidate::new("taro1111", Event::SignUp) };
    let verdict = rules("").check(&known.corpus(), &candidate, |_| ()).unwrap();
    assert_eq!(codes(&verdict), ["context_word", "exposed", "too_short"]);
    assert_eq!(verdict.action(), Action::Reject);
    let milder = rules("[actions.sign_up]\ncontext_word = 'notify'\ntoo_short = 'warn'");
    assert_eq!(
        codes(&milder.check(&known.corpus(), &candidate, |_| ()).unwrap()),
        ["exposed", "context_word", "too_short"]
    );
}

#[test]
fn an_exposed_password_says_how() {
    let mut known = Known::of(&[("password", 9), ("パスワード", 3), ("\\tools\\", 1)]);
    known.overlay.push(key("our own leak 1"));
    let rules = rules("profile = 'asvs-l2'\nmin_count = 2\n[rules]\ntoo_short = false");
    let exposure = |password: &str| match judged(&rules, &known, password, Event::Reset).reasons() {
        [Reason { finding: Finding::Exposed(exposure), .. }] => {
            Some((exposure.count, exposure.form.name(), exposure.origin))
        }
        [] => None,
        more => panic!("{more:?}"),
    };
    assert_eq!(exposure("password"), Some((Some(9), "raw", Origin::Base)));
    assert_eq!(exposure("ｐａｓｓｗｏｒｄ"), Some((Some(9), "nfkc", Origin::Base)));
    assert_eq!(exposure("ﾊﾟｽﾜｰﾄﾞ"), Some((Some(3), "nfkc", Origin::Base)));
    assert_eq!(exposure("our own leak 1"), Some((Some(1), "raw", Origin::Overlay)));
    assert_eq!(exposure("¥tools¥"), None, "seen less often than min_count");
}

#[test]
fn control_characters_are_refused_unless_that_is_off() {
    let known = Known::default();
    for password in [
        "zq7 kv!dwm\txp9rt",
        "zq7 kv!dwm xp9rt\0",
        "\u{85}zq7 kv!dwm xp9rt",
        "zq7 kv!dwm xp9rt\u{7f}",
        "\r\nzq7 kv!dwm xp9rt",
    ] {
        for profile in ["nist", "asvs-l1", "asvs-l2", "permissive"] {
            let on = rules(&format!("profile = '{profile}'"));
            for event in [Event::SignUp, Event::Change, Event::Reset] {
                let verdict = judged(&on, &known, password, event);
                assert_eq!(codes(&verdict), ["control_character"], "{password:?}");
                assert_eq!(verdict.accepted(), profile == "permissive", "{password:?}");
            }
            assert!(judged(&on, &known, password, Event::LogIn).reasons().is_empty());
            let off = rules(&format!("profile = '{profile}'\n[rules]\ncontrol_character = false"));
            assert!(judged(&off, &known, password, Event::SignUp).reasons().is_empty());
        }
    }
    for password in
        ["zq7 kv!dwm\u{3000}xp9rt", "zq7 kv!dwm\u{200b}xp9rt", "パスワードの長いことばです。十五文字"]
    {
        assert!(judged(&rules("profile = 'nist'"), &known, password, Event::SignUp).reasons().is_empty());
    }
}

#[test]
fn what_is_cut_off_or_not_shown_hides_no_exposed_password() {
    let known = Known::of(&[("kwak kwak kwak kwak", 4)]);
    let nist = rules("profile = 'nist'");
    for (password, form) in [
        ("kwak kwak kwak kwak ", "trimmed"),
        ("\u{3000}kwak kwak kwak kwak\u{a0}", "trimmed"),
        ("ｋｗａｋ\u{3000}kwak kwak kwak\u{3000}", "trimmed"),
        ("kwak kwak\u{200b} kwak kwak", "visible"),
        ("\u{feff}kwak kwak kwak kwak", "visible"),
        ("\u{202e}ｋｗａｋ kwak kwak kwak\u{202c} ", "visible"),
    ] {
        let verdict = judged(&nist, &known, password, Event::SignUp);
        let [Reason { finding: Finding::Exposed(exposure), .. }] = verdict.reasons() else {
            panic!("{password:?}")
        };
        assert_eq!(exposure.form.name(), form, "{password:?}");
        assert_eq!(
            verdict.messages(Language::Ja),
            [
                "このパスワードは、前後の空白や画面に表示されない文字を除くと、過去に流出したパスワードと同じです。別のパスワードを設定してください。"
            ]
        );
        let old = rules("profile = 'nist'\nforms = ['nfc', 'nfkc']");
        assert!(judged(&old, &known, password, Event::SignUp).accepted(), "{password:?}");
    }
}

#[test]
fn asvs_level_1_refuses_common_passwords_only() {
    let known = Known::of(&[("seen once or twice", 2), ("seen by everybody", COMMON_COUNT)]);
    let level_1 = rules("profile = 'asvs-l1'");
    assert!(judged(&level_1, &known, "seen once or twice", Event::SignUp).accepted());
    assert_eq!(codes(&judged(&level_1, &known, "seen by everybody", Event::SignUp)), ["exposed"]);
    assert_eq!(codes(&judged(&level_1, &known, "iloveyou", Event::SignUp)), ["exposed"], "of the list");
    let level_2 = rules("profile = 'asvs-l2'");
    assert_eq!(codes(&judged(&level_2, &known, "seen once or twice", Event::SignUp)), ["exposed"]);
}

#[test]
fn permissive_warns_of_everything_and_refuses_nothing() {
    let known = Known::of(&[("taro1111", 5)]);
    for event in Event::ALL {
        let candidate = Candidate { user_name: Some("taro"), ..Candidate::new("taro1111", event) };
        let verdict = rules("profile = 'permissive'").check(&known.corpus(), &candidate, |_| ()).unwrap();
        assert!(verdict.accepted() && verdict.action() == Action::Warn, "{event:?}");
    }
}

#[test]
fn there_are_no_composition_rules() {
    let known = Known::default();
    for password in [
        "onlylowercaseletters",
        "漢字だけの長いあいことばですよね",
        "                z",
        "🐈🐕🐇🦜🐢🦎🐍🐊🐖🐏🐄🐎🦌🦒🦓",
    ] {
        assert!(judged(&rules(""), &known, password, Event::SignUp).accepted(), "{password}");
    }
    assert!(
        judged(&rules(""), &known, "the password is password", Event::SignUp).accepted(),
        "entire passwords only"
    );
}

#[test]
fn similar_passwords_are_refused_on_demand() {
    let known = Known::of(&[("Blue-Kettle-10", 2), ("harvest moon", 1)]);
    let off = rules("profile = 'asvs-l2'");
    let on = rules("profile = 'asvs-l2'\n[rules]\nsimilar_exposed = true");
    for password in [
        "blue-Kettle-10",
        "Blue-Kettle-11",
        "Blue-Kettle-9",
        "Blue-Kettle-10!",
        "h4rv3st moon",
        "harvest moon2026!",
    ] {
        assert!(judged(&off, &known, password, Event::SignUp).accepted(), "{password}");
        assert_eq!(codes(&judged(&on, &known, password, Event::SignUp)), ["similar_exposed"], "{password}");
    }
    assert_eq!(codes(&judged(&on, &known, "Blue-Kettle-10", Event::SignUp)), ["exposed"]);
    assert_eq!(codes(&judged(&on, &known, "iloveyuo1", Event::SignUp)), Vec::<&str>::new());
    assert_eq!(
        codes(&judged(&on, &known, "passwort", Event::SignUp)),
        ["similar_exposed"],
        "one edit from a common one"
    );
}

#[test]
fn a_fault_is_what_on_error_says() {
    let mut known = Known::default();
    let password = "zq7 kv!dwm xp9rt";
    known.broken.push(key(password));
    let asked = |text: &str| {
        let mut reported = 0;
        let verdict =
            rules(text).check(&known.corpus(), &Candidate::new(password, Event::Change), |_| reported += 1);
        verdict.map(|verdict| (verdict.action(), codes(&verdict), reported))
    };
    assert!(asked("").is_err());
    assert_eq!(asked("on_error = 'reject'").unwrap(), (Action::Reject, vec!["index_unavailable"], 1));
    assert_eq!(asked("on_error = 'accept'").unwrap(), (Action::Accept, vec!["index_unavailable"], 1));
    let at_log_in =
        rules("").check(&known.corpus(), &Candidate::new(password, Event::LogIn), |_| ()).unwrap();
    assert!(at_log_in.accepted());
}

#[test]
fn two_faults_are_one_reason() {
    // The composed form is exposed by an overlay, the one that was typed and a variation have no answer.
    let mut known = Known::default();
    known.overlay.push(key("がbcdefg1"));
    known.broken = vec![key("か\u{3099}bcdefg1"), key("か\u{3099}bcdefg")];
    let text = "profile = 'permissive'\non_error = 'reject'\n[rules]\nsimilar_exposed = true\n\
                [actions.sign_up]\nsimilar_exposed = 'notify'";
    let verdict = judged(&rules(text), &known, "か\u{3099}bcdefg1", Event::SignUp);
    assert_eq!(codes(&verdict), ["index_unavailable", "exposed"]);
}

#[test]
fn a_similar_password_that_is_let_pass_hides_no_fault() {
    // One variation is exposed and only warned of, another has no answer and might be worse.
    let known = Known { broken: vec![key("Zebrakettle7!")], ..Known::of(&[("zebrakettle7", 3)]) };
    let text = "profile = 'permissive'\non_error = 'reject'\n[rules]\nsimilar_exposed = true";
    let verdict = judged(&rules(text), &known, "zebrakettle7!", Event::SignUp);
    assert_eq!(codes(&verdict), ["index_unavailable", "similar_exposed"]);
}

#[test]
fn what_is_no_fault_of_the_moment_is_always_raised() {
    let index = LiveIndex::new(Index::starter().unwrap());
    let corpus = Corpus::from(index.clone());
    index.close();
    for on_error in ["accept", "reject", "raise"] {
        let rules = rules(&format!("on_error = '{on_error}'"));
        let asked = rules.check(&corpus, &Candidate::new("password", Event::LogIn), |_| ());
        assert!(matches!(asked, Err(SourceError::Index(Error::Closed { .. }))), "{on_error}");
    }
}

#[test]
fn whoever_is_let_pass_is_not_told_that_it_cannot_be_used() {
    let known = Known::of(&[("taro1111", 5)]);
    let candidate = Candidate { user_name: Some("taro"), ..Candidate::new("taro1111", Event::SignUp) };
    let verdict = rules("profile = 'permissive'").check(&known.corpus(), &candidate, |_| ()).unwrap();
    assert_eq!(
        verdict.messages(Language::Ja),
        [
            "ユーザー名、メールアドレス、サービス名などから推測されやすいパスワードです。別のパスワードをおすすめします。",
            "このパスワードは、過去に流出したパスワードの一覧に含まれています。ほかのサービスで使っていない、別のパスワードをおすすめします。",
        ]
    );
    for language in Language::ALL {
        for text in verdict.messages(*language) {
            assert!(!text.contains("使用できません") && !text.contains("cannot be used"), "{text}");
        }
    }
}

#[test]
fn nothing_takes_long() {
    // Compatibility characters grow eighteenfold in NFKC, and every part of a name is a word.
    let long = format!("{}x", "\u{FDFA}".repeat(1023));
    let name = "\u{FDFA}.".repeat(128);
    let parts = "aaaa.".repeat(102);
    let rules = rules("[rules]\nsimilar_exposed = true");
    for (password, name) in
        [(long.as_str(), name.as_str()), (&"aaaa".repeat(255), &parts), (&"ab".repeat(512), &parts)]
    {
        let candidate =
            Candidate { user_name: Some(name), email: Some(name), ..Candidate::new(password, Event::SignUp) };
        for _ in 0..20 {
            rules.check(&Known::default().corpus(), &candidate, |_| ()).unwrap();
        }
    }
}

#[test]
fn messages_are_one_a_reason() {
    let known = Known::of(&[("password", 9)]);
    let verdict = judged(&rules(""), &known, "ｐａｓｓｗｏｒｄ", Event::SignUp);
    assert_eq!(
        verdict.messages(Language::Ja),
        [
            "このパスワードは、全角と半角などの表記の違いを除くと、過去に流出したパスワードと同じです。別のパスワードを設定してください。",
            "パスワードが短すぎます。15文字以上で設定してください（現在8文字）。",
        ]
    );
    assert_eq!(
        judged(&rules(""), &known, "password", Event::LogIn).messages(Language::En),
        [
            "For your safety, your password has to be reset. Please follow the instructions sent to the e-mail address you registered."
        ]
    );
}

#[test]
fn nothing_repeats_the_password() {
    let candidate =
        Candidate { user_name: Some("sentinel-user"), ..Candidate::new("sentinel-7419", Event::SignUp) };
    let known = Known::of(&[("sentinel-7419", 1)]);
    let strict = rules("service_name = 'sentinel-7419'\n[rules]\nsimilar_exposed = true");
    let verdict = strict.check(&known.corpus(), &candidate, |_| ()).unwrap();
    let said = format!("{candidate:?} {verdict:?} {strict:?} {:?}", verdict.messages(Language::En));
    for secret in ["sentinel", "7419", "744b"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn a_real_index_is_asked() {
    let corpus = Corpus::from(Index::starter().unwrap());
    let verdict = rules("").check(&corpus, &Candidate::new("password", Event::SignUp), |_| ()).unwrap();
    assert_eq!(codes(&verdict), ["exposed", "too_short"]);
}

/// Words to make passwords of, so that rules meet.
fn passwords() -> impl Strategy<Value = String> {
    prop_oneof!["(taro|password|ｐａｓｓ|か\u{3099}|P4ss|¥a){1,4}[0-9]{0,3}!?", "\\PC{0,20}",]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    /// More knowledge, more words and more forms never let through what was refused.
    #[test]
    fn adding_anything_never_accepts_what_was_refused(
        password in passwords(),
        base in proptest::collection::vec(passwords(), 0..4),
        overlay in proptest::collection::vec(passwords(), 0..3),
        broken in proptest::collection::vec(passwords(), 0..2),
        word in "[a-z]{3,8}|taro",
        on_error in "accept|reject",
        exposed in "warn|reject",
        event in prop_oneof![Just(Event::SignUp), Just(Event::Change), Just(Event::Reset)],
        password_is_known in 0..4_u8,
    ) {
        let mut known = Known { base: base.iter().map(|text| (key(text), 3)).collect(), ..Known::default() };
        known.broken = broken.iter().map(|text| key(text)).collect();
        if password_is_known == 1 {
            known.base.insert(key(&password), 3);
        }
        if password_is_known == 2 {
            known.broken.push(key(&password));
        }
        let text = |more: &str, forms: &str| format!(
            "profile = 'asvs-l2'\non_error = '{on_error}'\nforms = [{forms}]\n{more}\n[rules]\nsimilar_exposed = true\n\
             [actions.log_in]\nexposed = 'warn'\n\
             [actions.sign_up]\nexposed = '{exposed}'\n[actions.change]\nexposed = '{exposed}'\n[actions.reset]\nexposed = '{exposed}'"
        );
        let before = judged(&rules(&text("", "'nfc'")), &known, &password, event);
        let with_word = judged(&rules(&text(&format!("context = ['{word}']"), "'nfc'")), &known, &password, event);
        let with_forms = judged(&rules(&text("", "'nfc', 'nfkc', 'casefold'")), &known, &password, event);
        known.overlay = overlay.iter().map(|text| key(text)).collect();
        let with_overlay = judged(&rules(&text("", "'nfc'")), &known, &password, event);
        known.base.extend(overlay.iter().map(|text| (key(text), 7)));
        let with_more = judged(&rules(&text("", "'nfc'")), &known, &password, event);
        for after in [with_word, with_forms, with_overlay, with_more] {
            prop_assert!(before.accepted() || !after.accepted(), "{before:?} {after:?}");
        }
    }

    /// Who has had the answers to all questions before is asked for no other one.
    #[test]
    fn questions_are_all_that_is_asked(
        password in passwords(),
        stored in proptest::option::of("\\PC{0,8}"),
        profile in "nist|asvs-l1|asvs-l2",
        similar in any::<bool>(),
        event in 0..4_usize,
    ) {
        let rules = rules(&format!("profile = '{profile}'\n[rules]\nsimilar_exposed = {similar}"));
        let candidate = Candidate { stored: stored.as_deref(), ..Candidate::new(&password, Event::ALL[event]) };
        let questions = rules.questions(Kind::Sha1, &candidate).unwrap();
        let digests: Vec<&Digest> =
            questions.iter().flat_map(Question::forms).map(|(_, digest)| digest).collect();
        let (corpus, asked) = Known::default().asked_by();
        let _ = rules.check(&corpus, &candidate, |_| ()).unwrap();
        for digest in asked.lock().unwrap().iter() {
            prop_assert!(digests.contains(&digest));
        }
    }

    /// A question without an answer is never "not exposed", unless that was chosen.
    #[test]
    fn a_fault_never_accepts_by_itself(password in "[a-z]{8,20}", event in 0..4_usize) {
        let known = Known { broken: vec![key(&password)], ..Known::default() };
        let event = Event::ALL[event];
        let verdict = rules("mfa = true\non_error = 'reject'").check(&known.corpus(), &Candidate::new(&password, event), |_| ());
        prop_assert!(!verdict.unwrap().accepted());
        prop_assert!(rules("on_error = 'raise'").check(&known.corpus(), &Candidate::new(&password, event), |_| ()).is_err());
    }

    /// Truncation never happens: a longer password is another one.
    #[test]
    fn what_comes_behind_counts(password in "[a-z]{64,200}") {
        let known = Known::of(&[(&password[..72.min(password.len() - 1)], 3), (&password[..64], 3)]);
        let verdict = judged(&rules("[rules]\nrepetitive = false"), &known, &password, Event::SignUp);
        prop_assert!(password.len() == 64 || verdict.accepted());
    }
}

/// The test password is refused as an exposed one is, in every profile and at every event, if that is on.
#[test]
fn the_test_password_takes_the_whole_path() {
    let known = Known::of(&[("correct horse battery staple", 9)]);
    for profile in ["nist", "asvs-l1", "asvs-l2"] {
        let on = rules(&format!("profile = '{profile}'\ntest_password = true"));
        for event in Event::ALL {
            let candidate = Candidate::new(breachdex::TEST_PASSWORD, event);
            let verdict = on.check(&known.corpus(), &candidate, |_| ()).unwrap();
            assert_eq!(codes(&verdict), ["exposed"], "{profile}");
            assert_eq!(verdict.action(), on.action(event, Code::Exposed));
            let off = rules(&format!("profile = '{profile}'"));
            assert!(off.check(&known.corpus(), &candidate, |_| ()).unwrap().reasons().is_empty());
        }
    }
}

/// In grace a refusal is a warning, with a warning's words; an index that gives no answer stays a refusal.
#[test]
fn grace_makes_a_warning_of_a_refusal() {
    let mut known = Known::of(&[("correct horse battery staple", 9)]);
    let rules = rules("[on_error]\nlog_in = 'reject'");
    let judged = |known: &Known| {
        let candidate = Candidate::new("correct horse battery staple", Event::LogIn);
        rules.check(&known.corpus(), &candidate, |_| ()).unwrap()
    };
    let verdict = judged(&known);
    assert_eq!((verdict.action(), verdict.in_grace().action()), (Action::ForceReset, Action::Warn));
    assert!(verdict.in_grace().messages(Language::En)[0].contains("change it soon"));
    known.base.clear();
    known.broken.push(key("correct horse battery staple"));
    assert_eq!(judged(&known).in_grace().action(), Action::Reject);
}
