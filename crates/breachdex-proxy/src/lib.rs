//! A reverse proxy in front of one site that reads sign-up and log-in posts and tells the site, in a header of the
//! request, whether the password is exposed.

#![forbid(unsafe_code)]

mod failed_when;
mod fields;
mod rule;

pub use failed_when::{FailedWhen, FailedWhenError, default_conditions};
pub use fields::{FieldName, FieldNameError, Fields, Unread, Value};
pub use rule::{Event, Rule, RuleError, Rules};
