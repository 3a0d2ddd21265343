//! The checks that stand between a request and the keys it asks for, in ARM's order.

mod reply;
mod resource_path;

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::authorization::Authorization;
use crate::state::{State, Subscription};

use reply::LOCATION;
pub(crate) use reply::{Reply, RequestIds};
use resource_path::{KeysOf, ResourcePath};

/// The body that answers the request, or ARM's refusal.
pub(crate) fn keys(
    state: &State,
    request: &Parts,
    authorization: Authorization,
) -> Result<Bytes, Reply> {
    let api_version = api_version(request).ok_or_else(missing_api_version)?;
    check_authorization(authorization)?;
    check_form(&api_version, state)?;
    let path = ResourcePath::decode(request.uri.path()).map_err(|_| path_is_not_utf8())?;
    let subscription = subscription(state, &path)?;
    let keys_of = operation(&path, &api_version)?;
    let api_version = supported(&api_version, &keys_of, state)?;
    check_method(&request.method)?;
    find(subscription, &keys_of, api_version)
}

/// The query's `api-version`, if it has one that is not empty. Its name compares without regard
/// to case, like other names of the URL.
pub(crate) fn api_version(request: &Parts) -> Option<String> {
    let query = request.uri.query()?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("api-version"))
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty())
}

/// MicrosoftDocs/feedback#2279: an anonymous request gets this too, so it comes before the 401.
fn missing_api_version() -> Reply {
    Reply::error(
        StatusCode::BAD_REQUEST,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )
}

fn check_authorization(authorization: Authorization) -> Result<(), Reply> {
    let (code, message, challenge) = match authorization {
        Authorization::Accepted => return Ok(()),
        Authorization::Missing => (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", \
             error_description=\"The authentication failed because of missing 'Authorization' \
             header.\"",
        ),
        Authorization::Refused => (
            "InvalidAuthenticationToken",
            "The access token is invalid.",
            "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", \
             error_description=\"The access token is invalid.\"",
        ),
    };
    Err(
        Reply::error(StatusCode::UNAUTHORIZED, code, message).with_header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        ),
    )
}

/// Azure/azure-cli#28038: the list has no spaces here, unlike the one of `supported`.
fn check_form(api_version: &str, state: &State) -> Result<(), Reply> {
    if is_well_formed(api_version) {
        return Ok(());
    }
    let supported = Vec::from_iter(state.api_versions()).join(",");
    Err(Reply::error(
        StatusCode::BAD_REQUEST,
        "InvalidApiVersionParameter",
        format!(
            "The api-version '{api_version}' is invalid. The supported versions are '{supported}'."
        ),
    ))
}

/// `yyyy-MM-dd` or `yyyy-MM-dd-preview`
fn is_well_formed(api_version: &str) -> bool {
    let lower = api_version.to_ascii_lowercase();
    let date = lower.strip_suffix("-preview").unwrap_or(&lower);
    date.len() == "yyyy-MM-dd".len()
        && date.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn path_is_not_utf8() -> Reply {
    Reply::error(
        StatusCode::BAD_REQUEST,
        "BadRequest",
        "The request path is not valid UTF-8.",
    )
}

fn subscription<'a>(state: &'a State, path: &ResourcePath) -> Result<&'a Subscription, Reply> {
    let subscription_id = path.subscription_id().ok_or_else(no_operation)?;
    state.subscription(subscription_id).ok_or_else(|| {
        Reply::error(
            StatusCode::NOT_FOUND,
            "SubscriptionNotFound",
            format!("The subscription '{subscription_id}' could not be found."),
        )
    })
}

/// Not ARM's words: what ARM says to paths outside the resource provider is not sourced.
fn no_operation() -> Reply {
    Reply::error(
        StatusCode::NOT_FOUND,
        "NotFound",
        "The emulator has no operation at this path.",
    )
}

fn operation<'a>(path: &'a ResourcePath, api_version: &str) -> Result<KeysOf<'a>, Reply> {
    path.keys_of().ok_or_else(|| {
        if !path.is_machine_learning() {
            return no_operation();
        }
        Reply::error(
            StatusCode::NOT_FOUND,
            "InvalidResourceType",
            format!(
                "The resource type could not be found in the namespace \
                 'Microsoft.MachineLearningServices' for api version '{api_version}'."
            ),
        )
    })
}

/// The api-version as the state spells it.
fn supported<'a>(
    api_version: &str,
    keys_of: &KeysOf<'_>,
    state: &'a State,
) -> Result<&'a str, Reply> {
    let mut supported = state.api_versions();
    if let Some(api_version) = supported.find(|known| known.eq_ignore_ascii_case(api_version)) {
        return Ok(api_version);
    }
    let resource_type = match keys_of.compute {
        None => "workspaces",
        Some(_) => "workspaces/computes",
    };
    let supported = Vec::from_iter(state.api_versions()).join(", ");
    Err(Reply::error(
        StatusCode::BAD_REQUEST,
        "NoRegisteredProviderFound",
        format!(
            "No registered resource provider found for location '{LOCATION}' and API version \
             '{api_version}' for type '{resource_type}'. The supported api-versions are \
             '{supported}'. The supported locations are '{LOCATION}'."
        ),
    ))
}

fn check_method(method: &Method) -> Result<(), Reply> {
    if method == Method::POST {
        return Ok(());
    }
    Err(Reply::error(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        format!("The requested resource does not support http method '{method}'."),
    )
    .with_header(header::ALLOW, HeaderValue::from_static("POST")))
}

fn find(
    subscription: &Subscription,
    keys_of: &KeysOf<'_>,
    api_version: &str,
) -> Result<Bytes, Reply> {
    let KeysOf {
        resource_group: group_name,
        workspace: workspace_name,
        compute,
    } = *keys_of;
    let resource_group = subscription
        .resource_groups
        .get(group_name)
        .ok_or_else(|| resource_group_not_found(group_name))?;
    let workspace = resource_group.workspaces.get(workspace_name);
    match compute {
        None => workspace
            .and_then(|workspace| workspace.keys.at(api_version))
            .ok_or_else(|| resource_not_found(&format!("workspaces/{workspace_name}"), group_name)),
        Some(compute_name) => workspace
            .ok_or_else(|| parent_resource_not_found(workspace_name))?
            .computes
            .get(compute_name)
            .and_then(|keys| keys.at(api_version))
            .ok_or_else(|| {
                let name = format!("workspaces/{workspace_name}/computes/{compute_name}");
                resource_not_found(&name, group_name)
            }),
    }
}

fn resource_group_not_found(name: &str) -> Reply {
    Reply::error(
        StatusCode::NOT_FOUND,
        "ResourceGroupNotFound",
        format!("Resource group '{name}' could not be found."),
    )
    .with_header(FAILURE_CAUSE, GATEWAY)
}

fn parent_resource_not_found(name: &str) -> Reply {
    Reply::error(
        StatusCode::NOT_FOUND,
        "ParentResourceNotFound",
        format!(
            "Can not perform requested operation on nested resource. Parent resource '{name}' \
             not found."
        ),
    )
}

fn resource_not_found(type_and_name: &str, resource_group: &str) -> Reply {
    Reply::error(
        StatusCode::NOT_FOUND,
        "ResourceNotFound",
        format!(
            "The Resource 'Microsoft.MachineLearningServices/{type_and_name}' under resource \
             group '{resource_group}' was not found. For more details please go to \
             https://aka.ms/ARMResourceNotFoundFix"
        ),
    )
    .with_header(FAILURE_CAUSE, GATEWAY)
}

const FAILURE_CAUSE: HeaderName = HeaderName::from_static("x-ms-failure-cause");
const GATEWAY: HeaderValue = HeaderValue::from_static("gateway");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_version_is_a_date_that_may_end_in_preview() {
        for well_formed in ["2025-09-01", "2025-09-01-preview", "2025-09-01-Preview"] {
            assert!(is_well_formed(well_formed), "{well_formed:?}");
        }
        for malformed in [
            "latest",
            "2025-9-1",
            "2025-09-01-",
            "2025-09-01-beta",
            "2025-09-01-preview-preview",
            "2025/09/01",
            "२०२५",
            "-preview",
        ] {
            assert!(!is_well_formed(malformed), "{malformed:?}");
        }
    }
}
