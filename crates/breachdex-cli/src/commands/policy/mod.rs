//! `policy`: what a policy demands, and what becomes of passwords by it.

#![forbid(unsafe_code)]

mod account;
mod attest;
mod check;
mod flags;
mod rendering;

use breachdex_policy::{Node, Settings, Value};

use self::flags::{PolicyAction, PolicyShowFlags};
use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::output::Output;

pub use attest::{AttestError, attest};
pub(crate) use flags::{Flags, PolicySource};

impl Subcommand for Flags {
    const TAKES_PASSWORDS: bool = true;

    fn run(self) -> Result<Exit, Failure> {
        match self.action {
            PolicyAction::Show(flags) => show(&flags),
            PolicyAction::Check(flags) => check::run(&flags),
            PolicyAction::Attest(flags) => attest::run(&flags),
        }
    }
}

fn show(flags: &PolicyShowFlags) -> Result<Exit, Failure> {
    let settings = settings(&flags.source)?;
    let mut output = Output::open();
    output.write(settings.rules.to_toml().as_bytes())?;
    output.flush()?;
    Ok(Exit::Success)
}

/// The policy that the flags name or describe.
pub(crate) fn settings(source: &PolicySource) -> Result<Settings, Failure> {
    if let Some(path) = &source.policy {
        return Ok(Settings::open(path)?);
    }
    let text = |text: &String| Node::from(Value::Text(text.clone()));
    let mut pairs = vec![(String::from("mfa"), Value::Boolean(source.mfa).into())];
    let mut put = |key: &str, node: Option<Node>| pairs.extend(node.map(|node| (key.to_owned(), node)));
    put("profile", source.profile.as_ref().map(text));
    put("service_name", source.service_name.as_ref().map(text));
    put("context", Some(Value::List(source.context.iter().map(text).collect()).into()));
    let similar = (String::from("similar_exposed"), Value::Boolean(source.similar).into());
    put("rules", Some(Value::Table(vec![similar]).into()));
    Ok(Settings::from_node(&Value::Table(pairs).into())?)
}
