//! What the settings of the environment must not be.

#![forbid(unsafe_code)]

/// Session tokens travel in the clear over http: only to this machine, unless the settings allow it.
pub(crate) fn refuse_plain_http(variable: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
    let endpoints = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
    let Some(endpoint) = endpoints.into_iter().find_map(variable) else { return Ok(()) };
    let Some((scheme, rest)) = endpoint.split_once("://") else { return Ok(()) };
    if !scheme.eq_ignore_ascii_case("http") {
        return Ok(());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host =
        authority.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(authority, |(host, _)| host);
    let is_here = matches!(host, "localhost" | "[::1]")
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    let is_allowed = variable("AWS_ALLOW_HTTP").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_here || is_allowed {
        return Ok(());
    }
    Err(String::from(
        "AWS_ENDPOINT_URL has http, which others can listen to; use https, or set AWS_ALLOW_HTTP=true",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine() {
        let refused = |endpoint: &str, allow: &str| {
            let variable = |name: &str| match name {
                "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
                "AWS_ALLOW_HTTP" => Some(allow.to_owned()),
                _ => None,
            };
            refuse_plain_http(&variable).is_err()
        };
        assert!(!refused("https://store.example", ""));
        assert!(!refused("http://127.0.0.1:9000", ""));
        assert!(!refused("http://localhost:9000/", ""));
        assert!(!refused("http://store.example:9000", "true"));
        assert!(refused("http://store.example:9000", "no"));
        assert!(refused("HTTP://store.example", ""));
        assert!(refused("http://localhost.store.example", ""));
        assert!(refused("http://127.store.example", ""));
        assert!(!refused("http://[::1]:9000", ""));
    }
}
