//! A published index onto many machines: what changed is fetched by range requests, the rest is copied from the index that
//! is there, and what comes of it is the published file, byte for byte.
//!
//! `run` is a pull from the first request to the renamed file; `stop` is why one try of it ended. `remote` is where a published
//! file is, `http` a web server, `url` its address, and `reader` tries again. `find` finds what is published, whose `signature`
//! is checked before anything else is fetched, and `held` what it would replace. `units` has the units fetched, by `fetch` in
//! parallel, and copied; `store` keeps them beside the target, so that whatever ends a pull, the next one goes on from there.
//! What a unit is made of, and the proof of the whole, is the library's `replica`.

#![forbid(unsafe_code)]

mod fetch;
mod find;
mod held;
mod http;
mod options;
mod reader;
mod remote;
mod run;
mod signature;
mod stop;
mod store;
mod units;
mod url;

pub use self::options::{PullOptions, PullPreview, PullReport};
pub use self::remote::{Fetching, Opened, RemoteFile, RemoteFolder};
pub use self::run::{preview_pull, preview_pull_from, pull, pull_from};
pub use self::url::FileUrl;
