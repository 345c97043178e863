//! `serve`: a range server until it is told to stop.

#![forbid(unsafe_code)]

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use breachdex_server::{Limits, ServeOptions, Server, Shutdown, TlsFiles};
use tracing::Level;

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::{LogFormatName, LogLevelName, ServeFlags};
use crate::output::Output;
use crate::{indexes, signals, terminal};

/// How often to look whether a signal came.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) fn run(flags: ServeFlags) -> Result<Exit, Failure> {
    start_log(flags.log_level, flags.log_format);
    let server = Server::bind(&options(flags))?;
    let shutdown = Shutdown::new();
    stop_on_signal(signals::stop_flag()?, shutdown.clone())?;
    let mut output = Output::open();
    output.write(format!("listening on {}\n", server.url()).as_bytes())?;
    output.flush()?;
    server.run(&shutdown)?;
    Ok(Exit::Success)
}

fn options(flags: ServeFlags) -> ServeOptions {
    let limits = Limits::default();
    ServeOptions {
        indexes: if flags.index.is_empty() { Vec::from_iter(indexes::default_path()) } else { flags.index },
        overlays: flags.overlay,
        serve_overlays: flags.serve_overlays,
        serve_overlays_to_the_network: flags.serve_overlays_to_the_network,
        listen: flags.listen,
        tls: flags.tls_cert.zip(flags.tls_key).map(|(certificate, key)| TlsFiles { certificate, key }),
        residency: flags.residency,
        workers: flags.workers.map_or(0, usize::from),
        allow_partial: flags.partial,
        reload_every: flags.reload_every,
        log_prefixes: flags.log_prefixes,
        limits: Limits {
            connections: flags.max_connections.map(|most| most as usize),
            header_bytes: usize::try_from(flags.max_header).unwrap_or(usize::MAX),
            header_timeout: flags.header_timeout,
            idle_timeout: flags.idle_timeout,
            shutdown_timeout: flags.shutdown_timeout,
            ..limits
        },
    }
}

/// Passes a signal on to the server. A second one ends the process.
fn stop_on_signal(stop: &'static AtomicBool, shutdown: Shutdown) -> Result<(), Failure> {
    let wait = move || {
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
        }
        shutdown.trigger();
    };
    let thread = thread::Builder::new().name(String::from("breachdex-signals")).spawn(wait);
    thread.map(drop).map_err(Failure::system("start a thread"))
}

/// Has events written to standard error.
fn start_log(level: LogLevelName, format: LogFormatName) {
    let level = match level {
        LogLevelName::Error => Level::ERROR,
        LogLevelName::Warn => Level::WARN,
        LogLevelName::Info => Level::INFO,
        LogLevelName::Debug => Level::DEBUG,
    };
    let log = tracing_subscriber::fmt().with_max_level(level).with_target(false).with_writer(io::stderr);
    // Another program that ships this command may have a log of its own, which then stays.
    let _ = match format {
        LogFormatName::Text => tracing::subscriber::set_global_default(
            log.with_ansi(terminal::wants_colour(&io::stderr())).finish(),
        ),
        LogFormatName::Json => {
            tracing::subscriber::set_global_default(log.json().flatten_event(true).finish())
        }
    };
}
