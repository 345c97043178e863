//! Asks the corpus about the passwords of a request.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use breachdex::memory::erasing_stack;
use breachdex::{
    Corpus, Error, Finding, FormSet, PairFinding, PairMatch, PairQuestion, Question, ReadMode, SourceError,
};
use breachdex_pairs::exposed_credential_check;
use breachdex_radar::Exposure;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::fields::{Fields, Value};

/// What is known about the credentials of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The value of `Exposed-Credential-Check`.
    pub(crate) header: Option<u8>,
    /// Whether the password is exposed, by itself or with the user name.
    pub(crate) exposure: Exposure,
}

impl Checked {
    /// Nothing that is asked is exposed.
    const NOT_EXPOSED: Self = Self { header: None, exposure: Exposure::NotExposed };

    /// The same where there may be more than what was asked.
    pub(crate) fn with_unread(self) -> Self {
        match self.exposure {
            Exposure::NotExposed => Self { exposure: Exposure::Unknown, ..self },
            _ => self,
        }
    }
}

/// Bytes of the stack that are overwritten after credentials were read or asked about: more than that takes.
pub(crate) const STACK: usize = 16 << 10;

/// Asks the corpus.
#[derive(Debug)]
pub(crate) struct Checker {
    waiting: Corpus,
    /// The same sources, which do not wait for a disk.
    cached: Corpus,
    min_count: u64,
    timeout: Duration,
}

impl Checker {
    pub(crate) fn new(corpus: &Corpus, min_count: u64, timeout: Duration) -> Self {
        Self {
            waiting: corpus.clone().with_read_mode(ReadMode::Blocking),
            cached: corpus.clone().with_read_mode(ReadMode::Cached),
            min_count,
            timeout,
        }
    }

    /// What is asked.
    pub(crate) fn corpus(&self) -> &Corpus {
        &self.waiting
    }

    /// What is known about the credentials. The most severe of all values counts. What is not in memory is read on a
    /// thread that may wait for the disk.
    pub(crate) async fn check(self: &Arc<Self>, fields: Fields) -> (Checked, Option<Fields>) {
        if fields.passwords.is_empty() {
            return (Checked::NOT_EXPOSED, Some(fields));
        }
        let known = self.ask(&self.cached, &fields);
        if !known.would_block {
            return (known.checked(), Some(fields));
        }
        let checker = Arc::clone(self);
        let asked = spawn_blocking(move || (checker.ask(&checker.waiting, &fields).checked(), fields));
        match timeout(self.timeout, asked).await {
            Ok(Ok((checked, fields))) => (checked, Some(fields)),
            // Too late, or a panic, which is a fault of the program.
            _ => (Checked::default(), None),
        }
    }

    fn ask(&self, corpus: &Corpus, fields: &Fields) -> Known {
        let users: Vec<&str> = fields.users.iter().filter_map(Value::text).collect();
        let mut known = Known::default();
        for password in &fields.passwords {
            erasing_stack::<STACK, _>(|| self.ask_about(corpus, &users, password, &mut known));
            if known.would_block {
                break;
            }
        }
        known
    }

    fn ask_about(&self, corpus: &Corpus, users: &[&str], password: &Value, known: &mut Known) {
        let question = Question::password(corpus.kind(), password.bytes(), None, FormSet::default());
        match question.and_then(|question| corpus.ask(&question, self.min_count)) {
            Ok(Finding::Exposed(_)) => known.is_exposed = true,
            Ok(Finding::NotExposed { .. }) => {}
            Ok(Finding::Unknown(fault)) => known.failed(&fault),
            Err(_) => known.has_fault = true,
        }
        let PairFinding { found, fault } = corpus.find_pair(&PairQuestion::new(users, password.bytes()));
        known.pair = known.pair.max(found);
        if let Some(fault) = fault {
            known.failed(&fault);
        }
    }
}

/// What all values together say.
#[derive(Default)]
struct Known {
    pair: Option<PairMatch>,
    is_exposed: bool,
    has_fault: bool,
    /// A source would have had to wait for the disk.
    would_block: bool,
}

impl Known {
    fn failed(&mut self, fault: &SourceError) {
        match fault {
            SourceError::Index(Error::WouldBlock) => self.would_block = true,
            _ => self.has_fault = true,
        }
    }

    fn checked(&self) -> Checked {
        let header = exposed_credential_check(self.pair, self.is_exposed);
        let exposure = match header {
            Some(1 | 3 | 4) => Exposure::Exposed,
            // A user name alone says nothing about the password.
            _ if self.has_fault => Exposure::Unknown,
            _ => Exposure::NotExposed,
        };
        Checked { header, exposure }
    }
}
