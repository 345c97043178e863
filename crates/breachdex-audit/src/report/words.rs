//! Which messages say what was found.

#![forbid(unsafe_code)]

use breachdex_messages::{Reports, Words};

use crate::account::AccountKind;
use crate::tally::Band;

/// How often a password was seen.
pub(super) fn band(band: Band, words: Words<Reports>) -> String {
    match (band.first(), band.last()) {
        (None, _) => words.band_unknown().to_owned(),
        (Some(first), None) => words.band_from(first),
        (Some(first), Some(last)) if first == last => words.band_exactly(first),
        (Some(first), Some(last)) => words.band_between(first, last),
    }
}

/// The remark about whose password it is, where there is one.
pub(super) fn account_kind(account_kind: AccountKind, words: Words<Reports>) -> Option<&'static str> {
    (account_kind == AccountKind::Machine).then(|| words.note_machine())
}
