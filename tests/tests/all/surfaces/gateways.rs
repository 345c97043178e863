//! `sidecar`, asked for checks and verdicts, and `proxy`, by what it tells the site behind it.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::OnceLock;
use std::thread;

use serde_json::{Value, json};

use super::Run;
use super::command::{command, sources};
use super::model::{Expected, Moment, Sources};

/// Refuses what cannot be checked, so that a fault is told from a password that is not exposed.
const REFUSE: [&str; 2] = ["--on-error", "reject"];

/// A server that answers posts.
struct Posted {
    name: &'static str,
    process: Child,
    address: String,
    _output: BufReader<ChildStdout>,
}

/// Those of a case without a range server.
pub(super) struct Gateways {
    sidecar: Posted,
    /// Of a case with one base.
    proxy: Option<Posted>,
}

impl Gateways {
    /// `None` where there is a range server, and where a file cannot be opened and all of them have said so. The policy is that of
    /// [`super::command::Checks`].
    pub(super) fn start(run: &Run<'_>) -> Option<Self> {
        if run.server.is_some() {
            return None;
        }
        let sidecar = Posted::start(run, "sidecar", &["--policy", "policy.toml", "--reload-every", "0.05"]);
        let mut proxy = None;
        if run.case.bases.len() == 1 {
            let min_count = run.case.min_count.to_string();
            let rule = "POST /join password=password";
            let flags = ["--upstream", site(), "--sign-up", rule, "--min-count", &min_count, "--no-radar"];
            proxy = Posted::start(run, "proxy", &flags);
        }
        Some(Self { sidecar: sidecar?, proxy })
    }

    pub(super) fn ask(&self, run: &Run<'_>, moment: Moment) {
        let sources = Sources::of(&run.case, moment);
        for asked in run.questions() {
            let expected = sources.expected(asked, run.case.min_count, true);
            let what = format!("{asked} {moment:?}");
            let body = json!({"password": asked});
            run.found.compare("sidecar check", &what, &self.sidecar.check(&body), &known(&expected));
            run.found.compare("sidecar verdict", &what, &self.sidecar.verdict(asked), &reason(&expected));
            if let Some(proxy) = &self.proxy {
                run.found.compare("proxy", &what, &proxy.post("/join", &body), &passed(&expected));
            }
        }
    }
}

/// What `/v1/check` says.
fn known(expected: &Expected) -> Value {
    match expected {
        Expected::Exposed { form, .. } => json!({"exposed": true, "form": form, "header": 4}),
        Expected::NotExposed { .. } => json!({"exposed": false, "form": null, "header": null}),
        Expected::Unknown { .. } => json!({"exposed": null, "form": null, "header": null}),
    }
}

/// The code of the reason in a verdict.
fn reason(expected: &Expected) -> Value {
    match expected {
        Expected::Exposed { .. } => json!("exposed"),
        Expected::NotExposed { .. } => Value::Null,
        Expected::Unknown { .. } => json!("index_unavailable"),
    }
}

/// The status that the proxy answers, and what the site was told.
fn passed(expected: &Expected) -> (u16, String) {
    match expected {
        Expected::Exposed { .. } => (200, String::from("4")),
        Expected::NotExposed { .. } => (200, String::from("nothing")),
        Expected::Unknown { .. } => {
            (503, String::from("The password of this request could not be checked; try again later\n"))
        }
    }
}

impl Posted {
    fn start(run: &Run<'_>, name: &'static str, flags: &[&str]) -> Option<Self> {
        let log = run.folder().join(format!("{name}.log"));
        let mut program = command(run);
        program.arg(name).args(sources(run)).args(flags).args(REFUSE).args(["--listen", "127.0.0.1:0"]);
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap());
        let mut process = program.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let can_be_opened = Sources::of(&run.case, Moment::Start).can_be_opened();
        if let Some(address) = line.trim_end().strip_prefix("listening on http://") {
            let posted = Self { name, address: address.to_owned(), process, _output: output };
            if !can_be_opened {
                run.found.add(name, String::from("answers though a source cannot be opened"));
            }
            return can_be_opened.then_some(posted);
        }
        let exit = process.wait().unwrap();
        if can_be_opened || exit.success() {
            run.found.add(name, format!("does not answer: {exit}, {}", fs::read_to_string(log).unwrap()));
        }
        None
    }

    /// The status and the body of an answer.
    fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{}: {answer:?}", self.name));
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    fn check(&self, body: &Value) -> Value {
        let (status, answer) = self.post("/v1/check", body);
        let Ok(Value::Object(mut keys)) = serde_json::from_str(&answer) else {
            return json!([status, answer]);
        };
        keys.retain(|key, _| ["exposed", "form", "header"].contains(&key.as_str()));
        keys.into()
    }

    fn verdict(&self, asked: &str) -> Value {
        let (status, answer) = self.post("/v1/verdict", &json!({"event": "sign_up", "password": asked}));
        let verdict: Value = serde_json::from_str(&answer).unwrap();
        let reasons = verdict["reasons"].as_array();
        match (status, verdict["accepted"].as_bool(), reasons.map(Vec::as_slice)) {
            (200, Some(true), Some([])) => Value::Null,
            (200, Some(false), Some([reason])) => reason["code"].clone(),
            _ => json!([status, answer]),
        }
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The URL of the site behind all proxies, which answers what it is told about a password.
fn site() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let _ = answer(stream);
                });
            }
        });
        url
    })
}

/// Answers one request.
fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut told, mut length, mut line) = (String::from("nothing"), 0, String::new());
    while stream.read_line(&mut line)? > 2 {
        match line.trim_end().split_once(": ") {
            Some(("exposed-credential-check", value)) => value.clone_into(&mut told),
            Some(("content-length", value)) => length = value.parse().unwrap_or(0),
            _ => {}
        }
        line.clear();
    }
    stream.read_exact(&mut vec![0; length])?;
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", told.len());
    stream.get_mut().write_all(format!("{head}{told}").as_bytes())
}
