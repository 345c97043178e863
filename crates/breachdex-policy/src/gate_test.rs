//! Tests of a policy and its corpus by passwords that are made for it: what evidence for an auditor rests on.

#![forbid(unsafe_code)]

use breachdex::{Corpus, TEST_PASSWORD};

use crate::action::Action;
use crate::event::Event;
use crate::policy::Candidate;
use crate::requirements::Rules;
use crate::rules::{Code, Finding};

/// A password that every corpus of leaked passwords holds.
const KNOWN_EXPOSED: &str = "password";

/// The same as a Japanese keyboard writes it in full width.
const FORM_VARIANT: &str = "ｐａｓｓｗｏｒｄ";

/// Letters of a random password, where no other length is tried.
const RANDOM_LETTERS: usize = 24;

/// Letters of a made-up user name.
const NAME_LETTERS: usize = 10;

/// What a test tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GateTestKind {
    /// [`TEST_PASSWORD`], with the policy's switch for it on: from the policy to the verdict, whatever the index holds.
    TestPassword,
    /// A password that every corpus holds: the index is there and answers.
    KnownExposed,
    /// The same in full width, if the policy looks up that form.
    FormVariant,
    /// A random password, which is in no corpus: good passwords are not refused.
    RandomPassword,
    /// A random password that is one character too short.
    TooShort,
    /// One of just the least length.
    LeastLength,
    /// A made-up user name with a year behind it.
    ContextWord,
}

impl GateTestKind {
    /// Every kind, in the order in which they are run.
    pub const ALL: [Self; 7] = [
        Self::TestPassword,
        Self::KnownExposed,
        Self::FormVariant,
        Self::RandomPassword,
        Self::TooShort,
        Self::LeastLength,
        Self::ContextWord,
    ];

    /// `test_password`, `known_exposed` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TestPassword => "test_password",
            Self::KnownExposed => "known_exposed",
            Self::FormVariant => "form_variant",
            Self::RandomPassword => "random_password",
            Self::TooShort => "too_short",
            Self::LeastLength => "least_length",
            Self::ContextWord => "context_word",
        }
    }

    /// The rule that is tried.
    const fn code(self) -> Code {
        match self {
            Self::TestPassword | Self::KnownExposed | Self::FormVariant | Self::RandomPassword => {
                Code::Exposed
            }
            Self::TooShort | Self::LeastLength => Code::TooShort,
            Self::ContextWord => Code::ContextWord,
        }
    }

    /// Whether the rule has to find something.
    const fn must_find(self) -> bool {
        !matches!(self, Self::RandomPassword | Self::LeastLength)
    }

    /// Whether the form of an exposed password is part of what is expected.
    const fn form(self) -> Option<&'static str> {
        match self {
            Self::KnownExposed => Some("raw"),
            Self::FormVariant => Some("nfkc"),
            _ => None,
        }
    }

    /// Whether a policy demands at all what is tried.
    fn applies(self, rules: &Rules) -> bool {
        match self {
            Self::FormVariant => rules.forms.names().any(|name| name == "nfkc"),
            Self::TooShort => rules.min_length > 1,
            _ => true,
        }
    }
}

/// What the rule that is tried did: its action, and the form of an exposed password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The action for the reason; `None` without the reason.
    pub action: Option<Action>,
    /// The form in which the password is exposed, where that is tried.
    pub form: Option<&'static str>,
}

/// One test: what a policy has to answer by its own rules, and what it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateTest {
    /// What was tried.
    pub kind: GateTestKind,
    /// When.
    pub event: Event,
    /// The rule that was tried.
    pub code: Code,
    /// What the policy says for it.
    pub expected: Outcome,
    /// What it answered, or why it did not.
    pub got: Result<Outcome, String>,
}

impl GateTest {
    /// Whether the answer is the expected one.
    pub fn passed(&self) -> bool {
        self.got.as_ref() == Ok(&self.expected)
    }
}

impl Rules {
    /// Tests this policy with a corpus: every rule that is tried, at every event at which the policy has an action for it.
    ///
    /// `random` returns so many random lower-case letters. Passwords of people are not needed, and none is kept.
    ///
    /// ```
    /// use breachdex::{Corpus, Index};
    /// use breachdex_policy::Settings;
    /// let rules = Settings::parse("profile = 'nist'", "policy.toml")?.rules;
    /// let tests = rules.test_gate(&Corpus::from(Index::starter()?), |letters| "qvxkzj".repeat(20)[..letters].to_owned());
    /// assert!(tests.iter().all(|test| test.passed()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn test_gate(&self, corpus: &Corpus, mut random: impl FnMut(usize) -> String) -> Vec<GateTest> {
        let mut tests = Vec::new();
        for event in Event::ALL {
            for kind in GateTestKind::ALL {
                let action = self.action(event, kind.code());
                if action != Action::Accept && kind.applies(self) {
                    tests.push(self.test(corpus, kind, event, action, &mut random));
                }
            }
        }
        tests
    }

    fn test(
        &self,
        corpus: &Corpus,
        kind: GateTestKind,
        event: Event,
        action: Action,
        random: &mut impl FnMut(usize) -> String,
    ) -> GateTest {
        let mut user_name = None;
        let password = match kind {
            GateTestKind::TestPassword => TEST_PASSWORD.to_owned(),
            GateTestKind::KnownExposed => KNOWN_EXPOSED.to_owned(),
            GateTestKind::FormVariant => FORM_VARIANT.to_owned(),
            GateTestKind::RandomPassword => random(RANDOM_LETTERS.max(self.min_length)),
            GateTestKind::TooShort => random(self.min_length - 1),
            GateTestKind::LeastLength => random(self.min_length),
            GateTestKind::ContextWord => {
                let name = random(NAME_LETTERS);
                let password = format!("{name}2026");
                user_name = Some(name);
                password
            }
        };
        let mut rules = self.clone();
        rules.test_password = kind == GateTestKind::TestPassword;
        let candidate =
            Candidate { user_name: user_name.as_deref(), ..Candidate::new(password.as_str(), event) };
        let mut fault = None;
        let verdict = rules.check(corpus, &candidate, |error| fault = Some(error.to_string()));
        let got = match (verdict, fault) {
            (Err(error), _) => Err(error.to_string()),
            // Accepted or refused by `on_error`: nothing was looked up.
            (Ok(_), Some(fault)) => Err(fault),
            (Ok(verdict), None) => {
                let reason = verdict.reasons().iter().find(|reason| reason.code() == kind.code());
                let form = |finding: &Finding| match finding {
                    Finding::Exposed(exposure) if kind.form().is_some() => Some(exposure.form.name()),
                    _ => None,
                };
                Ok(Outcome {
                    action: reason.map(|reason| reason.action),
                    form: reason.and_then(|reason| form(&reason.finding)),
                })
            }
        };
        let expected = match kind.must_find() {
            true => Outcome { action: Some(action), form: kind.form() },
            false => Outcome { action: None, form: None },
        };
        GateTest { kind, event, code: kind.code(), expected, got }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use breachdex::{BuildOptions, Format, Index, Input};

    use super::*;
    use crate::Settings;

    fn letters(count: usize) -> String {
        "qvxkzjwb".repeat(count / 8 + 1)[..count].to_owned()
    }

    fn tests(text: &str, corpus: &Corpus) -> Vec<GateTest> {
        Settings::parse(text, "policy.toml").unwrap().rules.test_gate(corpus, letters)
    }

    fn holding(passwords: &[&str]) -> Corpus {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list.txt");
        std::fs::write(&list, passwords.join("\n")).unwrap();
        let target = folder.path().join("a.bdx");
        let input = Input { format: Some(Format::Passwords), ..Input::path(&list) };
        breachdex::build(&[input], &target, &BuildOptions::default(), &()).unwrap();
        Corpus::from(Index::open(&target).unwrap())
    }

    #[cfg(feature = "starter")]
    #[test]
    fn every_profile_passes_on_a_sound_index() {
        let corpus = Corpus::from(Index::starter().unwrap());
        for profile in crate::Profile::ALL {
            let tests = tests(&format!("profile = '{}'", profile.name()), &corpus);
            assert!(tests.iter().all(GateTest::passed), "{profile:?}: {tests:?}");
            let tried: Vec<_> =
                tests.iter().filter(|test| test.event == Event::LogIn).map(|test| test.kind).collect();
            use GateTestKind as Kind;
            assert_eq!(
                tried,
                [Kind::TestPassword, Kind::KnownExposed, Kind::FormVariant, Kind::RandomPassword]
            );
        }
    }

    #[test]
    fn an_index_without_the_commonest_password_fails_by_name() {
        let failed: Vec<_> = tests("on_error = 'raise'", &holding(&["somebody's own"]))
            .into_iter()
            .filter(|test| !test.passed())
            .map(|test| (test.event, test.kind.name()))
            .collect();
        let expected: Vec<_> = Event::ALL
            .into_iter()
            .flat_map(|event| ["known_exposed", "form_variant"].map(|name| (event, name)))
            .collect();
        assert_eq!(failed, expected);
    }

    #[test]
    fn an_index_that_holds_everything_fails_for_the_random_password() {
        let corpus = holding(&["password", &letters(RANDOM_LETTERS)]);
        let failed: Vec<_> = tests("", &corpus).into_iter().filter(|test| !test.passed()).collect();
        assert_eq!(failed.len(), Event::ALL.len());
        assert!(failed.iter().all(|test| test.kind == GateTestKind::RandomPassword));
    }

    #[test]
    fn what_a_policy_does_not_demand_is_not_tried() {
        let text = "forms = []\nmin_length = 1\n[rules]\ncontext_word = false";
        let kinds: Vec<_> = tests(text, &holding(&["password"]))
            .into_iter()
            .filter(|test| test.event == Event::SignUp)
            .map(|test| test.kind.name())
            .collect();
        assert_eq!(kinds, ["test_password", "known_exposed", "random_password", "least_length"]);
    }

    #[test]
    fn a_fault_is_no_answer_even_where_it_is_accepted() {
        let broken = holding(&["password"]);
        broken.live_indexes().for_each(breachdex::LiveIndex::close);
        let tests = tests("on_error = 'accept'", &broken);
        // The test password has a source of its own, which answers whatever the index does.
        let (own, asked): (Vec<_>, Vec<_>) =
            tests.iter().partition(|test| test.kind == GateTestKind::TestPassword);
        assert!(own.iter().all(|test| test.passed()), "{own:?}");
        assert!(asked.iter().all(|test| test.got.is_err()), "{asked:?}");
    }
}
