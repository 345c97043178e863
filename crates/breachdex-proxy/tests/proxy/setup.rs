//! Starts proxies, and the requests that most tests send.

#![forbid(unsafe_code)]

use std::net::SocketAddr;

use breachdex::{Corpus, Index};
use breachdex_proxy::{
    Event, FailMode, ProxyOptions, ProxyServer, RadarFeedOptions, Rule, RunningProxy, Shutdown,
    UpstreamAddress,
};
use breachdex_radar::RadarOptions;

use crate::site::Site;
use crate::wire::{Answer, Connection};

/// A password that the starter index holds, and one that it does not.
pub(crate) const EXPOSED: &str = "password";
pub(crate) const FINE: &str = "kurz-vor-Mitternacht-7301";

pub(crate) const LOGIN: &str = "POST /login user=user[email] password=user[password]";
pub(crate) const SIGN_UP: &str = "POST /join user=email password=password";

/// A proxy that ends with its test.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    pub(crate) status: SocketAddr,
    shutdown: Shutdown,
    running: Option<RunningProxy>,
}

pub(crate) fn starter() -> Corpus {
    Corpus::from(Index::starter().expect("the starter index"))
}

/// The options of tests: rules for `/login` and `/join`, one worker, free ports.
pub(crate) fn options(address: &str) -> ProxyOptions {
    let address: UpstreamAddress = address.parse().expect("an address");
    let rules = vec![
        Rule::parse(Event::LogIn, LOGIN).expect("a rule"),
        Rule::parse(Event::SignUp, SIGN_UP).expect("a rule"),
    ];
    let mut options = ProxyOptions::new(address, starter(), rules);
    options.transport.listen = vec!["127.0.0.1:0".parse().expect("an address")];
    options.transport.status_listen = vec!["127.0.0.1:0".parse().expect("an address")];
    options.transport.workers = 1;
    // The table of the usual radar takes 18 MB.
    let radar = RadarOptions { sources: 1 << 10, ..RadarOptions::default() };
    options.radar = Some(RadarFeedOptions { radar, ..RadarFeedOptions::default() });
    options
}

pub(crate) fn rejecting(address: &str) -> ProxyOptions {
    let mut options = options(address);
    options.check.on_error = FailMode::Reject;
    options
}

impl Proxy {
    pub(crate) fn start(options: &ProxyOptions) -> Self {
        let server = ProxyServer::bind(options, Vec::new()).expect("a proxy");
        let address = |urls: Vec<String>| {
            let url = urls.first().and_then(|url| url.split_once("://")).map(|(_, rest)| rest.to_owned());
            url.and_then(|url| url.parse().ok()).expect("an address")
        };
        let (address, status) = (address(server.urls()), address(server.status_urls()));
        let shutdown = Shutdown::new();
        let running = server.start(&shutdown).expect("threads");
        Self { address, status, shutdown, running: Some(running) }
    }

    /// In front of a site, with the options of tests.
    pub(crate) fn before(site: &Site) -> Self {
        Self::start(&options(&site.url()))
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Sends a request on a connection of its own.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        self.connect().ask(request.as_ref())
    }

    /// The value of a metric with its labels as they are written.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = self.metrics();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().expect("a number"))
    }

    pub(crate) fn metrics(&self) -> String {
        let answer = Connection::open(self.status).ask(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        String::from_utf8(answer.body).expect("text")
    }

    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shutdown.trigger();
        if let Some(running) = self.running.take() {
            running.wait().expect("a good end");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

/// A post of a body with a content type.
pub(crate) fn post(path: &str, content_type: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: shop.example\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A log-in with a form.
pub(crate) fn log_in(user: &str, password: &str) -> Vec<u8> {
    post("/login", FORM, format!("user[email]={user}&user[password]={password}"))
}
