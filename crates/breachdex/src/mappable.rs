//! Whether a process has the address space that a mapped file takes, and what to say where it has not.

#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use crate::error::{Error, Result, io_error};

/// The most bytes that can be mapped in one piece: half of what addresses can say.
pub(crate) const WIDEST: u64 = isize::MAX as u64;

/// How much a process can map, and what keeps it from more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressSpace {
    /// A limit that was set for the process.
    #[error("this process is allowed {0} (ulimit -v)")]
    Limited(u64),
    /// The width of its addresses.
    #[error("a program of this width has {0} at most")]
    Narrow(u64),
}

impl AddressSpace {
    /// What to do.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Limited(_) => "raise the limit",
            Self::Narrow(_) => "use a 64-bit breachdex",
        }
    }
}

/// Refuses what is longer than `widest`, which is [`WIDEST`] but in tests.
pub(crate) fn check_width(length: u64, widest: u64, path: &Path) -> Result<()> {
    if length <= widest {
        return Ok(());
    }
    Err(Error::NotMappable { path: path.to_owned(), needed: length, room: AddressSpace::Narrow(widest) })
}

/// Says why so many bytes could not be mapped.
pub(crate) fn map_failed(length: u64, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| match limit() {
        Some(limit) if source.kind() == io::ErrorKind::OutOfMemory => {
            Error::NotMappable { path: path.to_owned(), needed: length, room: AddressSpace::Limited(limit) }
        }
        _ => io_error("map", path)(source),
    }
}

/// The limit on this process's address space, where there is one.
#[cfg(all(target_os = "linux", feature = "system"))]
fn limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::As).current
}

#[cfg(not(all(target_os = "linux", feature = "system")))]
fn limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_address_of_32_bits_reaches_is_refused_with_a_way_out() {
        let path = Path::new("pwned.bdx");
        let widest = u64::from(u32::MAX / 2);
        assert!(check_width(widest, widest, path).is_ok());
        let refused = check_width(34_758_902_851, widest, path).map_err(|error| error.to_string());
        assert_eq!(
            refused,
            Err("cannot map pwned.bdx: it takes 34758902851 bytes of address space, a program of this width has \
                 2147483647 at most; use a 64-bit breachdex, or ask `breachdex serve`, which reads the file and does \
                 not map it"
                .to_owned())
        );
        assert!(check_width(u64::MAX, WIDEST, path).is_err());
    }

    #[test]
    fn other_failures_to_map_keep_their_reason() {
        let error = map_failed(1 << 40, Path::new("pwned.bdx"))(io::ErrorKind::PermissionDenied.into());
        assert_eq!(error.to_string(), "cannot map pwned.bdx: permission denied");
    }
}
