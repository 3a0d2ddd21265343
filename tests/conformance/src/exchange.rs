use std::borrow::Cow;

/// One request and its answer, as they went over the wire.
#[derive(Clone, Debug)]
pub struct Exchange<'a> {
    /// What was asked.
    pub request: Request<'a>,
    /// What was answered.
    pub response: Response<'a>,
}

/// What was asked. Its body is not kept: the operations have none.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Cow<'a, str>,
    /// The URL, or its path and query.
    pub url: Cow<'a, str>,
    /// The headers, in order.
    pub headers: HeaderList<'a>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    /// The status.
    pub status: u16,
    /// The headers, in order.
    pub headers: HeaderList<'a>,
    /// The body, without transfer and content codings.
    pub body: Cow<'a, [u8]>,
    /// Whether the connection ended before the body was whole.
    pub is_truncated: bool,
}

/// Headers, in order.
#[derive(Clone, Debug, Default)]
pub struct HeaderList<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl HeaderList<'_> {
    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        let headers = self.0.iter();
        headers
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
            .next()
    }
}
