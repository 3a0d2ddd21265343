//! What holds for every name and every body, not only for those that somebody
//! thought of.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::LazyLock;

use amlkeys::{ApiVersion, Client, ComputeId, ComputeSecrets, WorkspaceId, WorkspaceKeys};
use amlkeys_stub::{Answer, Stub};
use proptest::prelude::*;
use serde_json::{Map, Number, Value, json};
use support::client_of;
use tokio::runtime::Runtime;

const WORKSPACE: &str = "[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_validates_comes_back_out_of_the_url(
        subscription in name(), group in name(), workspace in WORKSPACE, compute in name(),
    ) {
        let Ok(workspace_id) = WorkspaceId::new(&subscription, &group, &workspace) else {
            return Ok(());
        };
        let Ok(id) = ComputeId::new(workspace_id, &compute) else {
            return Ok(());
        };
        let (path, query) = sent(&id);
        let segments: Vec<String> = path.split('/').map(decoded).collect();
        prop_assert_eq!(segments, [
            "", "subscriptions", &subscription, "resourceGroups", &group,
            "providers", "Microsoft.MachineLearningServices", "workspaces", &workspace,
            "computes", &compute, "listKeys",
        ]);
        prop_assert_eq!(query, "api-version=2025-09-01");
    }

    #[test]
    fn what_validates_comes_back_out_of_its_text(
        subscription in name(), group in name(), workspace in WORKSPACE, compute in name(),
    ) {
        if let Ok(workspace_id) = WorkspaceId::new(subscription, group, workspace) {
            prop_assert_eq!(&workspace_id.to_string().parse::<WorkspaceId>().unwrap(), &workspace_id);
            if let Ok(id) = ComputeId::new(workspace_id, compute) {
                prop_assert_eq!(&id.to_string().parse::<ComputeId>().unwrap(), &id);
            }
        }
    }

    #[test]
    fn a_text_is_a_resource_id_or_invalid_input(text in any::<String>(), name in name()) {
        let near = format!("/subscriptions/{name}/resourceGroups/{text}/providers/Microsoft.MachineLearningServices/workspaces/abc");
        for text in [text, near] {
            if let Err(error) = text.parse::<WorkspaceId>() {
                prop_assert!(error.is_invalid_input());
            }
            if let Err(error) = text.parse::<ComputeId>() {
                prop_assert!(error.is_invalid_input());
            }
        }
    }

    #[test]
    fn decoding_what_was_encoded_changes_nothing(body in compute_body()) {
        let body = body.to_string();
        for version in ApiVersion::ALL {
            let decode = |text: &str| ComputeSecrets::try_from_json(text.as_bytes(), version);
            let Ok(secrets) = decode(&body) else {
                continue;
            };
            let encoded = serde_json::to_string(&secrets).unwrap();
            let again = decode(&encoded).unwrap();
            prop_assert_eq!(again.compute_type(), secrets.compute_type());
            prop_assert_eq!(&serde_json::to_string(&again).unwrap(), &encoded);
            if let ComputeSecrets::Unknown(_) = secrets {
                prop_assert_eq!(encoded, body.clone());
            }
        }
    }

    #[test]
    fn decoding_encoded_workspace_keys_changes_nothing(body in workspace_body()) {
        let body = body.to_string();
        for version in ApiVersion::ALL {
            let decode = |text: &str| WorkspaceKeys::try_from_json(text.as_bytes(), version);
            let encoded = serde_json::to_string(&decode(&body).unwrap()).unwrap();
            let again = decode(&encoded).unwrap();
            prop_assert_eq!(serde_json::to_string(&again).unwrap(), encoded);
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in any::<Vec<u8>>()) {
        for version in ApiVersion::ALL {
            if let Err(error) = ComputeSecrets::try_from_json(&bytes, version) {
                prop_assert!(error.is_body());
            }
            if let Err(error) = WorkspaceKeys::try_from_json(&bytes, version) {
                prop_assert!(error.is_body());
            }
        }
    }
}

/// A name that is likely to be hostile.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[./\\\\%?#&=;:@ a]{1,6}",
        "(%2[eEfF]|%5[cC]|\\.|[a-z]){1,4}",
        "[a-zA-Z0-9._-]{1,90}",
        "\\PC{1,20}",
    ]
}

fn compute_body() -> impl Strategy<Value = Value> {
    let tag = prop_oneof![
        3 => prop::sample::select(vec!["AKS", "Databricks", "VirtualMachine", "aks", "Kubernetes"])
            .prop_map(Value::from),
        1 => value(),
    ];
    let text = prop_oneof![Just(Value::Null), any::<String>().prop_map(Value::from)];
    let known = prop::sample::select(vec![
        "userKubeConfig",
        "adminKubeConfig",
        "imagePullSecretName",
        "databricksAccessToken",
    ]);
    let properties = prop::collection::vec((known, text.clone()), 0..4);
    let account = prop::collection::vec(text, 4).prop_map(|it| {
        json!({"username": it[0], "password": it[1], "publicKeyData": it[2], "privateKeyData": it[3]})
    });
    let others = prop::collection::btree_map(any::<String>(), value(), 0..4);
    (tag, properties, prop::option::of(account), others).prop_map(
        |(tag, properties, account, others)| {
            let mut body: Map<String, Value> = others.into_iter().collect();
            body.extend(
                properties
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
            body.extend(account.map(|it| ("administratorAccount".to_owned(), it)));
            body.insert("computeType".to_owned(), tag);
            Value::Object(body)
        },
    )
}

fn workspace_body() -> impl Strategy<Value = Value> {
    let text = || prop_oneof![Just(Value::Null), any::<String>().prop_map(Value::from)];
    let password = (text(), text()).prop_map(|it| json!({"name": it.0, "value": it.1}));
    let passwords = prop::option::of(prop::collection::vec(password, 0..3));
    let registry = (text(), text(), passwords)
        .prop_map(|it| json!({"location": it.0, "username": it.1, "passwords": it.2}));
    let notebooks = (text(), text())
        .prop_map(|it| json!({"primaryAccessKey": it.0, "secondaryAccessKey": it.1}));
    let id = prop::sample::select(vec!["userStorageResourceId", "userStorageArmId"]);
    (
        text(),
        id,
        text(),
        prop::option::of(registry),
        prop::option::of(notebooks),
    )
        .prop_map(|it| {
            json!({
                "userStorageKey": it.0,
                it.1: it.2,
                "containerRegistryCredentials": it.3,
                "notebookAccessKeys": it.4,
            })
        })
}

/// Any JSON, with numbers of each kind.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|it| Number::from_f64(it).map_or(Value::Null, Value::Number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|it| it.into_iter().collect()),
        ]
    })
}

/// Path and query of the request for a compute, on the real way to a server.
fn sent(id: &ComputeId) -> (String, String) {
    static SERVER: LazyLock<(Runtime, Stub, Client)> = LazyLock::new(|| {
        let runtime = Runtime::new().unwrap();
        let stub = runtime.block_on(Stub::script([Answer::kept_json("{}")]));
        let client = client_of(&stub).build().unwrap();
        (runtime, stub, client)
    });
    let (runtime, stub, client) = &*SERVER;
    runtime
        .block_on(async { client.compute_list_keys(id).await })
        .unwrap();
    let head = stub.requests().pop().unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap();
    (path.to_owned(), query.to_owned())
}

/// A segment with its percent-encoding undone, as a server does it once.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                let digits = std::str::from_utf8(&digits).unwrap().to_owned();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
