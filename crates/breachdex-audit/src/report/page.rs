//! The parts of the page: charts and tables.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use maud::{Markup, html};

use super::numbers::{harmless, share};
use super::text::remarks;
use super::{Report, words};
use crate::findings::Finding;
use crate::tally::Band;

/// The ring's radius, and with it how far it is around.
const RADIUS: f64 = 56.0;
const AROUND: f64 = 2.0 * std::f64::consts::PI * RADIUS;

/// A number with its name.
pub(super) fn tile(label: &str, number: u64, remark: &str, is_bad: bool, language: Language) -> Markup {
    html! {
        div.bad[is_bad && number > 0] {
            dt { (label) }
            dd { (language.grouped(number)) @if !remark.is_empty() { " " small { (remark) } } }
        }
    }
}

/// The exposed part of all accounts, as a ring.
pub(super) fn ring(exposed: u64, accounts: u64, language: Language) -> Markup {
    let words = language.reports();
    let share_text = share(exposed, accounts);
    let part = if accounts == 0 { 0.0 } else { exposed as f64 / accounts as f64 * AROUND };
    let described = format!(
        "{}: {} / {}: {}",
        words.exposed(),
        language.grouped(exposed),
        words.accounts(),
        language.grouped(accounts)
    );
    html! {
        figure {
            svg viewBox="0 0 144 144" role="img" aria-labelledby="ring-title ring-description" {
                title id="ring-title" { (words.exposed()) " " (share_text) }
                desc id="ring-description" { (described) }
                circle.ring.good cx="72" cy="72" r=(RADIUS) {}
                @if exposed > 0 {
                    circle.ring.bad cx="72" cy="72" r=(RADIUS) transform="rotate(-90 72 72)"
                        stroke-dasharray=(format!("{part:.2} {AROUND:.2}")) {}
                }
                text.figure x="72" y="80" { (share_text) }
            }
        }
    }
}

/// A row of a bar chart: its name, its number, and whether it is bad.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) number: u64,
    pub(super) is_bad: bool,
}

/// Bars beside their names and numbers: the chart is its own table.
pub(super) fn bars(caption: &str, rows: &[Bar], language: Language) -> Markup {
    let most = rows.iter().map(|row| row.number).max().unwrap_or(0).max(1);
    html! {
        figure {
            table {
                caption { (caption) }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (row.label) }
                            td.bar {
                                svg viewBox="0 0 100 4" preserveAspectRatio="none" role="img" {
                                    title { (row.label) }
                                    desc { (language.grouped(row.number)) }
                                    rect.fill-bad[row.is_bad].fill-neutral[!row.is_bad] x="0" y="0" height="4"
                                        width=(format!("{:.2}", row.number as f64 / most as f64 * 100.0)) {}
                                }
                            }
                            td.number { (language.grouped(row.number)) }
                        }
                    }
                }
            }
        }
    }
}

/// How often the exposed passwords were seen.
pub(super) fn bands(report: Report<'_>, language: Language) -> Markup {
    let tally = &report.audited.tally;
    let known = Band::ALL.into_iter().zip(tally.bands);
    let rows: Vec<Bar> = known
        .filter(|(band, accounts)| band.first().is_some() || *accounts > 0)
        .map(|(band, number)| Bar { label: words::band(band, language.reports()), number, is_bad: true })
        .collect();
    bars(language.reports().how_often(), &rows, language)
}

/// The passwords that most accounts share; red where they are exposed.
pub(super) fn groups(report: Report<'_>, language: Language) -> Markup {
    let words = language.reports();
    let rows: Vec<Bar> = report
        .audited
        .tally
        .shared
        .largest
        .iter()
        .zip(1..)
        .map(|(group, at)| Bar {
            label: match group.exposed {
                true => format!("{} {at} ({})", words.group(), words.exposed()),
                false => format!("{} {at}", words.group()),
            },
            number: group.accounts,
            is_bad: group.exposed,
        })
        .collect();
    bars(words.largest_groups(), &rows, language)
}

/// Every count there is.
pub(super) fn counts(report: Report<'_>, language: Language) -> Markup {
    let (tally, words) = (&report.audited.tally, language.reports());
    let rows = [
        (words.accounts(), tally.accounts, None),
        (words.exposed(), tally.exposed, None),
        (words.by_overlay(), tally.by_overlay, None),
        (words.below_min_count(), tally.below_min_count, None),
        (words.not_found(), tally.accounts - tally.exposed - tally.below_min_count, None),
        (words.shared(), tally.shared.groups, Some(tally.shared.exposed_groups)),
        (words.shared_accounts(), tally.shared.accounts, None),
        (words.disabled(), tally.disabled.checked, Some(tally.disabled.exposed)),
        (words.machines(), tally.machines.checked, Some(tally.machines.exposed)),
        (words.former(), tally.former.checked, Some(tally.former.exposed)),
        (words.lm_hashes(), tally.lm_hashes, None),
        (words.empty(), tally.empty, None),
        (words.without_password(), tally.without_password, None),
        (words.other_items(), tally.other_items, None),
        (words.malformed(), tally.malformed, None),
        (words.unanswered(), tally.unanswered, None),
    ];
    html! {
        table {
            thead { tr { th scope="col" {} th.number scope="col" { "#" } th.number scope="col" { (words.of_them_exposed()) } } }
            tbody {
                @for (label, number, exposed) in rows {
                    tr {
                        th scope="row" { (label) }
                        td.number { (language.grouped(number)) }
                        td.number { @if let Some(exposed) = exposed { (language.grouped(exposed)) } }
                    }
                }
            }
        }
    }
}

/// The exposed accounts.
pub(super) fn list(report: Report<'_>, language: Language) -> Markup {
    let (audited, words) = (report.audited, language.reports());
    let seen =
        |finding: &Finding| finding.count.map_or_else(|| String::from("–"), |count| language.grouped(count));
    html! {
        @if audited.findings.is_empty() {
            p { (words.none_exposed()) }
        } @else {
            div.wide {
                table {
                    thead {
                        tr {
                            th.number scope="col" { (words.seen()) }
                            th scope="col" { (if audited.has_users { words.account() } else { words.pseudonym() }) }
                            th.number scope="col" { (words.number()) }
                            th scope="col" { (words.notes()) }
                        }
                    }
                    tbody {
                        @for finding in &audited.findings {
                            tr {
                                td.number { (seen(finding)) }
                                td.name { (harmless(&finding.account)) }
                                td.number { (finding.number) }
                                td { (remarks(finding, language).join(", ")) }
                            }
                        }
                    }
                }
            }
            @if report.unlisted() > 0 { p.faint { (language.reports().unlisted(report.unlisted())) } }
        }
    }
}
