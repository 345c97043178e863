//! Library errors with the flags that help: the libraries do not know how they are called.

#![forbid(unsafe_code)]

use std::borrow::Cow;

use breachdex::trust::{SignatureFault, Staleness};
use breachdex::{OptionsFault, Remedy};
use breachdex_audit::{AuditError, LineFault, ReadOption};
use breachdex_hibp::{Error, FetchFault};
use breachdex_http::HttpError;
use breachdex_pairs::PairsError;
use breachdex_proxy::ProxyError;
use breachdex_server::ServeError;
use breachdex_sidecar::SidecarError;

/// What to do about an error of an index or a build, to be put behind the message; may be empty.
pub(crate) fn index(error: &breachdex::Error) -> Cow<'static, str> {
    use breachdex::Error;
    let hint = match error {
        Error::Options(fault) => return options(fault),
        Error::TargetExists(_) => "; use --force to replace it",
        Error::NotSigned { fault, .. } => match **fault {
            SignatureFault::Missing(_) => {
                "; sign the index with breachdex sign, or copy its two signature files beside it"
            }
            SignatureFault::UnknownKey { .. } => "; if the key is yours, name it with --trusted-key too",
            _ => "; copy the index and its signature files again, or sign it with breachdex sign",
        },
        Error::Stale { reason, .. } if matches!(**reason, Staleness::TooOld { .. }) => {
            " (breachdex update), or raise --max-age"
        }
        Error::Input(fault) => return fault.remedy.map_or("".into(), input),
        Error::MissingPrefix { .. } => "; name what holds it too, or leave out --complete",
        Error::TooLittleMemory { .. } => "; raise --memory",
        Error::HoldsPairs { .. } => " (--pairs with --pair-key)",
        _ => "",
    };
    hint.into()
}

/// What to do about an error of exposed pairs or their key, to be put behind the message; may be empty.
pub(crate) fn pairs(error: &PairsError) -> Cow<'static, str> {
    match error {
        PairsError::Index(error) => index(error),
        PairsError::NoKey { .. } | PairsError::WrongKey { .. } => " (--pair-key)".into(),
        _ => "".into(),
    }
}

/// The same for an input of a build.
fn input(remedy: Remedy) -> Cow<'static, str> {
    match remedy {
        Remedy::IndexFormat => " (--format index)",
        Remedy::RangesFormat => " (--format ranges)",
        Remedy::PasswordsFormat => "; use --format passwords if it is a list of passwords",
        Remedy::Kind(kind) => return format!("; use --kind {}", kind.name()).into(),
        Remedy::NoCounts => "; use --no-counts if the list is meant to have none",
        Remedy::Merge => "; choose --merge sum or --merge max",
        Remedy::MergeMax => "; use --merge max",
        Remedy::Partial => ", or say with --prefixes or --partial that the folder is not whole",
        _ => "",
    }
    .into()
}

/// The same for options of a build.
fn options(fault: &OptionsFault) -> Cow<'static, str> {
    let hint = match fault {
        OptionsFault::FewerBits { held, .. } => return format!("; use --bits {held} or fewer").into(),
        OptionsFault::OtherKind { held, .. } => return format!("; use --kind {}", held.name()).into(),
        OptionsFault::TooManyFalsePositives { .. } => "; use more --bits, or --force-bits",
        OptionsFault::LittleMemory => "; raise --memory",
        OptionsFault::TopNothing => "; raise --top",
        OptionsFault::WithoutCounts { .. } => "; use --no-counts, without --min-count and --top",
        OptionsFault::MoreThanWhole { .. } => " (--of-entries)",
        OptionsFault::NoFolder => "; leave out --partial",
        _ => "",
    };
    hint.into()
}

/// What to do about a file that cannot be audited, to be put behind the message; may be empty.
pub(crate) fn audit(error: &AuditError) -> Cow<'static, str> {
    let hint = match error {
        AuditError::FormatNotCertain { .. } => {
            "; name it with --format (breachdex audit --help lists them), or give a list of passwords alone to breachdex check"
        }
        AuditError::LooksLike { advice, .. } => return format!("; if so, {}", advice.flags()).into(),
        AuditError::NoColumnNamed { .. } => " (--column)",
        AuditError::NothingValid { first: LineFault::Undecodable(_), .. } => {
            ", as in --encoding windows-1252 or --encoding cp932"
        }
        AuditError::Misplaced { option, .. } => match option {
            ReadOption::Encoding => "; leave out --encoding",
            ReadOption::Delimiter => "; leave out --delimiter",
            ReadOption::Column => "; leave out --column",
            ReadOption::UserColumn => "; leave out --user-column",
            ReadOption::Digests => "; leave out --hash",
            _ => "",
        },
        _ => "",
    };
    hint.into()
}

/// What to do about a server that cannot start, to be put behind the message; may be empty.
pub(crate) fn serve(error: &ServeError) -> &'static str {
    match error {
        ServeError::NoIndex | ServeError::OverlayWithoutBase { .. } => "; name one with --index",
        ServeError::Truncated { .. } => "; build one without --bits",
        ServeError::WithoutCounts { .. } => "; build one without --no-counts",
        ServeError::Partial { .. } => {
            ": with --partial it is served, and questions outside are answered with 503"
        }
        ServeError::OverlayNotAgreed { .. } => {
            "; with --serve-overlays they are served all the same, to this machine only"
        }
        ServeError::OverlayOnNetwork { .. } => ", or let them with --serve-overlays-to-the-network",
        ServeError::Http(error) => http(error),
        _ => "",
    }
}

/// What to do about a proxy that cannot start, to be put behind the message; may be empty.
pub(crate) fn proxy(error: &ProxyError) -> &'static str {
    match error {
        ProxyError::NoRules => "; name one with --login or --sign-up",
        ProxyError::Http(error) => http(error),
        _ => "",
    }
}

/// What to do about a transport that cannot start, to be put behind the message; may be empty.
pub(crate) fn http(error: &HttpError) -> &'static str {
    match error {
        HttpError::NoAddress => "; name one with --listen",
        HttpError::OpenFiles { .. } | HttpError::Thread { .. } => " or use fewer --workers",
        _ => "",
    }
}

/// The same for a sidecar.
pub(crate) fn sidecar(error: &SidecarError) -> Cow<'static, str> {
    match error {
        SidecarError::Http(error) => http(error).into(),
        SidecarError::Index(error) => index(error),
        SidecarError::Open { .. } => " (--token-file, --tls-client-ca)".into(),
        _ => "".into(),
    }
}

/// An error of the network, a download or an update.
pub(crate) fn remote(error: &Error) -> String {
    match error {
        Error::NotEncrypted { base } => {
            format!("{base} is not encrypted: use https, or --insecure-http if the network is yours alone")
        }
        Error::Journal { can_be_discarded: true, .. } => format!("{error} with --restart"),
        Error::Older { .. } => format!("{error}; --allow-older replaces it all the same"),
        Error::Behind { .. } => {
            format!(
                "{error}; update from the server that the newer index came from (--base-url), or go back with --allow-older"
            )
        }
        Error::OtherContent { .. } | Error::UnusableTarget { .. } => {
            format!("{error}; --force replaces it all the same")
        }
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
