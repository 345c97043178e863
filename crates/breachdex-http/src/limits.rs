//! Limits that apply to every client, and the files for https.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

/// PEM files for https.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, followed by its chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// Certificates of authorities. If there are any, a client needs a certificate that one of them signed.
    pub client_ca: Option<PathBuf>,
}

/// Limits that apply to every client.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Maximum number of open connections; `None` derives it from the limit on open files, which is raised to the hard
    /// limit first. A connection beyond it is answered with 503 and closed.
    pub connections: Option<usize>,
    /// Maximum number of open connections of one address (an IPv6 network of 64 bits counts as one); `None` means a
    /// quarter of `connections`, and 64 at least. Trusted proxies and Unix sockets have no such limit.
    pub connections_per_address: Option<usize>,
    /// Maximum number of answers that one connection may leave unread; further requests on it wait. At least 1.
    pub answers_per_connection: usize,
    /// Maximum bytes of a request's head; at least 8 KiB.
    pub header_bytes: usize,
    /// Bytes of a request's body that an HTTP/2 client may send before they are read. The default, 65,535, is the
    /// smallest that the protocol has without asking.
    pub upload_window: u32,
    /// Time from accepting a connection to its first request, including the TLS handshake.
    pub header_timeout: Duration,
    /// Time from the end of an answer to the next request. Reduced to `header_timeout` while three quarters of the
    /// connections are in use.
    pub idle_timeout: Duration,
    /// Time from a request to its answer, or from one piece of an answer to the next; the body of the request has to
    /// arrive within it too.
    pub answer_timeout: Duration,
    /// Time for a client to read an answer completely, or a piece of it if it is made in pieces. No further request
    /// extends it.
    pub send_timeout: Duration,
    /// Bytes of answers buffered for slow clients before other requests get 503. A quarter of it is for one address.
    pub waiting_bytes: usize,
    /// Time for running requests to finish after a shutdown was triggered.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: None,
            connections_per_address: None,
            answers_per_connection: 16,
            header_bytes: 16 << 10,
            upload_window: 65_535,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(60),
            send_timeout: Duration::from_secs(30),
            waiting_bytes: 256 << 20,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}
