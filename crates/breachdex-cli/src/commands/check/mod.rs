//! `check`: are these passwords exposed?

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use breachdex::{Corpus, Decision, Error, Finding, Kind, OnError, PairQuestion, Question, SourceError};
use breachdex_hibp::{NetworkOptions, RangeClient, RangeClientOptions};
use breachdex_messages::Language;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::proxy_from;
use crate::output::Output;
use crate::passwords::{Content, Event, HOLDS_NUL, Lines, Listing, Stopped, Terminator, standard_input};
use crate::{indexes, messages, privacy, terminal, trust};

mod answer;
mod flags;
mod pair;
mod reading;

use answer::{Rendering, Subject, Verdict};
use pair::Pair;
use reading::Reading;

pub(crate) use flags::Flags;

/// Questions that are asked together, where so many lines are there already.
const AT_ONCE: usize = 32;

impl Subcommand for Flags {
    const TAKES_PASSWORDS: bool = true;

    fn run(self) -> Result<Exit, Failure> {
        if !self.misplaced.is_empty() {
            return Err(Failure::Usage(String::from(
                "check takes no arguments: a password there is seen by others on this machine; \
                 run it without and type the password, or send it on standard input",
            )));
        }
        let asks_terminal = io::stdin().is_terminal();
        let mut plan = Plan::new(&self, asks_terminal)?;
        let mut tally = Tally::default();
        let asked = match asks_terminal {
            true => plan.ask_terminal(&mut tally),
            false => plan.answer_lines(self.null, &mut tally),
        };
        match asked {
            // Whoever reads has heard enough; what was found until then is the result.
            Ok(()) | Err(Failure::ClosedPipe) => tally.exit(self.exit_zero),
            Err(failure) => Err(failure),
        }
    }
}

/// What to ask, of whom, and how to say the answer.
struct Plan {
    corpus: Corpus,
    asking: Asking,
    min_count: u64,
    on_error: OnError,
    subject: Subject,
    rendering: Rendering,
    language: Language,
    users: Vec<String>,
}

/// What lines hold, and how they are looked up.
#[derive(Clone, Copy)]
struct Asking {
    content: Content,
    kind: Kind,
    forms: bool,
    /// Whether an account is known, for which exposed pairs are asked.
    pairs: bool,
}

/// A line as it is asked about. Holds no password.
struct Asked {
    question: Question,
    /// What the exposed pairs say of the account.
    pair: Pair,
}

/// Why a line has no answer.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Source(#[from] Box<SourceError>),
    #[error("is longer than 1 MiB, which no password is")]
    TooLong,
    #[error("{HOLDS_NUL}")]
    Nul,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Source(Box::new(error.into()))
    }
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
    fn new(flags: &Flags, asks_terminal: bool) -> Result<Self, Failure> {
        let corpus = corpus(flags)?;
        if flags.min_count > 1 {
            corpus.require_counts()?;
        }
        let subject = Subject::of(&corpus, flags.forms)?;
        if flags.min_count < subject.floor {
            messages::note(&format!(
                "a password seen fewer than {} times may be missing from {} (its floor)",
                subject.floor,
                subject.bases()
            ));
        }
        let rendering = match (flags.quiet, flags.json) {
            (true, _) => Rendering::Quiet,
            (false, true) => Rendering::Json,
            (false, false) if asks_terminal && io::stdout().is_terminal() => Rendering::Sentence(flags.lang),
            (false, false) => Rendering::Text,
        };
        let content = if flags.hash { Content::Digests } else { Content::Passwords };
        let users = flags.user.clone();
        let asking = Asking { content, kind: corpus.kind(), forms: flags.forms, pairs: !users.is_empty() };
        let (min_count, on_error) = (flags.min_count, flags.on_error.into());
        Ok(Self { corpus, asking, min_count, on_error, subject, rendering, language: flags.lang, users })
    }

    fn ask_terminal(&mut self, tally: &mut Tally) -> Result<(), Failure> {
        let words = self.language.command();
        let question = match self.asking.content {
            Content::Passwords => words.password_prompt().to_owned(),
            Content::Digests => words.digest_prompt(&self.asking.kind.to_string()),
        };
        let Some(line) = terminal::prompt(&question)? else { return Ok(()) };
        let mut question = Reading::new(self.asking);
        question.update(line.bytes().unwrap_or_default());
        drop(line);
        let mut output = Output::open();
        let asked = question.finish(|line| self.pair(line));
        self.answer(&mut vec![asked], tally, &mut output)?;
        output.flush()
    }

    fn answer_lines(&mut self, null: bool, tally: &mut Tally) -> Result<(), Failure> {
        let terminator = if null { Terminator::Nul } else { Terminator::Newline };
        let listing = Listing {
            name: "standard input",
            terminator,
            content: self.asking.content,
            takes_hash: !self.asking.forms,
            hashes_bytes: self.asking.kind == Kind::Sha1,
            are_passwords: self.asking.content == Content::Passwords,
        };
        let mut lines = Lines::new(standard_input()?, listing);
        let mut output = Output::open();
        let mut questions = Vec::with_capacity(AT_ONCE);
        let mut question = Reading::new(self.asking);
        loop {
            if lines.is_read_up() {
                privacy::erase_stack();
            }
            let asked = lines.next_line(|event| match event {
                Event::Piece(piece) => {
                    question.update(piece);
                    Ok(())
                }
                // A program that sends one line and waits for its answer gets it.
                Event::Waiting => {
                    let answered = privacy::erasing_stack(|| self.answer(&mut questions, tally, &mut output));
                    answered.and_then(|()| output.flush()).map_err(Stopped::Failure)
                }
            });
            if !asked? {
                self.answer(&mut questions, tally, &mut output)?;
                return output.flush();
            }
            let finished = question.finish(|line| self.pair(line));
            questions.push(if lines.held_nul() { Err(Fault::Nul) } else { finished });
            if questions.len() >= AT_ONCE {
                self.answer(&mut questions, tally, &mut output)?;
            }
        }
    }

    /// Answers the questions so far, in order, and forgets them.
    fn answer(
        &mut self,
        questions: &mut Vec<Result<Asked, Fault>>,
        tally: &mut Tally,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut asked = Vec::with_capacity(questions.len());
        let pairs: Vec<Result<Pair, Fault>> = questions
            .drain(..)
            .map(|question| {
                question.map(|Asked { question, pair }| {
                    asked.push(question);
                    pair
                })
            })
            .collect();
        // A file that took the place of another may be of another sort. Where one cannot be read, answers name what was
        // read last.
        if let Ok(subject) = Subject::of(&self.corpus, self.asking.forms) {
            self.subject = subject;
        }
        let mut findings = self.corpus.ask_many(&asked, self.min_count)?.into_iter();
        indexes::report_reloads(&self.corpus);
        for pair in pairs {
            tally.asked += 1;
            let mut pair = match pair {
                Ok(pair) => pair,
                Err(fault) => {
                    self.tell(Err(fault), Pair::NotAsked, tally, output)?;
                    continue;
                }
            };
            let finding = findings.next().unwrap_or(Finding::NotExposed { count: 0 });
            let decision = self.on_error.decide(pair.with_fault(finding)).map_err(Fault::from);
            self.tell(decision, pair, tally, output)?;
        }
        Ok(())
    }

    /// What the exposed pairs say of the account and a password.
    fn pair(&self, password: &[u8]) -> Pair {
        if !self.asking.pairs {
            return Pair::NotAsked;
        }
        let users: Vec<&str> = self.users.iter().map(String::as_str).collect();
        Pair::from(self.corpus.find_pair(&PairQuestion::new(&users, password)))
    }

    /// Reports the answer to a line, and counts it as the user chose.
    fn tell(
        &self,
        decision: Result<Decision, Fault>,
        pair: Pair,
        tally: &mut Tally,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let line = tally.asked;
        let counts = matches!(decision, Ok(Decision::Exposed(_) | Decision::Refused(_)));
        tally.exposed += u64::from(counts || pair.is_exposed());
        let fault = match decision {
            Ok(Decision::Exposed(exposure)) => {
                return self.rendering.verdict(
                    line,
                    Verdict::Exposed(exposure),
                    &pair,
                    &self.subject,
                    output,
                );
            }
            Ok(Decision::NotExposed { count }) => {
                return self.rendering.verdict(
                    line,
                    Verdict::NotExposed(count),
                    &pair,
                    &self.subject,
                    output,
                );
            }
            Ok(Decision::Accepted(fault)) => {
                let fault = Fault::from(fault);
                self.rendering.unknown(line, None, &pair, &fault, output)?;
                fault
            }
            Ok(Decision::Refused(fault)) => {
                let fault = Fault::from(fault);
                self.rendering.unknown(line, Some(true), &pair, &fault, output)?;
                fault
            }
            Err(fault) => {
                tally.failed += 1;
                self.rendering.error(line, &fault, output)?;
                fault
            }
        };
        // In step with the answers where both streams go to one place.
        output.flush()?;
        match self.rendering {
            Rendering::Sentence(_) => messages::error(&fault),
            _ => messages::line_error(line, &fault),
        }
        Ok(())
    }
}

/// The sources that the flags name.
fn corpus(flags: &Flags) -> Result<Corpus, Failure> {
    let mut builder = Corpus::builder();
    if flags.api.is_none() || !flags.index.is_empty() {
        builder = builder.bases(indexes::open_following(&flags.index, &trust::of(&flags.trust)?)?);
    }
    if let Some(base_url) = &flags.api {
        builder = builder.server(Arc::new(RangeClient::new(RangeClientOptions {
            base_url: base_url.clone(),
            kind: flags.kind.into(),
            timeout: flags.timeout,
            insecure_http: flags.insecure_http,
            network: NetworkOptions {
                proxy: proxy_from(flags.proxy.as_ref())?,
                ca_file: flags.ca_file.clone(),
            },
        })?));
    }
    let pairs = flags.pairs.open()?;
    if !pairs.is_empty() && flags.user.is_empty() {
        return Err(Failure::Usage(String::from("--pairs are asked for an account: name it with --user")));
    }
    let corpus = builder.overlays(indexes::open_overlays(&flags.overlay)?).pairs(pairs).build()?;
    let knows = flags.test_password || indexes::knows_test_password()?;
    Ok(if knows { corpus.with_test_password() } else { corpus })
}
