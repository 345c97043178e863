//! Where a range server is.

#![forbid(unsafe_code)]

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use breachdex::Kind;
use breachdex_protocol::{DEFAULT_BASE_URL, NTLM_QUERY, RANGE_PATH};
use reqwest::Url;

use crate::error::Error;

/// The address of a range server, up to `/range/`.
///
/// ```
/// use breachdex_hibp::BaseUrl;
/// let base: BaseUrl = "https://api.pwnedpasswords.com".parse()?;
/// assert!(base.is_private());
/// # Ok::<(), breachdex_hibp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The address of a 20-bit prefix's range.
    pub(crate) fn range(&self, prefix: u32, kind: Kind) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{RANGE_PATH}{prefix:05X}", self.0.path().trim_end_matches('/')));
        url.set_query((kind == Kind::Ntlm).then_some(NTLM_QUERY));
        url
    }

    /// The server of a file's address.
    pub(crate) fn server_of(url: &Url) -> Self {
        let mut url = url.clone();
        url.set_path("");
        Self(url)
    }

    /// Whether nobody on the way can read or change what is said: https, or this machine itself.
    pub fn is_private(&self) -> bool {
        self.is_https() || self.is_loopback()
    }

    /// Whether the connection is encrypted.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host, an IPv6 address without brackets, and the port.
    pub(crate) fn host_and_port(&self) -> (&str, u16) {
        let host = self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        (host, self.0.port_or_known_default().unwrap_or_default())
    }

    /// Whether this is the machine itself.
    pub(crate) fn is_loopback(&self) -> bool {
        let (host, _) = self.host_and_port();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether this is the service itself, not a mirror or a server of one's own.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        DEFAULT_BASE_URL.parse().unwrap_or_else(|_| unreachable!("the default address is one"))
    }
}

/// Takes the address of a server with or without `/range` and a slash at its end.
impl FromStr for BaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |reason| Error::BaseUrl { reason };
        let mut url = Url::parse(text)
            .map_err(|_| refused("it is not of the form https://host or http://host:port"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("only http and https are supported"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("leave out what follows the path"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it must not hold a user name or a password"));
        }
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix(RANGE_PATH.trim_end_matches('/')).unwrap_or(path).to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_with_or_without_the_path() {
        for text in
            ["https://a.example", "https://a.example/", "https://a.example/range", "https://a.example/range/"]
        {
            let base: BaseUrl = text.parse().expect(text);
            assert_eq!(base.range(0x21bd1, Kind::Sha1).as_str(), "https://a.example/range/21BD1");
            assert_eq!(base.range(0, Kind::Ntlm).as_str(), "https://a.example/range/00000?mode=ntlm");
            assert_eq!(base.to_string(), "https://a.example");
        }
        let base: BaseUrl = "http://[::1]:8080/mirror/range/".parse().expect("an address");
        assert_eq!(base.range(1, Kind::Sha1).as_str(), "http://[::1]:8080/mirror/range/00001");
    }

    #[test]
    fn only_https_and_this_machine_are_private() {
        for (text, private) in [
            ("https://mirror.example", true),
            ("http://127.0.0.1:80", true),
            ("http://127.8.8.8", true),
            ("http://[::1]:80", true),
            ("http://localhost", true),
            ("http://mirror.example", false),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
            ("http://127.0.0.1.example", false),
        ] {
            assert_eq!(text.parse::<BaseUrl>().expect(text).is_private(), private, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, said) in [
            ("", "not a base URL: it is not of the form https://host or http://host:port"),
            ("pwnedpasswords.com", "not a base URL: it is not of the form https://host or http://host:port"),
            ("ftp://a.example", "not a base URL: only http and https are supported"),
            ("https://a.example/?x=1", "not a base URL: leave out what follows the path"),
            ("https://u:p@a.example", "not a base URL: it must not hold a user name or a password"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().expect_err(text).to_string(), said);
        }
    }
}
