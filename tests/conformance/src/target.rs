use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::case::Operation;

/// What a request's URL is about.
pub(crate) struct Target<'u> {
    /// The operation, if the path is that of one.
    pub(crate) called: Option<Called<'u>>,
    pub(crate) api_version: Option<Cow<'u, str>>,
}

/// An operation's path, its names still percent-encoded.
pub(crate) struct Called<'u> {
    pub(crate) operation: Operation,
    /// By parameter.
    pub(crate) names: [(&'static str, &'u str); 4],
}

impl<'u> Target<'u> {
    /// Takes a URL, or its path and query, apart.
    pub(crate) fn of(url: &'u str) -> Self {
        let (path, query) = path_and_query(url);
        Self {
            called: called(path),
            api_version: api_version(query),
        }
    }
}

impl<'u> Called<'u> {
    /// Its names as they are meant.
    pub(crate) fn decoded(&self) -> impl Iterator<Item = (&'static str, Cow<'u, str>)> {
        let of_operation = match self.operation {
            Operation::ComputeListKeys => 4,
            Operation::WorkspacesListKeys => 3,
        };
        let names = self.names.into_iter().take(of_operation);
        names.map(|(parameter, name)| (parameter, percent_decode_str(name).decode_utf8_lossy()))
    }
}

/// The path and the query of a URL, or of what stands in a request line.
pub(crate) fn path_and_query(url: &str) -> (&str, &str) {
    let from_path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    };
    let without_fragment = from_path.split('#').next().unwrap_or_default();
    without_fragment
        .split_once('?')
        .unwrap_or((without_fragment, ""))
}

fn called(path: &str) -> Option<Called<'_>> {
    let mut segments = path.split('/');
    // A proxy may have a path of its own before ARM's.
    segments.find(|segment| segment.eq_ignore_ascii_case("subscriptions"))?;
    let subscription_id = segments.next()?;
    expect("resourceGroups", &mut segments)?;
    let resource_group = segments.next()?;
    expect("providers", &mut segments)?;
    expect("Microsoft.MachineLearningServices", &mut segments)?;
    expect("workspaces", &mut segments)?;
    let workspace = segments.next()?;
    let rest: [Option<&str>; 4] = std::array::from_fn(|_| segments.next());
    let (operation, compute) = match rest {
        [Some(action), None, None, None] if is_list_keys(action) => {
            (Operation::WorkspacesListKeys, "")
        }
        [Some(computes), Some(compute), Some(action), None]
            if computes.eq_ignore_ascii_case("computes") && is_list_keys(action) =>
        {
            (Operation::ComputeListKeys, compute)
        }
        _ => return None,
    };
    let names = [
        ("subscriptionId", subscription_id),
        ("resourceGroupName", resource_group),
        ("workspaceName", workspace),
        ("computeName", compute),
    ];
    Some(Called { operation, names })
}

fn expect<'u>(word: &str, segments: &mut impl Iterator<Item = &'u str>) -> Option<()> {
    segments.next()?.eq_ignore_ascii_case(word).then_some(())
}

fn is_list_keys(action: &str) -> bool {
    action.eq_ignore_ascii_case("listKeys")
}

fn api_version(query: &str) -> Option<Cow<'_, str>> {
    let mut parameters = query.split('&').filter_map(|it| it.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.eq_ignore_ascii_case("api-version"))?;
    let value = percent_decode_str(value).decode_utf8_lossy();
    (!value.is_empty()).then_some(value)
}

/// Whether an api-version is `yyyy-MM-dd`, `yyyy-MM-dd-preview` or the like.
pub(crate) fn is_api_version(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (date, rest) = bytes.split_at(bytes.len().min("yyyy-MM-dd".len()));
    date.len() == "yyyy-MM-dd".len()
        && date.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
        && (rest.is_empty() || rest.eq_ignore_ascii_case(b"-preview"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/subscriptions/s/resourceGroups/g/providers/\
        Microsoft.MachineLearningServices/workspaces/w";

    #[test]
    fn a_url_and_a_request_line_are_about_the_same() {
        for before in [
            "",
            "https://management.azure.com",
            "http://127.0.0.1:1/proxy",
        ] {
            let url = format!("{before}{PATH}/computes/a%2Fb/listKeys?api-version=2025-09-01#x");
            let target = Target::of(&url);
            assert_eq!(target.api_version.as_deref(), Some("2025-09-01"));
            let called = target.called.unwrap();
            assert_eq!(called.operation, Operation::ComputeListKeys);
            assert_eq!(called.decoded().last().unwrap().1, "a/b");
        }
    }

    #[test]
    fn words_may_be_in_any_case() {
        let url = format!("{PATH}/LISTKEYS?API-VERSION=2025-09-01").replace("resource", "RESOURCE");
        let target = Target::of(&url);
        assert!(target.api_version.is_some() && target.called.is_some());
    }

    #[test]
    fn other_paths_are_of_no_operation() {
        for rest in [
            "",
            "/listKeys/",
            "/computes/c",
            "/computes/c/listKeys/x",
            "/keys",
        ] {
            assert!(
                Target::of(&format!("{PATH}{rest}")).called.is_none(),
                "{rest}"
            );
        }
    }
}
