//! Asking a range server about one digest: five hex digits go out, nothing else.

#![forbid(unsafe_code)]

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use breachdex::{Answer, Digest, Entry, Kind, Lookup, RangeServer, RemoteError};
use breachdex_protocol::body;
use breachdex_protocol::padding::ADD_PADDING;
use futures_util::future::join_all;
use reqwest::StatusCode;
use reqwest::header::ACCEPT_ENCODING;
use tokio::runtime::{Builder, Runtime};

use crate::BaseUrl;
use crate::error::{Error, FetchFault, Result};
use crate::fetch;
use crate::fetch::decode::Encoding;
use crate::network::{HttpClient, NetworkOptions};

/// Connections kept open between questions.
const IDLE_CONNECTIONS: usize = 16;

/// How to ask.
#[derive(Clone, Debug)]
pub struct RangeClientOptions {
    /// The server.
    pub base_url: BaseUrl,
    /// Which digests are asked about.
    pub kind: Kind,
    /// How long a whole answer may take.
    pub timeout: Duration,
    /// Allow a connection that others can read and change.
    pub insecure_http: bool,
    /// How the server is reached and whom to trust.
    pub network: NetworkOptions,
}

impl Default for RangeClientOptions {
    /// SHA-1 from the service itself, within ten seconds.
    fn default() -> Self {
        Self {
            base_url: BaseUrl::default(),
            kind: Kind::Sha1,
            timeout: Duration::from_secs(10),
            insecure_http: false,
            network: NetworkOptions::default(),
        }
    }
}

/// Checks digests against a range server, which learns of each no more than its first five hex digits.
///
/// Answers are asked to be padded, so that the length of an encrypted one tells little. Redirections are not
/// followed. One question is one request; connections are kept between questions.
///
/// ```no_run
/// use breachdex::{Digest, Lookup};
/// use breachdex_hibp::{RangeClient, RangeClientOptions};
/// let service = RangeClient::new(RangeClientOptions::default())?;
/// let seen = service.count(&Digest::sha1(b"password"))?;
/// println!("seen {seen} times");
/// # Ok::<(), breachdex_hibp::Error>(())
/// ```
pub struct RangeClient {
    http: HttpClient,
    options: RangeClientOptions,
    /// For those who ask without a runtime of their own.
    runtime: OnceLock<Runtime>,
}

impl RangeClient {
    /// A client; connects when it is first asked.
    ///
    /// # Errors
    /// [`Error::NotEncrypted`] unless https, this machine itself, or allowed; [`Error::Proxy`] for a proxy in the
    /// environment that is none; [`Error::TrustFile`]; [`Error::System`].
    pub fn new(options: RangeClientOptions) -> Result<Self> {
        if !options.base_url.is_private() && !options.insecure_http {
            return Err(Error::NotEncrypted { base: options.base_url.to_string() });
        }
        let http = HttpClient::new(&options.base_url, &options.network, options.timeout, IDLE_CONNECTIONS)?;
        Ok(Self { http, options, runtime: OnceLock::new() })
    }

    /// The server.
    pub fn base_url(&self) -> &BaseUrl {
        &self.options.base_url
    }

    /// What the server knows about a digest, for callers inside a tokio runtime.
    ///
    /// # Errors
    /// [`Error::WrongKind`]; [`Error::Remote`] when there is no answer, or none that can be understood.
    pub async fn ask(&self, digest: &Digest) -> Result<Answer> {
        let asked = self.options.kind;
        if digest.kind() != asked {
            return Err(Error::WrongKind { asked, digest: digest.kind() });
        }
        let prefix = breachdex::Entry::new(digest, 1).prefix();
        match self.read(prefix, |text| body::count(text, digest)).await? {
            0 => Ok(Answer::Absent),
            count => Ok(Answer::Present { count: Some(count) }),
        }
    }

    /// The rows under a 20-bit prefix as the service words them, without padding; empty where there are none.
    /// Waits; not for use inside a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Remote`] when there is no answer, or none that can be understood.
    pub fn range(&self, prefix: u32) -> Result<String> {
        let kind = self.options.kind;
        self.runtime()?.block_on(self.read(prefix, |text| body::without_padding(text, kind)))
    }

    /// The entries under a 20-bit prefix, ascending. Waits; not for use inside a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Remote`] when there is no answer, or none that can be understood.
    pub fn entries(&self, prefix: u32) -> Result<Vec<Entry>> {
        let kind = self.options.kind;
        self.runtime()?.block_on(self.read(prefix, |text| body::entries(text, prefix, kind)))
    }

    /// What `understand` makes of a range.
    async fn read<T>(
        &self,
        prefix: u32,
        understand: impl FnOnce(&[u8]) -> Result<T, body::Malformed>,
    ) -> Result<T> {
        let read = match tokio::time::timeout(self.options.timeout, self.fetch(prefix)).await {
            Ok(Ok(text)) => understand(&text).map_err(FetchFault::from),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(FetchFault::Network("no answer in time".into())),
        };
        read.map_err(|fault| Error::Remote { base: self.options.base_url.to_string(), fault })
    }

    /// What the server knows about each of some digests, asked all at once; as many answers, in the same order.
    /// Waits; not for use inside a tokio runtime.
    pub fn lookup_many(&self, digests: &[&Digest]) -> Vec<Result<Answer>> {
        match self.runtime() {
            Ok(runtime) => runtime.block_on(join_all(digests.iter().map(|digest| self.ask(digest)))),
            Err(error) => {
                let reason = error.to_string();
                let failed = || Error::System { action: "ask the range server", reason: reason.clone() };
                digests.iter().map(|_| Err(failed())).collect()
            }
        }
    }

    async fn fetch(&self, prefix: u32) -> Result<Vec<u8>, FetchFault> {
        let request = self
            .http
            .get(self.options.base_url.range(prefix, self.options.kind))
            .header(ACCEPT_ENCODING, Encoding::accepted(&self.options.base_url))
            .header(ADD_PADDING, "true");
        let response = self.http.send(request).await?;
        match response.status() {
            StatusCode::OK => fetch::body::read(&self.http, response, true, &AtomicU64::new(0)).await,
            status if status.is_redirection() => Err(FetchFault::Redirected { status: status.as_u16() }),
            status => Err(FetchFault::Status { status: status.as_u16(), retry_after: None }),
        }
    }

    fn runtime(&self) -> Result<&Runtime> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .thread_name("breachdex-range-client")
            .build()
            .map_err(|error| Error::System {
                action: "start the network's thread",
                reason: error.to_string(),
            })?;
        Ok(self.runtime.get_or_init(|| runtime))
    }
}

impl Drop for RangeClient {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for RangeClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RangeClient({})", self.options.base_url)
    }
}

/// Asks and waits; not for use inside a tokio runtime, see [`RangeClient::ask`].
impl Lookup for RangeClient {
    type Error = Error;

    fn kind(&self) -> Kind {
        self.options.kind
    }

    fn lookup(&self, digest: &Digest) -> Result<Answer> {
        self.runtime()?.block_on(self.ask(digest))
    }

    fn require_counts(&self) -> Result<()> {
        Ok(())
    }
}

/// Asks and waits; not for use inside a tokio runtime.
impl RangeServer for RangeClient {
    fn name(&self) -> String {
        self.options.base_url.to_string()
    }

    fn kind(&self) -> Kind {
        self.options.kind
    }

    fn lookup_many(&self, digests: &[&Digest]) -> Vec<Result<Answer, RemoteError>> {
        Self::lookup_many(self, digests).into_iter().map(|answer| answer.map_err(remote)).collect()
    }

    fn range(&self, prefix: u32) -> Result<Vec<Entry>, RemoteError> {
        self.entries(prefix).map_err(remote)
    }
}

/// Only what an exchange met is a fault of the moment.
fn remote(error: Error) -> RemoteError {
    let is_transient = matches!(error, Error::Remote { .. });
    RemoteError::new(error, is_transient)
}
