//! `serve`: a range server until it is told to stop.

#![forbid(unsafe_code)]

mod flags;

use breachdex_http::{Shutdown, TransportOptions};
use breachdex_server::{ServeOptions, Server};

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::{indexes, service};

pub(crate) use flags::Flags;

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        if let Some(url) = &self.service.health {
            return service::ask(url);
        }
        self.log.start();
        let inherited = service::inherited()?;
        let service = self.service.clone();
        let options = options(self, !inherited.is_empty())?;
        let ending = service.ending(&options.limits);
        let server = Server::bind_with(&options, inherited)?;
        let urls = [("listening", server.urls()), ("status", server.status_urls())];
        let shutdown = Shutdown::new();
        let running = server.start(&shutdown)?;
        let reload = running.reload();
        service::attend(&urls, running.pulse(), move || reload.run(), shutdown, ending)?;
        running.wait()?;
        Ok(Exit::Success)
    }
}

fn options(flags: Flags, has_inherited: bool) -> Result<ServeOptions, Failure> {
    let listen = service::listen_or_default(flags.listen, has_inherited, 8080);
    let trust = flags.trust.trust()?;
    let allow_hosts = flags.sockets.allow_host.clone();
    let TransportOptions { listen, status_listen, trusted_proxies, tls, workers, limits } =
        flags.sockets.transport(listen, flags.limits);
    Ok(ServeOptions {
        trust,
        indexes: if flags.index.is_empty() { Vec::from_iter(indexes::default_path()) } else { flags.index },
        overlays: flags.overlay,
        serve_overlays: flags.serve_overlays,
        serve_overlays_to_the_network: flags.serve_overlays_to_the_network,
        test_password: flags.test_password || indexes::knows_test_password()?,
        listen,
        status_listen,
        allow_hosts,
        allow_host_remedy: Some("with --allow-host".to_owned()),
        trusted_proxies,
        health_details: flags.health_details,
        tls,
        residency: flags.residency,
        workers,
        allow_partial: flags.partial,
        reload_every: flags.reload_every,
        log_prefixes: flags.log_prefixes,
        cache_bytes: usize::try_from(flags.cache).unwrap_or(usize::MAX),
        limits,
    })
}
