//! Reading accounts with their passwords for something else than an audit, such as a list of exposed pairs.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use breachdex::{Error, Kind, Monitor, Phase, Progress};

use crate::account::{Record, Secret, Sink};
use crate::error::{AuditError, LineFault, Result};
use crate::formats::{Format, Request};
use crate::read::ReadOptions;
use crate::read::assumption::Assumption;
use crate::read::input::{Input, Meter, Opened};
use crate::read::notation;

/// Records between two looks at whether to go on.
const RECORDS: u64 = 4096;

/// An account of an input. Its `Debug` shows the number only.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Account<'a> {
    /// Its line, item, entry or row, from 1.
    pub number: u64,
    /// As the input has it; may be empty.
    pub user: &'a str,
    /// As the input has it; may be empty.
    pub password: &'a [u8],
}

impl std::fmt::Debug for Account<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Account").field("number", &self.number).finish_non_exhaustive()
    }
}

/// What was read besides.
#[derive(Debug)]
#[non_exhaustive]
pub struct AccountsRead {
    /// The input's path, or `standard input`.
    pub name: String,
    /// What it was read as.
    pub format: Format,
    /// What was assumed about it that nobody said.
    pub assumptions: Vec<Assumption>,
    /// Accounts and other items without a password.
    pub without_password: u64,
}

/// Hands each account of an input to `take`, and each line that cannot be used to `malformed`, by its number.
///
/// # Errors
/// [`AuditError`]: the input cannot be read, is of no certain format or is empty; [`AuditError::NoPasswords`] where it holds
/// digests.
pub fn read_accounts(
    input: Input,
    options: &ReadOptions,
    monitor: &dyn Monitor,
    take: &mut dyn FnMut(Account<'_>),
    malformed: &mut dyn FnMut(u64, LineFault),
) -> Result<AccountsRead> {
    let go_on = |meter: &Meter| {
        let progress = Progress { phase: Phase::Reading, done: meter.done.get(), total: meter.total };
        match monitor.progress(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(AuditError::from(Error::Cancelled)),
        }
    };
    let stops = || go_on(&Meter::default()).is_err();
    let (opened, format) = Opened::new(input, options.format, options.column.is_some(), &stops)?;
    format.require()?;
    options.check(format)?;
    let name = opened.name.clone();
    if format.spec().holds_digests || options.digests {
        return Err(AuditError::NoPasswords { name });
    }
    let meter = opened.meter.clone();
    let mut reader = Reader {
        take,
        malformed,
        go_on: &|| go_on(&meter),
        seen: 0,
        read: AccountsRead {
            name,
            format,
            assumptions: opened.assumed.into_iter().collect(),
            without_password: 0,
        },
    };
    // No digest is read, so that their kind does not matter.
    let request = Request { format, options, kind: Kind::Sha1 };
    notation::read(opened, &request, &mut reader)?;
    Ok(reader.read)
}

struct Reader<'a> {
    take: &'a mut dyn FnMut(Account<'_>),
    malformed: &'a mut dyn FnMut(u64, LineFault),
    go_on: &'a dyn Fn() -> Result<()>,
    seen: u64,
    read: AccountsRead,
}

impl Reader<'_> {
    fn tick(&mut self) -> Result<()> {
        self.seen += 1;
        if self.seen.is_multiple_of(RECORDS) { (self.go_on)() } else { Ok(()) }
    }
}

impl Sink for Reader<'_> {
    fn record(&mut self, record: Record<'_>) -> Result<()> {
        self.tick()?;
        let Record { number, user, secret, .. } = record;
        match secret {
            Secret::Password(password) => (self.take)(Account { number, user, password }),
            Secret::Empty => (self.take)(Account { number, user, password: b"" }),
            Secret::Absent | Secret::Digest(_) => self.read.without_password += 1,
        }
        Ok(())
    }

    fn malformed(&mut self, number: u64, fault: LineFault) -> Result<()> {
        self.tick()?;
        (self.malformed)(number, fault);
        Ok(())
    }

    fn other_item(&mut self) {
        self.read.without_password += 1;
    }

    fn assume(&mut self, assumption: Assumption) {
        self.read.assumptions.push(assumption);
    }
}
