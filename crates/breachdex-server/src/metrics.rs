//! Counts requests, connections and reloads, and renders them for Prometheus.

#![forbid(unsafe_code)]

use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use breachdex::Kind;
use breachdex_http::ConnectionMetrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::cache::CacheMetrics;
use crate::indexes::catalogue::Catalogue;
use crate::indexes::served::Served;

/// Upper bounds of the histogram, in seconds: from a range in cache to one on a tired disk.
const SECONDS: [f64; 14] =
    [0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0];

/// How a request for a range ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Padded,
    NotModified,
    NotLoaded,
    NotCovered,
    Unreadable,
    Busy,
}

impl Outcome {
    const ALL: [Self; 7] = [
        Self::Ok,
        Self::Padded,
        Self::NotModified,
        Self::NotLoaded,
        Self::NotCovered,
        Self::Unreadable,
        Self::Busy,
    ];

    /// Its name in metrics and logs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Padded => "padded",
            Self::NotModified => "not_modified",
            Self::NotLoaded => "not_loaded",
            Self::NotCovered => "not_covered",
            Self::Unreadable => "unreadable",
            Self::Busy => "busy",
        }
    }
}

/// How any other request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    BadRequest,
    MethodNotAllowed,
    Preflight,
    Status,
    HostRefused,
}

impl Other {
    const ALL: [Self; 5] =
        [Self::BadRequest, Self::MethodNotAllowed, Self::Preflight, Self::Status, Self::HostRefused];

    fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Preflight => "preflight",
            Self::Status => "status",
            Self::HostRefused => "host_refused",
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RangeLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

/// All counters. Those that every request touches are looked up once, here.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    ranges: [[Counter; Outcome::ALL.len()]; 2],
    others: [Counter; Other::ALL.len()],
    seconds: Histogram,
    bytes: Counter,
    /// What the transport counts.
    pub(crate) connections: ConnectionMetrics,
    /// Requests that were refused because their connection or address had too many.
    over_quota: Counter,
    /// What the cache counts.
    pub(crate) cache: CacheMetrics,
    swaps: Family<KindLabel, Counter>,
    swaps_refused: Family<KindLabel, Counter>,
    entries: Family<KindLabel, Gauge>,
    corpus_age: Family<KindLabel, Gauge<f64, AtomicU64>>,
    loaded_age: Family<KindLabel, Gauge<f64, AtomicU64>>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("breachdex");
        let ranges = Family::<RangeLabels, Counter>::default();
        let others = Family::<OutcomeLabel, Counter>::default();
        let seconds = Histogram::new(SECONDS);
        let bytes = Counter::default();
        let (connections, over_quota) = (ConnectionMetrics::default(), Counter::default());
        let cache = CacheMetrics::default();
        let (swaps, swaps_refused) = (Family::default(), Family::default());
        let (entries, corpus_age, loaded_age) = (Family::default(), Family::default(), Family::default());
        registry.register("range_requests", "Requests for a range", ranges.clone());
        registry.register("other_requests", "All other requests", others.clone());
        registry.register_with_unit(
            "range_duration",
            "From a request's head to its whole answer, without the time to send it",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register_with_unit(
            "range_body",
            "Bodies of range answers, of HEAD and of errors too",
            Unit::Bytes,
            bytes.clone(),
        );
        connections.register(&mut registry);
        registry.register(
            "over_quota_requests",
            "Requests beyond the limits of their connection or address",
            over_quota.clone(),
        );
        registry.register("cache_hits", "Bodies that were kept ready", cache.hits.clone());
        registry.register("cache_misses", "Bodies that had to be made", cache.misses.clone());
        registry.register("cache_bodies", "Bodies that are kept ready", cache.bodies.clone());
        registry.register_with_unit("cache", "What these bodies take", Unit::Bytes, cache.bytes.clone());
        registry.register("index_swaps", "Replaced files that were taken over", swaps.clone());
        registry.register("index_swaps_refused", "Replaced files that were refused", swaps_refused.clone());
        registry.register("index_entries", "Entries of the index that answers", entries.clone());
        registry.register_with_unit(
            "index_corpus_age",
            "Since the corpus date of the index, where it has one",
            Unit::Seconds,
            corpus_age.clone(),
        );
        registry.register_with_unit(
            "index_loaded_age",
            "Since the index was opened",
            Unit::Seconds,
            loaded_age.clone(),
        );
        let of_kind = |kind: Kind| {
            Outcome::ALL.map(|outcome| {
                ranges.get_or_create_owned(&RangeLabels { kind: kind.name(), outcome: outcome.name() })
            })
        };
        Self {
            ranges: [of_kind(Kind::Sha1), of_kind(Kind::Ntlm)],
            others: Other::ALL
                .map(|outcome| others.get_or_create_owned(&OutcomeLabel { outcome: outcome.name() })),
            registry,
            seconds,
            bytes,
            connections,
            over_quota,
            cache,
            swaps,
            swaps_refused,
            entries,
            corpus_age,
            loaded_age,
        }
    }

    /// Counts a request for a range, with the length of its body and the time it took.
    pub(crate) fn count_range(&self, kind: Kind, outcome: Outcome, bytes: u64, taken: Duration) {
        let of_kind = match kind {
            Kind::Sha1 => &self.ranges[0],
            Kind::Ntlm => &self.ranges[1],
        };
        of_kind[outcome as usize].inc();
        self.bytes.inc_by(bytes);
        self.seconds.observe(taken.as_secs_f64());
    }

    /// Counts a request that was refused before it was looked at.
    pub(crate) fn count_refused_range(&self) {
        self.over_quota.inc();
    }

    /// Counts any other request.
    pub(crate) fn count_other(&self, outcome: Other) {
        self.others[outcome as usize].inc();
    }

    /// Counts a replaced file that was taken over.
    pub(crate) fn count_swap(&self, kind: Kind) {
        self.swaps.get_or_create(&KindLabel { kind: kind.name() }).inc();
    }

    /// Counts a replaced file that was refused.
    pub(crate) fn count_refused_swap(&self, kind: Kind) {
        self.swaps_refused.get_or_create(&KindLabel { kind: kind.name() }).inc();
    }

    /// All metrics in the text format.
    pub(crate) fn render(&self, catalogue: &Catalogue, now: SystemTime) -> String {
        catalogue.all().iter().for_each(|served| self.describe(served, now));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn describe(&self, served: &Served, now: SystemTime) {
        let label = KindLabel { kind: served.kind().name() };
        let age = |since: SystemTime| now.duration_since(since).unwrap_or_default().as_secs_f64();
        let entries = i64::try_from(served.index().metadata().entries).unwrap_or(i64::MAX);
        self.entries.get_or_create(&label).set(entries);
        self.loaded_age.get_or_create(&label).set(age(served.loaded()));
        if let Some(date) = served.corpus_date() {
            self.corpus_age.get_or_create(&label).set(age(date));
        } else {
            self.corpus_age.remove(&label);
        }
    }
}
