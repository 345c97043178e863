//! What `build` and `merge` say when they are done.

#![forbid(unsafe_code)]

use std::path::Path;
use std::time::Duration;

use breachdex::{BuildReport, Kind, text};

use crate::commands::Exit;
use crate::failure::Failure;
use crate::messages;
use crate::output::Output;

/// Notes on standard error, then the false-positive rate of a truncated index, then the one line.
pub(crate) fn print(
    report: &BuildReport,
    target: &Path,
    kind: Kind,
    elapsed: Duration,
) -> Result<Exit, Failure> {
    messages::durability(target, report.durability);
    if let Some(place) = &report.went_unsorted {
        messages::note(&format!("the input is not sorted (first at {place}), so it was sorted on disk"));
    }
    for (name, found) in &report.passwords_like_digests {
        let flags = match found {
            found if *found == kind => "--format hibp reads digests",
            Kind::Ntlm => "--kind ntlm --format hibp reads NTLM digests",
            _ => "--kind sha1 --format hibp reads SHA-1 digests",
        };
        messages::note(&format!(
            "{name} was read as passwords, but its lines look like {found} digests; {flags}"
        ));
    }
    for name in &report.passwords_in_notation {
        messages::note(&format!("{name}: {}", text::hex_notation(None)));
    }
    for name in &report.passwords_with_users {
        messages::note(&format!("{name} {}", text::USER_PASSWORDS));
    }
    for name in &report.passwords_not_utf8 {
        messages::note(&format!("{name}: {}", text::not_utf8(None)));
    }
    if let Some((first, last)) = report.empty_span {
        messages::note(&format!(
            "no digest begins with {first:05X} to {last:05X}, which is no chance among so many: the input was cut off, or is a \
             part of a list; get it again, or give {}, so that what is missing is unknown instead of not found",
            prefixes_without(first, last)
        ));
    }
    if report.left_out > 0 {
        let what = plural(report.left_out, "row or range file", "rows or range files");
        messages::note(&format!("{what} outside the prefixes left out"));
    }
    if !report.passed_over.is_empty() {
        messages::note(&format!(
            "{} that cannot be range files passed over: {}",
            plural(report.passed_over.len() as u64, "name", "names"),
            some_of(&report.passed_over),
        ));
    }
    if report.groups_copied > 0 {
        messages::note(&format!(
            "{} of {} copied without decoding ({})",
            report.groups_copied,
            plural(report.groups, "group", "groups"),
            plural(report.bytes_copied, "byte", "bytes"),
        ));
    }
    if report.holds_overlay {
        messages::note(
            &"the result holds digests from an overlay, so only its owner may read it: keep it as secret as the overlay; \
              their counts are 1, so that a --min-count above 1 lets them pass",
        );
    }
    let mut output = Output::open();
    if report.bits < kind.bits() {
        output.write(truncation(report, kind).as_bytes())?;
    }
    output.write(totals(report, elapsed).as_bytes())?;
    output.flush()?;
    Ok(Exit::Success)
}

/// The flags that leave a span out.
fn prefixes_without(first: u32, last: u32) -> String {
    let before = first.checked_sub(1).map(|end| format!("--prefixes 00000-{end:05X}"));
    let behind = (last < 0xfffff).then(|| format!("--prefixes {:05X}-FFFFF", last + 1));
    before.into_iter().chain(behind).collect::<Vec<_>>().join(" ")
}

/// The first names of a list.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

fn truncation(report: &BuildReport, kind: Kind) -> String {
    format!(
        "{} of {} bits kept: false-positive rate {:.3e}, {} folded together\n",
        report.bits,
        kind.bits(),
        report.false_positive_rate,
        plural(report.collisions, "digest", "digests"),
    )
}

fn totals(report: &BuildReport, elapsed: Duration) -> String {
    let each = match report.entries {
        0 => 0.0,
        entries => report.bytes as f64 / entries as f64,
    };
    format!(
        "{}, {}, {each:.2} bytes per entry, {:.1} seconds\n",
        plural(report.entries, "entry", "entries"),
        plural(report.bytes, "byte", "bytes"),
        elapsed.as_secs_f64(),
    )
}

/// A number and what it counts.
pub(crate) fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
