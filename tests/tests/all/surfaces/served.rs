//! `serve`: the rows of every range, or 503.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use super::Run;
use super::case::{full_width, password, range_of};
use super::command::command;
use super::model::{Moment, Sources};

/// A server of the case's one base and its overlays.
pub(super) struct Served {
    process: Child,
    address: String,
}

impl Served {
    /// `None` where the case has what cannot be served, or a file that cannot be opened, and the server has said so.
    pub(super) fn start(run: &Run<'_>) -> Option<Self> {
        let [base] = &*run.case.bases else { return None };
        if run.server.is_some() {
            return None;
        }
        let mut serve = command(run);
        serve.args(["serve", "--index", &base.name, "--partial", "--listen", "127.0.0.1:0"]);
        serve.args(["--reload-every", "0.05"]);
        for overlay in &run.case.overlays {
            serve.args(["--overlay", &overlay.name]);
        }
        if !run.case.overlays.is_empty() {
            serve.arg("--serve-overlays");
        }
        let log = fs::File::create(run.folder().join("log")).unwrap();
        let mut process = serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let can_be_opened = Sources::of(&run.case, Moment::Start).can_be_opened();
        if let Some(address) = line.trim_end().strip_prefix("listening on http://") {
            let served = Self { address: address.to_owned(), process };
            if !can_be_opened {
                run.found.add("serve", String::from("serves what cannot be opened"));
            }
            return can_be_opened.then_some(served);
        }
        let exit = process.wait().unwrap();
        if can_be_opened || exit.success() {
            let log = fs::read_to_string(run.folder().join("log")).unwrap();
            run.found.add("serve", format!("does not serve: {exit}, {log}"));
        }
        None
    }

    pub(super) fn ask(&self, run: &Run<'_>, moment: Moment) {
        let sources = Sources::of(&run.case, moment);
        let names: Vec<String> =
            (0..100).map(password).chain((0..100).map(|number| full_width(&password(number)))).collect();
        for asked in run.questions() {
            let (prefix, _) = range_of(asked);
            let found = self.get(prefix);
            let must = sources.rows(prefix, &names).ok_or(503);
            run.found.compare("serve", &format!("{asked} {moment:?}"), &found, &must);
        }
    }

    /// The rows of a range, or the status of an answer without.
    fn get(&self, prefix: u32) -> Result<Vec<String>, u16> {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let request =
            format!("GET /range/{prefix:05X} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        match head[9..12].parse().unwrap() {
            200 => {
                let rows = body.lines().filter(|row| !row.is_empty() && !row.ends_with(":0"));
                Ok(rows.map(str::to_owned).collect())
            }
            status => Err(status),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
