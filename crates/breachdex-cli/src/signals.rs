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
        listen().map_err(Failure::system("take over the handling of Ctrl-C"))?;
        let _ = INSTALLED.set(());
    }
    Ok(())
}

/// Starts the thread that hears of signals. One that was ignored when the process began stays so: `nohup` and a shell that
/// starts a job in the background ask for that.
#[cfg(unix)]
fn listen() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let ignored = ignored_signals();
    let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    let hear = move || signals.forever().for_each(|_| on_signal());
    std::thread::Builder::new().name("breachdex-signals".into()).spawn(hear).map(drop)
}

#[cfg(not(unix))]
fn listen() -> std::io::Result<()> {
    ctrlc::set_handler(on_signal).map_err(std::io::Error::other)
}

/// The signals that this process ignores, the first in the lowest bit; none where the system does not say.
#[cfg(unix)]
pub(crate) fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Has a write beyond the largest file that this process may have (`ulimit -f`) fail with a reason, where it would end the
/// process without one.
pub(crate) fn report_large_files_as_errors() {
    #[cfg(unix)]
    {
        static HEARD: OnceLock<()> = OnceLock::new();
        HEARD.get_or_init(|| {
            // What cannot be heard ends the process as before.
            let _ = signal_hook::flag::register(
                signal_hook::consts::SIGXFSZ,
                std::sync::Arc::new(AtomicBool::new(false)),
            );
        });
    }
}

/// Runs on a thread of its own, not inside the signal handler.
fn on_signal() {
    let was_asking = run_restore();
    let asked_before = STOP.swap(true, Ordering::Relaxed);
    if was_asking || asked_before {
        process::exit(i32::from(Exit::Error.code()));
    }
}
