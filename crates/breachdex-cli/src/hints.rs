//! Library errors with the flags that help: the libraries do not know how they are called.

#![forbid(unsafe_code)]

use breachdex_hibp::{Error, FetchFault};

/// An error of the network, a download or an update.
pub(crate) fn remote(error: &Error) -> String {
    match error {
        Error::NotEncrypted { base } => {
            format!("{base} is not encrypted: use https, or --insecure-http if the network is yours alone")
        }
        Error::Journal { can_be_discarded: true, .. } => format!("{error} with --restart"),
        Error::HoldsOverlay(_) => format!("{error} (check --overlay)"),
        Error::Missing(missing) => format!("{error}{}", quirk(&missing.example.fault)),
        error => error.to_string(),
    }
}

/// What helps where a mirror always answers so.
fn quirk(fault: &FetchFault) -> &'static str {
    match fault {
        FetchFault::Status { .. } if fault.is_mirror_quirk() => {
            "; for a mirror that answers so for every range without rows: --mirror-quirks"
        }
        fault if fault.is_mirror_quirk() => "; for a mirror that always answers so: --mirror-quirks",
        _ => "",
    }
}
