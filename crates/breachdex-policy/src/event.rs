//! When a password is judged.

#![forbid(unsafe_code)]

/// When a password is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// An account is made, with its first password.
    SignUp,
    /// Its owner chooses another one.
    Change,
    /// Its owner, or whoever reads its mail, chooses another one without knowing the old one.
    Reset,
    /// The password was verified. Who typed it may be an attacker with a list.
    LogIn,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 4] = [Self::SignUp, Self::Change, Self::Reset, Self::LogIn];

    /// `sign_up`, `change`, `reset` or `log_in`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Change => "change",
            Self::Reset => "reset",
            Self::LogIn => "log_in",
        }
    }
}
