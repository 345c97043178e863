//! Counts connections.

#![forbid(unsafe_code)]

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counts the connections of a server. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct ConnectionMetrics {
    /// Connections that are open.
    pub open: Gauge,
    /// Connections that were accepted.
    pub accepted: Counter,
    /// Connections that were refused because too many were open.
    pub refused: Counter,
    /// Connections that were ended because an answer was not read in time.
    pub stalled: Counter,
    /// HTTP/2 connections that were ended because they sent far more frames than their requests account for.
    pub flooded: Counter,
}

impl ConnectionMetrics {
    /// Registers them as `connections`, `connections_accepted`, `connections_refused`, `connections_stalled` and
    /// `connections_flooded`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Open connections", self.open.clone());
        registry.register("connections_accepted", "Accepted connections", self.accepted.clone());
        registry.register("connections_refused", "Connections beyond a limit", self.refused.clone());
        registry.register(
            "connections_stalled",
            "Connections that left an answer unread for too long",
            self.stalled.clone(),
        );
        registry.register(
            "connections_flooded",
            "HTTP/2 connections that sent far more frames than their requests account for",
            self.flooded.clone(),
        );
    }
}
