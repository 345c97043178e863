//! One seed decides what a world does and what goes wrong in it: a server whose ranges change, a network that damages
//! answers, a disk that fails and forgets, jobs that are killed. The product runs in it as it is, through four seams:
//! `breachdex::files::Disk`, below everything that writes, `breachdex::files::read_at`, below what reads,
//! `breachdex_hibp::simulation::Network`, below all requests but those of pulls, and `breachdex_hibp::pull::RemoteFolder`, a mirror
//! of published indexes that fails, lies and replaces files (`mirror`); and `breachdex_server::simulation::Unconnected` is the server
//! above its sockets.
//!
//! What must hold is said by plain maps (`model`): no answer contradicts them, the target is absent, old or new and never
//! anything else, a replica that is pulled is absent, as it was or a published index, signed and byte for byte, an overlay keeps every change that was acknowledged, what segments
//! are joined into is absent, as it was or all that they hold, a folder of ranges has whole ranges of indexes that were exported, of one
//! once an export has ended well, and without faults every job succeeds.
//!
//! Answers end as those of HTTP/1.1 and of HTTP/2 do: cut, or with a stream that is reset without an error (`server::reply`).
//!
//! Not simulated: mappings that cannot be read, proxies, TLS, two jobs at a time; and HTTP/2 between clients and our server, whose
//! frames are the HTTP library's: `hostile::*` and `hosts::*` of `breachdex-server` speak it over sockets.

#![forbid(unsafe_code)]
#![cfg_attr(not(unix), allow(dead_code))]

mod client;
#[cfg(unix)]
mod disk;
mod mirror;
mod model;
#[cfg(unix)]
mod reads;
mod rng;
mod server;
mod signing;
#[cfg(unix)]
mod world;

/// What a seed came to.
#[derive(Debug)]
pub struct Outcome {
    /// What must not be, and was.
    pub failure: Option<String>,
    /// Every step and every operation, for a person.
    pub trace: String,
}

/// Runs the world of a seed.
#[cfg(unix)]
pub fn run(seed: u64) -> Outcome {
    let mut world = world::World::new(seed);
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.run()));
    let failure = match ran {
        Ok(checked) => checked.err(),
        Err(panic) => Some(format!("a panic: {}", message(&*panic))),
    };
    Outcome { failure, trace: std::mem::take(&mut world.trace) }
}

#[cfg(unix)]
fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
