//! `check`: are these passwords exposed?

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _};

use breachdex::{Digest, Error, Index, IndexSet, Kind};

use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::CheckFlags;
use crate::output::Output;
use crate::passwords::{Content, Event, Lines, Question, Terminator};
use crate::{indexes, messages, terminal};

mod answer;

use answer::{Finding, Rendering, Subject};

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
    set: IndexSet,
    kind: Kind,
    content: Content,
    min_count: u64,
    subject: Subject,
    rendering: Rendering,
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
        let mut indexes = indexes::open(&flags.index)?;
        let subject_names = indexes::names(&indexes);
        let uncounted = indexes.iter().find(|index| !index.metadata().has_counts).map(Index::name);
        if let (Some(name), true) = (uncounted, flags.min_count > 1) {
            return Err(Error::CountsUnavailable { name: name.to_owned() }.into());
        }
        let base = indexes.remove(0);
        let (kind, is_starter) = (base.kind(), base.is_starter());
        let set = IndexSet::new(base, indexes)?;
        let subject = Subject {
            names: subject_names,
            is_starter,
            exact: set.is_exact(),
            floor: set.floor(),
            counts: set.has_counts(),
        };
        if flags.min_count < subject.floor {
            messages::note(&format!(
                "a password seen fewer than {} times may be missing from {} (its floor)",
                subject.floor, subject.names
            ));
        }
        let rendering = match (flags.quiet, flags.json) {
            (true, _) => Rendering::Quiet,
            (false, true) => Rendering::Json,
            (false, false) if asks_terminal && io::stdout().is_terminal() => Rendering::Sentence,
            (false, false) => Rendering::Text,
        };
        let content = if flags.hash { Content::Digests } else { Content::Passwords };
        Ok(Self { set, kind, content, min_count: flags.min_count, subject, rendering })
    }

    fn ask_terminal(&self, tally: &mut Tally) -> Result<(), Failure> {
        let question = match self.content {
            Content::Passwords => String::from("Password (not shown): "),
            Content::Digests => format!("{} digest in hex (not shown): ", self.kind),
        };
        let Some(line) = terminal::prompt(&question)? else { return Ok(()) };
        let mut question = Question::new(self.content, self.kind);
        question.update(&line);
        let mut output = Output::open();
        self.answer(question, tally, &mut output)?;
        output.flush()
    }

    fn answer_lines(&self, null: bool, tally: &mut Tally) -> Result<(), Failure> {
        let terminator = if null { Terminator::Nul } else { Terminator::Newline };
        let mut lines = Lines::new(io::stdin().lock(), terminator);
        let mut output = Output::open();
        loop {
            let mut question = Question::new(self.content, self.kind);
            let asked = lines.next_line(|event| match event {
                Event::Piece(piece) => {
                    question.update(piece);
                    Ok(())
                }
                // A program that sends one line and waits for its answer gets it.
                Event::Waiting => output.flush().map_err(Stopped::Failure),
            });
            match asked {
                Ok(true) => self.answer(question, tally, &mut output)?,
                Ok(false) => return output.flush(),
                Err(Stopped::Failure(failure)) => return Err(failure),
                Err(Stopped::Input(error)) => {
                    return Err(Failure::system("read standard input")(error));
                }
            }
        }
    }

    /// Answers one line, or reports what is wrong with it and goes on.
    fn answer(&self, question: Question, tally: &mut Tally, output: &mut Output) -> Result<(), Failure> {
        tally.asked += 1;
        let found = question.finish().and_then(|digest| self.look_up(&digest));
        match found {
            Ok(finding) => {
                tally.exposed += u64::from(finding.exposed);
                self.rendering.finding(tally.asked, finding, &self.subject, output)
            }
            Err(error) => {
                tally.failed += 1;
                self.rendering.error(tally.asked, &error, output)?;
                // In step with the answers where both streams go to one place.
                output.flush()?;
                match self.rendering {
                    Rendering::Sentence => messages::error(&error),
                    _ => messages::line_error(tally.asked, &error),
                }
                Ok(())
            }
        }
    }

    fn look_up(&self, digest: &Digest) -> Result<Finding, Error> {
        let answer = self.set.lookup(digest)?;
        Ok(Finding::of(answer, self.min_count, self.subject.counts))
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
