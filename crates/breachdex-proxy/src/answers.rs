//! The answers that are not the site's: what went wrong, in this proxy's own words.

#![forbid(unsafe_code)]

use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};

use crate::body::{AnswerBody, BodyError};
use crate::headers::BadRequest;
use crate::upstream::UpstreamError;

const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// An answer.
pub(crate) type Answer = Response<AnswerBody>;

/// A sentence. It repeats nothing of the request.
fn sentence(status: StatusCode, text: &'static str) -> Answer {
    let mut response = Response::new(AnswerBody::own(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, PLAIN_TEXT);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    response
}

fn with_retry_after(mut answer: Answer, seconds: u16) -> Answer {
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

/// A request that is not passed on. Its connection is closed, because where it ends may be in doubt.
pub(crate) fn bad_request(bad: BadRequest) -> Answer {
    let mut answer = match bad {
        BadRequest::Method => {
            sentence(StatusCode::METHOD_NOT_ALLOWED, "This proxy does not pass on CONNECT and TRACE\n")
        }
        BadRequest::NoHost => sentence(StatusCode::BAD_REQUEST, "The request names no host\n"),
        BadRequest::SeveralHosts => sentence(StatusCode::BAD_REQUEST, "The request names several hosts\n"),
        BadRequest::BadHost => sentence(StatusCode::BAD_REQUEST, "The host of the request is not valid\n"),
        BadRequest::Expectation => sentence(
            StatusCode::EXPECTATION_FAILED,
            "This proxy knows no other expectation than 100-continue\n",
        ),
        BadRequest::Framing => sentence(
            StatusCode::BAD_REQUEST,
            "The length of the request is not clear: send one Content-Length, or Transfer-Encoding: chunked\n",
        ),
    };
    let headers = answer.headers_mut();
    if bad == BadRequest::Method {
        headers
            .insert(header::ALLOW, HeaderValue::from_static("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"));
    }
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// The site gave no answer.
pub(crate) fn no_answer(error: &UpstreamError) -> Answer {
    match error {
        UpstreamError::Connect(_) => sentence(StatusCode::BAD_GATEWAY, "The site cannot be reached\n"),
        UpstreamError::Broken(_) => {
            sentence(StatusCode::BAD_GATEWAY, "The site did not answer as it should\n")
        }
        UpstreamError::ConnectTimeout => {
            sentence(StatusCode::GATEWAY_TIMEOUT, "The site cannot be reached in time\n")
        }
        UpstreamError::AnswerTimeout => {
            sentence(StatusCode::GATEWAY_TIMEOUT, "The site did not answer in time\n")
        }
        UpstreamError::RequestBody(error) if BodyError::is_late(error) => body_is_late(),
        UpstreamError::RequestBody(_) => body_is_broken(),
    }
}

/// The body of a request did not come.
pub(crate) fn body_is_late() -> Answer {
    let mut answer = sentence(StatusCode::REQUEST_TIMEOUT, "The body of the request did not come\n");
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// The body of a request ended in the middle, or is no HTTP.
pub(crate) fn body_is_broken() -> Answer {
    let text = "The body of the request is not valid HTTP, or was cut off\n";
    let mut answer = sentence(StatusCode::BAD_REQUEST, text);
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// The credentials could not be checked, and the operator chose that such a request is refused.
pub(crate) fn unchecked() -> Answer {
    let text = "The password of this request could not be checked; try again later\n";
    with_retry_after(sentence(StatusCode::SERVICE_UNAVAILABLE, text), 10)
}

/// The radar advises to deny, and the operator chose that.
pub(crate) fn denied(status: StatusCode) -> Answer {
    let text = "Too many attempts to log in have failed from your network; try again later\n";
    with_retry_after(sentence(status, text), 60)
}

/// The connection has too many requests.
pub(crate) fn busy() -> Answer {
    with_retry_after(
        sentence(StatusCode::SERVICE_UNAVAILABLE, "Too many requests are waiting; try again soon\n"),
        1,
    )
}

/// A status page.
pub(crate) fn page(content_type: &'static str, text: String) -> Answer {
    let mut answer = Response::new(AnswerBody::own(text));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    answer
}

/// Whether the proxy answers: 503 once it is about to end, so that a load balancer sends no more.
pub(crate) fn health(is_draining: bool) -> Answer {
    let word = if is_draining { "draining" } else { "ok" };
    let mut answer = page("application/json", format!("{{\"status\":\"{word}\"}}"));
    if is_draining {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    answer
}

/// The site agreed to what nobody asked for.
pub(crate) fn not_understood() -> Answer {
    sentence(StatusCode::BAD_GATEWAY, "The site did not answer as it should\n")
}

/// A page that is not there.
pub(crate) fn no_page() -> Answer {
    sentence(StatusCode::NOT_FOUND, "Here are /healthz and /metrics\n")
}

/// A page that this name may not see.
pub(crate) fn other_host() -> Answer {
    let text =
        "This page is not answered under this host name; its operator can allow the name with --allow-host\n";
    sentence(StatusCode::MISDIRECTED_REQUEST, text)
}
