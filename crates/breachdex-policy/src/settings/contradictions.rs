//! What cannot be meant, each thing reasonable by itself.

#![forbid(unsafe_code)]

use super::error::{Place, PolicyError};
use breachdex::OnError;

use crate::action::Action;
use crate::event::Event;
use crate::requirements::{LEAST_MAX_LENGTH, Rules};
use crate::rules::Code;

pub(super) fn refuse(rules: &Rules, name: &str) -> Result<(), PolicyError> {
    let complaint = limits(rules)
        .or_else(|| forced_resets(rules))
        .or_else(|| circles(rules))
        .or_else(|| idle_grace(rules));
    complaint.map_or(Ok(()), |complaint| {
        Err(PolicyError::Contradiction { place: Place { name: name.to_owned(), line: None }, complaint })
    })
}

fn limits(rules: &Rules) -> Option<String> {
    let Rules { min_length, max_length, .. } = *rules;
    if max_length < LEAST_MAX_LENGTH {
        return Some(format!("max_length must be {LEAST_MAX_LENGTH} or more, not {max_length}"));
    }
    (min_length > max_length).then(|| {
        format!("min_length ({min_length}) is more than max_length ({max_length}): nothing would do")
    })
}

fn forced_resets(rules: &Rules) -> Option<String> {
    let choices = [Event::SignUp, Event::Change, Event::Reset];
    let rows = choices.iter().flat_map(|event| Code::ALL.map(|code| (*event, code)));
    let mut forced = rows.filter(|(event, code)| rules.actions.of(*event, *code) == Action::ForceReset);
    forced.next().map(|(event, code)| {
        format!(
            "actions.{}.{} cannot be force_reset, which is for log_in; use reject",
            event.name(),
            code.name()
        )
    })
}

/// Grace from nothing would look as if something were enforced.
fn idle_grace(rules: &Rules) -> Option<String> {
    let refused =
        |code: &Code| *code != Code::IndexUnavailable && !rules.action(Event::LogIn, *code).accepts();
    (rules.grace.is_some() && !Code::ALL.iter().any(refused)).then(|| {
        String::from(
            "grace is without effect, because nothing is refused at log_in; set actions.log_in.exposed to force_reset or \
             reject",
        )
    })
}

/// Whoever is refused at log-in must not be able to set the same password again, or would go round in circles.
fn circles(rules: &Rules) -> Option<String> {
    let refused = |event, code| !rules.action(event, code).accepts();
    let code = Code::ALL.into_iter().find(|code| match code {
        Code::IndexUnavailable => {
            rules.on_error(Event::LogIn) == OnError::Reject && rules.on_error(Event::Reset) == OnError::Accept
        }
        code => refused(Event::LogIn, *code) && !refused(Event::Reset, *code),
    })?;
    Some(match code {
        Code::IndexUnavailable => String::from(
            "on_error.log_in is reject and on_error.reset is accept: set on_error.reset to reject or raise",
        ),
        code => format!(
            "actions.log_in.{0} is {1} and actions.reset.{0} is {2}: a user could set the same password again and be \
             refused again; set actions.reset.{0} to reject",
            code.name(),
            rules.action(Event::LogIn, code).name(),
            rules.action(Event::Reset, code).name()
        ),
    })
}
