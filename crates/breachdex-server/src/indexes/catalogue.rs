//! Holds the current index of each kind.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use breachdex::Kind;

use super::served::Served;
use crate::cache::BodyCache;
use crate::error::ServeError;

/// One index for a kind at most. A request keeps the one that it began with, so that no answer is made of two.
#[derive(Debug)]
pub(crate) struct Catalogue {
    sha1: Option<RwLock<Arc<Served>>>,
    ntlm: Option<RwLock<Arc<Served>>>,
    holds_overlay: AtomicBool,
    /// Bodies made from what is current.
    cache: BodyCache,
}

impl Catalogue {
    /// # Errors
    /// [`ServeError::NoIndex`], [`ServeError::TwoOfOneKind`].
    pub(crate) fn new(all: Vec<Served>, cache: BodyCache) -> Result<Self, ServeError> {
        if all.is_empty() {
            return Err(ServeError::NoIndex);
        }
        let mut catalogue = Self { sha1: None, ntlm: None, holds_overlay: AtomicBool::new(false), cache };
        for served in all {
            let kind = served.kind();
            let slot = match kind {
                Kind::Sha1 => &mut catalogue.sha1,
                Kind::Ntlm => &mut catalogue.ntlm,
            };
            let second = served.path();
            if let Some(first) = slot.replace(RwLock::new(Arc::new(served))) {
                let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
                return Err(ServeError::TwoOfOneKind { kind, first: first.path(), second });
            }
        }
        catalogue.note_overlays();
        Ok(catalogue)
    }

    /// Whether digests from an overlay are among the answers of any kind.
    pub(crate) fn holds_overlay(&self) -> bool {
        self.holds_overlay.load(Ordering::Acquire)
    }

    fn note_overlays(&self) {
        let holds = self.all().iter().any(|served| served.holds_overlay());
        self.holds_overlay.store(holds, Ordering::Release);
    }

    /// The index of a kind.
    pub(crate) fn current(&self, kind: Kind) -> Option<Arc<Served>> {
        let slot = self.slot(kind)?;
        Some(Arc::clone(&slot.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// All indexes, SHA-1 first.
    pub(crate) fn all(&self) -> Vec<Arc<Served>> {
        [Kind::Sha1, Kind::Ntlm].into_iter().filter_map(|kind| self.current(kind)).collect()
    }

    /// Has another index of the same kind answer from now on.
    pub(crate) fn swap(&self, served: Served) {
        if let Some(slot) = self.slot(served.kind()) {
            // Before the first answer from it.
            if served.holds_overlay() {
                self.holds_overlay.store(true, Ordering::Release);
            }
            let old = std::mem::replace(
                &mut *slot.write().unwrap_or_else(PoisonError::into_inner),
                Arc::new(served),
            );
            self.cache.forget(old.generation());
            // Closing a file may take its time, and nobody is to wait for it under the lock.
            drop(old);
            self.note_overlays();
        }
    }

    /// The bodies that are kept, none of them of an index that was replaced.
    pub(crate) fn cache(&self) -> &BodyCache {
        &self.cache
    }

    fn slot(&self, kind: Kind) -> Option<&RwLock<Arc<Served>>> {
        match kind {
            Kind::Sha1 => self.sha1.as_ref(),
            Kind::Ntlm => self.ntlm.as_ref(),
        }
    }
}
