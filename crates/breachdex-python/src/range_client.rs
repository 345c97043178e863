//! The blocking half of `breachdex.RangeClient`.

#![forbid(unsafe_code)]

use std::time::Duration;

use breachdex::{Digest, Lookup as _};
use breachdex_hibp::{RangeClient, RangeClientOptions};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::OrRaise as _;
use crate::password::{digest_of, given_digest, kind_of};
use crate::per_process::PerProcess;
use crate::questions::range_prefix;

/// Asks a range server and raises whatever goes wrong.
#[pyclass(module = "breachdex._breachdex", frozen)]
pub(crate) struct BlockingRangeClient {
    options: RangeClientOptions,
    client: PerProcess<RangeClient>,
}

impl BlockingRangeClient {
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&RangeClient) -> breachdex_hibp::Result<T> + Send,
    ) -> PyResult<T> {
        let make = || RangeClient::new(self.options.clone());
        py.detach(|| question(&self.client.get_or_try_init(make)?.value)).or_raise(py)
    }

    fn count_of(&self, py: Python<'_>, digest: &Digest) -> PyResult<u64> {
        self.ask(py, |client| client.count(digest))
    }
}

#[pymethods]
impl BlockingRangeClient {
    #[new]
    fn new(py: Python<'_>, base_url: &str, timeout: f64, kind: &str, insecure_http: bool) -> PyResult<Self> {
        let timeout = Duration::try_from_secs_f64(timeout).ok().filter(|timeout| !timeout.is_zero());
        let timeout =
            timeout.ok_or_else(|| PyValueError::new_err("timeout is a number of seconds above 0"))?;
        let base_url = base_url.parse::<breachdex_hibp::BaseUrl>().or_raise(py)?;
        let options = RangeClientOptions { base_url, kind: kind_of(kind)?, timeout, insecure_http };
        let this = Self { options, client: PerProcess::new() };
        // Refuses what cannot be asked now, not at the first question.
        this.ask(py, |_| Ok(()))?;
        Ok(this)
    }

    fn count(&self, password: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.count_of(password.py(), &digest_of(self.options.kind, password)?)
    }

    fn count_hash(&self, digest: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.count_of(digest.py(), &given_digest(self.options.kind, digest)?)
    }

    fn range(&self, py: Python<'_>, prefix: &str) -> PyResult<String> {
        let prefix = range_prefix(py, prefix)?;
        self.ask(py, |client| client.range(prefix))
    }

    #[getter]
    fn base_url(&self) -> String {
        self.options.base_url.to_string()
    }
}
