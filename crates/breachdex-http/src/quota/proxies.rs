//! Proxies whose word about their clients is taken.

#![forbid(unsafe_code)]

use std::net::IpAddr;
use std::str::FromStr;

use hyper::HeaderMap;

/// A proxy whose `X-Forwarded-For` is believed: an address, a network such as `10.0.0.0/8`, or `unix` for everything
/// that comes over a Unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedProxy(Place);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Unix,
    /// The address as 128 bits, and how many of them count.
    Network(u128, u32),
}

/// Text that is no address, no network and not `unix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give an address such as 10.0.0.2, a network such as 10.0.0.0/8 or 2001:db8::/32, or unix")]
pub struct TrustedProxyError;

fn bits(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn masked(bits: u128, length: u32) -> u128 {
    if length == 0 { 0 } else { bits & (u128::MAX << (128 - length)) }
}

impl FromStr for TrustedProxy {
    type Err = TrustedProxyError;

    fn from_str(text: &str) -> Result<Self, TrustedProxyError> {
        if text == "unix" {
            return Ok(Self(Place::Unix));
        }
        let (address, length) =
            text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| TrustedProxyError)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(most), str::parse::<u32>).map_err(|_| TrustedProxyError)?;
        if length > most {
            return Err(TrustedProxyError);
        }
        Ok(Self(Place::Network(bits(address), 128 - most + length)))
    }
}

impl TrustedProxy {
    /// Whether a connection is this proxy's; `None` is one over a Unix socket.
    pub(crate) fn is(&self, peer: Option<IpAddr>) -> bool {
        match (self.0, peer) {
            (Place::Unix, None) => true,
            (Place::Network(network, length), Some(peer)) => {
                masked(network, length) == masked(bits(peer), length)
            }
            _ => false,
        }
    }
}

/// The client that trusted proxies name: the last address of `X-Forwarded-For` that is not one of them. What stands
/// before it was written by the client and is not believed.
pub(crate) fn forwarded_client(headers: &HeaderMap, proxies: &[TrustedProxy]) -> Option<IpAddr> {
    let values: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let hops = values.iter().rev().flat_map(|value| value.rsplit(','));
    for hop in hops {
        let address: IpAddr = hop.trim().parse().ok()?;
        if !proxies.iter().any(|proxy| proxy.is(Some(address))) {
            return Some(address);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn proxy(text: &str) -> TrustedProxy {
        text.parse().expect("a proxy")
    }

    #[test]
    fn networks_hold_their_addresses() {
        let is = |network: &str, address: &str| proxy(network).is(address.parse().ok());
        assert!(is("10.0.0.0/8", "10.200.3.4") && is("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(!is("10.0.0.0/8", "11.0.0.1") && !is("10.0.0.1", "10.0.0.2"));
        assert!(is("2001:db8::/32", "2001:db8:9::1") && !is("2001:db8::/32", "2001:db9::1"));
        assert!(is("0.0.0.0/0", "192.0.2.1") && !is("0.0.0.0/0", "2001:db8::1"));
        assert!(proxy("unix").is(None) && !is("unix", "127.0.0.1") && !proxy("127.0.0.1").is(None));
        for bad in ["", "proxy", "10.0.0.0/33", "10.0.0/8", "10.0.0.1/", "::/129", "Unix"] {
            assert_eq!(bad.parse::<TrustedProxy>(), Err(TrustedProxyError), "{bad:?}");
        }
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        let proxies = [proxy("10.0.0.0/8"), proxy("unix")];
        let client = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", HeaderValue::from_static(value));
            }
            forwarded_client(&headers, &proxies).map(|client| client.to_string())
        };
        assert_eq!(client(&[]), None);
        assert_eq!(client(&["192.0.2.7"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(client(&["1.1.1.1, 192.0.2.7, 10.0.0.3"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(client(&["1.1.1.1", "192.0.2.7", "10.0.0.3,10.0.0.4"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(client(&["10.0.0.3"]), None);
        assert_eq!(client(&["1.1.1.1, unknown"]), None);
    }
}
