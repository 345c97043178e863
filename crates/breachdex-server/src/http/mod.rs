//! Implements the protocol over HTTP: what applies to every request (`app`), parsing (`question`,
//! `negotiation`), answers (`range`, `answers`, `status`) and routing (`routes`).

#![forbid(unsafe_code)]

mod answers;
pub(crate) mod app;
pub(crate) mod negotiation;
mod question;
mod range;
pub(crate) mod routes;
pub(crate) mod state;
mod status;
