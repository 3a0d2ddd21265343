use std::io;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

/// The body of a request or an answer, whatever server the front door is in.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

pub(crate) type Request = http::Request<Body>;
pub(crate) type Response = http::Response<Body>;

/// A body that is all there.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    let body = Full::new(bytes.into());
    body.map_err(|never| match never {}).boxed_unsync()
}
