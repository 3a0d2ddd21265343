//! Whom a token is sent to, and by which way.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use amlkeys::{Client, Cloud, Secret, StaticCredential};
use amlkeys_stub::{Answer, Proxy, Stub, header};
use support::{client_of, compute_id, everything, workspace_id};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const OK: &str = r#"{"computeType":"AKS"}"#;

#[tokio::test]
async fn no_token_is_sent_to_a_server_that_nobody_vouches_for() {
    let right = Stub::script([Answer::kept_json(OK)]).await;
    let mut unknown = Stub::script([Answer::kept_json(OK)]).await;
    unknown.ca_pem = right.ca_pem.clone();
    let wrong_host = Stub::with_wrong_host([Answer::kept_json(OK)]).await;
    let expired = Stub::with_expired_certificate([Answer::kept_json(OK)]).await;
    for (stub, why) in [
        (unknown, "BadSignature"),
        (wrong_host, "not valid for name"),
        (expired, "expired"),
    ] {
        let client = client_of(&stub).build().unwrap();
        let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
        assert!(error.is_connection(), "{why}: {error:?}");
        let shown = everything(&error);
        assert!(shown.contains(why) && !shown.contains("canary"), "{shown}");
        assert_eq!(error.attempts(), 1, "no attempt changes a certificate");
        assert!(stub.requests().is_empty(), "{why}");
    }
    let client = client_of(&right).build().unwrap();
    client.compute_list_keys(&compute_id()).await.unwrap();
}

#[tokio::test]
async fn no_token_is_sent_to_a_server_without_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stub = Stub::start([]).await;
    let client = client_of(&stub)
        .with_endpoint(format!("https://{}", listener.local_addr().unwrap()))
        .build()
        .unwrap();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\n{}")
            .await
            .unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        heard
    });
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_connection() && error.attempts() == 1, "{error:?}");
    let heard = String::from_utf8_lossy(&heard.await.unwrap()).into_owned();
    assert!(!heard.contains("canary"), "{heard}");
}

#[tokio::test]
async fn nothing_older_than_tls_1_2_is_offered() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stub = Stub::start([]).await;
    let client = client_of(&stub)
        .with_endpoint(format!("https://{}", listener.local_addr().unwrap()))
        .with_max_attempts(1)
        .build()
        .unwrap();
    let hello = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut header = [0; 5];
        stream.read_exact(&mut header).await.unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        stream.read_exact(&mut hello).await.unwrap();
        hello
    });
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_connection());
    assert_eq!(supported_versions(&hello.await.unwrap()), [0x0304, 0x0303]);
}

/// The versions that a ClientHello offers (RFC 8446, 4.1.2 and 4.2.1).
fn supported_versions(hello: &[u8]) -> Vec<u16> {
    let number = |at: usize, length: usize| {
        let bytes = &hello[at..at + length];
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    // Handshake header, legacy version and random; then the session id, the
    // cipher suites and the compression methods, each with its length.
    let mut at = 4 + 2 + 32;
    for length in [1, 2, 1] {
        at += length + number(at, length);
    }
    let end = at + 2 + number(at, 2);
    at += 2;
    while at < end {
        let (kind, length) = (number(at, 2), number(at + 2, 2));
        at += 4;
        if kind == 43 {
            let versions = hello[at + 1..at + length].chunks(2);
            return versions
                .map(|it| u16::from_be_bytes([it[0], it[1]]))
                .collect();
        }
        at += length;
    }
    panic!("it offers TLS 1.2 at most");
}

#[tokio::test]
async fn http_to_this_machine_needs_an_opt_in() {
    let stub = Stub::without_tls([Answer::kept_json(OK)]).await;
    let builder = || Client::builder().with_credential(credential());
    let refused = builder().with_endpoint(&stub.endpoint).build().unwrap_err();
    assert!(refused.is_invalid_input());
    for endpoint in [stub.endpoint.clone(), format!("http://{}", stub.address)] {
        let allowed = builder().with_endpoint(endpoint).with_insecure_loopback();
        let client = allowed.build().unwrap();
        client.compute_list_keys(&compute_id()).await.unwrap();
    }
    assert_eq!(stub.requests().len(), 2);
    let elsewhere = builder().with_endpoint("http://management.azure.com");
    let refused = elsewhere.with_insecure_loopback().build().unwrap_err();
    assert!(refused.is_invalid_input());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_certificate_authority_comes_from_the_environment() {
    let stub = Stub::script([Answer::kept_json("{}")]).await;
    let endpoint = stub.endpoint.clone();
    let authority = Authority::of(&stub);
    assert_eq!(child(&endpoint, &[]).await, "connection");
    assert!(stub.requests().is_empty());
    for variable in [
        ("SSL_CERT_FILE", authority.file()),
        ("SSL_CERT_DIR", authority.folder()),
    ] {
        assert_eq!(child(&endpoint, &[variable]).await, "fine", "{variable:?}");
    }
    assert_eq!(stub.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_comes_from_the_environment_and_sees_no_token() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let stub = Stub::for_host("management.test", [Answer::kept_json("{}")]).await;
        let proxy = Proxy::to(stub.address).await;
        let authority = Authority::of(&stub);
        let environment = [("SSL_CERT_FILE", authority.file()), (variable, &proxy.url)];
        assert_eq!(
            child(&stub.endpoint, &environment).await,
            "fine",
            "{variable}"
        );
        let port = stub.address.port();
        let asked = proxy.requests();
        assert_eq!(asked.len(), 1, "{variable}");
        assert!(
            asked[0].starts_with(&format!("CONNECT management.test:{port} ")),
            "{asked:?}"
        );
        assert!(!asked[0].contains("canary"), "{asked:?}");
        let authorization = stub.requests();
        let authorization = header(&authorization[0], "authorization");
        assert_eq!(authorization, Some("Bearer canary-token"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_is_honoured() {
    for variable in ["NO_PROXY", "no_proxy"] {
        let stub = Stub::script([Answer::kept_json("{}")]).await;
        let proxy = Proxy::to(stub.address).await;
        let authority = Authority::of(&stub);
        let environment = [
            ("SSL_CERT_FILE", authority.file()),
            ("HTTPS_PROXY", &proxy.url),
            (variable, "localhost"),
        ];
        assert_eq!(child(&stub.endpoint, &environment).await, "fine");
        assert!(proxy.requests().is_empty(), "{variable}");
    }
}

#[cfg(feature = "identity")]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_over_http() {
    let authority = Stub::without_tls([Answer::kept_json("{}")]).await;
    let arm = Stub::script([Answer::kept_json("{}")]).await;
    let trusted = Authority::of(&arm);
    let environment = [
        ("SSL_CERT_FILE", trusted.file()),
        ("AMLKEYS_TEST_AUTHORITY", &authority.endpoint),
        ("AZURE_TENANT_ID", "tenant"),
        ("AZURE_CLIENT_ID", "client"),
        ("AZURE_CLIENT_SECRET", "canary-client-secret"),
        ("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential"),
    ];
    assert_eq!(child(&arm.endpoint, &environment).await, "credential");
    assert!(authority.requests().is_empty() && arm.requests().is_empty());
}

#[cfg(feature = "identity")]
#[tokio::test(flavor = "multi_thread")]
async fn a_managed_identity_is_asked_past_every_proxy() {
    let token = r#"{"token_type":"Bearer","expires_on":"4102444800","resource":"https://audience","access_token":"canary-token"}"#;
    let identity = Stub::without_tls([Answer::kept_json(token)]).await;
    let proxy = Proxy::to(identity.address).await;
    let arm = Stub::script([Answer::kept_json("{}")]).await;
    let trusted = Authority::of(&arm);
    let environment = [
        ("SSL_CERT_FILE", trusted.file()),
        ("HTTP_PROXY", &proxy.url),
        ("http_proxy", &proxy.url),
        ("NO_PROXY", "localhost"),
        ("AMLKEYS_TEST_AUTHORITY", "https://authority.test"),
        ("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential"),
        (
            "IDENTITY_ENDPOINT",
            &format!("http://{}/token", identity.address),
        ),
        ("IDENTITY_HEADER", "canary-header"),
    ];
    assert_eq!(child(&arm.endpoint, &environment).await, "fine");
    assert!(proxy.requests().is_empty());
    assert_eq!(identity.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_in_clear_goes_past_every_proxy() {
    let stub = Stub::without_tls([Answer::kept_json("{}")]).await;
    let proxy = Proxy::to(stub.address).await;
    let environment = [("HTTP_PROXY", &*proxy.url), ("ALL_PROXY", &proxy.url)];
    assert_eq!(child(&stub.endpoint, &environment).await, "fine");
    assert!(proxy.requests().is_empty());
}

/// Calls from a process of its own, whose environment is these variables.
async fn child(endpoint: &str, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "calls_with_its_environment",
            "--ignored",
            "--nocapture",
        ])
        .env_clear()
        .env("AMLKEYS_TEST_ENDPOINT", endpoint)
        .envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = String::from_utf8(output.await.unwrap().unwrap().stdout).unwrap();
    let (_, outcome) = output.split_once("outcome: ").expect(&output);
    outcome.lines().next().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "the tests above run it, in a process of its own"]
#[allow(clippy::print_stdout, reason = "the parent reads it")]
async fn calls_with_its_environment() {
    let endpoint = std::env::var("AMLKEYS_TEST_ENDPOINT").unwrap();
    let builder = Client::builder();
    let mut builder = match std::env::var("AMLKEYS_TEST_AUTHORITY") {
        Ok(authority) => {
            builder.with_cloud(Cloud::custom(&endpoint, "https://audience", authority))
        }
        Err(_) => builder.with_credential(credential()),
    };
    if endpoint.starts_with("http:") {
        builder = builder.with_insecure_loopback();
    }
    let client = builder.with_endpoint(endpoint).build().unwrap();
    let outcome = match client.workspaces_list_keys(&workspace_id()).await {
        Ok(_) => "fine".to_owned(),
        Err(error) if error.is_connection() => "connection".to_owned(),
        Err(error) if error.is_credential() => "credential".to_owned(),
        Err(error) => everything(&error),
    };
    println!("outcome: {outcome}");
}

fn credential() -> Arc<StaticCredential> {
    let token = Secret::new("canary-token");
    Arc::new(StaticCredential::new(token, SystemTime::now()))
}

/// A stub's certificate authority in a file, alone in a folder that is removed in
/// the end.
struct Authority {
    folder: tempfile::TempDir,
    file: String,
}

impl Authority {
    fn of(stub: &Stub) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authority.pem");
        std::fs::write(&file, &stub.ca_pem).unwrap();
        let file = file.into_os_string().into_string().unwrap();
        Self { folder, file }
    }

    fn file(&self) -> &str {
        &self.file
    }

    fn folder(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }
}
