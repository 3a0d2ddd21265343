//! The state file: what it says, and what is said about it when it is wrong.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::error::Error;

use amlkeys_emulator::{Arm, State};
use axum::http::StatusCode;
use serde_json::json;

use support::{keys, list_keys, post};

fn arm(state: &str) -> Arm {
    Arm::builder()
        .with_state(State::parse(state).unwrap())
        .build()
}

/// A state of one workspace.
fn with_workspace(workspace: &str) -> String {
    format!(
        r#"{{"subscriptions":{{"s":{{"resourceGroups":{{"g":{{"workspaces":{{"w":{workspace}}}}}}}}}}}}}"#
    )
}

/// A state of one fault rule.
fn with_rule(rule: &str) -> String {
    format!(r#"{{"subscriptions":{{"s":{{}}}},"faults":[{rule}]}}"#)
}

fn api_versions() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec");
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
        .filter(|name| name.starts_with("20"))
        .collect();
    versions.sort();
    assert!(!versions.is_empty());
    versions
}

#[tokio::test]
async fn printed_state_answers_as_the_default_does() {
    let (default, printed) = (Arm::documented(), arm(State::DOCUMENTED));
    assert_eq!(default.resource_ids(), printed.resource_ids());
    for api_version in api_versions() {
        for id in default.resource_ids() {
            let path = format!("{id}/listKeys?api-version={api_version}");
            let (one, other) = (post(&default, &path).await, post(&printed, &path).await);
            assert_eq!(
                (one.status, &one.body),
                (other.status, &other.body),
                "{path}"
            );
            if !id.contains("/lockedrg/") {
                assert_eq!(one.status, StatusCode::OK, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn bodies_of_json_are_answered_byte_for_byte() {
    let body = "{ \"b\" : 1.50,\t\"a\": [ ],\"a\":\"\\u00e9\\/\" }";
    let state = with_workspace(&format!(r#"{{"keys": {body},"computes":{{"c":{body}}}}}"#));
    let arm = arm(&state);
    assert_eq!(keys(&arm, "g/w").await.text(), body);
    assert_eq!(keys(&arm, "g/w/c").await.text(), body);
}

#[tokio::test]
async fn bodies_of_yaml_keep_their_order_and_types() {
    let arm = arm("
subscriptions:
  s:
    resourceGroups:
      g:
        workspaces:
          w:
            keys:
              zulu: |
                line 1
                \"line\" 2
              alpha: [1, -2.5e3, true, null, ~, no, '1', 2026-01-31, 1.2.3, {}]
              \"\\u00e9\": { nested: [] }
");
    assert_eq!(
        keys(&arm, "g/w").await.text(),
        r#"{"zulu":"line 1\n\"line\" 2\n","alpha":[1,-2.5e3,true,null,null,"no","1","2026-01-31","1.2.3",{}],"é":{"nested":[]}}"#
    );
}

#[tokio::test]
async fn a_body_can_differ_from_version_to_version() {
    let versions = api_versions();
    let (oldest, newest) = (&versions[0], &versions[versions.len() - 1]);
    let body = format!(r#"{{"byApiVersion":{{"{oldest}":{{"is":"old"}}}}}}"#);
    let arm = arm(&with_workspace(&format!(r#"{{"keys":{body}}}"#)));
    for version in [oldest, newest] {
        let answer = post(&arm, &list_keys(&arm, "g/w", version)).await;
        assert_eq!(answer.text(), r#"{"is":"old"}"#);
    }
}

#[tokio::test]
async fn full_workspace_has_the_names_of_each_version() {
    let arm = Arm::documented();
    for api_version in api_versions() {
        let path = list_keys(&arm, "testrg123/fullworkspace", &api_version);
        let keys = post(&arm, &path).await.json();
        let spec = format!(
            "{}/../../spec/{api_version}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let spec = std::fs::read_to_string(spec).unwrap();
        for name in keys.as_object().unwrap().keys() {
            assert!(
                spec.contains(&format!("\"{name}\"")),
                "{api_version} {name}"
            );
        }
        let storage_ids = ["userStorageResourceId", "userStorageArmId"];
        let storage_ids = storage_ids.iter().filter(|name| !keys[name].is_null());
        assert_eq!(storage_ids.count(), 1, "{api_version}");
    }
}

#[tokio::test]
async fn documented_stands_for_the_body_of_the_asked_version() {
    let arm = arm(&with_workspace(
        r#"{"keys":"documented","computes":{"c":"documented"}}"#,
    ));
    let documented = Arm::documented();
    for version in api_versions() {
        for (own, its) in [
            ("g/w", "testrg123/workspaces123"),
            ("g/w/c", "testrg123/workspaces123/compute123"),
        ] {
            let answer = post(&arm, &list_keys(&arm, own, &version)).await;
            let expected = post(&documented, &list_keys(&documented, its, &version)).await;
            assert_eq!(answer.text(), expected.text());
        }
    }
}

#[tokio::test]
async fn every_null_of_the_documents_is_there_alone_and_with_the_others() {
    let arm = Arm::documented();
    for (resource, expected) in [
        (
            "computes/aks-all-null",
            json!({"computeType":"AKS","userKubeConfig":null,"adminKubeConfig":null,"imagePullSecretName":null}),
        ),
        ("computes/aks-all-absent", json!({"computeType":"AKS"})),
        (
            "computes/databricks-null",
            json!({"computeType":"Databricks","databricksAccessToken":null}),
        ),
        (
            "computes/virtualmachine-account-null",
            json!({"computeType":"VirtualMachine","administratorAccount":null}),
        ),
        ("all-absent", json!({})),
        (
            "notebook-keys-null",
            json!({"notebookAccessKeys":{"primaryAccessKey":null,"secondaryAccessKey":null}}),
        ),
    ] {
        let answer = keys(&arm, &format!("nullsrg/{resource}")).await;
        assert_eq!(answer.json(), expected, "{resource}");
    }
    for (resource, place) in [
        ("computes/aks-user-config-null", "/userKubeConfig"),
        ("computes/aks-admin-config-null", "/adminKubeConfig"),
        ("computes/aks-pull-secret-null", "/imagePullSecretName"),
        (
            "computes/virtualmachine-username-null",
            "/administratorAccount/username",
        ),
        (
            "computes/virtualmachine-password-null",
            "/administratorAccount/password",
        ),
        (
            "computes/virtualmachine-public-key-null",
            "/administratorAccount/publicKeyData",
        ),
        (
            "computes/virtualmachine-private-key-null",
            "/administratorAccount/privateKeyData",
        ),
        ("computes/type-null", "/computeType"),
        ("storage-key-null", "/userStorageKey"),
        ("storage-id-null", "/userStorageResourceId"),
        ("insights-null", "/appInsightsInstrumentationKey"),
        ("registry-null", "/containerRegistryCredentials"),
        (
            "registry-fields-null",
            "/containerRegistryCredentials/location",
        ),
        (
            "registry-password-null",
            "/containerRegistryCredentials/passwords/0/value",
        ),
        ("notebook-null", "/notebookAccessKeys"),
        (
            "notebook-secondary-null",
            "/notebookAccessKeys/secondaryAccessKey",
        ),
    ] {
        let answer = keys(&arm, &format!("nullsrg/{resource}")).await.json();
        assert_eq!(answer.pointer(place), Some(&json!(null)), "{resource}");
    }
}

/// ARM RPC, common-api-details.md: a response of a resource provider has 4 MB at most.
#[tokio::test]
async fn body_over_four_megabytes_is_an_internal_error() {
    const LARGEST: usize = 4 * 1024 * 1024;
    for (length, status) in [
        (LARGEST, StatusCode::OK),
        (LARGEST + 1, StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let body = format!(r#"{{"k":"{}"}}"#, "x".repeat(length - r#"{"k":""}"#.len()));
        let arm = arm(&with_workspace(&format!(r#"{{"keys":{body}}}"#)));
        assert_eq!(keys(&arm, "g/w").await.status, status, "{length}");
    }
}

#[test]
fn mistakes_are_named_by_line_and_column_with_what_to_do() {
    let fine = "subscriptions:\n  s: {}\n";
    for (text, expected) in [
        (
            "",
            "line 1, column 1: the file is empty; start from `amlkeys emulator --print-state`",
        ),
        (
            "# nothing\n",
            "line 1, column 1: the file holds nothing; start from `amlkeys emulator --print-state`",
        ),
        (
            "- a\n",
            "line 1, column 1: expected an object, found a list",
        ),
        (
            "principals: []\n",
            "line 1, column 1: `subscriptions` is missing here",
        ),
        (
            "subscriptions: {}\n",
            "line 1, column 1: `subscriptions` must have one at least",
        ),
        (
            "subscriptions:\n  s:\n    resourcegroup: {}\n",
            "line 3, column 5: no such field; did you mean `resourceGroups`?",
        ),
        (
            "subscriptions:\n  s:\n    colour: red\n",
            "line 3, column 5: no such field; there are registered, resourceGroups",
        ),
        (
            "subscriptions:\n  s:\n    registered: no\n",
            "line 3, column 17: expected true or false, found text",
        ),
        (
            "subscriptions:\n  s: {}\n  S: {}\n",
            "line 3, column 3: this name is there twice: ARM's names compare without regard to case",
        ),
        (
            "subscriptions:\n  s: {}\n  s: {}\n",
            "line 3, column 3: this name is there twice",
        ),
        (
            "{\"subscriptions\": {\"s\": {},\n  \"é\": {}, \"s\": {}}}",
            "line 2, column 12: this name is there twice: ARM's names compare without regard to case",
        ),
        (
            "subscriptions:\n  a/b: {}\n",
            "line 2, column 3: a name must hold no slash and no control character",
        ),
        (
            "subscriptions: {s: {}}\n---\na: b\n",
            "line 2, column 1: a state is one document, here is a second",
        ),
        (
            "subscriptions: &a {s: {}}\nfaults: *a\n",
            "line 2, column 9: aliases (`*name`) are not read: write the value out",
        ),
        (
            "subscriptions: !!map {s: {}}\n",
            "line 1, column 22: tags (`!name`) are not read: leave it out",
        ),
        (
            "{\"subscriptions\":\n {]}",
            "line 2, column 3: this is not JSON: key must be a string",
        ),
        (
            &format!("{fine}principals:\n- tenantId: t\n"),
            "line 4, column 3: `objectId` is missing here",
        ),
        (
            &format!(
                "{fine}principals:\n- {{ tenantId: 12, objectId: o, clientId: c, clientSecret: s }}\n"
            ),
            "line 4, column 15: expected text, found a number: put it in quotes",
        ),
        (
            &format!("{fine}faults:\n- fault: {{ hang: true, delay: 2s }}\n"),
            "line 4, column 18: a fault has one kind, this has `delay` and `hang`",
        ),
        (
            &format!("{fine}faults:\n- fault: {{ hang: true, code: x }}\n"),
            "line 4, column 24: only a `status` has this, not a `hang`",
        ),
        (
            &format!("{fine}faults:\n- hits: 3-2\n  fault: {{ hang: true }}\n"),
            "line 4, column 9: expected a number of hits such as 1, 2-4 or 3-",
        ),
    ] {
        let error = State::parse(text).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
        assert!(error.line().is_some() && error.column().is_some());
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let missing = std::env::temp_dir().join("amlkeys-no-such-file");
    let error = State::read(&missing).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot read {}", missing.display())
    );
    assert!(error.source().is_some());
    assert_eq!(error.line(), None);
}

#[test]
fn a_mistake_in_a_file_is_named_as_editors_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.yaml");
    for (bytes, expected) in [
        (
            &b"subscriptions:\n  s: \xff\n"[..],
            "2:6: this is not UTF-8",
        ),
        (
            &vec![b' '; 32 * 1024 * 1024 + 1],
            "1:1: the file is larger than 32 MiB",
        ),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let error = State::read(&file).unwrap_err();
        assert_eq!(error.to_string(), format!("{}:{expected}", file.display()));
    }
}

#[test]
fn deep_nesting_is_refused_or_a_body_as_any_other() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"keys":{{"deep":{deep}}}}}"#);
    assert!(
        State::parse(&with_workspace(&body)).is_ok(),
        "JSON is not looked into"
    );
    assert!(State::parse(&format!("a: {deep}")).is_err());
    let deep: String = (0..2000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert!(State::parse(&deep).is_err());
}

#[test]
fn no_mistake_quotes_what_the_file_holds() {
    const CANARY: &str = "canary-secret";
    let fine = "subscriptions:\n  s: {}\n";
    for text in [
        format!("{CANARY}: {CANARY}"),
        CANARY.to_owned(),
        format!("subscriptions: {CANARY}"),
        format!("subscriptions: [{CANARY}, {CANARY}"),
        format!("subscriptions: \"{CANARY}"),
        format!("subscriptions: {{s: {{}}, {CANARY}: {{}}, {CANARY}: {{}}}}"),
        format!("subscriptions:\n  s: *{CANARY}\n"),
        format!("subscriptions:\n  s: !{CANARY} x\n"),
        format!("%{CANARY}\n---\nsubscriptions: {{}}\n"),
        format!("{fine}principals:\n- clientSecret: {CANARY}\n"),
        format!(
            "{fine}principals:\n- {{ tenantId: t, objectId: o, clientId: c, clientSecret: [{CANARY}] }}\n"
        ),
        format!(
            "{fine}principals:\n- {{ tenantId: t, objectId: o, clientId: c, clientSecret: s, tokensValidFrom: {CANARY} }}\n"
        ),
        format!("{fine}faults:\n- fault: {{ status: {CANARY} }}\n"),
        format!("{fine}faults:\n- fault: {{ status: 500, headers: {{ \"{CANARY} \": x }} }}\n"),
        format!("{fine}faults:\n- fault: {{ reset: {CANARY} }}\n"),
        format!("{fine}faults:\n- operation: {CANARY}\n  fault: {{ hang: true }}\n"),
        with_workspace(&format!(r#"{{"keys":"{CANARY}"}}"#)),
        with_workspace(&format!(
            r#"{{"keys":{{"byApiVersion":{{"{CANARY}":{{}}}}}}}}"#
        )),
        with_workspace(&format!(
            r#"{{"keys":{{"byApiVersion":{{"2025-09-01":"{CANARY}"}}}}}}"#
        )),
        with_workspace(&format!(r#"{{"keys":{{"a":"{CANARY}"}}"#)),
        with_workspace(&format!(r#"{{"keys":{{"a":{CANARY}}}}}"#)),
        with_workspace(&format!(r#"{{"{CANARY}\ud800":{{}}}}"#)),
    ] {
        let error = State::parse(&text).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?} in {text}"
        );
    }
    let state = with_workspace(&format!(r#"{{"keys":{{"a":"{CANARY}"}}}}"#));
    let state = State::parse(&state).unwrap();
    assert!(!format!("{state:?}").contains("canary"));
}

#[test]
fn schema_and_reader_agree() {
    let schema = serde_json::from_str(State::SCHEMA).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut seen = [0, 0];
    let rules = [
        r#"{"fault":{"status":503}}"#,
        r#"{"fault":{"status":503,"code":"c","message":"","retryAfter":2,"headers":{"a":"b"},"body":{}}}"#,
        r#"{"fault":{"delay":2}}"#,
        r#"{"fault":{"delay":"500ms"}}"#,
        r#"{"fault":{"hang":true}}"#,
        r#"{"fault":{"reset":"beforeHead"}}"#,
        r#"{"fault":{"reset":"inHead"}}"#,
        r#"{"fault":{"reset":"inBody"}}"#,
        r#"{"fault":{"truncate":10}}"#,
        r#"{"fault":{"hugeBody":"200MB"}}"#,
        r#"{"fault":{"html":502}}"#,
        r#"{"fault":{"redirect":{"location":"https://a.invalid/"}}}"#,
        r#"{"fault":{"redirect":{"location":"/a","status":302}}}"#,
        r#"{"fault":{"contentType":"text/plain"}}"#,
        r#"{"operation":"Compute_ListKeys","resource":"a*","hits":1,"every":2,"probability":0.5,"seed":7,"fault":{"hang":true}}"#,
        r#"{"hits":"2-4","fault":{"hang":true}}"#,
        r#"{"hits":"3-","fault":{"hang":true}}"#,
        // And those that are none:
        r#"{}"#,
        r#"{"fault":{}}"#,
        r#"{"fault":{"status":503,"delay":2}}"#,
        r#"{"fault":{"status":99}}"#,
        r#"{"fault":{"status":600}}"#,
        r#"{"fault":{"status":"503"}}"#,
        r#"{"fault":{"status":503,"retryAfter":-1}}"#,
        r#"{"fault":{"status":503,"headers":{"a b":"c"}}}"#,
        r#"{"fault":{"status":503,"headers":{"a":"b\nc"}}}"#,
        r#"{"fault":{"status":503,"headers":{"a":"é"}}}"#,
        r#"{"fault":{"delay":"2 weeks"}}"#,
        r#"{"fault":{"delay":-1}}"#,
        r#"{"fault":{"hang":false}}"#,
        r#"{"fault":{"hang":true,"code":"c"}}"#,
        r#"{"fault":{"reset":"later"}}"#,
        r#"{"fault":{"truncate":"some"}}"#,
        r#"{"fault":{"hugeBody":1.5}}"#,
        r#"{"fault":{"html":100}}"#,
        r#"{"fault":{"redirect":"https://a.invalid/"}}"#,
        r#"{"fault":{"redirect":{"location":"/a","status":200}}}"#,
        r#"{"fault":{"contentType":""}}"#,
        r#"{"operation":"Compute_Get","fault":{"hang":true}}"#,
        r#"{"resource":"","fault":{"hang":true}}"#,
        r#"{"hits":0,"fault":{"hang":true}}"#,
        r#"{"hits":"0-2","fault":{"hang":true}}"#,
        r#"{"every":0,"fault":{"hang":true}}"#,
        r#"{"probability":1.5,"fault":{"hang":true}}"#,
        r#"{"seed":7,"fault":{"hang":true}}"#,
    ];
    let workspaces = [
        r#"null"#,
        r#"{}"#,
        r#"{"keys":"documented","computes":null}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":{"byApiVersion":{"2025-09-01":{}},"more":1}}"#,
        r#"{"keys":{"byApiVersion":{"2025-09-01":{}}}}"#,
        r#"{"keys":{"asDocumented":{}}}"#,
        r#"{"keys":"else"}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[]}"#,
        r#"{"keys":{"byApiVersion":{}}}"#,
        r#"{"keys":{"byApiVersion":{"2025-09-01":[]}}}"#,
        r#"{"keys":{"asDocumented":1}}"#,
        r#"{"computes":{"":{}}}"#,
        r#"{"computes":{"a/b":{}}}"#,
        r#"{"computes":{"a\u0000":{}}}"#,
        r#"{"compute":{}}"#,
        r#"7"#,
    ];
    let wholes = [
        r#"{}"#,
        r#"[]"#,
        r#"{"subscriptions":{}}"#,
        r#"{"subscriptions":null}"#,
        r#"{"subscriptions":{"s":null},"documentedResources":true}"#,
        r#"{"subscriptions":{"s":null},"documentedResources":"true"}"#,
        r#"{"subscriptions":{"s":{"registered":false}},"principals":[]}"#,
        r#"{"subscriptions":{"s":{"registered":0}}}"#,
        r#"{"subscriptions":{"s":{}},"principals":[{"tenantId":"t","objectId":"o","clientId":"c","clientSecret":"s","clientSecretExpires":"2026-01-31T12:00:00+01:00","denied":[{"scope":"/"}]}]}"#,
        r#"{"subscriptions":{"s":{}},"principals":[{"tenantId":"t","objectId":"o","clientId":"c","clientSecret":""}]}"#,
        r#"{"subscriptions":{"s":{}},"principals":[{"tenantId":"t","objectId":"o","clientId":"c"}]}"#,
        r#"{"subscriptions":{"s":{}},"principals":[{"tenantId":"t","objectId":"o","clientId":"c","clientSecret":"s","tokensValidFrom":"tomorrow"}]}"#,
        r#"{"subscriptions":{"s":{}},"principals":[{"tenantId":"t","objectId":"o","clientId":"c","clientSecret":"s","denied":[{"scope":"x"}]}]}"#,
    ];
    let all = rules.map(with_rule).into_iter();
    let all = all.chain(workspaces.map(with_workspace));
    for text in all.chain(wholes.map(str::to_owned)) {
        let is_valid = schema.is_valid(&serde_json::from_str(&text).unwrap());
        let read = State::parse(&text);
        assert_eq!(read.is_ok(), is_valid, "{text} {:?}", read.err());
        seen[usize::from(is_valid)] += 1;
    }
    assert!(seen[0] > 30 && seen[1] > 20, "{seen:?}");
}

#[test]
fn what_the_readme_shows_and_what_is_printed_fits_the_schema() {
    let schema = serde_json::from_str(State::SCHEMA).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let readme = include_str!("../README.md");
    let shown = readme.split("```yaml\n").skip(1);
    let shown = Vec::from_iter(shown.map(|rest| rest.split("```").next().unwrap()));
    assert!(!shown.is_empty());
    for text in [&shown[..], &[State::DOCUMENTED]].concat() {
        State::parse(text).unwrap();
        let document: serde_json::Value = serde_saphyr::from_str(text).unwrap();
        let errors = Vec::from_iter(schema.iter_errors(&document).map(|it| it.to_string()));
        assert!(errors.is_empty(), "{errors:#?}");
    }
}
