//! Who answers: indexes on this machine, or a range server.

#![forbid(unsafe_code)]

use breachdex::{Answer, Digest, Error, Index, IndexSet, Kind};
use breachdex_hibp::{RangeClient, RangeClientOptions};

use super::answer::Subject;
use crate::failure::Failure;
use crate::flags::CheckFlags;
use crate::indexes;

/// Questions that a range server is asked at a time.
const AT_ONCE: usize = 32;

/// Who answers.
pub(super) enum Oracle {
    Indexes(IndexSet),
    Server(RangeClient),
}

/// Why a line has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Index(#[from] Error),
    #[error(transparent)]
    Server(#[from] breachdex_hibp::Error),
}

impl Fault {
    /// Whether it befell a question that was asked rightly.
    pub(super) fn is_chance(&self) -> bool {
        match self {
            Self::Index(error) => matches!(error, Error::Damaged { .. } | Error::Io { .. }),
            Self::Server(error) => matches!(error, breachdex_hibp::Error::Remote { .. }),
        }
    }
}

impl Oracle {
    /// Whom the flags name, and what to say of it.
    pub(super) fn open(flags: &CheckFlags) -> Result<(Self, Subject), Failure> {
        match &flags.api {
            Some(base_url) => {
                let client = RangeClient::new(RangeClientOptions {
                    base_url: base_url.clone(),
                    kind: flags.kind.into(),
                    timeout: flags.timeout,
                    insecure_http: flags.insecure_http,
                })?;
                let subject = Subject {
                    names: base_url.to_string(),
                    is_starter: false,
                    exact: true,
                    floor: 1,
                    counts: true,
                    without_counts: None,
                };
                Ok((Self::Server(client), subject))
            }
            None => {
                let mut indexes = indexes::open(&flags.index)?;
                let names = indexes::names(&indexes);
                let uncounted = indexes.iter().find(|index| !index.metadata().has_counts);
                let without_counts = uncounted.map(|index| index.name().to_owned());
                let base: Index = indexes.remove(0);
                let is_starter = base.is_starter();
                let set = IndexSet::new(base, indexes)?;
                let subject = Subject {
                    names,
                    is_starter,
                    exact: set.is_exact(),
                    floor: set.floor(),
                    counts: set.has_counts(),
                    without_counts,
                };
                Ok((Self::Indexes(set), subject))
            }
        }
    }

    /// Which digest is asked for.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Indexes(set) => set.kind(),
            Self::Server(client) => breachdex::Lookup::kind(client),
        }
    }

    /// How many questions to gather before they are asked.
    pub(super) fn at_once(&self) -> usize {
        match self {
            Self::Indexes(_) => 1,
            Self::Server(_) => AT_ONCE,
        }
    }

    /// The answers in the order of the questions.
    pub(super) fn answer(&self, questions: Vec<Result<Digest, Error>>) -> Vec<Result<Answer, Fault>> {
        match self {
            Self::Indexes(set) => questions.into_iter().map(|question| Ok(set.lookup(&question?)?)).collect(),
            Self::Server(client) => {
                let asked: Vec<&Digest> =
                    questions.iter().filter_map(|question| question.as_ref().ok()).collect();
                let mut answers = client.lookup_many(&asked).into_iter();
                let of = |question: Result<Digest, Error>| match question {
                    Ok(_) => match answers.next() {
                        Some(answer) => Ok(answer?),
                        None => unreachable!("every question that was asked has its answer"),
                    },
                    Err(error) => Err(error.into()),
                };
                questions.into_iter().map(of).collect()
            }
        }
    }
}
