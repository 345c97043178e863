//! Exposed pairs of a user name and a password, of your own incidents.
//!
//! [`PairKey`] is the key, in a file of its own. [`PairsFile`] adds and removes pairs in a file of keyed digests, and
//! [`Pairs`] asks it: [`Pairs::find`] says whether an account and a password are in it, as [`PairMatch`]. A
//! [`breachdex::Corpus`] takes it among its sources, so that whatever judges passwords by a policy asks it too.
//!
//! `key` reads and makes keys, `digests` is what is done with them, `names` says which user names are the same, with
//! `providers` for mail addresses, `label` is what a file says about its key and rules, `pairs` asks and `file` changes.
//! `header` has the numbers of the header `Exposed-Credential-Check`.
//!
//! ```no_run
//! use breachdex_pairs::{PairMatch, Pairs, PairsOptions};
//! let pairs = Pairs::open("pairs.bdx", "pairs.key", PairsOptions::default())?;
//! if pairs.find("hanako@example.jp", b"the password")? == Some(PairMatch::Pair) {
//!     println!("reset it");
//! }
//! # Ok::<(), breachdex_pairs::PairsError>(())
//! ```
//!
//! Cost: a question about an ASCII password is some 20 HMACs and lookups, whatever the answer. A file takes about 53 bytes
//! for each pair whose user name is a mail address.

#![forbid(unsafe_code)]

mod digests;
mod error;
#[cfg(feature = "build")]
mod file;
mod header;
mod key;
mod label;
mod names;
mod pairs;
mod providers;

pub use breachdex::PairMatch;
pub use error::PairsError;
#[cfg(feature = "build")]
pub use file::{PairChanges, PairFault, PairsFile};
pub use header::exposed_credential_check;
pub use key::{KEY_LENGTH, KeyId, PairKey};
pub use label::PairRules;
pub use names::{Name, names_of};
pub use pairs::{Pairs, PairsOptions};
pub use providers::{PROVIDERS, Provider};

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<PairKey>();
    shared::<Pairs>();
    shared::<PairsError>();
    #[cfg(feature = "build")]
    shared::<PairsFile>();
};

#[cfg(all(doctest, feature = "build"))]
#[doc = include_str!("../README.md")]
struct Readme;
