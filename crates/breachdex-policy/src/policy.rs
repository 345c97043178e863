//! The judge: rules, a corpus and a password in, a verdict out.

#![forbid(unsafe_code)]

use breachdex::{
    Corpus, Decision, Digest, Exposure, Finding as Answer, FormSet, Kind, OnError, Question, SourceError,
};
use unicode_normalization::UnicodeNormalization as _;

use crate::action::Action;
use crate::event::Event;
use crate::reason::{Code, Finding, Reason};
use crate::repetition::is_repetitive;
use crate::rules::{DEFAULT_MAX_LENGTH, Rules, Scope};
use crate::similar::{MOST_VARIATIONS, for_each_variation};
use crate::verdict::Verdict;

/// From how many sightings on a password counts as common, where an index says. Some 20,000 passwords of eight
/// characters and more are as common as that (extrapolated from the counts of 2024), so that the 3,000 commonest,
/// which OWASP ASVS 6.2.4 demands, are among them.
pub const COMMON_COUNT: u64 = 500_000;

/// A password and what is known about who chose it.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The password, as it was received.
    pub password: &'a str,
    /// The account's name.
    pub user_name: Option<&'a str>,
    /// The account's e-mail address.
    pub email: Option<&'a str>,
    /// The form of the password that will be kept, if it is another: looked up too.
    pub stored: Option<&'a str>,
    /// When it is judged.
    pub event: Event,
}

/// Says nothing of the password.
impl std::fmt::Debug for Candidate<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Candidate").field("event", &self.event).finish_non_exhaustive()
    }
}

impl<'a> Candidate<'a> {
    /// A password of somebody of whom nothing is known.
    pub const fn new(password: &'a str, event: Event) -> Self {
        Self { password, user_name: None, email: None, stored: None, event }
    }
}

impl Rules {
    /// Judges a password. `report` receives a fault that [`Rules::on_error`] does not raise.
    ///
    /// Plain ASCII costs one lookup; other passwords some more (see [`breachdex::each_form`]), and the rule for similar
    /// passwords [`crate::MOST_VARIATIONS`] at most. A range server among the sources is waited for; a caller that must
    /// not wait asks it about [`Rules::questions`] before.
    ///
    /// # Errors
    /// The first fault, where [`Rules::on_error`] says to raise, whatever else was found; and always a fault that is not
    /// of the moment ([`SourceError::is_transient`]). A password that any source is known to hold has its answer.
    ///
    /// ```
    /// use breachdex::{Corpus, Index};
    /// use breachdex_policy::{Candidate, Code, Event, Settings};
    /// let corpus = Corpus::from(Index::starter()?);
    /// let rules = Settings::parse("profile = 'asvs-l2'", "policy.toml")?.rules;
    /// let verdict = rules.check(&corpus, &Candidate::new("iloveyou", Event::SignUp), |_| ())?;
    /// assert!(!verdict.accepted());
    /// assert_eq!(verdict.reasons()[0].code(), Code::Exposed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(
        &self,
        corpus: &Corpus,
        candidate: &Candidate<'_>,
        report: impl FnOnce(&SourceError),
    ) -> Result<Verdict, SourceError> {
        let mut judge =
            Judge { rules: self, corpus, candidate, reasons: Vec::new(), fault: None, hides_a_fault: false };
        judge.judge();
        let Judge { mut reasons, fault, hides_a_fault, .. } = judge;
        let on_error = self.on_error(candidate.event);
        let is_unanswered = fault.is_some();
        if let Some(fault) = fault {
            match on_error.decide(Answer::Unknown(fault)).map_err(|fault| *fault)? {
                Decision::Accepted(fault) | Decision::Refused(fault) => report(&fault),
                Decision::Exposed(_) | Decision::NotExposed { .. } => {}
            }
        }
        // An exposure that one source knows must not be milder than the unknown answer of another one.
        if is_unanswered || hides_a_fault && on_error == OnError::Reject {
            let action = self.action(candidate.event, Code::IndexUnavailable);
            reasons.push(Reason { action, finding: Finding::IndexUnavailable });
        }
        Ok(Verdict::new(candidate.event, reasons))
    }

    /// The questions that [`Rules::check`] may ask a corpus of this kind about a candidate: the password in its forms,
    /// then each of its variations. Empty where the rules need no corpus.
    ///
    /// # Errors
    /// As [`Question::password`], which has none for text.
    pub fn questions(&self, kind: Kind, candidate: &Candidate<'_>) -> breachdex::Result<Vec<Question>> {
        let asks = |code| self.action(candidate.event, code) != Action::Accept;
        let is_beyond_measure = beyond_measure(self, candidate.password).is_some();
        let mut all = Vec::new();
        if asks(Code::Exposed) {
            let forms = if is_beyond_measure { FormSet::of(&[]) } else { self.forms };
            all.push(exposed_question(kind, candidate, forms)?);
        }
        if asks(Code::SimilarExposed) && !is_beyond_measure {
            all.extend(variations(kind, candidate.password).into_iter().map(Question::from));
        }
        Ok(all)
    }
}

/// The question about a password in its forms.
fn exposed_question(kind: Kind, candidate: &Candidate<'_>, forms: FormSet) -> breachdex::Result<Question> {
    Question::password(kind, candidate.password.as_bytes(), candidate.stored, forms)
}

/// The digests of a password's variations, each once.
fn variations(kind: Kind, password: &str) -> Vec<Digest> {
    let mut all = Vec::with_capacity(MOST_VARIATIONS);
    for_each_variation(password, |text| {
        let digest = match kind {
            Kind::Sha1 => Digest::sha1(text.as_bytes()),
            Kind::Ntlm => Digest::ntlm(text),
        };
        if !all.contains(&digest) {
            all.push(digest);
        }
    });
    all
}

/// The number of code points as they came, of a password that has more than any may have.
fn beyond_measure(rules: &Rules, password: &str) -> Option<usize> {
    let most = rules.max_length.max(DEFAULT_MAX_LENGTH);
    let length = if password.len() <= most { return None } else { password.chars().count() };
    (length > most).then_some(length)
}

/// One password being judged.
struct Judge<'a> {
    rules: &'a Rules,
    corpus: &'a Corpus,
    candidate: &'a Candidate<'a>,
    reasons: Vec<Reason>,
    /// The first question without an answer.
    fault: Option<Box<SourceError>>,
    /// The password is let pass as exposed, and a source that could not answer might have said the same.
    hides_a_fault: bool,
}

impl Judge<'_> {
    fn judge(&mut self) {
        // What is too long for any use is not even normalised, which would take long.
        if let Some(length) = beyond_measure(self.rules, self.candidate.password) {
            self.found(Finding::TooLong { length, max_length: self.rules.max_length });
            if !self.is_refused() {
                self.look_up(FormSet::of(&[]));
            }
            return;
        }
        self.measure();
        if self.asks(Code::ControlCharacter) && self.candidate.password.chars().any(char::is_control) {
            self.found(Finding::ControlCharacter);
        }
        if self.asks(Code::ContextWord) {
            self.compare_with_words();
        }
        if self.asks(Code::Repetitive) && is_repetitive(self.candidate.password) {
            self.found(Finding::Repetitive);
        }
        let exposed = self.look_up(self.rules.forms);
        // A milder word about an exposed password must not hide a severer one about its being similar.
        let is_said = exposed && self.action(Code::Exposed) >= self.action(Code::SimilarExposed);
        if self.asks(Code::SimilarExposed) && !is_said && self.is_similar() {
            self.found(Finding::SimilarExposed);
        }
    }

    fn action(&self, code: Code) -> Action {
        self.rules.action(self.candidate.event, code)
    }

    /// Whether anything hangs on a rule.
    fn asks(&self, code: Code) -> bool {
        self.action(code) != Action::Accept
    }

    fn found(&mut self, finding: Finding) {
        let action = self.action(finding.code());
        if action != Action::Accept {
            self.reasons.push(Reason { action, finding });
        }
    }

    fn is_refused(&self) -> bool {
        self.reasons.iter().any(|reason| !reason.action.accepts())
    }

    fn measure(&mut self) {
        let password = self.candidate.password;
        let length = if password.is_ascii() { password.len() } else { password.nfc().count() };
        let Rules { min_length, max_length, .. } = *self.rules;
        if length < min_length {
            self.found(Finding::TooShort { length, min_length });
        } else if length > max_length {
            self.found(Finding::TooLong { length, max_length });
        }
    }

    fn compare_with_words(&mut self) {
        let Candidate { password, user_name, email, .. } = *self.candidate;
        if let Some(source) = self.rules.words.find(password, user_name, email) {
            self.found(Finding::ContextWord(source));
        }
    }

    /// Whether the password is exposed in one of these forms.
    fn look_up(&mut self, forms: FormSet) -> bool {
        if !self.asks(Code::Exposed) {
            return false;
        }
        let asked =
            exposed_question(self.corpus.kind(), self.candidate, forms).and_then(|question| {
                match self.rules.scope {
                    Scope::All => self.corpus.ask(&question, self.rules.min_count),
                    Scope::Common => common::ask(self.corpus, &question, self.candidate, forms, self.rules),
                }
            });
        let exposure = self.exposure(asked, Code::Exposed);
        if let Some(exposure) = exposure {
            self.found(Finding::Exposed(exposure));
        }
        exposure.is_some()
    }

    fn is_similar(&mut self) -> bool {
        let password = self.candidate.password;
        #[cfg(feature = "starter")]
        if crate::similar::is_near_a_common_word(password) {
            return true;
        }
        let digests = variations(self.corpus.kind(), password);
        let asked = self.corpus.find_any(&digests, self.rules.min_count);
        self.exposure(asked, Code::SimilarExposed).is_some()
    }

    /// The exposure that an answer tells of; a fault is kept for later.
    fn exposure(&mut self, asked: breachdex::Result<Answer>, code: Code) -> Option<Exposure> {
        match asked.unwrap_or_else(|error| Answer::Unknown(Box::new(error.into()))) {
            Answer::Exposed(exposure) => {
                self.hides_a_fault |= exposure.is_partial && self.action(code).accepts();
                Some(exposure)
            }
            Answer::NotExposed { .. } => None,
            Answer::Unknown(fault) => {
                self.fault.get_or_insert(fault);
                None
            }
        }
    }
}

/// The commonest passwords: those of the embedded list, of the overlays, and those that the bases have seen most often.
mod common {
    use breachdex::{Corpus, Finding as Answer, FormSet, Question, Result};

    use super::{COMMON_COUNT, Candidate, Rules};

    #[cfg_attr(not(feature = "starter"), expect(unused_variables))]
    pub(super) fn ask(
        corpus: &Corpus,
        question: &Question,
        candidate: &Candidate<'_>,
        forms: FormSet,
        rules: &Rules,
    ) -> Result<Answer> {
        #[cfg(feature = "starter")]
        {
            use breachdex::Exposure;
            let list = list()?;
            // The list has a kind of its own.
            let listed = super::exposed_question(list.kind(), candidate, forms)?;
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

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
