use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection::ConnectionHandle;

/// A socket, or TLS on one.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A stream whose connection is reset when it has sent as much as a fault lets through. It stands
/// above TLS, so that the client can read what was sent.
pub(super) struct Fuse {
    stream: Box<dyn Stream>,
    connection: ConnectionHandle,
}

impl Fuse {
    pub(super) fn new(stream: Box<dyn Stream>, connection: ConnectionHandle) -> Self {
        Self { stream, connection }
    }
}

impl AsyncRead for Fuse {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Fuse {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(left) = self.connection.left() else {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        };
        if left == 0 {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.connection.reset();
            return Poll::Pending;
        }
        let part = &bytes[..left.min(bytes.len())];
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, part))?;
        self.connection.reset_after(left - written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.connection.left().is_none() {
            return Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        }
        let first = bytes.iter().find(|it| !it.is_empty());
        self.poll_write(context, first.map_or(&[], |it| it))
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
