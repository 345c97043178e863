//! Dispatches requests by path and method.

#![forbid(unsafe_code)]

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{MethodRouter, get};

use super::question::BadPrefix;
use super::state::AppState;
use super::{answers, range, status};
use crate::metrics::Other;

/// What a socket answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Routes {
    RangesAndStatus,
    Ranges,
    Status,
}

/// The routes with their state.
pub(crate) fn router(state: Arc<AppState>, routes: Routes) -> Router {
    let mut router = Router::new();
    if routes != Routes::Status {
        router = router.route("/range/{*prefix}", reading(range::get));
    }
    if routes != Routes::Ranges {
        router =
            router.route("/healthz", reading(status::health)).route("/metrics", reading(status::metrics));
    }
    router.fallback(elsewhere).with_state(state)
}

/// A path that can be read and no more.
fn reading<H, T>(handler: H) -> MethodRouter<Arc<AppState>>
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    get(handler).fallback(elsewhere)
}

/// Other methods, and paths that lead nowhere.
async fn elsewhere(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let (outcome, response) = match *request.method() {
        Method::OPTIONS => (Other::Preflight, answers::preflight()),
        Method::GET | Method::HEAD if request.uri().path() == "/range/" => {
            (Other::BadRequest, answers::bad_prefix(BadPrefix::Length))
        }
        Method::GET | Method::HEAD => (Other::BadRequest, answers::bad_path()),
        _ => (Other::MethodNotAllowed, answers::method_not_allowed()),
    };
    state.metrics.count_other(outcome);
    response
}
