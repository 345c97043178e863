//! The tests of an attestation: of the gate, by passwords made for it, and of the index.

#![forbid(unsafe_code)]

use breachdex::Corpus;
use breachdex_policy::{GateTest, Outcome, Settings};
use serde::Serialize;

use super::facts::IndexFacts;
use crate::failure::Failure;

/// One test, with what was expected and what came. Never has a password.
#[derive(Serialize)]
pub(super) struct Check {
    pub(super) test: &'static str,
    /// When the password is judged; `None` of a test of the index.
    pub(super) event: Option<&'static str>,
    /// The rule that is tried.
    pub(super) rule: Option<&'static str>,
    pub(super) expected: String,
    pub(super) got: String,
    pub(super) passed: bool,
}

/// Runs every test that the policy and the flags ask for.
pub(super) fn run(
    max_age: Option<u32>,
    settings: &Settings,
    corpus: &Corpus,
    index: &IndexFacts,
    overlays: &[IndexFacts],
) -> Result<Vec<Check>, Failure> {
    let mut checks = Vec::new();
    checks.extend(max_age.map(|most| age(index, most)));
    checks.extend(index.is_signature_checked().then(|| Check {
        test: "signature",
        event: None,
        rule: None,
        expected: String::from("signed by a trusted key"),
        got: index.signature_text(),
        // An index without a valid one was refused before.
        passed: true,
    }));
    checks.extend(std::iter::once(index).chain(overlays).filter_map(content));
    let mut random = Random::default();
    let tests = settings.rules.test_gate(corpus, |letters| random.letters(letters));
    random.result?;
    checks.extend(tests.iter().map(Check::of));
    Ok(checks)
}

impl Check {
    fn of(test: &GateTest) -> Self {
        Self {
            test: test.kind.name(),
            event: Some(test.event.name()),
            rule: Some(test.code.name()),
            expected: worded(&test.expected),
            got: test.got.as_ref().map_or_else(|fault| format!("no answer: {fault}"), worded),
            passed: test.passed(),
        }
    }
}

fn worded(outcome: &Outcome) -> String {
    match (outcome.action, outcome.form) {
        (None, _) => String::from("no reason"),
        (Some(action), None) => action.name().to_owned(),
        (Some(action), Some(form)) => format!("{}, form {form}", action.name()),
    }
}

fn age(index: &IndexFacts, most: u32) -> Check {
    let days = index.age_days;
    Check {
        test: "index_age",
        event: None,
        rule: None,
        expected: format!("at most {most} days"),
        got: days.map_or_else(|| String::from("no corpus date"), |days| format!("{days} days")),
        // One day ahead is another time zone; more would pass for new for too long.
        passed: days.is_some_and(|days| (-1..=i64::from(most)).contains(&days)),
    }
}

fn content(index: &IndexFacts) -> Option<Check> {
    let read = index.read.as_ref()?;
    let got =
        read.as_ref().map_or_else(String::clone, |()| String::from("every byte as its content id says"));
    Some(Check {
        test: "content",
        event: None,
        rule: None,
        expected: String::from("every byte as its content id says"),
        got,
        passed: read.is_ok(),
    })
}

/// Random letters of the system; the first fault is kept.
struct Random {
    result: Result<(), Failure>,
}

impl Default for Random {
    fn default() -> Self {
        Self { result: Ok(()) }
    }
}

impl Random {
    fn letters(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        if let Err(error) = getrandom::fill(&mut bytes) {
            self.result = Err(Failure::System { action: "get random bytes", source: error.into() });
        }
        // 26 does not divide 256: some letters are a little likelier, which makes such a password no likelier in a leak.
        bytes.iter().map(|byte| char::from(b'a' + byte % 26)).collect()
    }
}
