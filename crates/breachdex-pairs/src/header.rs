//! The numbers of the request header `Exposed-Credential-Check`.

#![forbid(unsafe_code)]

use breachdex::PairMatch;

/// The value of the header `Exposed-Credential-Check` for what is known about a log-in; `None` for no header.
///
/// The numbers are Cloudflare's, of its managed transform "Add leaked credentials checks header"
/// (<https://developers.cloudflare.com/rules/transform/managed-transforms/reference/#add-leaked-credentials-checks-header>,
/// read in November 2026):
///
/// | value | Cloudflare says that it detected |
/// | --- | --- |
/// | 1 | a user name and password that leaked |
/// | 2 | a user name that leaked |
/// | 3 | a combination similar to a user name and password that leaked |
/// | 4 | a password that leaked |
///
/// A header has one number, and that page does not say which one where several are true. Here the one says the most about
/// the log-in: 1, then 3, then 4, then 2, for a user name alone is no reason to do anything.
///
/// ```
/// use breachdex_pairs::{PairMatch, exposed_credential_check};
/// assert_eq!(exposed_credential_check(Some(PairMatch::Pair), true), Some(1));
/// assert_eq!(exposed_credential_check(Some(PairMatch::SimilarPair), true), Some(3));
/// assert_eq!(exposed_credential_check(Some(PairMatch::UserName), true), Some(4));
/// assert_eq!(exposed_credential_check(Some(PairMatch::UserName), false), Some(2));
/// assert_eq!(exposed_credential_check(None, true), Some(4));
/// assert_eq!(exposed_credential_check(None, false), None);
/// ```
pub const fn exposed_credential_check(found: Option<PairMatch>, password_exposed: bool) -> Option<u8> {
    match (found, password_exposed) {
        (Some(PairMatch::Pair), _) => Some(1),
        (Some(PairMatch::SimilarPair), _) => Some(3),
        (_, true) => Some(4),
        (Some(PairMatch::UserName), false) => Some(2),
        (None, false) => None,
    }
}
