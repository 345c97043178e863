//! Answers that are not about a password: the radar, health, metrics, the document of the API.

#![forbid(unsafe_code)]

use std::time::SystemTime;

use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::answers::{self, Answer};
use super::state::AppState;
use crate::openapi;

const METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

pub(super) fn radar(state: &AppState) -> Answer {
    answers::radar(&state.radar.overview(), state.metrics.attempts())
}

pub(super) fn metrics(state: &AppState) -> Answer {
    let text = state.metrics.render(&state.radar.overview(), state.judge.corpus(), SystemTime::now());
    answers::answer(StatusCode::OK, METRICS, text.into_bytes())
}

pub(super) fn openapi() -> Answer {
    answers::answer(StatusCode::OK, answers::JSON, openapi::DOCUMENT.into())
}
