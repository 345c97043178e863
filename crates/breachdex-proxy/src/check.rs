//! Asks the corpus about the passwords of a request.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use breachdex::{Corpus, Finding, FormSet, PairFinding, PairMatch, PairQuestion, Question};
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

/// Asks the corpus.
#[derive(Debug)]
pub(crate) struct Checker {
    pub(crate) corpus: Corpus,
    pub(crate) min_count: u64,
    pub(crate) timeout: Duration,
}

impl Checker {
    /// What is known about the credentials. The most severe of all values counts. It may wait for a disk, on a thread of
    /// its own.
    pub(crate) async fn check(self: &Arc<Self>, fields: Fields) -> (Checked, Option<Fields>) {
        if fields.passwords.is_empty() {
            return (Checked::NOT_EXPOSED, Some(fields));
        }
        let checker = Arc::clone(self);
        let asked = spawn_blocking(move || (checker.ask(&fields), fields));
        match timeout(self.timeout, asked).await {
            Ok(Ok((checked, fields))) => (checked, Some(fields)),
            // Too late, or a panic, which is a fault of the program.
            _ => (Checked::default(), None),
        }
    }

    fn ask(&self, fields: &Fields) -> Checked {
        let users: Vec<&str> = fields.users.iter().filter_map(Value::text).collect();
        let mut known = Known::default();
        for password in &fields.passwords {
            self.ask_about(&users, password, &mut known);
        }
        let header = exposed_credential_check(known.pair, known.is_exposed);
        let exposure = match header {
            Some(1 | 3 | 4) => Exposure::Exposed,
            // A user name alone says nothing about the password.
            _ if known.has_fault => Exposure::Unknown,
            _ => Exposure::NotExposed,
        };
        Checked { header, exposure }
    }

    fn ask_about(&self, users: &[&str], password: &Value, known: &mut Known) {
        let question = Question::password(self.corpus.kind(), password.bytes(), None, FormSet::default());
        match question.and_then(|question| self.corpus.ask(&question, self.min_count)) {
            Ok(Finding::Exposed(_)) => known.is_exposed = true,
            Ok(Finding::NotExposed { .. }) => {}
            Ok(Finding::Unknown(_)) | Err(_) => known.has_fault = true,
        }
        let PairFinding { found, fault } = self.corpus.find_pair(&PairQuestion::new(users, password.bytes()));
        known.pair = known.pair.max(found);
        known.has_fault |= fault.is_some();
    }
}

/// What all values together say.
#[derive(Default)]
struct Known {
    pair: Option<PairMatch>,
    is_exposed: bool,
    has_fault: bool,
}
