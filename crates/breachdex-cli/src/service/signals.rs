//! Passes signals on to a running server: SIGTERM and Ctrl-C stop it, SIGHUP reloads.

#![forbid(unsafe_code)]

use std::process;
use std::thread;
use std::time::Duration;

use breachdex_http::Shutdown;

use super::systemd;
use crate::commands::Exit;
use crate::failure::Failure;

/// What the server needs beyond its own grace time: a second for each of its parts, and one to spare.
const LAST_RESORT: Duration = Duration::from_secs(4);

/// How a server ends.
#[derive(Clone, Copy)]
pub(crate) struct Ending {
    /// How long it still answers everything, for load balancers to see that it ends.
    pub(crate) drain: Duration,
    /// How long requests that run may then go on.
    pub(crate) shutdown_timeout: Duration,
}

/// Passes signals on until the process ends. A second signal to stop ends it at once.
pub(super) fn pass_on(
    reload: impl Fn() + Clone + Send + 'static,
    shutdown: Shutdown,
    ending: Ending,
) -> Result<(), Failure> {
    let stop = move || {
        if shutdown.is_draining() {
            process::exit(i32::from(Exit::Error.code()));
        }
        end(&shutdown, ending);
    };
    platform::listen(stop, move || in_background(reload.clone()))
}

fn end(shutdown: &Shutdown, ending: Ending) {
    let drain = ending.drain;
    systemd::stopping(drain);
    if drain.is_zero() {
        shutdown.trigger();
    } else {
        shutdown.start_drain();
        tracing::info!("draining for {} s: /healthz answers 503", drain.as_secs_f64());
    }
    let draining = shutdown.clone();
    let finish = move || {
        thread::sleep(drain);
        draining.trigger();
        // A thread of the server may wait for something that does not come, such as a disk.
        thread::sleep(ending.shutdown_timeout + LAST_RESORT);
        process::exit(i32::from(Exit::Error.code()));
    };
    if thread::Builder::new().name(String::from("breachdex-end")).spawn(finish).is_err() {
        shutdown.trigger();
    }
}

/// A reload reads whole files; signals that come meanwhile are heard.
fn in_background(reload: impl FnOnce() + Send + 'static) {
    let work = move || {
        systemd::reloading();
        reload();
        systemd::reloaded();
    };
    if thread::Builder::new().name(String::from("breachdex-reload")).spawn(work).is_err() {
        tracing::error!("cannot start a thread to reload");
    }
}

#[cfg(unix)]
mod platform {
    use std::thread;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use crate::failure::Failure;
    use crate::signals;

    pub(super) fn listen(
        stop: impl Fn() + Send + 'static,
        reload: impl Fn() + Send + 'static,
    ) -> Result<(), Failure> {
        let ignored = signals::ignored_signals();
        // nohup and the like stay in force; without SIGTERM nothing could stop a service.
        let is_heard = |signal: &i32| *signal == SIGTERM || ignored >> (signal - 1) & 1 == 0;
        let heard = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(is_heard);
        let mut signals =
            Signals::new(heard).map_err(Failure::system("take over the handling of signals"))?;
        let wait = move || {
            for signal in signals.forever() {
                if signal == SIGHUP { reload() } else { stop() }
            }
        };
        let thread = thread::Builder::new().name(String::from("breachdex-signals")).spawn(wait);
        thread.map(drop).map_err(Failure::system("start a thread"))
    }
}

#[cfg(not(unix))]
mod platform {
    use std::sync::atomic::Ordering;
    use std::thread;
    use std::time::Duration;

    use crate::failure::Failure;
    use crate::signals;

    /// How often to look whether Ctrl-C was pressed.
    const LOOK: Duration = Duration::from_millis(50);

    pub(super) fn listen(
        stop: impl Fn() + Send + 'static,
        _: impl Fn() + Send + 'static,
    ) -> Result<(), Failure> {
        let flag = signals::stop_flag()?;
        let wait = move || {
            while !flag.load(Ordering::Relaxed) {
                thread::sleep(LOOK);
            }
            stop();
        };
        let thread = thread::Builder::new().name(String::from("breachdex-signals")).spawn(wait);
        thread.map(drop).map_err(Failure::system("start a thread"))
    }
}
