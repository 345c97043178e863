//! What a source's text stands for: an address with its network, or a text of its own.

#![forbid(unsafe_code)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What an attempt is counted under: as one source, and as part of a network.
///
/// One customer has an IPv4 address or an IPv6 /64; who rents more of them usually gets neighbours: a /24 or a /48.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group<'a> {
    Unsaid,
    Text(&'a str),
    V4([u8; 4]),
    V6([u8; 8]),
}

impl<'a> Group<'a> {
    /// Reads an address with or without port, brackets and zone; anything else is a text. IPv4 addresses within IPv6 ones
    /// (mapped, NAT64) are themselves.
    pub(crate) fn of(text: &'a str) -> Self {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Self::Unsaid;
        }
        match address(text) {
            Some(IpAddr::V4(address)) => Self::V4(address.octets()),
            Some(IpAddr::V6(address)) => match embedded(address) {
                Some(address) => Self::V4(address.octets()),
                None => {
                    let [a, b, c, d, e, f, g, h, ..] = address.octets();
                    Self::V6([a, b, c, d, e, f, g, h])
                }
            },
            None => Self::Text(text),
        }
    }
}

fn address(text: &str) -> Option<IpAddr> {
    // No other text can be one; parsing twice in vain costs more than this look.
    let first = text.as_bytes().first()?;
    if !(first.is_ascii_hexdigit() || matches!(first, b':' | b'[')) {
        return None;
    }
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let bare = bare.split_once('%').map_or(bare, |(address, _zone)| address);
    bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

/// The IPv4 address in `::ffff:0:0/96` or `64:ff9b::/96`.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for text in [
            "192.0.2.7",
            " 192.0.2.7 ",
            "192.0.2.7:443",
            "::ffff:192.0.2.7",
            "[::ffff:c000:207]:80",
            "64:ff9b::c000:207",
        ] {
            assert_eq!(Group::of(text), Group::V4([192, 0, 2, 7]), "{text}");
        }
        for text in [
            "2001:db8:1:2::5",
            "2001:db8:1:2:ffff::9",
            "[2001:db8:1:2::5]:443",
            "[2001:db8:1:2::5]",
            "2001:DB8:1:2::5%eth0",
        ] {
            assert_eq!(Group::of(text), Group::V6([0x20, 1, 0xd, 0xb8, 0, 1, 0, 2]), "{text}");
        }
        for text in ["kiosk-7", "192.0.2", "192.0.2.256", "fe80", "2001:db8::/32", "abc%", "顧客", "[", "]"]
        {
            assert_eq!(Group::of(text), Group::Text(text));
        }
        assert_eq!(Group::of(""), Group::Unsaid);
        assert_eq!(Group::of(" \t"), Group::Unsaid);
    }
}
