//! What can go wrong with pairs and their key. No variant holds a user name, a password or a key.

#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;

use crate::key::KeyId;

/// Why pairs cannot be asked or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairsError {
    /// The operating system refused something about a key file.
    #[error("cannot {action} the key {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: `open`, `read`, `create`.
        action: &'static str,
        /// The key file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A key was to be made where there is a file.
    #[error("{} exists; a key is never replaced, because what was made with it could not be asked any more", .0.display())]
    KeyExists(PathBuf),
    /// Others than its owner can read the key.
    #[error(
        "{path} has mode {mode:04o}, so other users can read the key; run `chmod 600 {path}`, and make a new key and new \
         pairs if somebody may have read it",
        path = path.display()
    )]
    KeyReadable {
        /// The key file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The key file is neither this user's nor root's.
    #[error(
        "{path} belongs to another user, who knows the key; make a key of your own, or run `chown` on it if it is yours",
        path = _0.display()
    )]
    KeyForeign(PathBuf),
    /// The file is no key.
    #[error("{} is no key of pairs: {reason}", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// The system gave no random bytes.
    #[error("cannot get random bytes for a key: {0}")]
    Random(io::Error),
    /// No key was named.
    #[error("{name} needs its key: name the key file")]
    NoKey {
        /// The file of pairs.
        name: String,
    },
    /// The file was made with another key, and would be found to hold nothing.
    #[error(
        "{name} was made with the key {needed}, and {}; name the key file that it was made with",
        given_keys(given)
    )]
    WrongKey {
        /// The file of pairs.
        name: String,
        /// The id of the key that it was made with.
        needed: KeyId,
        /// The ids of the keys that were named.
        given: Vec<KeyId>,
    },
    /// The file has rules for user names that this program does not know.
    #[error("{name} cannot be asked: {reason}; use a newer breachdex, or make it again")]
    UnknownLabel {
        /// The file of pairs.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Other rules for user names were asked for than the file has.
    #[error(
        "{name} has {held}; they stay as they are for the life of a file: make another file for other rules"
    )]
    OtherRules {
        /// The file of pairs.
        name: String,
        /// The rules of the file, in words.
        held: &'static str,
    },
    /// The file of pairs could not be opened, read or written.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
}

fn given_keys(given: &[KeyId]) -> String {
    match given {
        [one] => format!("the key that was named is {one}"),
        several => {
            let ids: Vec<String> = several.iter().map(KeyId::to_string).collect();
            format!("the keys that were named are {}", ids.join(", "))
        }
    }
}
