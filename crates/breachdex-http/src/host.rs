//! Checks the host name that a request was sent to.
//!
//! A page in a browser can have the name of its own site resolve to this server's address (DNS rebinding), and then
//! read what it answers. The name in the request is still the page's, so a server that knows its own names can tell.
//! An address in the place of a name cannot be rebound.

#![forbid(unsafe_code)]

use std::net::IpAddr;
use std::str::FromStr;

use hyper::{HeaderMap, Uri, header};

/// A host name that clients may use: `pwned.example`, `*.example` for every name below it, or `*` for any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern(Pattern);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Any,
    /// With the dot that it begins with.
    Below(String),
    Name(String),
}

/// Text that is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give a host name without a port, such as pwned.example or *.example, or * for any")]
pub struct HostPatternError;

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        if text == "*" {
            return Ok(Self(Pattern::Any));
        }
        let name = text.strip_prefix("*.").unwrap_or(text).trim_end_matches('.').to_ascii_lowercase();
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if name.is_empty() || name.starts_with('.') || !is_name {
            return Err(HostPatternError);
        }
        Ok(Self(if text.starts_with("*.") {
            Pattern::Below(format!(".{name}"))
        } else {
            Pattern::Name(name)
        }))
    }
}

impl HostPattern {
    /// `host` is in lower case.
    fn matches(&self, host: &str) -> bool {
        match &self.0 {
            Pattern::Any => true,
            Pattern::Below(suffix) => host.ends_with(suffix.as_str()) && host.len() > suffix.len(),
            Pattern::Name(name) => host == name,
        }
    }
}

/// The names of this server.
#[derive(Debug)]
pub struct HostNames(Vec<HostPattern>);

impl HostNames {
    /// `localhost`, this machine's name, and those given.
    pub fn new(given: impl IntoIterator<Item = HostPattern>) -> Self {
        let own = ["localhost", "*.localhost"].into_iter().map(String::from).chain(machine());
        let own = own.filter_map(|name| name.parse().ok());
        Self(own.chain(given).collect())
    }

    /// Whether every host that a request names is one of this server's. A request without any is not a browser's.
    pub fn allow(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        uri.host().is_none_or(|host| self.allows(host))
            && headers
                .get_all(header::HOST)
                .iter()
                .all(|host| host.to_str().is_ok_and(|host| self.allows(host)))
    }

    fn allows(&self, host: &str) -> bool {
        let host = without_port(host).trim_end_matches('.').to_ascii_lowercase();
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
        address.parse::<IpAddr>().is_ok() || self.0.iter().any(|pattern| pattern.matches(&host))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(unix)]
fn machine() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(String::from)
}

#[cfg(not(unix))]
fn machine() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_own_names_are_allowed_and_others_are_not() {
        let pattern = |text: &str| text.parse::<HostPattern>().expect("a pattern");
        let names = HostNames::new([pattern("pwned.example"), pattern("*.internal")]);
        for allowed in [
            "localhost",
            "localhost:8080",
            "LOCALHOST.",
            "app.localhost",
            "127.0.0.1:80",
            "[::1]:80",
            "10.0.0.9",
            "Pwned.Example:443",
            "a.internal",
            "a.b.internal:1",
        ] {
            assert!(names.allows(allowed), "{allowed}");
        }
        for refused in [
            "",
            "evil.example",
            "localhost.evil.example",
            "evil.pwned.example",
            "internal",
            "127.0.0.1.evil.example",
            "localhost:80:80",
            "127.0.0.1@evil.example",
        ] {
            assert!(!names.allows(refused), "{refused}");
        }
        assert!(HostNames::new([pattern("*")]).allows("evil.example"));
    }

    #[test]
    fn patterns_are_names() {
        for bad in ["", "a:80", "http://a", "a b", "*.", "a*", ".a"] {
            assert_eq!(bad.parse::<HostPattern>(), Err(HostPatternError), "{bad:?}");
        }
    }
}
