//! `check`: are these passwords exposed?

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _};

use breachdex::{Digest, Error, Kind};
use breachdex_messages::Language;

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::{CheckFlags, OnErrorName};
use crate::output::Output;
use crate::passwords::{Content, Event, Lines, Question, Terminator};
use crate::{messages, terminal};

mod answer;
mod oracle;

use answer::{Finding, Rendering, Subject};
use oracle::{Fault, Oracle};

pub(crate) fn run(flags: CheckFlags) -> Result<Exit, Failure> {
    if !flags.misplaced.is_empty() {
        return Err(Failure::Usage(String::from(
            "check takes no arguments: a password there is seen by others on this machine; \
             run it without and type the password, or send it on standard input",
        )));
    }
    let asks_terminal = io::stdin().is_terminal();
    let plan = Plan::new(&flags, asks_terminal)?;
    let mut tally = Tally::default();
    let asked = match asks_terminal {
        true => plan.ask_terminal(&mut tally),
        false => plan.answer_lines(flags.null, &mut tally),
    };
    match asked {
        // Whoever reads has heard enough; what was found until then is the result.
        Ok(()) | Err(Failure::ClosedPipe) => tally.exit(flags.exit_zero),
        Err(failure) => Err(failure),
    }
}

/// What to ask, of whom, and how to say the answer.
struct Plan {
    oracle: Oracle,
    kind: Kind,
    content: Content,
    min_count: u64,
    on_error: OnErrorName,
    subject: Subject,
    rendering: Rendering,
    language: Language,
}

/// What was found so far.
#[derive(Default)]
struct Tally {
    asked: u64,
    exposed: u64,
    failed: u64,
}

impl Tally {
    fn exit(&self, exit_zero: bool) -> Result<Exit, Failure> {
        if self.asked == 0 {
            return Err(Failure::Usage(String::from("nothing was asked: the input is empty")));
        }
        Ok(match (self.failed, self.exposed) {
            (0, 0) => Exit::Success,
            (0, _) if exit_zero => Exit::Success,
            (0, _) => Exit::Exposed,
            _ => Exit::Error,
        })
    }
}

impl Plan {
    fn new(flags: &CheckFlags, asks_terminal: bool) -> Result<Self, Failure> {
        let (oracle, subject) = Oracle::open(flags)?;
        if flags.min_count > 1 && !subject.counts {
            return Err(Error::CountsUnavailable { name: subject.uncounted() }.into());
        }
        if flags.min_count < subject.floor {
            messages::note(&format!(
                "a password seen fewer than {} times may be missing from {} (its floor)",
                subject.floor, subject.names
            ));
        }
        let rendering = match (flags.quiet, flags.json) {
            (true, _) => Rendering::Quiet,
            (false, true) => Rendering::Json,
            (false, false) if asks_terminal && io::stdout().is_terminal() => Rendering::Sentence(flags.lang),
            (false, false) => Rendering::Text,
        };
        let content = if flags.hash { Content::Digests } else { Content::Passwords };
        let kind = oracle.kind();
        let CheckFlags { min_count, on_error, .. } = *flags;
        Ok(Self { oracle, kind, content, min_count, on_error, subject, rendering, language: flags.lang })
    }

    fn ask_terminal(&self, tally: &mut Tally) -> Result<(), Failure> {
        let words = self.language.command();
        let question = match self.content {
            Content::Passwords => words.password_prompt().to_owned(),
            Content::Digests => words.digest_prompt(&self.kind.to_string()),
        };
        let Some(line) = terminal::prompt(&question)? else { return Ok(()) };
        let mut question = Question::new(self.content, self.kind);
        question.update(&line);
        let mut output = Output::open();
        self.answer(&mut vec![question.finish()], tally, &mut output)?;
        output.flush()
    }

    fn answer_lines(&self, null: bool, tally: &mut Tally) -> Result<(), Failure> {
        let terminator = if null { Terminator::Nul } else { Terminator::Newline };
        let mut lines = Lines::new(io::stdin().lock(), terminator);
        let mut output = Output::open();
        let mut questions = Vec::new();
        loop {
            let mut question = Question::new(self.content, self.kind);
            let asked = lines.next_line(|event| match event {
                Event::Piece(piece) => {
                    question.update(piece);
                    Ok(())
                }
                // A program that sends one line and waits for its answer gets it.
                Event::Waiting => self
                    .answer(&mut questions, tally, &mut output)
                    .and_then(|()| output.flush())
                    .map_err(Stopped::Failure),
            });
            match asked {
                Ok(true) => questions.push(question.finish()),
                Ok(false) => {
                    self.answer(&mut questions, tally, &mut output)?;
                    return output.flush();
                }
                Err(Stopped::Failure(failure)) => return Err(failure),
                Err(Stopped::Input(error)) => {
                    return Err(Failure::system("read standard input")(error));
                }
            }
            if questions.len() >= self.oracle.at_once() {
                self.answer(&mut questions, tally, &mut output)?;
            }
        }
    }

    /// Answers the questions so far, in order, and forgets them.
    fn answer(
        &self,
        questions: &mut Vec<Result<Digest, Error>>,
        tally: &mut Tally,
        output: &mut Output,
    ) -> Result<(), Failure> {
        for found in self.oracle.answer(std::mem::take(questions)) {
            tally.asked += 1;
            match found {
                Ok(found) => {
                    let finding = Finding::of(&found, self.min_count, self.subject.counts);
                    tally.exposed += u64::from(finding.exposed);
                    self.rendering.finding(tally.asked, finding, &self.subject, output)?;
                }
                Err(fault) => self.report(&fault, tally, output)?,
            }
        }
        Ok(())
    }

    /// Reports a line without an answer, and counts it as the user chose.
    fn report(&self, fault: &Fault, tally: &mut Tally, output: &mut Output) -> Result<(), Failure> {
        match self.on_error {
            OnErrorName::Accept if fault.is_chance() => {
                self.rendering.unknown(tally.asked, None, fault, output)?;
            }
            OnErrorName::Reject if fault.is_chance() => {
                tally.exposed += 1;
                self.rendering.unknown(tally.asked, Some(true), fault, output)?;
            }
            _ => {
                tally.failed += 1;
                self.rendering.error(tally.asked, fault, output)?;
            }
        }
        // In step with the answers where both streams go to one place.
        output.flush()?;
        match self.rendering {
            Rendering::Sentence(_) => messages::error(fault),
            _ => messages::line_error(tally.asked, fault),
        }
        Ok(())
    }
}

/// Why reading lines ended early.
enum Stopped {
    Failure(Failure),
    Input(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Input(error)
    }
}
