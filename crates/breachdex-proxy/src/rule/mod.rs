//! Which requests carry credentials, and where: `POST /login user=email password=password`.
//!
//! `target` compares paths as a server might, `words` splits a rule into words.

#![forbid(unsafe_code)]

mod target;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;

use hyper::Method;

use crate::failed_when::{FailedWhen, FailedWhenError};
use crate::fields::{FieldName, FieldNameError};
use target::Target;

/// What a request with credentials is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Somebody logs in. The radar is told.
    LogIn,
    /// Somebody chooses a password.
    SignUp,
}

impl Event {
    /// `log_in` or `sign_up`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::SignUp => "sign_up",
        }
    }
}

/// A request that carries credentials, and the fields that hold them.
#[derive(Clone, Debug)]
pub struct Rule {
    event: Event,
    /// `None`: any method.
    method: Option<Method>,
    target: Target,
    user: Option<FieldName>,
    password: FieldName,
    failed_when: Vec<FailedWhen>,
}

/// A rule that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// There are too few words.
    #[error(
        "give a method, a path and the name of the password field, as in 'POST /login user=email password=password'"
    )]
    Incomplete,
    /// The first word is no method.
    #[error("{0:?} is no method; give one that has a body, such as POST, or * for any")]
    Method(String),
    /// The second word is no path.
    #[error(
        "{0:?} is no path: it begins with / and has neither ? nor #; * stands for one part, ** at the end for the rest"
    )]
    Path(String),
    /// A word has an unknown key.
    #[error("{0:?} is not known; after the path come user=FIELD, password=FIELD and failed-when=CONDITION")]
    Word(String),
    /// A key is there twice.
    #[error("{0}= is there twice")]
    Repeated(&'static str),
    /// A field's name is not understood.
    #[error("{0}=: {1}")]
    Field(&'static str, FieldNameError),
    /// A condition is not understood.
    #[error("failed-when=: {0}")]
    FailedWhen(#[from] FailedWhenError),
    /// A sign-up has no failed attempts.
    #[error("failed-when= belongs to a log-in: a sign-up is no attempt to log in")]
    FailedSignUp,
    /// A quotation mark is not closed.
    #[error("a quotation mark is not closed")]
    Quote,
}

impl Rule {
    /// Reads a rule: a method or `*`, a path, then `password=FIELD` and, if wanted, `user=FIELD` and any number of
    /// `failed-when=CONDITION`, in any order. A word with spaces is put between double quotation marks.
    ///
    /// # Errors
    /// [`RuleError`] with what is not understood.
    pub fn parse(event: Event, text: &str) -> Result<Self, RuleError> {
        let words = words::split(text).ok_or(RuleError::Quote)?;
        let mut words = words.into_iter();
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            return Err(RuleError::Incomplete);
        };
        let (mut user, mut password, mut failed_when) = (None, None, Vec::new());
        for word in words {
            match word.split_once('=') {
                Some(("user", name)) => set(&mut user, "user", name)?,
                Some(("password", name)) => set(&mut password, "password", name)?,
                Some(("failed-when", _)) if event == Event::SignUp => return Err(RuleError::FailedSignUp),
                Some(("failed-when", condition)) => failed_when.push(condition.parse()?),
                _ => return Err(RuleError::Word(word)),
            }
        }
        Ok(Self {
            event,
            method: parse_method(&method)?,
            target: Target::parse(&path).ok_or(RuleError::Path(path))?,
            user,
            password: password.ok_or(RuleError::Incomplete)?,
            failed_when,
        })
    }

    /// What the request is for.
    #[must_use]
    pub fn event(&self) -> Event {
        self.event
    }

    /// The field of the user name, if one was given.
    #[must_use]
    pub fn user(&self) -> Option<&FieldName> {
        self.user.as_ref()
    }

    /// The field of the password.
    #[must_use]
    pub fn password(&self) -> &FieldName {
        &self.password
    }

    /// When the answer says that the log-in failed; empty where the general conditions apply.
    #[must_use]
    pub fn failed_when(&self) -> &[FailedWhen] {
        &self.failed_when
    }

    /// Whether a request may have the rule's method. A post may: frameworks take one for another method where a field or a
    /// header says so, because forms know no other.
    fn has_method(&self, method: &Method) -> bool {
        self.method.as_ref().is_none_or(|own| own == method || *method == Method::POST)
    }
}

/// All rules of a proxy.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Takes rules in the order in which they are compared.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// The rules that a request matches. Paths are compared as a server might understand them: percent-decoded,
    /// without `.` and `..`, double and trailing slashes and `;parameters`, without regard to case, because one that
    /// reaches the site under another spelling would not be looked at.
    #[must_use]
    pub fn matching(&self, method: &Method, path: &str) -> Vec<&Rule> {
        let mut of_method = self.0.iter().filter(|rule| rule.has_method(method)).peekable();
        if of_method.peek().is_none() {
            return Vec::new();
        }
        let path = target::normalized(path);
        of_method.filter(|rule| rule.target.is(&path)).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_ref().map_or("*", Method::as_str);
        write!(formatter, "{method} {}", self.target)
    }
}

fn set(field: &mut Option<FieldName>, key: &'static str, name: &str) -> Result<(), RuleError> {
    let name = name.parse().map_err(|error| RuleError::Field(key, error))?;
    match field.replace(name) {
        Some(_) => Err(RuleError::Repeated(key)),
        None => Ok(()),
    }
}

fn parse_method(text: &str) -> Result<Option<Method>, RuleError> {
    if text == "*" {
        return Ok(None);
    }
    let without_body = ["GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
    let is_name = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let method = Method::from_bytes(text.as_bytes()).ok();
    match method.filter(|_| is_name && !without_body.contains(&text)) {
        Some(method) => Ok(Some(method)),
        None => Err(RuleError::Method(text.to_owned())),
    }
}
