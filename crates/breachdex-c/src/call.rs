//! The boundary: pointers of callers become references, results become a status and a message, and panics stay here.
//!
//! A caller that passes a pointer that is neither null nor what the header asks for is undefined behaviour, as in every C
//! library; null is an error wherever the header does not allow it.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use crate::error::{BreachdexError, BreachdexStatus, Failure};

/// Runs the body of a function: its error is stored for the caller, if the caller wants it, and a panic is an error.
///
/// # Safety
/// `error` is null, or points to room for a pointer.
pub(crate) unsafe fn run(
    error: *mut *mut BreachdexError,
    body: impl FnOnce() -> Result<(), Failure>,
) -> BreachdexStatus {
    // Nothing that the body has is used after a panic, but for handles, whose data a panic leaves whole: they are read only.
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(Failure::panicked()));
    let (status, stored) = match outcome {
        Ok(()) => (BreachdexStatus::Ok, None),
        Err(failure) => (failure.status(), Some(failure)),
    };
    if !error.is_null() {
        let stored = stored.map_or(std::ptr::null_mut(), |failure| give(BreachdexError::from(failure)));
        // SAFETY: it is not null, so the caller has room there.
        unsafe { error.write(stored) };
    }
    status
}

/// Runs a function that has no way to fail; a panic in it is a bug and gives `otherwise`.
pub(crate) fn run_plain<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// Hands a value to the caller, who frees it with the function of its type.
pub(crate) fn give<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Takes a value back that was given.
///
/// # Safety
/// `handle` is null, or was given and not yet taken.
pub(crate) unsafe fn take_back<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: it came from a box, and the caller has no other use of it.
        let value = unsafe { Box::from_raw(handle) };
        run_plain((), || drop(value));
    }
}

/// Stores a result.
///
/// # Safety
/// `out` is null, or points to room for a `T`.
pub(crate) unsafe fn store<T>(out: *mut T, name: &'static str, value: T) -> Result<(), Failure> {
    if out.is_null() {
        return Err(Failure::null(name));
    }
    // SAFETY: it is not null, so the caller has room there.
    unsafe { out.write(value) };
    Ok(())
}

/// Stores a new handle. Without room for it none is made, for nobody could free it.
///
/// # Safety
/// `out` is null, or points to room for a pointer.
pub(crate) unsafe fn store_handle<T>(out: *mut *mut T, name: &'static str, value: T) -> Result<(), Failure> {
    if out.is_null() {
        return Err(Failure::null(name));
    }
    // SAFETY: it is not null, so the caller has room there.
    unsafe { out.write(give(value)) };
    Ok(())
}

/// Has the caller's handle be null, so that one that was not made can be freed.
///
/// # Safety
/// `out` is null, or points to room for a pointer.
pub(crate) unsafe fn clear<T>(out: *mut *mut T) {
    if !out.is_null() {
        // SAFETY: it is not null, so the caller has room there.
        unsafe { out.write(std::ptr::null_mut()) };
    }
}

/// A handle of the caller.
///
/// # Safety
/// `handle` is null, or was given and not yet taken, and nothing changes it meanwhile.
pub(crate) unsafe fn handle<'a, T>(handle: *const T, name: &'static str) -> Result<&'a T, Failure> {
    // SAFETY: as above.
    unsafe { handle.as_ref() }.ok_or(Failure::null(name))
}

/// The same, to be changed.
///
/// # Safety
/// `handle` is null, or was given and not yet taken, and no other thread uses it meanwhile.
pub(crate) unsafe fn handle_mut<'a, T>(handle: *mut T, name: &'static str) -> Result<&'a mut T, Failure> {
    // SAFETY: as above.
    unsafe { handle.as_mut() }.ok_or(Failure::null(name))
}

/// Bytes of the caller. Null is allowed where there are none.
///
/// # Safety
/// `start` is null, or points to `length` bytes that nothing changes meanwhile.
pub(crate) unsafe fn bytes<'a>(
    start: *const u8,
    length: usize,
    name: &'static str,
) -> Result<&'a [u8], Failure> {
    if length == 0 {
        return Ok(&[]);
    }
    if start.is_null() {
        return Err(Failure::null(name));
    }
    if isize::try_from(length).is_err() {
        return Err(Failure::argument(format!("{name} is longer than memory")));
    }
    // SAFETY: it is not null, and no longer than an allocation can be.
    Ok(unsafe { slice::from_raw_parts(start, length) })
}

/// Text of the caller that ends with a NUL.
///
/// # Safety
/// `text` is null, or points to bytes with a NUL behind them that nothing changes meanwhile.
pub(crate) unsafe fn text<'a>(text: *const c_char, name: &'static str) -> Result<&'a str, Failure> {
    // SAFETY: as above.
    unsafe { optional_text(text, name) }?.ok_or(Failure::null(name))
}

/// The same; null is none.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn optional_text<'a>(
    text: *const c_char,
    name: &'static str,
) -> Result<Option<&'a str>, Failure> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: it is not null, so it ends with a NUL.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map(Some).map_err(|_| Failure::argument(format!("{name} is not UTF-8")))
}
