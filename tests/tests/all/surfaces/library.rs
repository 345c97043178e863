//! The library: mapped and read, one question and many, and what `on_error` makes of it.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use breachdex::{
    Corpus, Decision, Error, Finding, FormSet, Kind, LiveIndex, OnError, OpenOptions, Origin, Question,
    SourceError,
};
use breachdex_hibp::{RangeClient, RangeClientOptions};

use super::Run;
use super::case::{File, Then};
use super::model::{Expected, Moment, Sources};

/// A corpus whose indexes are mapped, and one whose indexes are read; none where a file cannot be opened.
pub(super) struct Library {
    corpora: Vec<(&'static str, Corpus)>,
}

impl Library {
    pub(super) fn open(run: &Run<'_>) -> Self {
        let sources = Sources::of(&run.case, Moment::Start);
        let mut corpora = Vec::new();
        for (name, options) in [("mapped", OpenOptions::new().mapped()), ("read", OpenOptions::default())] {
            match corpus(run, options) {
                Ok(corpus) => corpora.push((name, corpus)),
                Err(error) if sources.can_be_opened() => run.found.add(name, format!("not opened: {error}")),
                Err(_) => {}
            }
        }
        if !corpora.is_empty() && !sources.can_be_opened() {
            run.found.add("library", String::from("opened what cannot be opened"));
            corpora.clear();
        }
        Self { corpora }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.corpora.is_empty()
    }

    /// Closes the handles that are to be closed.
    pub(super) fn close_some(&self, run: &Run<'_>) {
        for (_, corpus) in &self.corpora {
            for (file, index) in run.case.files().zip(corpus.live_indexes()) {
                if file.then == Then::Closed {
                    index.close();
                }
            }
        }
    }

    pub(super) fn ask(&self, run: &Run<'_>, moment: Moment) {
        for (name, corpus) in &self.corpora {
            ask(name, corpus, run, moment);
        }
    }
}

fn corpus(run: &Run<'_>, options: OpenOptions) -> Result<Corpus, Error> {
    let open =
        |file: &File| LiveIndex::open(run.folder().join(&file.name), options.clone(), Some(Duration::ZERO));
    let all = |files: &[File]| files.iter().map(open).collect::<Result<Vec<_>, _>>();
    let mut builder = Corpus::builder().bases(all(&run.case.bases)?).overlays(all(&run.case.overlays)?);
    if let Some(server) = &run.server {
        let options = RangeClientOptions {
            base_url: server.url().parse().unwrap(),
            timeout: Duration::from_secs_f64(run.timeout()),
            ..RangeClientOptions::default()
        };
        builder = builder.server(Arc::new(RangeClient::new(options).unwrap()));
    }
    builder.build()
}

fn ask(name: &str, corpus: &Corpus, run: &Run<'_>, moment: Moment) {
    let sources = Sources::of(&run.case, moment);
    let min_count = run.case.min_count;
    for forms in [false, true] {
        let wanted = if forms { FormSet::default() } else { FormSet::of(&[]) };
        let questions: Vec<Question> = run
            .questions()
            .iter()
            .map(|asked| Question::password(Kind::Sha1, asked.as_bytes(), None, wanted).unwrap())
            .collect();
        let many = corpus.ask_many(&questions, min_count).unwrap();
        for ((asked, question), many) in run.questions().iter().zip(&questions).zip(many) {
            let expected = sources.expected(asked, min_count, forms);
            let what = format!("{asked} {moment:?} forms={forms}");
            let one = corpus.ask(question, min_count).unwrap();
            run.found.compare(name, &what, &said(&one), &expected);
            run.found.compare(name, &format!("{what}, of many"), &said(&many), &expected);
            for on_error in OnError::ALL {
                let decided = corpus.decide(question, min_count, on_error);
                let decided = match decided {
                    Ok(Decision::Exposed(_)) => "exposed",
                    Ok(Decision::NotExposed { .. }) => "not exposed",
                    Ok(Decision::Accepted(_)) => "accepted",
                    Ok(Decision::Refused(_)) => "refused",
                    Err(_) => "raised",
                };
                let must = match (&expected, on_error) {
                    (Expected::Exposed { .. }, _) => "exposed",
                    (Expected::NotExposed { .. }, _) => "not exposed",
                    (Expected::Unknown { transient: true }, OnError::Accept) => "accepted",
                    (Expected::Unknown { transient: true }, OnError::Reject) => "refused",
                    (Expected::Unknown { .. }, _) => "raised",
                };
                run.found.compare(name, &format!("{what}, {}", on_error.name()), &decided, &must);
            }
        }
    }
    counts(name, corpus, run, &sources);
}

/// A count is what all sources have seen, or none.
fn counts(name: &str, corpus: &Corpus, run: &Run<'_>, sources: &Sources<'_>) {
    for asked in run.questions() {
        let expected = match sources.expected(asked, 1, false) {
            Expected::Exposed { count, partial: false, .. } | Expected::NotExposed { count } => Some(count),
            Expected::Exposed { partial: true, .. } | Expected::Unknown { .. } => None,
        };
        let found: Result<u64, SourceError> = corpus.count(&breachdex::Digest::sha1(asked.as_bytes()));
        run.found.compare(name, &format!("the count of {asked}"), &found.ok(), &expected);
    }
}

fn said(finding: &Finding) -> Expected {
    match finding {
        Finding::Exposed(found) => Expected::Exposed {
            count: found.count.unwrap_or(0),
            overlay: found.origin == Origin::Overlay,
            form: found.form.name(),
            partial: found.is_partial,
        },
        Finding::NotExposed { count } => Expected::NotExposed { count: *count },
        Finding::Unknown(fault) => Expected::Unknown { transient: fault.is_transient() },
    }
}
