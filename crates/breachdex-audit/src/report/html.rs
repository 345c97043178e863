//! The report as a page in one file, which asks nobody for anything and runs nothing.
//!
//! The policy in its head allows the one style sheet, named by its SHA-256, and nothing else: no script, no image, no
//! address. Everything that comes from outside goes through maud, which escapes.

#![forbid(unsafe_code)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use breachdex_messages::Language;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use sha2::{Digest as _, Sha256};

use super::numbers::{harmless, share};
use super::{Report, page};

const STYLE: &str = include_str!("page.css");

/// The page. `date` is when it is made, as it is to be shown.
pub fn html(report: Report<'_>, language: Language, date: &str) -> String {
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
                (header(report, language, date))
                main { (body(report, language)) }
                (footer(report, language, date))
            }
        }
    }
    .into_string()
}

fn header(report: Report<'_>, language: Language, date: &str) -> Markup {
    let (audited, words) = (report.audited, language.reports());
    markup! {
        header {
            h1 { (words.title()) }
            p.faint { (harmless(&audited.input)) " · " (audited.format.described(language)) " · " (date) }
            p.faint { (words.confidential()) }
            @if audited.tally.is_incomplete() { p.notice { (words.incomplete()) } }
            @for reason in &audited.unanswered_because { p.notice { (harmless(reason)) } }
            @if report.subject.is_starter { p.notice { (words.starter()) } }
        }
    }
}

fn body(report: Report<'_>, language: Language) -> Markup {
    let (audited, words) = (report.audited, language.reports());
    let tally = &audited.tally;
    markup! {
        dl.tiles {
            (page::tile(words.accounts(), tally.accounts, "", false, language))
            (page::tile(words.exposed(), tally.exposed, &share(tally.exposed, tally.accounts), true, language))
            (page::tile(words.shared_accounts(), tally.shared.accounts, &share(tally.shared.accounts, tally.accounts), false, language))
        }
        section.pair {
            (page::ring(tally.exposed, tally.accounts, language))
            (page::bands(report, language))
        }
        @if !tally.shared.largest.is_empty() {
            section { h2 { (words.shared()) } (page::groups(report, language)) }
        }
        section {
            h2 { (words.list()) }
            @if !audited.has_users && !audited.findings.is_empty() { p.faint { (words.pseudonyms()) } }
            (page::list(report, language))
        }
        section { h2 { (words.all_counts()) } (page::counts(report, language)) }
        section { h2 { (words.meaning()) } ul { @for meaning in words.meanings() { li { (meaning) } } } }
        section { h2 { (words.next()) } ol { @for step in words.steps() { li { (step) } } } }
    }
}

fn footer(report: Report<'_>, language: Language, date: &str) -> Markup {
    let (subject, words) = (report.subject, language.reports());
    markup! {
        footer {
            p { (words.made_with()) " " (env!("CARGO_PKG_VERSION")) }
            dl {
                dt { (words.index()) } dd { (subject.indexes.join(", ")) " (" (subject.kind) ")" }
                @if !subject.overlays.is_empty() { dt { (words.overlays()) } dd { (subject.overlays.join(", ")) } }
                dt { (words.entries()) } dd { (language.grouped(subject.entries)) }
                @if let Some(corpus_date) = &subject.corpus_date { dt { (words.corpus_date()) } dd { (corpus_date) } }
                dt { (words.threshold()) } dd { (language.grouped(subject.min_count)) }
                dt { (words.date()) } dd { (date) }
            }
            @if !subject.is_exact { p { (words.not_exact()) } }
        }
    }
}
