//! What all workers share to answer requests.

#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::body::BufferPool;
use crate::complaints::Complaints;
use crate::indexes::catalogue::Catalogue;
use crate::metrics::Metrics;

/// What all workers share to answer requests.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) buffers: Arc<BufferPool>,
    pub(crate) metrics: Arc<Metrics>,
    /// Ranges that could not be read.
    pub(crate) complaints: Complaints,
    /// Whether log lines may say which prefix was asked for.
    pub(crate) log_prefixes: bool,
}
