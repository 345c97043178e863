//! Prepares a sidecar from its options, runs it and ends it.

#![forbid(unsafe_code)]

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use breachdex_http::{
    HostNames, HttpError, Inherited, Listen, NoPressure, Plan, Pulse, Services, Shutdown, Surface, Transport,
    Workers, spawn,
};

use crate::error::SidecarError;
use crate::http::app::{App, Pages};
use crate::http::state::AppState;
use crate::judge::Judge;
use crate::metrics::Metrics;
use crate::options::SidecarOptions;
use crate::policy_file::Followed;
use crate::radar::{Saver, SharedRadar};
use crate::tokens::Tokens;
use crate::watcher::{Command, Watcher, dated};

/// How long to wait for the watcher, which may be reading a disk that does not answer.
const WATCHER_END: Duration = Duration::from_secs(1);
/// Answers that may wait to be read: each is at most some kilobytes.
const MOST_ANSWERS: usize = 16 << 10;

/// A sidecar that listens and does not answer yet.
///
/// ```
/// use breachdex::{Corpus, Index};
/// use breachdex_policy::Settings;
/// use breachdex_sidecar::{Shutdown, Sidecar, SidecarOptions};
/// let corpus = Corpus::from(Index::starter()?);
/// let rules = Settings::parse("profile = 'nist'", "policy.toml")?.rules;
/// let sidecar = Sidecar::bind(&SidecarOptions::new(corpus, rules), Vec::new())?;
/// println!("listening on {}", sidecar.urls().join(", "));
/// let shutdown = Shutdown::new();
/// let running = sidecar.start(&shutdown)?;
/// shutdown.trigger();
/// running.wait()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sidecar {
    transport: Transport,
    has_status: bool,
    state: Arc<AppState>,
    options: SidecarOptions,
}

impl Sidecar {
    /// Opens what is kept and listens. `inherited` are sockets that a service manager opened.
    ///
    /// # Errors
    /// Returns a [`SidecarError`] that says how to fix it.
    pub fn bind(options: &SidecarOptions, inherited: Vec<Inherited>) -> Result<Self, SidecarError> {
        if options.rules.needs_counts() {
            options.corpus.require_counts()?;
        }
        let files = options.corpus.followed().count() + 2;
        let plan = Plan::new(&options.transport, inherited, files)?;
        let tokens = options.token_file.as_deref().map(Tokens::open).transpose()?.map(Arc::new);
        refuse_open_addresses(options, &plan)?;
        let named = options.transport.listen.iter().chain(&options.transport.status_listen);
        let named = named.filter_map(|listen| match listen {
            Listen::Host(name, _) => name.parse().ok(),
            _ => None,
        });
        let state = AppState {
            judge: Judge::new(options.corpus.clone(), options.rules.clone(), options.on_error),
            radar: Arc::new(SharedRadar::open(options.radar.clone(), options.radar_state.as_deref())?),
            metrics: Metrics::new(),
            tokens,
            hosts: HostNames::new(options.allow_hosts.iter().cloned().chain(named)),
            body_timeout: options.body_timeout,
        };
        let has_status = plan.has_status();
        let transport = plan.open()?;
        let sidecar = Self { transport, has_status, state: Arc::new(state), options: options.clone() };
        sidecar.announce();
        Ok(sidecar)
    }

    fn announce(&self) {
        for index in self.options.corpus.followed() {
            if let Ok(open) = index.snapshot() {
                let (entries, date) = (open.metadata().entries, dated(&open.metadata().corpus_date));
                tracing::info!("asking {}: {entries} entries{date}", index.name());
            }
        }
        let asked = self.options.transport.limits.connections;
        let allowed = self.transport.most_connections();
        if let Some(asked) = asked.filter(|asked| *asked > allowed) {
            tracing::warn!(
                "{asked} connections were asked for, and the limit on open files allows {allowed}; raise it (ulimit -n, \
                 LimitNOFILE=)"
            );
        }
    }

    /// Returns the first address it listens on, with the actual port if port 0 was requested; `None` if it has Unix
    /// sockets only.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.transport.local_addr()
    }

    /// Returns the URLs for clients, such as `http://127.0.0.1:8070`; a Unix socket is `unix:/path`.
    pub fn urls(&self) -> Vec<String> {
        self.transport.urls(Surface::Main)
    }

    /// Returns the URLs of status pages that have sockets of their own.
    pub fn status_urls(&self) -> Vec<String> {
        self.transport.urls(Surface::Status)
    }

    /// Starts to answer until `shutdown` is triggered.
    ///
    /// # Errors
    /// [`SidecarError::Http`] if the system refuses a thread, [`SidecarError::Radar`] if the radar's state cannot be saved.
    pub fn start(self, shutdown: &Shutdown) -> Result<RunningSidecar, SidecarError> {
        let Self { transport, has_status, state, options } = self;
        let saver = match options.radar_state {
            Some(path) => Some(Saver::start(Arc::clone(&state.radar), path, options.save_every)?),
            None => None,
        };
        let (commands, received) = mpsc::channel();
        let (watcher_ending, watcher_ended) = mpsc::channel();
        let watcher = Watcher {
            state: Arc::clone(&state),
            tls: transport.tls(),
            policy: options.policy.map(Followed::new),
            every: options.reload_every,
            shutdown: shutdown.clone(),
        };
        let watch = move || {
            watcher.run(&received);
            drop(watcher_ending);
        };
        // Two more, which watch files and save the radar.
        spawn("breachdex-watcher", transport.threads() + 2, watch)?;
        let services = Services {
            main: App::new(&state, if has_status { Pages::Api } else { Pages::All }),
            status: App::new(&state, Pages::Status),
            pressure: Arc::new(NoPressure),
            most_answers: MOST_ANSWERS,
            metrics: state.metrics.connections.clone(),
        };
        let workers = transport.start(services, shutdown)?;
        Ok(RunningSidecar { workers, commands, watcher_ended, saver, shutdown: shutdown.clone() })
    }
}

impl std::fmt::Debug for Sidecar {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sidecar").field("transport", &self.transport).finish_non_exhaustive()
    }
}

/// Refuses to answer other machines without asking who they are.
fn refuse_open_addresses(options: &SidecarOptions, plan: &Plan) -> Result<(), SidecarError> {
    let has_client_certificates =
        options.transport.tls.as_ref().is_some_and(|files| files.client_ca.is_some());
    let mut open = plan.main_addresses().filter(|address| !is_loopback(address.ip()));
    if options.token_file.is_none() && !has_client_certificates {
        return match open.next() {
            Some(address) => Err(SidecarError::Open { address: address.to_string() }),
            None => Ok(()),
        };
    }
    if options.transport.tls.is_none()
        && let Some(address) = open.next()
    {
        tracing::warn!(
            "{address} is plain http: whoever is between sees passwords and the token; use https (--tls-cert)"
        );
    }
    Ok(())
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// A sidecar that answers.
#[derive(Debug)]
pub struct RunningSidecar {
    workers: Workers,
    commands: Sender<Command>,
    /// Disconnected once the watcher has ended.
    watcher_ended: mpsc::Receiver<()>,
    saver: Option<Saver>,
    shutdown: Shutdown,
}

/// Reads files again that were replaced; see [`RunningSidecar::reload`].
#[derive(Clone, Debug)]
pub struct Reload(Sender<Command>);

impl Reload {
    /// Reads tokens, certificates, keys and the policy again, and index files that were replaced, also those that were refused before.
    /// Returns when the replaced ones are verified and in use, or refused; the log has the reasons.
    pub fn run(&self) {
        let (done, is_done) = mpsc::channel();
        // It fails where the sidecar has ended.
        if self.0.send(Command::Reload(done)).is_ok() {
            let _ = is_done.recv();
        }
    }
}

impl RunningSidecar {
    /// Returns a handle that reads files again.
    pub fn reload(&self) -> Reload {
        Reload(self.commands.clone())
    }

    /// Returns a handle that tells whether all workers respond.
    pub fn pulse(&self) -> Pulse {
        self.workers.pulse()
    }

    /// Waits until the shutdown is triggered and running requests are finished, or their time is over. Then saves the radar.
    ///
    /// # Errors
    /// [`SidecarError::Http`].
    pub fn wait(self) -> Result<(), SidecarError> {
        let outcome: Result<(), HttpError> = self.workers.wait();
        // No worker is left; without this the watcher would go on with what it is verifying.
        self.shutdown.trigger();
        let _ = self.commands.send(Command::End);
        drop(self.saver);
        if self.watcher_ended.recv_timeout(WATCHER_END) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("an index file does not answer; ending without waiting for it");
        }
        Ok(outcome?)
    }
}
