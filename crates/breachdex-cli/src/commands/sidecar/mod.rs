//! `sidecar`: checks, verdicts and the radar over HTTP and JSON until it is told to stop.

#![forbid(unsafe_code)]

mod flags;

use breachdex::trust::Trust;
use breachdex::{Corpus, OnError};
use breachdex_http::Shutdown;
use breachdex_policy::Settings;
use breachdex_sidecar::{Overrides, PolicyFile, Sidecar, SidecarOptions};

use crate::commands::{Exit, Subcommand, policy};
use crate::failure::Failure;
use crate::indexes::ServiceSources;
use crate::{indexes, service};

pub(crate) use flags::Flags;

impl Subcommand for Flags {
    fn reads_passwords(&self) -> bool {
        self.service.health.is_none()
    }

    fn run(self) -> Result<Exit, Failure> {
        if let Some(url) = &self.service.health {
            return service::ask(url);
        }
        self.log.start();
        let inherited = service::inherited()?;
        let service = self.service.clone();
        let options = options(self, !inherited.is_empty())?;
        let ending = service.ending(&options.transport.limits);
        let sidecar = Sidecar::bind(&options, inherited)?;
        let urls = [("listening", sidecar.urls()), ("status", sidecar.status_urls())];
        let shutdown = Shutdown::new();
        let running = sidecar.start(&shutdown)?;
        let reload = running.reload();
        service::attend(&urls, running.pulse(), move || reload.run(), shutdown, ending)?;
        running.wait()?;
        Ok(Exit::Success)
    }
}

fn options(flags: Flags, has_inherited: bool) -> Result<SidecarOptions, Failure> {
    let settings = policy::settings(&flags.policy)?;
    let trust = flags.trust.trust()?;
    let corpus = corpus(&flags, &settings, &trust)?;
    let overrides = Overrides {
        on_error: flags.on_error.map(OnError::from),
        language: flags.lang,
        test_password: flags.test_password || indexes::knows_test_password()?,
    };
    let mut rules = settings.rules.clone();
    overrides.apply(&mut rules);
    let policy = flags.policy.policy.map(|path| PolicyFile { path, settings, overrides });
    let listen = service::listen_or_default(flags.listen, has_inherited, 8070);
    let allow_hosts = flags.sockets.allow_host.clone();
    let mut transport = flags.sockets.transport(listen, flags.limits);
    if let Some(tls) = &mut transport.tls {
        tls.client_ca = flags.tls_client_ca;
    }
    Ok(SidecarOptions {
        on_error: flags.on_error.map_or(OnError::Accept, OnError::from),
        policy,
        radar: flags.radar.options(),
        radar_state: flags.radar.radar_state,
        save_every: flags.radar.radar_save_every,
        transport,
        token_file: flags.token_file,
        allow_hosts,
        reload_every: flags.reload_every,
        body_timeout: flags.body_timeout,
        ..SidecarOptions::new(corpus, rules)
    })
}

/// The sources that are asked: those of the flags, else those of the policy.
fn corpus(flags: &Flags, settings: &Settings, trust: &Trust) -> Result<Corpus, Failure> {
    let indexes = if flags.index.is_empty() { settings.index.as_slice() } else { &flags.index };
    let overlays = if flags.overlay.is_empty() { &settings.overlays } else { &flags.overlay };
    let pairs = match flags.pairs.pairs.is_empty() {
        true => (&*settings.pairs, &*settings.pair_keys),
        false => (&*flags.pairs.pairs, &*flags.pairs.pair_key),
    };
    indexes::open_for_service(&ServiceSources { indexes, residency: flags.residency, overlays, pairs }, trust)
}
