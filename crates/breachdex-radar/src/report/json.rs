//! An incident as one JSON object. Fields may gain companions but do not change.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use serde::Serialize;

use super::authority::{Item, items};
use super::rfc_3339;
use crate::answer::Reason;
use crate::replay::{Attack, Counts, Incident, Slot, TakenAccount};

#[derive(Serialize)]
struct Facts<'a> {
    input: String,
    from: Option<String>,
    to: Option<String>,
    all: CountFacts,
    attack: bool,
    attacks: Vec<AttackFacts>,
    suspected: CountFacts,
    suspected_sources: u64,
    accounts_tried: u64,
    accounts_taken: u64,
    users: bool,
    listed: Vec<TakenFacts<'a>>,
    unlisted: u64,
    timeline: TimelineFacts,
    /// The table for the authority; empty without an attack.
    authority: Vec<Item>,
}

#[derive(Serialize)]
struct CountFacts {
    failures: u64,
    successes: u64,
    rated: u64,
    exposed: u64,
    stated: u64,
    unknown_accounts: u64,
}

#[derive(Serialize)]
struct AttackFacts {
    since: String,
    raised: String,
    until: Option<String>,
    site_wide: bool,
    sources: u32,
    reasons: Vec<ReasonFacts>,
}

#[derive(Serialize)]
struct ReasonFacts {
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usual_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attack_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
}

#[derive(Serialize)]
struct TakenFacts<'a> {
    time: String,
    account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    exposed_password: bool,
}

#[derive(Serialize)]
struct TimelineFacts {
    start: Option<String>,
    slot_seconds: u32,
    failures: Vec<u64>,
    exposed: Vec<u64>,
    suspected: Vec<u64>,
    taken: Vec<u64>,
}

/// One object, with a line feed behind it. Only the texts of the table for the authority are in the language.
#[must_use]
pub fn json(incident: &Incident, language: Language) -> String {
    let timeline = &incident.timeline;
    let of = |number: fn(&Slot) -> u64| timeline.slots.iter().map(number).collect();
    let facts = Facts {
        input: incident.path.display().to_string(),
        from: incident.period.map(|(from, _)| rfc_3339(from)),
        to: incident.period.map(|(_, to)| rfc_3339(to)),
        all: counts(&incident.all),
        attack: !incident.attacks.is_empty(),
        attacks: incident.attacks.iter().map(attack).collect(),
        suspected: counts(&incident.suspected),
        suspected_sources: incident.sources,
        accounts_tried: incident.accounts_tried,
        accounts_taken: incident.accounts_taken,
        users: incident.has_users,
        listed: incident.taken.iter().map(taken).collect(),
        unlisted: incident.accounts_taken - incident.taken.len() as u64,
        timeline: TimelineFacts {
            start: incident.period.map(|_| rfc_3339(timeline.start)),
            slot_seconds: timeline.slot,
            failures: of(|slot| slot.failures),
            exposed: of(|slot| slot.exposed),
            suspected: of(|slot| slot.suspected),
            taken: of(|slot| slot.taken),
        },
        authority: if incident.attacks.is_empty() { Vec::new() } else { items(incident, language).into() },
    };
    // Numbers, booleans and text: nothing of it can fail.
    serde_json::to_string(&facts).unwrap_or_default() + "\n"
}

fn counts(counts: &Counts) -> CountFacts {
    let Counts { failures, successes, rated, exposed, stated, unknown_accounts } = *counts;
    CountFacts { failures, successes, rated, exposed, stated, unknown_accounts }
}

fn attack(attack: &Attack) -> AttackFacts {
    AttackFacts {
        since: rfc_3339(attack.episode.since),
        raised: rfc_3339(attack.episode.raised),
        until: attack.episode.until.map(rfc_3339),
        site_wide: attack.episode.is_site_wide,
        sources: attack.episode.sources,
        reasons: attack.reasons.iter().map(reason).collect(),
    }
}

fn reason(reason: &Reason) -> ReasonFacts {
    let thousandths = |share: f64| (share * 1000.0).round() / 1000.0;
    let (usual_share, attack_share, count) = match *reason {
        Reason::SiteExposed { usual, attack } | Reason::SiteUnknownAccounts { usual, attack } => {
            (Some(thousandths(usual)), Some(thousandths(attack)), None)
        }
        Reason::Sources { count } => (None, None, Some(count)),
    };
    ReasonFacts { reason: reason.name(), usual_share, attack_share, count }
}

fn taken(taken: &TakenAccount) -> TakenFacts<'_> {
    TakenFacts {
        time: rfc_3339(taken.time),
        account: &taken.account,
        source: taken.source.as_deref(),
        exposed_password: taken.has_exposed_password,
    }
}
