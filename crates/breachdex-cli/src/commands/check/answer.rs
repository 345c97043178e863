//! What `check` found for one line, and the ways to say it.

#![forbid(unsafe_code)]

use std::io;

use anstyle::{AnsiColor, Style};
use breachdex::{Corpus, CorpusSource, Exposure, Form, Index, Origin};
use breachdex_messages::Language;
use serde::Serialize;

use super::Fault;
use super::pair::Pair;
use crate::failure::Failure;
use crate::output::Output;
use crate::printable::printable;
use crate::{indexes, terminal};

/// What was asked, as far as answers mention it.
pub(super) struct Subject {
    /// The bases: paths, `starter`, and the range server's address, joined.
    bases: String,
    /// The overlays' paths, joined.
    overlays: Option<String>,
    is_starter: bool,
    exact: bool,
    /// Whether the overlays keep full digests, as all do that `overlay add` made.
    exact_overlays: bool,
    pub(super) floor: u64,
    counts: bool,
    /// Whether several forms of a password are looked up.
    asks_forms: bool,
}

impl Subject {
    /// What the sources say about themselves. A range server keeps full digests with counts.
    pub(super) fn of(corpus: &Corpus, asks_forms: bool) -> Result<Self, Failure> {
        let mut subject = Self {
            bases: String::new(),
            overlays: None,
            is_starter: false,
            exact: true,
            exact_overlays: true,
            floor: 1,
            counts: true,
            asks_forms,
        };
        let mut names = Vec::new();
        for base in corpus.bases() {
            match base {
                CorpusSource::Index(index) => names.push(subject.add(&index.snapshot()?)),
                other => names.push(other.name()),
            }
        }
        subject.bases = names.join(", ");
        let mut names = Vec::new();
        for overlay in corpus.overlays() {
            if let CorpusSource::Index(index) = overlay {
                subject.exact_overlays &= index.snapshot()?.metadata().is_exact();
            }
            names.push(overlay.name());
        }
        subject.overlays = (!names.is_empty()).then(|| names.join(", "));
        Ok(subject)
    }

    /// Adds an index to the bases, and returns its name.
    fn add(&mut self, index: &Index) -> String {
        let metadata = index.metadata();
        self.is_starter |= index.is_starter();
        self.exact &= metadata.is_exact();
        self.counts &= metadata.has_counts;
        self.floor = self.floor.saturating_add(metadata.floor - 1);
        indexes::name(index)
    }

    /// The names of the bases.
    pub(super) fn bases(&self) -> &str {
        &self.bases
    }

    /// Whether a hit there is never by chance.
    fn is_exact(&self, origin: Origin) -> bool {
        match origin {
            Origin::Base => self.exact,
            Origin::Overlay => self.exact_overlays,
        }
    }

    /// The names of all sources.
    fn all_names(&self) -> String {
        match &self.overlays {
            None => self.bases.clone(),
            Some(overlays) => format!("{}, {overlays}", self.bases),
        }
    }
}

/// The answer to one line that could be checked.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    Exposed(Exposure),
    /// With how often the bases have seen it, less than was asked for.
    NotExposed(u64),
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
struct VerdictRow<'a> {
    line: u64,
    exposed: bool,
    count: Option<u64>,
    exact: bool,
    floor: u64,
    index: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<Option<&'static str>>,
}

impl<'a> VerdictRow<'a> {
    fn new(line: u64, verdict: Verdict, pair: &Pair, subject: &Subject, index: &'a str) -> Self {
        let exposure = match verdict {
            Verdict::Exposed(exposure) => Some(exposure),
            Verdict::NotExposed(_) => None,
        };
        Self {
            line,
            exposed: exposure.is_some(),
            count: match verdict {
                Verdict::Exposed(exposure) => exposure.count,
                Verdict::NotExposed(count) => subject.counts.then_some(count),
            },
            exact: subject.is_exact(exposure.map_or(Origin::Base, |exposure| exposure.origin)),
            floor: subject.floor,
            index,
            source: exposure.filter(|_| subject.overlays.is_some()).map(|exposure| exposure.origin.name()),
            form: exposure.filter(|_| subject.asks_forms).map(|exposure| exposure.form.name()),
            partial: exposure.is_some_and(|exposure| exposure.is_partial),
            pair: pair.name(),
        }
    }
}

#[derive(Serialize)]
struct UnknownRow {
    line: u64,
    exposed: Option<bool>,
    unknown: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<Option<&'static str>>,
    error: String,
}

#[derive(Serialize)]
struct ErrorRow {
    line: u64,
    error: String,
}

impl Rendering {
    /// Writes one answer.
    pub(super) fn verdict(
        self,
        line: u64,
        verdict: Verdict,
        pair: &Pair,
        subject: &Subject,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Text => output.write(format!("{}{}\n", text(line, verdict), pair.column()).as_bytes()),
            Self::Json => json(&VerdictRow::new(line, verdict, pair, subject, &subject.all_names()), output),
            Self::Sentence(language) => {
                output.write(sentence(verdict, subject, language).as_bytes())?;
                output.write(pair.sentence(language).as_bytes())
            }
            Self::Quiet => Ok(()),
        }
    }

    /// Writes that a line could not be checked, and what it counts as.
    pub(super) fn unknown(
        self,
        line: u64,
        exposed: Option<bool>,
        pair: &Pair,
        error: &Fault,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Text => output.write(format!("{line}\tunknown\t-{}\n", pair.column()).as_bytes()),
            Self::Json => {
                let (pair, error) = (pair.name(), error.to_string());
                json(&UnknownRow { line, exposed, unknown: true, pair, error }, output)
            }
            Self::Sentence(language) => {
                let words = language.command();
                let answer = words.answer(words.label_unknown(), words.unknown());
                output.write(format!("{answer}\n").as_bytes())?;
                output.write(pair.sentence(language).as_bytes())
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

fn text(line: u64, verdict: Verdict) -> String {
    match verdict {
        Verdict::NotExposed(_) => format!("{line}\tnot found\t0"),
        Verdict::Exposed(Exposure { count: Some(count), .. }) => format!("{line}\texposed\t{count}"),
        Verdict::Exposed(Exposure { count: None, .. }) => format!("{line}\texposed\t-"),
    }
}

fn json(row: &impl Serialize, output: &mut Output) -> Result<(), Failure> {
    let json = serde_json::to_string(row).map_err(|error| Failure::output(error.into()))?;
    output.write_json(&json)?;
    output.write(b"\n")
}

fn sentence(verdict: Verdict, subject: &Subject, language: Language) -> String {
    let words = language.command();
    let base = if subject.is_starter { words.starter() } else { subject.bases.as_str() };
    let everywhere = match &subject.overlays {
        Some(overlays) => format!("{base}, {overlays}"),
        None => base.to_owned(),
    };
    let (label, sentences) = match verdict {
        Verdict::Exposed(exposure) => (words.label_exposed(), described(exposure, base, subject, language)),
        Verdict::NotExposed(count @ 1..) => (words.label_below(), vec![words.below_min_count(base, count)]),
        Verdict::NotExposed(_) if subject.is_starter => {
            (words.label_not_found(), vec![words.not_found_starter(&everywhere)])
        }
        Verdict::NotExposed(_) => (words.label_not_found(), vec![words.not_found(&everywhere)]),
    };
    let style = match (terminal::wants_colour(&io::stdout()), verdict) {
        (false, _) => Style::new(),
        (true, Verdict::Exposed(_)) => AnsiColor::Red.on_default().bold(),
        (true, Verdict::NotExposed(_)) => Style::new().bold(),
    };
    let said = sentences.join(language.sentence_separator());
    format!("{}\n", words.answer(&format!("{style}{label}{style:#}"), &printable(&said)))
}

/// Where a password was found, how often it was seen, in which form, and what is doubtful about it.
fn described(exposure: Exposure, base: &str, subject: &Subject, language: Language) -> Vec<String> {
    let words = language.command();
    let place = match (&subject.overlays, exposure.origin) {
        (Some(overlays), Origin::Overlay) => overlays.as_str(),
        _ => base,
    };
    let mut sentences = vec![match exposure.count {
        Some(count) => words.exposed_count(place, count),
        None => words.exposed(place),
    }];
    match exposure.form {
        Form::Raw => {}
        Form::Trimmed | Form::Visible => sentences.push(words.exposed_invisible().to_owned()),
        form => sentences.push(words.exposed_form(&form.name().to_uppercase())),
    }
    if exposure.is_partial {
        sentences.push(words.partial().to_owned());
    }
    if !subject.is_exact(exposure.origin) {
        sentences.push(words.false_alarm().to_owned());
    }
    sentences
}
