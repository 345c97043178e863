//! What failed in an object store, by name, without anything that is secret.
//!
//! What the store says is reduced to its status and its code (`AccessDenied`): its text may repeat what was signed.

#![forbid(unsafe_code)]

use std::time::Duration;

/// Why an object store did not do what it should.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// What was given is no address.
    #[error("not the address of an object store: {reason}; give s3://bucket/prefix")]
    Address {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The environment's settings do not make a store.
    #[error("cannot reach s3://{bucket}: {reason}")]
    Settings {
        /// The bucket.
        bucket: String,
        /// What is wrong.
        reason: String,
    },
    /// The store does not know who asks.
    #[error(
        "cannot {action} {object}: the store does not accept the credentials ({code}); check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, \
         AWS_SESSION_TOKEN, AWS_REGION and the machine's clock"
    )]
    Credentials {
        /// What was tried.
        action: &'static str,
        /// The object.
        object: String,
        /// The store's code.
        code: String,
    },
    /// The credentials have no right to it.
    #[error(
        "cannot {action} {object}: the store refuses it (403 {code}); the credentials need s3:GetObject, s3:PutObject and \
         s3:DeleteObject on the objects, and s3:ListBucket on the bucket, without which a missing object looks forbidden"
    )]
    Forbidden {
        /// What was tried.
        action: &'static str,
        /// The object.
        object: String,
        /// The store's code.
        code: String,
    },
    /// There is no such bucket.
    #[error(
        "there is no bucket {bucket} at this store; create it, or check its name, AWS_REGION and AWS_ENDPOINT_URL"
    )]
    NoBucket {
        /// Its name.
        bucket: String,
    },
    /// Another one wrote meanwhile.
    #[error(
        "{object} was changed by somebody else meanwhile; run the same command again when no other run writes there"
    )]
    Changed {
        /// The object.
        object: String,
    },
    /// Another run seems to go on.
    #[error(
        "{object} is being written by another run, {age} seconds ago; wait for it, or if it has ended, take over with --take-over \
         (after {lease} seconds that is not needed)"
    )]
    Busy {
        /// The place.
        object: String,
        /// Seconds since its last note.
        age: u64,
        /// Seconds after which it counts as ended.
        lease: u64,
    },
    /// There are other objects.
    #[error("{place} holds objects and no manifest of ranges; name a prefix that holds nothing")]
    OtherObjects {
        /// The place.
        place: String,
    },
    /// What lies there is not what was sent, or not whole.
    #[error("{object} is damaged: {reason}")]
    Damaged {
        /// The object.
        object: String,
        /// How.
        reason: &'static str,
    },
    /// The store said no.
    #[error("cannot {action} {object}: the store answered {status}{}{}", space(code), tries(*attempts))]
    Refused {
        /// What was tried.
        action: &'static str,
        /// The object.
        object: String,
        /// The HTTP status.
        status: u16,
        /// The store's code; may be empty.
        code: String,
        /// Times it was tried.
        attempts: u32,
    },
    /// There was no answer.
    #[error("cannot {action} {object}: {reason}{}", tries(*attempts))]
    Unreachable {
        /// What was tried.
        action: &'static str,
        /// The object.
        object: String,
        /// Why.
        reason: String,
        /// Times it was tried.
        attempts: u32,
    },
    /// All tries together took too long.
    #[error("cannot {action} {object}: not done within {} seconds, all tries together", deadline.as_secs())]
    Deadline {
        /// What was tried.
        action: &'static str,
        /// The object.
        object: String,
        /// How long was waited.
        deadline: Duration,
    },
}

fn space(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!(" {code}") }
}

fn tries(attempts: u32) -> String {
    if attempts > 1 { format!(" (tried {attempts} times)") } else { String::new() }
}
