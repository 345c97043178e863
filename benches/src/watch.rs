//! Waits for a process and notes the peak of its anonymous memory.

#![forbid(unsafe_code)]

use std::io;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::machine::anonymous_memory;

/// How often the anonymous memory is looked at.
const SAMPLING: Duration = Duration::from_millis(5);

/// How a process ended.
#[derive(Debug)]
pub struct End {
    /// Its exit status.
    pub status: ExitStatus,
    /// When it ended.
    pub at: Instant,
    /// The peak of its anonymous memory in bytes, as seen every 5 ms; 0 if it ended before the first look.
    pub anonymous: u64,
}

/// Waits for the child while another thread looks at its memory.
///
/// # Errors
/// Those of waiting.
pub fn watch(mut child: Child) -> io::Result<End> {
    let process = child.id().to_string();
    let (peak, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                thread::park_timeout(SAMPLING);
                if let Some(now) = anonymous_memory(&process) {
                    peak.fetch_max(now, Ordering::Relaxed);
                }
            }
        });
        let status = child.wait();
        let at = Instant::now();
        ended.store(true, Ordering::Relaxed);
        sampler.thread().unpark();
        Ok(End { status: status?, at, anonymous: peak.load(Ordering::Relaxed) })
    })
}
