//! Ctrl-C (and SIGTERM, SIGHUP): long jobs are asked to stop so that they can clean up, a prompt gives the
//! terminal its echo back.
//!
//! The process has one handler, so what it should do lives in statics. Commands that install none of this
//! die of the signal as any program does.

#![forbid(unsafe_code)]

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::commands::Exit;
use crate::failure::Failure;

type Restore = Box<dyn FnOnce() + Send>;

static STOP: AtomicBool = AtomicBool::new(false);
static RESTORE: Mutex<Option<Restore>> = Mutex::new(None);

/// Has the first signal set the returned flag, and a second end the process at once.
pub(crate) fn stop_flag() -> Result<&'static AtomicBool, Failure> {
    install()?;
    Ok(&STOP)
}

/// Has a signal run `restore` and end the process, until the returned guard is dropped, which runs it too.
pub(crate) fn restore_on_exit(restore: impl FnOnce() + Send + 'static) -> Result<RestoreGuard, Failure> {
    *RESTORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(restore));
    let guard = RestoreGuard;
    install()?;
    Ok(guard)
}

/// Runs what was given to [`restore_on_exit`] when it is dropped.
pub(crate) struct RestoreGuard;

impl Drop for RestoreGuard {
    fn drop(&mut self) {
        run_restore();
    }
}

/// Whether there was something to restore.
fn run_restore() -> bool {
    let restore = RESTORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    restore.map(|restore| restore()).is_some()
}

fn install() -> Result<(), Failure> {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    if INSTALLED.get().is_none() {
        ctrlc::set_handler(on_signal).map_err(|error| Failure::System {
            action: "take over the handling of Ctrl-C",
            source: std::io::Error::other(error),
        })?;
        let _ = INSTALLED.set(());
    }
    Ok(())
}

/// Runs on a thread of its own, not inside the signal handler.
fn on_signal() {
    let was_asking = run_restore();
    let asked_before = STOP.swap(true, Ordering::Relaxed);
    if was_asking || asked_before {
        process::exit(i32::from(Exit::Error.code()));
    }
}
