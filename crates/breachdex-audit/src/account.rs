//! What every format is read into: one password or digest with the account that it belongs to.

#![forbid(unsafe_code)]

use std::sync::LazyLock;

use breachdex::Digest;

use crate::error::{LineFault, Result};
use crate::policy::Violations;
use crate::read::assumption::Assumption;

/// Whose password it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// An account's present password.
    Account,
    /// A machine account's (`NAME$`), which no person chose.
    Machine,
    /// One that is no longer in use: a history entry, or one in the recycle bin.
    Former,
}

impl AccountKind {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Machine => "machine",
            Self::Former => "former",
        }
    }
}

/// What is to be looked up.
pub(crate) enum Secret<'a> {
    Password(&'a [u8]),
    Digest(Digest),
    /// The empty password, which is no question for an index.
    Empty,
    /// There is none: a passkey, a reference to another entry.
    Absent,
}

impl Secret<'_> {
    /// A digest, which may be that of the empty password.
    pub(crate) fn of_digest(digest: Digest) -> Self {
        static EMPTY: LazyLock<[Digest; 2]> = LazyLock::new(|| [Digest::sha1(b""), Digest::ntlm("")]);
        if EMPTY.contains(&digest) { Self::Empty } else { Self::Digest(digest) }
    }
}

/// One account of the input.
pub(crate) struct Record<'a> {
    /// The line, item, entry or row, from 1.
    pub(crate) number: u64,
    /// As the file has it; empty where it has none.
    pub(crate) user: &'a str,
    pub(crate) secret: Secret<'a>,
    pub(crate) account_kind: AccountKind,
    /// The directory says that nobody can log in with it.
    pub(crate) is_disabled: bool,
    /// An LM hash is kept too, which gives the password away whatever it is.
    pub(crate) has_lm: bool,
}

impl<'a> Record<'a> {
    /// A record of a format that knows accounts only.
    pub(crate) fn new(number: u64, user: &'a str, secret: Secret<'a>) -> Self {
        Self { number, user, secret, account_kind: AccountKind::Account, is_disabled: false, has_lm: false }
    }

    /// A record with a password, which may be the empty one.
    pub(crate) fn with_password(number: u64, user: &'a str, password: &'a [u8]) -> Self {
        let secret = if password.is_empty() { Secret::Empty } else { Secret::Password(password) };
        Self::new(number, user, secret)
    }

    /// A record of a password manager, where an item without a password is no account with the empty one.
    pub(crate) fn of_export(number: u64, user: &'a str, password: &'a Option<impl AsRef<str>>) -> Self {
        match password.as_ref().map(AsRef::as_ref) {
            None | Some("") => Self::new(number, user, Secret::Absent),
            Some(password) => Self::new(number, user, Secret::Password(password.as_bytes())),
        }
    }
}

/// What is known about a record besides its name and what the index says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Which input it is from, from 0.
    pub(crate) input: u32,
    pub(crate) number: u64,
    pub(crate) account_kind: AccountKind,
    pub(crate) is_disabled: bool,
    pub(crate) has_lm: bool,
    /// It has the empty password, which is not looked up.
    pub(crate) is_empty: bool,
    /// The password is the account's own name.
    pub(crate) is_own_name: bool,
    /// Why the policy refuses it.
    pub(crate) violations: Violations,
}

impl Entry {
    /// Whether somebody can log in with it.
    pub(crate) fn is_in_use(&self) -> bool {
        self.account_kind != AccountKind::Former && !self.is_disabled
    }
}

/// Takes what a reader finds, in the order of the file.
pub(crate) trait Sink {
    /// An account, or what looks like one.
    fn record(&mut self, record: Record<'_>) -> Result<()>;
    /// A line that cannot be used. The run goes on.
    fn malformed(&mut self, number: u64, fault: LineFault) -> Result<()>;
    /// An item that is no log-in.
    fn other_item(&mut self);
    /// What was assumed about the input.
    fn assume(&mut self, assumption: Assumption);
}
