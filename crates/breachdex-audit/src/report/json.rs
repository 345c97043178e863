//! The report as one JSON object. Fields may gain companions but do not change.

#![forbid(unsafe_code)]

use serde::Serialize;

use super::{Report, other_form};
use crate::account::Standing;
use crate::findings::Finding;
use crate::groups::Shared;
use crate::tally::{Band, LookedUp};

#[derive(Serialize)]
struct Facts<'a> {
    input: &'a str,
    format: &'a str,
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
struct BandFacts {
    band: String,
    from: Option<u64>,
    to: Option<u64>,
    accounts: u64,
}

#[derive(Serialize)]
struct FindingFacts<'a> {
    number: u64,
    account: Option<&'a str>,
    standing: Standing,
    count: Option<u64>,
    overlay: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    disabled: bool,
    lm_hash: bool,
    shared_by: u64,
}

/// One object, with a line feed behind it.
pub fn json(report: Report<'_>) -> String {
    let Report { audited, subject } = report;
    let tally = &audited.tally;
    let band = |(band, accounts): (Band, &u64)| BandFacts {
        band: band.name(),
        from: band.first(),
        to: band.last(),
        accounts: *accounts,
    };
    let finding = |finding: &'_ Finding| FindingFacts {
        number: finding.number,
        account: None,
        standing: finding.standing,
        count: finding.count,
        overlay: finding.in_overlay,
        form: other_form(finding.form, true),
        partial: finding.is_partial,
        disabled: finding.is_disabled,
        lm_hash: finding.has_lm,
        shared_by: finding.shared_by,
    };
    let listed = audited.findings.iter().map(|found| FindingFacts {
        account: (!found.account.is_empty()).then_some(found.account.as_str()),
        ..finding(found)
    });
    let facts = Facts {
        input: &audited.input,
        format: audited.format.name(),
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
        without_password: tally.without_password,
        other_items: tally.other_items,
        lm_hashes: tally.lm_hashes,
        malformed: tally.malformed,
        unanswered: tally.unanswered,
        unanswered_because: &audited.unanswered_because,
        users: audited.has_users,
        listed: listed.collect(),
        unlisted: report.unlisted(),
    };
    // Numbers, booleans and text: nothing of it can fail.
    serde_json::to_string(&facts).unwrap_or_default() + "\n"
}
