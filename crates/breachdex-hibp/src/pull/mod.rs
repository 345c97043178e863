//! A published index onto many machines: what changed is fetched by range requests, the rest is copied from the index that
//! is there, and what comes of it is the published file, byte for byte.
//!
//! `remote` is where a published file is, `http` a web server, `url` its address, and `reader` tries again. `signature` is
//! checked before anything else is fetched. `fetch` fetches units in parallel, `store` keeps them beside the target, so that
//! whatever ends a pull, the next one goes on from there. What a unit is made of, and the proof of the whole, is the
//! library's `replica`.

#![forbid(unsafe_code)]

mod fetch;
mod http;
mod options;
mod reader;
mod remote;
mod run;
mod signature;
mod store;
mod url;

pub use self::options::{PullOptions, PullPreview, PullReport};
pub use self::remote::{Fetching, Opened, RemoteFile, RemoteFolder};
pub use self::run::{preview_pull, preview_pull_from, pull, pull_from};
pub use self::url::FileUrl;
