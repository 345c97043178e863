//! The command `breachdex` as a library, so that other programs can ship the same command.
//!
//! `commands` has a file or folder for each subcommand, with its flags and what happens then; `flags` are those that several
//! have. The rest are the few places where the command touches the world: `passwords` in, `privacy` around them, `terminal` prompt and colour, `output` and
//! `messages` out, `summary` of a new index, `target` for files of text, `signing` for secret keys, `trust` for public ones, `progress` and `signals`
//! while a long job runs. `hints` adds flags to errors of the libraries.

#![forbid(unsafe_code)]

mod commands;
mod failure;
mod flags;
mod hints;
mod indexes;
mod messages;
mod output;
mod passwords;
mod previous;
mod printable;
mod privacy;
mod progress;
mod service;
mod signals;
mod signing;
mod summary;
mod target;
mod terminal;
mod trust;

use std::borrow::Cow;
use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

pub use crate::commands::policy::{AttestError, attest};

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::Arguments;
use crate::printable::printable;
pub use crate::signing::Signer;

/// Runs the command with the given arguments, the program's own name first, and returns its exit code:
/// 0 success (for `check`: asked, and nothing exposed), 1 something is exposed, 2 an error or bad usage.
///
/// Reads standard input, writes standard output and standard error. Jobs that write files take over the
/// process's handling of Ctrl-C, so that an interrupted job leaves nothing behind.
///
/// ```
/// assert_eq!(breachdex_cli::run(["breachdex", "no-such-command"]), 2);
/// ```
pub fn run<I, T>(arguments: I) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    signals::report_large_files_as_errors();
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let arguments = match service::config::with_file(arguments) {
        Ok(arguments) => arguments,
        Err(failure) => {
            messages::error(&failure);
            return Exit::Error.code();
        }
    };
    let exit = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed.command.run(),
        Err(error) => return explain(&as_shown(error, &arguments), &arguments),
    };
    match exit {
        Ok(exit) => exit.code(),
        Err(Failure::ClosedPipe) => Exit::Success.code(),
        Err(failure) => {
            messages::error(&format!("{failure}{}", failure.hint()));
            Exit::Error.code()
        }
    }
}

/// The same error with what it repeats of the arguments as a terminal may show it.
fn as_shown(error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let mut is_changed = false;
    let shown: Vec<OsString> = arguments
        .iter()
        .map(|argument| match printable(&argument.to_string_lossy()) {
            Cow::Owned(escaped) => {
                is_changed = true;
                escaped.into()
            }
            Cow::Borrowed(_) => argument.clone(),
        })
        .collect();
    if !is_changed {
        return error;
    }
    match Arguments::try_parse_from(shown) {
        Err(shown) if shown.kind() == error.kind() => shown,
        // What was wrong was the character: the error does without it.
        _ => clap::Error::new(error.kind()).with_cmd(&Arguments::command()),
    }
}

/// Prints help, the version or what is wrong with the arguments.
///
/// An argument that a command which takes passwords does not know may be one, typed in the wrong place, so it is not
/// repeated. Neither is an address with a password in it, nor what stands in the place of a command.
fn explain(error: &clap::Error, arguments: &[OsString]) -> u8 {
    let repeats_input = matches!(
        error.kind(),
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues | ErrorKind::InvalidSubcommand
    );
    let repeats_value = matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation);
    let may_hold_password =
        |takes_passwords| takes_passwords || arguments.iter().any(|word| holds_password(word));
    let command = arguments
        .get(1)
        .and_then(|name| commands::named(name))
        .and_then(|(name, takes_passwords)| may_hold_password(takes_passwords).then_some(name));
    if let Some(command) = command.as_ref().filter(|_| repeats_value) {
        messages::error(&without_value(error, command));
    } else if let Some(command) = command.filter(|_| repeats_input) {
        let hint = match error.get(ContextKind::SuggestedArg) {
            Some(suggestion) => format!("; did you mean {suggestion}?"),
            None => format!("; see breachdex {command} -h"),
        };
        messages::error(&format!("{command} was given an argument it does not know{hint}"));
    } else if error.kind() == ErrorKind::InvalidSubcommand {
        // What stands in the place of a command may be a password, too.
        let hint = match error.get(ContextKind::SuggestedSubcommand) {
            Some(suggestion) => format!("; did you mean {suggestion}?"),
            None => "; see breachdex -h".into(),
        };
        messages::error(&format!("there is no such command{hint}"));
    } else {
        print(error);
    }
    if error.use_stderr() { Exit::Error.code() } else { Exit::Success.code() }
}

/// Whether this may have in it an address with a user name, a password or a signature. The address may lack its scheme.
fn holds_password(word: &OsStr) -> bool {
    let word = word.to_string_lossy();
    word.contains('@') || word.contains("://") && word.contains('?')
}

/// What is wrong with a flag's value, without the value.
fn without_value(error: &clap::Error, command: &str) -> String {
    let context = |kind| error.get(kind).map(ToString::to_string);
    let flag = context(ContextKind::InvalidArg).unwrap_or_default();
    let value = context(ContextKind::InvalidValue).unwrap_or_default();
    let possible = context(ContextKind::ValidValue).filter(|values| !values.is_empty());
    let reason = match (possible, error.source().map(ToString::to_string)) {
        (Some(values), _) => format!("; possible values: {values}"),
        (None, Some(reason)) if value.is_empty() || !reason.contains(&value) => format!(": {reason}"),
        _ => String::new(),
    };
    format!("invalid value for '{flag}'{reason}; see breachdex {command} -h")
}

/// Help and the version to standard output, faults to standard error under the command's name.
fn print(error: &clap::Error) {
    let text = error.render();
    // A closed pipe is not an error, and there is no third place to report another fault to.
    let _ = if !error.use_stderr() {
        let stdout = io::stdout();
        let text = styled(&text, terminal::wants_colour(&stdout));
        stdout.lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush())
    } else {
        let stderr = io::stderr();
        let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        let name = if is_help { "" } else { "breachdex: " };
        let text = styled(&text, terminal::wants_colour(&stderr));
        stderr.lock().write_all(format!("{name}{text}").as_bytes())
    };
}

fn styled(text: &StyledStr, colour: bool) -> String {
    if colour { text.ansi().to_string() } else { text.to_string() }
}
