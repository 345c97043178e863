//! What is said about an incident: a page, JSON, and a few lines. Accounts have pseudonyms unless their names were asked for.

#![forbid(unsafe_code)]

mod authority;
mod html;
mod json;
mod plot;
mod text;

pub use breachdex_messages::Language;
pub use html::html;
pub use json::json;
pub use text::text;

use breachdex_messages::{Incidents, Words};
use chrono::DateTime;

use crate::answer::Reason;
use crate::attempt::Time;
use crate::replay::Incident;

/// A time as people and programs read it, in UTC.
fn rfc_3339(time: Time) -> String {
    DateTime::from_timestamp(time.unix() as i64, 0)
        .map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// A time for people, in UTC.
fn readable(time: Time) -> String {
    DateTime::from_timestamp(time.unix() as i64, 0)
        .map(|time| time.format("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}

/// A part of a whole: `12.3 %`. Never 0 for something, never 100 for less than all.
fn share(part: u64, whole: u64) -> String {
    match (part, whole) {
        (0, _) | (_, 0) => String::from("0 %"),
        (part, whole) if part == whole => String::from("100 %"),
        (part, whole) => format!("{:.1} %", (part as f64 * 100.0 / whole as f64).clamp(0.1, 99.9)),
    }
}

/// A name from the input without what would act on a terminal or turn the reading direction.
fn harmless(name: &str) -> String {
    let acts = |character: char| {
        character.is_control()
            || matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    name.chars().map(|character| if acts(character) { '\u{FFFD}' } else { character }).collect()
}

/// Why an alarm was raised, in words.
fn why(reasons: &[Reason], words: Words<Incidents>) -> String {
    let percent = |part: f64| (part * 100.0).round() as u64;
    let sentence = |reason: &Reason| match *reason {
        Reason::SiteExposed { attack, .. } => words.why_exposed(percent(attack)),
        Reason::SiteUnknownAccounts { attack, .. } => words.why_unknown(percent(attack)),
        Reason::Sources { count } => words.why_sources(u64::from(count)),
    };
    reasons.iter().map(sentence).collect::<Vec<_>>().join("; ")
}

/// When the first attack began and the last one ended.
fn span(incident: &Incident) -> Option<(Time, Time)> {
    let last = incident.period?.1;
    let first = incident.attacks.iter().map(|attack| attack.episode.since).min()?;
    let until = incident.attacks.iter().map(|attack| attack.episode.until.unwrap_or(last)).max()?;
    Some((first, until))
}
