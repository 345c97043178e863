//! What there is to do next, the most urgent first: for whom, how many, and the first names.

#![forbid(unsafe_code)]

use breachdex_messages::Language;

use super::Report;
use super::numbers::harmless;
use crate::actions::Named;

/// How urgent a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Anyone can get in.
    Now,
    /// Attackers try it.
    Soon,
    /// Good to have.
    Later,
}

/// Something to do.
pub(super) struct Step {
    pub(super) urgency: Urgency,
    pub(super) text: String,
    /// The first accounts that it is about.
    pub(super) names: Vec<String>,
    /// How many more there are.
    pub(super) more: u64,
}

/// The steps that apply.
pub(super) fn steps(report: Report<'_>, language: Language) -> Vec<Step> {
    let (audited, words) = (report.audited, language.reports());
    let (tally, actions) = (&audited.tally, &audited.actions);
    let named = |urgency, named: &Named, text: fn(_, u64) -> String| {
        (named.number > 0).then(|| Step {
            urgency,
            text: text(words, named.number),
            names: named.names.iter().map(|name| harmless(name)).collect(),
            more: named.number - named.names.len() as u64,
        })
    };
    let plain = |urgency, applies: bool, text: String| {
        applies.then_some(Step { urgency, text, names: Vec::new(), more: 0 })
    };
    let shared = &tally.shared;
    let left_out = tally.malformed + tally.unanswered;
    let steps = [
        named(Urgency::Now, &actions.empty, |words, number| words.step_empty(number)),
        named(Urgency::Now, &actions.own_name, |words, number| words.step_own_name(number)),
        named(Urgency::Now, &actions.exposed.named(tally.exposed_in_use()), |words, number| {
            words.step_exposed(number)
        }),
        named(Urgency::Soon, &actions.machines, |words, number| words.step_machines(number)),
        named(Urgency::Soon, &actions.lm_hashes, |words, number| words.step_lm_hashes(number)),
        plain(Urgency::Soon, shared.groups > 0, words.step_shared(shared.groups, shared.accounts)),
        named(Urgency::Soon, &actions.refused, |words, number| words.step_refused(number)),
        plain(Urgency::Soon, left_out > 0, words.step_incomplete(left_out)),
        named(Urgency::Later, &actions.disabled, |words, number| words.step_disabled(number)),
        plain(Urgency::Later, true, words.step_gate().to_owned()),
        plain(Urgency::Later, true, words.step_delete().to_owned()),
    ];
    steps.into_iter().flatten().collect()
}
