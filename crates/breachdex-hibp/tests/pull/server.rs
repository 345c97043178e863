//! A static web server that behaves as a test wants. Plain sockets, a thread for each connection; stops when it is dropped.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// What follows the index's name in the path.
    pub(crate) ending: String,
    /// The part that is asked for.
    pub(crate) part: Option<Range<u64>>,
    /// How many requests for the same file came before.
    pub(crate) earlier: usize,
}

/// What the server does with a request.
pub(crate) enum Reply {
    Good,
    /// The whole file, whatever was asked for.
    Whole,
    /// Another status and headers.
    Status(u16, &'static str),
    /// The right head, with headers in the place of those with the same names, and so many bytes of the body.
    Headed(&'static str, usize),
    /// So many bytes of the body, then nothing.
    Stall(usize),
    /// The bytes behind those that were asked for, truly labelled.
    Beside,
}

#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) headers: String,
}

type Behaviour = dyn Fn(&Request) -> Reply + Send + Sync;

struct State {
    files: HashMap<String, Published>,
    behaviour: Arc<Behaviour>,
    log: Vec<Request>,
}

pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(index: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { files: HashMap::new(), behaviour: Arc::new(|_| Reply::Good), log: Vec::new() };
        let (state, stop) = (Arc::new(Mutex::new(state)), Arc::new(AtomicBool::new(false)));
        let server = Self { address, state: Arc::clone(&state), stop: Arc::clone(&stop) };
        server.put("", index, "\"1\"");
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&state);
                thread::spawn(move || serve(connection, &state));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/a.bdx", self.address.port())
    }

    /// Has a file be another from now on.
    pub(crate) fn put(&self, ending: &str, bytes: &[u8], tag: &str) {
        let headers = format!("ETag: {tag}\r\nLast-Modified: Thu, 02 Jul 2026 10:00:00 GMT\r\n");
        self.put_with(ending, bytes, headers);
    }

    pub(crate) fn put_with(&self, ending: &str, bytes: &[u8], headers: String) {
        let published = Published { bytes: Arc::new(bytes.to_vec()), headers };
        self.state.lock().unwrap().files.insert(ending.to_owned(), published);
    }

    pub(crate) fn behave(&self, behaviour: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
        self.state.lock().unwrap().behaviour = Arc::new(behaviour);
    }

    /// The requests so far, which are then forgotten.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().unwrap().log)
    }

    /// Puts another file there as soon as some parts of the index were asked for.
    pub(crate) fn replace_after(self: &Arc<Self>, requests: usize, bytes: Vec<u8>, tag: &'static str) {
        let (server, done) = (Arc::downgrade(self), AtomicBool::new(false));
        self.behave(move |request| {
            if request.ending.is_empty()
                && request.earlier >= requests
                && !done.swap(true, Ordering::SeqCst)
                && let Some(server) = server.upgrade()
            {
                server.put("", &bytes, tag);
            }
            Reply::Good
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(connection: TcpStream, state: &Mutex<State>) -> Option<()> {
    connection.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(connection);
    loop {
        let request = read_request(&mut reader, state)?;
        let behaviour = Arc::clone(&state.lock().unwrap().behaviour);
        let reply = behaviour(&request);
        let file = state.lock().unwrap().files.get(&request.ending).cloned();
        answer(reader.get_mut(), &request, &reply, file)?;
    }
}

fn answer(writer: &mut TcpStream, request: &Request, reply: &Reply, file: Option<Published>) -> Option<()> {
    if let Reply::Status(status, headers) = reply {
        let head = format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: 0\r\n\r\n");
        return writer.write_all(head.as_bytes()).ok();
    }
    let Some(Published { bytes, headers }) = file else {
        return writer.write_all(b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n").ok();
    };
    let length = bytes.len() as u64;
    let part = request.part.clone().filter(|_| !matches!(reply, Reply::Whole) && length > 0);
    let Some(part) = part else {
        let head = format!("HTTP/1.1 200 x\r\nServer: test/1\r\n{headers}Content-Length: {length}\r\n\r\n");
        writer.write_all(head.as_bytes()).ok()?;
        return writer.write_all(&bytes).ok();
    };
    let mut part = part.start.min(length)..part.end.min(length);
    if matches!(reply, Reply::Beside) {
        part = part.start + 1..(part.end + 1).min(length);
    }
    let body = &bytes[part.start as usize..part.end as usize];
    let mut lines = format!(
        "{headers}Content-Range: bytes {}-{}/{length}\r\nContent-Length: {}\r\n",
        part.start,
        part.end.saturating_sub(1),
        body.len()
    );
    let mut most = usize::MAX;
    if let Reply::Headed(other, bytes) = reply {
        let name = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
        let named: Vec<String> = other.lines().map(name).collect();
        let kept: Vec<&str> =
            lines.split_inclusive("\r\n").filter(|line| !named.contains(&name(line))).collect();
        lines = kept.concat() + other;
        most = *bytes;
    }
    if let Reply::Stall(bytes) = reply {
        most = *bytes;
    }
    writer.write_all(format!("HTTP/1.1 206 x\r\n{lines}\r\n").as_bytes()).ok()?;
    writer.write_all(&body[..body.len().min(most)]).ok()?;
    if matches!(reply, Reply::Stall(_)) {
        // Until the client gives up.
        writer.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        let _ = writer.read(&mut [0]);
    }
    (body.len() <= most).then_some(())
}

fn read_request(reader: &mut BufReader<TcpStream>, state: &Mutex<State>) -> Option<Request> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let ending = line.split(' ').nth(1)?.strip_prefix("/a.bdx")?.to_owned();
    let mut part = None;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("range") {
            let (first, last) = value.trim().strip_prefix("bytes=")?.split_once('-')?;
            part = Some(first.parse().ok()?..last.parse::<u64>().ok()? + 1);
        }
    }
    let log = &mut state.lock().unwrap().log;
    let earlier = log.iter().filter(|seen| seen.ending == ending).count();
    let request = Request { ending, part, earlier };
    log.push(request.clone());
    Some(request)
}
