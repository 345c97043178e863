//! `policy check`: what becomes of these passwords?

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _};

use breachdex::Corpus;
use breachdex_messages::Language;
use breachdex_policy::{Candidate, Rules};

use super::account::Account;
use super::flags::PolicyCheckFlags;
use super::rendering::Rendering;
use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::pairs;
use crate::output::Output;
use crate::passwords::{
    Content, Event, HOLDS_NUL, Line, Lines, Listing, Stopped, Terminator, standard_input,
};
use crate::{indexes, messages, privacy, terminal, trust};

pub(super) fn run(flags: &PolicyCheckFlags) -> Result<Exit, Failure> {
    if !flags.misplaced.is_empty() {
        return Err(Failure::Usage(String::from(
            "policy check takes no arguments: a password there is seen by others on this machine; run it without and \
             type the password, or send it on standard input",
        )));
    }
    let asks_terminal = io::stdin().is_terminal();
    let mut judge = Judge::new(flags, asks_terminal)?;
    let judged = if asks_terminal { judge.ask_terminal() } else { judge.judge_lines(flags.null) };
    match judged {
        // Whoever reads has heard enough; what was found until then is the result.
        Ok(()) | Err(Failure::ClosedPipe) => judge.exit(flags.exit_zero),
        Err(failure) => Err(failure),
    }
}

/// What judges, how it says so, and what was found so far.
struct Judge<'a> {
    rules: Rules,
    corpus: Corpus,
    flags: &'a PolicyCheckFlags,
    account: Account,
    language: Language,
    rendering: Rendering,
    output: Output,
    asked: u64,
    refused: u64,
    failed: u64,
}

impl<'a> Judge<'a> {
    fn new(flags: &'a PolicyCheckFlags, asks_terminal: bool) -> Result<Self, Failure> {
        let account = Account::of(flags)?;
        let settings = super::settings(&flags.source)?;
        let overlays = if flags.overlay.is_empty() { &settings.overlays } else { &flags.overlay };
        let index = flags.index.as_ref().or(settings.index.as_ref());
        let pairs = match flags.pairs.pairs.is_empty() {
            true => pairs::open(&settings.pairs, &settings.pair_keys)?,
            false => flags.pairs.open()?,
        };
        let corpus = indexes::open_live(index, overlays, pairs, &trust::of(&flags.trust)?)?;
        let mut rules = settings.rules.with_context(account.full_name.as_deref());
        if let Some(on_error) = flags.on_error {
            rules.on_error = [on_error.into(); 4];
        }
        rules.test_password |= indexes::knows_test_password()?;
        if rules.needs_counts() {
            corpus.require_counts()?;
        }
        let language = flags.lang.unwrap_or(rules.language);
        let rendering = match (flags.quiet, flags.json) {
            (true, _) => Rendering::Quiet,
            (false, true) => Rendering::Json,
            (false, false) if flags.messages => Rendering::Messages,
            (false, false) if asks_terminal && io::stdout().is_terminal() => Rendering::Sentences,
            (false, false) => Rendering::Text,
        };
        let output = Output::open();
        Ok(Self {
            rules,
            corpus,
            flags,
            account,
            language,
            rendering,
            output,
            asked: 0,
            refused: 0,
            failed: 0,
        })
    }

    fn exit(&self, exit_zero: bool) -> Result<Exit, Failure> {
        Ok(match (self.asked, self.failed, self.refused) {
            (0, _, _) => return Err(Failure::Usage(String::from("nothing was asked: the input is empty"))),
            (_, 0, 0) => Exit::Success,
            (_, 0, _) if exit_zero => Exit::Success,
            (_, 0, _) => Exit::Exposed,
            _ => Exit::Error,
        })
    }

    fn ask_terminal(&mut self) -> Result<(), Failure> {
        let Some(line) = terminal::prompt(self.language.command().password_prompt())? else { return Ok(()) };
        self.judge(line.bytes())?;
        self.output.flush()
    }

    fn judge_lines(&mut self, null: bool) -> Result<(), Failure> {
        let terminator = if null { Terminator::Nul } else { Terminator::Newline };
        let listing = Listing {
            name: "standard input",
            terminator,
            content: Content::Passwords,
            takes_hash: false,
            hashes_bytes: false,
            are_passwords: true,
        };
        let mut lines = Lines::new(standard_input()?, listing);
        let mut line = Line::default();
        loop {
            if lines.is_read_up() {
                privacy::erase_stack();
            }
            let more = lines.next_line(|event| match event {
                Event::Piece(piece) => {
                    line.push(piece);
                    Ok(())
                }
                // A program that sends one line and waits for its answer gets it.
                Event::Waiting => self.output.flush().map_err(Stopped::Failure),
            });
            if !more? {
                return self.output.flush();
            }
            if lines.held_nul() {
                self.asked += 1;
                self.report(HOLDS_NUL)?;
            } else {
                self.judge(line.bytes())?;
            }
            line.clear();
        }
    }

    /// Judges one line; `None` is one that was too long to be kept.
    fn judge(&mut self, line: Option<&[u8]>) -> Result<(), Failure> {
        self.asked += 1;
        let Some(line) = line else {
            return self.report("is longer than 1 MiB, which no password is");
        };
        let Ok(password) = std::str::from_utf8(line) else {
            return self.report("a policy judges text, and this is no UTF-8");
        };
        let candidate = Candidate {
            password,
            user_name: self.account.user_name.as_deref(),
            email: self.account.email.as_deref(),
            stored: None,
            event: self.flags.event.into(),
        };
        let line = self.asked;
        let judged = self.rules.check(&self.corpus, &candidate, |error| messages::line_error(line, error));
        match judged {
            Ok(verdict) => {
                self.refused += u64::from(!verdict.accepted());
                self.rendering.verdict(line, &verdict, self.language, &mut self.output)
            }
            Err(error) => self.report(&error.to_string()),
        }
    }

    fn report(&mut self, error: &str) -> Result<(), Failure> {
        self.failed += 1;
        self.rendering.error(self.asked, error, &mut self.output)?;
        // In step with the answers where both streams go to one place.
        self.output.flush()?;
        messages::line_error(self.asked, &error);
        Ok(())
    }
}
