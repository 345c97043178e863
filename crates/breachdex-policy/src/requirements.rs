//! What a policy demands, checked: no limits that contradict one another, no user sent in circles.

#![forbid(unsafe_code)]

use breachdex::{FormSet, OnError};
use breachdex_messages::Language;

use crate::action::{Action, ActionTable};
use crate::event::Event;
use crate::grace::Grace;
use crate::rules::Code;
use crate::rules::context_word::ContextWords;

/// The longest password that is taken if nothing else is said, in code points.
pub const DEFAULT_MAX_LENGTH: usize = 1024;

/// A maximum below this many code points is refused: NIST SP 800-63B-4, 3.1.1.2, wants at least as many permitted.
pub const LEAST_MAX_LENGTH: usize = 64;

/// Which passwords count as exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that the index or an overlay holds.
    All,
    /// Those of the list of common passwords, of an overlay, and those that the index has seen very often.
    Common,
}

impl Scope {
    /// `all` or `common`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Common => "common",
        }
    }
}

/// What a policy demands. Made by [`crate::Settings`], and there checked; the fields are public to be read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rules {
    /// Fewest code points, of the password in NFC.
    pub min_length: usize,
    /// Most code points, of the password in NFC.
    pub max_length: usize,
    /// From how many sightings on (inclusive) a password is exposed.
    pub min_count: u64,
    /// Which passwords are exposed.
    pub scope: Scope,
    /// What is looked up besides the password as it came.
    pub forms: FormSet,
    /// Which rules are asked, by code.
    pub enabled: [bool; Code::ALL.len()],
    /// What is done, by event and code.
    pub actions: ActionTable,
    /// What a fault means, by event.
    pub on_error: [OnError; Event::ALL.len()],
    /// How long a log-in that would be refused is let pass with a warning; see [`Grace::left`] and [`crate::Verdict::in_grace`].
    /// [`Rules::check`] does not apply it, which would have to know the account.
    pub grace: Option<Grace>,
    /// Whether [`breachdex::TEST_PASSWORD`] is exposed.
    pub test_password: bool,
    /// What messages are in if nothing else is asked for.
    pub language: Language,
    pub(crate) words: ContextWords,
}

impl Rules {
    /// What is done about a reason at an event; [`Action::Accept`] for a rule that is off.
    pub fn action(&self, event: Event, code: Code) -> Action {
        if code == Code::IndexUnavailable {
            return match self.on_error(event) {
                OnError::Reject => Action::Reject,
                OnError::Accept | OnError::Raise => Action::Accept,
            };
        }
        if self.enabled[code as usize] { self.actions.of(event, code) } else { Action::Accept }
    }

    /// Whether an index must know how often a password was seen.
    pub fn needs_counts(&self) -> bool {
        self.min_count > 1 || self.scope == Scope::Common
    }

    /// These rules with more words that must not be a password, as those of one account: each text is a name of a person or
    /// a thing, and counts as a whole and in its parts at spaces.
    #[must_use]
    pub fn with_context<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut context = self.words.context().to_vec();
        for name in names {
            let parts = name.split_whitespace().filter(|part| part.len() < name.len());
            context.extend(std::iter::once(name).chain(parts).map(str::to_owned));
        }
        self.words = ContextWords::new(self.words.service_name().map(str::to_owned).as_deref(), &context);
        self
    }

    /// What a fault means at an event.
    pub fn on_error(&self, event: Event) -> OnError {
        self.on_error[event as usize]
    }
}
