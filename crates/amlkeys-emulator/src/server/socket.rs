use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::seats::Seat;

/// How a connection shall end.
#[derive(Default)]
pub(super) struct End {
    /// With a TCP reset: what was not sent yet is thrown away.
    pub(super) reset: AtomicBool,
    /// A request's body was not read to its end, so the client may still be sending.
    pub(super) unread: AtomicBool,
}

/// A TCP stream that does not wait for ever, and ends as it is told to.
pub(super) struct Socket {
    stream: TcpStream,
    seat: Arc<Seat>,
    end: Arc<End>,
    answer_time: Duration,
    /// Runs while the client does not read what it is sent, or goes on sending after the end.
    deadline: Option<Pin<Box<Sleep>>>,
    is_shut_down: bool,
}

impl Socket {
    pub(super) fn new(
        stream: TcpStream,
        seat: Arc<Seat>,
        end: Arc<End>,
        answer_time: Duration,
    ) -> Self {
        Self {
            stream,
            seat,
            end,
            answer_time,
            deadline: None,
            is_shut_down: false,
        }
    }

    /// Passes on what came of writing, or gives up when that takes too long.
    fn written(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            if self.deadline.take().is_some() {
                self.seat.set_stalled(false);
            }
            return written;
        }
        self.seat.set_stalled(true);
        ready!(self.wait(self.answer_time, context));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    fn wait(&mut self, time: Duration, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(time)));
        deadline.as_mut().poll(context)
    }

    /// Reads on until the client has seen that this side is closed: closing with something unread
    /// sends a reset, which takes the answer from a client that is still sending.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        const LONGEST: Duration = Duration::from_secs(2);

        let mut bytes = [0; 4096];
        loop {
            if self.wait(LONGEST, context).is_ready() {
                return Poll::Ready(());
            }
            let mut unread = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut unread));
            if read.is_err() || unread.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.end.reset.load(Ordering::Acquire)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "closed instead of reset");
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Nothing is kept back here: TCP has no flush.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut_down {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.is_shut_down = true;
            self.deadline = None;
        }
        if self.end.unread.load(Ordering::Acquire) {
            ready!(self.linger(context));
        }
        Poll::Ready(Ok(()))
    }
}
