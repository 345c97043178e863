//! Answers the requests of a socket, with what applies to all of them: the check of the host name, and what other
//! origins may see.

#![forbid(unsafe_code)]

use std::sync::Arc;

use breachdex_http::{Client, HostNames, Service, Whole};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};

use super::answers::{self, Answer};
use super::routes::{self, Routes};
use super::state::AppState;
use crate::metrics::Other;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// Answers the requests of a socket.
pub(crate) struct App {
    routes: Routes,
    state: Arc<AppState>,
    hosts: Arc<HostNames>,
}

impl App {
    pub(crate) fn new(state: &Arc<AppState>, hosts: &Arc<HostNames>, routes: Routes) -> Arc<Self> {
        Arc::new(Self { routes, state: Arc::clone(state), hosts: Arc::clone(hosts) })
    }

    /// The answer to a request, whose body is not read. `is_draining` is what `/healthz` tells.
    pub(crate) async fn respond<B>(&self, request: &Request<B>, is_draining: bool) -> Answer {
        let is_private = self.is_private(request.uri());
        let answer = if is_private && !self.is_of_this_origin(request) {
            self.state.metrics.count_other(Other::HostRefused);
            answers::other_host(self.state.allow_host_remedy.as_deref())
        } else {
            routes::answer(&self.state, self.routes, request, is_draining).await
        };
        let answer = if request.method() == Method::HEAD { without_body(answer) } else { answer };
        if is_private { private(answer) } else { answer }
    }

    /// Whether the answer is for this origin alone: digests from an overlay and facts about this machine.
    fn is_private(&self, uri: &Uri) -> bool {
        let is_status = match uri.path() {
            "/metrics" => true,
            "/healthz" => self.state.health_details,
            _ => false,
        };
        is_status || self.state.catalogue.holds_overlay()
    }

    /// Whether the request can come from a page of this server, or from no page at all.
    fn is_of_this_origin<B>(&self, request: &Request<B>) -> bool {
        let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
        matches!(site, None | Some(b"same-origin" | b"none"))
            && self.hosts.allow(request.uri(), request.headers())
    }
}

impl Service for App {
    type Body = Whole;

    /// Only ranges are refused for the sake of an address.
    fn is_limited(&self, uri: &Uri) -> bool {
        uri.path().starts_with("/range/")
    }

    async fn answer(&self, request: Request<Incoming>, client: Client) -> Response<Whole> {
        self.respond(&request, client.is_draining()).await.map(Whole::from)
    }

    fn busy(&self, request: &Request<Incoming>) -> Response<Whole> {
        self.state.metrics.count_refused_range();
        let answer = answers::busy();
        let answer = if request.method() == Method::HEAD { without_body(answer) } else { answer };
        let answer = if self.is_private(request.uri()) { private(answer) } else { answer };
        answer.map(Whole::from)
    }
}

/// What a HEAD is answered with: the length that the body would have, and no body.
fn without_body(answer: Answer) -> Answer {
    let (mut head, body) = answer.into_parts();
    // A 304 has no body that could have a length.
    if head.status != StatusCode::NOT_MODIFIED {
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    Answer::from_parts(head, Bytes::new())
}

/// Leaves nothing in an answer that lets a page of another origin read it, or load it as a script or an image.
fn private(mut response: Answer) -> Answer {
    let headers = response.headers_mut();
    for name in [
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        header::ACCESS_CONTROL_ALLOW_METHODS,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        header::ACCESS_CONTROL_MAX_AGE,
    ] {
        headers.remove(name);
    }
    headers.insert(RESOURCE_POLICY, SAME_ORIGIN);
    response
}
