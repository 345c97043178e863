//! What the exposed pairs say of the account for which `check` asks.

#![forbid(unsafe_code)]

use breachdex::{Finding, PairFinding, PairMatch, SourceError};
use breachdex_messages::Language;

/// What is known of an account and a password.
pub(super) enum Pair {
    /// No account is named.
    NotAsked,
    /// The severest match of the lists that answered, and why one could not.
    Asked(Option<PairMatch>, Option<Box<SourceError>>),
}

impl From<PairFinding> for Pair {
    fn from(PairFinding { found, fault }: PairFinding) -> Self {
        Self::Asked(found, fault)
    }
}

impl Pair {
    /// Whether the password must not be used for the account.
    pub(super) fn is_exposed(&self) -> bool {
        matches!(self, Self::Asked(Some(PairMatch::Pair | PairMatch::SimilarPair), _))
    }

    /// The finding about the password, joined with the fault of a list: unless the account's pair is exposed anyway,
    /// it is then not known whether it is.
    pub(super) fn with_fault(&mut self, finding: Finding) -> Finding {
        match self {
            Self::Asked(found, fault) if *found < Some(PairMatch::SimilarPair) => match fault.take() {
                Some(fault) => finding.or(Finding::Unknown(fault)),
                None => finding,
            },
            _ => finding,
        }
    }

    /// Whether an account is named, and the name of the match.
    pub(super) fn name(&self) -> Option<Option<&'static str>> {
        match self {
            Self::NotAsked => None,
            Self::Asked(found, _) => Some(found.map(PairMatch::name)),
        }
    }

    /// A column of its own, with a tab before it; nothing where no account is named.
    pub(super) fn column(&self) -> String {
        self.name().map_or_else(String::new, |name| format!("\t{}", name.unwrap_or("-")))
    }

    /// A sentence for the person who typed the password; empty where no account is named.
    pub(super) fn sentence(&self, language: Language) -> String {
        let words = language.command();
        let said = match self {
            Self::NotAsked => return String::new(),
            Self::Asked(Some(PairMatch::Pair), _) => words.pair(),
            Self::Asked(Some(PairMatch::SimilarPair), _) => words.similar_pair(),
            Self::Asked(Some(PairMatch::UserName), _) => words.pair_user_name(),
            Self::Asked(None, _) => words.no_pair(),
        };
        format!("{}\n", words.answer(words.label_pair(), said))
    }
}
