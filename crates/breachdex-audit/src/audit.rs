//! An audit from the input to what was found, in memory that does not grow with the input but for eight bytes an account.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use breachdex::{Corpus, Error, FormSet, Monitor, Phase, Progress, Question};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::account::{Record, Secret, Sink, Standing};
use crate::error::{AuditError, LineFault, Result};
use crate::findings::{Finding, Findings};
use crate::formats::{Format, Request};
use crate::groups::Groups;
use crate::identity::{Pseudonyms, Tags};
use crate::read::ReadOptions;
use crate::read::input::{Input, Meter, Opened};
use crate::rows::{Rows, Spool};
use crate::tally::Tally;
use crate::window::{Answered, Asking, Window};

/// Malformed lines that are named one by one.
const NAMED_FAULTS: usize = 10;
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
    /// Keep all rows for reports that list them; these go through a temporary file.
    pub keep_rows: bool,
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
            threads: None,
        }
    }
}

/// What was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Audited {
    /// The input's name.
    pub input: String,
    /// What it was read as.
    pub format: Format,
    /// Whether accounts are named as in the input.
    pub has_users: bool,
    /// The counts.
    pub tally: Tally,
    /// Exposed accounts and machine accounts, those seen most often first; as many as were asked for.
    pub findings: Vec<Finding>,
    /// The first lines that could not be used, at most 10.
    pub faults: Vec<(u64, LineFault)>,
    /// Why whether some passwords are exposed is not known: different reasons, at most 10.
    pub unanswered_because: Vec<String>,
    /// All rows, where these were asked for.
    pub rows: Option<Rows>,
}

/// Audits an input.
///
/// Costs some 80 MB, eight bytes for each account, the pages of the index that one slice of questions touches, and the
/// time of a bulk lookup. Passwords are hashed as they are read;
/// what holds them is overwritten, but for what the libraries that parse JSON, CSV, XML, Parquet and Arrow keep for
/// themselves.
///
/// # Errors
/// [`AuditError`]: the input cannot be read, is of no certain format, or has nothing valid in it; a threshold needs counts
/// that a base does not store. Single lines that cannot be used or answered are counted and do not end it.
pub fn audit(
    input: Input,
    corpus: &Corpus,
    options: &AuditOptions,
    monitor: &dyn Monitor,
) -> Result<Audited> {
    let (opened, format) = Opened::new(input, options.read.format, options.read.column.is_some())?;
    format.require()?;
    options.read.check(format)?;
    if options.min_count > 1 {
        corpus.require_counts()?;
    }
    let pool = ThreadPoolBuilder::new().num_threads(options.threads.unwrap_or(0)).build();
    let pool = pool.map_err(|error| AuditError::System {
        action: "start threads",
        source: std::io::Error::other(error),
    })?;
    let name = opened.name.clone();
    let mut auditor = Auditor {
        corpus,
        min_count: options.min_count.max(1),
        exact_bytes: options.exact_bytes,
        pool,
        monitor,
        meter: opened.meter.clone(),
        window: Window::new(),
        found: Found {
            tally: Tally::default(),
            tags: Vec::new(),
            findings: Findings::new(options.list),
            faults: Vec::new(),
            reasons: Vec::new(),
            spool: options.keep_rows.then(Spool::new).transpose()?,
            spooled: 0,
            pseudonyms: if options.users { None } else { Some(Pseudonyms::new()?) },
        },
        tagger: Tags::new(),
        seen: 0,
    };
    let request = Request { format, options: &options.read, kind: corpus.kind() };
    (format.spec().read)(opened, &request, &mut auditor)?;
    auditor.settle()?;
    let Auditor { pool, found, .. } = auditor;
    found.finish(name, format, &pool)
}

/// The audit while it goes on.
struct Auditor<'a> {
    corpus: &'a Corpus,
    min_count: u64,
    exact_bytes: bool,
    pool: ThreadPool,
    monitor: &'a dyn Monitor,
    meter: Meter,
    window: Window,
    found: Found,
    tagger: Tags,
    seen: u64,
}

/// What was found so far.
struct Found {
    tally: Tally,
    /// One for each account.
    tags: Vec<u64>,
    findings: Findings,
    faults: Vec<(u64, LineFault)>,
    reasons: Vec<String>,
    spool: Option<Spool>,
    spooled: u64,
    /// `None` where accounts are named as they are.
    pseudonyms: Option<Pseudonyms>,
}

impl Sink for Auditor<'_> {
    fn record(&mut self, record: Record<'_>) -> Result<()> {
        self.tick()?;
        self.found.tally.admit(&record);
        let question = match &record.secret {
            Secret::Empty => {
                self.found.tally.empty += 1;
                return Ok(());
            }
            Secret::Absent => {
                self.found.tally.without_password += 1;
                return Ok(());
            }
            Secret::Digest(digest) => Question::from(digest.clone()),
            Secret::Password(password) => {
                let kind = self.corpus.kind();
                let question = match self.exact_bytes {
                    true => Question::exact(kind, password),
                    false => Question::password(kind, password, None, FormSet::default()),
                };
                match question {
                    Ok(question) => question,
                    Err(_) => return self.malformed(record.number, LineFault::PasswordNotUtf8),
                }
            }
        };
        self.window.push(&record, question);
        if self.window.is_full() { self.settle() } else { Ok(()) }
    }

    fn malformed(&mut self, number: u64, fault: LineFault) -> Result<()> {
        self.tick()?;
        self.found.tally.malformed += 1;
        self.found.fault(number, fault);
        Ok(())
    }

    fn other_item(&mut self) {
        self.found.tally.other_items += 1;
    }
}

impl Auditor<'_> {
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

impl Found {
    fn fault(&mut self, number: u64, fault: LineFault) {
        if self.faults.len() < NAMED_FAULTS {
            self.faults.push((number, fault));
        }
    }

    fn add(&mut self, row: &Answered<'_>) -> Result<()> {
        self.tally.count(row.standing, row.is_disabled, row.outcome);
        if let Some(fault) = row.outcome.unanswered {
            self.fault(row.number, fault);
        } else if row.standing == Standing::Account {
            self.tags.push(row.tag);
        }
        let pseudonyms = &self.pseudonyms;
        let name = |user: &str| match pseudonyms {
            Some(pseudonyms) if !user.is_empty() => pseudonyms.of(user),
            _ => user.to_owned(),
        };
        if row.outcome.is_exposed && row.standing != Standing::Former {
            self.findings.offer(row, name);
        }
        if let Some(spool) = &mut self.spool {
            self.spooled += 1;
            spool.push(row, &name(row.user))?;
        }
        Ok(())
    }

    fn finish(mut self, input: String, format: Format, pool: &ThreadPool) -> Result<Audited> {
        if !self.tally.has_valid() {
            return Err(match self.faults.first() {
                Some(&(number, first)) => AuditError::NothingValid {
                    name: input,
                    format,
                    malformed: self.tally.malformed,
                    number,
                    first,
                },
                None => AuditError::Empty { name: input },
            });
        }
        let groups = Groups::of(self.tags, pool);
        self.tally.shared = groups.summary();
        self.faults.sort_by_key(|(number, _)| *number);
        let findings = self.findings.finish(&groups);
        let rows = self.spool.map(|spool| spool.finish(self.spooled, groups)).transpose()?;
        let has_users = self.pseudonyms.is_none();
        Ok(Audited {
            input,
            format,
            has_users,
            tally: self.tally,
            findings,
            faults: self.faults,
            unanswered_because: self.reasons,
            rows,
        })
    }
}
