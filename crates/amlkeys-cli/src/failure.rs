//! What is said when a command fails, and with which exit code.

use std::path::Path;

use amlkeys::{ComputeId, Error, WorkspaceId};
use serde::Serialize;

/// One failed command: a message, the facts behind it, and what to do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    error: String,
    /// A line of what was given, with a mark below the place.
    #[serde(skip)]
    excerpt: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<Box<str>>,
    exit_code: u8,
}

/// What was asked for, in the words of the command line.
pub(crate) struct Resource<'a> {
    workspace_id: &'a WorkspaceId,
    compute: Option<&'a str>,
}

const SERVICE: u8 = 1;
const USAGE: u8 = 2;
const NOT_FOUND: u8 = 3;
const NOT_SIGNED_IN: u8 = 4;
const FORBIDDEN: u8 = 5;
const UNAVAILABLE: u8 = 6;
const OUTPUT: u8 = 7;
const INTERRUPTED: u8 = 130;

impl Failure {
    /// Input that was refused before anything was sent.
    pub(crate) fn input(error: Error) -> Self {
        let code = if error.is_invalid_input() {
            USAGE
        } else {
            SERVICE
        };
        Self::new(code, chain(&error))
    }

    /// A value that is missing.
    pub(crate) fn usage(message: &str, hint: &str) -> Self {
        Self::new(USAGE, message).with_hint(hint)
    }

    /// What clap refused, its usage left out.
    pub(crate) fn usage_of(error: &clap::Error) -> Self {
        let text = error.to_string();
        let lines = text.lines().take_while(|line| !line.starts_with("Usage:"));
        let (tips, lines): (Vec<&str>, Vec<&str>) = lines
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("For more information"))
            .partition(|line| line.starts_with("tip: "));
        let message = lines.join(" ");
        let hint = tips.first().map(|tip| tip.trim_start_matches("tip: "));
        Self::new(USAGE, message.trim_start_matches("error: "))
            .with_hint(hint.unwrap_or("see `amlkeys --help`"))
    }

    /// One of az's files that cannot be read.
    pub(crate) fn config(path: &Path, why: &str) -> Self {
        let message = format!("cannot read {}: {why}", path.display());
        Self::usage(&message, "correct the file; az reads it too")
    }

    /// Something that was asked for and that the service does not have.
    pub(crate) fn missing(message: String, hint: &str) -> Self {
        Self::new(NOT_FOUND, message).with_hint(hint)
    }

    /// Anything else, in words of our own.
    pub(crate) fn plain(message: String, hint: &str) -> Self {
        Self::new(SERVICE, message).with_hint(hint)
    }

    /// A command that was told to end before it had.
    pub(crate) fn interrupted() -> Self {
        Self::new(INTERRUPTED, "interrupted")
    }

    /// A file that could not be written.
    pub(crate) fn file(path: &Path, why: &str) -> Self {
        Self::new(OUTPUT, format!("cannot write {}: {why}", path.display()))
    }

    /// A result that could not be written.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        Self::new(OUTPUT, format!("cannot write the output: {error}"))
    }

    /// Anything else.
    pub(crate) fn other(what: &str, error: &dyn std::error::Error) -> Self {
        Self::new(SERVICE, format!("{what}: {}", chain(error)))
    }

    /// A call that failed.
    pub(crate) fn of_call(error: &Error, resource: &Resource<'_>) -> Self {
        let mut failure = match () {
            () if error.is_not_found() => resource.not_found(error),
            () if error.is_forbidden() => resource.forbidden(error),
            () if error.is_credential() => Self::new(NOT_SIGNED_IN, chain(error)).with_hint(
                "sign in with `az login`, or try without an account: add --emulator",
            ),
            () if error.is_unauthorized() => {
                Self::new(NOT_SIGNED_IN, chain(error)).with_hint(sign_in_again(error))
            }
            () if error.is_throttled() => {
                let failure = Self::new(UNAVAILABLE, chain(error));
                match error.retry_after() {
                    Some(wait) => failure.with_hint(format!("try again in {} s", wait.as_secs())),
                    None => failure.with_hint("try again in a minute"),
                }
            }
            () if error.is_unavailable() => {
                Self::new(UNAVAILABLE, chain(error)).with_hint("try again later")
            }
            () if error.is_timeout() => Self::new(UNAVAILABLE, chain(error))
                .with_hint("check the network, or give it longer with --timeout"),
            () if error.is_connection() => Self::new(UNAVAILABLE, chain(error)).with_hint(
                "check the network, HTTPS_PROXY, and SSL_CERT_FILE if the certificate is not trusted",
            ),
            () => Self::new(SERVICE, chain(error)),
        };
        failure.code = error.code().map(|it| printable(it).into());
        failure.status = error.status();
        failure.request_id = error.request_id().map(|it| printable(it).into());
        failure
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Shows the line with a mark at the column, counted from 0; of a long line, what is around it.
    pub(crate) fn with_excerpt(mut self, line: &str, column: usize) -> Self {
        const AROUND: usize = 60;
        let start = column.saturating_sub(AROUND);
        let mut around = line.chars().skip(start);
        let mut shown: String = around.by_ref().take(2 * AROUND).collect();
        if start > 0 {
            shown.insert(0, '…');
        }
        if around.next().is_some() {
            shown.push('…');
        }
        let shown = printable(&shown);
        let indent = " ".repeat(column - start + usize::from(start > 0));
        self.excerpt = Some(format!("  {shown}\n  {indent}^\n").into());
        self
    }

    /// Whether nobody is signed in, so that no call can be made.
    pub(crate) fn is_of_sign_in(&self) -> bool {
        self.exit_code == NOT_SIGNED_IN && self.status.is_none()
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// The form for people: the message, the facts in one line, one hint.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("error: {}\n", self.error);
        text += self.excerpt.as_deref().unwrap_or_default();
        let status = self.status.map(|status| status.to_string().into());
        let facts = [
            ("code", self.code.as_ref()),
            ("status", status.as_ref()),
            ("request", self.request_id.as_ref()),
        ];
        let facts: Vec<String> = facts
            .iter()
            .filter_map(|(name, fact)| Some(format!("{name}: {}", (*fact)?)))
            .collect();
        if !facts.is_empty() {
            text += &format!("  {}\n", facts.join("   "));
        }
        if let Some(hint) = &self.hint {
            text += &format!("hint: {hint}\n");
        }
        text
    }

    fn new(exit_code: u8, error: impl Into<String>) -> Self {
        Self {
            error: printable(&error.into()),
            excerpt: None,
            code: None,
            status: None,
            request_id: None,
            hint: None,
            exit_code,
        }
    }
}

impl<'a> Resource<'a> {
    pub(crate) fn of_workspace(workspace_id: &'a WorkspaceId) -> Self {
        Self {
            workspace_id,
            compute: None,
        }
    }

    pub(crate) fn of_compute(id: &'a ComputeId) -> Self {
        Self {
            workspace_id: id.workspace_id(),
            compute: Some(id.compute()),
        }
    }

    /// The name of the compute, or of the workspace.
    pub(crate) fn name(&self) -> &str {
        self.compute.unwrap_or(self.workspace_id.workspace())
    }

    pub(crate) fn workspace_id(&self) -> &WorkspaceId {
        self.workspace_id
    }

    /// Whether it is a compute in this workspace, by names without regard to
    /// case.
    pub(crate) fn is_in(&self, workspace_id: &WorkspaceId) -> bool {
        let same = self.workspace_id.to_string().to_lowercase();
        self.compute.is_some() && same == workspace_id.to_string().to_lowercase()
    }

    /// Which of the names on the path does not exist, going by ARM's code.
    fn not_found(&self, error: &Error) -> Failure {
        let subscription = self.workspace_id.subscription_id();
        let group = self.workspace_id.resource_group();
        let workspace = self.workspace_id.workspace();
        let (message, hint) = match (error.code(), self.compute) {
            (Some("SubscriptionNotFound"), _) => (
                format!("subscription `{subscription}` was not found"),
                "check the subscription with `az account list`".to_owned(),
            ),
            (Some("ResourceGroupNotFound"), _) => (
                format!("resource group `{group}` was not found in subscription `{subscription}`"),
                format!(
                    "check the subscription with `az group list --subscription {subscription}`"
                ),
            ),
            (Some("ResourceNotFound"), Some(compute)) => (
                format!("compute `{compute}` was not found in workspace `{workspace}`"),
                format!("check the name with `az ml compute list -w {workspace} -g {group}`"),
            ),
            (Some("ResourceNotFound"), None) | (Some("ParentResourceNotFound"), _) => (
                format!("workspace `{workspace}` was not found in resource group `{group}`"),
                format!("check the group with `az ml workspace list -g {group}`"),
            ),
            _ => (chain(error), "check the names and the endpoint".to_owned()),
        };
        Failure::new(NOT_FOUND, message).with_hint(hint)
    }

    fn forbidden(&self, error: &Error) -> Failure {
        let what = match self.compute {
            Some(compute) => format!("the secrets of compute `{compute}`"),
            None => format!("the keys of workspace `{}`", self.workspace_id.workspace()),
        };
        let failure = Failure::new(FORBIDDEN, format!("you may not list {what}"));
        // AzureML Data Scientist has neither of the two actions.
        let roles = match self.compute {
            Some(_) => "AzureML Compute Operator or Contributor",
            None => "Contributor",
        };
        match error.required_action() {
            Some(action) => failure.with_hint(format!(
                "ask for a role that grants {action}, such as {roles}"
            )),
            None => failure,
        }
    }
}

/// ARM says in its message to which tenant the subscription belongs, last of
/// the tenants that it names.
fn sign_in_again(error: &Error) -> String {
    let message = error.message().unwrap_or_default();
    let tenants = message.split("https://sts.windows.net/").skip(1);
    let tenant = tenants
        .last()
        .and_then(|rest| rest.get(..36))
        .filter(|id| id.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-'));
    match (error.code(), tenant) {
        (Some("InvalidAuthenticationTokenTenant"), Some(tenant)) => {
            format!("sign in to the subscription's tenant: `az login --tenant {tenant}`")
        }
        (Some("InvalidAuthenticationTokenAudience"), _) => {
            "check --cloud and --endpoint: the token is for another cloud".into()
        }
        _ => "sign in again with `az login`, to the tenant that owns the subscription".into(),
    }
}

/// An error with its sources, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let why = error.to_string();
        // Some errors already say what their source says.
        if !text.contains(&why) {
            text += &format!(": {why}");
        }
        source = error.source();
    }
    text
}

/// A text from outside, without what could steer or fill a terminal.
fn printable(text: &str) -> String {
    const LONGEST: usize = 2000;
    let mut rest = text.chars();
    let shown = rest.by_ref().take(LONGEST);
    let mut shown: String = shown
        .map(|it| if it.is_control() { ' ' } else { it })
        .collect();
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_it_shows_what_is_around_the_place() {
        let line = format!("{}!{}", "a".repeat(100_000), "b".repeat(100_000));
        let text = Failure::usage("no", "hint").with_excerpt(&line, 100_000);
        let text = text.to_text();
        let [_, shown, mark, _] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        assert!(
            shown.starts_with("  …a") && shown.ends_with("b…"),
            "{shown}"
        );
        assert!(shown.chars().count() < 130, "{shown}");
        let place = mark.find('^').unwrap();
        assert_eq!(shown.chars().nth(place), Some('!'), "{text}");
    }

    #[test]
    fn a_message_neither_fills_nor_steers_a_terminal() {
        let text = Failure::usage(&"\u{1b}[2J".repeat(100_000), "hint").to_text();
        assert!(text.len() < 2100, "{}", text.len());
        assert!(!text.contains('\u{1b}'));
    }
}
