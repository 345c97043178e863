//! Another program as a peer: run as a process that is given digests and prints something for each.
//!
//! A command is split at spaces, without a shell. In every word `{file}` stands for the file that the program reads
//! and `{hash}` for a digest in upper-case hex. With `{hash}` a process is run for each question, and all that it
//! prints is its answer; it may exit with any code, since many programs say "absent" that way. Without `{hash}` one
//! process gets all digests on standard input, a line each, and must print a line for each, in order; it may wait with
//! all of them until its input ends.
//!
//! What it prints for a digest that is absent is learned by asking for some; any other answer says "present". Where
//! every answer to an entry has its count as a word of its own, the program knows counts. The digest itself may be
//! part of the answer.
//!
//! Without a command that builds, `{file}` is the corpus as sorted `HEX:COUNT` text. Such a command gets that text as
//! a file, `{text}`, or, if it does not mention that, on its standard input, and makes `{file}`.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use super::asking::Plan;
use super::cold::{Reads, drop_pages, warm_pages};
use super::figures::{Asking, Building, Cold, Latency};
use super::{Outcome, files};
use crate::corpus::{Corpus, CorpusError, Order, Row, write_text};
use crate::measure;
use crate::questions::Questions;
use crate::watch::watch;

const TEXT: &str = "corpus.txt";
const FILE: &str = "program.data";
/// Absent digests asked for to learn how the program says so.
const LESSONS: usize = 3;
/// Processes run to time one question each.
const MOST_PROCESSES: usize = 200;

/// A program and how it is run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The command that answers.
    pub ask: String,
    /// The command that makes the file it reads.
    pub build: Option<String>,
}

/// Why a program cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// A command without words.
    #[error("the command of a peer's program is empty")]
    Empty,
    /// It could not be run.
    #[error("cannot run `{command}`: {error}")]
    Run {
        /// The command.
        command: String,
        /// Why.
        error: io::Error,
    },
    /// The command that builds failed.
    #[error("`{command}` ended with {status}")]
    Failed {
        /// The command.
        command: String,
        /// Its exit status.
        status: std::process::ExitStatus,
    },
    /// Nothing was built.
    #[error("`{0}` did not make {{file}}")]
    NotMade(String),
    /// More or fewer lines than questions.
    #[error("`{command}` printed {found} lines for {expected} digests; it must print a line for each")]
    Lines {
        /// The command.
        command: String,
        /// Lines printed.
        found: usize,
        /// Digests given.
        expected: usize,
    },
    /// It has no one way of saying that a digest is absent.
    #[error(
        "`{command}` printed `{one}` and `{other}` for two digests that are absent; its answers cannot be told apart"
    )]
    Unclear {
        /// The command.
        command: String,
        /// An answer.
        one: String,
        /// A different one.
        other: String,
    },
    /// An entry that it says is absent.
    #[error("`{command}` says `{answer}` of an entry, as of digests that are absent")]
    Missed {
        /// The command.
        command: String,
        /// The answer.
        answer: String,
    },
}

impl Program {
    /// Makes the file it reads.
    ///
    /// # Errors
    /// [`ProgramError`] and those of the file system.
    pub fn build(&self, corpus: &Corpus, folder: &Path) -> Outcome<Building> {
        let started = Instant::now();
        let text = folder.join(TEXT);
        let wants_text = self.build.as_ref().is_none_or(|command| command.contains("{text}"));
        if wants_text {
            let mut file = File::create(&text)?;
            write_text(corpus, Order::Sorted, &mut file, &text.display().to_string())?;
            file.sync_all()?;
        }
        let mut peak_anonymous = None;
        if let Some(command) = &self.build {
            peak_anonymous = Some(run_builder(command, corpus, folder, wants_text)?);
            if !folder.join(FILE).exists() {
                return Err(ProgramError::NotMade(command.clone()).into());
            }
            if wants_text {
                fs::remove_file(&text)?;
            }
        }
        let bytes = files(folder)?
            .iter()
            .try_fold(0, |sum, path| Ok::<_, io::Error>(sum + path.metadata()?.len()))?;
        Ok(Building { bytes, seconds: started.elapsed().as_secs_f64(), peak_anonymous })
    }

    /// Tests its answers, then times them. A question's time is what it adds to a run; opening is a run with one
    /// question.
    ///
    /// # Errors
    /// [`ProgramError`] and wrong answers.
    pub fn warm(&self, corpus: &Corpus, folder: &Path, plan: Plan) -> Outcome<Asking> {
        let questions = Questions::sample(corpus, self.most(plan.questions));
        warm_pages(&files(folder)?)?;
        let absent = self.learn(folder)?;
        let hits = self.answers(folder, &questions.hits)?;
        let misses = self.answers(folder, &questions.misses)?;
        if let Some(missed) = hits.lines.iter().find(|line| **line == absent) {
            return Err(ProgramError::Missed { command: self.ask.clone(), answer: missed.clone() }.into());
        }
        let mut opening = Vec::new();
        for question in questions.hits.iter().take(measure::PASSES) {
            opening.push(self.answers(folder, &[*question])?.seconds);
        }
        let open_seconds = measure::median(&mut opening);
        let latency = |seconds: f64, asked: usize| {
            let each = if self.is_asked_by_argument() {
                seconds / asked.max(1) as f64
            } else {
                (seconds - open_seconds).max(0.0) / asked.saturating_sub(1).max(1) as f64
            };
            Latency { independent: each * 1e9, dependent: each * 1e9 }
        };
        let counts = questions.hits.iter().zip(&hits.lines).all(|(hit, line)| has_number(line, hit.count));
        Ok(Asking {
            open_seconds,
            warmed_whole: true,
            held_bytes: None,
            hit: latency(hits.seconds, hits.lines.len()),
            miss: latency(misses.seconds, misses.lines.len()),
            misses_asked: misses.lines.len() as u64,
            false_positives: misses.lines.iter().filter(|line| **line != absent).count() as u64,
            counts: Some(counts),
            ranges: None,
        })
    }

    /// Asks with a cold file. The reads are those of all processes; the program's own code is warm.
    ///
    /// # Errors
    /// [`ProgramError`] and wrong answers.
    pub fn cold(&self, corpus: &Corpus, folder: &Path, plan: Plan) -> Outcome<Cold> {
        let questions = Questions::sample(corpus, self.most(plan.cold));
        let absent = self.learn(folder)?;
        drop_pages(&files(folder)?)?;
        let before = Reads::now();
        let first = self.answers(folder, &questions.misses[..1])?;
        let between = Reads::now();
        let asked = self.answers(folder, &questions.hits)?;
        let after = Reads::now();
        if let Some(missed) = asked.lines.iter().find(|line| **line == absent) {
            return Err(ProgramError::Missed { command: self.ask.clone(), answer: missed.clone() }.into());
        }
        let each = asked.seconds / asked.lines.len().max(1) as f64;
        let since = |later: Option<Reads>, earlier: Option<Reads>| Some(later?.since(earlier?));
        // Of the questions to one process only the sum is known.
        let mut times = vec![each; asked.lines.len()];
        Ok(Cold::new(first.seconds, since(between, before), &mut times, since(after, between)))
    }

    /// What it is and how it is run, for the settings.
    pub fn settings(&self) -> String {
        let build = self.build.as_ref().map_or("reads sorted `HEX:COUNT` text".to_owned(), |command| {
            format!("its file made by `{command}`")
        });
        let how = if self.is_asked_by_argument() {
            "a process for each question"
        } else {
            "one process for all questions, their mean"
        };
        format!("`{}`, {how}; {build}; opening is a run with one question", self.ask)
    }

    fn is_asked_by_argument(&self) -> bool {
        self.ask.contains("{hash}")
    }

    fn most(&self, questions: usize) -> usize {
        if self.is_asked_by_argument() { questions.min(MOST_PROCESSES) } else { questions }
    }

    /// The file that the program reads.
    fn file(&self, folder: &Path) -> PathBuf {
        folder.join(if self.build.is_some() { FILE } else { TEXT })
    }

    /// What it prints for a digest that is absent.
    fn learn(&self, folder: &Path) -> Outcome<String> {
        let absent: Vec<Row> = crate::questions::endless_misses().take(LESSONS).collect();
        let answers = self.answers(folder, &absent)?.lines;
        let one = answers.first().cloned().unwrap_or_default();
        match answers.into_iter().find(|other| *other != one) {
            Some(other) => Err(ProgramError::Unclear { command: self.ask.clone(), one, other }.into()),
            None => Ok(one),
        }
    }

    fn answers(&self, folder: &Path, questions: &[Row]) -> Result<Answers, ProgramError> {
        let file = self.file(folder);
        let started = Instant::now();
        let lines = if self.is_asked_by_argument() {
            let ask = |question: &Row| {
                let mut command = command(
                    &self.ask,
                    &[("{file}", file.as_os_str().into()), ("{hash}", hex(question).into())],
                )?;
                let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
                Ok(String::from_utf8_lossy(&output.map_err(|error| self.not_run(error))?.stdout).into_owned())
            };
            questions.iter().map(ask).collect::<Result<Vec<_>, ProgramError>>()?
        } else {
            let mut command = command(&self.ask, &[("{file}", file.as_os_str().into())])?;
            let printed = converse(&mut command, questions).map_err(|error| self.not_run(error))?;
            let lines: Vec<String> = printed.lines().map(str::to_owned).collect();
            if lines.len() != questions.len() {
                let (found, expected) = (lines.len(), questions.len());
                return Err(ProgramError::Lines { command: self.ask.clone(), found, expected });
            }
            lines
        };
        let seconds = started.elapsed().as_secs_f64();
        let lines =
            lines.iter().zip(questions).map(|(line, question)| without_digest(line, question)).collect();
        Ok(Answers { lines, seconds })
    }

    fn not_run(&self, error: io::Error) -> ProgramError {
        ProgramError::Run { command: self.ask.clone(), error }
    }
}

/// What was printed for each question, without the digest itself.
struct Answers {
    lines: Vec<String>,
    seconds: f64,
}

/// Runs the command that builds and returns the peak of its anonymous memory.
fn run_builder(line: &str, corpus: &Corpus, folder: &Path, has_text: bool) -> Outcome<u64> {
    let words = [("{file}", folder.join(FILE).into()), ("{text}", folder.join(TEXT).into())];
    let mut command = command(line, &words)?;
    command.stdin(if has_text { Stdio::null() } else { Stdio::piped() }).stdout(Stdio::null());
    let mut child = command.spawn().map_err(|error| ProgramError::Run { command: line.to_owned(), error })?;
    let input = child.stdin.take();
    let (fed, end) = thread::scope(|scope| {
        let feeding = scope.spawn(move || {
            input.map_or(Ok(()), |mut input| {
                write_text(corpus, Order::Sorted, &mut input, "its standard input")
            })
        });
        let end = watch(child);
        (feeding.join(), end)
    });
    let end = end?;
    if !end.status.success() {
        return Err(ProgramError::Failed { command: line.to_owned(), status: end.status }.into());
    }
    match fed.map_err(|_| "the thread that writes the corpus panicked")? {
        // A program may need less than all of its input: what it made is tested by what it answers.
        Err(CorpusError::Write { error, .. }) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other?,
    }
    Ok(end.anonymous)
}

/// Gives a process all questions on its standard input and returns what it prints.
fn converse(command: &mut Command, questions: &[Row]) -> io::Result<String> {
    let mut input = String::with_capacity(questions.len() * 41);
    for question in questions {
        input.push_str(&hex(question));
        input.push('\n');
    }
    let mut child: Child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut printed = Vec::new();
    thread::scope(|scope| {
        // A program that ends early closes its input; what it printed says more than that.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
        stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut printed))
    })?;
    child.wait()?;
    Ok(String::from_utf8_lossy(&printed).into_owned())
}

/// A command whose words have their place holders replaced.
fn command(line: &str, values: &[(&str, OsString)]) -> Result<Command, ProgramError> {
    let mut words = line.split_whitespace().map(|word| replaced(word, values));
    let mut command = Command::new(words.next().ok_or(ProgramError::Empty)?);
    command.args(words);
    Ok(command)
}

fn replaced(word: &str, values: &[(&str, OsString)]) -> OsString {
    for (name, value) in values {
        if let Some((before, after)) = word.split_once(name) {
            let mut whole = replaced(before, values);
            whole.push(value);
            whole.push(replaced(after, values));
            return whole;
        }
    }
    word.into()
}

fn hex(question: &Row) -> String {
    question.digest.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// An answer without the digest, in whatever case it is repeated.
fn without_digest(answer: &str, question: &Row) -> String {
    let digest = hex(question);
    answer.to_ascii_uppercase().replace(&digest, "").trim().to_owned()
}

fn has_number(answer: &str, number: u32) -> bool {
    answer.split(|letter: char| !letter.is_ascii_digit()).any(|word| word.parse() == Ok(number))
}

#[cfg(test)]
mod tests;
