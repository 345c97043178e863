//! All rows that were looked up, kept in a nameless temporary file until it is known which passwords are shared.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

use breachdex::Form;

use crate::account::AccountKind;
use crate::error::{AuditError, Result};
use crate::groups::Groups;
use crate::outcome::Outcome;
use crate::policy::Violations;
use crate::window::Answered;

/// Bytes of a row before the name: number, tag and count, its bits, the input, the name's length.
const FIXED: usize = 8 + 8 + 8 + 4 + 4 + 4;

/// Where the kind of the account begins among a row's bits, behind its flags.
const ACCOUNT_KIND: u32 = 9;
/// Where the form begins.
const FORM: u32 = 11;
/// Where the rules begin that the policy refuses it for.
const VIOLATIONS: u32 = 16;

/// A row of the reports that list all of them.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The name of the input that it is from.
    pub input: &'a str,
    /// Its line, item, entry or row, from 1.
    pub number: u64,
    /// Its pseudonym, or its name where that was asked for; empty where the input has none.
    pub account: &'a str,
    /// Whose it is.
    pub account_kind: AccountKind,
    /// Whether the password is exposed; `None` where that is not known.
    pub exposed: Option<bool>,
    /// How often it was seen; `None` where an index does not say.
    pub count: Option<u64>,
    /// An overlay holds the password.
    pub in_overlay: bool,
    /// The form of the password that is exposed.
    pub form: Form,
    /// Another source could not answer: the count is a lower bound.
    pub is_partial: bool,
    /// Accounts that have this password, itself among them; 1 where it is the only one.
    pub shared_by: u64,
    /// The number of the accounts' group; `None` where it is the only one.
    pub group: Option<u64>,
    /// Nobody can log in with it at present.
    pub is_disabled: bool,
    /// An LM hash is kept too.
    pub has_lm: bool,
    /// It has the empty password, which is not looked up.
    pub is_empty: bool,
    /// The password is the account's own name.
    pub is_own_name: bool,
    /// The rules of the policy that refuse it.
    pub violations: Violations,
}

impl Row<'_> {
    /// Whether it is an account, which somebody can log in with, that has the empty password.
    pub fn is_open(&self) -> bool {
        self.is_empty && !self.is_disabled && self.account_kind != AccountKind::Former
    }
}

/// Rows on their way to the file. It has no name, can be read by nobody else, and is gone with the process.
pub(crate) struct Spool {
    file: BufWriter<File>,
    has_open: bool,
}

impl Spool {
    pub(crate) fn new() -> Result<Self> {
        let file = tempfile::tempfile().map_err(failed("create a temporary file"))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 16, file), has_open: false })
    }

    pub(crate) fn push(&mut self, row: &Answered<'_>, account: &str) -> Result<()> {
        let Outcome { is_exposed, in_overlay, unanswered, count, form, is_partial } = row.outcome;
        let flags = [
            is_exposed,
            in_overlay,
            unanswered.is_some(),
            count.is_some(),
            row.entry.is_disabled,
            row.entry.has_lm,
            is_partial,
            row.entry.is_empty,
            row.entry.is_own_name,
        ];
        let bits = flags.iter().enumerate().fold(0_u32, |bits, (at, flag)| bits | u32::from(*flag) << at)
            | (row.entry.account_kind as u32) << ACCOUNT_KIND
            | (form as u32) << FORM
            | u32::from(row.entry.violations.bits()) << VIOLATIONS;
        let mut fixed = [0_u8; FIXED];
        fixed[..8].copy_from_slice(&row.entry.number.to_le_bytes());
        fixed[8..16].copy_from_slice(&row.tag.to_le_bytes());
        fixed[16..24].copy_from_slice(&count.unwrap_or(0).to_le_bytes());
        fixed[24..28].copy_from_slice(&bits.to_le_bytes());
        fixed[28..32].copy_from_slice(&row.entry.input.to_le_bytes());
        fixed[32..].copy_from_slice(&(account.len() as u32).to_le_bytes());
        self.has_open |= row.entry.is_empty && row.entry.is_in_use();
        let written = self.file.write_all(&fixed).and_then(|()| self.file.write_all(account.as_bytes()));
        written.map_err(failed("write a temporary file"))
    }

    pub(crate) fn finish(self, rows: u64, groups: Groups, inputs: Vec<String>) -> Result<Rows> {
        let Self { file, has_open } = self;
        let file = file.into_inner().map_err(|error| failed("write a temporary file")(error.into_error()))?;
        Ok(Rows { file, rows, groups, inputs, has_open })
    }
}

/// The rows of a finished audit.
pub struct Rows {
    file: File,
    rows: u64,
    groups: Groups,
    inputs: Vec<String>,
    has_open: bool,
}

impl Rows {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether any account in use has the empty password.
    pub fn has_open(&self) -> bool {
        self.has_open
    }

    /// Calls with each row in the order of the input, until it says otherwise.
    ///
    /// # Errors
    /// What `visit` says, or [`AuditError::System`] when the temporary file cannot be read.
    pub fn for_each<E: From<AuditError>>(
        &self,
        mut visit: impl FnMut(Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let unread = failed("read a temporary file");
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(&unread)?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut name = Vec::new();
        for _ in 0..self.rows {
            let mut fixed = [0_u8; FIXED];
            reader.read_exact(&mut fixed).map_err(&unread)?;
            let number = |at: usize| -> u64 {
                let mut bytes = [0_u8; 8];
                bytes.copy_from_slice(&fixed[at..at + 8]);
                u64::from_le_bytes(bytes)
            };
            let half = |at: usize| (number(at) & u64::from(u32::MAX)) as u32;
            let bits = half(24);
            name.resize((number(28) >> 32) as usize, 0);
            reader.read_exact(&mut name).map_err(&unread)?;
            let account = std::str::from_utf8(&name).map_err(|error| unread(io::Error::other(error)))?;
            let flag = |at: u32| bits >> at & 1 == 1;
            let account_kind = match bits >> ACCOUNT_KIND & 3 {
                0 => AccountKind::Account,
                1 => AccountKind::Machine,
                _ => AccountKind::Former,
            };
            let (shared_by, group) = match account_kind {
                AccountKind::Account => self.groups.size_and_id(number(8)),
                _ => (1, None),
            };
            visit(Row {
                input: self.inputs.get(half(28) as usize).map_or("", String::as_str),
                number: number(0),
                account,
                account_kind,
                exposed: (!flag(2) && !flag(7)).then_some(flag(0)),
                count: flag(3).then(|| number(16)),
                in_overlay: flag(1),
                form: Form::ALL[(bits >> FORM & 15) as usize % Form::ALL.len()],
                is_partial: flag(6),
                shared_by,
                group,
                is_disabled: flag(4),
                has_lm: flag(5),
                is_empty: flag(7),
                is_own_name: flag(8),
                violations: Violations::from_bits((bits >> VIOLATIONS) as u8),
            })?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rows({})", self.rows)
    }
}

fn failed(action: &'static str) -> impl Fn(io::Error) -> AuditError {
    move |source| AuditError::System { action, source }
}
