//! The blocking half of `breachdex.RangeClient`.

#![forbid(unsafe_code)]

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use breachdex::{Digest, Lookup as _};
use breachdex_hibp::{RangeClient, RangeClientOptions};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::{OrRaise as _, raise};
use crate::password::{digest_of, given_digest, kind_of};
use crate::per_process::{Owned, PerProcess};
use crate::questions::range_prefix;

/// How long Ctrl-C may wait.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(50);

/// Asks a range server and raises whatever goes wrong.
#[pyclass(module = "breachdex._breachdex", frozen)]
pub(crate) struct BlockingRangeClient {
    options: RangeClientOptions,
    client: PerProcess<RangeClient>,
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

    /// Which digest the server is asked for.
    pub(crate) fn digest_kind(&self) -> breachdex::Kind {
        self.options.kind
    }

    pub(crate) fn count_of(&self, py: Python<'_>, digest: Digest) -> PyResult<u64> {
        self.ask(py, move |client| client.count(&digest))
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
    ) -> PyResult<Self> {
        let timeout = Duration::try_from_secs_f64(timeout).ok().filter(|timeout| !timeout.is_zero());
        let timeout =
            timeout.ok_or_else(|| PyValueError::new_err("timeout is a number of seconds above 0"))?;
        let base_url = base_url.parse::<breachdex_hibp::BaseUrl>().or_raise(py)?;
        let options = RangeClientOptions { base_url, kind: kind_of(kind)?, timeout, insecure_http };
        let this = Self { options, client: PerProcess::new() };
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
}
