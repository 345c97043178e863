//! An audit from the input to what was found, in memory that does not grow with the input but for eight bytes an account.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use breachdex::{Corpus, DigestList, Error, FormSet, Monitor, Phase, Progress, Question, memory};
use breachdex_policy::Rules;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::account::{Entry, Record, Secret, Sink};
use crate::actions::Actions;
use crate::error::{AuditError, LineFault, Result};
use crate::findings::{Finding, Findings};
use crate::formats::{Format, Request};
use crate::found::Found;
use crate::identity::{Pseudonyms, Tags};
use crate::own_name::is_own_name;
use crate::policy::{Judge, Violations};
use crate::read::ReadOptions;
use crate::read::assumption::Assumption;
use crate::read::input::{Input, Meter, Opened};
use crate::read::notation;
use crate::rows::{Rows, Spool};
use crate::tally::{PolicyTally, Tally};
use crate::window::{Asking, Asks, STACK, Window, clipped};

/// Records between two looks at whether to go on.
const RECORDS: u64 = 4096;

/// How an audit is made.
#[derive(Clone, Debug)]
pub struct AuditOptions {
    /// How the input is read.
    pub read: ReadOptions,
    /// Name accounts as the input does, not by pseudonyms.
    pub users: bool,
    /// How many exposed accounts to list.
    pub list: usize,
    /// How often the bases must have seen a password for it to be exposed; inclusive.
    pub min_count: u64,
    /// Look passwords up exactly as their bytes are, not in their other forms too.
    pub exact_bytes: bool,
    /// Keep all rows for reports that list them, or the members of groups; these go through a temporary file.
    pub keep_rows: bool,
    /// A policy that passwords are judged by besides, and its name for reports. Formats of digests refuse it.
    pub policy: Option<(String, Rules)>,
    /// Threads; `None` for one per processor.
    pub threads: Option<usize>,
}

/// Passwords seen at least once, in all forms; 50 exposed accounts under pseudonyms.
impl Default for AuditOptions {
    fn default() -> Self {
        Self {
            read: ReadOptions::default(),
            users: false,
            list: 50,
            min_count: 1,
            exact_bytes: false,
            keep_rows: false,
            policy: None,
            threads: None,
        }
    }
}

/// An input that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputRead {
    /// Its path, or `standard input`.
    pub name: String,
    /// What it was read as.
    pub format: Format,
    /// What was assumed about it that nobody said.
    pub assumptions: Vec<Assumption>,
}

/// A line that could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Which input it is from, from 0.
    pub input: usize,
    /// Its line, item, entry or row, from 1.
    pub number: u64,
    /// What is wrong with it.
    pub fault: LineFault,
}

/// What was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Audited {
    /// The inputs, in the order in which they were read; at least one.
    pub inputs: Vec<InputRead>,
    /// Whether accounts are named as in the input.
    pub has_users: bool,
    /// The counts.
    pub tally: Tally,
    /// Accounts and machine accounts to act on, the worst first; as many as were asked for.
    pub findings: Vec<Finding>,
    /// How many there are of these in all.
    pub findings_total: u64,
    /// How many of these are machine accounts in use.
    pub findings_machines: u64,
    /// How many of these are disabled, accounts and machine accounts.
    pub findings_disabled: u64,
    /// The first lines that could not be used, at most 10.
    pub faults: Vec<Fault>,
    /// Why whether some passwords are exposed is not known: different reasons, at most 10.
    pub unanswered_because: Vec<String>,
    /// All rows, where these were asked for.
    pub rows: Option<Rows>,
    pub(crate) actions: Actions,
}

impl Audited {
    /// The name of an input.
    pub fn input_name(&self, input: usize) -> &str {
        self.inputs.get(input).map_or("", |input| input.name.as_str())
    }

    /// How many of the findings are accounts in use.
    pub fn findings_in_use(&self) -> u64 {
        self.findings_total - self.findings_machines - self.findings_disabled
    }

    /// Lines that could not be used that are not among the first ten.
    pub fn more_faults(&self) -> u64 {
        (self.tally.malformed + self.tally.unanswered).saturating_sub(self.faults.len() as u64)
    }
}

/// Audits an input; [`audit_all`] with one.
///
/// # Errors
/// As [`audit_all`].
pub fn audit(
    input: Input,
    corpus: &Corpus,
    options: &AuditOptions,
    monitor: &dyn Monitor,
) -> Result<Audited> {
    audit_all(vec![input], corpus, options, monitor)
}

/// Audits inputs as one: passwords are compared across all of them.
///
/// Costs some 80 MB, eight bytes for each account and twice that at the end, the pages of the index that one slice of
/// questions touches, and the time of a bulk lookup. Passwords are hashed as they are read; what holds them is overwritten,
/// but for what the libraries that parse JSON, XML, Parquet and Arrow keep for themselves. A policy with the rule for similar
/// passwords costs some hundred lookups a password more.
///
/// # Errors
/// [`AuditError`]: an input cannot be read, is of no certain format, or has nothing valid in it; a threshold needs counts
/// that a base does not store; a policy is to judge digests. Single lines that cannot be used or answered are counted and do
/// not end it.
pub fn audit_all(
    inputs: Vec<Input>,
    corpus: &Corpus,
    options: &AuditOptions,
    monitor: &dyn Monitor,
) -> Result<Audited> {
    if options.min_count > 1 {
        corpus.require_counts()?;
    }
    let pool = ThreadPoolBuilder::new().num_threads(options.threads.unwrap_or(0)).build();
    let pool = pool.map_err(|error| AuditError::System {
        action: "start threads",
        source: std::io::Error::other(error),
    })?;
    let policy = options.policy.as_ref();
    let mut auditor = Auditor {
        corpus,
        min_count: options.min_count.max(1),
        exact_bytes: options.exact_bytes,
        judge: policy.map(|(_, rules)| Judge::new(rules)),
        pool,
        monitor,
        meter: Meter::default(),
        window: Window::new(corpus.kind()),
        names: DigestList::new(corpus.kind()),
        found: Found {
            inputs: Vec::new(),
            tally: Tally {
                policy: policy.map(|(name, _)| PolicyTally { name: name.clone(), ..PolicyTally::default() }),
                ..Tally::default()
            },
            tags: Vec::new(),
            findings: Findings::new(options.list),
            actions: Actions::default(),
            faults: Vec::new(),
            reasons: Vec::new(),
            spool: options.keep_rows.then(Spool::new).transpose()?,
            spooled: 0,
            pseudonyms: if options.users { None } else { Some(Pseudonyms::new()?) },
        },
        tagger: Tags::new(),
        seen: 0,
    };
    let is_empty = inputs.is_empty();
    for input in inputs {
        // A pipe that was waited for until the monitor said stop.
        auditor.read(input, options).map_err(|error| match (&error, go_on(monitor, &Meter::default())) {
            (AuditError::Io { .. }, Err(stopped)) => stopped,
            _ => error,
        })?;
    }
    if is_empty {
        return Err(AuditError::Empty { name: String::from("the list of inputs") });
    }
    let Auditor { pool, found, .. } = auditor;
    found.finish(&pool)
}

/// The audit while it goes on.
struct Auditor<'a> {
    corpus: &'a Corpus,
    min_count: u64,
    exact_bytes: bool,
    judge: Option<Judge>,
    pool: ThreadPool,
    monitor: &'a dyn Monitor,
    meter: Meter,
    window: Window,
    /// Hashes of an account's names.
    names: DigestList,
    found: Found,
    tagger: Tags,
    seen: u64,
}

impl Sink for Auditor<'_> {
    fn record(&mut self, record: Record<'_>) -> Result<()> {
        self.tick()?;
        let user = clipped(record.user);
        let asks = match &record.secret {
            Secret::Empty => Asks::Nothing,
            Secret::Absent => {
                self.found.tally.without_password += 1;
                return Ok(());
            }
            Secret::Digest(digest) => Asks::Question(Question::from(digest.clone())),
            Secret::Password(password) => match self.ask(password) {
                Ok(asks) => asks,
                Err(_) => return self.malformed(record.number, LineFault::PasswordNotUtf8),
            },
        };
        self.found.tally.admit(&record);
        let entry = Entry {
            input: self.found.input(),
            number: record.number,
            account_kind: record.account_kind,
            is_disabled: record.is_disabled,
            has_lm: record.has_lm,
            is_empty: matches!(asks, Asks::Nothing),
            is_own_name: is_own_name(user, &record.secret, &mut self.names),
            violations: self.judge(&record)?,
        };
        self.window.push(entry, user, asks);
        if self.window.is_full() { self.settle() } else { Ok(()) }
    }

    fn malformed(&mut self, number: u64, fault: LineFault) -> Result<()> {
        self.tick()?;
        self.found.tally.malformed += 1;
        let input = self.found.input();
        self.found.fault(input, number, fault);
        Ok(())
    }

    fn other_item(&mut self) {
        self.found.tally.other_items += 1;
    }

    fn assume(&mut self, assumption: Assumption) {
        if let Some(input) = self.found.inputs.last_mut() {
            input.assumptions.push(assumption);
        }
    }
}

impl Auditor<'_> {
    /// Reads one input to its end.
    fn read(&mut self, input: Input, options: &AuditOptions) -> Result<()> {
        let (monitor, meter) = (self.monitor, Meter::default());
        let stops = || go_on(monitor, &meter).is_err();
        let has_column = options.read.column.is_some();
        let (opened, format) = Opened::new(input, options.read.format, has_column, &stops)?;
        format.require()?;
        options.read.check(format)?;
        if self.judge.is_some() && (format.spec().holds_digests || options.read.digests) {
            return Err(AuditError::PolicyOfDigests { name: opened.name });
        }
        let name = opened.name.clone();
        let assumptions = opened.assumed.into_iter().collect();
        self.found.inputs.push(InputRead { name: name.clone(), format, assumptions });
        self.meter = opened.meter.clone();
        let had = self.found.tally.read();
        let (malformed, first) = (self.found.tally.malformed, self.found.faults.len());
        let request = Request { format, options: &options.read, kind: self.corpus.kind() };
        // Passwords are hashed on the way, many at a time.
        memory::erasing_stack::<STACK, _>(|| notation::read(opened, &request, self))?;
        self.settle()?;
        if self.found.tally.read() > had {
            return Ok(());
        }
        // The first faults are kept, and with them the first of this input, unless others had ten before it.
        Err(match self.found.faults.get(first) {
            Some(fault) => AuditError::NothingValid {
                name,
                format,
                malformed: self.found.tally.malformed - malformed,
                number: fault.number,
                first: fault.fault,
            },
            None if self.found.tally.malformed > malformed => {
                AuditError::AllMalformed { name, format, malformed: self.found.tally.malformed - malformed }
            }
            None => AuditError::Empty { name },
        })
    }

    /// What to ask about a password. Nearly all have one form.
    fn ask(&mut self, password: &[u8]) -> breachdex::Result<Asks> {
        let forms = FormSet::default();
        if self.exact_bytes || forms.has_one_of(password) {
            return self.window.add_password(password).map(|()| Asks::Added);
        }
        Question::password(self.corpus.kind(), password, None, forms).map(Asks::Question)
    }

    fn judge(&self, record: &Record<'_>) -> Result<Violations> {
        let (Some(judge), Secret::Password(password)) = (&self.judge, &record.secret) else {
            return Ok(Violations::default());
        };
        match std::str::from_utf8(password) {
            Ok(password) => Ok(judge.judge(self.corpus, password, record.user)?),
            // A policy judges text.
            Err(_) => Ok(Violations::default()),
        }
    }

    fn tick(&mut self) -> Result<()> {
        self.seen += 1;
        if self.seen.is_multiple_of(RECORDS) { go_on(self.monitor, &self.meter) } else { Ok(()) }
    }

    fn settle(&mut self) -> Result<()> {
        let Self { corpus, min_count, pool, monitor, meter, window, found, tagger, .. } = self;
        let mut go_on = || go_on(*monitor, meter);
        let asking = Asking { corpus, min_count: *min_count, pool, tags: tagger };
        let mut reasons = std::mem::take(&mut found.reasons);
        window.settle(&asking, &mut reasons, &mut go_on, &mut |row| found.add(&row))?;
        found.reasons = reasons;
        Ok(())
    }
}

fn go_on(monitor: &dyn Monitor, meter: &Meter) -> Result<()> {
    let progress = Progress { phase: Phase::Reading, done: meter.done.get(), total: meter.total };
    match monitor.progress(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Cancelled.into()),
    }
}
