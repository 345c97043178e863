//! What a policy says about passwords that are at hand as text: length, context words, repetition, similar exposed ones.

#![forbid(unsafe_code)]

use breachdex::{Corpus, SourceError};
use breachdex_policy::{Candidate, Code, Event, Rules};

/// The rules that a password breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Violations(u8);

impl Violations {
    /// The rules that are judged. Whether a password is exposed is what the audit itself says.
    pub const CODES: [Code; 6] = [
        Code::TooShort,
        Code::TooLong,
        Code::ContextWord,
        Code::SimilarExposed,
        Code::Repetitive,
        Code::ControlCharacter,
    ];

    /// Whether no rule is broken.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The codes of the rules that are broken.
    pub fn codes(self) -> impl Iterator<Item = Code> {
        Self::CODES.into_iter().enumerate().filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, code)| code)
    }

    /// Their names, separated by semicolons.
    pub fn names(self) -> String {
        self.codes().map(Code::name).collect::<Vec<_>>().join(";")
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits & ((1 << Self::CODES.len()) - 1))
    }
}

/// A policy that judges passwords as if they were chosen now.
#[derive(Debug)]
pub(crate) struct Judge {
    rules: Rules,
}

impl Judge {
    pub(crate) fn new(rules: &Rules) -> Self {
        let mut rules = rules.clone();
        rules.enabled[Code::Exposed as usize] = false;
        Self { rules }
    }

    /// The rules that refuse the password. One that only warns is none.
    ///
    /// # Errors
    /// Why a source cannot say whether a similar password is exposed.
    pub(crate) fn judge(
        &self,
        corpus: &Corpus,
        password: &str,
        user: &str,
    ) -> Result<Violations, SourceError> {
        let named = (!user.is_empty()).then_some(user);
        let candidate = Candidate {
            password,
            user_name: named,
            email: named.filter(|user| user.contains('@')),
            stored: None,
            event: Event::Change,
        };
        let verdict = self.rules.check(corpus, &candidate, |_| ())?;
        let refused = verdict.reasons().iter().filter(|reason| !reason.action.accepts());
        let bit = |code: Code| Violations::CODES.iter().position(|known| *known == code);
        Ok(Violations(refused.filter_map(|reason| bit(reason.code())).fold(0, |bits, at| bits | 1 << at)))
    }
}
