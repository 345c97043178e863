//! What a policy says about passwords that are at hand as text: length, context words, repetition, similar exposed ones.

#![forbid(unsafe_code)]

use breachdex::{Corpus, SourceError};
use breachdex_policy::{Candidate, Code, Event, Rules};

/// What the audit says without a policy.
const ASKED_ELSEWHERE: [Code; 2] = [Code::Exposed, Code::IndexUnavailable];

/// What reports begin with; any other rule follows by its name.
const FIRST: [Code; 5] =
    [Code::TooShort, Code::TooLong, Code::ContextWord, Code::SimilarExposed, Code::Repetitive];

const fn codes() -> [Code; Code::ALL.len() - ASKED_ELSEWHERE.len()] {
    let mut codes = [Code::TooShort; Code::ALL.len() - ASKED_ELSEWHERE.len()];
    let (mut at, mut next) = (0, 0);
    while at < FIRST.len() {
        codes[at] = FIRST[at];
        at += 1;
    }
    while next < Code::ALL.len() {
        let code = Code::ALL[next];
        if !is_among(code, &FIRST) && !is_among(code, &ASKED_ELSEWHERE) {
            codes[at] = code;
            at += 1;
        }
        next += 1;
    }
    codes
}

const fn is_among(code: Code, codes: &[Code]) -> bool {
    let mut at = 0;
    while at < codes.len() {
        if codes[at] as usize == code as usize {
            return true;
        }
        at += 1;
    }
    false
}

// Each rule is a bit of `Violations`, which a row keeps beside others in 32.
const _: () = assert!(Violations::CODES.len() <= u8::BITS as usize, "Violations and rows.rs need more bits");

/// The rules that a password breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Violations(u8);

impl Violations {
    /// The rules that are judged, in the order of reports. Whether a password is exposed is what the audit itself says.
    pub const CODES: [Code; Code::ALL.len() - ASKED_ELSEWHERE.len()] = codes();

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
