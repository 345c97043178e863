//! Who answers: indexes on this machine, or a range server, and overlays over either.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex::{
    Answer, Digest, Error, Index, IndexSet, Kind, LiveIndex, OpenOptions, Origin, Overlaid, Overlays,
};
use breachdex_hibp::{RangeClient, RangeClientOptions};

use super::answer::Subject;
use crate::failure::Failure;
use crate::flags::CheckFlags;
use crate::{indexes, messages};

/// Questions that a range server is asked at a time.
const AT_ONCE: usize = 32;

/// How often to look whether an overlay was changed.
const LOOK: Duration = Duration::from_secs(1);

/// Who answers.
pub(super) struct Oracle {
    base: Base,
    overlays: Overlays,
}

enum Base {
    Indexes(IndexSet),
    Server(RangeClient),
}

/// What is known about a digest, and by whom. What an overlay knows is exposed however often it was seen.
pub(super) struct Found {
    pub(super) answer: Answer,
    pub(super) origin: Origin,
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
        let (base, mut subject) = Base::open(flags)?;
        let overlays = overlays(&flags.overlay, &subject.names, base.kind())?;
        if !flags.overlay.is_empty() {
            let names: Vec<String> = flags.overlay.iter().map(|path| path.display().to_string()).collect();
            subject.overlays = Some(names.join(", "));
            for overlay in overlays.members() {
                subject.exact_overlays &= overlay.snapshot()?.metadata().is_exact();
            }
        }
        Ok((Self { base, overlays }, subject))
    }

    /// Which digest is asked for.
    pub(super) fn kind(&self) -> Kind {
        self.base.kind()
    }

    /// How many questions to gather before they are asked.
    pub(super) fn at_once(&self) -> usize {
        match self.base {
            Base::Indexes(_) => 1,
            Base::Server(_) => AT_ONCE,
        }
    }

    /// The answers in the order of the questions.
    pub(super) fn answer(&self, questions: Vec<Result<Digest, Error>>) -> Vec<Result<Found, Fault>> {
        let overlaid: Vec<Result<Option<Overlaid>, Error>> = match self.overlays.members() {
            [] => Vec::new(),
            _ => questions
                .iter()
                .map(|question| question.as_ref().map_or(Ok(None), |digest| self.overlays.find(digest)))
                .collect(),
        };
        self.tell_what_was_refused();
        let overlaid = overlaid.into_iter().chain(std::iter::repeat_with(|| Ok(None)));
        let both = self.base.answer(questions).into_iter().zip(overlaid);
        both.map(|(base, overlaid)| match overlaid? {
            Some(overlaid) => {
                let answer = Answer::Present { count: overlaid.count_with(base.ok()) };
                Ok(Found { answer, origin: Origin::Overlay })
            }
            None => Ok(Found { answer: base?, origin: Origin::Base }),
        })
        .collect()
    }

    /// Says once of each change of an overlay that it was not taken over.
    fn tell_what_was_refused(&self) {
        for error in self.overlays.members().iter().filter_map(LiveIndex::unreported_error) {
            messages::note(&format!("a changed overlay is refused, the old one answers on: {error}"));
        }
    }
}

/// Overlays that are looked at again while questions come in.
fn overlays(paths: &[PathBuf], base: &str, kind: Kind) -> Result<Overlays, Error> {
    let open = |path: &PathBuf| LiveIndex::open(path, OpenOptions::default(), Some(LOOK));
    Overlays::new(base, kind, paths.iter().map(open).collect::<Result<_, _>>()?)
}

impl Base {
    fn open(flags: &CheckFlags) -> Result<(Self, Subject), Failure> {
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
                    overlays: None,
                    exact_overlays: true,
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
                    overlays: None,
                    exact_overlays: true,
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

    fn kind(&self) -> Kind {
        match self {
            Self::Indexes(set) => set.kind(),
            Self::Server(client) => breachdex::Lookup::kind(client),
        }
    }

    fn answer(&self, questions: Vec<Result<Digest, Error>>) -> Vec<Result<Answer, Fault>> {
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
