//! A secret that is put in anywhere comes out nowhere but through `expose` and
//! `Serialize`. Each test has a process of its own, because the log that it
//! reads is the process's.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use amlkeys::{Secret, StaticCredential};
use amlkeys_stub::{Answer, Proxy, Stub, answer, header, json};
use support::{client_of, compute_id, everything, workspace_id};

/// Each secret has this in it, and so has the token.
const CANARY: &str = "canary";

const WORKSPACE: &str = r#"{"userStorageKey":"canary-1","appInsightsInstrumentationKey":"canary-2",
    "containerRegistryCredentials":{"username":"u","passwords":[{"name":"password","value":"canary-3"}]},
    "notebookAccessKeys":{"primaryAccessKey":"canary-4","secondaryAccessKey":"canary-5"}}"#;

const COMPUTES: [&str; 4] = [
    r#"{"computeType":"AKS","userKubeConfig":"canary-1","adminKubeConfig":"canary-2","imagePullSecretName":"n"}"#,
    r#"{"computeType":"Databricks","databricksAccessToken":"canary-1"}"#,
    r#"{"computeType":"VirtualMachine","administratorAccount":{"username":"u","password":"canary-1","publicKeyData":"canary-2","privateKeyData":"canary-3"}}"#,
    r#"{"computeType":"Abacus","beads":["canary-1",{"canary-2":"canary-3"}]}"#,
];

const FAILURES: [&str; 3] = [
    r#"{"computeType":"AKS","adminKubeConfig":["canary-1"]}"#,
    r#"{"userStorageKey":{"canary-1":2}}"#,
    r#"{"computeType":"AKS","adminKubeConfig":"canary-1"#,
];

#[tokio::test]
async fn no_secret_is_in_debug_errors_logs_or_panics() {
    let log = Log::of_every_crate();
    let mut shown = Vec::new();

    let stub = Stub::start([json("200 OK", WORKSPACE)]).await;
    let token = Secret::new("canary-token");
    let credential = Arc::new(StaticCredential::new(token, SystemTime::now()));
    shown.push(format!("{credential:?}"));
    let client = client_of(&stub)
        .with_credential(credential)
        .build()
        .unwrap();
    let keys = client.workspaces_list_keys(&workspace_id()).await.unwrap();
    assert_eq!(
        serde_json::to_string(&keys)
            .unwrap()
            .matches(CANARY)
            .count(),
        5
    );
    shown.push(format!("{client:?} {keys:?} {keys:#?}"));
    shown.push(serde_json::to_string(&keys.masked()).unwrap());

    for body in COMPUTES {
        let stub = Stub::start([answer("503 x", &[], body), json("200 OK", body)]).await;
        let client = client_of(&stub).build().unwrap();
        let secrets = client.compute_list_keys(&compute_id()).await.unwrap();
        assert!(serde_json::to_string(&secrets).unwrap().contains(CANARY));
        shown.push(format!("{client:?} {secrets:?} {secrets:#?}"));
        let masked = serde_json::to_string(&secrets.masked()).unwrap();
        // A property's name is not masked: it says what is hidden.
        shown.push(masked.replace("\"canary-2\":", ""));
        let panicked = tokio::spawn(async move { panic!("{secrets:?}") })
            .await
            .unwrap_err();
        shown.push(format!(
            "{:?}",
            panicked.into_panic().downcast_ref::<String>()
        ));
    }

    for body in FAILURES {
        for status in ["200 OK", "400 x", "503 x"] {
            let stub = Stub::start([json(status, body)]).await;
            let client = client_of(&stub).build().unwrap();
            let compute = client.compute_list_keys(&compute_id()).await;
            let workspace = client.workspaces_list_keys(&workspace_id()).await;
            shown.extend(compute.as_ref().err().map(everything));
            shown.extend(workspace.as_ref().err().map(everything));
        }
    }

    for text in shown {
        assert!(!text.contains(CANARY), "{text}");
    }
    let log = log.text();
    for name in ["amlkeys", "hyper_util", "reqwest", "rustls"] {
        assert!(log.contains(&format!("{name}::")), "{name} does not log");
    }
    let leak = log.lines().find(|line| line.contains(CANARY));
    assert_eq!(leak, None);
}

#[cfg(feature = "identity")]
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_sign_in_is_in_what_its_process_says() {
    let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"canary-token"}"#;
    let refused = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}"#;
    for (answer, outcome) in [
        (json("200 OK", token), "listed Some(Secret([redacted]))"),
        (json("401 Unauthorized", refused), "AADSTS7000215"),
        (
            json("200 OK", r#"{"access_token":["canary-token"]}"#),
            "cannot get a token",
        ),
        (json("200 OK", "canary-token"), "cannot get a token"),
    ] {
        let authority = Stub::start([answer]).await;
        let answer = Answer::from(json("200 OK", WORKSPACE));
        let arm = Stub::for_host("management.test", [answer]).await;
        let proxy = Proxy::to(arm.address).await;
        let proxy_url = proxy.url.replace("//", "//user:canary-proxy@");
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child
            .args([
                "--exact",
                "signs_in_with_its_environment",
                "--ignored",
                "--nocapture",
            ])
            .env_clear()
            .env("AZURE_TENANT_ID", "tenant")
            .env("AZURE_CLIENT_ID", "client")
            .env("AZURE_CLIENT_SECRET", "canary-client-secret")
            .env("HTTPS_PROXY", proxy_url)
            .env("NO_PROXY", "localhost")
            .env("AMLKEYS_TEST_AUTHORITY", &authority.endpoint)
            .env("AMLKEYS_TEST_ARM", &arm.endpoint)
            .env(
                "AMLKEYS_TEST_CA",
                format!("{}{}", authority.ca_pem, arm.ca_pem),
            );
        let output = tokio::task::spawn_blocking(move || child.output());
        let output = output.await.unwrap().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains(outcome), "{said}");
        for name in ["azure_identity", "typespec_client_core", "reqwest"] {
            assert!(said.contains(&format!("{name}::")), "{name} does not log");
        }
        let leak = said.lines().find(|line| line.contains(CANARY));
        assert_eq!(leak, None);
        assert_eq!(authority.requests().len().min(1), 1, "{said}");
        if outcome.starts_with("listed") {
            let asked = proxy.requests();
            let password = header(&asked[0], "proxy-authorization").unwrap();
            let encoded = password.strip_prefix("Basic ").unwrap();
            assert!(!said.contains(encoded), "the proxy's password, encoded");
        }
    }
}

#[cfg(feature = "identity")]
#[tokio::test]
#[ignore = "the test above runs it, in a process of its own"]
#[allow(clippy::print_stdout, reason = "the parent reads it")]
async fn signs_in_with_its_environment() {
    let log = Log::of_every_crate();
    let variable = |name| std::env::var(name).unwrap();
    let authority = variable("AMLKEYS_TEST_AUTHORITY");
    let arm = variable("AMLKEYS_TEST_ARM");
    let client = amlkeys::Client::builder()
        .with_cloud(amlkeys::Cloud::custom(arm, "https://audience", authority))
        .with_ca_pem(variable("AMLKEYS_TEST_CA"))
        .with_timeout(std::time::Duration::from_secs(20))
        .build()
        .unwrap();
    match client.workspaces_list_keys(&workspace_id()).await {
        Ok(keys) => println!("listed {:?}", keys.user_storage_key()),
        Err(error) => println!("{}", everything(&error)),
    }
    println!("{client:?} {}", log.text());
}

/// `Serialize` gives secrets away, so only what is the wire's may have it.
#[test]
fn only_answers_can_be_serialized() {
    /// Has two implementations for a type that can be serialized, so that naming it does not compile.
    trait Unserializable<Ambiguous> {
        fn is_checked() {}
    }
    impl<T: ?Sized> Unserializable<()> for T {}
    impl<T: ?Sized + serde::Serialize> Unserializable<u8> for T {}

    <amlkeys::Client as Unserializable<_>>::is_checked();
    <amlkeys::ClientBuilder as Unserializable<_>>::is_checked();
    <amlkeys::Error as Unserializable<_>>::is_checked();
    <amlkeys::ErrorDetail as Unserializable<_>>::is_checked();
    <amlkeys::AdditionalInfo as Unserializable<_>>::is_checked();
    <amlkeys::Claims as Unserializable<_>>::is_checked();
    <StaticCredential as Unserializable<_>>::is_checked();
    #[cfg(feature = "identity")]
    <amlkeys::DefaultCredential as Unserializable<_>>::is_checked();
}

/// What every crate in the process logs, at any level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// From now on, of events and of `log` records alike.
    fn of_every_crate() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::level_filters::LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
