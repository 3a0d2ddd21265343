//! What a case says: the Rust side of `cases/schema.json`.

mod client;
mod matching;
mod server;
mod traffic;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use client::{
    Body, Break, BreakHow, Call, ClientExchange, ClientScript, Credential, ErrorClass,
    ExpectedError, ExpectedRequest, ExpectedValue, GivenResponse, Limits, Outcome, Token, Wait,
};
pub use matching::Match;
pub use server::{
    Authorization, Each, Expected, PathCase, Requirement, ServerExchange, ServerRequest,
    ServerScript, Statuses,
};
pub use traffic::{ExpectedFinding, TrafficScript};

/// One case: a file of `cases/`.
///
/// ```
/// let case = amlkeys_conformance::cases()
///     .iter()
///     .find(|case| case.id == "server/authorization/missing")
///     .expect("it is there");
/// assert_eq!(case.level, amlkeys_conformance::Level::Must);
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Case {
    /// The file's place below `cases/`, without `.json`. It never changes its meaning.
    pub id: String,
    /// The fact that the case checks, as a sentence.
    pub title: String,
    /// Whether it fails or warns.
    pub level: Level,
    /// Where the fact comes from.
    pub sources: Vec<Source>,
    /// The api-versions that it is about; all of them if it does not say.
    #[serde(default)]
    pub api_versions: ApiVersions,
    /// What is sent, given, expected and checked.
    #[serde(flatten)]
    pub script: Script,
}

impl Case {
    /// Whom it checks.
    pub fn role(&self) -> Role {
        match self.script {
            Script::Server(_) => Role::Server,
            Script::Client(_) => Role::Client,
            Script::Traffic(_) => Role::Traffic,
        }
    }
}

/// What happens in a case, by the role of whom it checks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Script {
    /// Requests to send to a server, and what its answers must be.
    Server(ServerScript),
    /// Calls to make with a client, the answers to give it, and what it must make of them.
    Client(ClientScript),
    /// Recorded exchanges, and what the judge must find in them.
    Traffic(TrafficScript),
}

/// Whom a case checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Something that answers like Azure Resource Manager.
    Server,
    /// Something that calls the operations.
    Client,
    /// Recorded exchanges: that is, the judge itself.
    Traffic,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// It warns.
    Should,
    /// It fails.
    Must,
}

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Source {
    /// What kind of source it is.
    pub kind: SourceKind,
    /// Which one: an operationId, a row of ARM's front door, a file of `spec/examples`, a section.
    pub name: String,
    /// Where that has it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// The kinds of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The document of an operation, or its excerpt in `spec/`.
    Document,
    /// What ARM's front door was seen to answer.
    FrontDoor,
    /// A documented example.
    Example,
    /// A standard, such as an RFC.
    Standard,
    /// What this project asks of a client that handles secrets.
    Amlkeys,
}

/// A range of api-versions, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct ApiVersions {
    /// The first; from the beginning if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last; without end if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl ApiVersions {
    /// Whether an api-version is in the range.
    ///
    /// ```
    /// let since = amlkeys_conformance::ApiVersions {
    ///     from: Some("2023-10-01".into()),
    ///     until: None,
    /// };
    /// assert!(since.contains("2025-09-01") && !since.contains("2021-04-01"));
    /// ```
    pub fn contains(&self, api_version: &str) -> bool {
        self.from.as_deref().is_none_or(|from| from <= api_version)
            && self
                .until
                .as_deref()
                .is_none_or(|until| api_version <= until)
    }
}

/// One of the two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub enum Operation {
    /// The secrets of a compute.
    #[serde(rename = "Compute_ListKeys")]
    ComputeListKeys,
    /// The keys of a workspace.
    #[serde(rename = "Workspaces_ListKeys")]
    WorkspacesListKeys,
}

impl Operation {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ComputeListKeys, Self::WorkspacesListKeys];

    /// The operationId.
    pub fn id(self) -> &'static str {
        match self {
            Self::ComputeListKeys => "Compute_ListKeys",
            Self::WorkspacesListKeys => "Workspaces_ListKeys",
        }
    }

    /// The operation of an operationId.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.id() == id)
    }
}

/// The names of a resource; in a case, those that differ from the resource that it is run for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Names {
    /// The subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    /// The resource group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// The workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<String>,
}

/// Headers by name; a name may have several values.
pub type Headers = BTreeMap<String, OneOrMany>;

/// One text or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several, in order.
    Many(Vec<String>),
}

impl OneOrMany {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let texts = match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts.as_slice(),
        };
        texts.iter().map(String::as_str)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Traffic => "traffic",
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            SourceKind::Document => "document",
            SourceKind::FrontDoor => "ARM's front door",
            SourceKind::Example => "example",
            SourceKind::Standard => "standard",
            SourceKind::Amlkeys => "amlkeys",
        };
        write!(f, "{kind}: {}", self.name)?;
        match &self.from {
            Some(from) => write!(f, " ({from})"),
            None => Ok(()),
        }
    }
}
