//! What has threads belongs to one process: a forked child makes its own, and never touches its parent's.

#![forbid(unsafe_code)]

use std::mem;
use std::process;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// A value for each process, made when it is first asked for. Takes no lock, for a fork may leave one locked.
pub(crate) struct PerProcess<T> {
    slot: ArcSwapOption<Owned<T>>,
}

pub(crate) struct Owned<T> {
    process: u32,
    pub(crate) value: T,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { slot: ArcSwapOption::const_empty() }
    }

    /// This process's value. Two threads that ask first may each make one; one of them is kept.
    pub(crate) fn get_or_try_init<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<Owned<T>>, E> {
        let process = process::id();
        if let Some(owned) = self.slot.load_full().filter(|owned| owned.process == process) {
            return Ok(owned);
        }
        let owned = Arc::new(Owned { process, value: make()? });
        forget_foreign(self.slot.swap(Some(Arc::clone(&owned))));
        Ok(owned)
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        forget_foreign(self.slot.swap(None));
    }
}

/// Dropping a parent's threads in its child would wait for them for ever.
fn forget_foreign<T>(owned: Option<Arc<Owned<T>>>) {
    if let Some(owned) = owned
        && owned.process != process::id()
    {
        mem::forget(owned);
    }
}
