//! Says when a credential-stuffing attack runs, from the log-in attempts that it is told.
//!
//! In credential stuffing most failed attempts carry exposed passwords, many name accounts that the site does not have, and
//! one source tries many accounts. Honest typing errors do not look like that. A [`Radar`] runs a sequential test for each
//! source, each network and the whole site, against what is usual at that hour of the week, with stated rates of false
//! alarms. It advises; the caller acts.
//!
//! ```
//! use breachdex_radar::{Attempt, Exposure, Radar, RadarOptions, State, Time};
//!
//! let mut radar = Radar::new(RadarOptions::default())?;
//! let attempt = Attempt::failed(Time::from_unix(1_790_000_000), "192.0.2.7", "kim@example.jp");
//! let observation = radar.observe(&attempt.exposure(Exposure::NotExposed));
//! assert_eq!(observation.state, State::Quiet);
//! # Ok::<(), breachdex_radar::RadarError>(())
//! ```

#![forbid(unsafe_code)]

mod answer;
mod attempt;
mod baseline;
mod changes;
mod entry;
mod error;
mod keys;
mod learning;
mod options;
mod radar;
#[cfg(feature = "report")]
pub mod replay;
#[cfg(feature = "report")]
pub mod report;
mod saved;
mod site;
mod source;
mod table;

pub use answer::{Advice, Episode, Observation, Reason, SourceStatus, State, Status, SuspectLogIn};
pub use attempt::{AccountStatus, Attempt, Exposure, Outcome, Time};
pub use changes::ChangeLog;
pub use error::{RadarError, Result};
pub use options::RadarOptions;
pub use radar::Radar;

// Threads may send these; a field that forbids it is a breaking change.
const _: () = {
    const fn sent<T: Send>() {}
    sent::<Radar>();
    sent::<RadarError>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
