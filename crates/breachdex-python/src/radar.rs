//! `breachdex.Radar`: told of log-in attempts, it says when an attack runs.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use breachdex_radar::{
    AccountStatus, Advice, Attempt, Exposure, Observation as CoreObservation, Outcome, Radar as Core,
    RadarError, RadarOptions, Reason, State, Time,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use crate::errors::{from_io, raise};

/// Says when a credential-stuffing attack runs, from the log-in attempts that it is told.
#[pyclass(module = "breachdex", frozen)]
pub(crate) struct Radar {
    inner: Mutex<Inner>,
    on_suspect_log_in: Option<Py<PyAny>>,
}

struct Inner {
    core: Core,
    counts: Counts,
}

/// What was observed since the start, for metrics.
#[derive(Default)]
struct Counts {
    failed: u64,
    succeeded: u64,
    /// In the order of [`Advice::ALL`].
    advice: [u64; Advice::ALL.len()],
    episodes: u64,
    suspect_log_ins: u64,
}

impl Inner {
    fn observe(&mut self, attempt: &Attempt<'_>) -> CoreObservation {
        self.core.advance(attempt.time);
        let was_attacked = self.core.status().state == State::Attack;
        let observation = self.core.observe(attempt);
        let counts = &mut self.counts;
        match attempt.outcome {
            Outcome::Failed => counts.failed += 1,
            Outcome::Succeeded => counts.succeeded += 1,
        }
        counts.advice[observation.advice as usize] += 1;
        counts.episodes += u64::from(observation.state == State::Attack && !was_attacked);
        counts.suspect_log_ins += u64::from(observation.is_suspect_log_in);
        observation
    }
}

/// Arguments by place and by name.
type NewArguments<'py> = ((&'static str, &'static str, &'static str), Bound<'py, PyDict>);

/// What the radar says about one attempt.
#[pyclass(module = "breachdex", frozen, eq, hash, get_all)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Observation {
    /// `advice: Advice`
    ///
    /// What to do with the attempt.
    advice: &'static str,
    /// `state: RadarState`
    ///
    /// The state of the radar after it.
    state: &'static str,
    /// `source_state: RadarState`
    ///
    /// The state of the attempt's source, or of its network if that is worse.
    source_state: &'static str,
    /// `is_suspect_log_in: bool`
    ///
    /// Whether it succeeded during an attack, from a suspected source: the account may have been taken over.
    is_suspect_log_in: bool,
}

#[pymethods]
impl Observation {
    #[new]
    #[pyo3(signature = (advice="allow", state="quiet", source_state="quiet", *, is_suspect_log_in=false))]
    fn new(advice: &str, state: &str, source_state: &str, is_suspect_log_in: bool) -> PyResult<Self> {
        Ok(Self {
            advice: advice_named("advice", advice)?.name(),
            state: state_named("state", state)?,
            source_state: state_named("source_state", source_state)?,
            is_suspect_log_in,
        })
    }

    /// For pickle and copy.
    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<NewArguments<'py>> {
        let named = [("is_suspect_log_in", self.is_suspect_log_in)].into_py_dict(py)?;
        Ok(((self.advice, self.state, self.source_state), named))
    }

    fn __repr__(&self) -> String {
        let suspect = if self.is_suspect_log_in { ", is_suspect_log_in=True" } else { "" };
        format!(
            "Observation(advice='{}', state='{}', source_state='{}'{suspect})",
            self.advice, self.state, self.source_state
        )
    }
}

/// The state of a radar, since when and why.
#[pyclass(module = "breachdex", frozen)]
pub(crate) struct RadarStatus {
    /// `state: RadarState`
    ///
    /// The state.
    #[pyo3(get)]
    state: &'static str,
    /// `since: int | None`
    ///
    /// When what it is about began, in seconds since 1970; before the alarm. ``None`` while quiet.
    #[pyo3(get)]
    since: Option<u64>,
    /// `raised: int | None`
    ///
    /// When the alarm was raised, in an attack.
    #[pyo3(get)]
    raised: Option<u64>,
    reasons: Vec<Reason>,
}

#[pymethods]
impl RadarStatus {
    /// `reasons: list[dict[str, Any]]`
    ///
    /// Why: each has its name as `reason`, and `usual_share` and `attack_share`, or `count`.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let reason = |reason: &Reason| {
            let dict = PyDict::new(py);
            dict.set_item("reason", reason.name())?;
            match *reason {
                Reason::SiteExposed { usual, attack } | Reason::SiteUnknownAccounts { usual, attack } => {
                    dict.set_item("usual_share", usual)?;
                    dict.set_item("attack_share", attack)?;
                }
                Reason::Sources { count } => dict.set_item("count", count)?,
                _ => {}
            }
            Ok(dict)
        };
        self.reasons.iter().map(reason).collect()
    }

    fn __repr__(&self) -> String {
        let since = self.since.map_or_else(|| String::from("None"), |since| since.to_string());
        format!("RadarStatus(state='{}', since={since})", self.state)
    }
}

impl Radar {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Radar {
    #[new]
    #[pyo3(signature = (*, path=None, on_suspect_log_in=None, usual_exposed=0.30, learns=true, on_attack="challenge",
        on_suspicion="delay", sources=262_144, forget_after=86_400, release_after=1_800, accounts_per_source=100,
        source_false_alarm=1e-6, site_false_alarm=3e-9, site_margin=0.0, utc_offset=0, key=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        path: Option<PathBuf>,
        on_suspect_log_in: Option<Py<PyAny>>,
        usual_exposed: f64,
        learns: bool,
        on_attack: &str,
        on_suspicion: &str,
        sources: usize,
        forget_after: u32,
        release_after: u32,
        accounts_per_source: u32,
        source_false_alarm: f64,
        site_false_alarm: f64,
        site_margin: f64,
        utc_offset: i32,
        key: Option<[u8; 16]>,
    ) -> PyResult<Self> {
        let options = RadarOptions {
            source_false_alarm,
            site_false_alarm,
            usual_exposed,
            learns,
            site_margin,
            utc_offset,
            sources,
            forget_after,
            release_after,
            accounts_per_source,
            on_attack: advice_named("on_attack", on_attack)?,
            on_suspicion: advice_named("on_suspicion", on_suspicion)?,
            key,
            ..RadarOptions::default()
        };
        let core = match path {
            Some(path) => Core::open(options, &path),
            None => Core::new(options),
        };
        let core = core.map_err(|error| refused(py, &error))?;
        Ok(Self { inner: Mutex::new(Inner { core, counts: Counts::default() }), on_suspect_log_in })
    }

    /// `observe(source: str, account: str, *, succeeded: bool, exposed: bool | None = None, known: bool | None = None, time: float | None = None) -> Observation`
    ///
    /// Tells the radar of an attempt.
    #[pyo3(signature = (source, account, *, succeeded, exposed=None, known=None, time=None))]
    #[allow(clippy::too_many_arguments)]
    fn observe(
        &self,
        py: Python<'_>,
        source: &str,
        account: &str,
        succeeded: bool,
        exposed: Option<bool>,
        known: Option<bool>,
        time: Option<f64>,
    ) -> PyResult<Observation> {
        let attempt = Attempt {
            time: time_of(time)?,
            source,
            account,
            outcome: if succeeded { Outcome::Succeeded } else { Outcome::Failed },
            status: match known {
                Some(true) => AccountStatus::Known,
                Some(false) => AccountStatus::Unknown,
                None => AccountStatus::Unsaid,
            },
            exposure: match exposed {
                Some(true) => Exposure::Exposed,
                Some(false) => Exposure::NotExposed,
                None => Exposure::Unknown,
            },
        };
        // Not held while Python code runs: it may ask the radar, or fork.
        let observation = self.inner().observe(&attempt);
        if observation.is_suspect_log_in
            && let Some(callback) = &self.on_suspect_log_in
        {
            callback.call1(py, (account, source))?;
        }
        Ok(Observation {
            advice: observation.advice.name(),
            state: observation.state.name(),
            source_state: observation.source.name(),
            is_suspect_log_in: observation.is_suspect_log_in,
        })
    }

    /// `advise(source: str) -> Advice`
    ///
    /// Advises on an attempt before its password is looked at. It is not counted.
    fn advise(&self, source: &str) -> &'static str {
        self.inner().core.advise(source).name()
    }

    /// `status(time: float | None = None) -> RadarStatus`
    ///
    /// Returns the state, since when and why.
    #[pyo3(signature = (time=None))]
    fn status(&self, time: Option<f64>) -> PyResult<RadarStatus> {
        let mut inner = self.inner();
        if time.is_some() {
            inner.core.advance(time_of(time)?);
        }
        let status = inner.core.status();
        Ok(RadarStatus {
            state: status.state.name(),
            since: status.since.filter(|_| status.state != State::Quiet).map(Time::unix),
            raised: status.raised.map(Time::unix),
            reasons: status.reasons,
        })
    }

    /// `announce_campaign(until: float) -> None`
    ///
    /// Rests the tests of the site and of networks until a time.
    fn announce_campaign(&self, until: f64) -> PyResult<()> {
        let until = time_of(Some(until))?;
        self.inner().core.announce_campaign(until);
        Ok(())
    }

    /// `save(path: Path) -> None`
    ///
    /// Saves the state to a file of mode 0600.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let saved = self.inner().core.save_to(&path);
        saved.map_err(|error| refused(py, &error))
    }

    /// `_counts() -> dict[str, int]`
    ///
    /// What was observed since the start, for metrics: attempts by outcome, advice, attacks and suspect log-ins.
    fn _counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let inner = self.inner();
        let counts = &inner.counts;
        let dict = PyDict::new(py);
        dict.set_item("failed", counts.failed)?;
        dict.set_item("succeeded", counts.succeeded)?;
        for advice in Advice::ALL {
            dict.set_item(advice.name(), counts.advice[advice as usize])?;
        }
        dict.set_item("episodes", counts.episodes)?;
        dict.set_item("suspect_log_ins", counts.suspect_log_ins)?;
        Ok(dict)
    }

    fn __repr__(&self) -> String {
        format!("<breachdex.Radar {}>", self.inner().core.status().state.name())
    }
}

fn advice_named(option: &str, name: &str) -> PyResult<Advice> {
    Advice::named(name).ok_or_else(|| {
        PyValueError::new_err(format!("{option} must be 'allow', 'delay', 'challenge' or 'deny'"))
    })
}

fn state_named(option: &str, name: &str) -> PyResult<&'static str> {
    [State::Quiet, State::Suspected, State::Attack]
        .map(State::name)
        .into_iter()
        .find(|known| *known == name)
        .ok_or_else(|| PyValueError::new_err(format!("{option} must be 'quiet', 'suspected' or 'attack'")))
}

/// Seconds since 1970, or now.
fn time_of(time: Option<f64>) -> PyResult<Time> {
    match time {
        None => Ok(Time::from(SystemTime::now())),
        Some(seconds) if seconds >= 0.0 && seconds <= f64::from(u32::MAX) => {
            Ok(Time::from_unix(seconds as u64))
        }
        Some(_) => Err(PyValueError::new_err("time must be in seconds since 1970, before the year 2106")),
    }
}

fn refused(py: Python<'_>, error: &RadarError) -> PyErr {
    match error {
        RadarError::Option { .. } | RadarError::Sources { .. } => PyValueError::new_err(error.to_string()),
        RadarError::Io { path, source, .. } => {
            from_io(py, "RadarStateError", &error.to_string(), path, source)
        }
        RadarError::State { source, .. } if matches!(**source, RadarError::Sources { .. }) => {
            PyValueError::new_err(error.to_string())
        }
        RadarError::Random(_) => raise(py, "BreachdexError", error.to_string()),
        _ => raise(py, "RadarStateError", error.to_string()),
    }
}
