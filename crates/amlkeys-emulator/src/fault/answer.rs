use std::convert::Infallible;
use std::future::pending;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::{Fault, Kind, Reset};
use crate::body::{self, Body, Response};
use crate::connection::ConnectionHandle;
use crate::front_door::{Reply, RequestIds};

/// ARM RPC, common-api-details.md: a resource provider must answer within 60 s.
pub(crate) const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// ARM RPC, common-api-details.md; the words are the emulator's own.
pub(crate) fn gateway_timeout() -> Reply {
    Reply::error(
        StatusCode::GATEWAY_TIMEOUT,
        "GatewayTimeout",
        "The gateway did not receive a response from 'Microsoft.MachineLearningServices' within \
         the specified time period.",
    )
}

/// What a fault answers by itself, if it does.
pub(crate) async fn before(
    fault: &Fault,
    connection: Option<&ConnectionHandle>,
    ids: &RequestIds,
) -> Option<Response> {
    let mut response = match &fault.kind {
        Kind::Delay(_) | Kind::Truncated(_) | Kind::ContentType(_) | Kind::Reset(Reset::InBody) => {
            return None;
        }
        Kind::Reset(Reset::InHead) if connection.is_some() => return None,
        Kind::Hang => match pending::<Infallible>().await {},
        Kind::Reset(_) => match connection {
            Some(connection) => {
                connection.reset();
                match pending::<Infallible>().await {}
            }
            None => return Some(Response::new(Cut::at_once().boxed_unsync())),
        },
        Kind::Status {
            status,
            code,
            message,
            body,
        } => {
            let code = code.clone().unwrap_or_else(|| code_of(*status));
            let message = message.as_deref().unwrap_or(INVENTED);
            let mut response = Reply::error(*status, &code, message).into_response(ids);
            if let Some(body) = body {
                *response.body_mut() = body::whole(body.clone());
            }
            response
        }
        Kind::Huge(bytes) => {
            let mut response = Reply::keys(Bytes::new()).into_response(ids);
            *response.body_mut() = Huge::new(*bytes).boxed_unsync();
            response
        }
        Kind::Html(status) => {
            let mut response = Reply::html(*status, "").into_response(ids);
            *response.body_mut() = body::whole(html(*status));
            response
        }
        Kind::Redirect(status) => {
            let mut response = Reply::keys(Bytes::new()).into_response(ids);
            *response.status_mut() = *status;
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
    };
    replace_headers(fault, response.headers_mut());
    Some(response)
}

/// What a fault makes of the answer that would have been given.
pub(crate) fn on_the_way(
    fault: &Fault,
    mut response: Response,
    connection: Option<&ConnectionHandle>,
) -> Response {
    replace_headers(fault, response.headers_mut());
    let announced = response.body().size_hint().exact().unwrap_or_default();
    let part = match fault.kind {
        Kind::ContentType(ref content_type) => {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, content_type.clone());
            return response;
        }
        Kind::Reset(Reset::InHead) => {
            if let Some(connection) = connection {
                connection.reset_after(PART_OF_HEAD);
            }
            return response;
        }
        Kind::Truncated(after_bytes) => after_bytes as u64,
        Kind::Reset(_) => announced / 2,
        _ => return response,
    };
    let connection = connection.filter(|_| matches!(fault.kind, Kind::Reset(_)));
    let connection = connection.cloned();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
    response.map(|body| {
        let cut = Cut {
            body,
            left: part.min(announced),
            connection,
            is_sent: false,
        };
        cut.boxed_unsync()
    })
}

/// The status line and something more: every head is longer.
const PART_OF_HEAD: usize = 40;

const INVENTED: &str = "A fault rule of the emulator asked for this.";

/// `ServiceUnavailable` for 503.
fn code_of(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Fault");
    reason.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn html(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Error");
    format!(
        "<html>\r\n<head><title>{code} {reason}</title></head>\r\n<body>\r\n\
         <center><h1>{code} {reason}</h1></center>\r\n\
         <hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n",
        code = status.as_u16()
    )
}

fn replace_headers(fault: &Fault, headers: &mut HeaderMap) {
    for (name, value) in &fault.headers {
        headers.insert(name.clone(), value.clone());
    }
}

/// The first bytes of a body, and then a broken connection.
struct Cut {
    body: Body,
    left: u64,
    /// The one to reset; else the body fails.
    connection: Option<ConnectionHandle>,
    is_sent: bool,
}

impl Cut {
    fn at_once() -> Self {
        Self {
            body: body::whole(Bytes::new()),
            left: 0,
            connection: None,
            is_sent: false,
        }
    }
}

impl HttpBody for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 && !self.is_sent {
            // hyper sends what it has while it waits for more; with an error it drops it.
            self.is_sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.left == 0 {
            if let Some(connection) = &self.connection {
                connection.reset();
                return Poll::Pending;
            }
            return Poll::Ready(Some(Err(ErrorKind::ConnectionReset.into())));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            let part = frame?.into_data().unwrap_or_default();
            let length = usize::try_from(self.left).map_or(part.len(), |left| left.min(part.len()));
            self.left -= length as u64;
            Ok(Frame::data(part.slice(..length)))
        }))
    }
}

/// A body of JSON that is made while it is sent.
struct Huge {
    left: u64,
    bytes: u64,
}

const START: &[u8] = br#"{"computeType":""#;
const END: &[u8] = br#""}"#;
const FILLING: &[u8] = &[b'x'; 64 * 1024];

impl Huge {
    fn new(bytes: u64) -> Self {
        let bytes = bytes.max((START.len() + END.len()) as u64);
        Self { left: bytes, bytes }
    }

    fn next(&self) -> Bytes {
        let end = END.len() as u64;
        if self.left == self.bytes {
            return Bytes::from_static(START);
        }
        if self.left <= end {
            return Bytes::from_static(END);
        }
        let filling = usize::try_from(self.left - end).unwrap_or(usize::MAX);
        Bytes::from_static(&FILLING[..filling.min(FILLING.len())])
    }
}

impl HttpBody for Huge {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let next = self.next();
        self.left -= next.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(next))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
