//! One request on its way to the site, and the answer on its way back.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use breachdex::LogThrottle;
use breachdex_http::Client;
use breachdex_radar::Outcome;
use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, StatusCode, Uri};
use tokio::sync::oneshot;

use crate::answers::{self, Answer};
use crate::attempt::{PendingAttempt, RadarFeed};
use crate::body::{AnswerBody, Budget, Continue, RequestBody, SiteBody, Streamed};
use crate::check::Checker;
use crate::error::ProxyError;
use crate::failed_when::{FailedWhen, Judgement, judge};
use crate::headers::{self, BadRequest, Peer, Upgrade};
use crate::inspect::Inspected;
use crate::metrics::Metrics;
use crate::options::{FailMode, ProxyOptions};
use crate::rule::Rules;
use crate::upgrade;
use crate::upstream::{Upstream, UpstreamError};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) rules: Rules,
    pub(crate) checker: Arc<Checker>,
    pub(crate) radar: Option<Arc<RadarFeed>>,
    pub(crate) failed_when: Vec<FailedWhen>,
    pub(crate) tells_radar: bool,
    pub(crate) deny: Option<StatusCode>,
    pub(crate) on_error: FailMode,
    pub(crate) most_body: usize,
    pub(crate) bodies: Budget,
    pub(crate) body_timeout: Duration,
    pub(crate) metrics: Arc<Metrics>,
    /// For credentials that could not be read or checked.
    pub(crate) unchecked: LogThrottle,
    upstream: Upstream,
    stream_timeout: Duration,
    /// For a site that does not answer.
    no_answer: LogThrottle,
}

impl Proxy {
    pub(crate) fn new(options: &ProxyOptions, metrics: Arc<Metrics>) -> Result<Self, ProxyError> {
        let check = &options.check;
        if check.rules.is_empty() {
            return Err(ProxyError::NoRules);
        }
        let radar = options.radar.as_ref();
        Ok(Self {
            rules: Rules::new(check.rules.clone()),
            checker: Arc::new(Checker::new(&check.corpus, check.min_count, check.timeout)),
            radar: radar.map(|options| RadarFeed::new(options, metrics.radar.clone())).transpose()?,
            failed_when: radar.map_or_else(Vec::new, |radar| radar.failed_when.clone()),
            tells_radar: radar.is_some_and(|radar| radar.tells_site),
            deny: radar.and_then(|radar| radar.deny),
            on_error: check.on_error,
            most_body: check.most_body,
            bodies: Budget::new(check.most_bodies),
            body_timeout: check.body_timeout,
            upstream: Upstream::new(&options.upstream)?,
            stream_timeout: options.stream_timeout,
            metrics,
            unchecked: LogThrottle::new(Duration::from_secs(60)),
            no_answer: LogThrottle::new(Duration::from_secs(1)),
        })
    }

    /// Passes a request on and returns the answer.
    pub(crate) async fn answer(&self, mut request: Request<Incoming>, client: Client) -> Answer {
        self.metrics.requests.inc();
        let named = headers::check(request.method(), request.uri(), request.version(), request.headers());
        let host = match named {
            Ok(Some(host)) => host,
            Ok(None) => HeaderValue::from_str(&self.upstream.authority())
                .unwrap_or(HeaderValue::from_static("localhost")),
            Err(bad) => return self.refuse(bad),
        };
        let peer = Peer {
            address: client.peer(),
            client: client.address(),
            is_trusted: client.is_proxied(),
            is_tls: client.is_https(),
        };
        let cleaned = headers::prepare_request(request.headers_mut(), &host, &peer);
        if cleaned.stripped > 0 {
            self.metrics.stripped.inc_by(cleaned.stripped as u64);
        }
        let on_upgrade = cleaned.upgrade.map(|_| hyper::upgrade::on(&mut request));
        let (mut parts, body) = request.into_parts();
        parts.extensions.clear();
        let rules = self.rules.matching(&parts.method, parts.uri.path());
        let inspected = match rules.is_empty() {
            true => Inspected::passed(body),
            false => match self.inspect(&rules, &mut parts, body, peer.client, &client).await {
                Ok(inspected) => inspected,
                Err(answer) => return *answer,
            },
        };
        let Inspected { body, attempt, failed_when } = inspected;
        let is_sent = Arc::new(AtomicBool::new(false));
        let request = self.outgoing(parts, body, &is_sent, &client);
        match self.upstream.send(request, is_sent).await {
            Ok(answered) => {
                if answered.is_retried {
                    self.metrics.retries.inc();
                }
                let (response, lease) = (answered.response, answered.lease);
                match (on_upgrade, cleaned.upgrade) {
                    (Some(on_client), Some(protocol))
                        if response.status() == StatusCode::SWITCHING_PROTOCOLS =>
                    {
                        self.upgraded(response, on_client, protocol, client)
                    }
                    // Nobody asked for it.
                    _ if response.status() == StatusCode::SWITCHING_PROTOCOLS => self.unasked_upgrade(),
                    _ => {
                        let conditions =
                            failed_when.filter(|own| !own.is_empty()).unwrap_or(&self.failed_when);
                        let attempt = attempt.and_then(|attempt| {
                            judged(attempt, conditions, response.status(), response.headers())
                        });
                        let limit = self.stream_timeout;
                        response.map(|body| AnswerBody::of_site(SiteBody::new(body, lease, attempt, limit)))
                    }
                }
            }
            Err(error) => self.no_answer(&error),
        }
    }

    fn refuse(&self, bad: BadRequest) -> Answer {
        self.metrics.count_refused("bad_request");
        answers::bad_request(bad)
    }

    fn no_answer(&self, error: &UpstreamError) -> Answer {
        self.metrics.count_upstream_error(error);
        let is_of_client = matches!(error, UpstreamError::RequestBody(_));
        if !is_of_client && let Some(suppressed) = self.no_answer.allow() {
            tracing::error!(suppressed, "{error}");
        }
        answers::no_answer(error)
    }

    /// The request as the site gets it.
    fn outgoing(
        &self,
        mut parts: Parts,
        body: PassedBody,
        is_sent: &Arc<AtomicBool>,
        client: &Client,
    ) -> Request<RequestBody> {
        parts.uri = origin_form(parts.uri);
        let mut go_on = None;
        let body = match body {
            PassedBody::Whole { bytes, trailers } => {
                is_sent.store(true, std::sync::atomic::Ordering::Release);
                parts.headers.remove(header::EXPECT);
                if trailers.is_some() {
                    chunked(&mut parts.headers);
                }
                RequestBody::Whole { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), trailers }
            }
            PassedBody::Streamed { first, rest } if first.is_empty() && rest.is_end_stream() => {
                is_sent.store(true, std::sync::atomic::Ordering::Release);
                parts.headers.remove(header::EXPECT);
                RequestBody::Empty
            }
            PassedBody::Streamed { first, rest } => {
                if !parts.headers.contains_key(header::CONTENT_LENGTH) {
                    chunked(&mut parts.headers);
                }
                let waits = if parts.headers.contains_key(header::EXPECT) && first.is_empty() {
                    let (say, said) = oneshot::channel();
                    go_on = Some(say);
                    Some(Continue::new(said))
                } else {
                    parts.headers.remove(header::EXPECT);
                    None
                };
                let client = client.clone();
                let progress = Box::new(move || client.progressed());
                let streamed =
                    Streamed::new(first, rest, self.stream_timeout, waits, Arc::clone(is_sent), progress);
                RequestBody::Streamed(Box::new(streamed))
            }
        };
        let mut request = Request::from_parts(parts, body);
        if let Some(say) = go_on {
            let say = std::sync::Mutex::new(Some(say));
            hyper::ext::on_informational(&mut request, move |answer| {
                let is_continue = answer.status() == StatusCode::CONTINUE;
                let say = say.lock().ok().filter(|_| is_continue).and_then(|mut say| say.take());
                if let Some(say) = say {
                    let _ = say.send(());
                }
            });
        }
        request
    }

    /// Both sides have agreed: from here on bytes are carried. The client's place among the connections stays taken.
    fn upgraded(
        &self,
        mut response: hyper::Response<Incoming>,
        on_client: OnUpgrade,
        protocol: Upgrade,
        client: Client,
    ) -> Answer {
        let on_site = hyper::upgrade::on(&mut response);
        let open = self.metrics.upgraded.clone();
        tokio::spawn(upgrade::carry(on_client, on_site, self.stream_timeout, open, client));
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        match protocol {
            Upgrade::WebSocket => headers.insert(header::UPGRADE, HeaderValue::from_static("websocket")),
        };
        response.map(|_| AnswerBody::own(Bytes::new()))
    }

    fn unasked_upgrade(&self) -> Answer {
        self.metrics.count_refused("unasked_upgrade");
        answers::not_understood()
    }
}

/// A body before it is known how it is sent.
pub(crate) enum PassedBody {
    Whole { bytes: Bytes, trailers: Option<HeaderMap> },
    Streamed { first: Bytes, rest: Incoming },
}

/// The target without the name of the site, which `Host` says.
fn origin_form(uri: Uri) -> Uri {
    if uri.authority().is_none() {
        return uri;
    }
    match uri.into_parts().path_and_query {
        Some(target) => Uri::from(target),
        None => Uri::from_static("/"),
    }
}

/// Has a body of unknown length be sent, whatever the method.
fn chunked(headers: &mut HeaderMap) {
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
}

/// Tells the radar how an attempt ended, or returns it where the body is still to tell.
fn judged(
    attempt: PendingAttempt,
    conditions: &[FailedWhen],
    status: StatusCode,
    headers: &HeaderMap,
) -> Option<PendingAttempt> {
    match judge(conditions, status, headers) {
        Judgement::Failed => attempt.decide(Outcome::Failed),
        Judgement::Succeeded => attempt.decide(Outcome::Succeeded),
        Judgement::Neither => {}
        // What is coded cannot be searched; the site was asked not to.
        Judgement::Body(_) if headers.contains_key(header::CONTENT_ENCODING) => {}
        Judgement::Body(texts) => return Some(attempt.look_for(texts)),
    }
    None
}
