//! How `policy check` says a verdict.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use breachdex_policy::{Fact, Reason, Verdict};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::failure::Failure;
use crate::output::Output;

/// How verdicts are said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rendering {
    /// A line number, the action and the codes, with tabs between.
    Text,
    /// One JSON object a line.
    Json,
    /// What the person is told, and nothing else.
    Messages,
    /// Sentences, for the person who typed the password.
    Sentences,
    /// Not at all.
    Quiet,
}

#[derive(serde::Serialize)]
struct VerdictRow {
    line: u64,
    event: &'static str,
    action: &'static str,
    accepted: bool,
    reasons: Vec<ReasonRow>,
    messages: Vec<String>,
}

/// A code, an action, and what the rule says besides.
struct ReasonRow(Reason);

impl Serialize for ReasonRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("code", self.0.code().name())?;
        row.serialize_entry("action", self.0.action.name())?;
        for (name, fact) in self.0.finding.facts() {
            match fact {
                Fact::Number(number) => row.serialize_entry(name, &number)?,
                Fact::Text(text) => row.serialize_entry(name, text)?,
                Fact::Flag(flag) => row.serialize_entry(name, &flag)?,
            }
        }
        row.end()
    }
}

#[derive(serde::Serialize)]
struct ErrorRow<'a> {
    line: u64,
    error: &'a str,
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
                    reasons: verdict.reasons().iter().copied().map(ReasonRow).collect(),
                    messages: verdict.messages(language),
                },
                output,
            ),
            Self::Messages => messages(verdict, language, output),
            Self::Sentences => {
                output.write(format!("{}\n", verdict.action().name()).as_bytes())?;
                messages(verdict, language, output)
            }
            Self::Quiet => Ok(()),
        }
    }

    /// Writes what is wrong with a line where standard output has a form for it.
    pub(super) fn error(self, line: u64, error: &str, output: &mut Output) -> Result<(), Failure> {
        if self == Self::Json { json(&ErrorRow { line, error }, output) } else { Ok(()) }
    }
}

fn messages(verdict: &Verdict, language: Language, output: &mut Output) -> Result<(), Failure> {
    verdict.messages(language).iter().try_for_each(|text| output.write(format!("{text}\n").as_bytes()))
}

fn json(row: &impl Serialize, output: &mut Output) -> Result<(), Failure> {
    let json = serde_json::to_string(row).map_err(|error| Failure::output(error.into()))?;
    output.write_json(&json)?;
    output.write(b"\n")
}
