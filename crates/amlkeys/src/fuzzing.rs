//! What the fuzzer calls that is not public.

use crate::error::{Error, Facts};

/// The error of an answer with this status and body.
pub fn service_error(status: u16, body: &[u8]) -> Error {
    let facts = Facts {
        status: Some(status),
        ..Facts::default()
    };
    Error::service(body, facts)
}
