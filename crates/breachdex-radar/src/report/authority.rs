//! The table for a report to the Personal Information Protection Commission of Japan: the nine items of article 8 of the
//! enforcement rules of the Act on the Protection of Personal Information, with what the log shows of each.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use maud::{Markup, html};

use super::{readable, share, span};
use crate::replay::Incident;

/// The table.
pub(super) fn table(incident: &Incident, language: Language) -> Markup {
    let words = language.incidents();
    let unseen = || words.not_in_log().to_owned();
    let overview = span(incident).map_or_else(unseen, |(from, to)| {
        words.overview(&readable(from), &readable(to), incident.suspected.failures, incident.accounts_taken)
    });
    let cause = match incident.suspected.rated {
        0 => words.cause_unrated().to_owned(),
        rated => words.cause(&share(incident.suspected.exposed, rated)),
    };
    let rows = [
        (words.item_overview(), overview, words.add_overview()),
        (words.item_data(), unseen(), words.add_data()),
        (words.item_people(), words.people(incident.accounts_taken), words.add_people()),
        (words.item_cause(), cause, words.add_cause()),
        (words.item_damage(), unseen(), words.add_damage()),
        (words.item_people_told(), unseen(), words.add_people_told()),
        (words.item_public(), unseen(), words.add_public()),
        (words.item_prevention(), unseen(), words.add_prevention()),
        (words.item_other(), unseen(), words.add_other()),
    ];
    html! {
        p { (words.authority_about()) }
        table {
            thead { tr {
                th scope="col" { (words.item()) }
                th scope="col" { (words.from_log()) }
                th scope="col" { (words.to_add()) }
            } }
            tbody {
                @for (item, found, missing) in rows {
                    tr { th scope="row" { (item) } td { (found) } td.faint { (missing) } }
                }
            }
        }
    }
}
