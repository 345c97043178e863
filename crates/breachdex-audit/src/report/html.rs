//! The report as a page in one file, which asks nobody for anything and runs nothing.
//!
//! The policy in its head allows the one style sheet, named by its SHA-256, and nothing else: no script, no image, no
//! address. Everything that comes from outside goes through maud, which escapes. The summary fits two printed pages; the
//! part for administrators begins on a page of its own.

#![forbid(unsafe_code)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use breachdex_messages::Language;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use sha2::{Digest as _, Sha256};

use super::numbers::{harmless, share};
use super::page::Tile;
use super::{Report, page};

const STYLE: &str = include_str!("page.css");

/// The page.
pub fn html(report: Report<'_>, language: Language) -> String {
    let words = language.reports();
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
                (header(report, language))
                main {
                    (summary(report, language))
                    (details(report, language))
                }
                (footer(report, language))
            }
        }
    }
    .into_string()
}

fn header(report: Report<'_>, language: Language) -> Markup {
    let (audited, words) = (report.audited, language.reports());
    let date = report.subject.made_on.as_str();
    markup! {
        header {
            div.inner {
                h1 { (words.title()) }
                p.where {
                    (harmless(&report.input(language))) " · " (report.format(language))
                    @if !date.is_empty() { " · " (date) }
                }
                p.confidential { (words.confidential()) }
            }
        }
        @if audited.tally.is_incomplete() || report.subject.is_starter {
            div.notices {
                @if audited.tally.is_incomplete() { p.notice { (words.incomplete()) } }
                @for reason in &audited.unanswered_because { p.notice { (harmless(reason)) } }
                @if report.subject.is_starter { p.notice { (words.starter()) } }
            }
        }
    }
}

/// A heading with the name that the table of contents leads to.
fn heading(id: &str, text: &str) -> Markup {
    markup! { h2 id=(id) { (text) } }
}

fn summary(report: Report<'_>, language: Language) -> Markup {
    let (audited, words) = (report.audited, language.reports());
    let tally = &audited.tally;
    let of_all = |part: u64| share(part, tally.accounts);
    let (machines, disabled) = (audited.findings_machines, audited.findings_disabled);
    let apart = words.accounts_apart(tally.machines.checked, tally.empty);
    let to_act_on = words.to_act_on_parts(audited.findings_in_use(), machines, disabled);
    let of_exposed = words.exposed_disabled(tally.disabled.exposed);
    let (of_exposed_share, of_shared) = (of_all(tally.exposed), of_all(tally.shared.accounts));
    let tiles = [
        Tile {
            label: words.accounts(),
            number: tally.accounts,
            parts: (tally.machines.checked + tally.empty > 0).then_some(apart.as_str()),
            ..Tile::default()
        },
        Tile {
            label: words.to_act_on(),
            number: audited.findings_total,
            parts: (machines + disabled > 0).then_some(to_act_on.as_str()),
            is_bad: true,
            ..Tile::default()
        },
        Tile {
            label: words.exposed(),
            number: tally.exposed,
            share: &of_exposed_share,
            parts: (tally.disabled.exposed > 0).then_some(of_exposed.as_str()),
            is_bad: true,
        },
        Tile { label: words.empty_in_use(), number: tally.empty_in_use, is_bad: true, ..Tile::default() },
        Tile {
            label: words.shared_accounts(),
            number: tally.shared.accounts,
            share: &of_shared,
            ..Tile::default()
        },
    ];
    let is_said = |tile: &&Tile<'_>| tile.label != words.empty_in_use() || tile.number > 0;
    markup! {
        section.summary aria-labelledby="next" {
            dl.tiles {
                @for tile in tiles.iter().filter(is_said) { (page::tile(*tile, language)) }
            }
            (heading("next", words.next()))
            (page::step_cards(report, language))
            (page::contents(report, language))
            (heading("summary", words.summary()))
            div.pair {
                (page::ring(tally.exposed, tally.accounts, language))
                (page::bands(report, language))
            }
            @if report.earlier.is_some() {
                (heading("trend", words.trend()))
                (page::trend(report, language))
            }
        }
    }
}

fn details(report: Report<'_>, language: Language) -> Markup {
    let (audited, words) = (report.audited, language.reports());
    let shared = &audited.tally.shared;
    markup! {
        section.details {
            p.part { (words.details()) }
            (heading("list", words.list()))
            @if !audited.has_users && !audited.findings.is_empty() { p.faint { (words.pseudonyms()) } }
            (page::list(report, language))
            @if !shared.largest.is_empty() {
                (heading("shared", words.shared()))
                (page::groups(report, language))
                @if shared.largest.iter().any(|group| !group.members.is_empty()) {
                    h3 { (words.members()) }
                    (page::members(report, language))
                }
            }
            (heading("counts", words.all_counts()))
            (page::counts(report, language))
            (heading("meaning", words.meaning()))
            ul { @for meaning in words.meanings() { li { (meaning) } } }
        }
    }
}

fn footer(report: Report<'_>, language: Language) -> Markup {
    let (subject, words) = (report.subject, language.reports());
    markup! {
        footer {
            p { (words.made_with()) " " (env!("CARGO_PKG_VERSION")) }
            dl {
                @if report.audited.inputs.len() > 1 {
                    dt { (words.file()) }
                    dd { @for input in &report.audited.inputs { (harmless(&input.name)) br; } }
                }
                dt { (words.index()) } dd { (harmless(&subject.indexes.join(", "))) " (" (subject.kind) ")" }
                @if !subject.overlays.is_empty() {
                    dt { (words.overlays()) } dd { (harmless(&subject.overlays.join(", "))) }
                }
                dt { (words.entries()) } dd { (language.grouped(subject.entries)) }
                @if let Some(corpus_date) = &subject.corpus_date { dt { (words.corpus_date()) } dd { (corpus_date) } }
                dt { (words.threshold()) } dd { (language.grouped(subject.min_count)) }
                @if !subject.made_on.is_empty() { dt { (words.date()) } dd { (subject.made_on) } }
            }
            @if !subject.is_exact { p { (words.not_exact()) } }
        }
    }
}
