//! Gets the target's bytes onto the disk while the rest is still being made, so that the last wait is short.

#![forbid(unsafe_code)]

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::positioned::DiskFile;

/// Bytes written between two syncs.
const STRIDE: u64 = 64 << 20;

/// A thread that syncs a file each time enough was written to it.
pub(crate) struct Flusher {
    unsynced: AtomicU64,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Flusher {
    /// Starts the thread. Where none can be had, the last sync does it all.
    pub(crate) fn start(file: &DiskFile) -> Self {
        let (wake, woken) = sync_channel(1);
        let start = |file: DiskFile| {
            std::thread::Builder::new().name("breachdex-flush".into()).spawn(move || flush(&file, &woken))
        };
        let thread = file.try_clone().and_then(start).ok();
        Self { unsynced: AtomicU64::new(0), wake: thread.is_some().then_some(wake), thread }
    }

    /// Counts bytes as written.
    pub(crate) fn wrote(&self, bytes: u64) {
        let before = self.unsynced.fetch_add(bytes, Ordering::Relaxed);
        if before / STRIDE != (before + bytes) / STRIDE
            && let Some(wake) = &self.wake
        {
            // While the thread is busy it has been told already.
            let _ = wake.try_send(());
        }
    }

    /// Ends the thread.
    ///
    /// # Errors
    /// What a sync met: the system tells it once only, so the last sync would not.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.wake = None;
        let ended = self.thread.take().map(JoinHandle::join);
        ended.unwrap_or(Ok(Ok(()))).unwrap_or_else(|_| Err(io::Error::other("the flushing thread failed")))
    }
}

fn flush(file: &DiskFile, woken: &Receiver<()>) -> io::Result<()> {
    woken.iter().try_for_each(|()| file.sync())
}
