//! The policies that standards describe.

#![forbid(unsafe_code)]

use breachdex::{FormSet, OnError};
use breachdex_messages::Language;

use crate::action::{Action, ActionTable};
use crate::context::ContextWords;
use crate::event::Event;
use crate::reason::Code;
use crate::rules::{DEFAULT_MAX_LENGTH, Rules, Scope};

/// A policy that a standard describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// NIST SP 800-63B-4 (2025), 3.1.1.2: 15 characters, or 8 where the password is one factor of several; no
    /// exposed password, no context word; a change is forced on evidence of compromise.
    Nist,
    /// OWASP ASVS 5.0, level 1: 8 characters (6.2.1), none of the commonest passwords (6.2.4).
    AsvsLevel1,
    /// OWASP ASVS 5.0, level 2: besides, no context word (6.2.11) and no exposed password (6.2.12).
    AsvsLevel2,
    /// Looks at everything that the others look at, and only warns: for finding out what a policy would refuse.
    Permissive,
}

/// Characters that NIST demands of a password that is the only factor.
const NIST_ALONE: usize = 15;

/// Characters that NIST demands of a password that is one factor of several, and that ASVS demands.
const AT_LEAST: usize = 8;

/// When somebody chooses a password.
const CHOICES: [Event; 3] = [Event::SignUp, Event::Change, Event::Reset];

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Nist, Self::AsvsLevel1, Self::AsvsLevel2, Self::Permissive];

    /// `nist`, `asvs-l1`, `asvs-l2` or `permissive`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nist => "nist",
            Self::AsvsLevel1 => "asvs-l1",
            Self::AsvsLevel2 => "asvs-l2",
            Self::Permissive => "permissive",
        }
    }

    /// The rules of it.
    pub(crate) fn rules(self, mfa: bool) -> Rules {
        let is_level_1 = self == Self::AsvsLevel1;
        let mut rules = Rules {
            min_length: if self == Self::Nist && !mfa { NIST_ALONE } else { AT_LEAST },
            max_length: DEFAULT_MAX_LENGTH,
            min_count: 1,
            scope: if is_level_1 { Scope::Common } else { Scope::All },
            forms: FormSet::default(),
            enabled: [true; Code::ALL.len()],
            actions: self.actions(),
            on_error: [OnError::Raise; Event::ALL.len()],
            language: Language::En,
            words: ContextWords::default(),
        };
        rules.on_error[Event::LogIn as usize] = OnError::Accept;
        rules.enabled[Code::SimilarExposed as usize] = false;
        rules.enabled[Code::ContextWord as usize] = !is_level_1;
        rules.enabled[Code::Repetitive as usize] = matches!(self, Self::Nist | Self::Permissive);
        rules
    }

    fn actions(self) -> ActionTable {
        let refusal = if self == Self::Permissive { Action::Warn } else { Action::Reject };
        let mut actions = ActionTable::ACCEPT;
        for event in CHOICES {
            for code in [
                Code::Exposed,
                Code::SimilarExposed,
                Code::ContextWord,
                Code::ControlCharacter,
                Code::TooShort,
            ] {
                actions.set(event, code, refusal);
            }
            // What nobody may type at any length is no question of how strict a site is.
            actions.set(event, Code::TooLong, Action::Reject);
            actions.set(event, Code::Repetitive, Action::Warn);
        }
        let at_log_in = match self {
            Self::Nist | Self::AsvsLevel2 => Action::ForceReset,
            Self::AsvsLevel1 | Self::Permissive => Action::Warn,
        };
        actions.set(Event::LogIn, Code::Exposed, at_log_in);
        actions
    }
}
