//! The crates' errors as Python's, which are defined in `breachdex._errors`.

#![forbid(unsafe_code)]

use std::io::ErrorKind;
use std::path::Path;

use breachdex::trust::SignatureFault;
use breachdex::{Error, Remedy, SourceError};
use breachdex_hibp::FetchFault;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// An exception of the tree.
pub(crate) fn raise(py: Python<'_>, class: &str, message: impl Into<String>) -> PyErr {
    match find(py, class) {
        Ok(class) => PyErr::from_type(class, (message.into(),)),
        Err(error) => error,
    }
}

/// A class of the tree.
pub(crate) fn find<'py>(py: Python<'py>, class: &str) -> PyResult<Bound<'py, PyType>> {
    Ok(errors_module(py)?.getattr(class)?.cast_into()?)
}

/// Where the tree is defined.
pub(crate) fn errors_module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("breachdex._errors").map(Bound::unbind))?;
    Ok(module.bind(py))
}

/// What Python hears of an error that a password's lookup met: nothing of where the password would be, which goes
/// into logs and is as good as a prefix of its digest.
pub(crate) fn from_index(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::NotCovered { .. } => raise(py, "NotCoveredError", error.without_place()),
        Error::Damaged { .. } => raise(py, "IndexDamagedError", error.without_place()),
        _ => in_full(py, error),
    }
}

/// What Python hears of a source that could not answer. A client of Python's own raises its own exception.
pub(crate) fn from_source(py: Python<'_>, error: SourceError) -> PyErr {
    from_fault(py, &error)
}

/// [`from_source`] of an error that is needed further.
pub(crate) fn from_fault(py: Python<'_>, error: &SourceError) -> PyErr {
    match error {
        SourceError::Index(error) => from_index(py, error),
        SourceError::Remote(remote) => match remote.get_ref().downcast_ref::<PyErr>() {
            Some(error) => error.clone_ref(py),
            None => raise(py, "RemoteError", remote.to_string()),
        },
        error => raise(py, "BreachdexError", error.to_string()),
    }
}

/// What Python hears of an error that no password had a part in.
pub(crate) fn in_full(py: Python<'_>, error: &Error) -> PyErr {
    let class = match error {
        Error::Io { path, source, .. } => {
            let is_missing = source.kind() == ErrorKind::NotFound;
            let class = if is_missing { "IndexNotFoundError" } else { "IndexFileError" };
            return from_io(py, class, &error.to_string(), path, source);
        }
        Error::NotMappable { .. } => "IndexFileError",
        Error::NotAnIndex { .. } | Error::Damaged { .. } => "IndexDamagedError",
        Error::UnsupportedVersion { .. } => "IndexVersionError",
        Error::WrongKind { .. }
        | Error::MixedKinds { .. }
        | Error::OtherKind { .. }
        | Error::HoldsPairs { .. }
        | Error::HoldsNoPairs { .. }
        | Error::OtherPairs { .. } => "IndexKindError",
        Error::NotCovered { .. } => "NotCoveredError",
        Error::CountsUnavailable { .. } => "CountsUnavailableError",
        Error::NotExact { .. } => "NotExactError",
        Error::InvalidDigest { .. } | Error::InvalidHex => "InvalidDigestError",
        Error::PasswordNotUtf8 => "InvalidPasswordError",
        Error::InvalidPrefix(_) => "InvalidPrefixError",
        Error::Closed { .. } => "IndexClosedError",
        Error::NotSigned { fault, .. } => {
            return raise(py, "IndexNotSignedError", format!("{error}; {}", remedy_for(fault)));
        }
        Error::Stale { .. } => "IndexStaleError",
        Error::DoesNotFit { .. } => "IndexResidencyError",
        Error::TargetExists(path) => {
            let message = format!("{} exists; pass replace=True to replace it", path.display());
            return raise(py, "TargetExistsError", message);
        }
        Error::Cancelled => return PyKeyboardInterrupt::new_err(error.to_string()),
        Error::Input(fault) => {
            let hint = fault.remedy.map_or_else(String::new, argument_for);
            return raise(py, "BuildError", format!("{error}{hint}"));
        }
        Error::TooLittleMemory { .. } => {
            return raise(py, "BuildError", format!("{error}; pass a larger memory"));
        }
        Error::UnfitSegment { .. } => "SegmentError",
        Error::MissingPrefix { .. } => {
            let remedy = "join the segment that covers it too, or pass complete=False";
            return raise(py, "SegmentError", format!("{error}; {remedy}"));
        }
        Error::Unbuildable(_)
        | Error::Options(_)
        | Error::TooLarge { .. }
        | Error::UnfitBase { .. }
        | Error::UnfitRange { .. }
        | Error::TargetBusy(_)
        | Error::NotPublished { .. } => "BuildError",
        _ => "BreachdexError",
    };
    raise(py, class, error.to_string())
}

/// The argument of `build` that may help against a fault of an input.
fn argument_for(remedy: Remedy) -> String {
    let hint = match remedy {
        Remedy::IndexFormat => "; pass format=\"index\"",
        Remedy::RangesFormat => "; pass format=\"ranges\"",
        Remedy::PasswordsFormat => "; pass format=\"passwords\" if it is a list of passwords",
        Remedy::Kind(kind) => return format!("; pass kind=\"{}\"", kind.name()),
        Remedy::NoCounts => "; pass counts=False if the list is meant to have none",
        Remedy::Merge => "; pass merge=\"sum\" or merge=\"max\"",
        Remedy::MergeMax => "; pass merge=\"max\"",
        Remedy::Partial => ", or pass prefixes or partial=True for a folder that is not whole",
        _ => "",
    };
    hint.to_owned()
}

/// What to do about an index that is not signed.
fn remedy_for(fault: &SignatureFault) -> &'static str {
    match fault {
        SignatureFault::Missing(_) => {
            "sign the index with breachdex sign, or copy its two signature files beside it"
        }
        SignatureFault::UnknownKey { .. } => "if the key is yours, name it in trusted_keys too",
        _ => "copy the index and its signature files again, or sign it with breachdex sign",
    }
}

/// An `OSError` of the tree, with what any of these has.
pub(crate) fn from_io(
    py: Python<'_>,
    class: &str,
    message: &str,
    path: &Path,
    source: &std::io::Error,
) -> PyErr {
    let error = raise(py, class, message);
    let value = error.value(py);
    // Whoever looks at these finds what any OSError has.
    let told = value
        .setattr("errno", source.raw_os_error())
        .and_then(|()| value.setattr("filename", path.as_os_str()));
    told.err().unwrap_or(error)
}

/// What Python hears of an error of a range server.
pub(crate) fn from_remote(py: Python<'_>, error: &breachdex_hibp::Error) -> PyErr {
    use breachdex_hibp::Error as Remote;
    match error {
        Remote::Index(error) => from_index(py, error),
        // What was set up wrongly is never taken for a server that is away.
        Remote::BaseUrl { .. } | Remote::Proxy { .. } | Remote::TrustFile { .. } => {
            pyo3::exceptions::PyValueError::new_err(error.to_string())
        }
        Remote::NotEncrypted { base } => pyo3::exceptions::PyValueError::new_err(format!(
            "{base} is not encrypted: use https, or insecure_http=True if the network is yours alone"
        )),
        Remote::WrongKind { .. } => raise(py, "IndexKindError", error.to_string()),
        Remote::Remote { fault, .. } => {
            let error = raise(py, "RemoteError", error.to_string());
            let (cause, status) = cause_of(fault);
            let value = error.value(py);
            let told = value.setattr("cause", cause).and_then(|()| value.setattr("status", status));
            told.err().unwrap_or(error)
        }
        // The cause is "system" where nothing else is said.
        _ => raise(py, "RemoteError", error.to_string()),
    }
}

/// What an exchange met, and the status that the server answered, if any.
fn cause_of(fault: &FetchFault) -> (&'static str, Option<u16>) {
    match fault {
        FetchFault::Network(_) => ("network", None),
        FetchFault::Certificate(_) => ("certificate", None),
        FetchFault::Status { status, .. } => ("status", Some(*status)),
        FetchFault::Redirected { status } => ("redirected", Some(*status)),
        _ => ("malformed", None),
    }
}

/// `?` on the crates' results inside functions that Python calls.
pub(crate) trait OrRaise<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for breachdex::Result<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| from_index(py, &error))
    }
}

impl<T> OrRaise<T> for breachdex_hibp::Result<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| from_remote(py, &error))
    }
}
