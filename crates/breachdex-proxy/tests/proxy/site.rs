//! A plain site: reads requests byte by byte, records them, and answers what a test says.

#![forbid(unsafe_code)]

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::wire::{self, Head};

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<String>,
    /// Which connection it came over, from 0.
    pub(crate) connection: usize,
}

impl Request {
    pub(crate) fn check(&self) -> Option<&str> {
        self.head.one("exposed-credential-check")
    }
}

/// What the site does after a request.
pub(crate) enum Reply {
    /// Sends these bytes.
    Bytes(Vec<u8>),
    /// Sends these bytes and closes the connection.
    Last(Vec<u8>),
    /// Takes the connection over.
    Stream(Box<dyn FnOnce(&mut TcpStream) + Send>),
}

/// An answer with a body.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    is_over: Arc<AtomicBool>,
}

impl Site {
    /// A site that answers as the function says.
    pub(crate) fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (handler, recorded): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&requests));
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        thread::spawn(move || {
            let connections = AtomicUsize::new(0);
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let number = connections.fetch_add(1, Ordering::Relaxed);
                let (handler, recorded) = (Arc::clone(&handler), Arc::clone(&recorded));
                thread::spawn(move || serve(stream, number, &*handler, &recorded));
            }
        });
        Self { address, requests, is_over }
    }

    /// A site that answers 200 with a body.
    pub(crate) fn plain() -> Self {
        Self::new(|_| Reply::Bytes(ok("hello\n")))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("the requests").clone()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Request {
        self.requests().pop().expect("a request")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: TcpStream, connection: usize, handler: &Handler, recorded: &Mutex<Vec<Request>>) {
    let mut stream = BufReader::new(stream);
    while let Some(head) = wire::head(&mut stream) {
        let mut request = Request { head, connection, ..Request::default() };
        if request.head.one("expect").is_some() {
            // Written by the test's handler where it wants the body.
            if let Reply::Last(bytes) = handler(&request) {
                recorded.lock().expect("the requests").push(request);
                let _ = stream.get_mut().write_all(&bytes);
                return;
            }
            let _ = stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let is_chunked = request.head.one("transfer-encoding") == Some("chunked");
        if is_chunked {
            let Some((body, trailers)) = wire::chunked(&mut stream) else { return };
            (request.body, request.trailers) = (body, trailers);
        } else if let Some(length) = request.head.one("content-length") {
            assert!(!is_chunked, "both framings");
            let length: u64 = length.parse().expect("a length");
            let read = stream.by_ref().take(length).read_to_end(&mut request.body);
            if read.is_err() || (request.body.len() as u64) < length {
                return;
            }
        }
        let reply = handler(&request);
        recorded.lock().expect("the requests").push(request);
        match reply {
            Reply::Bytes(bytes) => {
                if stream.get_mut().write_all(&bytes).is_err() {
                    return;
                }
            }
            Reply::Last(bytes) => {
                let _ = stream.get_mut().write_all(&bytes);
                return;
            }
            Reply::Stream(work) => return work(stream.get_mut()),
        }
    }
}
