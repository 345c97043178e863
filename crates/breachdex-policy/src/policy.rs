//! The judge: rules, an oracle and a password in, a verdict out.

#![forbid(unsafe_code)]

use unicode_normalization::UnicodeNormalization as _;

use crate::action::{Action, OnError};
use crate::event::Event;
use crate::exposure::{Exposure, digest, examine};
use crate::forms::FormSet;
use crate::oracle::Oracle;
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
    /// What becomes of a password. `report` hears of a fault that the rules say not to raise.
    ///
    /// Plain ASCII costs one lookup; other passwords some more (see [`crate::each_form`]), and the rule for similar
    /// passwords [`crate::MOST_VARIATIONS`] at most.
    ///
    /// # Errors
    /// Why there was no answer, where [`Rules::on_error`] says to raise, whatever else was found; and always what is no
    /// fault of the moment ([`Oracle::is_fault`]). A password that any index is known to hold has its answer.
    ///
    /// ```
    /// use breachdex::{Index, LiveIndex, LiveSet};
    /// use breachdex_policy::{Candidate, Code, Event, Settings};
    /// let index = LiveSet::from(LiveIndex::new(Index::starter()?));
    /// let rules = Settings::parse("profile = 'asvs-l2'", "policy.toml")?.rules;
    /// let verdict = rules.check(&index, &Candidate::new("iloveyou", Event::SignUp), |_| ())?;
    /// assert!(!verdict.accepted());
    /// assert_eq!(verdict.reasons()[0].code(), Code::Exposed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check<O: Oracle>(
        &self,
        oracle: &O,
        candidate: &Candidate<'_>,
        report: impl FnOnce(&O::Error),
    ) -> Result<Verdict, O::Error> {
        let mut judge =
            Judge { rules: self, oracle, candidate, reasons: Vec::new(), fault: None, hides_a_fault: false };
        judge.judge();
        let Judge { mut reasons, fault, hides_a_fault, .. } = judge;
        let on_error = self.on_error(candidate.event);
        let is_unanswered = fault.is_some();
        match fault {
            Some(fault) if on_error == OnError::Raise || !O::is_fault(&fault) => return Err(fault),
            Some(fault) => report(&fault),
            None => {}
        }
        // To be known by one index must not be milder than not to be known because of another one's fault.
        if is_unanswered || hides_a_fault && on_error == OnError::Reject {
            let action = self.action(candidate.event, Code::IndexUnavailable);
            reasons.push(Reason { action, finding: Finding::IndexUnavailable });
        }
        Ok(Verdict::new(candidate.event, reasons))
    }
}

/// One password being judged.
struct Judge<'a, O: Oracle> {
    rules: &'a Rules,
    oracle: &'a O,
    candidate: &'a Candidate<'a>,
    reasons: Vec<Reason>,
    /// The first question without an answer.
    fault: Option<O::Error>,
    /// The password is let pass as exposed, and an index that could not answer might have said the same.
    hides_a_fault: bool,
}

impl<O: Oracle> Judge<'_, O> {
    fn judge(&mut self) {
        // What is too long for any use is not even normalised, which would take long.
        if let Some(length) = self.beyond_measure() {
            self.found(Finding::TooLong { length, max_length: self.rules.max_length });
            if !self.is_refused() {
                self.look_up(FormSet::of(&[]));
            }
            return;
        }
        self.measure();
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

    /// The number of code points as they came, of a password that has more than any may have.
    fn beyond_measure(&self) -> Option<usize> {
        let (password, most) = (self.candidate.password, self.rules.max_length.max(DEFAULT_MAX_LENGTH));
        let length = if password.len() <= most { return None } else { password.chars().count() };
        (length > most).then_some(length)
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
        let Candidate { password, stored, .. } = *self.candidate;
        let exposure = self.exposure(password, stored, forms);
        if let Some(exposure) = exposure {
            self.found(Finding::Exposed(exposure));
            self.hides_a_fault = exposure.is_partial && self.action(Code::Exposed).accepts();
        }
        exposure.is_some()
    }

    fn exposure(&mut self, password: &str, stored: Option<&str>, forms: FormSet) -> Option<Exposure> {
        let asked = match self.rules.scope {
            Scope::All => examine(self.oracle, password.as_bytes(), stored, forms, self.rules.min_count),
            Scope::Common => common::examine(self.oracle, password, stored, forms, self.rules.min_count),
        };
        asked.unwrap_or_else(|fault| {
            self.fault.get_or_insert(fault);
            None
        })
    }

    fn is_similar(&mut self) -> bool {
        let password = self.candidate.password;
        #[cfg(feature = "starter")]
        if crate::similar::is_near_a_common_word(password) {
            return true;
        }
        let mut digests = Vec::with_capacity(MOST_VARIATIONS);
        let mut unfit = None;
        for_each_variation(password, |text| match digest(self.oracle.kind(), text.as_bytes()) {
            Ok(digest) if digests.contains(&digest) => {}
            Ok(digest) => digests.push(digest),
            Err(error) => unfit = Some(error),
        });
        let asked = match unfit {
            Some(error) => Err(error.into()),
            None => self.oracle.find_any(&digests, self.rules.min_count),
        };
        asked.unwrap_or_else(|fault| {
            self.fault.get_or_insert(fault);
            false
        })
    }
}

/// The commonest passwords: those of the embedded list, of the overlays, and those that the index has seen most often.
mod common {
    use super::{COMMON_COUNT, Exposure, FormSet, Oracle, examine as examine_all};

    pub(super) fn examine<O: Oracle>(
        oracle: &O,
        password: &str,
        stored: Option<&str>,
        forms: FormSet,
        min_count: u64,
    ) -> Result<Option<Exposure>, O::Error> {
        #[cfg(feature = "starter")]
        if let Some(found) = examine_all(&list()?, password.as_bytes(), stored, forms, 1)? {
            return Ok(Some(Exposure { count: None, ..found }));
        }
        examine_all(oracle, password.as_bytes(), stored, forms, min_count.max(COMMON_COUNT))
    }

    #[cfg(feature = "starter")]
    fn list() -> breachdex::Result<breachdex::LiveSet> {
        use breachdex::{Index, LiveIndex, LiveSet};
        use std::sync::OnceLock;
        static LIST: OnceLock<LiveSet> = OnceLock::new();
        if let Some(list) = LIST.get() {
            return Ok(list.clone());
        }
        let list = LiveSet::from(LiveIndex::new(Index::starter()?));
        Ok(LIST.get_or_init(|| list).clone())
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
