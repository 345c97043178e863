//! The protocol over HTTP: what is asked (`question`, `negotiation`), what is answered (`range`, `answers`,
//! `status`), and which path leads where (`routes`).

#![forbid(unsafe_code)]

mod answers;
pub(crate) mod negotiation;
mod question;
mod range;
pub(crate) mod routes;
pub(crate) mod state;
mod status;
