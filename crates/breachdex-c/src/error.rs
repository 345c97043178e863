//! What went wrong: a status to branch on, and a message for a person.

use std::ffi::{CString, c_char};

use breachdex::SourceError;
use breachdex_policy::PolicyError;

use crate::call::{run_plain, take_back};

/// How a call ended.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreachdexStatus {
    /// Done, and the results are stored.
    Ok = 0,
    /// A null pointer, text that is not UTF-8, or a value that makes no sense.
    Argument = 1,
    /// A file could not be found, opened or read.
    Io = 2,
    /// A file is no index, or is damaged.
    Damaged = 3,
    /// An index cannot answer what was asked: another kind of digest, no counts, a part of the prefixes only.
    Unsuitable = 4,
    /// An index is not signed by a trusted key, or too old.
    Untrusted = 5,
    /// A policy makes no sense.
    Policy = 6,
    /// Whether a password is exposed cannot be determined now. Never take it for "not exposed".
    Unknown = 7,
    /// A bug in the library.
    Panic = 8,
}

/// An error with its message. Free it with `breachdex_error_free`.
#[derive(Debug)]
pub struct BreachdexError {
    status: BreachdexStatus,
    message: CString,
}

/// The same on this side.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    status: BreachdexStatus,
    message: String,
}

impl Failure {
    fn new(status: BreachdexStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(BreachdexStatus::Argument, message)
    }

    pub(crate) fn null(name: &'static str) -> Self {
        Self::argument(format!("{name} is a null pointer"))
    }

    pub(crate) fn panicked() -> Self {
        Self::new(BreachdexStatus::Panic, "the library panicked; this is a fault of the program")
    }

    pub(crate) fn unknown(error: &SourceError) -> Self {
        Self::new(BreachdexStatus::Unknown, error.to_string())
    }

    pub(crate) fn status(&self) -> BreachdexStatus {
        self.status
    }
}

impl From<breachdex::Error> for Failure {
    fn from(error: breachdex::Error) -> Self {
        use breachdex::Error;
        let status = match &error {
            Error::NotAnIndex { .. } | Error::Damaged { .. } => BreachdexStatus::Damaged,
            Error::NotSigned { .. } | Error::Stale { .. } => BreachdexStatus::Untrusted,
            Error::Io { .. } => BreachdexStatus::Io,
            Error::PasswordNotUtf8 => BreachdexStatus::Argument,
            _ => BreachdexStatus::Unsuitable,
        };
        Self::new(status, error.to_string())
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        Self::new(BreachdexStatus::Policy, error.to_string())
    }
}

impl From<Failure> for BreachdexError {
    fn from(failure: Failure) -> Self {
        let message = CString::new(failure.message.replace('\0', "\u{fffd}")).unwrap_or_default();
        Self { status: failure.status, message }
    }
}

/// The status of an error; `BREACHDEX_STATUS_OK` of null.
///
/// # Safety
/// `error` is null, or was stored by this library and not yet freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_error_status(error: *const BreachdexError) -> BreachdexStatus {
    // SAFETY: as above.
    let error = unsafe { error.as_ref() };
    error.map_or(BreachdexStatus::Ok, |error| error.status)
}

/// The message of an error, in English: what happened, where, and what to do. Valid until the error is freed; empty of null.
/// Never holds a password or a digest.
///
/// # Safety
/// `error` is null, or was stored by this library and not yet freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_error_message(error: *const BreachdexError) -> *const c_char {
    // SAFETY: as above.
    let error = unsafe { error.as_ref() };
    run_plain(c"".as_ptr(), || error.map_or(c"".as_ptr(), |error| error.message.as_ptr()))
}

/// Frees an error; nothing happens for null.
///
/// # Safety
/// `error` is null, or was stored by this library and not yet freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_error_free(error: *mut BreachdexError) {
    // SAFETY: as above.
    unsafe { take_back(error) }
}
