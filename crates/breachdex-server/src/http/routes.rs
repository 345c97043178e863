//! Which path leads where.

#![forbid(unsafe_code)]

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{MethodRouter, get};

use super::question::BadPrefix;
use super::site::Site;
use super::{answers, range, status};
use crate::metrics::Other;

/// The whole site.
pub(crate) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/range/{*prefix}", reading(range::get))
        .route("/healthz", reading(status::health))
        .route("/metrics", reading(status::metrics))
        .fallback(elsewhere)
        .with_state(site)
}

/// A path that can be read and no more.
fn reading<H, T>(handler: H) -> MethodRouter<Arc<Site>>
where
    H: Handler<T, Arc<Site>>,
    T: 'static,
{
    get(handler).fallback(elsewhere)
}

/// Other methods, and paths that lead nowhere.
async fn elsewhere(State(site): State<Arc<Site>>, request: Request) -> Response {
    let (outcome, response) = match *request.method() {
        Method::OPTIONS => (Other::Preflight, answers::preflight()),
        Method::GET | Method::HEAD if request.uri().path() == "/range/" => {
            (Other::BadRequest, answers::bad_prefix(BadPrefix::Length))
        }
        Method::GET | Method::HEAD => (Other::BadRequest, answers::bad_path()),
        _ => (Other::MethodNotAllowed, answers::method_not_allowed()),
    };
    site.metrics.count_other(outcome);
    response
}
