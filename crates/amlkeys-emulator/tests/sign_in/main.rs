//! How clients sign in: what Entra and the metadata service of a machine answer, each test with
//! the report or document that its words were taken from, and azure_identity's own credentials.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod call;
mod credentials;
mod discovery;
mod machine;
mod token;
