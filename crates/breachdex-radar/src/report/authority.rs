//! The table for a report to the Personal Information Protection Commission of Japan: the nine items of article 8 of the
//! enforcement rules of the Act on the Protection of Personal Information, with what the log shows of each.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use maud::{Markup, html};
use serde::Serialize;

use super::{readable, share, span};
use crate::replay::Incident;

/// An item of the table.
#[derive(Serialize)]
pub(super) struct Item {
    /// Its name, the same in all languages.
    name: &'static str,
    title: &'static str,
    /// What the log shows of it.
    from_log: String,
    /// What has to be added.
    to_add: &'static str,
}

/// The nine items.
pub(super) fn items(incident: &Incident, language: Language) -> [Item; 9] {
    let words = language.incidents();
    let unseen = || words.not_in_log().to_owned();
    let overview = span(incident).map_or_else(unseen, |(from, to)| {
        words.overview(&readable(from), &readable(to), incident.suspected.failures, incident.accounts_taken)
    });
    let cause = match incident.suspected.rated {
        0 => words.cause_unrated().to_owned(),
        rated => words.cause(&share(incident.suspected.exposed, rated)),
    };
    let people = words.people(incident.accounts_taken);
    [
        ("overview", words.item_overview(), overview, words.add_overview()),
        ("data", words.item_data(), unseen(), words.add_data()),
        ("people", words.item_people(), people, words.add_people()),
        ("cause", words.item_cause(), cause, words.add_cause()),
        ("damage", words.item_damage(), unseen(), words.add_damage()),
        ("people_told", words.item_people_told(), unseen(), words.add_people_told()),
        ("public", words.item_public(), unseen(), words.add_public()),
        ("prevention", words.item_prevention(), unseen(), words.add_prevention()),
        ("other", words.item_other(), unseen(), words.add_other()),
    ]
    .map(|(name, title, from_log, to_add)| Item { name, title, from_log, to_add })
}

/// The table.
pub(super) fn table(incident: &Incident, language: Language) -> Markup {
    let words = language.incidents();
    html! {
        p { (words.authority_about()) }
        table {
            thead { tr {
                th scope="col" { (words.item()) }
                th scope="col" { (words.from_log()) }
                th scope="col" { (words.to_add()) }
            } }
            tbody {
                @for item in items(incident, language) {
                    tr { th scope="row" { (item.title) } td { (item.from_log) } td.faint { (item.to_add) } }
                }
            }
        }
    }
}
