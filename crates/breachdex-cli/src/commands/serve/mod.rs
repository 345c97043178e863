//! `serve`: a range server until it is told to stop.
//!
//! `config` reads the file of flags, `log` writes the log, `signals` passes signals on, `systemd` talks to a service
//! manager, and `health` asks another server whether it answers.

#![forbid(unsafe_code)]

pub(crate) mod config;
mod flags;
mod health;
mod log;
mod signals;
mod systemd;

use std::net::{Ipv4Addr, SocketAddr};

use breachdex_server::{Limits, ServeOptions, Server, Shutdown, TlsFiles};

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::output::Output;
use crate::{indexes, trust};

pub(crate) use flags::Flags;

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        if let Some(url) = &self.health {
            return health::ask(url);
        }
        log::start(self.log_level, self.log_format);
        let inherited = systemd::inherited()?;
        let options = options(self, !inherited.is_empty())?;
        let shutdown_timeout = options.limits.shutdown_timeout;
        let server = Server::bind_with(&options, inherited)?;
        let (urls, status_urls) = (server.urls(), server.status_urls());
        let shutdown = Shutdown::new();
        let running = server.start(&shutdown)?;
        signals::pass_on(&running, shutdown, shutdown_timeout)?;
        let mut output = Output::open();
        for url in urls {
            output.write(format!("listening on {url}\n").as_bytes())?;
        }
        for url in status_urls {
            output.write(format!("status on {url}\n").as_bytes())?;
        }
        output.flush()?;
        systemd::ready(&running);
        running.wait()?;
        Ok(Exit::Success)
    }
}

fn options(flags: Flags, has_inherited: bool) -> Result<ServeOptions, Failure> {
    let mut listen = flags.listen;
    if listen.is_empty() && !has_inherited {
        listen.push(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)).into());
    }
    let trust = trust::of(&flags.trust)?.with_rollback(flags.allow_rollback);
    Ok(ServeOptions {
        trust,
        indexes: if flags.index.is_empty() { Vec::from_iter(indexes::default_path()) } else { flags.index },
        overlays: flags.overlay,
        serve_overlays: flags.serve_overlays,
        serve_overlays_to_the_network: flags.serve_overlays_to_the_network,
        listen,
        status_listen: flags.status_listen,
        allow_hosts: flags.allow_host,
        trusted_proxies: flags.trusted_proxy,
        health_details: flags.health_details,
        tls: flags.tls_cert.zip(flags.tls_key).map(|(certificate, key)| TlsFiles { certificate, key }),
        residency: flags.residency,
        workers: flags.workers.map_or(0, usize::from),
        allow_partial: flags.partial,
        reload_every: flags.reload_every,
        log_prefixes: flags.log_prefixes,
        cache_bytes: usize::try_from(flags.cache).unwrap_or(usize::MAX),
        limits: Limits {
            connections: flags.max_connections.map(|most| most as usize),
            connections_per_address: flags.max_connections_per_address.map(|most| most as usize),
            answers_per_connection: flags.max_unread as usize,
            waiting_bytes: usize::try_from(flags.max_unread_bytes).unwrap_or(usize::MAX),
            header_bytes: usize::try_from(flags.max_header).unwrap_or(usize::MAX),
            header_timeout: flags.header_timeout,
            idle_timeout: flags.idle_timeout,
            send_timeout: flags.send_timeout,
            shutdown_timeout: flags.shutdown_timeout,
        },
    })
}
