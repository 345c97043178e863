//! What commands that serve until they are told to stop have in common.
//!
//! `flags` are those that all of them have, `config` reads the file of flags, `log` writes the log, `signals` passes signals on,
//! `systemd` talks to a service manager, and `health` asks another server whether it answers.

#![forbid(unsafe_code)]

pub(crate) mod config;
mod flags;
mod health;
mod log;
mod signals;
mod systemd;

use std::net::{Ipv4Addr, SocketAddr};

use breachdex_http::{Listen, Pulse, Shutdown};

use crate::failure::Failure;
use crate::output::Output;

pub(crate) use flags::{LimitFlags, LogFlags, ReplacedTrustFlags, ServiceFlags, SocketFlags};
pub(crate) use health::ask;
pub(crate) use signals::Ending;
pub(crate) use systemd::inherited;

/// Where to listen: where that was said, else on the sockets that were passed, else on this port of the loopback address.
pub(crate) fn listen_or_default(mut named: Vec<Listen>, has_inherited: bool, port: u16) -> Vec<Listen> {
    if named.is_empty() && !has_inherited {
        named.push(SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into());
    }
    named
}

/// Has a server that runs stop and reload by signals, prints where it answers, and tells the service manager. `reload` may
/// take long.
pub(crate) fn attend(
    urls: &[(&str, Vec<String>)],
    pulse: Pulse,
    reload: impl Fn() + Clone + Send + 'static,
    shutdown: Shutdown,
    ending: Ending,
) -> Result<(), Failure> {
    signals::pass_on(reload, shutdown, ending)?;
    let mut output = Output::open();
    for (what, urls) in urls {
        for url in urls {
            output.write(format!("{what} on {url}\n").as_bytes())?;
        }
    }
    output.flush()?;
    systemd::ready(pulse);
    Ok(())
}
