//! The Python module and Django, in one process that `python/tests/surfaces.py` is: a line of JSON for a line of JSON.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};

use super::Run;
use super::case::Then;
use super::model::{Expected, Moment, Sources};

/// A running interpreter.
pub(super) struct Python {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// The interpreter of the tests, if the module that it imports is what Cargo built; says so if not.
fn interpreter(root: &Path) -> Option<PathBuf> {
    let python = root.join(".venv-python/bin/python");
    let module = fs::read(root.join("python/breachdex/_breachdex.abi3.so")).ok();
    // The program of this test lies beside it, in the folder `deps`.
    let here = std::env::current_exe().unwrap();
    let built = here.ancestors().nth(2).map(|target| target.join("lib_breachdex.so"));
    let built = built.and_then(|built| fs::read(built).ok());
    let reason = match (module, built) {
        _ if !python.exists() => "there is no .venv-python",
        (None, _) => "the module is not in place",
        (Some(module), Some(built)) if module != built => "the module in place is not what Cargo built",
        _ => return Some(python),
    };
    assert!(std::env::var_os("BREACHDEX_SURFACES_NEED_PYTHON").is_none(), "{reason}");
    eprintln!("SKIPPED: {reason} (make python-install), so Python and Django were not asked");
    None
}

impl Python {
    pub(super) fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut process = Command::new(interpreter(root)?)
            .arg(root.join("python/tests/surfaces.py"))
            .env("PYTHONPATH", root.join("python"))
            .env_remove("BREACHDEX_INDEX")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Some(Self { process, input, output })
    }

    fn exchange(&mut self, request: &Value) -> Value {
        writeln!(self.input, "{request}").unwrap();
        self.input.flush().unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The C library, where Cargo built it.
fn c_library() -> Option<PathBuf> {
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).map(|target| target.join("libbreachdex_c.so")).filter(|library| library.exists())
}

/// Opens the sources of a case; whether it could and should.
pub(super) fn open(python: &Mutex<Python>, run: &Run<'_>) -> bool {
    let path = |name: &String| run.folder().join(name);
    let bases: Vec<PathBuf> = run.case.bases.iter().map(|file| path(&file.name)).collect();
    let overlays: Vec<PathBuf> = run.case.overlays.iter().map(|file| path(&file.name)).collect();
    let request = json!({
        "open": run.case.seed,
        "bases": bases,
        "overlays": overlays,
        "server": run.server.as_ref().map(|server| server.url()),
        "timeout": run.timeout(),
        "min_count": run.case.min_count,
        "c_library": c_library(),
    });
    let opened = python.lock().unwrap().exchange(&request) == json!({"opened": true});
    let should = Sources::of(&run.case, Moment::Start).can_be_opened();
    run.found.compare("Python", "whether it opens", &opened, &should);
    opened && should
}

/// Closes the indexes that are to be closed.
pub(super) fn close_some(python: &Mutex<Python>, run: &Run<'_>) {
    let closed: Vec<usize> =
        run.case.files().enumerate().filter(|(_, file)| file.then == Then::Closed).map(|(i, _)| i).collect();
    python.lock().unwrap().exchange(&json!({"close": run.case.seed, "indexes": closed}));
}

pub(super) fn ask(python: &Mutex<Python>, run: &Run<'_>, moment: Moment) {
    let request = json!({"ask": run.case.seed, "questions": run.questions()});
    let found = python.lock().unwrap().exchange(&request);
    let sources = Sources::of(&run.case, moment);
    for (asked, found) in run.questions().iter().zip(found.as_array().unwrap()) {
        let raw = sources.expected(asked, run.case.min_count, false);
        let forms = sources.expected(asked, run.case.min_count, true);
        let mut must = json!({
            "contains": contains(&raw),
            "examine": exposure(&forms, "raise"),
        });
        for on_error in ["accept", "reject", "raise"] {
            must["gate"][on_error] = exposure(&forms, on_error);
            must["policy"][on_error] = verdict(&forms, on_error);
            if run.server.is_none() {
                must["django"][on_error] = verdict(&forms, on_error);
            }
        }
        if run.server.is_none() && c_library().is_some() {
            must["c"] = by_c(run, moment, asked);
        }
        for (surface, must) in must.as_object().unwrap() {
            let name = format!("Python {surface}");
            run.found.compare(&name, &format!("{asked} {moment:?}"), &found[surface], must);
        }
    }
}

/// What the C library must say, whose handles cannot be closed.
fn by_c(run: &Run<'_>, moment: Moment, asked: &str) -> Value {
    let moment = if moment == Moment::Start { moment } else { Moment::Later { can_close: false } };
    match Sources::of(&run.case, moment).expected(asked, run.case.min_count, true) {
        Expected::Unknown { .. } => "unknown".into(),
        expected => exposure(&expected, "raise"),
    }
}

fn contains(expected: &Expected) -> Value {
    match expected {
        Expected::Exposed { .. } => true.into(),
        Expected::NotExposed { .. } => false.into(),
        Expected::Unknown { .. } => "raised".into(),
    }
}

/// An exposure, or what becomes of a fault.
fn exposure(expected: &Expected, on_error: &str) -> Value {
    match (expected, on_error) {
        (Expected::Exposed { count, overlay, form, partial }, _) => {
            let source = if *overlay { "overlay" } else { "base" };
            json!({"count": count, "form": form, "source": source, "partial": partial})
        }
        (Expected::NotExposed { .. }, _) | (Expected::Unknown { transient: true }, "accept") => Value::Null,
        (Expected::Unknown { transient: true }, "reject") => "unavailable".into(),
        (Expected::Unknown { .. }, _) => "raised".into(),
    }
}

/// What a policy or a validator decides.
fn verdict(expected: &Expected, on_error: &str) -> Value {
    let said = match (expected, on_error) {
        (Expected::Exposed { .. }, _) => "exposed",
        (Expected::NotExposed { .. }, _) | (Expected::Unknown { transient: true }, "accept") => "accepted",
        (Expected::Unknown { transient: true }, "reject") => "index_unavailable",
        (Expected::Unknown { .. }, _) => "raised",
    };
    said.into()
}
