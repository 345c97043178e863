//! Counts what the proxy does, and renders it for Prometheus. No label holds anything that a client chose.

#![forbid(unsafe_code)]

use breachdex_http::ConnectionMetrics;
use breachdex_radar::{Advice, Outcome, State};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::fields::Unread;
use crate::rule::Event;
use crate::upstream::UpstreamError;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CheckLabels {
    event: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AdviceLabel {
    advice: &'static str,
}

/// What became of the credentials of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckResult {
    /// With the value of the header.
    Exposed(u8),
    NotExposed,
    /// Not all of them could be read, or the corpus could not answer.
    Unknown,
    /// The request has no password.
    NoPassword,
    /// The radar advised to deny it.
    Denied,
}

impl CheckResult {
    fn name(self) -> &'static str {
        match self {
            Self::Exposed(1) => "1",
            Self::Exposed(2) => "2",
            Self::Exposed(3) => "3",
            Self::Exposed(_) => "4",
            Self::NotExposed => "not_exposed",
            Self::Unknown => "unknown",
            Self::NoPassword => "no_password",
            Self::Denied => "denied",
        }
    }
}

/// All counters. Those that every request touches are looked up once, here.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) connections: ConnectionMetrics,
    pub(crate) requests: Counter,
    /// Headers from outside that only this proxy may set.
    pub(crate) stripped: Counter,
    pub(crate) retries: Counter,
    /// Connections that were upgraded and are open.
    pub(crate) upgraded: Gauge,
    checks: Family<CheckLabels, Counter>,
    unread: Family<ReasonLabel, Counter>,
    refused: Family<ReasonLabel, Counter>,
    upstream_errors: Family<ReasonLabel, Counter>,
    pub(crate) radar: RadarMetrics,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("breachdex");
        let connections = ConnectionMetrics::default();
        connections.register(&mut registry);
        let metrics = Self {
            connections,
            requests: Counter::default(),
            stripped: Counter::default(),
            retries: Counter::default(),
            upgraded: Gauge::default(),
            checks: Family::default(),
            unread: Family::default(),
            refused: Family::default(),
            upstream_errors: Family::default(),
            radar: RadarMetrics::register(&mut registry),
            registry: Registry::default(),
        };
        registry.register("proxy_requests", "Requests", metrics.requests.clone());
        registry.register(
            "proxy_checks",
            "Sign-ups and log-ins by what is known about their passwords",
            metrics.checks.clone(),
        );
        registry.register(
            "proxy_unread",
            "Sign-ups and log-ins whose fields could not all be read",
            metrics.unread.clone(),
        );
        registry.register("proxy_refused", "Requests that were not passed on", metrics.refused.clone());
        registry.register(
            "proxy_upstream_errors",
            "Requests that the site gave no answer to",
            metrics.upstream_errors.clone(),
        );
        registry.register("proxy_retries", "Requests that were sent again", metrics.retries.clone());
        registry.register(
            "proxy_stripped_headers",
            "Headers from outside that only the proxy may set",
            metrics.stripped.clone(),
        );
        registry.register("proxy_upgraded", "Open WebSockets", metrics.upgraded.clone());
        for reason in Unread::ALL {
            let _ = metrics.unread.get_or_create(&ReasonLabel { reason: reason.name() });
        }
        Self { registry, ..metrics }
    }

    pub(crate) fn count_check(&self, event: Event, result: CheckResult) {
        self.checks.get_or_create(&CheckLabels { event: event.name(), result: result.name() }).inc();
    }

    pub(crate) fn count_unread(&self, unread: Unread) {
        self.unread.get_or_create(&ReasonLabel { reason: unread.name() }).inc();
    }

    pub(crate) fn count_refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ReasonLabel { reason }).inc();
    }

    pub(crate) fn count_upstream_error(&self, error: &UpstreamError) {
        self.upstream_errors.get_or_create(&ReasonLabel { reason: error.name() }).inc();
    }

    /// All metrics in the text format.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// What is counted of the radar, under the names that every surface has.
#[derive(Clone, Debug, Default)]
pub(crate) struct RadarMetrics {
    state: Gauge,
    attempts: Family<OutcomeLabel, Counter>,
    advice: Family<AdviceLabel, Counter>,
    pub(crate) episodes: Counter,
    pub(crate) suspect_log_ins: Counter,
}

impl RadarMetrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("radar_state", "0 quiet, 1 suspected, 2 attack", metrics.state.clone());
        registry.register("radar_attempts", "Log-ins that the radar was told", metrics.attempts.clone());
        registry.register(
            "radar_advice",
            "Log-ins by what the radar advised before them",
            metrics.advice.clone(),
        );
        registry.register("radar_episodes", "Attacks that were seen", metrics.episodes.clone());
        registry.register(
            "radar_suspect_log_ins",
            "Log-ins that succeeded during an attack from suspected sources",
            metrics.suspect_log_ins.clone(),
        );
        for advice in Advice::ALL {
            let _ = metrics.advice.get_or_create(&AdviceLabel { advice: advice.name() });
        }
        metrics
    }

    pub(crate) fn set_state(&self, state: State) {
        self.state.set(match state {
            State::Quiet => 0,
            State::Suspected => 1,
            State::Attack => 2,
        });
    }

    pub(crate) fn count_attempt(&self, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::Failed => "failed",
            Outcome::Succeeded => "succeeded",
        };
        self.attempts.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(crate) fn count_advice(&self, advice: Advice) {
        self.advice.get_or_create(&AdviceLabel { advice: advice.name() }).inc();
    }
}
