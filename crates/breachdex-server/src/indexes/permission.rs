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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OverlayRule {
    /// No flag allows it.
    Never,
    /// The flag is set, but the address is not loopback, so other machines could list the overlay.
    OnlyHere(SocketAddr),
    Allowed,
}

impl OverlayRule {
    pub(crate) fn of(options: &ServeOptions) -> Self {
        let is_here = options.listen.ip().to_canonical().is_loopback();
        match (options.serve_overlays, is_here || options.serve_overlays_to_the_network) {
            (false, _) => Self::Never,
            (true, false) => Self::OnlyHere(options.listen),
            (true, true) => Self::Allowed,
        }
    }

    /// # Errors
    /// [`ServeError::OverlayNotAgreed`], [`ServeError::OverlayOnNetwork`].
    pub(crate) fn require(self, path: &Path) -> Result<(), ServeError> {
        let path = path.to_owned();
        match self {
            Self::Never => Err(ServeError::OverlayNotAgreed { path }),
            Self::OnlyHere(address) => Err(ServeError::OverlayOnNetwork { path, address }),
            Self::Allowed => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_here_and_everything_else_is_not() {
        let rule = |listen: &str, serve_overlays, serve_overlays_to_the_network| {
            let listen = listen.parse().expect("an address");
            OverlayRule::of(&ServeOptions {
                listen,
                serve_overlays,
                serve_overlays_to_the_network,
                ..ServeOptions::default()
            })
        };
        for here in ["127.0.0.1:0", "127.9.9.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(rule(here, true, false), OverlayRule::Allowed, "{here}");
        }
        for elsewhere in ["0.0.0.0:80", "[::]:80", "192.168.0.1:80", "[fe80::1]:80", "[::ffff:10.0.0.1]:80"] {
            let address = elsewhere.parse().expect("an address");
            assert_eq!(rule(elsewhere, true, false), OverlayRule::OnlyHere(address), "{elsewhere}");
            assert_eq!(rule(elsewhere, true, true), OverlayRule::Allowed, "{elsewhere}");
        }
        for listen in ["127.0.0.1:0", "0.0.0.0:80"] {
            assert_eq!(rule(listen, false, false), OverlayRule::Never);
            assert_eq!(
                rule(listen, false, true),
                OverlayRule::Never,
                "the second flag alone asks for nothing"
            );
        }
    }
}
