//! The judge: rules, a corpus and a password in, a verdict out.

#![forbid(unsafe_code)]

use breachdex::{
    Corpus, Decision, Exposure, Finding as Answer, Kind, OnError, PairFinding, PairMatch, Question,
    SourceError,
};
use unicode_normalization::UnicodeNormalization as _;

use crate::action::Action;
use crate::event::Event;
use crate::reason::Reason;
use crate::requirements::{DEFAULT_MAX_LENGTH, Rules};
use crate::rules::index_unavailable::IndexUnavailable;
use crate::rules::{Code, Finding};
use crate::verdict::Verdict;

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
        let mut examination = Examination::of(self, corpus, candidate);
        examination.run();
        let Examination { mut reasons, fault, hides_a_fault, .. } = examination;
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
            reasons.push(Reason { action, finding: Finding::IndexUnavailable(IndexUnavailable) });
        }
        Ok(Verdict::new(candidate.event, reasons))
    }

    /// The questions that [`Rules::check`] may ask a corpus of this kind about a candidate: the password in its forms,
    /// then each of its variations. Empty where the rules need no corpus.
    ///
    /// # Errors
    /// As [`Question::password`], which has none for text.
    pub fn questions(&self, kind: Kind, candidate: &Candidate<'_>) -> breachdex::Result<Vec<Question>> {
        let is_beyond = beyond_measure(self, candidate.password).is_some();
        let mut all = Vec::new();
        for code in Code::ALL {
            let asks = self.action(candidate.event, code) != Action::Accept;
            if asks && (!is_beyond || code == Code::Exposed) {
                all.extend(code.questions(self, kind, candidate)?);
            }
        }
        Ok(all)
    }
}

/// The number of code points as they came, of a password that has more than any may have.
pub(crate) fn beyond_measure(rules: &Rules, password: &str) -> Option<usize> {
    let most = rules.max_length.max(DEFAULT_MAX_LENGTH);
    let length = if password.len() <= most { return None } else { password.chars().count() };
    (length > most).then_some(length)
}

/// One password being judged.
pub(crate) struct Examination<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) corpus: &'a Corpus,
    pub(crate) candidate: &'a Candidate<'a>,
    /// Its code points: of its NFC, or beyond measure as they came.
    pub(crate) length: usize,
    is_beyond_measure: bool,
    reasons: Vec<Reason>,
    /// The first question without an answer.
    fault: Option<Box<SourceError>>,
    /// The password is let pass as exposed, and a source that could not answer might have said the same.
    hides_a_fault: bool,
}

impl<'a> Examination<'a> {
    fn of(rules: &'a Rules, corpus: &'a Corpus, candidate: &'a Candidate<'a>) -> Self {
        let password = candidate.password;
        // What is too long for any use is not even normalised, which would take long.
        let beyond = beyond_measure(rules, password);
        let length = match beyond {
            Some(length) => length,
            None if password.is_ascii() => password.len(),
            None => password.nfc().count(),
        };
        Self {
            rules,
            corpus,
            candidate,
            length,
            is_beyond_measure: beyond.is_some(),
            reasons: Vec::new(),
            fault: None,
            hides_a_fault: false,
        }
    }

    fn run(&mut self) {
        if self.is_beyond_measure {
            self.apply(Code::TooLong);
            if self.reasons.iter().all(|reason| reason.action.accepts()) {
                self.apply(Code::Exposed);
                self.apply(Code::ExposedPair);
            }
        } else {
            Code::ALL.into_iter().for_each(|code| self.apply(code));
        }
    }

    /// Asks a rule, if anything hangs on it.
    fn apply(&mut self, code: Code) {
        let action = self.action(code);
        if action != Action::Accept
            && let Some(finding) = code.examine(self)
        {
            self.reasons.push(Reason { action, finding });
        }
    }

    /// What is done about a reason at the event.
    pub(crate) fn action(&self, code: Code) -> Action {
        self.rules.action(self.candidate.event, code)
    }

    /// The pair that lists know, and whether another list might have said more; a fault is kept for later.
    pub(crate) fn pair(&mut self, finding: PairFinding, code: Code) -> Option<(PairMatch, bool)> {
        let PairFinding { found, fault } = finding;
        match found.filter(|found| *found != PairMatch::UserName) {
            Some(found) => {
                // More than the pair itself cannot be said.
                let is_partial = found != PairMatch::Pair && fault.is_some();
                self.hides_a_fault |= fault.is_some() && self.action(code).accepts();
                Some((found, is_partial))
            }
            None => {
                if let Some(fault) = fault {
                    self.fault.get_or_insert(fault);
                }
                None
            }
        }
    }

    /// What was found so far.
    pub(crate) fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The exposure that an answer tells of; a fault is kept for later.
    pub(crate) fn exposure(&mut self, asked: breachdex::Result<Answer>, code: Code) -> Option<Exposure> {
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

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
