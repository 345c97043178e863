//! A client that hides nothing: it sends the bytes that it is given and shows those that come back.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The one value of a header; `None` where there is none.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status, the last part of the problem's type, and its detail.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let problem = self.json();
        let text = |name: &str| problem[name].as_str().unwrap().to_owned();
        assert_eq!(problem["status"], self.status);
        (self.status, text("type").replace("urn:breachdex:problem:", ""), text("detail"))
    }
}

/// A connection, over TCP or what is laid on it.
pub(crate) struct Client<S = TcpStream> {
    stream: S,
    /// Bytes that came and belong to the next answer.
    unread: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        // A server that does not answer fails a test; it does not hang it.
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, unread: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.flush().unwrap();
    }

    /// Sends what may meet a closed connection.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// A request with header lines such as `Accept-Language: ja`.
    pub(crate) fn request(&mut self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        if !headers.iter().any(|line| line.starts_with("Host:")) {
            lines.push_str("Host: localhost\r\n");
        }
        if method == "POST" && !lines.contains("Transfer-Encoding") {
            lines.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.send(format!("{method} {path} HTTP/1.1\r\n{lines}\r\n").as_bytes());
        self.try_send(body);
        if method == "HEAD" { self.read_head() } else { self.read() }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    /// Posts JSON.
    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> Answer {
        self.request("POST", path, &["Content-Type: application/json"], body)
    }

    /// The next answer; its body is as long as it says.
    #[track_caller]
    pub(crate) fn read(&mut self) -> Answer {
        let mut answer = self.read_head();
        assert_eq!(answer.header("transfer-encoding"), None);
        let has_body = ![204, 304].contains(&answer.status);
        let length = if has_body { answer.header("content-length").unwrap().parse().unwrap() } else { 0 };
        while self.unread.len() < length {
            assert!(self.receive() > 0, "the body ended at {} of {length} bytes", self.unread.len());
        }
        answer.body = self.unread.drain(..length).collect();
        answer
    }

    /// The next answer's head.
    #[track_caller]
    pub(crate) fn read_head(&mut self) -> Answer {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            assert!(self.receive() > 0, "closed within a head of {} bytes", self.unread.len());
        };
        let head: Vec<u8> = self.unread.drain(..end + 4).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Answer { status, headers, body: Vec::new() }
    }

    /// Whether the server has closed, with nothing more to read. Waits for it.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && self.receive() == 0
    }

    fn receive(&mut self) -> usize {
        let mut buffer = [0; 1 << 16];
        let read = loop {
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break 0,
                result => break result.unwrap(),
            }
        };
        self.unread.extend_from_slice(&buffer[..read]);
        read
    }
}
