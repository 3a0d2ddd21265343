#![doc = include_str!("../README.md")]

mod case;
mod client;
mod contract;
mod embedded;
mod error;
mod example;
mod exchange;
mod finding;
mod json;
mod judge;
mod known_failures;
mod lint;
mod redaction;
mod report;
mod rule;
mod server;
mod target;
mod traffic;

pub use case::{
    ApiVersions, Authorization, Body, Break, BreakHow, Call, Case, ClientExchange, ClientScript,
    Credential, Each, ErrorClass, Expected, ExpectedError, ExpectedFinding, ExpectedRequest,
    ExpectedValue, GivenResponse, Headers, Level, Limits, Match, Names, OneOrMany, Operation,
    Outcome, PathCase, Requirement, Role, Script, ServerExchange, ServerRequest, ServerScript,
    Source, SourceKind, Statuses, Token, TrafficScript, Wait,
};
pub use client::{ClientCheck, Connect};
pub use embedded::{api_versions, cases};
pub use error::{Error, Result};
pub use exchange::{Exchange, HeaderList, Request, Response};
pub use finding::{Finding, Place};
pub use judge::Judge;
pub use known_failures::KnownFailures;
pub use lint::lint;
pub use redaction::{RedactedBody, RedactedExchange, RedactedRequest, RedactedResponse};
pub use report::{CaseReport, Format, Report, Summary, Verdict};
pub use rule::Rule;
pub use server::{Fixture, FixtureResource, ServerCheck};
pub use traffic::judge_traffic;

/// The Rust in the project's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
