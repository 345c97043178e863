//! Answers the requests of a socket, with what applies to all of them: the check of the host name, and what other
//! origins may see.

#![forbid(unsafe_code)]

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderName, HeaderValue, Request, Response, Uri, header};
use axum::{BoxError, Router};
use bytes::Bytes;
use hyper::body::Incoming;
use tower::Service as _;

use super::answers;
use super::host::HostNames;
use super::routes::{self, Routes};
use super::state::AppState;
use crate::metrics::{Metrics, Other};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// Answers the requests of a socket.
pub(crate) struct App {
    router: Router,
    state: Arc<AppState>,
    hosts: Arc<HostNames>,
}

impl App {
    pub(crate) fn new(state: &Arc<AppState>, hosts: &Arc<HostNames>, routes: Routes) -> Arc<Self> {
        let router = routes::router(Arc::clone(state), routes);
        Arc::new(Self { router, state: Arc::clone(state), hosts: Arc::clone(hosts) })
    }

    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.state.metrics)
    }

    /// Whether a request is for a range.
    pub(crate) fn is_range(uri: &Uri) -> bool {
        uri.path().starts_with("/range/")
    }

    /// The answer to a request.
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let is_private = self.is_private(request.uri());
        if is_private && !self.is_of_this_origin(&request) {
            self.state.metrics.count_other(Other::HostRefused);
            return private(answers::other_host());
        }
        let Ok(response) = self.router.clone().call(request).await;
        if is_private { private(response) } else { response }
    }

    /// The answer to a request that has no room.
    pub(crate) fn busy(&self, request: &Request<Incoming>) -> Response<Body> {
        self.state.metrics.count_refused_range();
        let response = answers::busy();
        if self.is_private(request.uri()) { private(response) } else { response }
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

/// Leaves nothing in an answer that lets a page of another origin read it, or load it as a script or an image.
fn private(mut response: Response<Body>) -> Response<Body> {
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
