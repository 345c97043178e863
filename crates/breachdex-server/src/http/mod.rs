//! Implements the protocol over HTTP: parsing (`question`, `negotiation`), answers (`range`, `answers`, `status`) and
//! routing (`routes`).

#![forbid(unsafe_code)]

mod answers;
pub(crate) mod negotiation;
mod question;
mod range;
pub(crate) mod routes;
pub(crate) mod state;
mod status;
