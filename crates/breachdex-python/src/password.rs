//! How passwords and digests come in from Python: never repeated in an error, never kept.

#![forbid(unsafe_code)]

use breachdex::{Digest, Kind, PasswordHasher, memory};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};
use zeroize::Zeroizing;

use crate::errors::{OrRaise as _, raise};

/// The bytes of a password, as they are hashed: of text its UTF-8.
pub(crate) fn with_bytes<T>(
    password: &Bound<'_, PyAny>,
    use_bytes: impl FnOnce(&[u8]) -> PyResult<T>,
) -> PyResult<T> {
    let py = password.py();
    if let Ok(text) = password.cast::<PyString>() {
        use_bytes(text_of(text)?.as_bytes())
    } else if let Ok(bytes) = password.cast::<PyBytes>() {
        use_bytes(bytes.as_bytes())
    } else if let Ok(array) = password.cast::<PyByteArray>() {
        use_bytes(&Zeroizing::new(array.to_vec()))
    } else if password.is_instance_of::<PyMemoryView>() {
        let bytes = password.call_method0(pyo3::intern!(py, "tobytes"))?.cast_into::<PyBytes>()?;
        use_bytes(bytes.as_bytes())
    } else {
        let found = password.get_type().name()?;
        Err(PyTypeError::new_err(format!("a password is str, bytes, bytearray or memoryview, not {found}")))
    }
}

/// The UTF-8 of a password.
pub(crate) fn text_of<'a>(text: &'a Bound<'_, PyString>) -> PyResult<&'a str> {
    unicode(text, "the password")
}

/// The UTF-8 of a string; `what` it is goes into the error.
pub(crate) fn unicode<'a>(text: &'a Bound<'_, PyString>, what: &str) -> PyResult<&'a str> {
    // Python's own error repeats the string, so it is dropped.
    text.to_str().map_err(|_| {
        let message = format!(
            "{what} holds half of a surrogate pair, which is no character; decode what was received as UTF-8, strictly"
        );
        raise(text.py(), "InvalidPasswordError", message)
    })
}

/// The same of what is told beside a password: the error names the parameter, so that a form shows it there.
pub(crate) fn unicode_of_field<'a>(
    text: &'a Bound<'_, PyString>,
    field: &str,
    what: &str,
) -> PyResult<&'a str> {
    unicode(text, what).inspect_err(|error| {
        // Without it the error is that of the password, as before.
        let _ = error.value(text.py()).setattr(pyo3::intern!(text.py(), "field"), field);
    })
}

/// Runs `work`, which sees a password or a digest, and overwrites the stack that it used.
#[inline(always)]
pub(crate) fn erasing_stack<T>(work: impl FnOnce() -> T) -> T {
    /// More than hashing and looking up use between Python and the library.
    const BYTES: usize = 1 << 11;
    memory::erasing_stack::<BYTES, T>(work)
}

/// The digest of a password.
pub(crate) fn digest_of(kind: Kind, password: &Bound<'_, PyAny>) -> PyResult<Digest> {
    let py = password.py();
    with_bytes(password, |bytes| hash(kind, bytes).or_raise(py))
}

#[inline]
pub(crate) fn hash(kind: Kind, bytes: &[u8]) -> breachdex::Result<Digest> {
    if kind == Kind::Sha1 {
        return Ok(Digest::sha1(bytes));
    }
    let mut hasher = PasswordHasher::new(kind);
    hasher.update(bytes);
    hasher.finish_reset()
}

/// A digest that is given: `bytes` are its own, `str` is hexadecimal.
pub(crate) fn given_digest(kind: Kind, digest: &Bound<'_, PyAny>) -> PyResult<Digest> {
    let py = digest.py();
    if let Ok(bytes) = digest.cast::<PyBytes>() {
        return Digest::from_bytes(kind, bytes.as_bytes()).or_raise(py);
    }
    if let Ok(text) = digest.cast::<PyString>() {
        let text = text
            .to_str()
            .map_err(|_| raise(py, "InvalidDigestError", breachdex::Error::InvalidHex.to_string()))?;
        return Digest::from_hex(kind, text.as_bytes()).or_raise(py);
    }
    let found = digest.get_type().name()?;
    Err(PyTypeError::new_err(format!("a digest is bytes or str (hexadecimal), not {found}")))
}

/// `sha1` or `ntlm`. What else was given is not repeated: it may be a password in the wrong place.
pub(crate) fn kind_of(name: &Bound<'_, PyString>) -> PyResult<Kind> {
    let name = name.to_string_lossy();
    let kind = [Kind::Sha1, Kind::Ntlm].into_iter().find(|kind| kind.name() == name);
    kind.ok_or_else(|| PyValueError::new_err("kind must be 'sha1' or 'ntlm'"))
}

/// `digest(password: Password, kind: Kind = 'sha1') -> bytes`
///
/// The digest of a password, as an index holds it: SHA-1 of its bytes, or NTLM (MD4 of UTF-16LE).
///
/// This is for looking up. It is no way to store a password: use your framework's password hasher for that.
#[pyfunction]
#[pyo3(signature = (password, kind = None), text_signature = "(password, kind='sha1')")]
pub(crate) fn digest<'py>(
    password: &Bound<'py, PyAny>,
    kind: Option<&Bound<'py, PyString>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let kind = kind.map_or(Ok(Kind::Sha1), kind_of)?;
    erasing_stack(|| Ok(PyBytes::new(password.py(), &digest_of(kind, password)?.to_bytes())))
}
