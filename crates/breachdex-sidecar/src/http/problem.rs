//! Problems (RFC 9457): why a request has no answer, without a word of what it sent.

#![forbid(unsafe_code)]

use hyper::StatusCode;
use hyper::header::{self, HeaderName, HeaderValue};

use super::answers::{self, Answer};
use super::object::Object;
use super::routes::Route;
use crate::json::{Fault, MOST_BYTES};

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The body cannot be read.
    Body(Fault),
    /// The connection ended within the body.
    Incomplete,
    TooLarge,
    Timeout,
    ContentType,
    ContentEncoding,
    Query,
    Unauthorized,
    CrossSite,
    Host,
    NotFound,
    Method(Route),
    Busy,
    Unavailable,
}

impl Problem {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Body(_) | Self::Incomplete | Self::Query => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::ContentType | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Body(fault) => fault.name(),
            Self::Incomplete => "incomplete-body",
            Self::TooLarge => "body-too-large",
            Self::Timeout => "body-timeout",
            Self::ContentType => "content-type",
            Self::ContentEncoding => "content-encoding",
            Self::Query => "query",
            Self::Unauthorized => "unauthorized",
            Self::CrossSite => "cross-site",
            Self::Host => "host-name",
            Self::NotFound => "not-found",
            Self::Method(_) => "method",
            Self::Busy => "busy",
            Self::Unavailable => "index-unavailable",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Body(_) | Self::Incomplete => "The body cannot be read",
            Self::TooLarge => "The body is too large",
            Self::Timeout => "The body did not arrive in time",
            Self::ContentType | Self::ContentEncoding => "The body is no JSON in UTF-8",
            Self::Query => "There is a query",
            Self::Unauthorized => "The bearer token is missing or wrong",
            Self::CrossSite => "Web pages cannot use this API",
            Self::Host => "Another host name is needed",
            Self::NotFound => "There is no such path",
            Self::Method(_) => "The method is not allowed",
            Self::Busy => "There is no room for this request",
            Self::Unavailable => "The password cannot be checked",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Body(fault) => fault.to_string(),
            Self::Incomplete => String::from("the body ended before its end"),
            Self::TooLarge => format!("a body may have {MOST_BYTES} bytes"),
            Self::Timeout => String::from("send the body at once; --body-timeout says how long it may take"),
            Self::ContentType => {
                String::from("send content-type: application/json, without a charset or with charset=utf-8")
            }
            Self::ContentEncoding => String::from("send the body without a content-encoding"),
            Self::Query => {
                String::from("this API takes no query: a password in a URL would be kept by logs on its way")
            }
            Self::Unauthorized => String::from("send authorization: Bearer with a token of --token-file"),
            Self::CrossSite => {
                String::from("the request comes from a page of another site; call this API from your server")
            }
            Self::Host => String::from(
                "this server does not answer under this host name; its operator can allow the name with --allow-host",
            ),
            Self::NotFound => String::from("see /openapi.json for the paths that there are"),
            Self::Method(route) => format!("{} takes {}", route.path(), route.methods()),
            Self::Busy => String::from("too many requests wait; try again shortly"),
            Self::Unavailable => String::from("the index cannot be read; the sidecar's log has the reason"),
        }
    }

    /// The answer.
    pub(crate) fn answer(self) -> Answer {
        let mut body = Vec::with_capacity(256);
        Object::write(&mut body, |object| {
            object.text("type", &format!("urn:breachdex:problem:{}", self.name()));
            object.text("title", self.title());
            object.number("status", Some(u64::from(self.status().as_u16())));
            object.text("detail", &self.detail());
        });
        let mut answer = answers::answer(self.status(), PROBLEM_JSON, body);
        let (name, value): (HeaderName, HeaderValue) = match self {
            Self::Unauthorized => {
                (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"breachdex\""))
            }
            Self::Method(route) => (header::ALLOW, route.allowed()),
            Self::Busy => (header::RETRY_AFTER, HeaderValue::from_static("1")),
            Self::Unavailable => (header::RETRY_AFTER, HeaderValue::from_static("10")),
            Self::ContentEncoding => (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
            // What is left of the body is not read.
            Self::TooLarge | Self::Timeout | Self::Incomplete => {
                (header::CONNECTION, HeaderValue::from_static("close"))
            }
            _ => return answer,
        };
        answer.headers_mut().insert(name, value);
        answer
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Body(fault)
    }
}
