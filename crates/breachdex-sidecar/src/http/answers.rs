//! The answers in JSON.

#![forbid(unsafe_code)]

use breachdex::PairMatch;
use breachdex_messages::Language;
use breachdex_pairs::exposed_credential_check;
use breachdex_policy::{Fact, Reason, Verdict};
use breachdex_radar::{Advice, Episode, Reason as Signal, State, Status, Time};
use bytes::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::object::Object;
use crate::judge::Known;
use crate::radar::{Overview, Seen};

/// An answer: its body is whole before it is sent.
pub(crate) type Answer = Response<Bytes>;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// Why something could not be determined, as callers are told.
const FAULT: &str = "the index cannot be read; the sidecar's log has the reason";

/// An answer with the headers that all have.
pub(super) fn answer(status: StatusCode, content_type: HeaderValue, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.reserve(8);
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    headers.insert(RESOURCE_POLICY, SAME_ORIGIN);
    answer
}

fn object(fields: impl FnOnce(&mut Object<'_>)) -> Answer {
    let mut body = Vec::with_capacity(512);
    Object::write(&mut body, fields);
    answer(StatusCode::OK, JSON, body)
}

fn with_language(mut answer: Answer, language: Language) -> Answer {
    if let Ok(code) = HeaderValue::from_str(language.code()) {
        answer.headers_mut().insert(header::CONTENT_LANGUAGE, code);
    }
    answer
}

/// `POST /v1/check`. `is_whole` says whether all pairs could be asked.
pub(super) fn check(known: Known, pair: Option<PairMatch>, is_whole: bool) -> Answer {
    object(|object| {
        let (exposed, form) = match known {
            Known::Exposed(form) => (Some(true), Some(form.name())),
            Known::NotExposed => (Some(false), None),
            Known::Unknown => (None, None),
        };
        object.flag("exposed", exposed);
        object.word("form", form);
        object.word("pair", pair.map(PairMatch::name));
        let header = exposed_credential_check(pair, exposed == Some(true));
        object.number("header", header.map(u64::from));
        if exposed.is_none() || !is_whole {
            object.text("fault", FAULT);
        }
    })
}

/// `POST /v1/verdict`.
pub(super) fn verdict(verdict: &Verdict, language: Language) -> Answer {
    with_language(object(|object| write_verdict(object, verdict, language)), language)
}

fn write_verdict(object: &mut Object<'_>, verdict: &Verdict, language: Language) {
    object.word("event", Some(verdict.event().name()));
    object.word("action", Some(verdict.action().name()));
    object.flag("accepted", Some(verdict.accepted()));
    object.objects("reasons", verdict.reasons(), write_reason);
    object.texts("messages", verdict.messages(language));
}

fn write_reason(object: &mut Object<'_>, reason: &Reason) {
    object.word("code", Some(reason.code().name()));
    object.word("action", Some(reason.action.name()));
    for (name, fact) in reason.finding.facts() {
        match fact {
            Fact::Number(number) => object.number(name, number),
            Fact::Text(text) => object.text(name, text),
            // As in Python, where a reason does not have it.
            Fact::Flag(_) if name == "partial" => {}
            Fact::Flag(flag) => object.flag(name, Some(flag)),
        }
    }
}

/// `POST /v1/attempt`.
pub(super) fn attempt(judged: Option<&Verdict>, seen: &Seen, language: Language) -> Answer {
    let answer = object(|object| {
        match judged {
            Some(verdict) => object.object("verdict", |object| write_verdict(object, verdict, language)),
            None => object.null("verdict"),
        }
        object.object("radar", |object| {
            let observation = &seen.observation;
            object.word("state", Some(observation.state.name()));
            object.word("advice", Some(observation.advice.name()));
            object.objects("reasons", &seen.status.reasons, write_signal);
            object.number("since", since(&seen.status));
            object.word("source", Some(observation.source.name()));
            object.flag("is_suspect", Some(observation.is_suspect));
            object.flag("is_suspect_log_in", Some(observation.is_suspect_log_in));
        });
    });
    if judged.is_some() { with_language(answer, language) } else { answer }
}

/// `POST /v1/advice`.
pub(super) fn advice(advice: Advice, state: State) -> Answer {
    object(|object| {
        object.word("advice", Some(advice.name()));
        object.word("state", Some(state.name()));
    })
}

fn since(status: &Status) -> Option<u64> {
    status.since.filter(|_| status.state != State::Quiet).map(Time::unix)
}

fn write_signal(object: &mut Object<'_>, signal: &Signal) {
    object.word("reason", Some(signal.name()));
    match *signal {
        Signal::SiteExposed { usual, attack } | Signal::SiteUnknownAccounts { usual, attack } => {
            object.share("usual_share", usual);
            object.share("attack_share", attack);
        }
        Signal::Sources { count } => object.number("count", Some(u64::from(count))),
        _ => {}
    }
}

/// `GET /v1/radar`.
pub(super) fn radar(overview: &Overview, attempts: u64) -> Answer {
    object(|object| {
        let status = &overview.status;
        object.word("state", Some(status.state.name()));
        object.number("since", since(status));
        object.number("raised", status.raised.map(Time::unix));
        object.objects("reasons", &status.reasons, write_signal);
        object.number("attempts", Some(attempts));
        object.number("memory", Some(overview.memory as u64));
        object.objects("episodes", &overview.episodes, write_episode);
    })
}

fn write_episode(object: &mut Object<'_>, episode: &Episode) {
    object.number("since", Some(episode.since.unix()));
    object.number("raised", Some(episode.raised.unix()));
    object.number("until", episode.until.map(Time::unix));
    object.number("failures", Some(episode.failures));
    object.number("successes", Some(episode.successes));
    object.number("sources", Some(u64::from(episode.sources)));
    object.flag("site_wide", Some(episode.is_site_wide));
}

/// `GET /healthz`: 503 once the sidecar is about to end.
pub(super) fn health(is_draining: bool) -> Answer {
    let mut answer =
        object(|object| object.word("status", Some(if is_draining { "draining" } else { "ok" })));
    if is_draining {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    answer
}
