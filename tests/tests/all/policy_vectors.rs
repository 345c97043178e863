//! What the rules of a policy say, from a file that a plain model wrote and the Python tests read too.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use breachdex::{
    Answer, Corpus, Digest, Entry, FormSet, Kind, PairList, RangeServer, RemoteError, each_form,
};
use breachdex_pairs::{PairKey, PairRules, Pairs, PairsFile, PairsOptions};
use breachdex_policy::{Candidate, Event, Finding, Rules, Settings, TooLong, TooShort, Verdict};

#[derive(serde::Deserialize)]
struct Vectors {
    forms: Vec<Forms>,
    lengths: Vec<Length>,
    context_words: Vec<Words>,
    repetitive: Vec<Repetition>,
    similar: Vec<Similar>,
    verdicts: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Forms {
    password: String,
    wanted: Vec<String>,
    stored: Option<String>,
    forms: Vec<(String, String)>,
    unlike: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Length {
    password: String,
    max_length: usize,
    length: usize,
    code: Option<String>,
}

#[derive(serde::Deserialize)]
struct Words {
    password: String,
    user_name: Option<String>,
    email: Option<String>,
    service_name: Option<String>,
    context: Vec<String>,
    source: Option<String>,
}

#[derive(serde::Deserialize)]
struct Repetition {
    password: String,
    repetitive: bool,
}

#[derive(serde::Deserialize)]
struct Similar {
    password: String,
    variations: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Case {
    profile: String,
    mfa: bool,
    event: String,
    password: String,
    user_name: String,
    seen: u64,
    reasons: Vec<(String, String)>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/policy.json")).unwrap()
}

/// A corpus that holds one password.
fn known(password: &str, count: u64) -> Corpus {
    Corpus::builder().server(Arc::new(Known(Digest::sha1(password.as_bytes()), count))).build().unwrap()
}

fn nothing_known() -> Corpus {
    known("nobody has this password", 0)
}

/// A range server that knows one digest, and how often it was seen.
#[derive(Debug)]
struct Known(Digest, u64);

impl RangeServer for Known {
    fn name(&self) -> String {
        String::from("https://ranges.example")
    }

    fn kind(&self) -> Kind {
        Kind::Sha1
    }

    fn lookup_many(&self, digests: &[&Digest]) -> Vec<Result<Answer, RemoteError>> {
        let answer = |digest: &&Digest| match **digest == self.0 && self.1 > 0 {
            true => Ok(Answer::Present { count: Some(self.1) }),
            false => Ok(Answer::Absent),
        };
        digests.iter().map(answer).collect()
    }

    fn range(&self, _: u32) -> Result<Vec<Entry>, RemoteError> {
        Err(RemoteError::new("ranges are not asked for", false))
    }
}

fn rules(text: &str) -> Rules {
    Settings::parse(text, "vectors").unwrap().rules
}

/// A profile that asks the named rule only, and `too_long`, which is never met here.
fn only(rule: &str, more: &str) -> Rules {
    let codes =
        ["too_short", "repetitive", "context_word", "control_character", "exposed", "similar_exposed"];
    let switches: Vec<String> = codes.iter().map(|code| format!("{code} = {}", *code == rule)).collect();
    rules(&format!("profile = 'permissive'\n{more}\n[rules]\n{}", switches.join("\n")))
}

fn judged(rules: &Rules, corpus: &Corpus, candidate: &Candidate<'_>) -> Verdict {
    rules.check(corpus, candidate, |_| ()).unwrap()
}

fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.reasons().iter().map(|reason| reason.code().name()).collect()
}

/// A text as TOML has it, which JSON's way of writing it is too.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn forms_agree() {
    for vector in vectors().forms {
        let wanted: Vec<&str> = vector.wanted.iter().map(String::as_str).collect();
        let mut forms = Vec::new();
        let nothing: Result<Option<()>, ()> =
            each_form(&vector.password, vector.stored.as_deref(), FormSet::of(&wanted), |form, text| {
                forms.push((form.name().to_owned(), text.to_owned()));
                Ok(None)
            });
        assert_eq!(nothing, Ok(None));
        assert_eq!(forms, vector.forms, "{:?}", vector.password);
        for unlike in &vector.unlike {
            assert!(forms.iter().all(|(_, text)| text != unlike), "{:?} is not {unlike:?}", vector.password);
        }
    }
}

#[test]
fn lengths_agree() {
    for vector in vectors().lengths {
        let text =
            format!("profile = 'asvs-l2'\nmax_length = {}\n[rules]\nrepetitive = false", vector.max_length);
        let candidate = Candidate::new(&vector.password, Event::SignUp);
        let verdict = judged(&rules(&text), &nothing_known(), &candidate);
        let expected: Vec<&str> = vector.code.as_deref().into_iter().collect();
        assert_eq!(codes(&verdict), expected, "{:?}", vector.password);
        for reason in verdict.reasons() {
            let length = match reason.finding {
                Finding::TooShort(TooShort { length, min_length: 8 }) => length,
                Finding::TooLong(TooLong { length, max_length }) if max_length == vector.max_length => length,
                other => panic!("{other:?}"),
            };
            assert_eq!(length, vector.length, "{:?}", vector.password);
        }
    }
}

#[test]
fn context_words_agree() {
    for vector in vectors().context_words {
        let service = vector.service_name.as_deref();
        let service = service.map_or_else(String::new, |name| format!("service_name = {}", quoted(name)));
        let words: Vec<String> = vector.context.iter().map(|word| quoted(word)).collect();
        let rules = only("context_word", &format!("{service}\ncontext = [{}]", words.join(", ")));
        let candidate = Candidate {
            user_name: vector.user_name.as_deref(),
            email: vector.email.as_deref(),
            ..Candidate::new(&vector.password, Event::SignUp)
        };
        let verdict = judged(&rules, &nothing_known(), &candidate);
        let source = verdict.reasons().first().and_then(|reason| reason.finding.source());
        assert_eq!(source, vector.source.as_deref(), "{:?} {:?}", vector.password, vector.user_name);
        assert_eq!(verdict.reasons().len(), usize::from(vector.source.is_some()));
    }
}

#[test]
fn repetitions_agree() {
    let rules = only("repetitive", "");
    for vector in vectors().repetitive {
        let verdict = judged(&rules, &nothing_known(), &Candidate::new(&vector.password, Event::SignUp));
        let expected: &[&str] = if vector.repetitive { &["repetitive"] } else { &[] };
        assert_eq!(codes(&verdict), expected, "{:?}", vector.password);
    }
}

#[test]
fn variations_agree() {
    let rules = only("similar_exposed", "");
    for vector in vectors().similar {
        let candidate = Candidate::new(&vector.password, Event::SignUp);
        assert!(codes(&judged(&rules, &nothing_known(), &candidate)).is_empty(), "{:?}", vector.password);
        for held in &vector.variations {
            let verdict = judged(&rules, &known(held, 3), &candidate);
            assert_eq!(codes(&verdict), ["similar_exposed"], "{:?} {held:?}", vector.password);
        }
    }
}

#[test]
fn verdicts_agree() {
    for vector in vectors().verdicts {
        let rules = rules(&format!("profile = '{}'\nmfa = {}", vector.profile, vector.mfa));
        let event = Event::ALL.into_iter().find(|event| event.name() == vector.event).unwrap();
        let candidate =
            Candidate { user_name: Some(&vector.user_name), ..Candidate::new(&vector.password, event) };
        let verdict = judged(&rules, &known(&vector.password, vector.seen), &candidate);
        let name = format!("{} {} {} {}", vector.profile, vector.event, vector.password, vector.seen);
        let reasons: Vec<(String, String)> = verdict
            .reasons()
            .iter()
            .map(|reason| (reason.code().name().to_owned(), reason.action.name().to_owned()))
            .collect();
        assert_eq!(reasons, vector.reasons, "{name}");
        let severest = vector.reasons.first().map_or("accept", |(_, action)| action.as_str());
        assert_eq!(verdict.action().name(), severest, "{name}");
        assert_eq!(verdict.accepted(), !["force_reset", "reject"].contains(&severest), "{name}");
    }
}

#[derive(serde::Deserialize)]
struct PairVectors {
    held: Vec<(String, String)>,
    verdicts: Vec<PairCase>,
}

#[derive(serde::Deserialize)]
struct PairCase {
    profile: String,
    event: String,
    user_name: String,
    password: String,
    reasons: Vec<(String, String)>,
}

#[test]
fn verdicts_about_exposed_pairs_agree() {
    let vectors: PairVectors = serde_json::from_str(include_str!("../../vectors/pairs.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (path, key_path) = (folder.path().join("pairs.bdx"), folder.path().join("pairs.key"));
    let key = PairKey::create(&key_path).unwrap();
    let held = vectors.held.iter().map(|(user, password)| (user.as_str(), password.as_bytes()));
    PairsFile::at(&path, &key, PairRules::default()).add(held, &()).unwrap();
    let list: Arc<dyn PairList> = Arc::new(Pairs::open(&path, &key_path, PairsOptions::default()).unwrap());
    let corpus = nothing_known().with_pairs([list]);
    for vector in vectors.verdicts {
        let rules = rules(&format!("profile = '{}'", vector.profile));
        let event = Event::ALL.into_iter().find(|event| event.name() == vector.event).unwrap();
        let candidate =
            Candidate { user_name: Some(&vector.user_name), ..Candidate::new(&vector.password, event) };
        let verdict = judged(&rules, &corpus, &candidate);
        let reasons: Vec<(String, String)> = verdict
            .reasons()
            .iter()
            .map(|reason| (reason.code().name().to_owned(), reason.action.name().to_owned()))
            .collect();
        let name = format!("{} {} {} {}", vector.profile, vector.event, vector.user_name, vector.password);
        assert_eq!(reasons, vector.reasons, "{name}");
    }
}
