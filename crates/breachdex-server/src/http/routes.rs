//! Dispatches requests by path and method.

#![forbid(unsafe_code)]

use std::sync::Arc;

use hyper::{Method, Request};

use super::answers::{self, Answer};
use super::question::BadPrefix;
use super::state::AppState;
use super::{range, status};
use crate::metrics::Other;

/// What a socket answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Routes {
    RangesAndStatus,
    Ranges,
    Status,
}

/// The answer to a request, of the pages that a socket has.
pub(super) async fn answer<B>(
    state: &Arc<AppState>,
    routes: Routes,
    request: &Request<B>,
    is_draining: bool,
) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return elsewhere(state, request);
    }
    match request.uri().path() {
        path if is_range(path) && routes != Routes::Status => range::get(state, request).await,
        "/healthz" if routes != Routes::Ranges => status::health(state, is_draining),
        "/metrics" if routes != Routes::Ranges => status::metrics(state),
        _ => elsewhere(state, request),
    }
}

fn is_range(path: &str) -> bool {
    path.strip_prefix("/range/").is_some_and(|prefix| !prefix.is_empty())
}

/// Other methods, and paths that lead nowhere.
fn elsewhere<B>(state: &AppState, request: &Request<B>) -> Answer {
    let (outcome, answer) = match *request.method() {
        Method::OPTIONS => (Other::Preflight, answers::preflight()),
        Method::GET | Method::HEAD if request.uri().path() == "/range/" => {
            (Other::BadRequest, answers::bad_prefix(BadPrefix::Length))
        }
        Method::GET | Method::HEAD => (Other::BadRequest, answers::bad_path()),
        _ => (Other::MethodNotAllowed, answers::method_not_allowed()),
    };
    state.metrics.count_other(outcome);
    answer
}
