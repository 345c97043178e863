//! One answer on every surface: any split of a corpus into sources, any of them damaged, missing, replaced, stale, closed or
//! silent, and the library, the command, the server, the sidecar, the proxy, the Python module, a framework and the C library
//! all say what the table says.
//!
//! `case` makes cases of seeds, `model` is the table on plain maps; `library`, `command`, `served`, `gateways` and `python`
//! ask. Every surface is asked twice: at the start, and after the files changed under it.
//!
//! `BREACHDEX_SURFACE_CASES=500 cargo test --workspace --test all surfaces` runs more cases, `BREACHDEX_SURFACE_SEED=N` begins
//! at another one. A disagreement names its seed; `BREACHDEX_SURFACE_SEED=N BREACHDEX_SURFACE_CASES=1` repeats it.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]
#![cfg(unix)]

mod case;
mod command;
mod gateways;
mod library;
mod model;
mod python;
mod served;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use breachdex_tests::range_server::{RangeServer, Reply};
use tempfile::TempDir;

use case::{Case, Trouble};
use model::{Moment, Sources};

/// Cases of a run, where the environment names no other number.
const CASES: u64 = 32;

/// Cases at once: most of the time they wait for files to be looked at again.
const AT_ONCE: usize = 8;

/// Longer than any surface takes until it looks at its files again: a second.
const UNTIL_SEEN: Duration = Duration::from_millis(1400);

/// What a surface said that it must not.
struct Disagreements<'a> {
    seed: u64,
    all: &'a Mutex<Vec<String>>,
}

impl Disagreements<'_> {
    fn add(&self, surface: &str, what: String) {
        let mut all = self.all.lock().unwrap();
        all.push(format!("seed {}, {surface}: {what}", self.seed));
    }

    /// Compares what was said with what must be.
    fn compare<T: PartialEq + std::fmt::Debug>(&self, surface: &str, asked: &str, found: &T, expected: &T) {
        if found != expected {
            self.add(surface, format!("{asked}: {found:?}, not {expected:?}"));
        }
    }
}

/// A case with its files, its range server and what it found.
struct Run<'a> {
    case: Case,
    folder: TempDir,
    server: Option<RangeServer>,
    found: Disagreements<'a>,
}

impl<'a> Run<'a> {
    fn new(seed: u64, all: &'a Mutex<Vec<String>>) -> Self {
        let case = Case::new(seed);
        let folder = TempDir::new().unwrap();
        case.files().for_each(|file| file.write(folder.path()));
        let server = case.server.as_ref().map(|_| RangeServer::start(|_, _| vec![]));
        let run = Self { case, folder, server, found: Disagreements { seed, all } };
        run.behave(|server| server.start);
        run
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What happens later, happens; files that are followed were looked at again afterwards.
    fn change(&self) {
        for file in self.case.files() {
            // What could not be opened is of no more interest, and may not be a file.
            if Sources::of(&self.case, Moment::Start).can_be_opened() {
                file.change(self.folder());
            }
        }
        self.behave(|server| server.then);
        thread::sleep(UNTIL_SEEN);
    }

    fn behave(&self, trouble: impl Fn(&case::Server) -> Option<Trouble>) {
        let (Some(server), Some(said)) = (&self.server, &self.case.server) else { return };
        let (seen, trouble) = (said.seen.clone(), trouble(said));
        server.behave(move |request| {
            let body = model::body(&seen, request.prefix, trouble);
            match trouble {
                None | Some(Trouble::Malformed) => Reply::Body(body),
                Some(Trouble::Refuses) => Reply::Status(503, vec![]),
                Some(Trouble::SaysNotFound) => Reply::Status(404, vec![]),
                Some(Trouble::Redirects) => Reply::Status(302, vec![("Location", "/range/00000".into())]),
                Some(Trouble::HangsUp) => Reply::Hangup,
                Some(Trouble::TimesOut) => Reply::StallAt(0),
                Some(Trouble::CutShort) => {
                    let head = format!("HTTP/1.1 200 x\r\nContent-Length: {}\r\n\r\n", body.len());
                    Reply::Raw([head.as_bytes(), &body[..body.len() - 1]].concat())
                }
            }
        });
    }

    /// Seconds that a client waits: few where nothing comes, and many where it does.
    fn timeout(&self) -> f64 {
        if self.case.times_out() { 0.1 } else { 30.0 }
    }

    /// The questions: few where each is waited for.
    fn questions(&self) -> &[String] {
        if self.case.times_out() { &self.case.questions[..3] } else { &self.case.questions }
    }
}

fn number_of(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// Runs the cases and fails with every disagreement.
fn run_all(ask: impl Fn(&Run<'_>) + Sync) {
    let (first, cases) =
        (number_of("BREACHDEX_SURFACE_SEED", 0), number_of("BREACHDEX_SURFACE_CASES", CASES));
    let (next, all) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + cases {
                        return;
                    }
                    ask(&Run::new(seed, &all));
                }
            });
        }
    });
    let all = all.into_inner().unwrap();
    assert!(all.is_empty(), "{} disagreements:\n{}", all.len(), all.join("\n"));
}

#[test]
fn library_command_and_server_answer_as_the_table_says() {
    run_all(|run| {
        let library = library::Library::open(run);
        let checks = command::Checks::start(run);
        let served = served::Served::start(run);
        let gateways = gateways::Gateways::start(run);
        library.ask(run, Moment::Start);
        let checks = checks.map(|checks| checks.ask(run, Moment::Start));
        if let Some(served) = &served {
            served.ask(run, Moment::Start);
        }
        if let Some(gateways) = &gateways {
            gateways.ask(run, Moment::Start);
        }
        command::audit(run, Moment::Start);
        if library.is_open() {
            library.close_some(run);
            run.change();
            library.ask(run, Moment::Later { can_close: true });
            let later = Moment::Later { can_close: false };
            if let Some(checks) = checks {
                checks.ask(run, later).end(run);
            }
            if let Some(served) = &served {
                served.ask(run, Moment::Served);
            }
            if let Some(gateways) = &gateways {
                gateways.ask(run, later);
            }
            command::audit(run, Moment::Anew);
        }
    });
}

/// Needs the module in place, as `make python-install` puts it there; without it, says that it was skipped.
#[test]
fn python_and_django_answer_as_the_table_says() {
    let Some(python) = python::Python::start() else { return };
    let python = Mutex::new(python);
    run_all(|run| {
        let opened = python::open(&python, run);
        if opened {
            python::ask(&python, run, Moment::Start);
            python::close_some(&python, run);
            run.change();
            python::ask(&python, run, Moment::Later { can_close: true });
        }
    });
}
