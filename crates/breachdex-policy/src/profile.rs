//! The policies that standards describe. Which rules are on in them, and what is done then, is said by each rule.

#![forbid(unsafe_code)]

use breachdex::{FormSet, OnError};
use breachdex_messages::Language;

use crate::action::{Action, ActionTable};
use crate::event::Event;
use crate::requirements::{DEFAULT_MAX_LENGTH, Rules, Scope};
use crate::rules::Code;
use crate::rules::context_word::ContextWords;

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
    /// PCI DSS 4.0.1: 12 characters (8.3.6), and what it asks for beyond lists: no exposed password and no context word. That a
    /// password has both letters and digits, which 8.3.6 demands too, is not a rule: NIST SP 800-63B-4 forbids it.
    Pci,
    /// Looks at everything that the others look at, and only warns: for finding out what a policy would refuse.
    Permissive,
}

/// Characters that NIST demands of a password that is the only factor.
const NIST_ALONE: usize = 15;

/// Characters that PCI DSS demands.
const PCI: usize = 12;

/// Characters that NIST demands of a password that is one factor of several, and that ASVS demands.
const AT_LEAST: usize = 8;

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 5] = [Self::Nist, Self::AsvsLevel1, Self::AsvsLevel2, Self::Pci, Self::Permissive];

    /// `nist`, `asvs-l1`, `asvs-l2`, `pci` or `permissive`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nist => "nist",
            Self::AsvsLevel1 => "asvs-l1",
            Self::AsvsLevel2 => "asvs-l2",
            Self::Pci => "pci",
            Self::Permissive => "permissive",
        }
    }

    /// The rules of it.
    pub(crate) fn rules(self, mfa: bool) -> Rules {
        let mut rules = Rules {
            min_length: match self {
                Self::Nist if !mfa => NIST_ALONE,
                Self::Pci => PCI,
                _ => AT_LEAST,
            },
            max_length: DEFAULT_MAX_LENGTH,
            min_count: 1,
            scope: if self == Self::AsvsLevel1 { Scope::Common } else { Scope::All },
            forms: FormSet::default(),
            enabled: Code::ALL.map(|code| code.is_on(self)),
            actions: self.actions(),
            on_error: [OnError::Raise; Event::ALL.len()],
            grace: None,
            test_password: false,
            language: Language::En,
            words: ContextWords::default(),
        };
        rules.on_error[Event::LogIn as usize] = OnError::Accept;
        rules
    }

    /// What is done about a password that must not be chosen.
    pub(crate) const fn refusal(self) -> Action {
        if matches!(self, Self::Permissive) { Action::Warn } else { Action::Reject }
    }

    fn actions(self) -> ActionTable {
        let mut actions = ActionTable::ACCEPT;
        for event in Event::ALL {
            for code in Code::ALL {
                actions.set(event, code, code.action(self, event));
            }
        }
        actions
    }
}
