//! The proxy between plain clients and a plain site on loopback. `site` records what arrives byte by byte, `wire` speaks
//! HTTP/1.1 as text.

#![forbid(unsafe_code)]

mod credentials;
mod faults;
mod forwarding;
mod gitlab;
mod http2;
mod leaks;
mod memory;
mod radar;
mod setup;
mod site;
mod smuggling;
mod status;
mod upgrades;
mod upstream;
mod wire;
