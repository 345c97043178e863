//! Whose password `policy check` judges: by its flags, or by the environment variables that they name.

#![forbid(unsafe_code)]

use std::env;

use super::flags::PolicyCheckFlags;
use crate::failure::Failure;

/// What is known about the account.
pub(super) struct Account {
    pub(super) user_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) full_name: Option<String>,
}

impl Account {
    /// What the flags say. A program that asks for one account always says its name, so a variable for it that is missing is a
    /// mistake, by which the rule for context words would be off unnoticed; the others it may not know.
    pub(super) fn of(flags: &PolicyCheckFlags) -> Result<Self, Failure> {
        let variables = &flags.account;
        let user_name = match &variables.user_name_from {
            None => flags.user_name.clone(),
            Some(name) => Some(variable("--user-name-from", name)?.ok_or_else(|| {
                Failure::Usage(format!("--user-name-from: the environment variable {name} is not set"))
            })?),
        };
        let email = match &variables.email_from {
            None => flags.email.clone(),
            Some(name) => variable("--email-from", name)?,
        };
        let full_name = match &variables.full_name_from {
            None => None,
            Some(name) => variable("--full-name-from", name)?,
        };
        Ok(Self { user_name, email, full_name })
    }
}

/// A variable's value; `None` where it is not set, or empty. Its value is never repeated.
fn variable(flag: &str, name: &str) -> Result<Option<String>, Failure> {
    let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    match value.into_string() {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(Failure::Usage(format!("{flag}: the environment variable {name} is not UTF-8"))),
    }
}
