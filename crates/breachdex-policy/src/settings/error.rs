//! How a policy that makes no sense is refused.

#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::path::PathBuf;

/// From this likeness on (Jaro, 0 to 1) a name may have been meant.
const LIKE: f64 = 0.66;

/// Why a policy is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is no TOML.
    #[error("{place}{message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// There is no such key.
    #[error("{place}{owner} has no key \"{key}\" (the keys are {}){}", known.join(", "), meant(key, known))]
    UnknownKey {
        /// Where.
        place: Place,
        /// What has no such key: the policy, or one of its tables.
        owner: String,
        /// What was written.
        key: String,
        /// What may be.
        known: Vec<&'static str>,
    },
    /// There is no such value.
    #[error("{place}{key} must be one of {}, not \"{found}\"{}", known.join(", "), meant(found, known))]
    UnknownValue {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// What was written.
        found: String,
        /// What may be.
        known: Vec<&'static str>,
    },
    /// The value is of another type.
    #[error("{place}{key} must be {expected}, not {found}")]
    Type {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What was written.
        found: &'static str,
    },
    /// The value cannot be meant.
    #[error("{place}{complaint}")]
    Contradiction {
        /// Where.
        place: Place,
        /// What is wrong, and what to do.
        complaint: String,
    },
}

/// Where something was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file; empty for a mapping.
    pub name: String,
    /// The line, from 1; `None` where the whole is meant.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.as_str(), self.line) {
            ("", _) => Ok(()),
            (name, None) => write!(formatter, "{name}: "),
            (name, Some(line)) => write!(formatter, "{name}:{line}: "),
        }
    }
}

/// `; did you mean "…"?` where something known is like it.
fn meant(given: &str, known: &[&'static str]) -> String {
    let likeness = |name: &&&str| strsim::jaro(&given.to_lowercase(), name);
    let best = known.iter().max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
    best.filter(|name| likeness(name) >= LIKE)
        .map_or_else(String::new, |name| format!("; did you mean \"{name}\"?"))
}
