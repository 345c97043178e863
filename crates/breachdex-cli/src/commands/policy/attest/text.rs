//! An attestation for people.

#![forbid(unsafe_code)]

use std::fmt::Write as _;

use super::Attestation;

/// All of it. File names are in it as they are; what prints it makes them harmless.
pub(super) fn of(attestation: &Attestation) -> String {
    let mut text = String::new();
    // A String takes whatever is written to it.
    let _ = write(attestation, &mut text);
    text
}

fn write(attestation: &Attestation, text: &mut String) -> std::fmt::Result {
    let Attestation { policy, tests, .. } = attestation;
    let mut rows = vec![("time", attestation.time.clone()), ("tool", attestation.tool.clone())];
    let file = policy.file.as_ref().map(|file| format!(", {file}")).unwrap_or_default();
    rows.push(("policy", format!("{}{file}, at least {} characters", policy.profile, policy.min_length)));
    rows.extend(attestation.index.rows());
    rows.extend(attestation.overlays.iter().map(|overlay| ("overlay", overlay.index.clone())));
    rows.extend(attestation.pairs.iter().map(|pairs| ("pairs", pairs.clone())));
    for event in &attestation.events {
        let exposed = event.actions.get("exposed").copied().unwrap_or("accept");
        rows.push((event.event, format!("exposed: {exposed}; on_error: {}", event.on_error)));
    }
    for (name, value) in rows {
        // One line each, whatever a note in the index holds.
        writeln!(text, "{name:<12}  {}", value.replace(char::is_control, "?"))?;
    }
    writeln!(text, "\nresult  test             event    expected                 got")?;
    for test in tests {
        let result = if test.passed { "ok" } else { "FAILED" };
        let (event, got) = (test.event.unwrap_or("-"), test.got.replace(char::is_control, "?"));
        writeln!(text, "{result:<6}  {:<15}  {event:<7}  {:<23}  {got}", test.test, test.expected)?;
    }
    if !attestation.remarks.is_empty() {
        writeln!(text)?;
    }
    for remark in &attestation.remarks {
        writeln!(text, "note: {remark}")?;
    }
    let failed = tests.iter().filter(|test| !test.passed).count();
    match failed {
        0 => writeln!(text, "\npassed: all {} tests", tests.len()),
        failed => writeln!(text, "\nFAILED: {failed} of {} tests", tests.len()),
    }
}
