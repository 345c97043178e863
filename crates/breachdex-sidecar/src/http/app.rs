//! Answers the requests of a socket.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Instant;

use breachdex::ReadMode;
use breachdex::memory::erasing_stack;
use breachdex_http::{Client, Service, Whole};
use breachdex_messages::Language;
use breachdex_policy::Candidate;
use breachdex_radar::{Attempt as Observed, Exposure, Outcome};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Incoming};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Uri, header};

use super::answers::{self, Answer};
use super::problem::Problem;
use super::routes::Route;
use super::state::AppState;
use super::{head, status, upload};
use crate::json::Body;
use crate::judge::{Known, Unavailable, WouldBlock};
use crate::radar;
use crate::requests::{ADVICE, ATTEMPT, Advice, Attempt, CHECK, Check, Judgement, Parsed, VERDICT};

/// Answers the requests of a socket.
pub(crate) struct App {
    state: Arc<AppState>,
    pages: Pages,
}

/// What a socket answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    All,
    /// All but health and metrics, which have a socket of their own.
    Api,
    /// Health and metrics.
    Status,
}

/// What a route does with a body that it has read.
type Answering = fn(&AppState, &Parsed, Language, ReadMode) -> Result<Answer, Stop>;

/// Why there is no answer.
enum Stop {
    WouldBlock,
    Problem(Problem),
}

impl From<WouldBlock> for Stop {
    fn from(_: WouldBlock) -> Self {
        Self::WouldBlock
    }
}

impl<P: Into<Problem>> From<P> for Stop {
    fn from(problem: P) -> Self {
        Self::Problem(problem.into())
    }
}

impl From<Unavailable> for Problem {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl App {
    pub(crate) fn new(state: &Arc<AppState>, pages: Pages) -> Arc<Self> {
        Arc::new(Self { state: Arc::clone(state), pages })
    }

    /// The answer to a request. `is_draining` is what `/healthz` tells.
    pub(crate) async fn respond<B>(&self, request: Request<B>, is_draining: bool) -> Answer
    where
        B: HttpBody<Data = Bytes>,
    {
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let answer = self.answer_to(&parts, body, is_draining).await.unwrap_or_else(Problem::answer);
        let route = Route::of(parts.uri.path());
        self.finish(answer, &parts.method, route, started)
    }

    /// Counts and logs an answer. Neither says what was asked, nor how long it was.
    fn finish(&self, answer: Answer, method: &Method, route: Option<Route>, started: Instant) -> Answer {
        let taken = started.elapsed();
        self.state.metrics.count_request(route, answer.status(), taken);
        tracing::debug!(
            route = route.map_or("other", Route::name),
            status = answer.status().as_u16(),
            microseconds = taken.as_micros() as u64,
            "request"
        );
        if method == Method::HEAD { without_body(answer) } else { answer }
    }

    async fn answer_to<B>(&self, parts: &Parts, body: B, is_draining: bool) -> Result<Answer, Problem>
    where
        B: HttpBody<Data = Bytes>,
    {
        let state = &self.state;
        head::refuse_pages(parts, &state.hosts)?;
        let path = Route::of(parts.uri.path());
        if path != Some(Route::Health) {
            head::authorize(&parts.headers, state.tokens.as_deref())?;
        }
        let is_elsewhere = match self.pages {
            Pages::All => false,
            Pages::Api => path.is_some_and(Route::is_status),
            Pages::Status => !path.is_some_and(Route::is_status),
        };
        if is_elsewhere {
            return Err(Problem::NotFound);
        }
        let route = head::route(parts)?;
        if parts.method == Method::OPTIONS {
            return Ok(options(route));
        }
        let (names, answering): (_, Answering) = match route {
            Route::Check => (&CHECK, check),
            Route::Verdict => (&VERDICT, verdict),
            Route::Attempt => (&ATTEMPT, attempt),
            Route::Advice => (&ADVICE, advice),
            Route::Radar => return Ok(status::radar(state)),
            Route::Health => return Ok(answers::health(is_draining)),
            Route::Metrics => return Ok(status::metrics(state)),
            Route::OpenApi => return Ok(status::openapi()),
        };
        let length = head::expect_json(&parts.headers)?;
        let body: Body = upload::read(body, length, state.body_timeout).await?;
        let parsed = erasing_stack::<STACK, _>(|| Parsed::read(body, names))?;
        let language = parsed.language().or_else(|| head::language(&parts.headers));
        ask(state, parsed, language.unwrap_or_else(|| state.judge.language()), answering).await
    }
}

/// Bytes of the stack that are overwritten after each answer: more than a question takes.
const STACK: usize = 16 << 10;

/// Answers from what is cached, or else on a thread that may wait.
async fn ask(
    state: &Arc<AppState>,
    parsed: Parsed,
    language: Language,
    answering: Answering,
) -> Result<Answer, Problem> {
    match erasing_stack::<STACK, _>(|| answering(state, &parsed, language, ReadMode::Cached)) {
        Ok(answer) => return Ok(answer),
        Err(Stop::Problem(problem)) => return Err(problem),
        Err(Stop::WouldBlock) => {}
    }
    let shared = Arc::clone(state);
    let waiting =
        move || erasing_stack::<STACK, _>(|| answering(&shared, &parsed, language, ReadMode::Blocking));
    match tokio::task::spawn_blocking(waiting).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Stop::Problem(problem))) => Err(problem),
        // The thread panicked, or the runtime ends.
        Ok(Err(Stop::WouldBlock)) | Err(_) => Err(Problem::Unavailable),
    }
}

fn check(state: &AppState, parsed: &Parsed, _: Language, mode: ReadMode) -> Result<Answer, Stop> {
    let asked = Check::of(parsed)?;
    let known = state.judge.look_up(asked.password, mode)?;
    let pair = state.judge.pair(asked.user, asked.password, mode)?;
    let is_unknown = known == Known::Unknown || pair.is_err();
    if is_unknown && state.judge.on_error == breachdex::OnError::Raise {
        return Err(Problem::Unavailable.into());
    }
    Ok(answers::check(known, pair.unwrap_or_default(), !is_unknown))
}

fn verdict(state: &AppState, parsed: &Parsed, language: Language, mode: ReadMode) -> Result<Answer, Stop> {
    let Judgement { event, password, user_name, email } = Judgement::of(parsed)?;
    let candidate = Candidate { user_name, email, ..Candidate::new(password, event) };
    let verdict = state.judge.verdict(&candidate, mode)??;
    state.metrics.count_verdict(&verdict);
    Ok(answers::verdict(&verdict, language))
}

fn attempt(state: &AppState, parsed: &Parsed, language: Language, mode: ReadMode) -> Result<Answer, Stop> {
    let asked = Attempt::of(parsed)?;
    let exposure = match (asked.password, asked.exposure) {
        (Some(password), _) => exposure(state.judge.look_up(password, mode)?),
        (None, told) => told.unwrap_or_default(),
    };
    // A wrong password is never judged: its answer must not differ from that without a policy.
    let password = asked.password.filter(|_| asked.outcome == Outcome::Succeeded);
    let judged = match password {
        None => None,
        Some(password) => {
            let user_name = Some(asked.account).filter(|account| !account.is_empty());
            let candidate =
                Candidate { user_name, email: asked.email, ..Candidate::new(password, asked.event) };
            Some(state.judge.verdict(&candidate, mode)?)
        }
    };
    // From here on nothing is asked that would have to wait: an attempt is told once.
    let observed = Observed {
        time: radar::now(),
        source: asked.source,
        account: asked.account,
        outcome: asked.outcome,
        status: asked.status,
        exposure,
    };
    let seen = state.radar.observe(&observed);
    state.metrics.count_attempt(asked.outcome, &seen.observation);
    let judged = judged.transpose()?;
    if let Some(verdict) = &judged {
        state.metrics.count_verdict(verdict);
    }
    Ok(answers::attempt(judged.as_ref(), &seen, language))
}

/// Tells the radar nothing: the attempt is told once its outcome is known.
fn advice(state: &AppState, parsed: &Parsed, _: Language, _: ReadMode) -> Result<Answer, Stop> {
    let (advice, state) = state.radar.advise(Advice::of(parsed)?.source);
    Ok(answers::advice(advice, state))
}

fn exposure(known: Known) -> Exposure {
    match known {
        Known::Exposed(_) => Exposure::Exposed,
        Known::NotExposed => Exposure::NotExposed,
        Known::Unknown => Exposure::Unknown,
    }
}

/// Which methods a path takes. Nothing about other origins: no page may use this API.
fn options(route: Route) -> Answer {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer.headers_mut().insert(header::ALLOW, route.allowed());
    answer
}

/// What a HEAD is answered with: the length that the body would have, and no body.
fn without_body(answer: Answer) -> Answer {
    let (mut head, body) = answer.into_parts();
    head.headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from(body.len()));
    Answer::from_parts(head, Bytes::new())
}

impl Service for App {
    type Body = Whole;

    fn is_limited(&self, uri: &Uri) -> bool {
        !Route::of(uri.path()).is_some_and(Route::is_status)
    }

    async fn answer(&self, request: Request<Incoming>, client: Client) -> Response<Whole> {
        self.respond(request, client.is_draining()).await.map(Whole::from)
    }

    fn busy(&self, request: &Request<Incoming>) -> Response<Whole> {
        let route = Route::of(request.uri().path());
        self.finish(Problem::Busy.answer(), request.method(), route, Instant::now()).map(Whole::from)
    }
}
