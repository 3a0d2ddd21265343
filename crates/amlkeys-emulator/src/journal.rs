use std::collections::VecDeque;
use std::sync::Mutex;

use axum::http::request::Parts;

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
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    method: String,
    path_and_query: String,
    headers: Vec<(String, String)>,
    authorization: Authorization,
    body_length: usize,
}

impl RecordedRequest {
    pub(crate) fn new(head: &Parts, authorization: Authorization, body_length: usize) -> Self {
        Self {
            method: head.method.to_string(),
            path_and_query: match head.uri.path_and_query() {
                Some(path_and_query) => path_and_query.to_string(),
                None => head.uri.to_string(),
            },
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), kept(name.as_str(), value.as_bytes())))
                .collect(),
            authorization,
            body_length,
        }
    }

    /// The method, as sent.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path and the query, as sent: not decoded, no case changed.
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// The headers, names in lower case. One that carries credentials has `[not kept]` for its
    /// value.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
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

/// Headers that carry credentials. The third is ARM's, for tokens of further tenants.
const CREDENTIALS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "x-ms-authorization-auxiliary",
    "cookie",
];

fn kept(name: &str, value: &[u8]) -> String {
    if CREDENTIALS.contains(&name) {
        "[not kept]".to_owned()
    } else {
        String::from_utf8_lossy(value).into_owned()
    }
}

/// The last requests, oldest first.
#[derive(Default)]
pub(crate) struct Journal(Mutex<VecDeque<RecordedRequest>>);

impl Journal {
    const CAPACITY: usize = 1000;

    pub(crate) fn record(&self, request: RecordedRequest) {
        let mut requests = self.0.lock().expect(UNPOISONED);
        if requests.len() == Self::CAPACITY {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        let requests = self.0.lock().expect(UNPOISONED);
        requests.iter().cloned().collect()
    }
}

const UNPOISONED: &str = "nothing panics while it holds the journal";

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn request(path: &str) -> RecordedRequest {
        let (head, ()) = Request::post(path).body(()).unwrap().into_parts();
        RecordedRequest::new(&head, Authorization::Missing, 0)
    }

    #[test]
    fn journal_forgets_the_oldest_request_when_it_is_full() {
        let journal = Journal::default();
        for number in 0..=Journal::CAPACITY {
            journal.record(request(&format!("/{number}")));
        }
        let requests = journal.requests();
        assert_eq!(requests.len(), Journal::CAPACITY);
        assert_eq!(requests[0].path_and_query(), "/1");
        assert_eq!(requests[Journal::CAPACITY - 1].path_and_query(), "/1000");
    }
}
