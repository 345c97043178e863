//! What the routes are sent: their fields, and what they may say.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use breachdex_policy::Event;
use breachdex_radar::{AccountStatus, Exposure, Outcome};

use crate::json::{Body, Fault, Fields, MOST_FIELDS, Names};

/// Bytes of the longest name, address or source. A password may be as long as a body.
const MOST_NAME: usize = 1024;

/// `POST /v1/check`.
pub(crate) const CHECK: Names = Names { all: &["password", "user"], listed: "password and user" };

/// `POST /v1/verdict`.
pub(crate) const VERDICT: Names = Names {
    all: &["event", "password", "user_name", "email", "lang"],
    listed: "event, password, user_name, email and lang",
};

/// `POST /v1/attempt`.
pub(crate) const ATTEMPT: Names = Names {
    all: &[
        "source",
        "account",
        "outcome",
        "account_status",
        "password",
        "exposure",
        "event",
        "email",
        "lang",
    ],
    listed: "source, account, outcome, account_status, password, exposure, event, email and lang",
};

/// `POST /v1/advice`.
pub(crate) const ADVICE: Names = Names { all: &["source"], listed: "source" };

const _: () = assert!(ATTEMPT.all.len() <= MOST_FIELDS);

/// The names of the events, as a message has them.
pub(crate) const EVENTS: &str = "sign_up, change, reset and log_in";

/// A body that a route has read, with the names of its fields.
pub(crate) struct Parsed {
    fields: Fields,
    names: &'static Names,
}

impl Parsed {
    pub(crate) fn read(body: Body, names: &'static Names) -> Result<Self, Fault> {
        Ok(Self { fields: Fields::read(body, names)?, names })
    }

    fn number(&self, field: &'static str) -> Option<usize> {
        self.names.all.iter().position(|name| *name == field)
    }

    fn get(&self, field: &'static str) -> Option<&str> {
        self.fields.get(self.number(field)?)
    }

    fn required(&self, field: &'static str) -> Result<&str, Fault> {
        self.get(field).ok_or(Fault::MissingField(field))
    }

    /// A name or an address; `None` if it is not there.
    fn name(&self, field: &'static str) -> Result<Option<&str>, Fault> {
        match self.get(field) {
            Some(text) if text.len() > MOST_NAME => Err(Fault::TooLong(field)),
            found => Ok(found),
        }
    }

    fn required_name(&self, field: &'static str) -> Result<&str, Fault> {
        self.name(field)?.ok_or(Fault::MissingField(field))
    }

    /// What one of a few names stands for; `None` if the field is not there.
    fn one_of<T: Copy>(
        &self,
        field: &'static str,
        all: &[T],
        name_of: impl Fn(T) -> &'static str,
        allowed: &'static str,
    ) -> Result<Option<T>, Fault> {
        let Some(given) = self.get(field) else { return Ok(None) };
        let found = all.iter().copied().find(|known| name_of(*known) == given);
        found.map(Some).ok_or(Fault::NotOneOf { field, allowed })
    }

    fn event(&self) -> Result<Option<Event>, Fault> {
        self.one_of("event", &Event::ALL, Event::name, EVENTS)
    }

    /// The language that is asked for, if there is one. Another one is no fault: a site hands on what a browser says.
    pub(crate) fn language(&self) -> Option<Language> {
        self.get("lang").and_then(|name| name.parse().ok())
    }
}

/// Is this password exposed?
pub(crate) struct Check<'a> {
    pub(crate) password: &'a str,
    pub(crate) user: Option<&'a str>,
}

impl<'a> Check<'a> {
    pub(crate) fn of(parsed: &'a Parsed) -> Result<Self, Fault> {
        Ok(Self { password: parsed.required("password")?, user: parsed.name("user")? })
    }
}

/// May this password be used?
pub(crate) struct Judgement<'a> {
    pub(crate) event: Event,
    pub(crate) password: &'a str,
    pub(crate) user_name: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
}

impl<'a> Judgement<'a> {
    pub(crate) fn of(parsed: &'a Parsed) -> Result<Self, Fault> {
        Ok(Self {
            event: parsed.event()?.ok_or(Fault::MissingField("event"))?,
            password: parsed.required("password")?,
            user_name: parsed.name("user_name")?,
            email: parsed.name("email")?,
        })
    }
}

/// A log-in attempt.
pub(crate) struct Attempt<'a> {
    pub(crate) source: &'a str,
    pub(crate) account: &'a str,
    pub(crate) outcome: Outcome,
    pub(crate) status: AccountStatus,
    pub(crate) password: Option<&'a str>,
    pub(crate) exposure: Option<Exposure>,
    pub(crate) event: Event,
    pub(crate) email: Option<&'a str>,
}

impl<'a> Attempt<'a> {
    pub(crate) fn of(parsed: &'a Parsed) -> Result<Self, Fault> {
        let outcomes = [Outcome::Failed, Outcome::Succeeded];
        let outcome = parsed.one_of("outcome", &outcomes, outcome_name, "failed and succeeded")?;
        let statuses = [AccountStatus::Known, AccountStatus::Unknown];
        let status = parsed.one_of("account_status", &statuses, status_name, "known and unknown")?;
        let exposures = [Exposure::Exposed, Exposure::NotExposed, Exposure::Unknown];
        let allowed = "exposed, not_exposed and unknown";
        let exposure = parsed.one_of("exposure", &exposures, exposure_name, allowed)?;
        let password = parsed.get("password");
        if password.is_some() && exposure.is_some() {
            return Err(Fault::Both("password", "exposure"));
        }
        let outcome = outcome.ok_or(Fault::MissingField("outcome"))?;
        let unsaid = if outcome == Outcome::Succeeded { AccountStatus::Known } else { AccountStatus::Unsaid };
        Ok(Self {
            source: parsed.required_name("source")?,
            account: parsed.required_name("account")?,
            outcome,
            status: status.unwrap_or(unsaid),
            password,
            exposure,
            event: parsed.event()?.unwrap_or(Event::LogIn),
            email: parsed.name("email")?,
        })
    }
}

/// What to do about an attempt that is about to come.
pub(crate) struct Advice<'a> {
    pub(crate) source: &'a str,
}

impl<'a> Advice<'a> {
    pub(crate) fn of(parsed: &'a Parsed) -> Result<Self, Fault> {
        Ok(Self { source: parsed.required_name("source")? })
    }
}

/// The name of an outcome.
pub(crate) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failed => "failed",
        Outcome::Succeeded => "succeeded",
    }
}

fn status_name(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Known => "known",
        AccountStatus::Unknown => "unknown",
        AccountStatus::Unsaid => "unsaid",
    }
}

fn exposure_name(exposure: Exposure) -> &'static str {
    match exposure {
        Exposure::Exposed => "exposed",
        Exposure::NotExposed => "not_exposed",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parsed(text: &str, names: &'static Names) -> Result<Parsed, Fault> {
        Parsed::read(Body::from(text.as_bytes()), names)
    }

    #[test]
    fn the_events_of_the_message_are_all_events() {
        let names: Vec<&str> = EVENTS.split(", ").flat_map(|part| part.split(" and ")).collect();
        assert_eq!(names, Event::ALL.map(Event::name));
    }

    #[test]
    fn what_is_missing_or_not_one_of_the_names_is_said() {
        let attempt = |text: &str| Attempt::of(&parsed(text, &ATTEMPT).unwrap()).map(drop);
        let judgement = |text: &str| Judgement::of(&parsed(text, &VERDICT).unwrap()).map(drop);
        let check = |text: &str| Check::of(&parsed(text, &CHECK).unwrap()).map(drop);
        assert_eq!(check("{}"), Err(Fault::MissingField("password")));
        assert_eq!(judgement(r#"{"password":"x"}"#), Err(Fault::MissingField("event")));
        assert_eq!(
            judgement(r#"{"password":"x","event":"login"}"#),
            Err(Fault::NotOneOf { field: "event", allowed: EVENTS })
        );
        let begun = r#"{"source":"192.0.2.7","account":"a""#;
        for (rest, fault) in [
            ("}", Fault::MissingField("outcome")),
            (r#","outcome":"won"}"#, Fault::NotOneOf { field: "outcome", allowed: "failed and succeeded" }),
            (
                r#","outcome":"failed","account_status":"no"}"#,
                Fault::NotOneOf { field: "account_status", allowed: "known and unknown" },
            ),
            (
                r#","outcome":"failed","exposure":"yes"}"#,
                Fault::NotOneOf { field: "exposure", allowed: "exposed, not_exposed and unknown" },
            ),
            (
                r#","outcome":"failed","exposure":"unknown","password":"x"}"#,
                Fault::Both("password", "exposure"),
            ),
        ] {
            assert_eq!(attempt(&format!("{begun}{rest}")), Err(fault));
        }
        assert_eq!(attempt(r#"{"source":"a","outcome":"failed"}"#), Err(Fault::MissingField("account")));
        let long = format!(r#"{{"source":"a","outcome":"failed","account":"{}"}}"#, "a".repeat(1025));
        assert_eq!(attempt(&long), Err(Fault::TooLong("account")));
    }

    #[test]
    fn what_is_not_said_about_an_account_follows_from_the_outcome() {
        let status = |rest: &str| {
            let text = format!(r#"{{"source":"a","account":"b",{rest}}}"#);
            Attempt::of(&parsed(&text, &ATTEMPT).unwrap()).map(|attempt| attempt.status)
        };
        assert_eq!(status(r#""outcome":"succeeded""#), Ok(AccountStatus::Known));
        assert_eq!(status(r#""outcome":"failed""#), Ok(AccountStatus::Unsaid));
        assert_eq!(status(r#""outcome":"failed","account_status":"unknown""#), Ok(AccountStatus::Unknown));
    }

    #[test]
    fn another_language_is_no_fault() {
        let language = |lang: &str| parsed(&format!(r#"{{"lang":"{lang}"}}"#), &VERDICT).unwrap().language();
        assert_eq!(language("ja-JP"), Some(Language::Ja));
        assert_eq!(language("fr"), None);
    }
}
