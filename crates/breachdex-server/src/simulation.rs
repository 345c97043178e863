//! A server without sockets and threads, for the project's own simulation and measurements; nothing here is stable.

#![forbid(unsafe_code)]

use std::sync::Arc;

use breachdex_http::{HostNames, Pressure, Services, Shutdown};
use bytes::Bytes;
use hyper::Request;
use tokio::io::DuplexStream;

use crate::body::BufferPool;
use crate::cache::BodyCache;
use crate::error::ServeError;
use crate::http::app::App;
use crate::http::routes::Routes;
use crate::http::state::AppState;
use crate::indexes::catalogue::Catalogue;
use crate::indexes::permission::OverlayRule;
use crate::indexes::served::Rules;
use crate::indexes::watcher::{WatchedFile, Watcher};
use crate::metrics::Metrics;
use crate::options::ServeOptions;
use crate::server::{log_throttle, open};
#[cfg(feature = "static-ranges")]
pub use crate::static_ranges::write_ranges_in_blocks;

/// What a server has below its sockets: routes, served indexes, and the watcher that takes replaced files over.
pub struct Unconnected {
    app: Arc<App>,
    transport: breachdex_http::simulation::Unconnected<App>,
    watcher: Watcher,
    files: Vec<WatchedFile>,
}

impl Unconnected {
    /// Opens the indexes, and refuses what [`Server::bind`](crate::Server::bind) refuses.
    ///
    /// # Errors
    /// As there.
    pub fn open(options: &ServeOptions) -> Result<Self, ServeError> {
        let rules = Rules {
            allow_partial: options.allow_partial,
            overlays: OverlayRule::of(options, []),
            residency: options.residency,
            trust: options.trust.clone(),
            test_password: options.test_password,
        };
        let metrics = Arc::new(Metrics::new());
        let cache = BodyCache::new(options.cache_bytes, metrics.cache.clone());
        let catalogue = Arc::new(Catalogue::new(open(options, &rules)?, cache)?);
        let state = Arc::new(AppState {
            catalogue: Arc::clone(&catalogue),
            buffers: BufferPool::new(options.limits.waiting_bytes),
            metrics: Arc::clone(&metrics),
            throttle: log_throttle(),
            health_details: options.health_details,
            log_prefixes: options.log_prefixes,
            allow_host_remedy: options.allow_host_remedy.clone(),
        });
        let hosts = Arc::new(HostNames::new(options.allow_hosts.iter().cloned()));
        let app = App::new(&state, &hosts, Routes::RangesAndStatus);
        let services = Services::same(
            Arc::clone(&app),
            Arc::clone(&state.buffers) as Arc<dyn Pressure>,
            state.buffers.most_answers(),
            metrics.connections.clone(),
        );
        let transport = breachdex_http::simulation::Unconnected::new(&services, &options.limits);
        let (every, shutdown) = (options.reload_every, Shutdown::new());
        let watcher = Watcher { catalogue, metrics, tls: None, rules, every, shutdown };
        let files = watcher.files();
        Ok(Self { app, transport, watcher, files })
    }

    /// A connection to it, in which so many bytes wait on either side. Served as a task of the runtime that runs; `None` where
    /// there is no place for another one.
    pub fn connect(&self, buffer: usize) -> Option<DuplexStream> {
        self.transport.connect(buffer)
    }

    /// Looks at every file once, as the watcher does.
    pub fn look(&mut self) {
        self.files.iter_mut().for_each(|file| self.watcher.look(file));
    }

    /// The status and the body with which a GET is answered.
    pub async fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let (status, body) = self.answer(path, "identity").await;
        (status, body.into())
    }

    /// The same for a client that accepts an encoding, as it is before it is sent.
    pub async fn answer(&self, path: &str, encoding: &str) -> (u16, Bytes) {
        let request = Request::get(path).header("host", "localhost").header("accept-encoding", encoding);
        let request = request.body(()).unwrap_or_default();
        let (head, body) = self.app.respond(&request, false).await.into_parts();
        (head.status.as_u16(), body)
    }
}
