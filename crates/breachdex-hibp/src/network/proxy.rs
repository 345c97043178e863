//! Through which proxy the one server of a client is reached: one that was given, or one of the environment's.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use super::no_proxy::bypasses;
use crate::BaseUrl;
use crate::error::{Error, Result};

/// Schemes of proxies that are supported, with their default ports.
const SCHEMES: [(&str, u16); 6] =
    [("http", 80), ("https", 443), ("socks4", 1080), ("socks4a", 1080), ("socks5", 1080), ("socks5h", 1080)];

/// Set for a CGI program, whose `HTTP_PROXY` is a header that a stranger may have sent.
const CGI: &str = "REQUEST_METHOD";

/// The address of a proxy. It is shown as host and port, without the user name and the password that it may hold.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(Url);

impl ProxyUrl {
    /// Whether it holds a user name or a password.
    pub fn has_credentials(&self) -> bool {
        !self.0.username().is_empty() || self.0.password().is_some()
    }

    pub(super) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(super) fn to_reqwest(&self) -> reqwest::Result<reqwest::Proxy> {
        reqwest::Proxy::all(self.0.clone())
    }

    fn parse(text: &str, origin: &str) -> Result<Self> {
        let refused = |reason| Error::Proxy { origin: origin.to_owned(), reason };
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let no_address = "not the address of a proxy: give http://host:port, https:// or socks5h://";
        let mut url = Url::parse(&with_scheme).map_err(|_| refused(no_address))?;
        let Some((_, port)) = SCHEMES.into_iter().find(|(scheme, _)| *scheme == url.scheme()) else {
            return Err(refused(
                "not a proxy that is supported: http, https, socks4, socks4a, socks5 or socks5h",
            ));
        };
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refused(no_address));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(refused("leave out what follows the proxy's host and port"));
        }
        if url.port().is_none() && !matches!(url.scheme(), "http" | "https") {
            url.set_port(Some(port)).map_err(|()| refused(no_address))?;
        }
        Ok(Self(url))
    }
}

/// Takes `host:port` for a proxy by http, or an address with the scheme `http`, `https`, `socks4`, `socks4a` (the proxy
/// finds the address of the server), `socks5` or `socks5h` (likewise).
impl FromStr for ProxyUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text, "proxy")
    }
}

/// Host and port.
impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        write!(f, "{host}:{}", self.0.port_or_known_default().unwrap_or_default())
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({self})")
    }
}

/// How a server is reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Direct,
    Through(ProxyUrl),
    /// As the settings of the operating system say.
    System,
}

/// What the environment says about a server.
///
/// # Errors
/// [`Error::Proxy`] for the variable that applies, where it holds no address of a proxy.
pub(super) fn from_environment(base: &BaseUrl, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Route> {
    // One in upper case wins, also where it is empty, which means none.
    let find = |name: &str| {
        let lower = name.to_ascii_lowercase();
        [name.to_owned(), lower].into_iter().find_map(|name| variable(&name).map(|value| (name, value)))
    };
    if variable(CGI).is_some() {
        return Ok(Route::Direct);
    }
    let own = if base.is_https() { "HTTPS_PROXY" } else { "HTTP_PROXY" };
    let is_set = |(_, value): &(String, OsString)| !value.is_empty();
    let (own, all) = (find(own), find("ALL_PROXY"));
    let is_none_named = own.is_none() && all.is_none();
    let Some((name, value)) = own.filter(is_set).or_else(|| all.filter(is_set)) else {
        let has_settings = cfg!(any(target_os = "macos", windows)) && is_none_named;
        return Ok(if has_settings { Route::System } else { Route::Direct });
    };
    let exceptions = find("NO_PROXY").map(|(_, value)| value.to_string_lossy().into_owned());
    let (host, port) = base.host_and_port();
    if bypasses(&exceptions.unwrap_or_default(), host, port) {
        return Ok(Route::Direct);
    }
    let Some(text) = value.to_str() else {
        return Err(Error::Proxy { origin: name, reason: "not text in UTF-8" });
    };
    ProxyUrl::parse(text, &name).map(Route::Through)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(base: &str, variables: &[(&str, &str)]) -> Result<Route, String> {
        let base = base.parse().expect("a base URL");
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        from_environment(&base, &variable).map_err(|error| error.to_string())
    }

    fn through(base: &str, variables: &[(&str, &str)]) -> String {
        match route(base, variables).expect("sound variables") {
            Route::Through(proxy) => proxy.to_string(),
            Route::Direct => "direct".into(),
            Route::System => "system".into(),
        }
    }

    #[test]
    fn the_variable_of_the_scheme_wins_over_the_one_for_all() {
        let both = [("HTTPS_PROXY", "http://a:1"), ("http_proxy", "b:2"), ("ALL_PROXY", "socks5h://c")];
        assert_eq!(through("https://x.example", &both), "a:1");
        assert_eq!(through("http://x.example", &both), "b:2");
        assert_eq!(through("http://x.example", &both[2..]), "c:1080");
        assert_eq!(through("https://x.example", &[("HTTPS_PROXY", "a"), ("https_proxy", "b")]), "a:80");
        assert_eq!(through("https://x.example", &[("HTTPS_PROXY", ""), ("https_proxy", "b")]), "direct");
        assert_eq!(through("http://x.example", &[("HTTP_PROXY", "a:1"), (CGI, "GET")]), "direct");
    }

    #[test]
    fn exceptions_are_reached_directly() {
        for (list, base, expected) in [
            ("*", "http://x.example", "direct"),
            ("*", "http://10.1.2.3", "direct"),
            ("example", "http://x.example", "direct"),
            ("other.example", "http://x.example", "a:1"),
        ] {
            let variables = [("ALL_PROXY", "a:1"), ("no_proxy", list)];
            assert_eq!(through(base, &variables), expected, "{list} {base}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_under_its_variable_and_not_repeated() {
        let no_address = "not the address of a proxy: give http://host:port, https:// or socks5h://";
        for (value, reason) in [
            ("http://", no_address),
            ("http://me:secret@", no_address),
            ("me:secret@proxy:port", no_address),
            (
                "ftp://me:secret@proxy",
                "not a proxy that is supported: http, https, socks4, socks4a, socks5 or socks5h",
            ),
            ("http://me:secret@proxy/path", "leave out what follows the proxy's host and port"),
        ] {
            for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
                let refused = route("http://x.example", &[(name, value)]).expect_err(value);
                assert_eq!(refused, format!("{name}: {reason}"), "{value}");
            }
            // One that does not apply is not looked at.
            assert_eq!(through("http://x.example", &[("HTTPS_PROXY", value)]), "direct");
        }
    }

    #[test]
    fn a_proxy_is_shown_without_its_credentials() {
        let proxy: ProxyUrl = "http://me:secret@proxy.example".parse().expect("a proxy");
        assert_eq!((proxy.to_string(), proxy.has_credentials()), ("proxy.example:80".into(), true));
        assert_eq!(format!("{proxy:?}"), "ProxyUrl(proxy.example:80)");
        let proxy: ProxyUrl = "socks5://[::1]:9".parse().expect("a proxy");
        assert_eq!((proxy.to_string(), proxy.has_credentials()), ("[::1]:9".into(), false));
    }
}
