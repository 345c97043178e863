//! The report for a terminal: the counts, then the exposed accounts as a table.

#![forbid(unsafe_code)]

use breachdex::Form;
use breachdex_messages::Language;

use super::numbers::{columns, harmless, share};
use super::{Report, Subject, other_form, words};
use crate::findings::Finding;
use crate::policy::Violations;
use crate::tally::{Band, LookedUp, Tally};

/// The counts and the table, as lines.
pub fn text(report: Report<'_>, language: Language) -> String {
    let Report { audited, subject, .. } = report;
    let mut text = heading(report, language);
    let rows = counts(&audited.tally, language);
    let widest = rows.iter().map(|row| columns(&row.label)).max().unwrap_or(0);
    let longest = rows.iter().map(|row| row.number.len()).max().unwrap_or(0);
    for Row { label, number, remark } in rows {
        let padding = " ".repeat(widest - columns(&label));
        let remark = if remark.is_empty() { remark } else { format!("  {remark}") };
        text += &format!("{label}{padding}  {number:>longest$}{remark}\n");
    }
    text += &trend(report, language);
    text += &notes(subject, audited.tally.is_incomplete(), language);
    text.extend(audited.unanswered_because.iter().map(|reason| format!("  {}\n", harmless(reason))));
    if !audited.findings.is_empty() {
        text += "\n";
        text += &table(report, language);
        if report.unlisted() > 0 {
            text += &format!("{}\n", language.reports().unlisted(report.unlisted()));
        }
    }
    text
}

fn heading(report: Report<'_>, language: Language) -> String {
    let Report { subject, .. } = report;
    let words = language.reports();
    let indexes = match subject.overlays.as_slice() {
        [] => subject.indexes.join(", "),
        overlays => format!("{} + {}", subject.indexes.join(", "), overlays.join(", ")),
    };
    let (input, format) = (harmless(&report.input(language)), report.format(language));
    let heading = match &subject.corpus_date {
        None => words.heading(&input, &format, &indexes, subject.entries),
        Some(date) => words.heading_dated(&input, &format, &indexes, subject.entries, date),
    };
    heading + "\n\n"
}

struct Row {
    label: String,
    number: String,
    remark: String,
}

/// The counts in their order; what is 0 and is not to be expected is left out.
fn counts(tally: &Tally, language: Language) -> Vec<Row> {
    let words = language.reports();
    let row = |label: &str, number: u64, remark: String| Row {
        label: label.to_owned(),
        number: language.grouped(number),
        remark,
    };
    let mut rows = Vec::new();
    for (label, number) in [(words.empty_in_use(), tally.empty_in_use), (words.own_name(), tally.own_name)] {
        if number > 0 {
            rows.push(row(label, number, String::new()));
        }
    }
    rows.extend([
        row(words.accounts(), tally.accounts, String::new()),
        row(words.exposed(), tally.exposed, share(tally.exposed, tally.accounts)),
    ]);
    let bands = Band::ALL.into_iter().zip(tally.bands).filter(|(_, accounts)| *accounts > 0);
    rows.extend(
        bands
            .map(|(band, accounts)| row(&format!("  {}", words::band(band, words)), accounts, String::new())),
    );
    if tally.by_overlay > 0 {
        rows.push(row(&format!("  {}", words.by_overlay()), tally.by_overlay, String::new()));
    }
    let shared = &tally.shared;
    let plain = [
        (words.not_found(), tally.accounts - tally.exposed - tally.below_min_count, true),
        (words.below_min_count(), tally.below_min_count, false),
        (words.shared(), shared.groups, true),
        (words.exposed_groups(), shared.exposed_groups, shared.groups > 0),
        (words.shared_accounts(), shared.accounts, shared.groups > 0),
    ];
    let is_said = |(_, number, always): &(&str, u64, bool)| *always || *number > 0;
    rows.extend(
        plain.into_iter().filter(is_said).map(|(label, number, _)| row(label, number, String::new())),
    );
    let apart = [
        (words.disabled(), tally.disabled),
        (words.machines(), tally.machines),
        (words.former(), tally.former),
    ];
    rows.extend(
        apart
            .into_iter()
            .filter(|(_, looked_up)| looked_up.checked > 0)
            .map(|(label, LookedUp { checked, exposed })| row(label, checked, words.of_them(exposed))),
    );
    if let Some(policy) = tally.policy.as_ref() {
        rows.push(row(&words.refused(&harmless(&policy.name)), policy.refused, String::new()));
        let by_rule = Violations::CODES.into_iter().zip(policy.by_rule).filter(|(_, accounts)| *accounts > 0);
        rows.extend(
            by_rule.map(|(code, accounts)| row(&format!("  {}", code.title(words)), accounts, String::new())),
        );
    }
    let rest = [
        (words.lm_hashes(), tally.lm_hashes),
        (words.empty(), tally.empty),
        (words.without_password(), tally.without_password),
        (words.other_items(), tally.other_items),
        (words.malformed(), tally.malformed),
        (words.unanswered(), tally.unanswered),
    ];
    rows.extend(
        rest.into_iter().filter(|(_, number)| *number > 0).map(|(label, n)| row(label, n, String::new())),
    );
    rows
}

/// The comparison with an earlier report, if any.
fn trend(report: Report<'_>, language: Language) -> String {
    let Some(earlier) = report.earlier else { return String::new() };
    let words = language.reports();
    let since = words.trend_since(&harmless(&earlier.made_on), &harmless(&earlier.input));
    let rows = earlier.changes(report, language).into_iter().map(|change| {
        let before = change.before.map_or_else(|| String::from("–"), |before| language.grouped(before));
        [change.label.to_owned(), before, language.grouped(change.now), change.difference(language)]
    });
    let header =
        [String::new(), words.before().to_owned(), words.now().to_owned(), words.change().to_owned()];
    let lines: Vec<[String; 4]> = std::iter::once(header).chain(rows).collect();
    format!("\n{since}\n{}", aligned(&lines, [false, true, true, true]))
}

fn notes(subject: &Subject, is_incomplete: bool, language: Language) -> String {
    let words = language.reports();
    let notes = [
        (is_incomplete, words.incomplete()),
        (subject.is_starter, words.starter()),
        (!subject.is_exact, words.not_exact()),
    ];
    notes.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| format!("\n{note}\n")).collect()
}

/// The accounts to act on, in columns.
fn table(report: Report<'_>, language: Language) -> String {
    let (audited, words) = (report.audited, language.reports());
    let name = if audited.has_users { words.account() } else { words.pseudonym() };
    let header = [words.seen(), name, words.number(), words.notes()].map(str::to_owned);
    let cells = |finding: &Finding| {
        let account = if finding.account.is_empty() { String::from("-") } else { harmless(&finding.account) };
        [
            seen(finding, language),
            account,
            place(finding, report),
            remarks(finding, language).join(words.list_separator()),
        ]
    };
    let lines: Vec<[String; 4]> = std::iter::once(header).chain(audited.findings.iter().map(cells)).collect();
    aligned(&lines, [true, false, true, false])
}

/// How often an exposed password was seen.
pub(super) fn seen(finding: &Finding, language: Language) -> String {
    match (finding.is_exposed, finding.count) {
        (true, Some(count)) => language.grouped(count),
        _ => String::from("-"),
    }
}

/// Where in the input an account is, with the input's name where there are several.
pub(super) fn place(finding: &Finding, report: Report<'_>) -> String {
    match report.audited.inputs.len() {
        0 | 1 => finding.number.to_string(),
        _ => format!("{}:{}", harmless(report.audited.input_name(finding.input)), finding.number),
    }
}

/// Cells in columns of equal width; those of numbers are aligned on the right.
fn aligned<const N: usize>(lines: &[[String; N]], is_number: [bool; N]) -> String {
    let width = |at: usize| lines.iter().map(|line| columns(&line[at])).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let padded = |line: &[String; N]| {
        let cell = |at: usize| {
            let space = " ".repeat(widths[at] - columns(&line[at]));
            if is_number[at] { format!("{space}{}", line[at]) } else { format!("{}{space}", line[at]) }
        };
        let cells: Vec<String> = (0..N).map(cell).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(padded).collect()
}

/// What else there is to say about an account.
pub(super) fn remarks(finding: &Finding, language: Language) -> Vec<String> {
    let words = language.reports();
    let first = [(finding.is_empty, words.note_empty()), (finding.is_own_name, words.note_own_name())];
    let flags = [
        (finding.is_disabled, words.note_disabled()),
        (finding.in_overlay, words.note_overlay()),
        (finding.has_lm, words.note_lm()),
    ];
    let that_apply = |(applies, word): (bool, &'static str)| applies.then(|| word.to_owned());
    let shared = finding.group.map(|group| words.shared_by(finding.shared_by, group));
    let how = other_form(finding.form, finding.is_exposed).map(|form| match finding.form {
        Form::Trimmed | Form::Visible => words.note_invisible().to_owned(),
        _ => words.note_form(&form.to_uppercase()),
    });
    let rules: Vec<&str> = finding.violations.codes().map(|code| code.title(words)).collect();
    let policy = (!rules.is_empty()).then(|| words.note_policy(&rules.join(words.list_separator())));
    let partial = finding.is_partial.then(|| words.note_partial().to_owned());
    let account_kind = words::account_kind(finding.account_kind, words).map(str::to_owned);
    let first = first.into_iter().filter_map(that_apply);
    let flags = flags.into_iter().filter_map(that_apply);
    first.chain(shared).chain(how).chain(flags).chain(account_kind).chain(policy).chain(partial).collect()
}
