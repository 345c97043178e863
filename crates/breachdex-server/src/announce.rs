//! Logs what is served, and what its clients should know.

#![forbid(unsafe_code)]

use crate::indexes::served::Served;

/// Logs what is served, and what its clients should know. The content id of a small overlay confirms a guess of its
/// content, so it is not logged.
pub(crate) fn announce(served: &Served) {
    let metadata = served.index().metadata();
    let kind = metadata.kind.name();
    let content_id = (!metadata.holds_overlay).then(|| served.index().content_id().to_string());
    tracing::info!(
        kind,
        entries = metadata.entries,
        corpus_date = metadata.corpus_date,
        content_id,
        "serving {}",
        served.index().name()
    );
    for overlay in served.overlays() {
        tracing::info!(kind, entries = overlay.metadata().entries, "over it {}", overlay.name());
    }
    if served.has_test_password() {
        tracing::warn!(kind, "the test password is in the ranges: clients take it for exposed");
    }
    if served.holds_overlay() {
        tracing::warn!(
            kind,
            "serving digests from an overlay: every client of this server, through a proxy too, can list them"
        );
    }
    if metadata.floor > 1 || metadata.is_cut {
        tracing::warn!(
            kind,
            "{} leaves rare passwords out: one seen fewer than {} times may be missing, and clients will take it \
             for not exposed",
            served.index().name(),
            metadata.floor
        );
    }
}
