//! Reads the body of a failure: the status stands, whatever the body is.
#![no_main]

use std::error::Error as _;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let error = amlkeys::fuzzing::service_error(403, body);
    assert!(error.is_forbidden());
    let shown = format!("{error} {error:?}");
    let why = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(!why.contains(char::is_control), "{shown}");
    for info in error.additional_info() {
        let _ = info.expose_info();
    }
});
