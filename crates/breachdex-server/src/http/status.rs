//! Answers `/healthz` for operators and load balancers, and `/metrics` for Prometheus.

#![forbid(unsafe_code)]

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use serde_json::{Value, json};

use super::answers::{self, Answer};
use super::state::AppState;
use crate::indexes::served::Served;
use crate::metrics::Other;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// `GET /healthz`: 503 once the server is about to end, so that a load balancer sends no more.
pub(super) fn health(state: &AppState, is_draining: bool) -> Answer {
    state.metrics.count_other(Other::Status);
    let (status, word) = match is_draining {
        false => (StatusCode::OK, "ok"),
        true => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
    };
    let mut body = json!({ "status": word });
    if state.health_details {
        body["indexes"] = state.catalogue.all().iter().map(|served| index(served)).collect();
    }
    uncached(answers::answer(status, JSON, Bytes::from(body.to_string())))
}

/// Says nothing of the content of an overlay: the content id of a small one confirms a guess of what is in it.
fn index(served: &Served) -> Value {
    let metadata = served.index().metadata();
    let date = Some(&metadata.corpus_date).filter(|date| !date.is_empty());
    let content_id = Some(served.index().content_id().to_string());
    json!({
        "kind": metadata.kind.name(),
        "entries": metadata.entries,
        "corpus_date": date,
        "content_id": content_id.filter(|_| !metadata.holds_overlay),
        "file": served.index().name(),
        "overlays": served.overlays().iter().map(|overlay| json!({
            "entries": overlay.metadata().entries,
            "file": overlay.name(),
        })).collect::<Vec<Value>>(),
        "loaded": served.loaded().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
    })
}

/// `GET /metrics`.
pub(super) fn metrics(state: &AppState) -> Answer {
    state.metrics.count_other(Other::Status);
    let text = state.metrics.render(&state.catalogue, SystemTime::now());
    uncached(answers::answer(StatusCode::OK, METRICS, Bytes::from(text)))
}

fn uncached(response: Answer) -> Answer {
    answers::with(response, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))])
}
