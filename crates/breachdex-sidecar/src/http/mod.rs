//! The API over HTTP: from the parts of a request to an answer.

#![forbid(unsafe_code)]

pub(crate) mod answers;
pub(crate) mod app;
mod head;
mod object;
mod problem;
mod routes;
pub(crate) mod state;
mod status;
mod upload;

#[cfg(test)]
mod tests;

pub use routes::Route;
