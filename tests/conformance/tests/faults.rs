//! Servers with one fault each fail, and the finding names it; servers with a difference that is
//! none pass.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use amlkeys_conformance::{Fixture, Level, Report, ServerCheck, api_versions};
use amlkeys_emulator::Arm;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header, response::Parts};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// What is done to the emulator's answers, or to the requests before it sees them.
#[derive(Clone, Copy)]
enum Fault {
    Request(fn(&mut Request, &str)),
    Head(fn(&mut Parts)),
    Keys(fn(&mut Value)),
    KeysOf(&'static str, fn(&mut Value)),
    Error(fn(&mut Value)),
    Answer(fn(&mut Parts, &mut Vec<u8>)),
    /// Each seventh answer is throttled; whether it says how long to wait.
    Throttle(bool),
    /// The body comes byte by byte.
    Slow,
    /// The connection breaks within the body.
    Break,
}

use Fault::{Answer, Break, Error, Head, Keys, KeysOf, Request as Asked, Slow, Throttle};

const COMPUTE: &str = "/computes/compute123/";

/// The fault, the rule that must be found, and how.
const FAULTS: &[(&str, &str, Fault)] = &[
    (
        "wrong status",
        "expected-status",
        Head(|head| {
            if head.status == StatusCode::NOT_FOUND {
                head.status = StatusCode::BAD_GATEWAY;
            }
        }),
    ),
    (
        "error with status 200",
        "name-unchecked",
        Head(|head| head.status = StatusCode::OK),
    ),
    (
        "no content",
        "status-undocumented",
        Answer(|head, body| {
            if head.status == StatusCode::OK {
                head.status = StatusCode::NO_CONTENT;
                body.clear();
            }
        }),
    ),
    (
        "undocumented status",
        "status-undocumented",
        Head(|head| {
            if head.status == StatusCode::OK {
                head.status = StatusCode::ACCEPTED;
            }
        }),
    ),
    (
        "wrong content type",
        "content-type",
        Head(|head| {
            head.headers
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }),
    ),
    (
        "no content type",
        "content-type",
        Head(|head| {
            head.headers.remove(header::CONTENT_TYPE);
        }),
    ),
    (
        "no discriminator",
        "discriminator-missing",
        KeysOf(COMPUTE, |keys| {
            keys.as_object_mut().unwrap().remove("computeType");
        }),
    ),
    (
        "wrong discriminator",
        "property-of-another-variant",
        KeysOf(COMPUTE, |keys| {
            keys["computeType"] = json!("Databricks");
        }),
    ),
    (
        "discriminator of another kind",
        "property-of-another-variant",
        KeysOf(COMPUTE, |keys| {
            keys["computeType"] = json!("AmlCompute");
        }),
    ),
    (
        "discriminator in lower case",
        "promised-value",
        KeysOf(COMPUTE, |keys| {
            keys["computeType"] = json!("aks");
        }),
    ),
    (
        "discriminator that is no string",
        "discriminator-type",
        KeysOf(COMPUTE, |keys| {
            keys["computeType"] = json!(7);
        }),
    ),
    (
        "variant field of another type",
        "property-type",
        KeysOf(COMPUTE, |keys| {
            keys["userKubeConfig"] = json!({"kind": "Config"});
        }),
    ),
    (
        "field of another variant",
        "property-of-another-variant",
        KeysOf(COMPUTE, |keys| {
            keys["databricksAccessToken"] = json!("canary-token");
        }),
    ),
    (
        "renamed field",
        "property-renamed",
        KeysOf(COMPUTE, |keys| {
            let value = keys
                .as_object_mut()
                .unwrap()
                .remove("userKubeConfig")
                .unwrap();
            keys["kubeConfigOfUser"] = value;
        }),
    ),
    (
        "field in other case",
        "property-renamed",
        KeysOf(COMPUTE, |keys| {
            let value = keys
                .as_object_mut()
                .unwrap()
                .remove("userKubeConfig")
                .unwrap();
            keys["user_kube_config"] = value;
        }),
    ),
    (
        "storage id under its later name",
        "property-renamed",
        KeysOf("/workspaces123/listKeys", |keys| {
            let value = keys
                .as_object_mut()
                .unwrap()
                .remove("userStorageResourceId")
                .unwrap();
            keys["userStorageArmId"] = value;
        }),
    ),
    (
        "wrong container type",
        "property-type",
        KeysOf("/workspaces123/listKeys", |keys| {
            let passwords = &mut keys["containerRegistryCredentials"]["passwords"];
            *passwords = passwords[0].take();
        }),
    ),
    (
        "array at the top",
        "body-type",
        Keys(|keys| *keys = json!([keys.take()])),
    ),
    (
        "JSON that ends early",
        "body-truncated",
        Answer(|head, body| {
            if head.status == StatusCode::OK {
                body.truncate(body.len() / 2);
            }
        }),
    ),
    ("connection that breaks", "body-truncated", Break),
    (
        "flat errors",
        "error-flat",
        Error(|body| *body = body["error"].take()),
    ),
    (
        "HTML errors",
        "error-html",
        Answer(|head, body| {
            if head.status.is_client_error() {
                let html = HeaderValue::from_static("text/html; charset=utf-8");
                head.headers.insert(header::CONTENT_TYPE, html);
                *body = b"<html>no</html>".to_vec();
            }
        }),
    ),
    (
        "errors that are not JSON",
        "body-not-json",
        Answer(|head, body| {
            if head.status.is_client_error() {
                *body = b"no".to_vec();
            }
        }),
    ),
    (
        "errors without a code",
        "error-code-missing",
        Error(|body| {
            body["error"].as_object_mut().unwrap().remove("code");
        }),
    ),
    (
        "errors without a message",
        "error-message-missing",
        Error(|body| {
            body["error"].as_object_mut().unwrap().remove("message");
        }),
    ),
    (
        "errors with a number for a code",
        "error-type",
        Error(|body| {
            body["error"]["code"] = json!(404);
        }),
    ),
    (
        "errors that are a string",
        "error-type",
        Error(|body| body["error"] = json!("no")),
    ),
    (
        "details that are an object",
        "error-type",
        Error(|body| {
            body["error"]["details"] = json!({"code": "x"});
        }),
    ),
    (
        "no challenge",
        "challenge-missing",
        Head(|head| {
            head.headers.remove(header::WWW_AUTHENTICATE);
        }),
    ),
    (
        "challenge of another scheme",
        "challenge-missing",
        Head(|head| {
            if head.headers.contains_key(header::WWW_AUTHENTICATE) {
                let basic = HeaderValue::from_static("Basic realm=\"arm\"");
                head.headers.insert(header::WWW_AUTHENTICATE, basic);
            }
        }),
    ),
    (
        "ignored authorization",
        "authorization-ignored",
        Asked(|request, token| {
            let bearer = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, bearer);
        }),
    ),
    (
        "ignored api-version",
        "api-version-ignored",
        Asked(|request, _| {
            let path = request.uri().path().to_owned();
            let target = format!("{path}?api-version=2025-09-01");
            *request.uri_mut() = Uri::try_from(target).unwrap();
        }),
    ),
    (
        "unchecked names",
        "name-unchecked",
        Asked(|request, _| {
            let is_compute = request.uri().path().to_lowercase().contains("/computes/");
            let compute = if is_compute {
                "/computes/compute123"
            } else {
                ""
            };
            let query = request.uri().query().unwrap_or_default();
            let target = format!(
                "/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/resourceGroups/testrg123/providers\
             /Microsoft.MachineLearningServices/workspaces/workspaces123{compute}/listKeys?{query}"
            );
            *request.uri_mut() = Uri::try_from(target).unwrap();
        }),
    ),
    (
        "allowed GET",
        "method-allowed",
        Asked(|request, _| *request.method_mut() = Method::POST),
    ),
    (
        "case-sensitive paths",
        "expected-status",
        Asked(|request, _| {
            if !request.uri().path().contains("resourceGroups") {
                *request.uri_mut() = Uri::from_static("/?api-version=2025-09-01");
            }
        }),
    ),
    (
        "no request id",
        "request-id-missing",
        Head(|head| {
            head.headers.remove("x-ms-request-id");
        }),
    ),
    (
        "no correlation id",
        "correlation-id-missing",
        Head(|head| {
            head.headers.remove("x-ms-correlation-request-id");
        }),
    ),
    (
        "the same request id for all",
        "expected-header",
        Head(|head| {
            head.headers
                .insert("x-ms-request-id", HeaderValue::from_static("same"));
        }),
    ),
    (
        "no echo of the client's request id",
        "client-request-id-not-echoed",
        Head(|head| {
            head.headers.remove("x-ms-client-request-id");
        }),
    ),
    ("no Retry-After", "retry-after-missing", Throttle(false)),
    (
        "drifted value",
        "promised-value",
        KeysOf(COMPUTE, |keys| {
            keys["userKubeConfig"] = json!("another kube config");
        }),
    ),
    (
        "drifted null",
        "promised-value",
        KeysOf("/workspaces123/listKeys", |keys| {
            keys["userStorageKey"] = json!("canary-key");
        }),
    ),
    (
        "lost value",
        "promised-value",
        KeysOf("/workspaces123/listKeys", |keys| {
            keys["containerRegistryCredentials"]["passwords"]
                .as_array_mut()
                .unwrap()
                .pop();
        }),
    ),
];

/// What a server may do.
const TOLERATED: &[(&str, Fault)] = &[
    ("nothing", Head(|_| {})),
    ("slow", Slow),
    ("throttled in order", Throttle(true)),
    (
        "documented nulls",
        KeysOf("/computes/aks/", |keys| {
            keys["imagePullSecretName"] = Value::Null;
            keys["userKubeConfig"] = Value::Null;
        }),
    ),
    (
        "nulls inside",
        KeysOf("/computes/virtualmachine/", |keys| {
            keys["administratorAccount"]["password"] = Value::Null;
        }),
    ),
    (
        "unknown computeType",
        KeysOf("/computes/kubernetes/", |keys| {
            keys["computeType"] = json!("Abacus");
            keys["beadKey"] = json!("canary-bead");
        }),
    ),
    (
        "extra property",
        Keys(|keys| keys["etag"] = json!("canary-extra")),
    ),
    (
        "extra property inside",
        KeysOf("/workspaces123/listKeys", |keys| {
            keys["containerRegistryCredentials"]["loginServer"] = json!("canary-extra");
        }),
    ),
    (
        "extra headers",
        Head(|head| {
            head.headers
                .insert("x-extra", HeaderValue::from_static("canary-extra"));
        }),
    ),
    (
        "error with more members",
        Error(|body| {
            body["error"]["innererror"] = json!({"code": "Inner"});
            body["error"]["details"] = json!([{"code": "Inner", "message": "m", "target": null}]);
        }),
    ),
];

#[tokio::test]
async fn each_fault_fails_and_the_finding_names_it() {
    for (fault, rule, change) in FAULTS {
        let report = checked(*change).await;
        let mut found: Vec<&str> = report
            .findings()
            .filter(|finding| finding.level == Level::Must)
            .map(|finding| finding.rule.id())
            .collect();
        found.sort_unstable();
        found.dedup();
        assert!(!report.is_success(), "{fault}: passed");
        assert!(found.contains(rule), "{fault}: found only {found:?}");
        assert!(!json_of(&report).contains("canary"), "{fault}");
    }
}

#[tokio::test]
async fn differences_that_are_none_pass() {
    for (difference, change) in TOLERATED {
        let report = checked(*change).await;
        let must: Vec<String> = report
            .findings()
            .filter(|finding| finding.level == Level::Must)
            .map(ToString::to_string)
            .collect();
        assert!(must.is_empty(), "{difference}: {must:#?}");
        assert!(report.is_success(), "{difference}");
        assert!(!json_of(&report).contains("canary"), "{difference}");
    }
}

fn json_of(report: &Report) -> String {
    serde_json::to_string(report).unwrap()
}

async fn checked(fault: Fault) -> Report {
    let arm = Arm::builder()
        .with_throttle(amlkeys_emulator::Throttle::off())
        .build();
    let token = arm.token().to_owned();
    let app = with_fault(arm.router(), fault, token.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let mut fixture = Fixture::parse(include_str!("../fixtures/emulator.json")).unwrap();
    fixture.api_versions = Some(vec![newest_of_compute123().to_owned()]);
    let check = ServerCheck::new(&base_url, token)
        .unwrap()
        .with_fixture(fixture);
    let report = check.run(|_| {}).await;
    serving.abort();
    report
}

/// One api-version is enough to find a fault: the newest that documents what the faults are in.
fn newest_of_compute123() -> &'static str {
    let documents_it = |api_version: &&&str| {
        let folder = support::spec_folder().join("examples").join(api_version);
        let examples = std::fs::read_dir(folder.join("Compute_ListKeys")).unwrap();
        let mut texts = examples.map(|it| std::fs::read_to_string(it.unwrap().path()).unwrap());
        texts.any(|text| text.contains("compute123"))
    };
    api_versions().iter().rev().find(documents_it).unwrap()
}

fn with_fault(router: Router, fault: Fault, token: String) -> Router {
    let served = Arc::new(AtomicUsize::new(0));
    router.layer(from_fn(move |request: Request, next: Next| {
        let (token, served) = (token.clone(), served.clone());
        async move { answer(request, next, fault, &token, &served).await }
    }))
}

async fn answer(
    mut request: Request,
    next: Next,
    fault: Fault,
    token: &str,
    served: &AtomicUsize,
) -> Response {
    if let Asked(change) = fault {
        change(&mut request, token);
    }
    let path = request.uri().path().to_owned();
    let (mut head, body) = next.run(request).await.into_parts();
    let mut body = body.collect().await.unwrap().to_bytes().to_vec();
    head.headers.remove(header::CONTENT_LENGTH);
    let is_ok = head.status == StatusCode::OK;
    let is_json = serde_json::from_slice::<Value>(&body).is_ok();
    match fault {
        Head(change) => change(&mut head),
        Answer(change) => change(&mut head, &mut body),
        Keys(change) if is_ok => body = changed(&body, change),
        KeysOf(of, change) if is_ok && path.contains(of) => body = changed(&body, change),
        Error(change) if !is_ok && is_json => body = changed(&body, change),
        Throttle(in_order) if served.fetch_add(1, Ordering::Relaxed) % 7 == 6 => {
            head.status = StatusCode::TOO_MANY_REQUESTS;
            body =
                br#"{"error":{"code":"SubscriptionRequestsThrottled","message":"slow"}}"#.to_vec();
            if in_order {
                head.headers
                    .insert(header::RETRY_AFTER, HeaderValue::from_static("0"));
            }
        }
        Slow => return Response::from_parts(head, in_pieces(body, false)),
        Break if is_ok => return Response::from_parts(head, in_pieces(body, true)),
        _ => {}
    }
    Response::from_parts(head, Body::from(body))
}

fn changed(body: &[u8], change: fn(&mut Value)) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(body).unwrap();
    change(&mut body);
    serde_json::to_vec(&body).unwrap()
}

/// The body byte by byte; or half of it, and then the connection is gone.
fn in_pieces(body: Vec<u8>, breaks: bool) -> Body {
    let half = body.len() / 2;
    let pieces = body.into_iter().enumerate();
    let pieces = pieces.map_while(move |(at, byte)| match breaks {
        true if at > half => None,
        true if at == half => Some(Err(std::io::Error::other("gone"))),
        _ => Some(Ok(vec![byte])),
    });
    Body::from_stream(futures_util::stream::iter(pieces))
}
