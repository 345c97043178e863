//! What a service manager is told, and the sockets that it passes (sd_notify(3), sd_listen_fds(3)).
//!
//! Nothing happens where the environment does not ask for it.

#![forbid(unsafe_code)]

use std::thread;
use std::time::Duration;

use breachdex_http::{Inherited, Pulse};

use crate::failure::Failure;

/// The sockets that were passed. One named `status` (`FileDescriptorName=`) answers status pages.
#[cfg(unix)]
pub(crate) fn inherited() -> Result<Vec<Inherited>, Failure> {
    use breachdex_http::Surface;
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut passed = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for number in 0..passed.len() {
        let surface = if names.next() == Some("status") { Surface::Status } else { Surface::Main };
        let fault = Failure::system("use a socket that was passed by LISTEN_FDS");
        if let Ok(Some(listener)) = passed.take_tcp_listener(number) {
            sockets.push(Inherited::tcp(listener, surface));
            continue;
        }
        // A socket of another family, which stayed where it was.
        if let Some(listener) = passed.take_unix_listener(number).map_err(fault)? {
            sockets.push(Inherited::unix(listener, surface));
        }
    }
    Ok(sockets)
}

#[cfg(not(unix))]
pub(crate) fn inherited() -> Result<Vec<Inherited>, Failure> {
    Ok(Vec::new())
}

/// Says that the server answers, and from then on that it is alive, if a watchdog asks for that.
pub(super) fn ready(mut pulse: Pulse) {
    notify("READY=1\nSTATUS=Answering requests");
    let Some(interval) = watchdog() else { return };
    let report = move || {
        loop {
            thread::sleep(interval);
            if pulse.is_beating() {
                notify("WATCHDOG=1");
            }
        }
    };
    // Without this thread the service manager restarts the server, which is what it is asked for.
    let _ = thread::Builder::new().name(String::from("breachdex-pulse")).spawn(report);
}

/// How often to say that the server is alive: twice as often as is asked for, and no more often than workers respond.
fn watchdog() -> Option<Duration> {
    let is_for_us = std::env::var("WATCHDOG_PID").map_or(true, |pid| pid == std::process::id().to_string());
    let microseconds = std::env::var("WATCHDOG_USEC").ok()?.parse::<u64>().ok().filter(|asked| *asked > 0)?;
    is_for_us.then(|| (Duration::from_micros(microseconds) / 2).max(Duration::from_millis(1_100)))
}

/// Says that a reload begins. [`reloaded`] follows.
pub(super) fn reloading() {
    #[cfg(target_os = "linux")]
    {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let microseconds = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
        notify(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }
}

/// Says that a reload is over.
pub(super) fn reloaded() {
    notify("READY=1");
}

/// Says that the server ends.
pub(super) fn stopping(drain: Duration) {
    let status = if drain.is_zero() { "Finishing running requests" } else { "Draining" };
    notify(&format!("STOPPING=1\nSTATUS={status}"));
}

/// Sends a line to `$NOTIFY_SOCKET`. Nobody is told of failure: a service manager that does not listen notices itself.
#[cfg(target_os = "linux")]
fn notify(state: &str) {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&name),
    };
    let sent = address.and_then(|address| {
        let socket = UnixDatagram::unbound()?;
        // A full queue must not hold up what says so.
        socket.set_nonblocking(true)?;
        socket.send_to_addr(state.as_bytes(), &address)
    });
    if let Err(error) = sent {
        tracing::debug!("cannot notify the service manager: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn notify(_: &str) {}
