//! A sign-up or log-in before it is passed on: its credentials are read and checked, the site and the radar are told.

#![forbid(unsafe_code)]

use std::net::IpAddr;

use breachdex::memory::erasing_stack;
use breachdex_http::Client;
use breachdex_radar::{Advice, Exposure};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;

use crate::answers::{self, Answer};
use crate::attempt::{PendingAttempt, source_name, state_of};
use crate::body::{Buffered, buffer};
use crate::check::STACK;
use crate::failed_when::FailedWhen;
use crate::fields::{Fields, Unread};
use crate::headers::{CREDENTIAL_CHECK, RADAR};
use crate::metrics::CheckResult;
use crate::options::FailMode;
use crate::proxy::{PassedBody, Proxy};
use crate::rule::{Event, Rule};

/// A request that may be passed on.
pub(crate) struct Inspected<'a> {
    pub(crate) body: PassedBody,
    /// A log-in that the radar is told of.
    pub(crate) attempt: Option<PendingAttempt>,
    /// The rule's own conditions.
    pub(crate) failed_when: Option<&'a [FailedWhen]>,
}

impl Inspected<'_> {
    /// A request that carries no credentials.
    pub(crate) fn passed(body: Incoming) -> Self {
        let body = PassedBody::Streamed { first: Bytes::new(), rest: body };
        Self { body, attempt: None, failed_when: None }
    }
}

/// The credentials of a request, and the rule that says what they are for.
struct Found<'a> {
    rule: &'a Rule,
    fields: Fields,
}

impl<'a> Found<'a> {
    /// Reads the fields of all rules that a request matches, of which there is one.
    fn read(rules: &[&'a Rule], parts: &Parts, body: &[u8]) -> Self {
        let of = |rule: &Rule| {
            let query = parts.uri.query();
            let types = parts.headers.get_all(header::CONTENT_TYPE).iter().map(HeaderValue::as_bytes);
            Fields::read(rule.user(), rule.password(), query, types, body)
        };
        let mut found = Self { rule: rules[0], fields: of(rules[0]) };
        for rule in &rules[1..] {
            let fields = of(rule);
            if found.fields.passwords.is_empty() && !fields.passwords.is_empty() {
                found.rule = rule;
            }
            found.fields.append(fields);
        }
        found
    }
}

impl Proxy {
    /// Reads and checks the credentials of a request, and adds what is known to its headers. `rules` are those that it
    /// matches: the fields of all are looked up, because which of them the site reads may depend on other fields, and the first
    /// with a password says what the request is for.
    pub(crate) async fn inspect<'a>(
        &self,
        rules: &[&'a Rule],
        parts: &mut Parts,
        body: Incoming,
        source: Option<IpAddr>,
        client: &Client,
    ) -> Result<Inspected<'a>, Box<Answer>> {
        if rules.iter().any(|rule| rule.event() == Event::LogIn) {
            self.heed_radar(parts, source)?;
        }
        let (body, Found { rule, fields }) = self.read(rules, parts, body, client).await?;
        let mut unread = fields.unread;
        if let Some(unread) = unread {
            self.metrics.count_unread(unread);
        }
        let (has_password, are_all_read) = (!fields.passwords.is_empty(), unread.is_none());
        let (checked, fields) = self.checker.check(fields).await;
        let checked = if unread.is_some() { checked.with_unread() } else { checked };
        let result = match (checked.header, checked.exposure) {
            (Some(value), _) => CheckResult::Exposed(value),
            (None, Exposure::NotExposed) if has_password => CheckResult::NotExposed,
            (None, Exposure::NotExposed) => CheckResult::NoPassword,
            (None, _) => CheckResult::Unknown,
        };
        self.metrics.count_check(rule.event(), result);
        if let Some(value) = checked.header {
            parts.headers.insert(CREDENTIAL_CHECK, HeaderValue::from(u16::from(value)));
        }
        if checked.exposure == Exposure::Unknown {
            self.is_unchecked(unread.take())?;
        }
        let attempt = match &self.radar {
            Some(feed) if rule.event() == Event::LogIn && result != CheckResult::NoPassword => {
                let users = fields.as_ref().filter(|_| are_all_read).map_or(&[][..], |fields| &fields.users);
                Some(PendingAttempt::new(feed, source, users, checked.exposure))
            }
            _ => None,
        };
        let conditions = if rule.failed_when().is_empty() { &self.failed_when } else { rule.failed_when() };
        let looks_at_body =
            conditions.iter().any(|condition| matches!(condition, FailedWhen::BodyContains(_)));
        if attempt.is_some() && looks_at_body {
            parts.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        Ok(Inspected { body, attempt, failed_when: Some(rule.failed_when()) })
    }

    /// Tells the site how the radar sees the client, and denies if the operator chose that.
    fn heed_radar(&self, parts: &mut Parts, source: Option<IpAddr>) -> Result<(), Box<Answer>> {
        let Some(feed) = &self.radar else { return Ok(()) };
        let advice = source.map_or(Advice::Allow, |source| feed.advise(&source_name(source)));
        if let Some(status) = self.deny.filter(|_| advice == Advice::Deny) {
            // Not told to the radar: it would go on for as long as anybody behind this address tries.
            self.metrics.count_check(Event::LogIn, CheckResult::Denied);
            self.metrics.count_refused("denied");
            return Err(Box::new(answers::denied(status)));
        }
        if self.tells_radar {
            parts.headers.insert(RADAR, HeaderValue::from_static(state_of(advice).name()));
        }
        Ok(())
    }

    /// Reads the body, as far as that is possible.
    async fn read<'a>(
        &self,
        rules: &[&'a Rule],
        parts: &Parts,
        body: Incoming,
        client: &Client,
    ) -> Result<(PassedBody, Found<'a>), Box<Answer>> {
        let of = |body: &[u8]| Found::read(rules, parts, body);
        let unread = |unread| {
            let mut found = of(b"");
            found.fields.unread = Some(unread);
            found
        };
        if is_coded(&parts.headers) {
            let body = PassedBody::Streamed { first: Bytes::new(), rest: body };
            return Ok((body, unread(Unread::ContentEncoding)));
        }
        let progress = || client.progressed();
        match buffer(body, self.most_body, &self.bodies, self.body_timeout, progress).await {
            Buffered::Whole { bytes, trailers } => {
                let found = erasing_stack::<STACK, _>(|| of(&bytes));
                Ok((PassedBody::Whole { bytes, trailers }, found))
            }
            Buffered::Larger { first, rest, is_over_budget } => {
                let why = if is_over_budget { Unread::OutOfMemory } else { Unread::TooLarge };
                Ok((PassedBody::Streamed { first, rest }, unread(why)))
            }
            Buffered::TimedOut => {
                self.metrics.count_unread(Unread::TimedOut);
                self.metrics.count_refused("timed_out");
                Err(Box::new(answers::body_is_late()))
            }
            // Either it is gone, and nobody reads the answer, or what it sent is no body.
            Buffered::Failed => {
                self.metrics.count_refused("bad_request");
                Err(Box::new(answers::body_is_broken()))
            }
        }
    }

    /// What becomes of a request that could not be checked.
    fn is_unchecked(&self, unread: Option<Unread>) -> Result<(), Box<Answer>> {
        let reason = unread.map_or("index", Unread::name);
        let passes = self.on_error == FailMode::Accept;
        if let Some(suppressed) = self.unchecked.allow() {
            let done = if passes { "it was passed on without a header" } else { "it was refused" };
            tracing::error!(suppressed, reason, "the password of a request could not be checked; {done}");
        }
        if passes {
            return Ok(());
        }
        self.metrics.count_refused("unchecked");
        Err(Box::new(answers::unchecked()))
    }
}

fn is_coded(headers: &HeaderMap) -> bool {
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    !headers.get_all(header::CONTENT_ENCODING).iter().all(is_identity)
}
