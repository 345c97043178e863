//! Sends one request to the site and waits for the head of its answer.
//!
//! A request is sent again only where that is safe: a kept connection turned out to be closed before anything was sent,
//! or before anything was answered to a `GET` or `HEAD` without a body.

#![forbid(unsafe_code)]

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::{Method, Request, Response, Version};
use tokio::time::timeout;

use super::{Lease, Upstream};
use crate::body::{BodyError, RequestBody};
use crate::headers;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("cannot connect to the site: {0}")]
    Connect(io::Error),
    #[error("cannot connect to the site in time")]
    ConnectTimeout,
    #[error("the site did not answer in time")]
    AnswerTimeout,
    #[error("the site closed the connection, or its answer is no HTTP: {0}")]
    Broken(hyper::Error),
    /// The client's fault, not the site's.
    #[error("the body of the request did not come: {0}")]
    RequestBody(hyper::Error),
}

impl UpstreamError {
    /// Its name in metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::ConnectTimeout => "connect_timeout",
            Self::AnswerTimeout => "answer_timeout",
            Self::Broken(_) => "broken",
            Self::RequestBody(_) => "request_body",
        }
    }
}

/// The head of an answer; its body is still to come.
pub(crate) struct Answered {
    pub(crate) response: Response<Incoming>,
    /// `None` where the connection is not kept.
    pub(crate) lease: Option<Lease>,
    /// Whether the request was sent twice.
    pub(crate) is_retried: bool,
}

/// A `GET` or `HEAD` without a body, which can be sent again.
struct Spare(Request<()>);

impl Spare {
    fn of(request: &Request<RequestBody>) -> Option<Self> {
        let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_safe || !matches!(request.body(), RequestBody::Empty) {
            return None;
        }
        let mut spare = Request::new(());
        *spare.method_mut() = request.method().clone();
        *spare.uri_mut() = request.uri().clone();
        *spare.version_mut() = request.version();
        *spare.headers_mut() = request.headers().clone();
        Some(Self(spare))
    }

    fn into_request(self) -> Request<RequestBody> {
        self.0.map(|()| RequestBody::Empty)
    }
}

impl Upstream {
    /// Sends a request and waits for the head of its answer, which is cleaned of what belongs to the connection.
    /// `is_sent` says when the whole body was taken.
    pub(crate) async fn send(
        &self,
        mut request: Request<RequestBody>,
        is_sent: Arc<AtomicBool>,
    ) -> Result<Answered, UpstreamError> {
        *request.version_mut() = Version::HTTP_11;
        let mut is_retried = false;
        loop {
            let (sender, is_kept) = match self.pool.take().await {
                // Once a kept connection has failed, others may as well.
                Some(sender) if !is_retried => (sender, true),
                _ => (self.connector.connect().await?, false),
            };
            let spare = if is_kept { Spare::of(&request) } else { None };
            match self.exchange(sender, request, &is_sent).await {
                Ok((response, sender)) => return Ok(self.answered(response, sender, is_sent, is_retried)),
                Err((Some(unsent), _)) if is_kept => request = *unsent,
                Err((_, UpstreamError::Broken(error))) if is_kept => match spare {
                    Some(spare) => request = spare.into_request(),
                    None => return Err(UpstreamError::Broken(error)),
                },
                Err((_, error)) => return Err(error),
            }
            is_retried = true;
        }
    }

    /// Returns the request where nothing of it was sent.
    async fn exchange(
        &self,
        mut sender: SendRequest<RequestBody>,
        request: Request<RequestBody>,
        is_sent: &AtomicBool,
    ) -> Result<
        (Response<Incoming>, SendRequest<RequestBody>),
        (Option<Box<Request<RequestBody>>>, UpstreamError),
    > {
        let mut answer = pin!(sender.try_send_request(request));
        let mut was_sent = is_sent.load(Ordering::Acquire);
        let answer = loop {
            match timeout(self.answer_timeout, answer.as_mut()).await {
                // As long as the body comes, the site has nothing to answer; each piece has a time of its own.
                Err(_) if !was_sent => was_sent = is_sent.load(Ordering::Acquire),
                answer => break answer,
            }
        };
        match answer {
            Err(_) => Err((None, UpstreamError::AnswerTimeout)),
            Ok(Ok(response)) => Ok((response, sender)),
            Ok(Err(mut error)) => {
                let unsent = error.take_message().map(Box::new);
                let error = error.into_error();
                let is_of_client = BodyError::is_within(&error);
                let error = if is_of_client {
                    UpstreamError::RequestBody(error)
                } else {
                    UpstreamError::Broken(error)
                };
                Err((unsent, error))
            }
        }
    }

    fn answered(
        &self,
        mut response: Response<Incoming>,
        sender: SendRequest<RequestBody>,
        is_sent: Arc<AtomicBool>,
        is_retried: bool,
    ) -> Answered {
        let is_upgrade = response.status() == hyper::StatusCode::SWITCHING_PROTOCOLS;
        let (closes, keeps) = headers::prepare_answer(response.headers_mut());
        let is_old = response.version() < Version::HTTP_11;
        let lease = (!closes && !is_old && !is_upgrade).then(|| self.pool.lease(sender, is_sent, keeps));
        Answered { response, lease, is_retried }
    }
}
