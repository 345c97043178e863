//! The blocking half of `breachdex.RangeClient`.

#![forbid(unsafe_code)]

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use breachdex::{Answer, Digest, Entry, Kind, LogThrottle, OnError, RangeServer, RemoteError, SourceError};
use breachdex_hibp::{NetworkOptions, RangeClient, RangeClientOptions};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::{OrRaise as _, find, from_remote, raise};
use crate::faults::{self, Outcome, on_error_named};
use crate::password::{digest_of, given_digest, kind_of};
use crate::per_process::{Owned, PerProcess};
use crate::questions::range_prefix;

/// How long Ctrl-C may wait.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(50);

/// What `count` says of a password that could not be checked and is to be refused: above every threshold.
const REFUSED: u64 = u32::MAX as u64;

/// Asks a range server, and applies `on_error` to what goes wrong on the way.
#[pyclass(module = "breachdex._breachdex", frozen)]
pub(crate) struct BlockingRangeClient {
    options: RangeClientOptions,
    client: PerProcess<RangeClient>,
    on_error: OnError,
    throttle: LogThrottle,
}

impl BlockingRangeClient {
    /// This process's client.
    fn client(&self, py: Python<'_>) -> PyResult<Arc<Owned<RangeClient>>> {
        self.client.get_or_try_init(|| RangeClient::new(self.options.clone())).or_raise(py)
    }

    /// Asks on a thread of its own, so that Ctrl-C is heard before the answer comes.
    fn ask<T: Send + 'static>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&RangeClient) -> breachdex_hibp::Result<T> + Send + 'static,
    ) -> PyResult<T> {
        let client = self.client(py)?;
        let (sender, answer) = mpsc::channel();
        let asking = thread::Builder::new().name(String::from("breachdex-ask"));
        // Nobody listens any more after Ctrl-C.
        let asked = asking.spawn(move || drop(sender.send(question(&client.value))));
        asked.map_err(|error| raise(py, "RemoteError", format!("cannot start a thread: {error}")))?;
        let answer = Mutex::new(answer);
        loop {
            let received = py.detach(|| {
                let answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
                answer.recv_timeout(BETWEEN_SIGNALS)
            });
            match received {
                Ok(answer) => return answer.or_raise(py),
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(raise(py, "RemoteError", "the thread that asked ended without an answer"));
                }
            }
        }
    }

    /// Asks about digests all at once.
    fn look_up(&self, py: Python<'_>, digests: Vec<Digest>) -> PyResult<Vec<PyResult<Answer>>> {
        let answers =
            self.ask(py, move |client| Ok(client.lookup_many(&digests.iter().collect::<Vec<_>>())))?;
        Ok(answers.into_iter().map(|answer| answer.map_err(|error| from_remote(py, &error))).collect())
    }

    /// How often a digest was seen, and what `on_error` makes of a fault.
    fn count_of(&self, py: Python<'_>, digest: Digest) -> PyResult<u64> {
        let answer = self.look_up(py, vec![digest]).and_then(|mut answers| match answers.pop() {
            Some(answer) => answer,
            None => Err(raise(py, "RemoteError", "the range server was asked nothing")),
        });
        let outcome = match self.on_error {
            OnError::Raise => None,
            OnError::Accept => Some((Outcome::Accepted, 0)),
            OnError::Reject => Some((Outcome::Refused, REFUSED)),
        };
        match (answer, outcome) {
            (Ok(Answer::Absent), _) => Ok(0),
            (Ok(Answer::Present { count }), _) => Ok(count.unwrap_or(1)),
            (Err(error), Some((outcome, count))) if is_transient(py, &error) => {
                let fault = SourceError::from(RemoteError::new(error, true));
                faults::log(py, &self.throttle, outcome, &fault);
                Ok(count)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// The client as a source of a corpus. What a fault means is said by whoever asks the corpus.
    pub(crate) fn as_server(client: &Bound<'_, Self>) -> Server {
        Server { kind: client.get().options.kind, client: client.clone().unbind() }
    }

    /// Refuses a client that would hide a fault from whoever asks it among other sources.
    pub(crate) fn demand_raise(&self, asked_by: &str, instead: &str) -> PyResult<()> {
        if self.on_error == OnError::Raise {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "the RangeClient's on_error is '{}', which has no say in {asked_by}: give on_error to {instead}, and leave \
             the client's at 'raise'",
            self.on_error.name()
        )))
    }
}

#[pymethods]
impl BlockingRangeClient {
    #[new]
    fn new(
        py: Python<'_>,
        base_url: &str,
        timeout: f64,
        kind: &Bound<'_, PyString>,
        insecure_http: bool,
        on_error: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let on_error = on_error_named(on_error)?;
        let timeout = Duration::try_from_secs_f64(timeout).ok().filter(|timeout| !timeout.is_zero());
        let timeout =
            timeout.ok_or_else(|| PyValueError::new_err("timeout is a number of seconds above 0"))?;
        let base_url = base_url.parse::<breachdex_hibp::BaseUrl>().or_raise(py)?;
        let network = NetworkOptions::default();
        let options = RangeClientOptions { base_url, kind: kind_of(kind)?, timeout, insecure_http, network };
        let this = Self { options, client: PerProcess::new(), on_error, throttle: faults::throttle() };
        // Refuses what cannot be asked now, not at the first question.
        this.client(py)?;
        Ok(this)
    }

    fn count(&self, password: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.count_of(password.py(), digest_of(self.options.kind, password)?)
    }

    fn count_hash(&self, digest: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.count_of(digest.py(), given_digest(self.options.kind, digest)?)
    }

    fn range(&self, prefix: &Bound<'_, PyString>) -> PyResult<String> {
        let digits = range_prefix(prefix)?;
        self.ask(prefix.py(), move |client| client.range(digits))
    }

    #[getter]
    pub(crate) fn base_url(&self) -> String {
        self.options.base_url.to_string()
    }

    /// What a fault means where the client is asked by itself.
    #[getter]
    fn on_error(&self) -> &'static str {
        self.on_error.name()
    }
}

/// A range client among the sources of a corpus, asked in the way that Ctrl-C can interrupt.
pub(crate) struct Server {
    kind: Kind,
    client: Py<BlockingRangeClient>,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl RangeServer for Server {
    fn name(&self) -> String {
        self.client.get().base_url()
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn lookup_many(&self, digests: &[&Digest]) -> Vec<Result<Answer, RemoteError>> {
        Python::attach(|py| {
            let asked = digests.iter().map(|digest| (*digest).clone()).collect();
            match self.client.get().look_up(py, asked) {
                Ok(answers) => answers
                    .into_iter()
                    .map(|answer| answer.map_err(|error| remote_error(py, error)))
                    .collect(),
                Err(error) => digests.iter().map(|_| Err(remote_error(py, error.clone_ref(py)))).collect(),
            }
        })
    }

    fn range(&self, prefix: u32) -> Result<Vec<Entry>, RemoteError> {
        Python::attach(|py| {
            let entries = self.client.get().ask(py, move |client| client.entries(prefix));
            entries.map_err(|error| remote_error(py, error))
        })
    }
}

/// Whether it is a fault of the moment, too: an interruption is none.
fn remote_error(py: Python<'_>, error: PyErr) -> RemoteError {
    let is_transient = is_transient(py, &error);
    RemoteError::new(error, is_transient)
}

/// Only what an exchange met is: an interruption, a wrong question, and a machine without threads to spare are not.
fn is_transient(py: Python<'_>, error: &PyErr) -> bool {
    let is_remote = find(py, "RemoteError").is_ok_and(|class| error.is_instance(py, class.as_any()));
    let cause = || error.value(py).getattr("cause").and_then(|cause| cause.extract::<String>());
    is_remote && cause().is_ok_and(|cause| cause != "system")
}
