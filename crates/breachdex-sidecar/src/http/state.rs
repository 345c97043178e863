//! What all requests share.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use breachdex_http::HostNames;
use breachdex_messages::Language;

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
    /// Of messages if nobody asks for another one.
    pub(crate) language: Language,
    /// How long a body may take.
    pub(crate) body_timeout: Duration,
}
