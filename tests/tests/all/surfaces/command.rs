//! `check` and `policy check`, which run on and are asked again, and `audit`, which opens its files anew.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::Run;
use super::model::{Expected, Moment, Sources};

pub(super) const COMMAND: &str = env!("CARGO_BIN_EXE_breachdex-under-test");

/// A policy that refuses what is exposed, and asks nothing else.
const POLICY: &str = "profile = 'permissive'\n[rules]\ntoo_short = false\nrepetitive = false\ncontext_word = false\n\
                      control_character = false\nsimilar_exposed = false\n[actions.sign_up]\nexposed = 'reject'\n";

/// What a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Check,
    Policy,
}

/// A program that answers lines.
struct Running {
    sort: Sort,
    name: String,
    on_error: &'static str,
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    lines: u64,
    exposed: u64,
    failed: u64,
}

/// `check` with every `--on-error`, and `policy check` where it can ask all sources of the case.
pub(super) struct Checks {
    all: Vec<Running>,
}

pub(super) fn command(run: &Run<'_>) -> Command {
    let mut command = Command::new(COMMAND);
    command.current_dir(run.folder()).env_remove("BREACHDEX_INDEX").env_remove("BREACHDEX_TRUSTED_KEYS");
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
}

/// The flags that name the sources.
pub(super) fn sources(run: &Run<'_>) -> Vec<String> {
    let mut flags = Vec::new();
    for file in &run.case.bases {
        flags.extend([String::from("--index"), file.name.clone()]);
    }
    for file in &run.case.overlays {
        flags.extend([String::from("--overlay"), file.name.clone()]);
    }
    flags
}

impl Checks {
    /// `None` where a file cannot be opened, and all of them have said so.
    pub(super) fn start(run: &Run<'_>) -> Option<Self> {
        let mut all = Vec::new();
        let policy = format!("min_count = {}\n{POLICY}", run.case.min_count);
        fs::write(run.folder().join("policy.toml"), policy).unwrap();
        for on_error in ["accept", "reject", "raise"] {
            let mut check = command(run);
            check.args(["check", "--json", "--on-error", on_error]).args(sources(run));
            check.args(["--min-count", &run.case.min_count.to_string()]);
            if run.case.forms {
                check.arg("--forms");
            }
            if let Some(server) = &run.server {
                check.args(["--api", &server.url(), "--timeout", &run.timeout().to_string()]);
            }
            all.push(Running::start(Sort::Check, on_error, check));
            if run.case.bases.len() == 1 && run.server.is_none() {
                let mut check = command(run);
                check.args(["policy", "check", "--policy", "policy.toml", "--json"]);
                check.args(["--on-error", on_error]).args(sources(run));
                all.push(Running::start(Sort::Policy, on_error, check));
            }
        }
        if Sources::of(&run.case, Moment::Start).can_be_opened() {
            return Some(Self { all });
        }
        all.into_iter().for_each(|running| running.must_refuse(run));
        None
    }

    pub(super) fn ask(mut self, run: &Run<'_>, moment: Moment) -> Self {
        let sources = Sources::of(&run.case, moment);
        self.all.retain_mut(|running| running.ask(run, moment, &sources));
        self
    }

    /// Ends the input; the exit code is that of all answers.
    pub(super) fn end(self, run: &Run<'_>) {
        for mut running in self.all {
            drop(running.input.take());
            let exit = running.process.wait().unwrap().code();
            let expected = match (running.failed, running.exposed) {
                (0, 0) => 0,
                (0, _) => 1,
                _ => 2,
            };
            run.found.compare(&running.name, "exit code", &exit, &Some(expected));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Running {
    fn start(sort: Sort, on_error: &'static str, mut command: Command) -> Self {
        let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = process.unwrap();
        let (input, output) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let name = format!("{sort:?} --on-error {on_error}");
        Self { sort, name, on_error, process, input, output, lines: 0, exposed: 0, failed: 0 }
    }

    /// A program that cannot open a source answers nothing.
    fn must_refuse(mut self, run: &Run<'_>) {
        drop(self.input.take());
        let mut said = String::new();
        std::io::Read::read_to_string(&mut self.output, &mut said).unwrap();
        run.found.compare(&self.name, "standard output", &said, &String::new());
        run.found.compare(&self.name, "exit code", &self.process.wait().unwrap().code(), &Some(2));
    }

    /// Asks everything; whether there were as many answers.
    fn ask(&mut self, run: &Run<'_>, moment: Moment, sources: &Sources<'_>) -> bool {
        let lines: String = run.questions().iter().map(|asked| format!("{asked}\n")).collect();
        let input = self.input.as_mut().unwrap();
        if input.write_all(lines.as_bytes()).and_then(|()| input.flush()).is_err() {
            run.found.add(&self.name, format!("{moment:?}: reads no more"));
            return false;
        }
        for asked in run.questions() {
            let mut line = String::new();
            if self.output.read_line(&mut line).unwrap() == 0 {
                run.found.add(&self.name, format!("{moment:?}: ended without an answer to {asked}"));
                return false;
            }
            self.lines += 1;
            let row: Value = serde_json::from_str(&line).unwrap();
            let (min_count, forms) = (run.case.min_count, self.sort == Sort::Policy || run.case.forms);
            let expected = sources.expected(asked, min_count, forms);
            let (found, must) = match self.sort {
                Sort::Check => self.check_row(run, &row, &expected),
                Sort::Policy => self.policy_row(&row, &expected),
            };
            run.found.compare(&self.name, &format!("{asked} {moment:?}"), &found, &must);
        }
        true
    }

    fn count(&mut self, expected: &Expected) {
        match (expected, self.on_error) {
            (Expected::Exposed { .. }, _) | (Expected::Unknown { transient: true }, "reject") => {
                self.exposed += 1;
            }
            (Expected::NotExposed { .. }, _) | (Expected::Unknown { transient: true }, "accept") => {}
            (Expected::Unknown { .. }, _) => self.failed += 1,
        }
    }

    /// What decides in a row of `check`, and what it must be.
    fn check_row(&mut self, run: &Run<'_>, row: &Value, expected: &Expected) -> (Value, Value) {
        self.count(expected);
        let has_overlays = !run.case.overlays.is_empty();
        let number = self.lines;
        let must = match (expected, self.on_error) {
            (Expected::Exposed { count, overlay, form, partial }, _) => {
                let mut must = serde_json::json!({"line": number, "exposed": true, "count": count});
                if has_overlays {
                    must["source"] = if *overlay { "overlay" } else { "base" }.into();
                }
                if run.case.forms {
                    must["form"] = (*form).into();
                }
                if *partial {
                    must["partial"] = true.into();
                }
                must
            }
            (Expected::NotExposed { count }, _) => {
                serde_json::json!({"line": number, "exposed": false, "count": count})
            }
            (Expected::Unknown { transient: true }, "accept") => {
                serde_json::json!({"line": number, "exposed": null, "unknown": true})
            }
            (Expected::Unknown { transient: true }, "reject") => {
                serde_json::json!({"line": number, "exposed": true, "unknown": true})
            }
            (Expected::Unknown { .. }, _) => serde_json::json!({"line": number}),
        };
        let mut found = row.clone();
        let keys = found.as_object_mut().unwrap();
        let has_error = keys.remove("error").is_some();
        if has_error != matches!(expected, Expected::Unknown { .. }) {
            keys.insert(String::from("error"), has_error.into());
        }
        keys.retain(|key, _| !["exact", "floor", "index"].contains(&key.as_str()));
        (found, must)
    }

    /// What decides in a row of `policy check`, and what it must be.
    fn policy_row(&mut self, row: &Value, expected: &Expected) -> (Value, Value) {
        self.count(expected);
        let of = |action: &str, accepted: bool, reasons: Value| serde_json::json!({"action": action, "accepted": accepted, "reasons": reasons});
        let unavailable = |action: &str| serde_json::json!([{"code": "index_unavailable", "action": action}]);
        let must = match (expected, self.on_error) {
            (Expected::Exposed { count, overlay, form, partial }, _) => {
                let source = if *overlay { "overlay" } else { "base" };
                let mut reason = serde_json::json!(
                    {"code": "exposed", "action": "reject", "count": count, "form": form, "source": source}
                );
                if *partial {
                    reason["partial"] = true.into();
                }
                of("reject", false, serde_json::json!([reason]))
            }
            (Expected::NotExposed { .. }, _) => of("accept", true, serde_json::json!([])),
            (Expected::Unknown { transient: true }, "accept") => of("accept", true, unavailable("accept")),
            (Expected::Unknown { transient: true }, "reject") => of("reject", false, unavailable("reject")),
            (Expected::Unknown { .. }, _) => serde_json::json!({}),
        };
        let mut found = row.clone();
        let keys = found.as_object_mut().unwrap();
        keys.retain(|key, _| ["action", "accepted", "reasons"].contains(&key.as_str()));
        (found, must)
    }
}

/// Audits a list of the passwords and compares its rows.
pub(super) fn audit(run: &Run<'_>, moment: Moment) {
    if run.server.is_some() {
        return;
    }
    let rows: String =
        run.questions().iter().enumerate().map(|(i, asked)| format!("u{i},{asked}\n")).collect();
    fs::write(run.folder().join("audited.csv"), format!("id,pw\n{rows}")).unwrap();
    let mut audit = command(run);
    audit.args(["audit", "audited.csv", "--format", "csv", "--column", "pw", "--user-column", "id"]);
    audit.args(["--encoding", "utf-8", "--delimiter", ",", "--csv", "-"]).args(sources(run));
    audit.args(["--min-count", &run.case.min_count.to_string()]);
    if !run.case.forms {
        audit.arg("--exact-bytes");
    }
    let output = audit.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let name = format!("audit {moment:?}");
    let sources = Sources::of(&run.case, moment);
    if !sources.can_be_opened() {
        run.found.compare(&name, "standard output", &said, &String::new());
        run.found.compare(&name, "exit code", &output.status.code(), &Some(2));
        return;
    }
    let mut found: Vec<Vec<&str>> = said.lines().skip(1).map(|line| line.split(',').collect()).collect();
    found.sort_by_key(|cells| cells[0].parse::<u64>().unwrap());
    run.found.compare(&name, "rows", &found.len(), &run.questions().len());
    let (mut unknown, mut exposed) = (false, false);
    for (asked, cells) in run.questions().iter().zip(&found) {
        let number = |count: u64| count.to_string();
        let expected = sources.expected(asked, run.case.min_count, run.case.forms);
        let must = match &expected {
            Expected::Exposed { count, overlay, form, partial } => {
                exposed = true;
                let source = if *overlay { "overlay" } else { "base" };
                let form = if *form == "raw" { "" } else { form };
                ["true", &number(*count), source, form, if *partial { "true" } else { "false" }]
                    .map(String::from)
            }
            Expected::NotExposed { count } => ["false", &number(*count), "", "", "false"].map(String::from),
            Expected::Unknown { .. } => {
                unknown = true;
                ["", "", "", "", "false"].map(String::from)
            }
        };
        let decisive = [cells[3], cells[4], cells[6], cells[10], cells[11]].map(String::from);
        run.found.compare(&name, asked, &decisive, &must);
    }
    let exit = if unknown { 2 } else { i32::from(exposed) };
    run.found.compare(&name, "exit code", &output.status.code(), &Some(exit));
}
