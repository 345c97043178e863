//! Refuses requests of HTTP/1.1 whose length is said twice.
//!
//! `Content-Length` beside `Transfer-Encoding`, or one of them more than once, is how requests are smuggled past a proxy.
//! The HTTP library reads such a request in one defined way and does not tell, so this looks at the bytes before it does.
//! It follows heads and bodies; where the length is said twice it spoils the name of the second header, and where a length
//! is longer than anybody writes it, the end of its line. The library answers 400 and closes the connection. What else it
//! cannot follow it lets pass, because the library refuses that.
//!
//! It goes on behind a request for an upgrade: nobody but the service knows whether one follows. The frames of a WebSocket
//! are masked, so that they hold no such headers unless their sender wants that, who then loses its own connection.

#![forbid(unsafe_code)]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of a line that are looked at: a name, and a length of 20 digits.
const LOOKED_AT: usize = 64;

/// What comes next on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The first line of a head, perhaps after empty ones.
    First,
    /// A line of a head.
    Header,
    /// So many bytes of a body.
    Body(u64),
    /// The line with the size of a chunk.
    Size,
    /// So many bytes of a chunk and the end of its line.
    Chunk(u64),
    /// What follows the bytes of a chunk up to the end of the line.
    ChunkEnd,
    /// A line of trailers.
    Trailer,
    /// Something that is not followed: HTTP/2, or what the library refuses.
    Anything,
}

/// Follows the bytes of a connection.
#[derive(Debug)]
struct Follower {
    next: Next,
    /// The beginning of the line that came so far.
    line: [u8; LOOKED_AT],
    /// How long the line is so far.
    length: usize,
    /// Headers of this head that say how long its body is.
    lengths: u32,
    codings: u32,
    /// Whether the name of the line was looked at.
    has_name: bool,
    content_length: Option<u64>,
    /// Whether the line is a header that says the length.
    is_length: bool,
}

impl Follower {
    fn new() -> Self {
        Self {
            next: Next::First,
            line: [0; LOOKED_AT],
            length: 0,
            lengths: 0,
            codings: 0,
            has_name: false,
            content_length: None,
            is_length: false,
        }
    }

    /// Looks at bytes that came, and spoils the name of a header that says the length once more.
    fn follow(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let left = (bytes.len() - at) as u64;
            match self.next {
                Next::Anything => return,
                Next::Body(size) | Next::Chunk(size) if size > left => {
                    self.next = match self.next {
                        Next::Body(_) => Next::Body(size - left),
                        _ => Next::Chunk(size - left),
                    };
                    return;
                }
                Next::Body(size) => {
                    at += usize::try_from(size).unwrap_or_default();
                    self.begin();
                }
                Next::Chunk(size) => {
                    at += usize::try_from(size).unwrap_or_default();
                    self.next = Next::ChunkEnd;
                }
                _ => {
                    let end = memchr::memchr(b'\n', &bytes[at..]).map(|end| at + end);
                    let piece = &bytes[at..end.unwrap_or(bytes.len())];
                    if let Some(colon) = self.name(piece).filter(|_| self.is_said_twice()) {
                        bytes[at + colon] = 0;
                        self.next = Next::Anything;
                        return;
                    }
                    let piece = &bytes[at..end.unwrap_or(bytes.len())];
                    self.add(piece);
                    let Some(end) = end else { return };
                    if self.is_length_cut_off() {
                        bytes[end] = 0;
                        self.next = Next::Anything;
                        return;
                    }
                    self.line_ended();
                    (self.length, self.has_name, self.is_length) = (0, false, false);
                    at = end + 1;
                }
            }
        }
    }

    /// Looks at the name of a header once all of it came. Returns where its colon is.
    fn name(&mut self, piece: &[u8]) -> Option<usize> {
        if self.next != Next::Header || self.has_name {
            return None;
        }
        let colon = memchr::memchr(b':', piece)?;
        self.has_name = true;
        let mut name = [0; LOOKED_AT];
        let length = self.length + colon;
        let known = self.length.min(LOOKED_AT);
        let more = colon.min(LOOKED_AT - known);
        name[..known].copy_from_slice(&self.line[..known]);
        name[known..known + more].copy_from_slice(&piece[..more]);
        let name = name.get(..length)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            self.lengths += 1;
            self.is_length = true;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.codings += 1;
        }
        Some(colon)
    }

    fn is_said_twice(&self) -> bool {
        self.lengths + self.codings > 1
    }

    /// Whether a length is not known because its line is too long.
    fn is_length_cut_off(&self) -> bool {
        let is_size = self.next == Next::Size && self.line.iter().all(u8::is_ascii_hexdigit);
        self.length > LOOKED_AT && (self.is_length || is_size)
    }

    fn add(&mut self, piece: &[u8]) {
        if let Some(room) = self.line.get_mut(self.length..) {
            let taken = room.len().min(piece.len());
            room[..taken].copy_from_slice(&piece[..taken]);
        }
        self.length += piece.len();
    }

    /// Begins with another request.
    fn begin(&mut self) {
        *self = Self::new();
    }

    /// What comes after a line.
    fn line_ended(&mut self) {
        let line = &self.line[..self.length.min(LOOKED_AT)];
        let line = line.strip_suffix(b"\r").filter(|_| self.length <= LOOKED_AT).unwrap_or(line);
        let is_empty = line.is_empty();
        self.next = match self.next {
            Next::First if is_empty => Next::First,
            Next::First if line.starts_with(b"PRI * HTTP/2") => Next::Anything,
            Next::First => Next::Header,
            Next::Header if is_empty => match (self.codings, self.lengths, self.content_length) {
                (0, 1, None) => Next::Anything,
                (1, ..) => Next::Size,
                (_, _, Some(length @ 1..)) => Next::Body(length),
                _ => {
                    self.begin();
                    Next::First
                }
            },
            Next::Header => {
                self.header();
                Next::Header
            }
            Next::Size => match size(line) {
                Some(0) => Next::Trailer,
                Some(size) => Next::Chunk(size),
                None => Next::Anything,
            },
            Next::ChunkEnd if is_empty => Next::Size,
            Next::Trailer if is_empty => {
                self.begin();
                Next::First
            }
            Next::Trailer => Next::Trailer,
            _ => Next::Anything,
        };
    }

    /// Notes the length that a header says.
    fn header(&mut self) {
        let line = &self.line[..self.length.min(LOOKED_AT)];
        let length = line.split_at_checked(b"content-length:".len());
        if let Some((_, value)) = length.filter(|(name, _)| name.eq_ignore_ascii_case(b"content-length:")) {
            self.content_length =
                std::str::from_utf8(value.trim_ascii()).ok().and_then(|value| value.parse().ok());
        }
    }
}

/// The size of a chunk.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    u64::from_str_radix(std::str::from_utf8(&line[..digits]).ok()?, 16).ok()
}

/// A connection whose requests are looked at.
pub(crate) struct Framed<T> {
    stream: T,
    follower: Follower,
}

impl<T> Framed<T> {
    pub(crate) fn new(stream: T) -> Self {
        Self { stream, follower: Follower::new() }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Framed<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, into))?;
        this.follower.follow(&mut into.filled_mut()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Framed<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: [&str; 5] = [
        "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nX: y\r\ntransfer-encoding: chunked\r\nX: 1\r\nCONTENT-LENGTH:4\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\nContent-Length: y\r\n\r\n",
    ];

    const GOOD: [&str; 9] = [
        "GET /socket HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\nHost: a\n\n",
        "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\nGET / HTTP\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 60\r\nX: 1\r\n\r\nA / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: x\r\n\r\nend",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n\r\n\r\n\n\r\n1\r\nx\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n00\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nX-Content-Length: 1\r\nContent-Lengthy: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ];

    /// Where the colon of the second header is that says the length.
    fn second_name(bad: &str) -> usize {
        let lower = bad.to_ascii_lowercase();
        let mut all: Vec<usize> = ["content-length:", "transfer-encoding:"]
            .iter()
            .flat_map(|name| lower.match_indices(name).map(|(at, name)| at + name.len() - 1))
            .collect();
        all.sort_unstable();
        all[1]
    }

    /// What comes out in pieces of a size.
    fn followed(text: &str, size: usize) -> Vec<u8> {
        let mut follower = Follower::new();
        let mut bytes = text.as_bytes().to_vec();
        bytes.chunks_mut(size).for_each(|piece| follower.follow(piece));
        bytes
    }

    #[test]
    fn a_length_that_is_said_twice_spoils_its_header_however_it_comes() {
        for good in ["", &GOOD.concat()] {
            for bad in BAD {
                let text = [good, bad, "0\r\n\r\n", GOOD[0]].concat();
                for size in 1..=text.len() {
                    let mut expected = text.clone().into_bytes();
                    expected[good.len() + second_name(bad)] = 0;
                    assert_eq!(followed(&text, size), expected, "{bad:?} in pieces of {size}");
                }
            }
        }
    }

    #[test]
    fn a_length_that_nobody_writes_so_long_ends_its_connection() {
        let spaces = " ".repeat(70);
        let zeros = "0".repeat(70);
        for head in [
            format!("POST / HTTP/1.1\r\nContent-Length:{spaces}0\r\n"),
            format!("POST / HTTP/1.1\r\nX: 1\r\ncontent-length: {zeros}5\r\n"),
            format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{zeros}5\r\n"),
        ] {
            let text = [GOOD[1], &head, "\r\n", BAD[0]].concat();
            let mut expected = text.clone().into_bytes();
            expected[GOOD[1].len() + head.len() - 1] = 0;
            for size in 1..=text.len() {
                assert_eq!(followed(&text, size), expected, "{head:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn everything_else_is_left_alone() {
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(500));
        let all = [&GOOD.concat(), long.as_str()].concat();
        let after = |first: &str| [first, BAD[0]].concat();
        for text in [
            all,
            after("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            after("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"),
            after("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        ] {
            for size in 1..=text.len() {
                assert_eq!(followed(&text, size), text.as_bytes(), "in pieces of {size}");
            }
        }
    }
}
