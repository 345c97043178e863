//! What an error of the library means: which refusal of a store it is, and whether another try may help.

#![forbid(unsafe_code)]

use object_store::path::Path;

use crate::{ObjectAddress, ObjectError};

/// Codes by which a store says that it does not know who asks.
const UNKNOWN_CALLER: [&str; 8] = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
    "AuthorizationHeaderMalformed",
    "RequestTimeTooSkewed",
    "UnauthorizedAccess",
];

/// What a status is announced by in the messages of the library.
const STATUS: &str = "status code: ";

/// What an error of the library means.
pub(crate) fn classify(
    address: &ObjectAddress,
    action: &'static str,
    path: &Path,
    error: &object_store::Error,
    attempts: u32,
) -> ObjectError {
    use object_store::Error as E;
    let object = address.shown(path);
    let (status, code) = status_of(error);
    if code == "NoSuchBucket" {
        return ObjectError::NoBucket { bucket: address.bucket().to_owned() };
    }
    if UNKNOWN_CALLER.contains(&code.as_str()) {
        return ObjectError::Credentials { action, object, code };
    }
    match (error, status) {
        (E::PermissionDenied { .. } | E::Unauthenticated { .. }, _) => {
            ObjectError::Forbidden { action, object, code }
        }
        (E::Precondition { .. } | E::AlreadyExists { .. }, _) => ObjectError::Changed { object },
        (E::NotFound { .. }, _) => ObjectError::Refused { action, object, status: 404, code, attempts },
        (_, Some(status)) => ObjectError::Refused { action, object, status, code, attempts },
        _ => ObjectError::Unreachable { action, object, reason: innermost(error), attempts },
    }
}

/// Status and code of a refusal, from the library's message, in which the text of a refusal is a code alone.
fn status_of(error: &object_store::Error) -> (Option<u16>, String) {
    let text = error.to_string();
    let Some((_, said)) = text.rsplit_once(STATUS) else { return (None, String::new()) };
    let status = said.get(..3).and_then(|digits| digits.parse().ok());
    let code = said.rsplit_once(": ").map_or("", |(_, code)| code);
    (status, code.to_owned())
}

/// The innermost reason.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Whether another try may succeed.
pub(crate) fn is_transient(error: &ObjectError) -> bool {
    match error {
        ObjectError::Refused { status, .. } => {
            *status >= 500 && *status != 501 || matches!(status, 408 | 429)
        }
        ObjectError::Unreachable { .. } => true,
        _ => false,
    }
}
