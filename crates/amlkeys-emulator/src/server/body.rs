use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

use super::seats::Busy;
use super::socket::End;
use crate::body::Body;

/// A request's body, which has to arrive in time.
pub(super) struct RequestBody {
    body: Incoming,
    time: Duration,
    /// Runs from the first time that there is something to wait for.
    deadline: Option<Pin<Box<Sleep>>>,
    end: Arc<End>,
    is_read: bool,
}

impl RequestBody {
    pub(super) fn new(body: Incoming, time: Duration, end: Arc<End>) -> Self {
        Self {
            is_read: body.is_end_stream(),
            body,
            time,
            deadline: None,
            end,
        }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.is_read = frame.is_none() || this.body.is_end_stream();
            return Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)));
        }
        let time = this.time;
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(sleep(time)));
        deadline
            .as_mut()
            .poll(context)
            .map(|()| Some(Err(ErrorKind::TimedOut.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if !self.is_read {
            self.end.unread.store(true, Ordering::Release);
        }
    }
}

/// An answer's body, which keeps its connection busy until it is sent.
pub(super) struct AnswerBody {
    pub(super) body: Body,
    pub(super) _busy: Busy,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
