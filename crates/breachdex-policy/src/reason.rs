//! Why a verdict is not a plain yes. Nothing here holds a password, a word or a digest.

#![forbid(unsafe_code)]

use breachdex::Exposure;

use crate::action::Action;

/// The kinds of reasons, in the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// It is a word about the account or the service, or little more than one.
    ContextWord,
    /// It has a control character, such as NUL, a tab or a line end, at which some programs cut it off.
    ControlCharacter,
    /// It is in leaked data.
    Exposed,
    /// Whether it is in leaked data could not be found out.
    IndexUnavailable,
    /// It is nothing but repeated or consecutive characters.
    Repetitive,
    /// A small variation of it is in leaked data.
    SimilarExposed,
    /// It has more code points than are allowed.
    TooLong,
    /// It has fewer code points than are demanded.
    TooShort,
}

impl Code {
    /// Every code, in the order of their names.
    pub const ALL: [Self; 8] = [
        Self::ContextWord,
        Self::ControlCharacter,
        Self::Exposed,
        Self::IndexUnavailable,
        Self::Repetitive,
        Self::SimilarExposed,
        Self::TooLong,
        Self::TooShort,
    ];

    /// The name in reports and settings, as `exposed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContextWord => "context_word",
            Self::ControlCharacter => "control_character",
            Self::Exposed => "exposed",
            Self::IndexUnavailable => "index_unavailable",
            Self::Repetitive => "repetitive",
            Self::SimilarExposed => "similar_exposed",
            Self::TooLong => "too_long",
            Self::TooShort => "too_short",
        }
    }
}

/// Where a context word comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WordSource {
    /// The account's name.
    UserName,
    /// The account's e-mail address.
    Email,
    /// The name of the service.
    ServiceName,
    /// The other words of the policy.
    Context,
}

impl WordSource {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::UserName, Self::Email, Self::ServiceName, Self::Context];

    /// `user_name`, `email`, `service_name` or `context`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserName => "user_name",
            Self::Email => "email",
            Self::ServiceName => "service_name",
            Self::Context => "context",
        }
    }
}

/// What a rule found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// The password is a context word.
    ContextWord(WordSource),
    /// The password has a control character.
    ControlCharacter,
    /// The password is exposed.
    Exposed(Exposure),
    /// The index gave no answer.
    IndexUnavailable,
    /// Repeated or consecutive characters.
    Repetitive,
    /// A variation of the password is exposed; never says which.
    SimilarExposed,
    /// Too many code points.
    TooLong {
        /// How many there are.
        length: usize,
        /// How many there may be.
        max_length: usize,
    },
    /// Too few code points.
    TooShort {
        /// How many there are.
        length: usize,
        /// How many there must be.
        min_length: usize,
    },
}

impl Finding {
    /// Which rule found it.
    pub const fn code(&self) -> Code {
        match self {
            Self::ContextWord(_) => Code::ContextWord,
            Self::ControlCharacter => Code::ControlCharacter,
            Self::Exposed(_) => Code::Exposed,
            Self::IndexUnavailable => Code::IndexUnavailable,
            Self::Repetitive => Code::Repetitive,
            Self::SimilarExposed => Code::SimilarExposed,
            Self::TooLong { .. } => Code::TooLong,
            Self::TooShort { .. } => Code::TooShort,
        }
    }

    /// Where what was found comes from: an index or a word.
    pub const fn source(&self) -> Option<&'static str> {
        match self {
            Self::Exposed(exposure) => Some(exposure.origin.name()),
            Self::ContextWord(source) => Some(source.name()),
            _ => None,
        }
    }
}

/// One reason of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// What the policy does about it.
    pub action: Action,
    /// What was found.
    pub finding: Finding,
}

impl Reason {
    /// Which rule found it.
    pub const fn code(&self) -> Code {
        self.finding.code()
    }
}
