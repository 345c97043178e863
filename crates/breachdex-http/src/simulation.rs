//! Connections that have no sockets below them, for the project's own simulation; nothing here is stable.

#![forbid(unsafe_code)]

use std::sync::Arc;

use tokio::io::DuplexStream;

use crate::connection::Protocols;
use crate::limits::Limits;
use crate::quota::{AnswerLimits, Connections};
use crate::service::{Service, Services};
use crate::shutdown::Shutdown;

/// Connections at once, unless the limits say how many.
const MOST_CONNECTIONS: usize = 100;

/// A transport that listens nowhere.
pub struct Unconnected<S> {
    protocols: Arc<Protocols<S>>,
    connections: Arc<Connections>,
    shutdown: Shutdown,
}

impl<S: Service> Unconnected<S> {
    /// Makes one that answers as sockets without TLS do.
    pub fn new(services: &Services<S>, limits: &Limits) -> Self {
        let most = limits.connections.unwrap_or(MOST_CONNECTIONS);
        let answers = AnswerLimits::new(limits, services.most_answers);
        let protocols = Protocols::new(
            Arc::clone(&services.main),
            None,
            limits,
            answers,
            Arc::clone(&services.pressure),
            services.metrics.clone(),
            Shutdown::new(),
        );
        Self {
            protocols: Arc::new(protocols),
            connections: Connections::new(
                most,
                limits.connections_per_address,
                Vec::new(),
                services.metrics.clone(),
            ),
            shutdown: Shutdown::new(),
        }
    }

    /// A connection, in which so many bytes wait on either side. Served as a task of the runtime that runs; `None` where there
    /// is no place for another one.
    pub fn connect(&self, buffer: usize) -> Option<DuplexStream> {
        let slot = self.connections.take(None).ok()?;
        let (server, client) = tokio::io::duplex(buffer);
        let (protocols, stop) = (Arc::clone(&self.protocols), self.shutdown.listener());
        tokio::spawn(async move { protocols.serve_simulated(server, slot, stop).await });
        Some(client)
    }
}
