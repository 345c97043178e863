//! The compiled half of `breachdex.Policy`: rules and the corpus that they ask.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::{Corpus, LogThrottle, Monitor, OnError, SourceError};
use breachdex_cli::AttestError;
use breachdex_policy::{Candidate, Event, Rules};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::{OrRaise as _, from_source, in_full, raise};
use crate::faults::{self, Outcome};
use crate::index_set::corpus_in;
use crate::pairs::lists_in;
use crate::password::{erasing_stack, text_of, unicode_of_field, with_bytes};
use crate::policy::{PolicyRules, one_of};
use crate::questions::{Lack, has_server, report_reloads, tells_counts, without_counts};
use crate::signals::{Listener, Work};
use crate::verdict::Verdict;

/// Judges passwords by rules.
#[pyclass(module = "breachdex._breachdex", frozen)]
pub(crate) struct Judge {
    rules: Rules,
    corpus: Corpus,
    tells_counts: bool,
    throttle: LogThrottle,
}

#[pymethods]
impl Judge {
    #[new]
    #[pyo3(signature = (rules, index, pairs = None), text_signature = "(rules, index, pairs=())")]
    fn new(
        rules: &PolicyRules,
        index: &Bound<'_, PyAny>,
        pairs: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let corpus = corpus_in(index)?.with_pairs(lists_in(pairs)?);
        let (py, rules) = (index.py(), rules.rules().clone());
        if rules.needs_counts() {
            demand_counts(py, &rules, &corpus)?;
        }
        let tells_counts = tells_counts(&corpus);
        Ok(Self { rules, corpus, tells_counts, throttle: faults::throttle() })
    }

    /// `check(password: Password, user_name: str | None, email: str | None, event: Event, stored: str | None, may_wait: bool) -> Verdict`
    ///
    /// The verdict. Without `may_wait`, a corpus that a range server is part of is a TypeError.
    #[allow(clippy::too_many_arguments)]
    fn check(
        &self,
        py: Python<'_>,
        password: &Bound<'_, PyAny>,
        user_name: Option<&Bound<'_, PyString>>,
        email: Option<&Bound<'_, PyString>>,
        event: &str,
        stored: Option<&Bound<'_, PyString>>,
        may_wait: bool,
    ) -> PyResult<Verdict> {
        if !may_wait && has_server(&self.corpus) {
            let message = "a policy with a RangeClient speaks to the network: await acheck() instead";
            return Err(PyTypeError::new_err(message));
        }
        let event = one_of(py, "event", event, &Event::ALL, Event::name)?;
        let user_name =
            user_name.map(|name| unicode_of_field(name, "user_name", "the user name")).transpose()?;
        let email =
            email.map(|address| unicode_of_field(address, "email", "the e-mail address")).transpose()?;
        let stored = stored.map(text_of).transpose()?;
        with_bytes(password, |bytes| {
            let password = std::str::from_utf8(bytes).map_err(|_| {
                let message = "a policy judges text: the password's bytes are no UTF-8";
                raise(py, "InvalidPasswordError", message)
            })?;
            self.judge(py, &Candidate { password, user_name, email, stored, event })
        })
    }

    /// `attest(rules: PolicyRules, pairs: Sequence[Path], file: Path | None, max_age: int | None, verify: bool) -> str`
    ///
    /// The JSON of `breachdex policy attest --json` about these rules and what is asked.
    fn attest(
        &self,
        py: Python<'_>,
        rules: &PolicyRules,
        pairs: Vec<PathBuf>,
        file: Option<PathBuf>,
        max_age: Option<u32>,
        verify: bool,
    ) -> PyResult<String> {
        let settings = rules.settings();
        let (listener, _work) = (Listener::of_signals(), Work::begin(py)?);
        let attested = py.detach(|| {
            let monitor = verify.then_some(&listener as &dyn Monitor);
            breachdex_cli::attest(&settings, &self.corpus, &pairs, file.as_deref(), max_age, monitor)
        });
        if let Some(error) = listener.into_error() {
            return Err(error);
        }
        attested.map_err(|error| match error {
            AttestError::Index(error) => in_full(py, &error),
            other => raise(py, "PolicyError", other.to_string()),
        })
    }

    /// `has_server: bool`
    ///
    /// Whether questions go over the network.
    #[getter]
    fn has_server(&self) -> bool {
        has_server(&self.corpus)
    }
}

impl Judge {
    fn judge(&self, py: Python<'_>, candidate: &Candidate<'_>) -> PyResult<Verdict> {
        let report = |fault: &SourceError| {
            let outcome = match self.rules.on_error(candidate.event) {
                OnError::Reject => Outcome::Refused,
                OnError::Accept | OnError::Raise => Outcome::Accepted,
            };
            faults::log(py, &self.throttle, outcome, fault);
        };
        let verdict = erasing_stack(|| self.rules.check(&self.corpus, candidate, report));
        report_reloads(py, &self.corpus);
        let verdict = verdict.map_err(|fault| from_source(py, fault))?;
        Ok(Verdict::new(verdict, self.rules.language, self.tells_counts))
    }
}

/// Raises where a base cannot say how often it has seen a password.
fn demand_counts(py: Python<'_>, rules: &Rules, corpus: &Corpus) -> PyResult<()> {
    let least = rules.min_count;
    let what =
        if least > 1 { format!("min_count is {least}") } else { String::from("the scope is \"common\"") };
    let message = match without_counts(corpus, least).or_raise(py)? {
        None => return Ok(()),
        Some(Lack::Counts) => format!("{what}, which needs an index with counts; this one was built without"),
        // It has seen everything once, so that nothing at all would be found.
        Some(Lack::Starter) => format!(
            "{what}, and the starter index does not know how often a password was seen: name a full index"
        ),
    };
    Err(raise(py, "PolicyError", message))
}
