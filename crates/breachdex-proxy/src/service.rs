//! What the sockets answer: the proxy on those for clients, status pages on those for operators.

#![forbid(unsafe_code)]

use std::sync::Arc;

use breachdex_http::{Client, HostNames, Service};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Uri};

use crate::answers::{self, Answer};
use crate::body::AnswerBody;
use crate::metrics::Metrics;
use crate::proxy::Proxy;

/// What a socket answers.
pub(crate) enum Surface {
    Proxy(Arc<Proxy>),
    Status { metrics: Arc<Metrics>, hosts: HostNames },
}

impl Service for Surface {
    type Body = AnswerBody;

    fn is_limited(&self, _: &Uri) -> bool {
        false
    }

    async fn answer(&self, request: Request<Incoming>, client: Client) -> Answer {
        match self {
            Self::Proxy(proxy) => proxy.answer(request, client).await,
            Self::Status { metrics, hosts } => status(metrics, hosts, &request, client.is_draining()),
        }
    }

    fn busy(&self, _: &Request<Incoming>) -> Answer {
        answers::busy()
    }
}

fn status(metrics: &Metrics, hosts: &HostNames, request: &Request<Incoming>, is_draining: bool) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return answers::no_page();
    }
    let mut answer = match request.uri().path() {
        "/healthz" => answers::health(is_draining),
        "/metrics" if !is_of_this_origin(hosts, request) => answers::other_host(),
        "/metrics" => {
            let text = metrics.render();
            answers::page("application/openmetrics-text; version=1.0.0; charset=utf-8", text)
        }
        _ => answers::no_page(),
    };
    if request.method() == Method::HEAD {
        let length = hyper::body::Body::size_hint(answer.body()).exact().unwrap_or_default();
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        answer = answer.map(|_| AnswerBody::own(""));
    }
    answer
}

/// Whether the request can come from no page of another site (DNS rebinding).
fn is_of_this_origin(hosts: &HostNames, request: &Request<Incoming>) -> bool {
    let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    matches!(site, None | Some(b"same-origin" | b"none")) && hosts.allow(request.uri(), request.headers())
}
