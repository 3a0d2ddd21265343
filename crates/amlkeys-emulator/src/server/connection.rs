use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::body::{AnswerBody, RequestBody};
use super::fuse::{Fuse, Stream};
use super::limits::Limits;
use super::seats::{Seat, TakenSeat};
use super::socket::{End, Socket};
use crate::arm::Arm;
use crate::body::{self, Response};
use crate::connection::{ConnectionHandle, Scheme};

/// What every connection of one emulator is served with.
pub(super) struct Service {
    pub(super) arm: Arm,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) limits: Limits,
}

impl Service {
    /// Serves one connection until either side has had enough.
    pub(super) async fn serve(self: Arc<Self>, stream: TcpStream, taken: TakenSeat) {
        let connection = Connection {
            service: self,
            seat: Arc::clone(&taken.seat),
            handle: ConnectionHandle::default(),
            end: Arc::default(),
        };
        if let Err(error) = connection.serve(stream).await {
            tracing::debug!(%error, "connection broken");
        }
    }
}

struct Connection {
    service: Arc<Service>,
    seat: Arc<Seat>,
    handle: ConnectionHandle,
    end: Arc<End>,
}

impl Connection {
    async fn serve(self, stream: TcpStream) -> Result<(), hyper::Error> {
        // An answer goes out at once, however small.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no connection");
            return Ok(());
        }
        let Some(tls) = &self.service.tls else {
            let socket = Box::new(self.socket(stream));
            return self.http(socket, Door::Whole(Scheme::Http)).await;
        };
        let handshake = async {
            let is_tls = says_tls(&stream).await?;
            let socket = self.socket(stream);
            let greeted: (Box<dyn Stream>, Door) = match is_tls {
                true => (
                    Box::new(tls.accept(socket).await?),
                    Door::Whole(Scheme::Https),
                ),
                false => (Box::new(socket), Door::ManagedIdentity),
            };
            Ok(greeted)
        };
        match self.in_time(handshake).await {
            Some((stream, door)) => self.http(stream, door).await,
            None => Ok(()),
        }
    }

    async fn in_time<T>(&self, handshake: impl Future<Output = io::Result<T>>) -> Option<T> {
        tokio::select! {
            greeted = timeout(self.service.limits.handshake_time, handshake) => match greeted {
                Ok(Ok(stream)) => return Some(stream),
                Ok(Err(error)) => tracing::debug!(%error, "no TLS handshake"),
                Err(_) => tracing::debug!("no TLS handshake in time"),
            },
            () = self.seat.asked_to_leave() => {}
        }
        None
    }

    fn socket(&self, stream: TcpStream) -> Socket {
        let answer_time = self.service.limits.answer_time;
        Socket::new(
            stream,
            Arc::clone(&self.seat),
            Arc::clone(&self.end),
            answer_time,
        )
    }

    /// What is no HTTP is refused by hyper itself, as 400, and a head that is too large as 431:
    /// without ARM's headers, for it never reaches ARM.
    async fn http(&self, stream: Box<dyn Stream>, door: Door) -> Result<(), hyper::Error> {
        let limits = &self.service.limits;
        let service = service_fn(|request| self.answer(request, door));
        let stream = Fuse::new(stream, self.handle.clone());
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_time)
            .max_header_size(limits.head_size)
            .max_buf_size(limits.head_size)
            .serve_connection(TokioIo::new(stream), service);
        let mut serving = pin!(serving);
        tokio::select! {
            biased;
            served = &mut serving => return served,
            () = self.handle.wait_for_reset() => {
                self.end.reset.store(true, Ordering::Release);
                return Ok(());
            }
            () = self.seat.asked_to_leave() => serving.as_mut().graceful_shutdown(),
        }
        // One that is idle needs no more than to be polled once to say goodbye.
        let time = match self.seat.is_idle() {
            true => Duration::ZERO,
            false => limits.stop_time,
        };
        timeout(time, serving).await.unwrap_or(Ok(()))
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        door: Door,
    ) -> Result<http::Response<AnswerBody>, Infallible> {
        let busy = self.seat.busy();
        let answer = match door {
            Door::Whole(scheme) => self.ask(request, scheme).await,
            Door::ManagedIdentity if is_of_managed_identity(&request) => {
                self.ask(request, Scheme::Http).await
            }
            Door::ManagedIdentity => speaks_https(),
        };
        Ok(answer.map(|body| AnswerBody { body, _busy: busy }))
    }

    async fn ask(&self, request: Request<Incoming>, scheme: Scheme) -> Response {
        let mut request = request.map(|body| match body.is_end_stream() {
            true => body::whole(Bytes::new()),
            false => {
                let time = self.service.limits.body_time;
                RequestBody::new(body, time, Arc::clone(&self.end)).boxed_unsync()
            }
        });
        let extensions = request.extensions_mut();
        extensions.insert(scheme);
        extensions.insert(self.handle.clone());
        self.service.arm.answer(request).await
    }
}

/// How far a connection lets into the emulator.
#[derive(Clone, Copy)]
enum Door {
    Whole(Scheme),
    /// Without TLS where TLS is asked for. The endpoint for managed identities is http by nature:
    /// clients know no other scheme for it.
    ManagedIdentity,
}

/// RFC 8446, section 5.1: what begins a handshake begins with the content type 22.
async fn says_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    Ok(first == [22])
}

fn is_of_managed_identity(request: &Request<Incoming>) -> bool {
    request.uri().path().starts_with("/metadata/identity/")
}

fn speaks_https() -> Response {
    let mut answer = Response::new(body::whole(
        "This port speaks https, and http only for /metadata/identity/.\n",
    ));
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    let text = header::HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, text);
    answer
}
