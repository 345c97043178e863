//! The parts of the page: steps, charts and tables.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use maud::{Markup, html};

use super::numbers::{harmless, share};
use super::steps::{Urgency, steps};
use super::text::{place, remarks, seen};
use super::{Report, words};
use crate::findings::Finding;
use crate::policy::Violations;
use crate::tally::Band;

/// The ring's radius, and with it how far it is around.
const RADIUS: f64 = 56.0;
const AROUND: f64 = 2.0 * std::f64::consts::PI * RADIUS;

/// A number with its name.
#[derive(Clone, Copy, Default)]
pub(super) struct Tile<'a> {
    pub(super) label: &'a str,
    pub(super) number: u64,
    /// Beside the number.
    pub(super) share: &'a str,
    /// Below it: what it is made of, or what is not among it.
    pub(super) parts: Option<&'a str>,
    pub(super) is_bad: bool,
}

/// A number with its name.
pub(super) fn tile(tile: Tile<'_>, language: Language) -> Markup {
    let Tile { label, number, share, parts, is_bad } = tile;
    html! {
        div.bad[is_bad && number > 0] {
            dt { (label) }
            dd {
                (language.grouped(number))
                @if !share.is_empty() { " " small { (share) } }
                @if let Some(parts) = parts { " " small.parts { (parts) } }
            }
        }
    }
}

/// What there is to do, as numbered cards.
pub(super) fn step_cards(report: Report<'_>, language: Language) -> Markup {
    html! {
        ol.steps {
            @for step in steps(report, language) {
                li class=(match step.urgency { Urgency::Now => "now", Urgency::Soon => "soon", Urgency::Later => "later" }) {
                    p { (step.text) }
                    @if !step.names.is_empty() {
                        p.names {
                            @for (at, name) in step.names.iter().enumerate() {
                                @if at > 0 { ", " }
                                bdi { (name) }
                            }
                            @if step.more > 0 { " " (language.reports().unlisted(step.more)) }
                        }
                    }
                }
            }
        }
    }
}

/// Where the parts of the page are.
pub(super) fn contents(report: Report<'_>, language: Language) -> Markup {
    let words = language.reports();
    let has_groups = !report.audited.tally.shared.largest.is_empty();
    let parts = [
        (true, "next", words.next()),
        (true, "summary", words.summary()),
        (report.earlier.is_some(), "trend", words.trend()),
        (true, "list", words.list()),
        (has_groups, "shared", words.shared()),
        (true, "counts", words.all_counts()),
        (true, "meaning", words.meaning()),
    ];
    html! {
        nav.contents aria-label=(words.contents()) {
            strong { (words.contents()) }
            ol { @for (_, id, name) in parts.iter().filter(|(is_there, _, _)| *is_there) { li { a href={ "#" (id) } { (name) } } } }
            p.faint { (words.pages()) }
        }
    }
}

/// The comparison with an earlier report.
pub(super) fn trend(report: Report<'_>, language: Language) -> Markup {
    let words = language.reports();
    let Some(earlier) = report.earlier else { return html! {} };
    let class = |is_worse| match is_worse {
        Some(true) => "worse",
        Some(false) => "better",
        None => "same",
    };
    html! {
        p.faint { (words.trend_since(&harmless(&earlier.made_on), &harmless(&earlier.input))) }
        table {
            thead {
                tr {
                    th scope="col" {}
                    th.number scope="col" { (words.before()) }
                    th.number scope="col" { (words.now()) }
                    th.number scope="col" { (words.change()) }
                }
            }
            tbody {
                @for change in earlier.changes(report, language) {
                    tr {
                        th scope="row" { (change.label) }
                        td.number { (change.before.map_or_else(|| String::from("–"), |before| language.grouped(before))) }
                        td.number { (language.grouped(change.now)) }
                        td.number { span class=(class(change.is_worse())) { (change.difference(language)) } }
                    }
                }
            }
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
        .map(|group| Bar {
            label: format!(
                "{} {}{}",
                words.group(),
                group.id,
                if group.exposed { words.group_exposed() } else { "" }
            ),
            number: group.accounts,
            is_bad: group.exposed,
        })
        .collect();
    bars(words.largest_groups(), &rows, language)
}

/// Who is in the groups.
pub(super) fn members(report: Report<'_>, language: Language) -> Markup {
    let words = language.reports();
    html! {
        dl.members {
            @for group in report.audited.tally.shared.largest.iter().filter(|group| !group.members.is_empty()) {
                dt class=(if group.exposed { "bad" } else { "neutral" }) {
                    (words.group_size(group.id, group.accounts))
                    @if group.exposed { (words.group_exposed()) }
                }
                dd {
                    @for (at, name) in group.members.iter().enumerate() {
                        @if at > 0 { ", " }
                        bdi { (if name.is_empty() { String::from("–") } else { harmless(name) }) }
                    }
                    @if group.accounts > group.members.len() as u64 {
                        " " (words.unlisted(group.accounts - group.members.len() as u64))
                    }
                }
            }
        }
    }
}

/// Every count there is.
pub(super) fn counts(report: Report<'_>, language: Language) -> Markup {
    let (tally, words) = (&report.audited.tally, language.reports());
    let mut rows = vec![
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
        (words.empty_in_use(), tally.empty_in_use, None),
        (words.own_name(), tally.own_name, None),
        (words.without_password(), tally.without_password, None),
        (words.other_items(), tally.other_items, None),
        (words.malformed(), tally.malformed, None),
        (words.unanswered(), tally.unanswered, None),
    ];
    let policy = tally.policy.as_ref();
    let refused = policy.map(|policy| words.refused(&harmless(&policy.name))).unwrap_or_default();
    if let Some(policy) = policy {
        rows.push((refused.as_str(), policy.refused, None));
        let by_rule = Violations::CODES.into_iter().zip(policy.by_rule);
        rows.extend(by_rule.map(|(code, accounts)| (code.title(words), accounts, None)));
    }
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

/// The accounts to act on: those in use, then the disabled ones.
pub(super) fn list(report: Report<'_>, language: Language) -> Markup {
    let (audited, words) = (report.audited, language.reports());
    let (in_use, disabled): (Vec<&Finding>, Vec<&Finding>) =
        audited.findings.iter().partition(|finding| !finding.is_disabled);
    let machines = audited.findings_machines;
    let sum = words.list_sum(
        audited.findings_total,
        audited.findings_in_use(),
        machines,
        audited.findings_disabled,
    );
    html! {
        @if audited.findings.is_empty() && audited.findings_total == 0 {
            p { (words.none_exposed()) }
        } @else {
            p { (sum) }
            @if !in_use.is_empty() { (rows(&in_use, report, language)) }
            @if !disabled.is_empty() {
                h3 { (words.list_disabled()) }
                (rows(&disabled, report, language))
            }
            @if report.unlisted() > 0 { p.faint { (words.unlisted_here(report.unlisted())) } }
        }
    }
}

fn rows(findings: &[&Finding], report: Report<'_>, language: Language) -> Markup {
    let (audited, words) = (report.audited, language.reports());
    html! {
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
                    @for finding in findings {
                        tr.worst[finding.is_empty || finding.is_own_name] {
                            td.number { (seen(finding, language)) }
                            td.name { (harmless(&finding.account)) }
                            td.number { (place(finding, report)) }
                            td { (remarks(finding, language).join(words.list_separator())) }
                        }
                    }
                }
            }
        }
    }
}
