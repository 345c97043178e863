//! The state that all workers share to answer requests.

#![forbid(unsafe_code)]

use std::sync::Arc;

use breachdex::LogThrottle;

use crate::body::BufferPool;
use crate::indexes::catalogue::Catalogue;
use crate::metrics::Metrics;

/// The state that all workers share to answer requests.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) buffers: Arc<BufferPool>,
    pub(crate) metrics: Arc<Metrics>,
    /// For ranges that cannot be read.
    pub(crate) throttle: LogThrottle,
    /// Whether `/healthz` names the indexes.
    pub(crate) health_details: bool,
    /// Whether log lines may say which prefix was asked for.
    pub(crate) log_prefixes: bool,
    /// How the operator allows a host name.
    pub(crate) allow_host_remedy: Option<String>,
}
