mod document;
mod error;
mod example;
mod keys;
mod named;
mod principal;
pub(crate) mod reader;
mod watch;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::fault::FaultRule;
use crate::generated::documented::{EXAMPLES, PROPERTIES};

pub use error::StateError;
use example::Documented;
pub use example::{Example, ExampleError};
use keys::Keys;
use named::Named;
pub(crate) use named::compare;
pub(crate) use principal::{Denied, Principal};
use watch::Fingerprint;
pub(crate) use watch::watch;

pub(crate) use document::{Key, Node, Value};
pub(crate) use error::Refusal;

/// What exists in an [`Arm`](crate::Arm): subscriptions down to computes with their keys, the
/// principals that sign in, and the faults.
///
/// ```
/// use amlkeys_emulator::{Arm, State};
///
/// let state = State::parse(
///     "
/// subscriptions:
///   11111111-2222-3333-4444-555555555555:
///     resourceGroups:
///       group:
///         workspaces:
///           workspace:
///             keys: documented
///             computes:
///               cluster: { computeType: AKS, adminKubeConfig: invented }
/// ",
/// )?;
/// let arm = Arm::builder().with_state(state).build();
/// assert_eq!(arm.subscription_id(), "11111111-2222-3333-4444-555555555555");
/// # Ok::<(), amlkeys_emulator::StateError>(())
/// ```
pub struct State {
    subscription_id: String,
    api_versions: Vec<String>,
    subscriptions: Named<Subscription>,
    /// Never empty: the first one holds the token that is handed out without a sign-in.
    principals: Vec<Principal>,
    faults: Vec<FaultRule>,
    /// The file as it was when it was read, for [`watch`].
    read_from: Option<Fingerprint>,
}

pub(crate) struct Subscription {
    /// Whether the Microsoft.MachineLearningServices resource provider is registered.
    pub(crate) registered: bool,
    pub(crate) resource_groups: Named<ResourceGroup>,
}

#[derive(Default)]
pub(crate) struct ResourceGroup {
    pub(crate) workspaces: Named<Workspace>,
}

#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) keys: Keys,
    pub(crate) computes: Named<Keys>,
}

impl State {
    /// The state file that an [`Arm`](crate::Arm) starts from if it is given no other, with a
    /// word on each part: a place to start from.
    ///
    /// ```
    /// use amlkeys_emulator::State;
    ///
    /// let state = State::parse(State::DOCUMENTED)?;
    /// # let _ = state;
    /// # Ok::<(), amlkeys_emulator::StateError>(())
    /// ```
    pub const DOCUMENTED: &str = include_str!("state/documented.yaml");

    /// The JSON Schema (2020-12) of state files, for editors.
    pub const SCHEMA: &str = include_str!("state/schema.json");

    /// The documented resources in every documented subscription, and the invented ones that the
    /// crate's front page lists.
    pub fn documented() -> Self {
        Self::parse(Self::DOCUMENTED).expect("a test reads it")
    }

    /// Reads a state from the text of a file: JSON if it begins with `{`, else YAML.
    ///
    /// Bodies of a JSON text are answered byte for byte.
    ///
    /// # Errors
    ///
    /// If the text is not a state: line, column, and what to do about it.
    pub fn parse(text: &str) -> Result<Self, StateError> {
        Self::of_bytes(text.as_bytes())
    }

    /// Reads a state from a file of JSON or YAML.
    ///
    /// ```no_run
    /// use amlkeys_emulator::State;
    ///
    /// let state = State::read("state.yaml")?;
    /// # let _ = state;
    /// # Ok::<(), amlkeys_emulator::StateError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is larger than 32 MiB, or is not a state.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, StateError> {
        let path = path.as_ref();
        let (bytes, fingerprint) =
            contents(path).map_err(|error| StateError::unreadable(path, error))?;
        let mut state = Self::of_bytes(&bytes).map_err(|error| error.in_file(path))?;
        state.read_from = fingerprint;
        Ok(state)
    }

    /// The state [`documented`](Self::documented) with these examples in place of those of the
    /// project, and for their api-versions.
    ///
    /// # Errors
    ///
    /// If one of them is not an example of the two operations.
    pub fn of_examples(examples: &[Example<'_>]) -> Result<Self, ExampleError> {
        let documents = Documents::of_examples(examples)?;
        let mut state = Self::of_document(Self::DOCUMENTED, &documents).expect("a test reads it");
        if let Some(first) = documents.examples.first() {
            let subscription_id = &first.parameters.subscription_id;
            state.subscription_id.clone_from(subscription_id);
        }
        Ok(state)
    }

    fn of_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let read = || {
            if bytes.len() > LARGEST_FILE {
                return Err(Refusal::new(0, "the file is larger than 32 MiB"));
            }
            let text = std::str::from_utf8(bytes)
                .map_err(|error| Refusal::new(error.valid_up_to(), "this is not UTF-8"))?;
            Self::of_document(text, &Documents::of_project())
        };
        read().map_err(|refusal| StateError::refused(bytes, refusal))
    }

    fn of_document(text: &str, documents: &Documents) -> Result<Self, Refusal> {
        let state = document::read(text.strip_prefix('\u{feff}').unwrap_or(text))?;
        reader::state(state, documents)
    }

    /// Each documented resource, where its example has it and in every other subscription.
    fn add_documented(&mut self, documents: &Documents) {
        for example in &documents.examples {
            self.subscriptions
                .entry(&example.parameters.subscription_id);
        }
        let registered = self.subscriptions.iter_mut().filter(|it| it.registered);
        for subscription in registered {
            for example in &documents.examples {
                let parameters = &example.parameters;
                let workspace = subscription
                    .resource_groups
                    .entry(&parameters.resource_group_name)
                    .workspaces
                    .entry(&parameters.workspace_name);
                let keys = match &parameters.compute_name {
                    None => &mut workspace.keys,
                    Some(compute) => workspace.computes.entry(compute),
                };
                keys.set(&example.api_version, example.body.clone());
            }
        }
    }

    /// One of those that exist.
    pub(crate) fn subscription_id(&self) -> &str {
        &self.subscription_id
    }

    /// All that has keys in the subscription [`subscription_id`](Self::subscription_id).
    pub(crate) fn resource_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        let subscription_id = self.subscription_id();
        let subscription = self.subscription(subscription_id).into_iter();
        for (group, resource_group) in subscription.flat_map(|it| it.resource_groups.iter()) {
            for (name, workspace) in resource_group.workspaces.iter() {
                let id = format!(
                    "/subscriptions/{subscription_id}/resourceGroups/{group}/providers\
                     /Microsoft.MachineLearningServices/workspaces/{name}"
                );
                let computes = workspace.computes.iter();
                let computes = computes.map(|(compute, _)| format!("{id}/computes/{compute}"));
                let computes = Vec::from_iter(computes);
                ids.extend(Some(id).filter(|_| !workspace.keys.is_empty()));
                ids.extend(computes);
            }
        }
        ids
    }

    /// Those that are answered, oldest first.
    pub(crate) fn api_versions(&self) -> impl Iterator<Item = &str> {
        self.api_versions.iter().map(String::as_str)
    }

    pub(crate) fn subscription(&self, subscription_id: &str) -> Option<&Subscription> {
        self.subscriptions.get(subscription_id)
    }

    pub(crate) fn principals(&self) -> &[Principal] {
        &self.principals
    }

    pub(crate) fn principal(&self, object_id: &str) -> Option<&Principal> {
        let mut principals = self.principals.iter();
        principals.find(|principal| principal.object_id == object_id)
    }

    pub(crate) fn faults(&self) -> &[FaultRule] {
        &self.faults
    }

    pub(crate) fn fingerprint(&self) -> Option<&Fingerprint> {
        self.read_from.as_ref()
    }
}

/// Leaves keys and client secrets out.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("api_versions", &self.api_versions)
            .field("subscription_id", &self.subscription_id)
            .finish_non_exhaustive()
    }
}

impl Default for Subscription {
    fn default() -> Self {
        Self {
            registered: true,
            resource_groups: Named::default(),
        }
    }
}

const LARGEST_FILE: usize = 32 * 1024 * 1024;

/// The file, but no more of it than one byte too much, and what it looked like before.
fn contents(path: &Path) -> io::Result<(Vec<u8>, Option<Fingerprint>)> {
    let file = File::open(path)?;
    let fingerprint = Fingerprint::of(&file.metadata()?);
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes, fingerprint))
}

/// What the documents say: the source of `documented` in a state.
pub(crate) struct Documents {
    /// Oldest first.
    api_versions: Vec<String>,
    examples: Vec<Documented>,
    properties: &'static [Properties],
}

/// The properties that the answers of one operation document in one api-version.
pub(crate) struct Properties {
    pub(crate) api_version: &'static str,
    pub(crate) operation_id: &'static str,
    pub(crate) names: &'static [&'static str],
}

impl Documents {
    fn of_project() -> Self {
        let mut documents =
            Self::of_examples(EXAMPLES).expect("generate has checked the examples of spec/");
        let described = PROPERTIES.iter().map(|it| it.api_version.to_owned());
        documents.api_versions.extend(described);
        documents.api_versions.sort();
        documents.api_versions.dedup();
        documents
    }

    fn of_examples(examples: &[Example<'_>]) -> Result<Self, ExampleError> {
        let examples: Result<Vec<_>, _> = examples.iter().map(Documented::read).collect();
        let examples = examples?;
        let mut api_versions = Vec::from_iter(examples.iter().map(|it| it.api_version.clone()));
        api_versions.sort();
        api_versions.dedup();
        Ok(Self {
            api_versions,
            examples,
            properties: PROPERTIES,
        })
    }

    /// The first documented body of each api-version.
    fn keys(&self, operation_id: &str) -> Keys {
        let mut keys = Keys::default();
        for example in self.examples.iter().rev() {
            if example.operation_id() == operation_id {
                keys.set(&example.api_version, example.body.clone());
            }
        }
        keys
    }

    /// The names that are documented, if anything is.
    fn properties(&self, api_version: &str, operation_id: &str) -> Option<&'static [&'static str]> {
        let properties = self
            .properties
            .iter()
            .find(|it| it.api_version == api_version && it.operation_id == operation_id)?;
        Some(properties.names)
    }
}
