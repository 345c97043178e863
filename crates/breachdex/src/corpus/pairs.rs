//! Lists of exposed pairs of a user name and a password, and what they say together.
//!
//! `breachdex-pairs` has the lists; here is what a [`Corpus`] needs of one, so that everything that is handed a corpus asks
//! its pairs too.
//!
//! | the lists | the finding |
//! | --- | --- |
//! | some hold something | the severest of it; and the first fault, where another list could not answer |
//! | none does, and every one answered | nothing |
//! | none does, and one could not answer | nothing, and the fault |

#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;

use super::{Corpus, CorpusBuilder, FormSet, SourceError};
use crate::error::Error;
use crate::index::LiveIndex;
use crate::storage::ReadMode;

/// What a list of pairs knows about an account and a password, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PairMatch {
    /// The user name is in the list, with other passwords.
    UserName,
    /// The user name is in the list with a password of which this one is a small variation; never says which.
    SimilarPair,
    /// The user name is in the list with this password.
    Pair,
}

impl PairMatch {
    /// Every match, the mildest first.
    pub const ALL: [Self; 3] = [Self::UserName, Self::SimilarPair, Self::Pair];

    /// `user_name`, `similar_pair` or `pair`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserName => "user_name",
            Self::SimilarPair => "similar_pair",
            Self::Pair => "pair",
        }
    }
}

/// What lists of pairs are asked.
#[derive(Clone, Copy)]
pub struct PairQuestion<'a> {
    /// What the account is known by, such as its user name and its e-mail address. Each is asked; the severest match counts.
    pub users: &'a [&'a str],
    /// The password as it was received.
    pub password: &'a [u8],
    /// The form of the password that will be kept, if it is another.
    pub stored: Option<&'a str>,
    /// The forms that are asked besides.
    pub forms: FormSet,
}

/// Says nothing of the account and the password.
impl fmt::Debug for PairQuestion<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PairQuestion").field("users", &self.users.len()).finish_non_exhaustive()
    }
}

impl<'a> PairQuestion<'a> {
    /// The question about one name and a password, in the forms that are asked if nothing else is said.
    pub fn new(users: &'a [&'a str], password: &'a [u8]) -> Self {
        Self { users, password, stored: None, forms: FormSet::default() }
    }
}

/// A list of exposed pairs.
pub trait PairList: Send + Sync + fmt::Debug {
    /// The file's path, for messages.
    fn name(&self) -> String;

    /// What it knows; `None` where it holds neither the pair nor the user name.
    ///
    /// # Errors
    /// When the answer cannot be had or trusted.
    fn find(&self, question: &PairQuestion<'_>) -> Result<Option<PairMatch>, SourceError>;

    /// The same without waiting for the disk.
    ///
    /// # Errors
    /// As [`PairList::find`]; [`Error::WouldBlock`](crate::Error::WouldBlock) where the disk would have to be waited for, and
    /// always unless a list can tell.
    fn find_cached(&self, _question: &PairQuestion<'_>) -> Result<Option<PairMatch>, SourceError> {
        Err(Error::WouldBlock.into())
    }

    /// The file that it follows, if it follows one.
    fn live_index(&self) -> Option<&LiveIndex>;
}

/// What the lists of pairs of a corpus say together.
#[derive(Debug, Default)]
#[must_use]
pub struct PairFinding {
    /// The severest match of all lists that answered.
    pub found: Option<PairMatch>,
    /// Why the first list that could not answer could not.
    pub fault: Option<Box<SourceError>>,
}

impl CorpusBuilder {
    /// Adds lists of exposed pairs.
    pub fn pairs(mut self, lists: impl IntoIterator<Item = Arc<dyn PairList>>) -> Self {
        self.pairs.extend(lists);
        self
    }
}

impl Corpus {
    /// The same sources with these lists of exposed pairs besides.
    #[must_use]
    pub fn with_pairs(self, lists: impl IntoIterator<Item = Arc<dyn PairList>>) -> Self {
        Self { pairs: self.pairs.iter().cloned().chain(lists).collect(), ..self }
    }

    /// The lists of exposed pairs.
    pub fn pairs(&self) -> &[Arc<dyn PairList>] {
        &self.pairs
    }

    /// What the lists of exposed pairs know about an account and a password. Nothing where there are no lists, or nothing
    /// is known of the account. Asks every list.
    pub fn find_pair(&self, question: &PairQuestion<'_>) -> PairFinding {
        let mut finding = PairFinding::default();
        if question.users.is_empty() {
            return finding;
        }
        for list in &*self.pairs {
            let asked = match self.mode {
                ReadMode::Blocking => list.find(question),
                ReadMode::Cached => list.find_cached(question),
            };
            match asked {
                Ok(found) => finding.found = finding.found.max(found),
                Err(fault) => {
                    finding.fault.get_or_insert_with(|| Box::new(fault));
                }
            }
        }
        finding
    }

    /// The files that are followed when they are replaced: those of [`Corpus::live_indexes`], then those of the lists of
    /// pairs.
    pub fn followed(&self) -> impl Iterator<Item = &LiveIndex> {
        self.live_indexes().chain(self.pairs.iter().filter_map(|list| list.live_index()))
    }
}
