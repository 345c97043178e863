//! A range server that behaves as a test wants: as the protocol says, or in one of the ways in which servers, proxies and
//! networks misbehave. Plain sockets, a thread for each connection; stops when it is dropped.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use breachdex::Kind;

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The path and query.
    pub target: String,
    /// The prefix, where the path has one.
    pub prefix: u32,
    /// Which digests are asked for.
    pub kind: Kind,
    /// Header names in lower case, with their values.
    pub headers: HashMap<String, String>,
    /// How often this prefix was asked for before.
    pub earlier: u32,
}

/// What the server does with a request.
pub enum Reply {
    /// What the protocol says: the corpus's range, or 304.
    Good,
    /// 200 with another body.
    Body(Vec<u8>),
    /// 200 with other headers too.
    Headed(Vec<(&'static str, String)>, Vec<u8>),
    /// Another status with headers and an empty body.
    Status(u16, Vec<(&'static str, String)>),
    /// The right range, of which the connection gives so many bytes before it is reset.
    CutAt(usize),
    /// The right range, of which so many bytes come before nothing does.
    StallAt(usize),
    /// The right range, a few bytes at a time, each after a while: no single wait is long.
    Trickle,
    /// These bytes, after which the connection is closed.
    Raw(Vec<u8>),
    /// The connection is closed without an answer.
    Hangup,
}

type Behaviour = dyn Fn(&Request) -> Reply + Send + Sync;

/// The rows of a prefix in one state of a corpus, ascending: the first 64 bits of the suffix, and the count.
pub type Rows = dyn Fn(Kind, u32) -> Vec<(u64, u64)> + Send + Sync;

/// The state that the server has now.
#[derive(Clone)]
struct State {
    rows: Arc<Rows>,
    behaviour: Arc<Behaviour>,
    /// `Last-Modified` of every range.
    modified: String,
}

/// A running server.
pub struct RangeServer {
    address: SocketAddr,
    is_tls: bool,
    state: Arc<Mutex<State>>,
    log: Arc<Mutex<Vec<Request>>>,
    served: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl RangeServer {
    /// Serves a corpus rightly.
    pub fn start(rows: impl Fn(Kind, u32) -> Vec<(u64, u64)> + Send + Sync + 'static) -> Self {
        Self::launch(rows, None)
    }

    /// Serves a corpus rightly, by https with a certificate.
    pub fn start_tls(
        rows: impl Fn(Kind, u32) -> Vec<(u64, u64)> + Send + Sync + 'static,
        tls: Arc<rustls::ServerConfig>,
    ) -> Self {
        Self::launch(rows, Some(tls))
    }

    fn launch(
        rows: impl Fn(Kind, u32) -> Vec<(u64, u64)> + Send + Sync + 'static,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let is_tls = tls.is_some();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let state = State {
            rows: Arc::new(rows),
            behaviour: Arc::new(|_| Reply::Good),
            modified: "Thu, 02 Jul 2026 10:00:00 GMT".into(),
        };
        let state = Arc::new(Mutex::new(state));
        let (log, served) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU64::new(0)));
        let stop = Arc::new(AtomicBool::new(false));
        let shared = (Arc::clone(&state), Arc::clone(&log), Arc::clone(&served), Arc::clone(&stop));
        thread::spawn(move || {
            for connection in listener.incoming() {
                if shared.3.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(connection) = connection else { continue };
                let shared = shared.clone();
                let tls = tls.clone();
                thread::spawn(move || {
                    connection.set_nodelay(true).ok()?;
                    match tls {
                        None => serve(connection, &shared.0, &shared.1, &shared.2),
                        Some(tls) => {
                            let session = rustls::ServerConnection::new(tls).ok()?;
                            let stream = rustls::StreamOwned::new(session, connection);
                            serve(stream, &shared.0, &shared.1, &shared.2)
                        }
                    }
                });
            }
        });
        Self { address, is_tls, state, log, served, stop }
    }

    /// The base URL.
    pub fn url(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.address.port())
    }

    /// Has requests answered in another way from now on.
    pub fn behave(&self, behaviour: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
        self.state.lock().expect("no panic").behaviour = Arc::new(behaviour);
    }

    /// Has the corpus be another from now on.
    pub fn change(
        &self,
        rows: impl Fn(Kind, u32) -> Vec<(u64, u64)> + Send + Sync + 'static,
        modified: &str,
    ) {
        let mut state = self.state.lock().expect("no panic");
        state.rows = Arc::new(rows);
        state.modified = modified.to_owned();
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().expect("no panic").clone()
    }

    /// Forgets all requests so far.
    pub fn forget(&self) {
        self.log.lock().expect("no panic").clear();
    }

    /// Ranges that were sent whole.
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }
}

impl Drop for RangeServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the listener so that it looks.
        let _ = TcpStream::connect(self.address);
    }
}

/// The body of a range.
pub fn body(rows: &[(u64, u64)], kind: Kind) -> Vec<u8> {
    let width = kind.hex_digits() - 5;
    if rows.is_empty() {
        return format!("{:0width$X}:0", 0).into_bytes();
    }
    let mut body = Vec::new();
    for (i, (suffix, count)) in rows.iter().enumerate() {
        let digits = format!("{suffix:016X}");
        let _ = write!(body, "{}{digits:0<width$}:{count}", if i > 0 { "\r\n" } else { "" });
    }
    body
}

/// A tag that says what the body is.
pub fn tag(body: &[u8]) -> String {
    format!("\"{:08x}-{}\"", crc32c::crc32c(body), body.len())
}

fn serve<S: Read + Write>(
    connection: S,
    state: &Mutex<State>,
    log: &Mutex<Vec<Request>>,
    served: &AtomicU64,
) -> Option<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let mut request = read_request(&mut reader)?;
        {
            let mut log = log.lock().expect("no panic");
            request.earlier = log.iter().filter(|seen| seen.prefix == request.prefix).count() as u32;
            log.push(request.clone());
        }
        let state = state.lock().expect("no panic").clone();
        let reply = (state.behaviour)(&request);
        let good = body(&(state.rows)(request.kind, request.prefix), request.kind);
        answer(reader.get_mut(), &request, reply, good, &state.modified, served)?;
    }
}

fn answer(
    writer: &mut (impl Read + Write),
    request: &Request,
    reply: Reply,
    good: Vec<u8>,
    modified: &str,
    served: &AtomicU64,
) -> Option<()> {
    let tag = tag(&good);
    let right = vec![("ETag", tag.clone()), ("Last-Modified", modified.to_owned())];
    match reply {
        Reply::Good if request.headers.get("if-none-match") == Some(&tag) => {
            send(writer, 304, &right, &[], usize::MAX)
        }
        Reply::Good => {
            let sent = send(writer, 200, &right, &good, usize::MAX);
            served.fetch_add(1, Ordering::Relaxed);
            sent
        }
        Reply::Body(body) => send(writer, 200, &right, &body, usize::MAX),
        Reply::Headed(headers, body) => send(writer, 200, &headers, &body, usize::MAX),
        Reply::Status(status, headers) => send(writer, status, &headers, &[], usize::MAX),
        Reply::CutAt(most) => {
            send(writer, 200, &right, &good, most);
            None
        }
        Reply::StallAt(most) => {
            send(writer, 200, &right, &good, most);
            // Until the client gives up.
            let _ = writer.read(&mut [0]);
            None
        }
        Reply::Trickle => {
            send(writer, 200, &right, &good, 0)?;
            for piece in good.chunks(4) {
                thread::sleep(Duration::from_millis(20));
                writer.write_all(piece).and_then(|()| writer.flush()).ok()?;
            }
            None
        }
        Reply::Raw(bytes) => {
            let _ = writer.write_all(&bytes).and_then(|()| writer.flush());
            None
        }
        Reply::Hangup => None,
    }
}

/// Sends an answer, of its body at most so many bytes.
fn send(
    writer: &mut (impl Read + Write),
    status: u16,
    headers: &[(&'static str, String)],
    body: &[u8],
    most: usize,
) -> Option<()> {
    let mut answer = format!("HTTP/1.1 {status} x\r\nDate: Fri, 03 Jul 2026 10:00:00 GMT\r\n").into_bytes();
    for (name, value) in headers {
        let _ = write!(answer, "{name}: {value}\r\n");
    }
    if status != 304 {
        let _ = write!(answer, "Content-Length: {}\r\n", body.len());
    }
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(&body[..body.len().min(most)]);
    writer.write_all(&answer).and_then(|()| writer.flush()).ok()
}

fn read_request(reader: &mut BufReader<impl Read>) -> Option<Request> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let target = line.split(' ').nth(1)?.to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let prefix = path.rsplit('/').next().and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let kind = if query == "mode=ntlm" { Kind::Ntlm } else { Kind::Sha1 };
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let prefix = prefix.unwrap_or(u32::MAX);
    Some(Request { prefix, kind, headers, earlier: 0, target })
}
