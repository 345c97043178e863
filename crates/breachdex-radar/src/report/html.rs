//! The report as a page in one file, which asks nobody for anything and runs nothing.
//!
//! The policy in its head allows the one style sheet, named by its SHA-256, and nothing else. Everything that comes from
//! outside goes through maud, which escapes.

#![forbid(unsafe_code)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use breachdex_messages::Language;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use sha2::{Digest as _, Sha256};

use super::{authority, harmless, plot, readable, share, why};
use crate::replay::{Attack, Incident};

const STYLE: &str = include_str!("page.css");

/// The page.
#[must_use]
pub fn html(incident: &Incident, language: Language) -> String {
    let words = language.incidents();
    let style_hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none'; form-action 'none'");
    markup! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (words.title()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (words.title()) }
                    p { (harmless(&incident.path.display().to_string())) }
                    @if let Some((from, to)) = incident.period {
                        p { (words.period(&readable(from), &readable(to))) }
                    }
                    p.confidential { (language.reports().confidential()) }
                }
                main { (contents(incident, language)) }
                footer { p { (language.reports().made_with()) " " (env!("CARGO_PKG_VERSION")) } }
            }
        }
    }
    .into_string()
}

fn contents(incident: &Incident, language: Language) -> Markup {
    let words = language.incidents();
    if incident.period.is_none() {
        return markup! { p.result { (words.no_attempts()) } };
    }
    markup! {
        @if incident.attacks.is_empty() {
            p.result { (words.none(incident.all.attempts())) }
        } @else {
            p.result.bad { (words.found(incident.attacks.len() as u64)) }
        }
        dl.tiles {
            (tile(words.attempts(), incident.all.attempts(), "", language))
            (tile(words.tries(), incident.suspected.failures, &share(incident.suspected.failures, incident.all.failures), language))
            (tile(words.taken(), incident.accounts_taken, "", language))
            (tile(words.sources(), incident.sources, "", language))
        }
        h2 { (words.timeline()) }
        (plot::plot(&incident.timeline, language))
        @if !incident.attacks.is_empty() {
            h2 { (words.attacks()) }
            (attacks(&incident.attacks, language))
            @if incident.accounts_taken > 0 {
                h2 { (words.accounts()) }
                (accounts(incident, language))
            }
            h2 { (words.authority()) }
            (authority::table(incident, language))
        }
        h2 { (words.method()) }
        p { (words.method_about()) }
    }
}

fn tile(label: &str, number: u64, part: &str, language: Language) -> Markup {
    markup! {
        div {
            dt { (label) }
            dd { (language.grouped(number)) @if !part.is_empty() { " " small { (part) } } }
        }
    }
}

fn attacks(attacks: &[Attack], language: Language) -> Markup {
    let words = language.incidents();
    markup! {
        table {
            thead { tr {
                th scope="col" { (words.began()) }
                th scope="col" { (words.raised()) }
                th scope="col" { (words.ended()) }
                th scope="col" { (words.why()) }
            } }
            tbody {
                @for attack in attacks {
                    tr {
                        td { (readable(attack.episode.since)) }
                        td { (readable(attack.episode.raised)) }
                        td { (attack.episode.until.map_or_else(|| words.runs().to_owned(), readable)) }
                        td { (why(&attack.reasons, words)) }
                    }
                }
            }
        }
    }
}

fn accounts(incident: &Incident, language: Language) -> Markup {
    let words = language.incidents();
    let unlisted = incident.accounts_taken - incident.taken.len() as u64;
    markup! {
        p { (words.accounts_about()) }
        @if !incident.taken.is_empty() {
            table {
                thead { tr {
                    th scope="col" { (words.time()) }
                    th scope="col" { (if incident.has_users { words.account() } else { words.pseudonym() }) }
                    @if incident.has_users { th scope="col" { (words.source()) } }
                    th scope="col" { (words.password_exposed()) }
                } }
                tbody {
                    @for taken in &incident.taken {
                        tr {
                            td { (readable(taken.time)) }
                            td.name { bdi { (harmless(&taken.account)) } }
                            @if let Some(source) = &taken.source { td.name { bdi { (harmless(source)) } } }
                            td { @if taken.has_exposed_password { (words.yes()) } }
                        }
                    }
                }
            }
        }
        @if unlisted > 0 { p.faint { (words.unlisted(unlisted)) } }
    }
}
