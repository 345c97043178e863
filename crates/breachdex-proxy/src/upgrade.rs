//! Carries bytes between a client and the site once both have agreed on WebSocket.

#![forbid(unsafe_code)]

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};
use tokio::time::{Instant, Sleep, sleep};

/// Bytes that are read ahead of the other side, in each direction.
const READ_AHEAD: usize = 8 << 10;

/// Carries bytes both ways until one side ends or nothing comes for too long. `guest` is dropped at the end.
pub(crate) async fn carry<G>(client: OnUpgrade, site: OnUpgrade, limit: Duration, open: Gauge, guest: G) {
    // Whoever of them fails before has closed its connection, which closes the other one.
    let (Ok(client), Ok(site)) = (client.await, site.await) else { return };
    open.inc();
    let mut watched = Watched { stream: TokioIo::new(client), limit, sleep: Box::pin(sleep(limit)) };
    let mut site = TokioIo::new(site);
    let _ = copy_bidirectional_with_sizes(&mut watched, &mut site, READ_AHEAD, READ_AHEAD).await;
    let _ = poll_fn(|context| Pin::new(&mut watched).poll_shutdown(context)).await;
    open.dec();
    drop(guest);
}

/// A stream that fails when nothing was read from it or written to it for too long.
struct Watched<S> {
    stream: S,
    limit: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl<S> Watched<S> {
    /// Has the time begin anew, or looks whether it is over.
    fn watch<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.sleep.as_mut().reset(Instant::now() + self.limit);
            return polled;
        }
        match self.sleep.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(context, into);
        self.watch(context, polled)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
