use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

use http::Method;
use http::request::Parts;

use crate::authorization::Authorization;

/// One request as it arrived, without its credentials and without its body.
///
/// ```
/// let arm = amlkeys_emulator::Arm::documented();
/// for request in arm.requests() {
///     let client_request_id = request.header("x-ms-client-request-id");
///     println!("{} {} {client_request_id:?}", request.method(), request.path_and_query());
/// }
/// ```
#[derive(Clone)]
pub struct RecordedRequest {
    method: Method,
    /// Path and query, then names and values of the headers: one allocation in place of many.
    text: String,
    path_and_query_end: usize,
    headers: Vec<RecordedHeader>,
    authorization: Authorization,
    body_length: usize,
}

/// Where a header stands in the text: its name after the one before, its value after that.
#[derive(Clone, Copy)]
struct RecordedHeader {
    name_end: usize,
    value_end: usize,
}

impl RecordedRequest {
    pub(crate) fn new(head: &Parts, authorization: Authorization, body_length: usize) -> Self {
        let mut text = String::with_capacity(512);
        match head.uri.path_and_query() {
            Some(path_and_query) => text.push_str(path_and_query.as_str()),
            None => text.push_str(&head.uri.to_string()),
        }
        let path_and_query_end = text.len();
        let mut headers = Vec::with_capacity(head.headers.len());
        for (name, value) in &head.headers {
            text.push_str(name.as_str());
            let name_end = text.len();
            text.push_str(&kept(name.as_str(), value.as_bytes()));
            let value_end = text.len();
            headers.push(RecordedHeader {
                name_end,
                value_end,
            });
        }
        Self {
            method: head.method.clone(),
            text,
            path_and_query_end,
            headers,
            authorization,
            body_length,
        }
    }

    /// The method, as sent.
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path and the query, as sent: not decoded, no case changed.
    pub fn path_and_query(&self) -> &str {
        &self.text[..self.path_and_query_end]
    }

    /// The headers, names in lower case. One that carries credentials has `[not kept]` for its
    /// value.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = self.path_and_query_end;
        self.headers.iter().map(move |header| {
            let name = &self.text[start..header.name_end];
            let value = &self.text[header.name_end..header.value_end];
            start = header.value_end;
            (name, value)
        })
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// What its `Authorization` header was worth; the value itself is never kept.
    pub fn authorization(&self) -> Authorization {
        self.authorization
    }

    /// How many bytes of body were read.
    pub fn body_length(&self) -> usize {
        self.body_length
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path_and_query", &self.path_and_query())
            .field("headers", &Vec::from_iter(self.headers()))
            .field("authorization", &self.authorization)
            .field("body_length", &self.body_length)
            .finish()
    }
}

/// Headers that carry credentials. The third is ARM's, for tokens of further tenants.
const CREDENTIALS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "x-ms-authorization-auxiliary",
    "cookie",
];

fn kept<'a>(name: &str, value: &'a [u8]) -> Cow<'a, str> {
    if CREDENTIALS.contains(&name) {
        "[not kept]".into()
    } else {
        String::from_utf8_lossy(value)
    }
}

/// The last requests, oldest first.
#[derive(Debug)]
pub(crate) struct Journal {
    capacity: usize,
    requests: Mutex<VecDeque<RecordedRequest>>,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            capacity: Self::CAPACITY,
            requests: Mutex::default(),
        }
    }
}

impl Journal {
    const CAPACITY: usize = 1000;

    /// One that keeps nothing.
    pub(crate) fn off() -> Self {
        Self {
            capacity: 0,
            ..Self::default()
        }
    }

    pub(crate) fn record(&self, request: impl FnOnce() -> RecordedRequest) {
        if self.capacity == 0 {
            return;
        }
        let request = request();
        let mut requests = self.requests.lock().expect(UNPOISONED);
        let is_full = requests.len() == self.capacity;
        let oldest = is_full.then(|| requests.pop_front());
        requests.push_back(request);
        drop(requests);
        drop(oldest);
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        let requests = self.requests.lock().expect(UNPOISONED);
        requests.iter().cloned().collect()
    }
}

const UNPOISONED: &str = "nothing panics while it holds the journal";

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn request(path: &str) -> RecordedRequest {
        let (head, ()) = Request::post(path).body(()).unwrap().into_parts();
        RecordedRequest::new(&head, Authorization::Missing, 0)
    }

    #[test]
    fn journal_forgets_the_oldest_request_when_it_is_full() {
        let journal = Journal::default();
        for number in 0..=Journal::CAPACITY {
            journal.record(|| request(&format!("/{number}")));
        }
        let requests = journal.requests();
        assert_eq!(requests.len(), Journal::CAPACITY);
        assert_eq!(requests[0].path_and_query(), "/1");
        assert_eq!(requests[Journal::CAPACITY - 1].path_and_query(), "/1000");
    }
}
