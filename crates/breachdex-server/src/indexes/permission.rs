//! Decides whether digests from an overlay may be served: only if a flag allows it, and beyond loopback addresses only
//! if a second flag does.
//!
//! An overlay holds unsalted digests of passwords in use. A client that can request ranges can request all of them,
//! and so list the overlay.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::path::Path;

use crate::error::ServeError;
use crate::options::ServeOptions;

/// Whether digests from an overlay may be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OverlayRule {
    /// No flag allows it.
    Never,
    /// The flag is set, but this address is not loopback, so other machines could list the overlay.
    OnlyHere(String),
    Allowed,
}

impl OverlayRule {
    /// The rule for the addresses at which ranges are answered. Unix sockets are for this machine.
    pub(crate) fn of(options: &ServeOptions, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self::of_addresses(options.serve_overlays, options.serve_overlays_to_the_network, addresses)
    }

    fn of_addresses(here: bool, network: bool, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        let elsewhere = addresses.into_iter().find(|address| !address.ip().to_canonical().is_loopback());
        match (here, elsewhere) {
            (false, _) => Self::Never,
            (true, Some(address)) if !network => Self::OnlyHere(address.to_string()),
            (true, _) => Self::Allowed,
        }
    }

    /// # Errors
    /// [`ServeError::OverlayNotAgreed`], [`ServeError::OverlayOnNetwork`].
    pub(crate) fn require(&self, path: &Path) -> Result<(), ServeError> {
        let path = path.to_owned();
        match self {
            Self::Never => Err(ServeError::OverlayNotAgreed { path }),
            Self::OnlyHere(address) => Err(ServeError::OverlayOnNetwork { path, address: address.clone() }),
            Self::Allowed => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_here_and_everything_else_is_not() {
        let rule = |listen: &[&str], here, network| {
            let addresses = listen.iter().map(|address| address.parse().expect("an address"));
            OverlayRule::of_addresses(here, network, addresses)
        };
        for here in ["127.0.0.1:0", "127.9.9.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(rule(&[here], true, false), OverlayRule::Allowed, "{here}");
        }
        assert_eq!(rule(&[], true, false), OverlayRule::Allowed, "Unix sockets alone");
        for elsewhere in ["0.0.0.0:80", "[::]:80", "192.168.0.1:80", "[fe80::1]:80", "[::ffff:10.0.0.1]:80"] {
            let refused = OverlayRule::OnlyHere(elsewhere.to_owned());
            assert_eq!(rule(&[elsewhere], true, false), refused, "{elsewhere}");
            assert_eq!(rule(&["127.0.0.1:80", elsewhere], true, false), refused, "{elsewhere}");
            assert_eq!(rule(&[elsewhere], true, true), OverlayRule::Allowed, "{elsewhere}");
        }
        for listen in ["127.0.0.1:0", "0.0.0.0:80"] {
            assert_eq!(rule(&[listen], false, false), OverlayRule::Never);
            let second_alone = rule(&[listen], false, true);
            assert_eq!(second_alone, OverlayRule::Never, "the second flag alone asks for nothing");
        }
    }
}
