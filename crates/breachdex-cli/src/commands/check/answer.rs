//! What `check` found for one line, and the ways to say it.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::io;

use anstyle::{AnsiColor, Style};
use breachdex::{Answer, Origin};
use breachdex_messages::Language;
use serde::Serialize;

use super::oracle::{Fault, Found};
use crate::failure::Failure;
use crate::output::Output;
use crate::terminal;

/// What was asked, as far as answers mention it.
pub(super) struct Subject {
    /// The index's path or `starter`; of several, joined.
    pub(super) names: String,
    /// The overlays' paths, joined.
    pub(super) overlays: Option<String>,
    /// Whether the overlays keep full digests, as all do that `overlay add` made.
    pub(super) exact_overlays: bool,
    pub(super) is_starter: bool,
    pub(super) exact: bool,
    pub(super) floor: u64,
    pub(super) counts: bool,
    /// The first index without counts.
    pub(super) without_counts: Option<String>,
}

impl Subject {
    /// The index that lacks counts.
    pub(super) fn uncounted(&self) -> String {
        self.without_counts.clone().unwrap_or_else(|| self.names.clone())
    }

    /// Whether a hit there is never by chance.
    fn is_exact(&self, origin: Origin) -> bool {
        match origin {
            Origin::Base => self.exact,
            Origin::Overlay => self.exact_overlays,
        }
    }

    /// Everybody who is asked.
    fn all_names(&self) -> Cow<'_, str> {
        match &self.overlays {
            None => Cow::Borrowed(&self.names),
            Some(overlays) => Cow::Owned(format!("{}, {overlays}", self.names)),
        }
    }
}

/// The answer to one line.
#[derive(Clone, Copy)]
pub(super) struct Finding {
    /// Seen at least as often as asked for, or in an overlay.
    pub(super) exposed: bool,
    /// The true count; `None` in an index without counts.
    count: Option<u64>,
    origin: Origin,
}

impl Finding {
    /// Judges what the index said by the threshold.
    pub(super) fn of(found: &Found, min_count: u64, counts: bool) -> Self {
        let origin = found.origin;
        let (exposed, count) = match (found.answer, origin) {
            (Answer::Absent, _) => (false, counts.then_some(0)),
            (Answer::Present { count }, Origin::Overlay) => (true, count),
            (Answer::Present { count: Some(count) }, _) if counts => (count >= min_count, Some(count)),
            (Answer::Present { .. }, _) => (true, None),
        };
        Self { exposed, count, origin }
    }
}

/// How answers are said.
#[derive(Clone, Copy)]
pub(super) enum Rendering {
    /// A line number, the finding and the count, with tabs between.
    Text,
    /// One JSON object a line.
    Json,
    /// A sentence or two, for the person who typed the password.
    Sentence(Language),
    /// Not at all.
    Quiet,
}

#[derive(Serialize)]
struct FindingRow<'a> {
    line: u64,
    exposed: bool,
    count: Option<u64>,
    exact: bool,
    floor: u64,
    index: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
}

#[derive(Serialize)]
struct UnknownRow {
    line: u64,
    exposed: Option<bool>,
    unknown: bool,
    error: String,
}

#[derive(Serialize)]
struct ErrorRow {
    line: u64,
    error: String,
}

impl Rendering {
    /// Writes one answer.
    pub(super) fn finding(
        self,
        line: u64,
        finding: Finding,
        subject: &Subject,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Text => output.write(text(line, finding).as_bytes()),
            Self::Json => {
                let Finding { exposed, count, origin } = finding;
                let Subject { floor, overlays, .. } = subject;
                let source = match origin {
                    Origin::Base => "base",
                    Origin::Overlay => "overlay",
                };
                let row = FindingRow {
                    line,
                    exposed,
                    count,
                    exact: subject.is_exact(origin),
                    floor: *floor,
                    index: &subject.all_names(),
                    source: (exposed && overlays.is_some()).then_some(source),
                };
                json(&row, output)
            }
            Self::Sentence(language) => output.write(sentence(finding, subject, language).as_bytes()),
            Self::Quiet => Ok(()),
        }
    }

    /// Writes that a line could not be checked, and what it counts as.
    pub(super) fn unknown(
        self,
        line: u64,
        exposed: Option<bool>,
        error: &Fault,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Text => output.write(format!("{line}\tunknown\t-\n").as_bytes()),
            Self::Json => {
                json(&UnknownRow { line, exposed, unknown: true, error: error.to_string() }, output)
            }
            Self::Sentence(language) => {
                let words = language.command();
                let answer = words.answer(words.label_unknown(), words.unknown());
                output.write(format!("{answer}\n").as_bytes())
            }
            Self::Quiet => Ok(()),
        }
    }

    /// Writes what is wrong with a line where standard output has a form for it.
    pub(super) fn error(self, line: u64, error: &Fault, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Json => json(&ErrorRow { line, error: error.to_string() }, output),
            Self::Text | Self::Sentence(_) | Self::Quiet => Ok(()),
        }
    }
}

fn text(line: u64, finding: Finding) -> String {
    match finding {
        Finding { exposed: false, .. } => format!("{line}\tnot found\t0\n"),
        Finding { count: Some(count), .. } => format!("{line}\texposed\t{count}\n"),
        Finding { count: None, .. } => format!("{line}\texposed\t-\n"),
    }
}

fn json(row: &impl Serialize, output: &mut Output) -> Result<(), Failure> {
    let mut bytes = serde_json::to_vec(row).map_err(|error| Failure::output(error.into()))?;
    bytes.push(b'\n');
    output.write(&bytes)
}

fn sentence(finding: Finding, subject: &Subject, language: Language) -> String {
    let words = language.command();
    let base = if subject.is_starter { words.starter() } else { subject.names.as_str() };
    let place = match (&subject.overlays, finding.origin, finding.exposed) {
        (Some(overlays), Origin::Overlay, _) => overlays.clone(),
        (Some(overlays), Origin::Base, false) => format!("{base}, {overlays}"),
        _ => base.to_owned(),
    };
    let (label, mut said) = match finding {
        Finding { exposed: true, count: Some(count), .. } => {
            (words.label_exposed(), words.exposed_count(&place, count))
        }
        Finding { exposed: true, count: None, .. } => (words.label_exposed(), words.exposed(&place)),
        Finding { exposed: false, count: Some(count @ 1..), .. } => {
            (words.label_below(), words.below_min_count(&place, count))
        }
        Finding { exposed: false, .. } if subject.is_starter => {
            (words.label_not_found(), words.not_found_starter(&place))
        }
        Finding { exposed: false, .. } => (words.label_not_found(), words.not_found(&place)),
    };
    if finding.exposed && !subject.is_exact(finding.origin) {
        said = [said.as_str(), words.false_alarm()].join(language.sentence_separator());
    }
    let style = match (terminal::wants_colour(&io::stdout()), finding.exposed) {
        (false, _) => Style::new(),
        (true, true) => AnsiColor::Red.on_default().bold(),
        (true, false) => Style::new().bold(),
    };
    format!("{}\n", words.answer(&format!("{style}{label}{style:#}"), &said))
}
