//! Asks the corpus and the policy, without waiting for the disk or with it.
//!
//! An event loop asks for what is cached; what is not is asked for again on a thread that may wait. Faults are logged here,
//! rarely, and without a word about what was asked.

#![forbid(unsafe_code)]

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use breachdex::{
    Corpus, Error, Finding, Form, FormSet, LogThrottle, OnError, PairFinding, PairMatch, PairQuestion,
    Question, ReadMode, SourceError,
};
use breachdex_messages::Language;
use breachdex_policy::{Candidate, Code, DEFAULT_MAX_LENGTH, Fact, Rules, Verdict};

/// How often a fault that every question meets is logged.
const LOGGED_EVERY: Duration = Duration::from_secs(60);

/// The answer is not cached. Ask on a thread that may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WouldBlock;

/// What is known about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Exposed(Form),
    NotExposed,
    /// A source could not answer.
    Unknown,
}

/// A password that cannot be judged, under a policy that raises then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unavailable;

/// What judges passwords.
pub(crate) struct Judge {
    corpus: Corpus,
    /// Replaced as a whole when the policy's file was changed.
    policy: RwLock<Arc<Policy>>,
    throttle: LogThrottle,
    pub(crate) on_error: OnError,
}

/// Rules, and the corpus as they ask it.
struct Policy {
    waiting: Corpus,
    cached: Corpus,
    rules: Rules,
}

impl Policy {
    fn new(corpus: &Corpus, rules: Rules) -> Self {
        let corpus = corpus.clone();
        let corpus = if rules.test_password { corpus.with_test_password() } else { corpus };
        Self {
            cached: corpus.clone().with_read_mode(ReadMode::Cached),
            waiting: corpus.with_read_mode(ReadMode::Blocking),
            rules,
        }
    }

    fn asked(&self, mode: ReadMode) -> &Corpus {
        if mode == ReadMode::Cached { &self.cached } else { &self.waiting }
    }

    /// The forms of a password that are looked up. What is too long for any use is not even normalised, which would take long.
    fn forms(&self, password: &str) -> FormSet {
        let is_beyond = password.len() > DEFAULT_MAX_LENGTH && password.chars().count() > DEFAULT_MAX_LENGTH;
        if is_beyond { FormSet::of(&[]) } else { self.rules.forms }
    }
}

impl Judge {
    /// `on_error` is for checks; the policy has its own.
    pub(crate) fn new(corpus: Corpus, rules: Rules, on_error: OnError) -> Self {
        let policy = RwLock::new(Arc::new(Policy::new(&corpus, rules)));
        Self { corpus, policy, throttle: LogThrottle::new(LOGGED_EVERY), on_error }
    }

    pub(crate) fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Judges by other rules from now on. What is being judged is judged to its end by those before.
    ///
    /// # Errors
    /// Where they need counts that the corpus does not have.
    pub(crate) fn replace(&self, rules: Rules) -> breachdex::Result<()> {
        if rules.needs_counts() {
            self.corpus.require_counts()?;
        }
        let policy = Arc::new(Policy::new(&self.corpus, rules));
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = policy;
        Ok(())
    }

    /// The language of messages if nobody asks for another one.
    pub(crate) fn language(&self) -> Language {
        self.policy().rules.language
    }

    fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a password is exposed, in all forms that the policy asks for and from its `min_count` on.
    pub(crate) fn look_up(&self, password: &str, mode: ReadMode) -> Result<Known, WouldBlock> {
        let policy = self.policy();
        let corpus = policy.asked(mode);
        let question = Question::password(corpus.kind(), password.as_bytes(), None, policy.forms(password));
        match question.and_then(|question| corpus.ask(&question, policy.rules.min_count)) {
            Ok(Finding::Exposed(found)) if found.is_partial && mode == ReadMode::Cached => Err(WouldBlock),
            Ok(Finding::Exposed(found)) => Ok(Known::Exposed(found.form)),
            Ok(Finding::NotExposed { .. }) => Ok(Known::NotExposed),
            Ok(Finding::Unknown(fault)) => self.unknown(&fault, mode),
            Err(error) => self.unknown(&error.into(), mode),
        }
    }

    /// What is known about a user name and a password together. The inner error says that it could not be determined.
    pub(crate) fn pair(
        &self,
        user: Option<&str>,
        password: &str,
        mode: ReadMode,
    ) -> Result<Result<Option<PairMatch>, Unavailable>, WouldBlock> {
        let users: Vec<&str> = user.into_iter().collect();
        let policy = self.policy();
        let forms = policy.forms(password);
        let question = PairQuestion { users: &users, password: password.as_bytes(), stored: None, forms };
        let PairFinding { found, fault } = policy.asked(mode).find_pair(&question);
        match fault {
            None => Ok(Ok(found)),
            Some(fault) if would_block(&fault) && mode == ReadMode::Cached => Err(WouldBlock),
            Some(fault) => {
                self.log(&fault);
                // What one list knows is true whatever another one says.
                Ok(found.map(Some).ok_or(Unavailable))
            }
        }
    }

    fn unknown(&self, fault: &SourceError, mode: ReadMode) -> Result<Known, WouldBlock> {
        if would_block(fault) && mode == ReadMode::Cached {
            return Err(WouldBlock);
        }
        self.log(fault);
        Ok(Known::Unknown)
    }

    /// What becomes of a password by the policy.
    pub(crate) fn verdict(
        &self,
        candidate: &Candidate<'_>,
        mode: ReadMode,
    ) -> Result<Result<Verdict, Unavailable>, WouldBlock> {
        let policy = self.policy();
        let judged = policy.rules.check(policy.asked(mode), candidate, |fault| self.log(fault));
        match judged {
            Ok(verdict) if mode == ReadMode::Cached && is_uncertain(&verdict) => Err(WouldBlock),
            Ok(verdict) => Ok(Ok(verdict)),
            Err(fault) if mode == ReadMode::Cached && would_block(&fault) => Err(WouldBlock),
            Err(fault) => {
                self.log(&fault);
                Ok(Err(Unavailable))
            }
        }
    }

    fn log(&self, fault: &SourceError) {
        if let Some(suppressed) = self.throttle.allow() {
            tracing::error!(suppressed, "a password cannot be checked: {}", fault.without_place());
        }
    }
}

fn would_block(fault: &SourceError) -> bool {
    matches!(fault, SourceError::Index(Error::WouldBlock))
}

/// Whether a source that only would have had to wait may have more to say.
fn is_uncertain(verdict: &Verdict) -> bool {
    verdict.reasons().iter().any(|reason| {
        reason.code() == Code::IndexUnavailable || reason.finding.fact("partial") == Some(Fact::Flag(true))
    })
}
