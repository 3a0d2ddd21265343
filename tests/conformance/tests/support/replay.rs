use std::sync::Arc;
use std::time::{Duration, SystemTime};

use amlkeys::{
    ApiVersion, Client, ComputeId, ComputeSecrets, Secret, StaticCredential, WorkspaceId,
};
use amlkeys_emulator::{Arm, Emulator, RecordedRequest, State};
use anyhow::{Result, bail, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::classification;
use super::example::Example;
use super::excerpt::Excerpt;

/// Sends an example's request through the client to the emulator, and checks
/// what went out, what came back, and what shows; but for the places of the body
/// that the client is known not to carry.
///
/// # Errors
///
/// The first thing that is not as documented.
pub async fn replay(example: &Example, not_carried: &[&str]) -> Result<()> {
    let excerpt = Excerpt::read(&example.api_version)?;
    let Exchange { requests, answer } = exchange(&excerpt, example).await?;
    ensure!(requests.len() == 1, "{} requests were sent", requests.len());
    check_request(&requests[0], &excerpt, example)?;

    let encoded = without_nulls(&answer.encoded);
    let mut documented = without_nulls(&example.body);
    for place in not_carried {
        let known = "take it out of known-deviations.json";
        ensure!(
            encoded.pointer(place).is_none(),
            "{place} is carried; {known}"
        );
        ensure!(
            remove(&mut documented, place),
            "{place} is not there; {known}"
        );
    }
    ensure!(encoded == documented, "re-encoded as {encoded}");
    let masked = classification::masked(&excerpt, &example.operation_id, &documented)?;
    ensure!(
        without_nulls(&answer.masked) == masked,
        "masked as {}, the overlay says {masked}",
        answer.masked
    );
    for secret in hidden(&documented, &masked) {
        ensure!(!answer.debug.contains(secret), "Debug shows a secret");
    }
    Ok(())
}

/// The places of an example's body that the client does not carry: properties
/// that its types do not have, or not for that `computeType`.
///
/// # Errors
///
/// If the call fails.
pub async fn not_carried(example: &Example) -> Result<Vec<String>> {
    let excerpt = Excerpt::read(&example.api_version)?;
    let answer = exchange(&excerpt, example).await?.answer;
    let mut places = Vec::new();
    lost(
        &without_nulls(&example.body),
        &answer.encoded,
        String::new(),
        &mut places,
    );
    Ok(places)
}

/// What went out and what the client made of what came back.
struct Exchange {
    requests: Vec<RecordedRequest>,
    answer: Answer,
}

async fn exchange(excerpt: &Excerpt, example: &Example) -> Result<Exchange> {
    // The emulator is given the file itself, so that a file that was added a
    // moment ago is a test already.
    let state = State::of_examples(&[amlkeys_emulator::Example {
        api_version: &example.api_version,
        operation_id: &example.operation_id,
        text: &example.text,
    }])?;
    let arm = Arm::builder().with_state(state).build();
    let emulator = Emulator::builder().with_arm(arm).start().await?;
    let token = Secret::new(emulator.token());
    let expires_on = SystemTime::now() + Duration::from_secs(3600);
    let client = Client::builder()
        .with_endpoint(emulator.endpoint())
        .with_ca_pem(emulator.ca_pem())
        .with_credential(Arc::new(StaticCredential::new(token, expires_on)))
        .with_api_version(example.parameter("api-version")?.parse::<ApiVersion>()?)
        .build()?;

    let answer = match example.operation_id.as_str() {
        "Compute_ListKeys" => compute(&client, excerpt, example).await?,
        "Workspaces_ListKeys" => workspace(&client, example).await?,
        other => bail!("the client has no operation {other}"),
    };
    Ok(Exchange {
        requests: emulator.requests(),
        answer,
    })
}

/// What the client made of the answer.
struct Answer {
    encoded: Value,
    masked: Value,
    debug: String,
}

async fn compute(client: &Client, excerpt: &Excerpt, example: &Example) -> Result<Answer> {
    let id = ComputeId::new(workspace_id(example)?, example.parameter("computeName")?)?;
    let secrets = client.compute_list_keys(&id).await?;
    let tag = example.body["computeType"].as_str();
    ensure!(
        secrets.compute_type() == tag,
        "computeType is {:?}",
        secrets.compute_type()
    );
    let mapping =
        &excerpt.document()["components"]["schemas"]["ComputeSecrets"]["discriminator"]["mapping"];
    let is_mapped = tag.is_some_and(|tag| mapping.get(tag).is_some());
    let is_typed = !matches!(secrets, ComputeSecrets::Unknown(_));
    ensure!(
        is_mapped == is_typed,
        "read as the wrong variant: {secrets:?}"
    );
    Ok(Answer {
        encoded: serde_json::to_value(&secrets)?,
        masked: serde_json::to_value(secrets.masked())?,
        debug: format!("{secrets:?}"),
    })
}

async fn workspace(client: &Client, example: &Example) -> Result<Answer> {
    let keys = client.workspaces_list_keys(&workspace_id(example)?).await?;
    Ok(Answer {
        encoded: serde_json::to_value(&keys)?,
        masked: serde_json::to_value(keys.masked())?,
        debug: format!("{keys:?}"),
    })
}

fn workspace_id(example: &Example) -> Result<WorkspaceId> {
    Ok(WorkspaceId::new(
        example.parameter("subscriptionId")?,
        example.parameter("resourceGroupName")?,
        example.parameter("workspaceName")?,
    )?)
}

/// The request must be the one that the excerpt describes.
fn check_request(request: &RecordedRequest, excerpt: &Excerpt, example: &Example) -> Result<()> {
    let (template, _) = excerpt.operation(&example.operation_id)?;
    let mut target = template.to_owned();
    let mut query = Vec::new();
    for (name, (place, _)) in excerpt.parameters(&example.operation_id)? {
        let value = utf8_percent_encode(example.parameter(name)?, UNRESERVED).to_string();
        match place {
            "path" => target = target.replace(&format!("{{{name}}}"), &value),
            "query" => query.push(format!("{name}={value}")),
            other => bail!("a parameter in {other}"),
        }
    }
    let line = format!("POST {target}?{}", query.join("&"));
    let sent = format!("{} {}", request.method(), request.path_and_query());
    ensure!(sent == line, "sent {sent}, documented {line}");
    ensure!(request.body_length() == 0, "sent a body");
    let expected = [
        ("accept", "application/json"),
        ("content-length", "0"),
        ("x-ms-return-client-request-id", "true"),
    ];
    for (name, value) in expected {
        ensure!(
            request.header(name) == Some(value),
            "{name} is {:?}",
            request.header(name)
        );
    }
    ensure!(
        request.header("x-ms-client-request-id").is_some(),
        "no client request id"
    );
    ensure!(
        request.header("api-version").is_none(),
        "api-version went out as a header"
    );
    let accepted = amlkeys_emulator::Authorization::Accepted;
    ensure!(
        request.authorization() == accepted,
        "the token was not accepted"
    );
    Ok(())
}

/// Everything but RFC 3986's unreserved characters.
const UNRESERVED: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The places of `from` that `in_other` does not have.
fn lost(from: &Value, in_other: &Value, at: String, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match from {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, it)| (index.to_string(), it))
            .collect(),
        _ => return,
    };
    for (step, value) in children {
        let escaped = step.replace('~', "~0").replace('/', "~1");
        match in_other.pointer(&format!("/{escaped}")) {
            Some(other) => lost(value, other, format!("{at}/{escaped}"), places),
            None => places.push(format!("{at}/{escaped}")),
        }
    }
}

fn remove(document: &mut Value, place: &str) -> bool {
    let Some((parent, step)) = place.rsplit_once('/') else {
        return false;
    };
    let parent = document.pointer_mut(parent).and_then(Value::as_object_mut);
    let step = step.replace("~1", "/").replace("~0", "~");
    parent.is_some_and(|parent| parent.shift_remove(&step).is_some())
}

/// A document without its nulls: null and absent both read as none.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect(),
        Value::Array(elements) => elements.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// The strings that a masked document hides.
fn hidden<'v>(document: &'v Value, masked: &Value) -> Vec<&'v str> {
    match (document, masked) {
        (Value::String(text), masked) if *masked != *document => vec![text],
        (Value::Object(object), masked) => object
            .iter()
            .flat_map(|(name, value)| hidden(value, &masked[name]))
            .collect(),
        (Value::Array(elements), masked) => elements
            .iter()
            .enumerate()
            .flat_map(|(at, value)| hidden(value, &masked[at]))
            .collect(),
        _ => Vec::new(),
    }
}
