//! The report as one JSON object. Fields may gain companions but do not change.

#![forbid(unsafe_code)]

use serde::Serialize;

use super::{Report, other_form};
use crate::account::AccountKind;
use crate::findings::Finding;
use crate::groups::Shared;
use crate::policy::Violations;
use crate::tally::{Band, LookedUp, PolicyTally};

#[derive(Serialize)]
struct Facts<'a> {
    input: String,
    format: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<InputFacts<'a>>,
    made_on: &'a str,
    index: String,
    overlays: &'a [String],
    kind: &'a str,
    exact: bool,
    entries: u64,
    corpus_date: Option<&'a str>,
    floor: u64,
    min_count: u64,
    accounts: u64,
    exposed: u64,
    by_overlay: u64,
    below_min_count: u64,
    bands: Vec<BandFacts>,
    shared: &'a Shared,
    disabled: LookedUp,
    machines: LookedUp,
    former: LookedUp,
    empty: u64,
    empty_in_use: u64,
    own_name: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyFacts<'a>>,
    without_password: u64,
    other_items: u64,
    lm_hashes: u64,
    malformed: u64,
    unanswered: u64,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unanswered_because: &'a [String],
    users: bool,
    listed: Vec<FindingFacts<'a>>,
    unlisted: u64,
}

#[derive(Serialize)]
struct InputFacts<'a> {
    input: &'a str,
    format: &'a str,
}

#[derive(Serialize)]
struct BandFacts {
    band: String,
    from: Option<u64>,
    to: Option<u64>,
    accounts: u64,
}

#[derive(Serialize)]
struct PolicyFacts<'a> {
    name: &'a str,
    refused: u64,
    rules: Vec<RuleFacts>,
}

#[derive(Serialize)]
struct RuleFacts {
    rule: &'static str,
    accounts: u64,
}

#[derive(Serialize)]
struct FindingFacts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    number: u64,
    account: Option<&'a str>,
    account_kind: AccountKind,
    exposed: bool,
    count: Option<u64>,
    overlay: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    disabled: bool,
    lm_hash: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    empty: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    own_name: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    policy: Vec<&'static str>,
    shared_by: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<u64>,
}

/// One object, with a line feed behind it.
pub fn json(report: Report<'_>) -> String {
    let Report { audited, subject, .. } = report;
    let tally = &audited.tally;
    let band = |(band, accounts): (Band, &u64)| BandFacts {
        band: band.name(),
        from: band.first(),
        to: band.last(),
        accounts: *accounts,
    };
    let inputs =
        audited.inputs.iter().map(|input| InputFacts { input: &input.name, format: input.format.name() });
    let has_several = audited.inputs.len() > 1;
    let facts = Facts {
        input: report.input(breachdex_messages::Language::En),
        format: audited.inputs.first().map_or("", |input| input.format.name()),
        inputs: inputs.filter(|_| has_several).collect(),
        made_on: &subject.made_on,
        index: subject.indexes.join(", "),
        overlays: &subject.overlays,
        kind: subject.kind.name(),
        exact: subject.is_exact,
        entries: subject.entries,
        corpus_date: subject.corpus_date.as_deref(),
        floor: subject.floor,
        min_count: subject.min_count,
        accounts: tally.accounts,
        exposed: tally.exposed,
        by_overlay: tally.by_overlay,
        below_min_count: tally.below_min_count,
        bands: Band::ALL.into_iter().zip(&tally.bands).map(band).collect(),
        shared: &tally.shared,
        disabled: tally.disabled,
        machines: tally.machines,
        former: tally.former,
        empty: tally.empty,
        empty_in_use: tally.empty_in_use,
        own_name: tally.own_name,
        policy: tally.policy.as_ref().map(policy),
        without_password: tally.without_password,
        other_items: tally.other_items,
        lm_hashes: tally.lm_hashes,
        malformed: tally.malformed,
        unanswered: tally.unanswered,
        unanswered_because: &audited.unanswered_because,
        users: audited.has_users,
        listed: audited.findings.iter().map(|found| finding(found, report)).collect(),
        unlisted: report.unlisted(),
    };
    // Numbers, booleans and text: nothing of it can fail.
    serde_json::to_string(&facts).unwrap_or_default() + "\n"
}

fn policy(policy: &PolicyTally) -> PolicyFacts<'_> {
    let rule = |(code, accounts): (&breachdex_policy::Code, &u64)| RuleFacts {
        rule: code.name(),
        accounts: *accounts,
    };
    let rules = Violations::CODES.iter().zip(&policy.by_rule).map(rule).collect();
    PolicyFacts { name: &policy.name, refused: policy.refused, rules }
}

fn finding<'a>(finding: &'a Finding, report: Report<'a>) -> FindingFacts<'a> {
    let has_several = report.audited.inputs.len() > 1;
    FindingFacts {
        input: has_several.then(|| report.audited.input_name(finding.input)),
        number: finding.number,
        account: (!finding.account.is_empty()).then_some(finding.account.as_str()),
        account_kind: finding.account_kind,
        exposed: finding.is_exposed,
        count: finding.count,
        overlay: finding.in_overlay,
        form: other_form(finding.form, finding.is_exposed),
        partial: finding.is_partial,
        disabled: finding.is_disabled,
        lm_hash: finding.has_lm,
        empty: finding.is_empty,
        own_name: finding.is_own_name,
        policy: finding.violations.codes().map(breachdex_policy::Code::name).collect(),
        shared_by: finding.shared_by,
        group: finding.group,
    }
}
