//! Asks the corpus about the passwords of a request.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use breachdex::{Corpus, Finding, FormSet, Question};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::fields::Fields;

/// What is known about the credentials of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// The value of `Exposed-Credential-Check`.
    Exposed(u8),
    NotExposed,
    /// The corpus could not answer.
    Unknown,
}

/// The value for an exposed password about whose user nothing is known, as Cloudflare numbers them: 1 the pair, 2 the
/// user name, 3 a similar pair, 4 the password.
const PASSWORD: u8 = 4;

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
            return (Checked::NotExposed, Some(fields));
        }
        let checker = Arc::clone(self);
        let asked = spawn_blocking(move || (checker.ask(&fields), fields));
        match timeout(self.timeout, asked).await {
            Ok(Ok((checked, fields))) => (checked, Some(fields)),
            // Too late, or a panic, which is a fault of the program.
            _ => (Checked::Unknown, None),
        }
    }

    fn ask(&self, fields: &Fields) -> Checked {
        let mut checked = Checked::NotExposed;
        for password in &fields.passwords {
            let question = Question::password(self.corpus.kind(), password.bytes(), None, FormSet::default());
            match question.and_then(|question| self.corpus.ask(&question, self.min_count)) {
                Ok(Finding::Exposed(_)) => return Checked::Exposed(PASSWORD),
                Ok(Finding::NotExposed { .. }) => {}
                Ok(Finding::Unknown(_)) | Err(_) => checked = Checked::Unknown,
            }
        }
        checked
    }
}
