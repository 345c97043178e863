//! Which of these accounts have passwords that are exposed?
//!
//! [`audit`] reads a dump of NTLM digests, a list of digests, an export of a password manager or a browser, or a column of
//! a CSV, Parquet or Arrow file, looks everything up in a
//! [`breachdex::Corpus`], and counts. What comes out holds no password and no
//! digest; accounts have pseudonyms that are good for one run unless their names are asked for.
//!
//! ```
//! use breachdex::{Corpus, Index};
//! use breachdex_audit::{AuditOptions, Format, Input, ReadOptions, audit};
//! let corpus = Corpus::from(Index::starter()?);
//! let csv = "url,username,password\nhttps://a.example,kim,password\nhttps://b.example,kim,qvX81-unheard-of\n";
//! let read = ReadOptions { format: Some(Format::Csv), column: Some("password".into()), ..ReadOptions::default() };
//! let options = AuditOptions { read, ..AuditOptions::default() };
//! let found = audit(Input::Stream(Box::new(csv.as_bytes())), &corpus, &options, &())?;
//! assert_eq!((found.tally.accounts, found.tally.exposed), (2, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod account;
mod accounts;
mod actions;
mod audit;
mod error;
mod findings;
mod formats;
mod found;
mod groups;
mod identity;
mod outcome;
mod own_name;
mod policy;
mod read;
pub mod report;
mod rows;
mod tally;
mod window;

pub use account::AccountKind;
pub use accounts::{Account, AccountsRead, read_accounts};
pub use audit::{AuditOptions, Audited, Fault, InputRead, audit, audit_all};
pub use error::{AuditError, LineFault, ReadOption, Result};
pub use findings::Finding;
pub use formats::Format;
pub use groups::{Group, Shared};
pub use policy::Violations;
pub use read::assumption::Assumption;
pub use read::guess::Advice;
pub use read::input::Input;
pub use read::sealed::Sealed;
pub use read::{Encoding, ReadOptions};
pub use rows::{Row, Rows};
pub use tally::{Band, LookedUp, PolicyTally, Tally};

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<AuditError>();
    shared::<Audited>();
    shared::<Rows>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
