//! The checks that stand between a request and the keys it asks for, in ARM's order.

mod challenge;
mod reply;
mod resource_path;
mod role;

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::json;

use crate::authorization::Bearer;
use crate::state::{Principal, State, Subscription};
use crate::throttle::{Buckets, Kind, Quota};

use reply::LOCATION;
pub(crate) use reply::{Reply, RequestIds, random_uuid};
pub(crate) use resource_path::ResourcePath;
use resource_path::{KeysOf, NAMESPACE};

/// The keys that the request asks for, or ARM's refusal.
pub(crate) fn answer(
    request: &Parts,
    bearer: Bearer<'_>,
    state: &State,
    buckets: &Buckets,
    now: Duration,
) -> Reply {
    match Visit::of(request, bearer, state) {
        Ok(visit) => visit.counted(buckets, now),
        Err(refusal) => refusal,
    }
}

/// A request of someone known.
struct Visit<'a> {
    method: &'a Method,
    path: ResourcePath<'a>,
    api_version: Cow<'a, str>,
    principal: &'a Principal,
    state: &'a State,
}

impl<'a> Visit<'a> {
    fn of(request: &'a Parts, bearer: Bearer<'a>, state: &'a State) -> Result<Self, Reply> {
        let api_version = api_version(request).ok_or_else(missing_api_version)?;
        let principal = challenge::authenticated(bearer)?;
        let path = ResourcePath::decode(request.uri.path()).map_err(|_| path_is_not_utf8())?;
        Ok(Self {
            method: &request.method,
            path,
            api_version,
            principal,
            state,
        })
    }

    /// Only what is for a subscription that exists is counted.
    fn counted(&self, buckets: &Buckets, now: Duration) -> Reply {
        let subscription_id = self.path.subscription_id().unwrap_or_default();
        let subscription = self.state.subscription(subscription_id);
        if subscription.is_none() {
            return self.answer(None);
        }
        let object_id = &self.principal.object_id;
        let kind = Kind::of(self.method);
        match buckets.take(kind, subscription_id, object_id, now) {
            Quota::Left(left) => self.answer(subscription).with_remaining(kind, left),
            Quota::Exceeded { retry_after } => {
                throttled(kind, subscription_id, object_id, retry_after)
            }
        }
    }

    fn answer(&self, subscription: Option<&Subscription>) -> Reply {
        let keys = self.keys(subscription);
        keys.map_or_else(|refusal| refusal, Reply::keys)
    }

    fn keys(&self, subscription: Option<&Subscription>) -> Result<Bytes, Reply> {
        check_form(&self.api_version, self.state)?;
        let subscription = subscription.ok_or_else(|| no_subscription(&self.path))?;
        let keys_of = operation(&self.path, &self.api_version)?;
        let api_version = supported(&self.api_version, &keys_of, self.state)?;
        check_method(self.method)?;
        role::check(self.principal, &keys_of)?;
        check_registration(subscription)?;
        find(subscription, &keys_of, api_version).and_then(within_what_arm_relays)
    }
}

/// The query's `api-version`, if it has one that is not empty. Its name compares without regard
/// to case, like other names of the URL.
pub(crate) fn api_version(request: &Parts) -> Option<Cow<'_, str>> {
    let query = request.uri.query()?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("api-version"))
        .map(|(_, value)| value)
        .filter(|value| !value.is_empty())
}

/// MicrosoftDocs/feedback#2279: an anonymous request gets this too, so it comes before the 401.
pub(crate) fn missing_api_version() -> Reply {
    Reply::error(
        StatusCode::BAD_REQUEST,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )
}

fn path_is_not_utf8() -> Reply {
    Reply::error(
        StatusCode::BAD_REQUEST,
        "BadRequest",
        "The request path is not valid UTF-8.",
    )
}

/// The wording of 2026. The kind of a POST is `write`.
fn throttled(kind: Kind, subscription_id: &str, object_id: &str, retry_after: Duration) -> Reply {
    let seconds = retry_after.as_millis().div_ceil(1000);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX).max(1);
    Reply::error(
        StatusCode::TOO_MANY_REQUESTS,
        "SubscriptionRequestsThrottled",
        format!(
            "Number of '{}' requests for subscription '{subscription_id}' actor '{object_id}' \
             exceeded. Please try again after '{seconds}' seconds.",
            kind.name(),
        ),
    )
    .with_header(header::RETRY_AFTER, seconds.into())
    .with_remaining(kind, 0)
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
    let Some((date, rest)) = api_version.split_at_checked("yyyy-MM-dd".len()) else {
        return false;
    };
    let is_date = date.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    is_date && (rest.is_empty() || rest.eq_ignore_ascii_case("-preview"))
}

fn no_subscription(path: &ResourcePath<'_>) -> Reply {
    let Some(subscription_id) = path.subscription_id() else {
        return no_operation();
    };
    Reply::error(
        StatusCode::NOT_FOUND,
        "SubscriptionNotFound",
        format!("The subscription '{subscription_id}' could not be found."),
    )
}

/// Not ARM's words: what ARM says to paths outside the resource provider is not sourced.
fn no_operation() -> Reply {
    Reply::error(
        StatusCode::NOT_FOUND,
        "NotFound",
        "The emulator has no operation at this path.",
    )
}

fn operation<'a>(path: &'a ResourcePath<'_>, api_version: &str) -> Result<KeysOf<'a>, Reply> {
    path.keys_of().ok_or_else(|| {
        if !path.is_machine_learning() {
            return no_operation();
        }
        Reply::error(
            StatusCode::NOT_FOUND,
            "InvalidResourceType",
            format!(
                "The resource type could not be found in the namespace '{NAMESPACE}' for api \
                 version '{api_version}'."
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
    let refusal = method_not_allowed(method);
    Err(refusal.with_header(header::ALLOW, HeaderValue::from_static("POST")))
}

pub(crate) fn method_not_allowed(method: &Method) -> Reply {
    Reply::error(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        format!("The requested resource does not support http method '{method}'."),
    )
}

fn check_registration(subscription: &Subscription) -> Result<(), Reply> {
    if subscription.registered {
        return Ok(());
    }
    let code = "MissingSubscriptionRegistration";
    let message = format!(
        "The subscription is not registered to use namespace '{NAMESPACE}'. See \
         https://aka.ms/rps-not-found for how to register subscriptions."
    );
    let details = json!([{"code": code, "target": NAMESPACE, "message": message}]);
    Err(Reply::json(
        StatusCode::CONFLICT,
        &json!({"error": {"code": code, "message": message, "details": details}}),
    ))
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
        ..
    } = *keys_of;
    let resource_group = subscription
        .resource_groups
        .get(group_name)
        .ok_or_else(|| resource_group_not_found(group_name))?;
    let workspace = resource_group.workspaces.get(workspace_name);
    match compute {
        None => workspace
            .and_then(|workspace| workspace.keys.at(api_version))
            .ok_or_else(|| resource_not_found(keys_of)),
        Some(compute_name) => workspace
            .ok_or_else(|| parent_resource_not_found(workspace_name))?
            .computes
            .get(compute_name)
            .and_then(|keys| keys.at(api_version))
            .ok_or_else(|| resource_not_found(keys_of)),
    }
}

/// ARM RPC, common-api-details.md: a response of a resource provider has 4 MB at most. The code and
/// the words are the emulator's own.
fn within_what_arm_relays(body: Bytes) -> Result<Bytes, Reply> {
    const LARGEST: usize = 4 * 1024 * 1024;
    if body.len() <= LARGEST {
        return Ok(body);
    }
    Err(Reply::error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalServerError",
        format!("The response of the resource provider is larger than {LARGEST} bytes."),
    ))
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

fn resource_not_found(keys_of: &KeysOf<'_>) -> Reply {
    Reply::error(
        StatusCode::NOT_FOUND,
        "ResourceNotFound",
        format!(
            "The Resource '{NAMESPACE}/{}' under resource group '{}' was not found. For more \
             details please go to https://aka.ms/ARMResourceNotFoundFix",
            keys_of.type_and_name(),
            keys_of.resource_group,
        ),
    )
    .with_header(FAILURE_CAUSE, GATEWAY)
}

const FAILURE_CAUSE: HeaderName = HeaderName::from_static("x-ms-failure-cause");
const GATEWAY: HeaderValue = HeaderValue::from_static("gateway");

#[cfg(test)]
mod tests {
    use super::*;

    /// machine-learning-apps/ml-template-azure#11, nforgeio/neonKUBE#1670;
    /// Azure/azure-sdk-for-node#2305 for the details.
    #[test]
    fn subscription_without_the_provider_is_a_conflict() {
        let mut subscription = Subscription::default();
        assert!(check_registration(&subscription).is_ok());
        subscription.registered = false;
        let refusal = check_registration(&subscription).unwrap_err();
        assert_eq!(refusal.status(), StatusCode::CONFLICT);
        let message = "The subscription is not registered to use namespace \
                       'Microsoft.MachineLearningServices'. See https://aka.ms/rps-not-found for \
                       how to register subscriptions.";
        let expected = json!({"error": {
            "code": "MissingSubscriptionRegistration",
            "message": message,
            "details": [{
                "code": "MissingSubscriptionRegistration",
                "target": "Microsoft.MachineLearningServices",
                "message": message,
            }],
        }});
        assert_eq!(refusal.text(), expected.to_string());
    }

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
