//! An incident in a few lines for a terminal.

#![forbid(unsafe_code)]

use breachdex_messages::Language;

use super::{readable, why};
use crate::replay::{Attack, Incident};

/// The lines, each with its end.
#[must_use]
pub fn text(incident: &Incident, language: Language) -> String {
    let words = language.incidents();
    let Some((from, to)) = incident.period else { return format!("{}\n", words.no_attempts()) };
    let mut lines = vec![words.period(&readable(from), &readable(to))];
    if incident.attacks.is_empty() {
        lines.push(words.none(incident.all.attempts()));
        return lines.join("\n") + "\n";
    }
    lines.push(words.found(incident.attacks.len() as u64));
    lines.extend(incident.attacks.iter().map(|attack| line(attack, language)));
    let numbers = [
        (words.attempts(), incident.all.attempts()),
        (words.tries(), incident.suspected.failures),
        (words.taken(), incident.accounts_taken),
        (words.sources(), incident.sources),
    ];
    lines.push(String::new());
    lines.extend(numbers.map(|(label, number)| format!("{:>12}  {label}", language.grouped(number))));
    lines.join("\n") + "\n"
}

fn line(attack: &Attack, language: Language) -> String {
    let words = language.incidents();
    let until = attack.episode.until.map_or_else(|| words.runs().to_owned(), readable);
    format!(
        "- {} {}; {} {}; {} {until}; {}: {}",
        words.began(),
        readable(attack.episode.since),
        words.raised(),
        readable(attack.episode.raised),
        words.ended(),
        words.why(),
        why(&attack.reasons, words)
    )
}
