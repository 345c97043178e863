//! What becomes of a password, and the table that says so by event and code.

#![forbid(unsafe_code)]

use crate::event::Event;
use crate::rules::Code;

/// What becomes of a password, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing.
    Accept,
    /// Whoever typed it is told.
    Warn,
    /// The owner of the account is written to.
    Notify,
    /// It opens nothing any more; its owner chooses another one by a link in a mail. For log-in only.
    ForceReset,
    /// It may not be used.
    Reject,
}

impl Action {
    /// Every action, the mildest first.
    pub const ALL: [Self; 5] = [Self::Accept, Self::Warn, Self::Notify, Self::ForceReset, Self::Reject];

    /// `accept`, `warn`, `notify`, `force_reset` or `reject`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Warn => "warn",
            Self::Notify => "notify",
            Self::ForceReset => "force_reset",
            Self::Reject => "reject",
        }
    }

    /// Whether somebody is told and the password is used all the same.
    pub(crate) const fn warns(self) -> bool {
        matches!(self, Self::Warn | Self::Notify)
    }

    /// Whether the password is used all the same.
    pub const fn accepts(self) -> bool {
        matches!(self, Self::Accept | Self::Warn | Self::Notify)
    }
}

/// An action for every event and code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionTable {
    rows: [[Action; Code::ALL.len()]; Event::ALL.len()],
}

impl ActionTable {
    /// One that accepts everything.
    pub const ACCEPT: Self = Self { rows: [[Action::Accept; Code::ALL.len()]; Event::ALL.len()] };

    /// What is done about a reason at an event.
    pub const fn of(&self, event: Event, code: Code) -> Action {
        self.rows[event as usize][code as usize]
    }

    /// Sets what is done about a reason at an event.
    pub const fn set(&mut self, event: Event, code: Code, action: Action) {
        self.rows[event as usize][code as usize] = action;
    }
}
