//! Counts the frames of HTTP/2 connections, so that a flood of them ends its connection.
//!
//! The HTTP library answers or ignores frames that are no requests without telling, so this looks at the bytes before it
//! does, and at those that it sends. Other connections are passed through.

#![forbid(unsafe_code)]

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::quota::FrameAllowance;

/// What every HTTP/2 connection begins with (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The length of a frame's head (RFC 9113, section 4.1).
const HEAD: usize = 9;

/// The type of a frame that holds a piece of a body.
const DATA: u8 = 0;

/// Follows frames in one direction.
#[derive(Debug, Default)]
struct Frames {
    head: [u8; HEAD],
    /// How many bytes of the head came.
    known: usize,
    /// How many bytes of the payload are still to come.
    payload: usize,
}

impl Frames {
    /// Calls `begins` with the type and the length of each frame whose head ends in these bytes.
    fn follow(&mut self, mut bytes: &[u8], mut begins: impl FnMut(u8, usize)) {
        loop {
            let skipped = self.payload.min(bytes.len());
            self.payload -= skipped;
            bytes = &bytes[skipped..];
            if bytes.is_empty() {
                return;
            }
            let (taken, rest) = bytes.split_at((HEAD - self.known).min(bytes.len()));
            self.head[self.known..][..taken.len()].copy_from_slice(taken);
            self.known += taken.len();
            bytes = rest;
            if self.known == HEAD {
                let [high, middle, low, kind, ..] = self.head;
                self.payload = u32::from_be_bytes([0, high, middle, low]) as usize;
                self.known = 0;
                begins(kind, self.payload);
            }
        }
    }
}

/// What a connection turned out to be.
#[derive(Debug)]
enum Protocol {
    /// So many bytes came as HTTP/2 begins.
    Undecided(usize),
    Http1,
    Http2 {
        incoming: Frames,
        outgoing: Frames,
    },
}

/// A connection whose frames are counted.
pub(crate) struct Counted<T> {
    stream: T,
    protocol: Protocol,
    allowance: Arc<FrameAllowance>,
}

impl<T> Counted<T> {
    pub(crate) fn new(stream: T, allowance: Arc<FrameAllowance>) -> Self {
        Self { stream, protocol: Protocol::Undecided(0), allowance }
    }

    /// Counts the frames that came. Returns whether the connection may go on.
    fn came(&mut self, bytes: &[u8]) -> bool {
        let mut bytes = bytes;
        if let Protocol::Undecided(known) = &mut self.protocol {
            let expected = &PREFACE[*known..];
            let (first, rest) = bytes.split_at(expected.len().min(bytes.len()));
            if !expected.starts_with(first) {
                self.protocol = Protocol::Http1;
                return true;
            }
            *known += first.len();
            if *known < PREFACE.len() {
                return true;
            }
            self.protocol = Protocol::Http2 { incoming: Frames::default(), outgoing: Frames::default() };
            bytes = rest;
        }
        let Protocol::Http2 { incoming, .. } = &mut self.protocol else { return true };
        let mut frames = 0;
        incoming.follow(bytes, |_, _| frames += 1);
        frames == 0 || self.allowance.take(frames)
    }

    /// Counts the answers that were sent.
    fn went(&mut self, bytes: &[u8]) {
        if let Protocol::Http2 { outgoing, .. } = &mut self.protocol {
            outgoing.follow(bytes, |kind, length| {
                if kind == DATA {
                    self.allowance.add_answer(length);
                }
            });
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, into))?;
        if this.came(&into.filled()[before..]) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Ready(Err(io::Error::other("more frames than requests account for")))
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, bytes))?;
        this.went(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(context, pieces))?;
        let mut left = written;
        for piece in pieces {
            let part = left.min(piece.len());
            this.went(&piece[..part]);
            left -= part;
        }
        Poll::Ready(Ok(written))
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
    use tokio::time::Instant;

    use super::*;

    fn frame(kind: u8, length: u32) -> Vec<u8> {
        let mut frame = vec![kind, 0, 0, 0, 0, 1];
        frame.splice(0..0, length.to_be_bytes()[1..].iter().copied());
        frame.resize(HEAD + length as usize, 0xff);
        frame
    }

    #[test]
    fn frames_are_seen_once_in_pieces_of_any_size() {
        let expected = [(4, 0), (0, 300), (6, 8), (0, 70_000), (200, 1), (9, 0)];
        let bytes: Vec<u8> = expected.iter().flat_map(|&(kind, length)| frame(kind, length)).collect();
        for size in (1..400).chain([bytes.len()]) {
            let (mut frames, mut seen) = (Frames::default(), Vec::new());
            for piece in bytes.chunks(size) {
                frames.follow(piece, |kind, length| {
                    seen.push((kind, u32::try_from(length).expect("a length")))
                });
            }
            assert_eq!(seen, expected, "in pieces of {size}");
        }
    }

    /// How many frames of a flood a connection that began so takes, in pieces of a size.
    fn taken(beginning: &[u8], size: usize) -> usize {
        let allowance = Arc::new(FrameAllowance::new(Instant::now() + std::time::Duration::from_secs(3_600)));
        let mut counted = Counted::new((), allowance);
        assert!(beginning.chunks(size).all(|piece| counted.came(piece)));
        (0..5_000).take_while(|_| counted.came(&frame(6, 8))).count()
    }

    #[test]
    fn http_2_alone_is_counted_however_its_preface_comes() {
        for size in 1..=PREFACE.len() {
            assert_eq!(taken(PREFACE, size), 1_000, "in pieces of {size}");
            let other = [b"GET / HTTP/1.1\r\n\r\n", &PREFACE[..]].concat();
            assert_eq!(taken(&other, size), 5_000, "in pieces of {size}");
            for cut in 1..PREFACE.len() {
                let mut bent = *PREFACE;
                bent[cut] ^= 1;
                assert_eq!(taken(&bent, size), 5_000, "another byte at {cut}");
            }
        }
    }
}
