//! `NO_PROXY`: hosts, networks and `*`, as curl reads it.

#![forbid(unsafe_code)]

use std::net::IpAddr;

/// Whether a comma-separated list names a host: by `*`, its name, the name of a domain that it is in (with or without a
/// dot before), its IP address, or a network such as `10.0.0.0/8`. An entry may end with a port. `host` is without
/// brackets.
pub(super) fn bypasses(list: &str, host: &str, port: u16) -> bool {
    list.split([',', ' '])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .any(|entry| names(entry, host, port))
}

fn names(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    match host.parse() {
        Ok(address) => names_address(entry, address, port),
        Err(_) => names_domain(entry, host, port),
    }
}

fn names_domain(entry: &str, host: &str, port: u16) -> bool {
    let (entry, is_port) = match entry.rsplit_once(':') {
        Some((name, digits)) => (name, digits.parse() == Ok(port)),
        None => (entry, true),
    };
    let plain = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
    let (domain, host) = (plain(entry.trim_start_matches("*.").trim_start_matches('.')), plain(host));
    let inside = host.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    is_port && !domain.is_empty() && inside
}

fn names_address(entry: &str, address: IpAddr, port: u16) -> bool {
    let parse = |text: &str| text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    if let Some((network, bits)) = entry.split_once('/') {
        let (Some(network), Ok(bits)) = (parse(network), bits.parse()) else { return false };
        return contains(network, bits, address);
    }
    if parse(entry) == Some(address) {
        return true;
    }
    // 10.0.0.1:80 and [::1]:80; in ::1:80 the last group is no port.
    let with_port = entry.rsplit_once(':').filter(|(host, _)| host.ends_with(']') || !host.contains(':'));
    with_port.is_some_and(|(host, digits)| parse(host) == Some(address) && digits.parse() == Ok(port))
}

/// Whether an address has the first `bits` bits of a network's.
fn contains(network: IpAddr, bits: u32, address: IpAddr) -> bool {
    let differ = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) if bits <= 32 => {
            u128::from(network.to_bits() ^ address.to_bits()) << 96
        }
        (IpAddr::V6(network), IpAddr::V6(address)) if bits <= 128 => network.to_bits() ^ address.to_bits(),
        _ => return false,
    };
    differ.leading_zeros() >= bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_domains_addresses_and_networks_are_named() {
        for (list, host, port, expected) in [
            ("", "a.example", 80, false),
            ("*", "a.example", 80, true),
            (" , *", "10.0.0.1", 80, true),
            ("*", "::1", 80, true),
            ("a.example", "a.example", 80, true),
            ("A.Example.", "a.eXample", 80, true),
            ("example", "a.example", 80, true),
            (".example", "a.example", 80, true),
            ("*.example", "a.example", 80, true),
            ("xample", "a.example", 80, false),
            ("a.example", "example", 80, false),
            ("b.example,a.example:8080", "a.example", 8080, true),
            ("a.example:8080", "a.example", 80, false),
            ("a.example:x", "a.example", 80, false),
            ("10.0.0.1", "10.0.0.1", 80, true),
            ("10.0.0.1:80", "10.0.0.1", 80, true),
            ("10.0.0.1:81", "10.0.0.1", 80, false),
            ("0.0.0.1", "10.0.0.1", 80, false),
            ("10.0.0.0/8", "10.255.0.1", 80, true),
            ("10.0.0.0/8", "11.0.0.1", 80, false),
            ("0.0.0.0/0", "11.0.0.1", 80, true),
            ("10.0.0.0/33", "10.0.0.0", 80, false),
            ("fd00::/8", "fd12::1", 80, true),
            ("fd00::/8", "10.0.0.1", 80, false),
            ("::1", "::1", 80, true),
            ("[::1]:80", "::1", 80, true),
            ("[::1]:81", "::1", 80, false),
            ("::1:80", "::1", 80, false),
        ] {
            assert_eq!(bypasses(list, host, port), expected, "{list} {host} {port}");
        }
    }
}
