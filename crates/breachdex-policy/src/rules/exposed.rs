//! Passwords in leaked data: the index, its overlays, or the list of common passwords has them.

#![forbid(unsafe_code)]

use breachdex::{Form, FormSet, Kind, Origin, Question};
use breachdex_messages::{Passwords, Words};

use super::{Code, Rule};
use crate::action::Action;
use crate::event::Event;
use crate::policy::{Candidate, Examination, beyond_measure};
use crate::profile::Profile;
use crate::reason::{Fact, Facts, Given};
use crate::requirements::{Rules, Scope};

pub use breachdex::Exposure;

/// From how many sightings on a password counts as common, where an index says. Some 20,000 passwords of eight
/// characters and more are as common as that (extrapolated from the counts of 2024), so that the 3,000 commonest,
/// which OWASP ASVS 6.2.4 demands, are among them.
pub const COMMON_COUNT: u64 = 500_000;

impl Rule for Exposure {
    const NAME: &'static str = "exposed";

    fn action(profile: Profile, event: Event) -> Action {
        match (event, profile) {
            (Event::LogIn, Profile::Nist | Profile::AsvsLevel2 | Profile::Pci) => Action::ForceReset,
            (Event::LogIn, Profile::AsvsLevel1 | Profile::Permissive) => Action::Warn,
            _ => profile.refusal(),
        }
    }

    fn examine(examination: &mut Examination<'_>) -> Option<Self> {
        let Examination { rules, corpus, candidate, .. } = *examination;
        let knowing = rules.test_password.then(|| corpus.clone().with_test_password());
        let corpus = knowing.as_ref().unwrap_or(corpus);
        let asked = question(rules, corpus.kind(), candidate).and_then(|question| match rules.scope {
            Scope::All => corpus.ask(&question, rules.min_count),
            Scope::Common => common::ask(corpus, &question, candidate, rules),
        });
        examination.exposure(asked, Code::Exposed)
    }

    fn questions(rules: &Rules, kind: Kind, candidate: &Candidate<'_>) -> breachdex::Result<Vec<Question>> {
        question(rules, kind, candidate).map(|question| vec![question])
    }

    fn facts(&self) -> Facts {
        let mut facts = vec![
            ("count", Fact::Number(self.count)),
            ("form", Fact::Text(self.form.name())),
            ("source", Fact::Text(self.origin.name())),
        ];
        facts.extend(self.is_partial.then_some(("partial", Fact::Flag(true))));
        facts
    }

    fn from_facts(given: Given<'_>) -> Option<Self> {
        Some(Self {
            count: given.number("count")?,
            form: given.one_of("form", &Form::ALL, Form::name)?,
            origin: given.one_of("source", &[Origin::Base, Origin::Overlay], Origin::name)?,
            is_partial: given.flag("partial"),
        })
    }

    fn message(&self, event: Event, action: Action, words: Words<Passwords>) -> String {
        let text = match (event, self.form) {
            (Event::LogIn, _) if action.warns() => words.log_in_warning(),
            _ if action.warns() => words.exposed_warning(),
            (_, Form::Nfkc | Form::Casefold) => words.exposed_form(),
            (_, Form::Trimmed | Form::Visible) => words.exposed_invisible(),
            (_, Form::Raw | Form::Nfc | Form::Stored) => words.exposed(),
        };
        text.to_owned()
    }

    fn sightings(&self) -> Option<u64> {
        match *self {
            Self { count: Some(count @ 1..), origin: Origin::Base, is_partial: false, .. } => Some(count),
            _ => None,
        }
    }
}

/// The question about a password in its forms; one beyond measure is asked about as it is.
fn question(rules: &Rules, kind: Kind, candidate: &Candidate<'_>) -> breachdex::Result<Question> {
    let is_beyond = beyond_measure(rules, candidate.password).is_some();
    let forms = if is_beyond { FormSet::of(&[]) } else { rules.forms };
    Question::password(kind, candidate.password.as_bytes(), candidate.stored, forms)
}

/// The commonest passwords: those of the embedded list, of the overlays, and those that the bases have seen most often.
mod common {
    use breachdex::{Corpus, Finding as Answer, Question, Result};

    use super::{COMMON_COUNT, Candidate, Rules};

    #[cfg_attr(not(feature = "starter"), expect(unused_variables))]
    pub(super) fn ask(
        corpus: &Corpus,
        question: &Question,
        candidate: &Candidate<'_>,
        rules: &Rules,
    ) -> Result<Answer> {
        #[cfg(feature = "starter")]
        {
            use breachdex::Exposure;
            let list = list()?;
            // The list has a kind of its own.
            let listed = super::question(rules, list.kind(), candidate)?;
            if let Answer::Exposed(found) = list.ask(&listed, 1)? {
                return Ok(Answer::Exposed(Exposure { count: None, ..found }));
            }
        }
        corpus.ask(question, rules.min_count.max(COMMON_COUNT))
    }

    #[cfg(feature = "starter")]
    fn list() -> Result<Corpus> {
        use breachdex::Index;
        use std::sync::OnceLock;
        static LIST: OnceLock<Corpus> = OnceLock::new();
        if let Some(list) = LIST.get() {
            return Ok(list.clone());
        }
        let list = Corpus::from(Index::starter()?);
        Ok(LIST.get_or_init(|| list).clone())
    }
}
