//! The paths, and which methods they take.

#![forbid(unsafe_code)]

use hyper::Method;
use hyper::header::HeaderValue;

/// A path of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// `POST /v1/check`
    Check,
    /// `POST /v1/verdict`
    Verdict,
    /// `POST /v1/attempt`
    Attempt,
    /// `POST /v1/advice`
    Advice,
    /// `GET /v1/radar`
    Radar,
    /// `GET /healthz`
    Health,
    /// `GET /metrics`
    Metrics,
    /// `GET /openapi.json`
    OpenApi,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Check,
        Self::Verdict,
        Self::Attempt,
        Self::Advice,
        Self::Radar,
        Self::Health,
        Self::Metrics,
        Self::OpenApi,
    ];

    /// The route of a path.
    pub fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.path() == path)
    }

    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Check => "/v1/check",
            Self::Verdict => "/v1/verdict",
            Self::Attempt => "/v1/attempt",
            Self::Advice => "/v1/advice",
            Self::Radar => "/v1/radar",
            Self::Health => "/healthz",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
        }
    }

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Verdict => "verdict",
            Self::Attempt => "attempt",
            Self::Advice => "advice",
            Self::Radar => "radar",
            Self::Health => "healthz",
            Self::Metrics => "metrics",
            Self::OpenApi => "openapi",
        }
    }

    /// Whether a body is sent to it.
    pub const fn takes_body(self) -> bool {
        matches!(self, Self::Check | Self::Verdict | Self::Attempt | Self::Advice)
    }

    /// Whether it is one that load balancers and Prometheus ask.
    pub(crate) const fn is_status(self) -> bool {
        matches!(self, Self::Health | Self::Metrics)
    }

    /// Whether it takes a method.
    pub(crate) fn takes(self, method: &Method) -> bool {
        if self.takes_body() { method == Method::POST } else { matches!(*method, Method::GET | Method::HEAD) }
    }

    /// Its methods, for people.
    pub(crate) const fn methods(self) -> &'static str {
        if self.takes_body() { "POST" } else { "GET and HEAD" }
    }

    /// Its methods, for the header.
    pub(crate) const fn allowed(self) -> HeaderValue {
        HeaderValue::from_static(if self.takes_body() { "POST, OPTIONS" } else { "GET, HEAD, OPTIONS" })
    }
}
