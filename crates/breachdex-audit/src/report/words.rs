//! Which messages say what was found.

#![forbid(unsafe_code)]

use breachdex_messages::{Reports, Words};
use breachdex_policy::Code;

use crate::account::Standing;
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
pub(super) fn standing(standing: Standing, words: Words<Reports>) -> Option<&'static str> {
    (standing == Standing::Machine).then(|| words.note_machine())
}

/// A rule of a policy.
pub(super) fn rule(code: Code, words: Words<Reports>) -> &'static str {
    match code {
        Code::TooShort => words.rule_too_short(),
        Code::TooLong => words.rule_too_long(),
        Code::ContextWord => words.rule_context_word(),
        Code::SimilarExposed => words.rule_similar_exposed(),
        Code::Repetitive => words.rule_repetitive(),
        Code::ControlCharacter => words.rule_control_character(),
        other => other.name(),
    }
}
