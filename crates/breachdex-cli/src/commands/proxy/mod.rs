//! `proxy`: a reverse proxy that checks sign-ups and log-ins, until it is told to stop.

#![forbid(unsafe_code)]

mod flags;

use breachdex::trust::Trust;
use breachdex::{Corpus, Residency};
use breachdex_http::{Limits, Shutdown, TransportOptions};
use breachdex_proxy::{
    CheckOptions, FailMode, ProxyOptions, ProxyServer, RadarFeedOptions, UpstreamAddress, UpstreamOptions,
    default_conditions, default_limits,
};

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::indexes::ServiceSources;
use crate::{indexes, service};

pub(crate) use flags::Flags;
use flags::{FailModeName, RadarFlags};

/// Connections to the site that each worker keeps.
const KEPT: usize = 64;

impl Subcommand for Flags {
    fn reads_passwords(&self) -> bool {
        self.service.health.is_none()
    }

    fn run(self) -> Result<Exit, Failure> {
        if let Some(url) = &self.service.health {
            return service::ask(url);
        }
        let Some(upstream) = self.upstream.clone() else {
            return Err(Failure::Usage(String::from("name the site with --upstream")));
        };
        self.log.start();
        let inherited = service::inherited()?;
        let service = self.service.clone();
        let options = options(self, upstream, !inherited.is_empty())?;
        let ending = service.ending(&options.transport.limits);
        let server = ProxyServer::bind(&options, inherited)?;
        let urls = [("listening", server.urls()), ("status", server.status_urls())];
        let shutdown = Shutdown::new();
        let running = server.start(&shutdown)?;
        let reload = running.reload();
        service::attend(&urls, running.pulse(), move || reload.run(), shutdown, ending)?;
        running.wait()?;
        Ok(Exit::Success)
    }
}

fn options(flags: Flags, address: UpstreamAddress, has_inherited: bool) -> Result<ProxyOptions, Failure> {
    let listen = service::listen_or_default(flags.listen.clone(), has_inherited, 8080);
    let trust = flags.trust.trust()?;
    let mut corpus = corpus(&flags, &trust)?;
    if flags.min_count > 1 {
        corpus.require_counts()?;
    }
    if indexes::knows_test_password()? {
        corpus = corpus.with_test_password();
    }
    let allow_hosts = flags.sockets.allow_host.clone();
    let most_unread = flags.limits.max_unread;
    let mut transport: TransportOptions = flags.sockets.transport(listen, flags.limits);
    let own = default_limits();
    transport.limits = Limits {
        answers_per_connection: most_unread.map_or(own.answers_per_connection, |most| most as usize),
        upload_window: own.upload_window,
        // The site and each stream have times of their own, which end with an answer that says so.
        answer_timeout: flags.stream_timeout.max(flags.answer_timeout + flags.connect_timeout),
        ..transport.limits
    };
    let most = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    Ok(ProxyOptions {
        transport,
        allow_hosts,
        upstream: UpstreamOptions {
            address,
            ca: flags.upstream_ca,
            connect_timeout: flags.connect_timeout,
            answer_timeout: flags.answer_timeout,
            idle_timeout: flags.upstream_idle,
            idle_connections: KEPT,
        },
        check: CheckOptions {
            corpus,
            min_count: flags.min_count,
            timeout: flags.check_timeout,
            rules: flags.login.into_iter().chain(flags.sign_up).collect(),
            on_error: match flags.on_error {
                FailModeName::Accept => FailMode::Accept,
                FailModeName::Reject => FailMode::Reject,
            },
            most_body: most(flags.max_body),
            most_bodies: most(flags.max_bodies),
            body_timeout: flags.body_timeout,
        },
        radar: radar(flags.radar),
        stream_timeout: flags.stream_timeout,
    })
}

fn corpus(flags: &Flags, trust: &Trust) -> Result<Corpus, Failure> {
    let sources = ServiceSources {
        indexes: flags.index.as_slice(),
        residency: Residency::OnDemand,
        overlays: &flags.overlay,
        pairs: (&flags.pairs.pairs, &flags.pairs.pair_key),
    };
    indexes::open_for_service(&sources, trust)
}

fn radar(flags: RadarFlags) -> Option<RadarFeedOptions> {
    (!flags.no_radar).then(|| RadarFeedOptions {
        radar: flags.usual.options(),
        state: flags.radar_state,
        failed_when: if flags.failed_when.is_empty() { default_conditions() } else { flags.failed_when },
        tells_site: flags.radar_header,
        deny: flags.deny.and_then(RadarFeedOptions::deny_status),
    })
}
