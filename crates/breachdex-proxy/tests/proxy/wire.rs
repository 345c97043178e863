//! HTTP/1.1 as text, read by the plainest reader that there is.

#![forbid(unsafe_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The head of a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) first: String,
    /// Lines as they came.
    pub(crate) lines: Vec<String>,
}

impl Head {
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let matching =
            |line: &&String| line.split_once(':').is_some_and(|(own, _)| own.eq_ignore_ascii_case(name));
        self.lines.iter().filter(matching).filter_map(|line| Some(line.split_once(':')?.1.trim())).collect()
    }

    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name} is there {} times", all.len());
        all.first().copied()
    }
}

/// A line without its end; `None` at the end of the stream.
fn line(stream: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    stream.read_until(b'\n', &mut bytes).ok()?;
    let text = bytes.strip_suffix(b"\r\n")?;
    Some(String::from_utf8_lossy(text).into_owned())
}

pub(crate) fn head(stream: &mut impl BufRead) -> Option<Head> {
    let first = line(stream)?;
    let mut lines = Vec::new();
    loop {
        let next = line(stream)?;
        if next.is_empty() {
            return Some(Head { first, lines });
        }
        lines.push(next);
    }
}

/// A chunked body with its trailers, or the error that it is cut.
pub(crate) fn chunked(stream: &mut impl BufRead) -> Option<(Vec<u8>, Vec<String>)> {
    let mut body = Vec::new();
    loop {
        let size = line(stream)?;
        let size = usize::from_str_radix(size.split(';').next()?, 16).ok()?;
        if size == 0 {
            break;
        }
        let at = body.len();
        body.resize(at + size, 0);
        stream.read_exact(&mut body[at..]).ok()?;
        if !line(stream)?.is_empty() {
            return None;
        }
    }
    let mut trailers = Vec::new();
    loop {
        let next = line(stream)?;
        if next.is_empty() {
            return Some((body, trailers));
        }
        trailers.push(next);
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<String>,
    /// Whether the body ended before it should.
    pub(crate) is_cut: bool,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.first.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

/// A connection of a client.
pub(crate) struct Connection {
    pub(crate) stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("sent");
    }

    pub(crate) fn ask(&mut self, request: &[u8]) -> Answer {
        self.send(request);
        self.answer(request.starts_with(b"HEAD "))
    }

    pub(crate) fn answer(&mut self, is_head: bool) -> Answer {
        self.try_answer(is_head).expect("an answer")
    }

    /// The next answer; `None` where the connection ends before.
    pub(crate) fn try_answer(&mut self, is_head: bool) -> Option<Answer> {
        let head = head(&mut self.stream)?;
        let mut answer = Answer { head, body: Vec::new(), trailers: Vec::new(), is_cut: false };
        let status = answer.status();
        if is_head || status < 200 || status == 204 || status == 304 {
            return Some(answer);
        }
        if answer.head.one("transfer-encoding") == Some("chunked") {
            match chunked(&mut self.stream) {
                Some((body, trailers)) => (answer.body, answer.trailers) = (body, trailers),
                None => answer.is_cut = true,
            }
        } else if let Some(length) = answer.head.one("content-length") {
            let length: usize = length.parse().expect("a length");
            let read = self.stream.by_ref().take(length as u64).read_to_end(&mut answer.body);
            answer.is_cut = read.is_err() || answer.body.len() < length;
        } else {
            answer.is_cut = self.stream.read_to_end(&mut answer.body).is_err();
        }
        Some(answer)
    }

    /// Whether the other side has closed the connection.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.stream.fill_buf(), Ok([]) | Err(_))
    }
}
