//! Counts requests, verdicts and what the radar says, and renders all of it for Prometheus.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use breachdex::{Corpus, Day, LiveIndex};
use breachdex_http::ConnectionMetrics;
use breachdex_policy::{Action, Event, Verdict};
use breachdex_radar::{Advice, Observation, Outcome, State};
use hyper::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::http::Route;
use crate::radar::Overview;
use crate::requests::outcome_name;

/// Upper bounds of the histogram, in seconds: from a cached lookup to one on a tired disk.
const SECONDS: [f64; 12] =
    [0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.005, 0.02, 0.1, 1.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct VerdictLabels {
    event: &'static str,
    action: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AdviceLabel {
    advice: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct IndexLabel {
    index: String,
}

/// All counters. Those that most requests touch are looked up once, here.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    /// Of [`Route::ALL`], answered with 200.
    answered: [Counter; Route::ALL.len()],
    seconds: Histogram,
    verdicts: [[Counter; Action::ALL.len()]; Event::ALL.len()],
    attempts: [Counter; 2],
    advice: [Counter; Advice::ALL.len()],
    suspect_log_ins: Counter,
    radar_state: Gauge,
    radar_memory: Gauge,
    episodes: Counter,
    corpus_age: Family<IndexLabel, Gauge<f64, AtomicU64>>,
    entries: Family<IndexLabel, Gauge>,
    pub(crate) swaps: Counter,
    pub(crate) swaps_refused: Counter,
    pub(crate) policy_swaps: Counter,
    pub(crate) policy_swaps_refused: Counter,
    pub(crate) connections: ConnectionMetrics,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("breachdex");
        let requests = Family::<RequestLabels, Counter>::default();
        let verdicts = Family::<VerdictLabels, Counter>::default();
        let attempts = Family::<OutcomeLabel, Counter>::default();
        let advice = Family::<AdviceLabel, Counter>::default();
        let seconds = Histogram::new(SECONDS);
        let (suspect_log_ins, episodes) = (Counter::default(), Counter::default());
        let (radar_state, radar_memory) = (Gauge::default(), Gauge::default());
        let (corpus_age, entries) = (Family::default(), Family::default());
        let (swaps, swaps_refused) = (Counter::default(), Counter::default());
        let (policy_swaps, policy_swaps_refused) = (Counter::default(), Counter::default());
        let connections = ConnectionMetrics::default();
        registry.register("sidecar_requests", "Requests by route and status", requests.clone());
        registry.register_with_unit(
            "sidecar_request_duration",
            "From a request's head to its whole answer, with the time that its body takes to arrive",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("sidecar_verdicts", "Verdicts of the policy", verdicts.clone());
        registry.register("radar_state", "0 quiet, 1 suspected, 2 attack", radar_state.clone());
        registry.register("radar_attempts", "Attempts that the radar was told", attempts.clone());
        registry.register("radar_advice", "Advice on attempts", advice.clone());
        registry.register("radar_episodes", "Attacks", episodes.clone());
        registry.register(
            "radar_suspect_log_ins",
            "Log-ins that succeeded during an attack from suspected sources",
            suspect_log_ins.clone(),
        );
        registry.register_with_unit("radar_memory", "Memory of the radar", Unit::Bytes, radar_memory.clone());
        registry.register("index_swaps", "Replaced files that were taken over", swaps.clone());
        registry.register("index_swaps_refused", "Replaced files that were refused", swaps_refused.clone());
        registry.register("policy_swaps", "Changed policies that were taken over", policy_swaps.clone());
        registry.register(
            "policy_swaps_refused",
            "Changed policies that were refused",
            policy_swaps_refused.clone(),
        );
        registry.register("index_entries", "Entries of an index that answers", entries.clone());
        registry.register_with_unit(
            "index_corpus_age",
            "Since the corpus date of an index, where it has one",
            Unit::Seconds,
            corpus_age.clone(),
        );
        connections.register(&mut registry);
        let answered = Route::ALL.map(|route| {
            let status = StatusCode::OK.as_u16();
            requests.get_or_create_owned(&RequestLabels { route: route.name(), status })
        });
        let of_event = |event: Event| {
            Action::ALL.map(|action| {
                verdicts.get_or_create_owned(&VerdictLabels { event: event.name(), action: action.name() })
            })
        };
        let of_outcome =
            |outcome| attempts.get_or_create_owned(&OutcomeLabel { outcome: outcome_name(outcome) });
        Self {
            answered,
            verdicts: Event::ALL.map(of_event),
            attempts: [Outcome::Failed, Outcome::Succeeded].map(of_outcome),
            advice: Advice::ALL.map(|of| advice.get_or_create_owned(&AdviceLabel { advice: of.name() })),
            registry,
            requests,
            seconds,
            suspect_log_ins,
            radar_state,
            radar_memory,
            episodes,
            corpus_age,
            entries,
            swaps,
            swaps_refused,
            policy_swaps,
            policy_swaps_refused,
            connections,
        }
    }

    /// Counts a request; `None` for a path that there is not.
    pub(crate) fn count_request(&self, route: Option<Route>, status: StatusCode, taken: Duration) {
        self.seconds.observe(taken.as_secs_f64());
        match (route, status) {
            (Some(route), StatusCode::OK) => self.answered[route as usize].inc(),
            _ => {
                let route = route.map_or("other", Route::name);
                self.requests.get_or_create(&RequestLabels { route, status: status.as_u16() }).inc()
            }
        };
    }

    pub(crate) fn count_verdict(&self, verdict: &Verdict) {
        self.verdicts[verdict.event() as usize][verdict.action() as usize].inc();
    }

    pub(crate) fn count_attempt(&self, outcome: Outcome, observation: &Observation) {
        self.attempts[outcome as usize].inc();
        self.advice[observation.advice as usize].inc();
        if observation.is_suspect_log_in {
            self.suspect_log_ins.inc();
        }
    }

    /// How many attempts were told.
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts.iter().map(Counter::get).sum()
    }

    /// All metrics in the text format.
    pub(crate) fn render(&self, overview: &Overview, corpus: &Corpus, now: SystemTime) -> String {
        self.radar_state.set(match overview.status.state {
            State::Quiet => 0,
            State::Suspected => 1,
            State::Attack => 2,
        });
        self.radar_memory.set(i64::try_from(overview.memory).unwrap_or(i64::MAX));
        self.episodes.inner().store(overview.begun, Ordering::Relaxed);
        corpus.followed().for_each(|index| self.describe(index, now));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn describe(&self, index: &LiveIndex, now: SystemTime) {
        let Ok(open) = index.snapshot() else { return };
        let metadata = open.metadata();
        let label = IndexLabel { index: file_name(&index.name()) };
        self.entries.get_or_create(&label).set(i64::try_from(metadata.entries).unwrap_or(i64::MAX));
        match Day::parse(&metadata.corpus_date).and_then(|day| day.start()) {
            Some(date) => {
                let age = now.duration_since(date).unwrap_or_default();
                self.corpus_age.get_or_create(&label).set(age.as_secs_f64());
            }
            None => {
                self.corpus_age.remove(&label);
            }
        }
    }
}

/// The name of a file without its folder, which is nobody's business who reads metrics.
fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}
