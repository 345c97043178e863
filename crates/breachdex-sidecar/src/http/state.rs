//! What all requests share.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use breachdex_http::HostNames;

use crate::judge::Judge;
use crate::metrics::Metrics;
use crate::radar::SharedRadar;
use crate::tokens::Tokens;

/// What all requests share.
pub(crate) struct AppState {
    pub(crate) judge: Judge,
    pub(crate) radar: Arc<SharedRadar>,
    pub(crate) metrics: Metrics,
    pub(crate) tokens: Option<Arc<Tokens>>,
    pub(crate) hosts: HostNames,
    /// How long a body may take.
    pub(crate) body_timeout: Duration,
}
