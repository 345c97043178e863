//! How `policy check` says a verdict.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use breachdex_policy::{Finding, Reason, Verdict};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

/// How verdicts are said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rendering {
    /// A line number, the action and the codes, with tabs between.
    Text,
    /// One JSON object a line.
    Json,
    /// Sentences, for the person who typed the password.
    Sentences,
    /// Not at all.
    Quiet,
}

#[derive(Serialize)]
struct VerdictRow {
    line: u64,
    event: &'static str,
    action: &'static str,
    accepted: bool,
    reasons: Vec<ReasonRow>,
    messages: Vec<String>,
}

#[derive(Serialize)]
struct ReasonRow {
    code: &'static str,
    action: &'static str,
    #[serde(flatten)]
    detail: Detail,
}

/// What a rule says besides its code.
#[derive(Serialize)]
#[serde(untagged)]
enum Detail {
    Exposed {
        count: Option<u64>,
        form: &'static str,
        source: Option<&'static str>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        partial: bool,
    },
    ContextWord {
        source: &'static str,
    },
    TooShort {
        length: usize,
        min_length: usize,
    },
    TooLong {
        length: usize,
        max_length: usize,
    },
    Nothing {},
}

#[derive(Serialize)]
struct ErrorRow<'a> {
    line: u64,
    error: &'a str,
}

impl From<&Reason> for ReasonRow {
    fn from(reason: &Reason) -> Self {
        let detail = match reason.finding {
            Finding::Exposed(exposure) => Detail::Exposed {
                count: exposure.count,
                form: exposure.form.name(),
                source: reason.finding.source(),
                partial: exposure.is_partial,
            },
            Finding::ContextWord(source) => Detail::ContextWord { source: source.name() },
            Finding::TooShort { length, min_length } => Detail::TooShort { length, min_length },
            Finding::TooLong { length, max_length } => Detail::TooLong { length, max_length },
            Finding::ControlCharacter
            | Finding::IndexUnavailable
            | Finding::Repetitive
            | Finding::SimilarExposed => Detail::Nothing {},
        };
        Self { code: reason.code().name(), action: reason.action.name(), detail }
    }
}

impl Rendering {
    pub(super) fn verdict(
        self,
        line: u64,
        verdict: &Verdict,
        language: Language,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Text => {
                let codes: Vec<&str> = verdict.reasons().iter().map(|reason| reason.code().name()).collect();
                let codes = if codes.is_empty() { String::from("-") } else { codes.join(",") };
                output.write(format!("{line}\t{}\t{codes}\n", verdict.action().name()).as_bytes())
            }
            Self::Json => json(
                &VerdictRow {
                    line,
                    event: verdict.event().name(),
                    action: verdict.action().name(),
                    accepted: verdict.accepted(),
                    reasons: verdict.reasons().iter().map(ReasonRow::from).collect(),
                    messages: verdict.messages(language),
                },
                output,
            ),
            Self::Sentences => {
                output.write(format!("{}\n", verdict.action().name()).as_bytes())?;
                let messages = verdict.messages(language);
                messages.iter().try_for_each(|text| output.write(format!("{text}\n").as_bytes()))
            }
            Self::Quiet => Ok(()),
        }
    }

    /// Writes what is wrong with a line where standard output has a form for it.
    pub(super) fn error(self, line: u64, error: &str, output: &mut Output) -> Result<(), Failure> {
        if self == Self::Json { json(&ErrorRow { line, error }, output) } else { Ok(()) }
    }
}

fn json(row: &impl Serialize, output: &mut Output) -> Result<(), Failure> {
    let mut bytes = serde_json::to_vec(row).map_err(|error| Failure::output(error.into()))?;
    bytes.push(b'\n');
    output.write(&bytes)
}
