//! What the hand-written code promises about the excerpts.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use amlkeys::{ApiVersion, ComputeId, WorkspaceId};
use serde_json::json;
use support::{Deviations, Example, Excerpt, Finding, spec_folder};

/// Names at and beyond each limit, and hostile ones.
fn names() -> Vec<String> {
    let lengths = [1, 2, 3, 32, 33, 34, 89, 90, 91, 200];
    let long = lengths.map(|length| "a".repeat(length));
    let odd = [
        "", "a-b_c", "-abc", "_abc", "0ab", "a b", "äöü", "a.b", "..", "a/b", "abc\n",
    ];
    long.into_iter().chain(odd.map(str::to_owned)).collect()
}

#[test]
fn what_a_resource_id_accepts_every_version_allows() {
    for version in ApiVersion::ALL {
        let excerpt = Excerpt::read(version.as_str()).unwrap();
        let parameters = excerpt.parameters("Compute_ListKeys").unwrap();
        let workspace_id = |subscription: &str, group: &str, workspace: &str| {
            WorkspaceId::new(subscription, group, workspace)
        };
        for name in names() {
            let accepted = [
                ("subscriptionId", workspace_id(&name, "g", "abc").is_ok()),
                ("resourceGroupName", workspace_id("s", &name, "abc").is_ok()),
                ("workspaceName", workspace_id("s", "g", &name).is_ok()),
                (
                    "computeName",
                    ComputeId::new(workspace_id("s", "g", "abc").unwrap(), name.as_str()).is_ok(),
                ),
            ];
            for (parameter, accepted) in accepted {
                let (_, schema) = parameters[parameter];
                let allowed = jsonschema::is_valid(schema, &json!(name));
                assert!(!accepted || allowed, "{version} {parameter} {name:?}");
                // The oldest versions do not limit the name; ours does anyway.
                if parameter == "workspaceName" && schema["pattern"].is_string() {
                    assert_eq!(accepted, allowed, "{version} {parameter} {name:?}");
                }
            }
        }
    }
}

#[test]
fn every_excerpt_is_compiled_in_and_every_version_has_one() {
    let mut excerpts: Vec<String> = std::fs::read_dir(spec_folder())
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let version = name.strip_suffix(".json")?;
            version
                .starts_with(|first: char| first.is_ascii_digit())
                .then(|| version.to_owned())
        })
        .collect();
    excerpts.sort();
    let compiled: Vec<&str> = ApiVersion::ALL.iter().map(ApiVersion::as_str).collect();
    assert_eq!(excerpts, compiled);
}

fn example(body: serde_json::Value) -> Example {
    let path = spec_folder().join("examples/2025-09-01/Compute_ListKeys/listKeys.json");
    Example {
        body,
        ..Example::read(&path).unwrap()
    }
}

#[test]
fn the_schema_goes_by_the_discriminator() {
    let excerpt = Excerpt::read("2025-09-01").unwrap();
    for (body, pointers) in [
        (
            json!({"computeType": "AKS", "adminKubeConfig": "x"}),
            vec![],
        ),
        (
            json!({"computeType": "AKS", "adminKubeConfig": 1}),
            vec!["/adminKubeConfig"],
        ),
        (
            json!({"computeType": "AKS", "imagePullSecretName": null}),
            vec![],
        ),
        (
            json!({"computeType": "Databricks", "adminKubeConfig": 1}),
            vec![],
        ),
        (json!({"computeType": "Abacus"}), vec![]),
        (json!({"computeType": 1}), vec!["/computeType"]),
        (json!({"adminKubeConfig": "x"}), vec![""]),
        (json!([]), vec![""]),
    ] {
        let findings = excerpt.findings(&example(body.clone())).unwrap();
        let found: Vec<&str> = findings.iter().map(|it| it.pointer.as_str()).collect();
        assert_eq!(
            found.is_empty(),
            pointers.is_empty(),
            "{body}: {findings:?}"
        );
    }
}

#[test]
fn every_operation_has_the_examples_that_its_excerpt_names() {
    for version in ApiVersion::ALL {
        let excerpt = Excerpt::read(version.as_str()).unwrap();
        for operation_id in ["Compute_ListKeys", "Workspaces_ListKeys"] {
            let (_, operation) = excerpt.operation(operation_id).unwrap();
            let named = operation["x-ms-examples"].as_object().unwrap();
            assert!(!named.is_empty(), "{version} {operation_id}");
            for example in named.values() {
                let path = spec_folder().join(example["$ref"].as_str().unwrap());
                let example = Example::read(&path).unwrap();
                assert_eq!(example.operation_id, operation_id);
                assert_eq!(example.api_version, version.as_str());
                assert_eq!(example.parameters["api-version"], version.as_str());
            }
        }
    }
}

#[test]
fn an_unexpected_pass_and_an_unknown_deviation_are_both_reported() {
    let deviations = Deviations::read().unwrap();
    let name = "2023-10-01/Workspaces_ListKeys/listKeys.json";
    let findings = [Finding {
        pointer: "/new".into(),
        message: "odd".into(),
    }];
    let problems = deviations.compare(name, &findings);
    assert!(problems.contains(&"/new: odd".to_owned()), "{problems:?}");
    assert_eq!(
        problems
            .iter()
            .filter(|it| it.contains("passes unexpectedly"))
            .count(),
        5
    );
}

#[test]
fn known_deviations_name_examples_that_exist() {
    for example in Deviations::read().unwrap().examples() {
        assert!(
            spec_folder().join("examples").join(example).is_file(),
            "{example}"
        );
    }
}
