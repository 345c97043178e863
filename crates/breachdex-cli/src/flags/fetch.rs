//! How `download` and `update` fetch ranges and make an index of them.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex_hibp::{BaseUrl, FetchOptions, NetworkOptions, ProxyUrl, RetryPolicy};
use clap::Args;

use crate::failure::Failure;
use crate::flags::values::{parse_seconds, parse_size};

/// How ranges are fetched.
#[derive(Args)]
pub(crate) struct FetchFlags {
    /// The range server [default: https://api.pwnedpasswords.com, for an update the one the index came from]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<BaseUrl>,
    /// Requests at a time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) concurrency: u32,
    /// How often to retry a failed request
    ///
    /// After half a second, then after twice as long each time, up to half a minute. If a server asks for a pause, nothing is
    /// sent until it is over. A range that still fails is tried again when all others are fetched.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) retries: u32,
    /// Timeout of a connection, and of each piece of an answer
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
    /// Timeout of a request and its whole answer
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = parse_seconds)]
    pub(crate) request_timeout: Duration,
    /// Accept what some mirrors send and the service does not
    ///
    /// A line end after the last row, padding (rows with count 0), and for a range without rows an empty body or status 404.
    /// Also a compressed answer without a length.
    #[arg(long)]
    pub(crate) mirror_quirks: bool,
    #[command(flatten)]
    pub(crate) network: NetworkFlags,
}

impl FetchFlags {
    /// How to fetch; from the service itself where no server is named.
    pub(crate) fn options(&self) -> Result<FetchOptions, Failure> {
        Ok(FetchOptions {
            base_url: self.base_url.clone().unwrap_or_default(),
            concurrency: self.concurrency as usize,
            timeout: self.timeout,
            request_timeout: self.request_timeout,
            retry: RetryPolicy { retries: self.retries, ..RetryPolicy::default() },
            network: NetworkOptions {
                proxy: proxy_from(self.network.proxy.as_ref())?,
                ca_file: self.network.ca_file.clone(),
            },
            mirror_quirks: self.mirror_quirks,
        })
    }
}

/// How a server is reached.
#[derive(Args)]
pub(crate) struct NetworkFlags {
    /// Proxy to use [default: from the environment]
    ///
    /// That is HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. http://host:port, https://host:port, or socks4, socks4a, socks5 or socks5h; with an a or h at the end the proxy
    /// resolves host names. Give a user name and a password in the environment variable instead, where other users of this
    /// machine do not see them.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Certificates to trust beside the system's, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// Reads a proxy's address. One that holds a password is refused, and not repeated in the message: other users can see the
/// arguments of a process.
pub(crate) fn proxy_from(text: Option<&String>) -> Result<Option<ProxyUrl>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let proxy: ProxyUrl = text.parse().map_err(|error| Failure::Usage(format!("--{error}")))?;
    if proxy.has_credentials() {
        return Err(Failure::Usage(String::from(
            "--proxy must not hold a user name or a password, which other users could see: give the proxy in \
             HTTPS_PROXY, HTTP_PROXY or ALL_PROXY",
        )));
    }
    Ok(Some(proxy))
}

/// What making the index may take.
#[derive(Args)]
pub(crate) struct WorkFlags {
    /// Memory to use, as in 512MiB
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = parse_size)]
    pub(crate) memory: u64,
    /// Threads to use [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,
}
