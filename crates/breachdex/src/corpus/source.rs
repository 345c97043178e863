//! The sources of a corpus: indexes, fixed or live, and range servers.

#![forbid(unsafe_code)]

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::coverage::Prefix;
use crate::digest::{Digest, Kind};
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::index::{Answer, Index, LiveIndex, Lookup as _};
use crate::storage::ReadMode;

/// Why a source could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// An index could not.
    #[error(transparent)]
    Index(#[from] Error),
    /// A range server could not.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl SourceError {
    /// Whether it is a fault of the moment (input and output, damage, a missing answer, a prefix that is not covered),
    /// to which `on_error` applies. Anything else is a wrong question or a wrong configuration, which no
    /// [`OnError`](super::OnError) passes over.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Index(error) => matches!(
                error,
                Error::Io { .. }
                    | Error::Damaged { .. }
                    | Error::NotAnIndex { .. }
                    | Error::NotCovered { .. }
            ),
            Self::Remote(error) => error.is_transient,
        }
    }
}

impl SourceError {
    /// The message for logs and reports; see [`Error::without_place`]. Clients of range servers name no prefix.
    pub fn without_place(&self) -> String {
        match self {
            Self::Index(error) => error.without_place(),
            Self::Remote(error) => error.to_string(),
        }
    }
}

/// Why a range server has no answer.
#[derive(Debug)]
pub struct RemoteError {
    error: Box<dyn StdError + Send + Sync>,
    is_transient: bool,
}

impl RemoteError {
    /// An error of a client, and whether it is a fault of the moment; see [`SourceError::is_transient`].
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>, is_transient: bool) -> Self {
        Self { error: error.into(), is_transient }
    }

    /// The client's own error, by reference.
    pub fn get_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.error
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl StdError for RemoteError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// A client of a range server. It covers everything and knows counts.
pub trait RangeServer: Send + Sync + fmt::Debug {
    /// The server's address, for messages.
    fn name(&self) -> String;

    /// Which digest it is asked for.
    fn kind(&self) -> Kind;

    /// Answers in the order of the digests, one for each, asked together. Waits.
    fn lookup_many(&self, digests: &[&Digest]) -> Vec<Result<Answer, RemoteError>>;

    /// The entries under a 5-digit prefix, in order. Waits.
    ///
    /// # Errors
    /// When there is no answer, or none that can be understood.
    fn range(&self, prefix: u32) -> Result<Vec<Entry>, RemoteError>;
}

/// A source of a corpus. Cheap to clone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Source {
    /// An index, which may follow its file.
    Index(LiveIndex),
    /// A range server.
    Remote(Arc<dyn RangeServer>),
}

impl From<Index> for Source {
    fn from(index: Index) -> Self {
        Self::Index(LiveIndex::new(index))
    }
}

impl From<LiveIndex> for Source {
    fn from(index: LiveIndex) -> Self {
        Self::Index(index)
    }
}

impl Source {
    /// The file's path, the name of an index in memory, or the server's address.
    pub fn name(&self) -> String {
        match self {
            Self::Index(index) => index.name(),
            Self::Remote(server) => server.name(),
        }
    }

    /// Which digest it holds.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Index(index) => index.kind(),
            Self::Remote(server) => server.kind(),
        }
    }

    /// Refuses where counts are not known.
    ///
    /// # Errors
    /// [`Error::CountsUnavailable`], and why the index cannot say.
    pub fn require_counts(&self) -> Result<()> {
        match self {
            Self::Index(index) => index.ask(|index| index.require_counts()),
            Self::Remote(_) => Ok(()),
        }
    }

    /// Looks up digests of the source's kind, and hands `take` the answer to each, in order. With `needs_counts`, a
    /// source without counts cannot answer.
    pub(super) fn look_up(
        &self,
        digests: &[Digest],
        needs_counts: bool,
        mode: ReadMode,
        bulk: &Bulk<'_>,
        mut take: impl FnMut(usize, Result<Answer, SourceError>),
    ) {
        match self {
            Self::Index(index) if mode == ReadMode::Cached => {
                look_up_cached(index, digests, needs_counts, take)
            }
            Self::Index(index) => look_up_index(index, digests, needs_counts, bulk, take),
            Self::Remote(_) if mode == ReadMode::Cached => {
                (0..digests.len()).for_each(|number| take(number, Err(Error::WouldBlock.into())));
            }
            Self::Remote(server) => {
                let digests: Vec<&Digest> = digests.iter().collect();
                for (number, answer) in server.lookup_many(&digests).into_iter().enumerate() {
                    take(number, answer.map_err(SourceError::from));
                }
            }
        }
    }

    /// The index as it is now, which no later reload changes.
    ///
    /// # Errors
    /// As [`LiveIndex::snapshot`]; [`Error::NotListable`] for a range server.
    pub(super) fn snapshot(&self) -> Result<Index> {
        match self {
            Self::Index(index) => index.snapshot(),
            Self::Remote(_) => Err(Error::NotListable { name: self.name() }),
        }
    }

    /// The entries under a prefix that the source covers, in order.
    pub(super) fn entries(&self, prefix: &Prefix) -> Result<Vec<Entry>, SourceError> {
        match self {
            Self::Index(index) => Ok(index.ask(|index| {
                index.require_exact()?;
                index.require_counts()?;
                index.range_within_coverage(prefix).collect::<Result<_>>()
            })?),
            Self::Remote(server) => match prefix.covered_span() {
                (first, last) if first == last && prefix.digits() == 5 => Ok(server.range(first)?),
                _ => Err(Error::InvalidPrefix(5).into()),
            },
        }
    }
}

/// How many digests are looked up at once.
pub(super) enum Bulk<'a> {
    /// On the calling thread.
    Here(std::marker::PhantomData<&'a ()>),
    /// On the threads of a pool.
    #[cfg(feature = "parallel")]
    On(&'a rayon::ThreadPool),
}

impl Bulk<'_> {
    pub(super) const HERE: Self = Self::Here(std::marker::PhantomData);
}

/// All at once, and where one of them has an error, one after another, so that it hides no other answer.
fn look_up_index(
    index: &LiveIndex,
    digests: &[Digest],
    needs_counts: bool,
    bulk: &Bulk<'_>,
    mut take: impl FnMut(usize, Result<Answer, SourceError>),
) {
    if digests.len() > 1 {
        let mut answers = vec![Answer::Absent; digests.len()];
        let all = index.ask(|index| {
            if needs_counts {
                index.require_counts()?;
            }
            match bulk {
                Bulk::Here(_) => index.lookup_many(digests, &mut answers),
                #[cfg(feature = "parallel")]
                Bulk::On(pool) => index.par_lookup_many(digests, &mut answers, pool),
            }
        });
        if all.is_ok() {
            return answers.into_iter().enumerate().for_each(|(number, answer)| take(number, Ok(answer)));
        }
    }
    for (number, digest) in digests.iter().enumerate() {
        let answer = index.ask(|index| {
            if needs_counts {
                index.require_counts()?;
            }
            index.lookup(digest)
        });
        take(number, answer.map_err(SourceError::from));
    }
}

/// One after another, without waiting for the disk.
fn look_up_cached(
    index: &LiveIndex,
    digests: &[Digest],
    needs_counts: bool,
    mut take: impl FnMut(usize, Result<Answer, SourceError>),
) {
    for (number, digest) in digests.iter().enumerate() {
        let answer = index.ask(|index| {
            if needs_counts {
                index.require_counts()?;
            }
            index.lookup_cached(digest)
        });
        take(number, answer.map_err(SourceError::from));
    }
}
