//! Ranges and published indexes in object stores: S3 and what speaks as it does.
//!
//! `address` is what stands behind `s3://`, `settings` refuses what must not be in the environment, `store` puts, gets and deletes
//! objects, with retries and a deadline for each, `transport` is the HTTP client below it, `refusal` what the library's errors mean,
//! `error` what failed, by name. `ranges` writes the ranges of an index, and `published` reads an index that
//! was published there. Nothing relies on a listing: what is there is known from objects that say so.

#![cfg(feature = "s3")]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod error;
mod published;
mod ranges;
mod refusal;
mod settings;
mod store;
mod transport;

pub use address::ObjectAddress;
pub use error::ObjectError;
pub use published::PublishedObject;
pub use ranges::ObjectRanges;
pub use store::{Store, StoreOptions};

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<ObjectError>();
    shared::<Store>();
};
