//! Clients of HTTP/2.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use crate::setup::{EXPOSED, Proxy, options};
use crate::site::{Reply, Site, ok};
use crate::upstream::hasty;

/// A body in pieces, with trailers.
struct Pieces(Vec<Frame<Bytes>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = if self.0.is_empty() { None } else { Some(Ok(self.0.remove(0))) };
        Poll::Ready(next)
    }
}

fn pieces(all: &[&[u8]], trailers: &[(&'static str, &'static str)]) -> Pieces {
    let mut frames: Vec<Frame<Bytes>> =
        all.iter().map(|piece| Frame::data(Bytes::copy_from_slice(piece))).collect();
    if !trailers.is_empty() {
        let fields: HeaderMap = trailers
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect();
        frames.push(Frame::trailers(fields));
    }
    Pieces(frames)
}

async fn whole(mut response: Response<Incoming>) -> (Vec<u8>, HeaderMap) {
    let (mut body, mut trailers) = (Vec::new(), HeaderMap::new());
    while let Some(frame) = poll_fn(|context| Pin::new(response.body_mut()).poll_frame(context)).await {
        match frame.expect("a frame").into_data() {
            Ok(data) => body.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().expect("trailers"),
        }
    }
    (body, trailers)
}

/// Sends requests over one connection, all at once, and returns status, body and trailers of each.
fn ask(address: SocketAddr, requests: Vec<Request<Pieces>>) -> Vec<(u16, Vec<u8>, HeaderMap)> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a handshake");
        tokio::spawn(connection);
        let mut running = Vec::new();
        for request in requests {
            let mut sender = sender.clone();
            running.push(tokio::spawn(async move {
                let response = sender.send_request(request).await.expect("an answer");
                let status = response.status().as_u16();
                let (body, trailers) = whole(response).await;
                (status, body, trailers)
            }));
        }
        let mut answers = Vec::new();
        for running in running {
            answers.push(running.await.expect("an answer"));
        }
        answers
    })
}

#[test]
fn a_log_in_over_http_2_is_read_and_its_cookies_are_joined() {
    let site = Site::plain();
    let proxy = Proxy::before(&site);
    let body = format!("user[password]={EXPOSED}");
    let request = Request::post("http://shop.example/login?x=1")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("exposed-credential-check", "1")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(pieces(&[body.as_bytes()], &[]))
        .expect("a request");
    let answers = ask(proxy.address, vec![request]);
    assert_eq!((answers[0].0, answers[0].1.as_slice()), (200, &b"hello\n"[..]));
    let arrived = site.last();
    assert_eq!(arrived.head.first, "POST /login?x=1 HTTP/1.1");
    assert_eq!(arrived.head.one("host"), Some("shop.example"));
    assert_eq!(arrived.head.one("cookie"), Some("a=1; b=2"));
    assert_eq!((arrived.check(), arrived.body.as_slice()), (Some("4"), body.as_bytes()));
}

#[test]
fn bodies_and_trailers_of_many_streams_come_through() {
    let site = Site::new(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        match request.head.one("te") {
            Some(_) => Reply::Bytes(
                format!(
                    "HTTP/1.1 200 OK\r\nTrailer: x-end\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\nX-End: 1\r\n\r\n",
                    body.len()
                )
                .into_bytes(),
            ),
            None => Reply::Bytes(ok(&body)),
        }
    });
    let proxy = Proxy::before(&site);
    let request = |number: usize, te: bool| {
        let builder = Request::put(format!("http://shop.example/{number}"));
        let builder = if te { builder.header("te", "trailers").header("trailer", "x-sum") } else { builder };
        let piece = vec![b'a' + u8::try_from(number % 26).expect("a letter"); 1000 + number];
        builder.body(pieces(&[&piece, &piece], &[("x-sum", "3")])).expect("a request")
    };
    let answers = ask(proxy.address, (0..50).map(|number| request(number, number % 2 == 0)).collect());
    for (number, (status, body, trailers)) in answers.iter().enumerate() {
        assert_eq!((*status, body.len()), (200, 2 * (1000 + number)), "{number}");
        assert_eq!(trailers.contains_key("x-end"), number % 2 == 0, "{number}");
    }
    let with_trailers = site.requests().iter().filter(|request| request.trailers == ["x-sum: 3"]).count();
    assert_eq!(with_trailers, 25);
}

/// The stream ends without an error then (RFC 9113, section 8.1): clients drop the answer at any other.
#[test]
fn an_answer_before_the_end_of_the_body_is_whole() {
    let proxy = Proxy::start(&options(&format!("http://{}", hasty())));
    let piece = vec![7; 64 << 10];
    for round in 0..20 {
        let request = Request::put("http://shop.example/up")
            .body(pieces(&[piece.as_slice(); 64], &[]))
            .expect("a request");
        let answers = ask(proxy.address, vec![request]);
        assert_eq!((answers[0].0, answers[0].1.as_slice()), (413, &b"too big"[..]), "round {round}");
    }
}
