//! A copy of a published index, byte for byte, made of parts that are fetched and of an index that is there already.
//!
//! `published` holds the small parts of the published file against its content id; from then on each of its *units*, the
//! groups that share a hash, can be checked alone. `base` is the index that is there, `assembly` makes a unit of its groups
//! and buckets, of what was fetched, by `pieces`, and of a `delta`, which says what entries changed; `work` does what is done for many units on several threads, and
//! `publish` proves the finished file and gives it its name. Where bytes come from is no matter of this module.

#![forbid(unsafe_code)]

mod assembly;
mod base;
mod delta;
mod pieces;
mod publish;
mod published;
mod work;

pub use assembly::{UnitAssembly, UnitMismatch};
pub use base::Base;
pub use delta::{DELTA_HEADER, Delta, DeltaHead, DeltaReport, delta_ending, write_delta};
pub use pieces::{Pieces, coalesce};
pub use publish::{PublishOptions, publish};
pub use published::{Published, PublishedHead};
pub use work::for_units;
