use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result, shortened};

/// The ARM resource ID of a workspace, validated.
///
/// Whatever holds one can be put into a URL: no name in it can change the path
/// that it stands in.
///
/// ```
/// use amlkeys::WorkspaceId;
///
/// let id = WorkspaceId::new("34adfa4f-cedf-4dc0-ba29-b6d1a69ab345", "testrg123", "workspaces123")?;
/// let same: WorkspaceId = id.to_string().to_uppercase().parse()?;
/// assert_eq!(same.workspace(), "WORKSPACES123");
/// # Ok::<(), amlkeys::Error>(())
/// ```
///
/// Limits, from the documents of both operations: the workspace matches
/// `^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$`, the resource group has 1 to 90
/// characters, the subscription at least one. ARM compares names without regard
/// to case; `==` here does not, it compares what was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorkspaceId {
    subscription_id: String,
    resource_group: String,
    workspace: String,
}

/// The ARM resource ID of a compute in a workspace, validated like
/// [`WorkspaceId`].
///
/// ```
/// use amlkeys::ComputeId;
///
/// let id: ComputeId = "/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/resourceGroups/testrg123\
///     /providers/Microsoft.MachineLearningServices/workspaces/workspaces123/computes/compute123".parse()?;
/// assert_eq!(id.compute(), "compute123");
/// assert!(ComputeId::new(id.workspace_id().clone(), "..").unwrap_err().is_invalid_input());
/// # Ok::<(), amlkeys::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ComputeId {
    workspace_id: WorkspaceId,
    compute: String,
}

impl WorkspaceId {
    /// Validates the three names and joins them.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input), with a source that says
    /// what is wrong with which name.
    pub fn new(
        subscription_id: impl Into<String>,
        resource_group: impl Into<String>,
        workspace: impl Into<String>,
    ) -> Result<Self> {
        let id = Self {
            subscription_id: subscription_id.into(),
            resource_group: resource_group.into(),
            workspace: workspace.into(),
        };
        check("subscription ID", &id.subscription_id, |_| None)?;
        check("resource group", &id.resource_group, |name| {
            (name.chars().count() > 90).then_some("it may have at most 90 characters")
        })?;
        check("workspace", &id.workspace, |name| {
            (!is_workspace(name)).then_some(
                "expected 3 to 33 letters, digits, `-` and `_`, the first a letter or digit",
            )
        })?;
        Ok(id)
    }

    /// The subscription, usually a GUID.
    pub fn subscription_id(&self) -> &str {
        &self.subscription_id
    }

    /// The resource group.
    pub fn resource_group(&self) -> &str {
        &self.resource_group
    }

    /// The workspace.
    pub fn workspace(&self) -> &str {
        &self.workspace
    }
}

impl ComputeId {
    /// Validates the name of a compute and joins it to its workspace.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the name could leave
    /// its place in a path.
    pub fn new(workspace_id: WorkspaceId, compute: impl Into<String>) -> Result<Self> {
        let compute = compute.into();
        check("compute", &compute, |_| None)?;
        Ok(Self {
            workspace_id,
            compute,
        })
    }

    /// The workspace that the compute belongs to.
    pub fn workspace_id(&self) -> &WorkspaceId {
        &self.workspace_id
    }

    /// The compute, as it is named in the workspace.
    pub fn compute(&self) -> &str {
        &self.compute
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
            self.subscription_id, self.resource_group, self.workspace
        )
    }
}

impl fmt::Display for ComputeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/computes/{}", self.workspace_id, self.compute)
    }
}

impl FromStr for WorkspaceId {
    type Err = Error;

    /// Reads a resource ID; the fixed words in it may have any case.
    fn from_str(text: &str) -> Result<Self> {
        let form = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}";
        let [subscription_id, resource_group, workspace] = names(text, form)?;
        Self::new(subscription_id, resource_group, workspace)
    }
}

impl FromStr for ComputeId {
    type Err = Error;

    /// Reads a resource ID; the fixed words in it may have any case.
    fn from_str(text: &str) -> Result<Self> {
        let form = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}/computes/{}";
        let [subscription_id, resource_group, workspace, compute] = names(text, form)?;
        Self::new(
            WorkspaceId::new(subscription_id, resource_group, workspace)?,
            compute,
        )
    }
}

/// The segments that stand where `form` has `{}`.
fn names<'a, const N: usize>(text: &'a str, form: &str) -> Result<[&'a str; N]> {
    let mut found = Vec::with_capacity(N);
    let mut segments = text.split('/');
    let fits = form.split('/').all(|expected| match segments.next() {
        Some(segment) if expected == "{}" => {
            found.push(segment);
            true
        }
        Some(segment) => segment.eq_ignore_ascii_case(expected),
        None => false,
    });
    match (<[&str; N]>::try_from(found), segments.next()) {
        (Ok(names), None) if fits => Ok(names),
        _ => Err(Error::invalid_input(
            format!("`{}` is not such a resource ID", shortened(text)),
            format!("expected {}", form.replace("{}", "…")),
        )),
    }
}

/// Refuses a name that could leave its segment of a path, or that `also` says
/// is wrong.
///
/// The generator encodes `/`, `%`, `?` and `#`, but a URL parser resolves `.`
/// and `..` and takes `\` for `/`: a compute named `..` would ask for the keys
/// of the whole workspace.
fn check(noun: &str, name: &str, also: impl FnOnce(&str) -> Option<&'static str>) -> Result<()> {
    let problem = match name {
        "" => Some("it is empty"),
        "." | ".." => Some("it would change the path of the request"),
        _ if name.contains(['/', '\\']) => Some("it holds a slash or backslash"),
        _ if name.contains(char::is_control) => Some("it holds a control character"),
        _ if name.trim() != name => Some("it begins or ends with white space"),
        _ => also(name),
    };
    match problem {
        None => Ok(()),
        Some(problem) => Err(Error::invalid_input(
            format!("`{}` cannot be the name of a {noun}", shortened(name)),
            problem,
        )),
    }
}

fn is_workspace(name: &str) -> bool {
    (3..=33).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(name: &str) -> Result<WorkspaceId> {
        WorkspaceId::new("s", "g", name)
    }

    #[test]
    fn workspace_names_are_checked_at_each_limit() {
        let longest = "a".repeat(33);
        for good in ["abc", "0_-", longest.as_str()] {
            assert!(workspace(good).is_ok(), "{good}");
        }
        let too_long = "a".repeat(34);
        for bad in [
            "",
            "ab",
            "-ab",
            "_ab",
            "a b",
            "äbc",
            "abc\n",
            too_long.as_str(),
        ] {
            assert!(workspace(bad).unwrap_err().is_invalid_input(), "{bad}");
        }
    }

    #[test]
    fn a_group_has_1_to_90_characters_of_any_script() {
        for (group, good) in [
            ("g", true),
            (&"ü".repeat(90), true),
            (&"ü".repeat(91), false),
            ("", false),
        ] {
            assert_eq!(WorkspaceId::new("s", group, "abc").is_ok(), good, "{group}");
        }
    }

    #[test]
    fn no_name_can_leave_its_segment() {
        let hostile = [
            "",
            ".",
            "..",
            "a/b",
            "/",
            "a\\b",
            "..\\..",
            " a",
            "a ",
            "a\t",
            "\u{a0}a",
            "a\u{2003}",
            "a\nb",
            "a\0",
            "\u{7f}",
        ];
        for name in hostile {
            let compute = ComputeId::new(workspace("abc").unwrap(), name);
            assert!(compute.is_err(), "compute {name:?}");
            assert!(
                WorkspaceId::new(name, "g", "abc").is_err(),
                "subscription {name:?}"
            );
            assert!(
                WorkspaceId::new("s", name, "abc").is_err(),
                "group {name:?}"
            );
        }
    }

    #[test]
    fn names_that_only_look_hostile_are_allowed() {
        for name in ["...", "%2e%2e", "a b", "a?b#c", "été", "a..b", "%2F"] {
            assert!(
                ComputeId::new(workspace("abc").unwrap(), name).is_ok(),
                "{name}"
            );
        }
    }

    #[test]
    fn a_resource_id_is_read_whatever_the_case_of_its_words() {
        let text = "/SUBSCRIPTIONS/s/resourcegroups/G/Providers/microsoft.machinelearningservices/WorkSpaces/Abc/COMPUTES/c";
        let id: ComputeId = text.parse().unwrap();
        assert_eq!(id.workspace_id().resource_group(), "G");
        assert_eq!(id.to_string().parse::<ComputeId>().unwrap(), id);
    }

    #[test]
    fn what_is_not_such_a_resource_id_is_refused() {
        let good = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/abc";
        assert!(good.parse::<WorkspaceId>().is_ok());
        let bad = [
            String::new(),
            format!("{good}/"),
            format!("{good}/computes"),
            format!("{good}/computes/c"),
            good.replacen('/', "", 1),
            good.replace("/g/", "//"),
            good.replace("abc", ".."),
            good.replace("Microsoft.MachineLearningServices", "Microsoft.Storage"),
            format!("https://management.azure.com{good}"),
        ];
        for text in bad {
            assert!(text.parse::<WorkspaceId>().is_err(), "{text}");
        }
    }
}
