//! The HTTP client: rustls with the system's certificates, HTTP/2 where it is offered, one proxy at most, no redirections.
//!
//! `proxy` decides through which proxy the one server is reached, `login` keeps a refused log-in there from being
//! repeated, `trust` decides which certificates are trusted, `fault` words what went wrong without addresses, because
//! addresses contain prefixes.

#![forbid(unsafe_code)]

mod fault;
mod login;
mod no_proxy;
mod proxy;
#[cfg(feature = "simulation")]
pub mod simulation;
mod trust;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rand::RngExt as _;
use reqwest::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, StatusCode, Version};
use tokio::runtime::{Builder, Runtime};

use self::fault::root_cause;
use self::login::Login;
pub use self::proxy::ProxyUrl;
use self::proxy::Route;
use crate::BaseUrl;
use crate::error::{Error, FetchFault, Result};

const USER_AGENT: &str = concat!("breachdex/", env!("CARGO_PKG_VERSION"));

/// How a server is reached and whom to trust.
#[derive(Clone, Debug, Default)]
pub struct NetworkOptions {
    /// The proxy; without one `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` decide.
    pub proxy: Option<ProxyUrl>,
    /// A file of certificates in PEM that are trusted beside those of the system, or of `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR`.
    pub ca_file: Option<PathBuf>,
}

/// Returns the builder of an HTTP client with this crate's certificates, proxy and timeouts, for other protocols over HTTP. Without a
/// proxy in `network`, the environment decides for each server.
///
/// # Errors
/// [`Error::TrustFile`]; [`Error::System`] where the system has no certificates.
pub fn client_builder(
    network: &NetworkOptions,
    timeout: Duration,
    idle_connections: usize,
) -> Result<ClientBuilder> {
    let builder = builder(network, true, timeout, idle_connections)?;
    match &network.proxy {
        Some(proxy) => through(builder, proxy),
        None => Ok(builder),
    }
}

fn builder(
    network: &NetworkOptions,
    is_tls: bool,
    timeout: Duration,
    idle_connections: usize,
) -> Result<ClientBuilder> {
    Ok(Client::builder()
        .tls_backend_preconfigured(trust::config(network.ca_file.as_deref(), is_tls)?)
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .connect_timeout(timeout)
        .read_timeout(timeout)
        .pool_max_idle_per_host(idle_connections)
        .tcp_nodelay(true)
        .http2_adaptive_window(true))
}

fn through(builder: ClientBuilder, proxy: &ProxyUrl) -> Result<ClientBuilder> {
    Ok(builder.no_proxy().proxy(proxy.to_reqwest().map_err(not_set_up)?))
}

fn not_set_up(error: reqwest::Error) -> Error {
    Error::System { action: "set up the HTTP client", reason: root_cause(&error) }
}

/// The runtime of a run's requests.
///
/// # Errors
/// The system's.
pub(crate) fn runtime() -> io::Result<Runtime> {
    #[cfg(feature = "simulation")]
    if simulation::current().is_some() {
        return Builder::new_current_thread().enable_time().start_paused(true).build();
    }
    Builder::new_multi_thread().enable_all().thread_name("breachdex-fetch").build()
}

/// A number from 0 to 1 by chance, by which waits differ.
pub(crate) fn jitter() -> f64 {
    #[cfg(feature = "simulation")]
    if let Some(network) = simulation::current() {
        return network.jitter();
    }
    rand::rng().random_range(0.0..=1.0)
}

/// A client of one server.
pub(crate) struct HttpClient {
    client: Client,
    /// The proxy that is used.
    proxy: Option<ProxyUrl>,
    login: Login,
}

impl HttpClient {
    /// A client that waits at most `timeout` for a connection and for each piece of an answer. Nothing is connected.
    ///
    /// # Errors
    /// [`Error::Proxy`]; [`Error::TrustFile`]; [`Error::System`].
    pub(crate) fn new(
        base: &BaseUrl,
        network: &NetworkOptions,
        timeout: Duration,
        idle_connections: usize,
    ) -> Result<Self> {
        let route = match &network.proxy {
            Some(proxy) => Route::Through(proxy.clone()),
            None => proxy::from_environment(base, &|name| std::env::var_os(name))?,
        };
        let is_tls = base.is_https()
            || !matches!(&route, Route::Direct | Route::Through(_))
            || matches!(&route, Route::Through(proxy) if proxy.is_https());
        let builder = builder(network, is_tls, timeout, idle_connections)?;
        let (builder, proxy) = match route {
            Route::Through(proxy) => (through(builder, &proxy)?, Some(proxy)),
            Route::Direct => (builder.no_proxy(), None),
            Route::System => (builder, None),
        };
        let client = builder.build().map_err(not_set_up)?;
        Ok(Self { client, proxy, login: Login::default() })
    }

    /// A request for an address.
    pub(crate) fn get(&self, url: reqwest::Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// Sends a request. Until a proxy has accepted the first one, others wait for it.
    ///
    /// # Errors
    /// [`FetchFault::ProxyLogin`], without a request where the proxy refused one within the last minute;
    /// [`FetchFault::Network`] for an answer whose length is said twice; others.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, FetchFault> {
        let response = self.send_unchecked(request).await?;
        let says = |name| response.headers().contains_key(name);
        if response.version() < Version::HTTP_2 && says(CONTENT_LENGTH) && says(TRANSFER_ENCODING) {
            // RFC 9112, section 6.3: it may be an attempt to have two programs on the way read different answers.
            return Err(FetchFault::Network("the server says the length of its answer twice".into()));
        }
        Ok(response)
    }

    async fn send_unchecked(&self, request: RequestBuilder) -> Result<Response, FetchFault> {
        #[cfg(feature = "simulation")]
        if let Some(network) = simulation::current() {
            let request = request.build().map_err(|error| fault::of(error, None))?;
            return network.answer(request).await.map_err(FetchFault::Network);
        }
        let Some(proxy) = &self.proxy else {
            return request.send().await.map_err(|error| fault::of(error, None));
        };
        let refused =
            || FetchFault::ProxyLogin { proxy: proxy.to_string(), has_credentials: proxy.has_credentials() };
        let Some(ticket) = self.login.admit().await else { return Err(refused()) };
        let sent = request.send().await;
        let is_refused = match &sent {
            Ok(response) => response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED,
            Err(error) => fault::is_refused_login(error),
        };
        ticket.settle(is_refused);
        if is_refused {
            return Err(refused());
        }
        sent.map_err(|error| fault::of(error, Some(proxy)))
    }

    /// What an error while a body was read means.
    pub(crate) fn fault(&self, error: reqwest::Error) -> FetchFault {
        fault::of(error, self.proxy.as_ref())
    }
}
