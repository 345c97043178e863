//! Parses a request for a range: prefix, kind, padding, encoding, conditions.

#![forbid(unsafe_code)]

use std::time::SystemTime;

use breachdex::Kind;
use breachdex_protocol::{PREFIX_DIGITS, entity_tag, padding};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Uri};

use super::negotiation::Encoding;

/// A request for a range.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) kind: Kind,
    /// 20 bits.
    pub(super) prefix: u32,
    pub(super) padded: bool,
    pub(super) encoding: Encoding,
    pub(super) conditions: Conditions,
}

/// Why a prefix is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadPrefix {
    /// Not five characters.
    Length,
    /// Five, but not all hexadecimal digits.
    Digits,
}

impl Question {
    pub(super) fn read(uri: &Uri, headers: &HeaderMap) -> Result<Self, BadPrefix> {
        let padding_header = HeaderName::from_static(padding::ADD_PADDING);
        let padded = headers.get(padding_header).is_some_and(|value| padding::is_requested(value.as_bytes()));
        Ok(Self {
            kind: kind(uri.query()),
            prefix: prefix(uri.path())?,
            padded,
            encoding: Encoding::choose(
                headers.get_all(header::ACCEPT_ENCODING).iter().map(HeaderValue::as_bytes),
            ),
            conditions: Conditions::read(headers),
        })
    }
}

/// What stands behind `/range/`.
fn prefix(path: &str) -> Result<u32, BadPrefix> {
    let digits = path.strip_prefix("/range/").unwrap_or_default();
    if digits.len() != PREFIX_DIGITS {
        return Err(BadPrefix::Length);
    }
    // A number may begin with a plus sign, a prefix may not.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(BadPrefix::Digits);
    }
    u32::from_str_radix(digits, 16).map_err(|_| BadPrefix::Digits)
}

/// NTLM for `mode=ntlm` to the letter, where `mode` is named several times by the first; else SHA-1.
fn kind(query: Option<&str>) -> Kind {
    let mode = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("mode="));
    if mode == Some("ntlm") { Kind::Ntlm } else { Kind::Sha1 }
}

/// What the client has already.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    tags: Vec<HeaderValue>,
    since: Option<SystemTime>,
}

impl Conditions {
    fn read(headers: &HeaderMap) -> Self {
        let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        Self {
            tags: headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect(),
            since: since.and_then(|text| httpdate::parse_http_date(text).ok()),
        }
    }

    /// Whether the client has what `tag` and `modified` describe. Tags decide alone where there are any.
    pub(super) fn hold(&self, tag: &HeaderValue, modified: Option<SystemTime>) -> bool {
        if !self.tags.is_empty() {
            return self.tags.iter().any(|tags| entity_tag::is_named(tags.as_bytes(), tag.as_bytes()));
        }
        matches!((self.since, modified), (Some(since), Some(modified)) if modified <= since)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn prefixes_are_five_digits_of_any_case() {
        assert_eq!(prefix("/range/21BD1"), Ok(0x21BD1));
        assert_eq!(prefix("/range/abcde"), Ok(0xABCDE));
        for short_or_long in ["/range/", "/range/21BD", "/range/21BD10", "/range/21BD1/", "/range/ÄÄÄ"] {
            assert_eq!(prefix(short_or_long), Err(BadPrefix::Length), "{short_or_long}");
        }
        for odd in ["/range/21BDG", "/range/+1BD1", "/range/-1BD1", "/range/ÄÄ1", "/range/%3111"] {
            assert_eq!(prefix(odd), Err(BadPrefix::Digits), "{odd}");
        }
    }

    #[test]
    fn only_mode_ntlm_to_the_letter_is_ntlm() {
        for ntlm in ["mode=ntlm", "mode=ntlm&x=1", "x=1&mode=ntlm", "mode=ntlm&mode=sha1"] {
            assert_eq!(kind(Some(ntlm)), Kind::Ntlm, "{ntlm}");
        }
        assert_eq!(kind(None), Kind::Sha1);
        for sha1 in
            ["", "mode", "mode=", "mode=sha1", "mode=NTLM", "Mode=ntlm", "mode=ntlm2", "mode=sha1&mode=ntlm"]
        {
            assert_eq!(kind(Some(sha1)), Kind::Sha1, "{sha1}");
        }
    }

    fn conditions(headers: &[(HeaderName, &'static str)]) -> Conditions {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Conditions::read(&headers.collect())
    }

    #[test]
    fn tags_decide_before_times_and_several_headers_are_one_list() {
        let tag = HeaderValue::from_static("\"a\"");
        let modified = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(86_400));
        let (none_match, since) = (header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE);
        let day_two = "Fri, 02 Jan 1970 00:00:00 GMT";
        let day_one = "Thu, 01 Jan 1970 23:59:59 GMT";
        for (headers, expected) in [
            (&[][..], false),
            (&[(none_match.clone(), "\"a\"")], true),
            (&[(none_match.clone(), "\"b\"")], false),
            (&[(none_match.clone(), "\"b\""), (none_match.clone(), "\"a\"")], true),
            (&[(none_match.clone(), "\"b\""), (since.clone(), day_two)], false),
            (&[(since.clone(), day_two)], true),
            (&[(since.clone(), day_one)], false),
            (&[(since.clone(), "yesterday")], false),
        ] {
            assert_eq!(conditions(headers).hold(&tag, modified), expected, "{headers:?}");
        }
        assert!(!conditions(&[(since, day_two)]).hold(&tag, None));
    }
}
