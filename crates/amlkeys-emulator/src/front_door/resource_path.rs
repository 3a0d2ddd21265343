use std::borrow::Cow;
use std::str::Utf8Error;

use percent_encoding::percent_decode_str;

/// A request's path, cut at its slashes and decoded after that: an encoded slash belongs to the
/// name that it is in.
pub(crate) struct ResourcePath<'a>(Vec<Cow<'a, str>>);

/// The resource whose keys a path asks for.
pub(crate) struct KeysOf<'a> {
    pub(crate) subscription_id: &'a str,
    pub(crate) resource_group: &'a str,
    pub(crate) workspace: &'a str,
    /// Absent when the keys are the workspace's own.
    pub(crate) compute: Option<&'a str>,
}

impl KeysOf<'_> {
    /// The resource ID's end, after the namespace.
    pub(crate) fn type_and_name(&self) -> String {
        let workspace = self.workspace;
        match self.compute {
            None => ["workspaces/", workspace].concat(),
            Some(compute) => ["workspaces/", workspace, "/computes/", compute].concat(),
        }
    }

    /// The ARM resource ID.
    pub(crate) fn resource_id(&self) -> String {
        [
            "/subscriptions/",
            self.subscription_id,
            "/resourceGroups/",
            self.resource_group,
            "/providers/",
            NAMESPACE,
            "/",
            &self.type_and_name(),
        ]
        .concat()
    }

    /// What Azure RBAC calls the listing of the keys.
    pub(crate) fn action(&self) -> &'static str {
        match self.compute {
            None => "Microsoft.MachineLearningServices/workspaces/listKeys/action",
            Some(_) => "Microsoft.MachineLearningServices/workspaces/computes/listKeys/action",
        }
    }
}

/// The resource provider.
pub(crate) const NAMESPACE: &str = "Microsoft.MachineLearningServices";

impl<'a> ResourcePath<'a> {
    pub(crate) fn decode(path: &'a str) -> Result<Self, Utf8Error> {
        let is_encoded = path.contains('%');
        let mut segments = Vec::with_capacity(LONGEST);
        for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
            segments.push(match is_encoded {
                true => percent_decode_str(segment).decode_utf8()?,
                false => Cow::Borrowed(segment),
            });
        }
        Ok(Self(segments))
    }

    pub(crate) fn subscription_id(&self) -> Option<&str> {
        let [subscription_id] = self.starts_with(&["subscriptions", NAME])?;
        Some(subscription_id)
    }

    pub(crate) fn is_machine_learning(&self) -> bool {
        #[rustfmt::skip]
        const IN_SUBSCRIPTION: &[&str] = &[
            "subscriptions", NAME, "providers", NAMESPACE, NAME,
        ];
        #[rustfmt::skip]
        const IN_RESOURCE_GROUP: &[&str] = &[
            "subscriptions", NAME, "resourceGroups", NAME, "providers", NAMESPACE, NAME,
        ];
        self.starts_with::<2>(IN_SUBSCRIPTION).is_some()
            || self.starts_with::<3>(IN_RESOURCE_GROUP).is_some()
    }

    /// The resource of `Workspaces_ListKeys` or `Compute_ListKeys`, if the path is one of theirs.
    pub(crate) fn keys_of(&self) -> Option<KeysOf<'_>> {
        #[rustfmt::skip]
        const WORKSPACE: &[&str] = &[
            "subscriptions", NAME, "resourceGroups", NAME, "providers", NAMESPACE,
            "workspaces", NAME, "listKeys",
        ];
        #[rustfmt::skip]
        const COMPUTE: &[&str] = &[
            "subscriptions", NAME, "resourceGroups", NAME, "providers", NAMESPACE,
            "workspaces", NAME, "computes", NAME, "listKeys",
        ];
        if let Some([subscription_id, resource_group, workspace]) = names(WORKSPACE, &self.0) {
            return Some(KeysOf {
                subscription_id,
                resource_group,
                workspace,
                compute: None,
            });
        }
        let [subscription_id, resource_group, workspace, compute] = names(COMPUTE, &self.0)?;
        Some(KeysOf {
            subscription_id,
            resource_group,
            workspace,
            compute: Some(compute),
        })
    }

    fn starts_with<const N: usize>(&self, template: &[&str]) -> Option<[&str; N]> {
        names(template, self.0.get(..template.len())?)
    }
}

/// Of the paths of operations, in segments.
const LONGEST: usize = 11;

/// What stands for a name in a template.
const NAME: &str = "{}";

/// The `N` names that stand where `template` has [`NAME`]. The words around them compare without
/// regard to case (ARM RPC, common-api-details.md).
fn names<'a, const N: usize>(
    template: &[&str],
    segments: &'a [Cow<'_, str>],
) -> Option<[&'a str; N]> {
    if template.len() != segments.len() {
        return None;
    }
    let mut names = [""; N];
    let mut unset = names.iter_mut();
    for (word, segment) in template.iter().zip(segments) {
        if *word == NAME && !segment.is_empty() {
            *unset.next()? = segment;
        } else if !word.eq_ignore_ascii_case(segment) {
            return None;
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACES: &str = "/subscriptions/s/resourceGroups/g/providers/\
        Microsoft.MachineLearningServices/workspaces";

    fn keys_of(rest: &str) -> Option<(String, Option<String>)> {
        let path = format!("{WORKSPACES}{rest}");
        let path = ResourcePath::decode(&path).unwrap();
        path.keys_of()
            .map(|of| (of.workspace.to_owned(), of.compute.map(str::to_owned)))
    }

    #[test]
    fn encoded_slash_belongs_to_the_name() {
        let compute = keys_of("/w/computes/a%2Fb/listKeys").unwrap().1;
        assert_eq!(compute.as_deref(), Some("a/b"));
    }

    #[test]
    fn names_are_decoded_as_utf_8() {
        let (workspace, _) = keys_of("/caf%C3%A9/listKeys").unwrap();
        assert_eq!(workspace, "café");
        assert!(ResourcePath::decode("/subscriptions/%FF").is_err());
    }

    #[test]
    fn only_whole_paths_are_operations() {
        for other in [
            "",
            "/listKeys",
            "//listKeys",
            "/w",
            "/w/listKeys/",
            "/w/computes/listKeys/x",
            "/w/computes//listKeys",
            "/w/computes/c/listKeys/more",
        ] {
            assert_eq!(keys_of(other), None, "{other:?}");
        }
    }
}
