//! What ARM's front door answers, row by row. Each test names the recording, document or report
//! that its row was taken from.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod api_version;
mod authentication;
mod authorization;
mod call;
mod cloud_discovery;
mod headers;
mod http;
mod names;
mod not_found;
mod throttle;
