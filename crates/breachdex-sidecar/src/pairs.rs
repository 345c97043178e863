//! Pairs of user names and passwords that a site's own incidents exposed, and the header that says so.
//!
//! The one place that knows where pairs come from.

#![forbid(unsafe_code)]

/// What is known about a user name and a password together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairMatch {
    Pair,
    SimilarPair,
    UserName,
}

/// The name in answers.
pub(crate) fn name(found: PairMatch) -> &'static str {
    match found {
        PairMatch::Pair => "pair",
        PairMatch::SimilarPair => "similar_pair",
        PairMatch::UserName => "user_name",
    }
}

/// The value of `Exposed-Credential-Check`.
pub(crate) fn exposed_credential_check(pair: Option<PairMatch>, is_exposed: bool) -> Option<u8> {
    match (pair, is_exposed) {
        (Some(PairMatch::Pair), _) => Some(1),
        (Some(PairMatch::UserName), _) => Some(2),
        (Some(PairMatch::SimilarPair), _) => Some(3),
        (None, true) => Some(4),
        (None, false) => None,
    }
}
