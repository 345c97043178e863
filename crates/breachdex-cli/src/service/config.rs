//! `--config FILE`: the flags of a service as a TOML file.
//!
//! A key is the name of a flag. Its value becomes arguments in front of those that were typed, so that both are read by
//! the same rules. A flag that was typed replaces the key of its name.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command, CommandFactory as _};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::failure::Failure;
use crate::flags::Arguments;

/// Bytes of the longest file that is read.
const MOST: u64 = 1 << 20;

/// Flags that make no sense in the file.
const NOT_IN_FILE: [&str; 4] = ["config", "health", "help", "version"];

/// The commands that have such a file.
const SERVICES: [&str; 3] = ["serve", "sidecar", "proxy"];

/// The arguments of the command with those from the file that `--config` of a service names. Arguments that are not understood
/// are returned as they are, to be explained.
pub(crate) fn with_file(arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let named = arguments.get(1).and_then(|command| SERVICES.into_iter().find(|service| command == service));
    let Some(service) = named else { return Ok(arguments) };
    let Ok(matches) = Arguments::command().try_get_matches_from(&arguments) else { return Ok(arguments) };
    let Some(typed) = matches.subcommand_matches(service) else { return Ok(arguments) };
    let Some(path) = typed.get_one::<std::path::PathBuf>("config") else { return Ok(arguments) };
    let text = breachdex::files::read_text(path, MOST).map_err(|source| {
        Failure::Index(breachdex::Error::Io { action: "read", path: path.clone(), source })
    })?;
    let mut all: Vec<OsString> = arguments[..2].to_vec();
    all.extend(File { service, path, text: &text }.arguments(typed)?.into_iter().map(OsString::from));
    all.extend_from_slice(&arguments[2..]);
    Ok(all)
}

struct File<'a> {
    service: &'static str,
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    /// An error at an offset of the file.
    fn fault(&self, offset: usize, message: &str) -> Failure {
        let line = 1 + self.text.get(..offset).unwrap_or(self.text).matches('\n').count();
        Failure::Usage(format!("{}, line {line}: {message}", self.path.display()))
    }

    /// The arguments for all keys whose flags were not typed.
    fn arguments(&self, typed: &ArgMatches) -> Result<Vec<String>, Failure> {
        let table = DeTable::parse(self.text)
            .map_err(|error| self.fault(error.span().map_or(0, |span| span.start), error.message()))?;
        let mut pairs: Vec<_> = table.get_ref().iter().collect();
        pairs.sort_by_key(|(key, _)| key.span().start);
        let service = Arguments::command().find_subcommand(self.service).cloned().unwrap_or_default();
        let mut all = Vec::new();
        for (key, value) in pairs {
            let name: &str = key.get_ref();
            let known = service.get_arguments().find(|flag| flag.get_long() == Some(name));
            let Some(flag) = known.filter(|_| !NOT_IN_FILE.contains(&name)) else {
                return Err(self.fault(key.span().start, &self.unknown(name)));
            };
            let own = self.of_key(name, flag.get_action(), value)?;
            self.check(&service, &own, value.span().start)?;
            let is_typed = typed.value_source(flag.get_id().as_str()) == Some(ValueSource::CommandLine);
            if !is_typed {
                all.extend(own);
            }
        }
        Ok(all)
    }

    fn of_key(
        &self,
        name: &str,
        action: &ArgAction,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Vec<String>, Failure> {
        let at = value.span().start;
        let argument = |value: &Spanned<DeValue<'_>>| {
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
                DeValue::Float(number) => number.as_str().to_owned(),
                _ => {
                    return Err(self.fault(value.span().start, &format!("{name} takes a string or a number")));
                }
            };
            Ok(format!("--{name}={text}"))
        };
        match (action, value.get_ref()) {
            (ArgAction::SetTrue, DeValue::Boolean(true)) => Ok(vec![format!("--{name}")]),
            (ArgAction::SetTrue, DeValue::Boolean(false)) => Ok(Vec::new()),
            (ArgAction::SetTrue, _) => Err(self.fault(at, &format!("{name} takes true or false"))),
            (ArgAction::Append, DeValue::Array(values)) => values.iter().map(argument).collect(),
            (_, DeValue::Array(_)) => Err(self.fault(at, &format!("{name} takes one value, not a list"))),
            _ => Ok(vec![argument(value)?]),
        }
    }

    /// Reads the arguments of one key alone, so that a bad value has its line. What it needs beside it is looked at with
    /// the whole.
    fn check(&self, service: &Command, own: &[String], at: usize) -> Result<(), Failure> {
        let all = std::iter::once(self.service).chain(own.iter().map(String::as_str));
        match service.clone().try_get_matches_from(all) {
            Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
                let repeats_value =
                    matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation);
                let text = match repeats_value && own.iter().any(|word| crate::holds_password(word.as_ref()))
                {
                    true => crate::without_value(&error, self.service),
                    false => error.render().to_string(),
                };
                let first = text.lines().next().unwrap_or_default();
                Err(self.fault(at, first.strip_prefix("error: ").unwrap_or(first)))
            }
            _ => Ok(()),
        }
    }

    fn unknown(&self, name: &str) -> String {
        let (name, service) = (name.escape_debug(), self.service);
        format!("there is no key {name}; keys are the names of flags, see breachdex {service} -h")
    }
}
