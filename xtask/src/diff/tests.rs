//! Small mutations of a checked-in excerpt, and the findings of each, forwards
//! and backwards.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::spec::root;

const COMPUTE: &str = "/paths/~1subscriptions~1{subscriptionId}~1resourceGroups~1{resourceGroupName}~1providers~1Microsoft.MachineLearningServices~1workspaces~1{workspaceName}~1computes~1{computeName}~1listKeys";
const WORKSPACES: &str = "/paths/~1subscriptions~1{subscriptionId}~1resourceGroups~1{resourceGroupName}~1providers~1Microsoft.MachineLearningServices~1workspaces~1{workspaceName}~1listKeys";

/// A change of the document.
enum Edit {
    Set(String, Value),
    Remove(String),
}

/// Sets a place; `:Name` is a component schema, `@compute` and `@workspaces`
/// are the two operations.
fn set(at: &str, value: Value) -> Edit {
    Edit::Set(place(at), value)
}

fn remove(at: &str) -> Edit {
    Edit::Remove(place(at))
}

fn place(at: &str) -> String {
    if let Some(rest) = at.strip_prefix(':') {
        return format!("/components/schemas/{rest}");
    }
    at.replace("@compute", &format!("{COMPUTE}/post"))
        .replace("@workspaces", &format!("{WORKSPACES}/post"))
}

fn edited(document: &Value, edits: &[Edit]) -> Value {
    let mut document = document.clone();
    for edit in edits {
        let (Edit::Set(at, _) | Edit::Remove(at)) = edit;
        let (parent, key) = at.rsplit_once('/').unwrap();
        let key = key.replace("~1", "/").replace("~0", "~");
        let parent = document
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("{at} is not in the document"));
        match (edit, parent) {
            (Edit::Set(_, value), Value::Object(object)) => {
                object.insert(key, value.clone());
            }
            (Edit::Set(_, value), Value::Array(array)) => {
                let index: usize = key.parse().unwrap();
                match array.get_mut(index) {
                    Some(element) => *element = value.clone(),
                    None => array.push(value.clone()),
                }
            }
            (Edit::Remove(_), Value::Object(object)) => {
                object.shift_remove(&key).expect("there is what to remove");
            }
            (Edit::Remove(_), Value::Array(array)) => {
                array.remove(key.parse().unwrap());
            }
            _ => panic!("{at} has no parent"),
        }
    }
    document
}

fn base() -> Value {
    let text = std::fs::read_to_string(root().join("spec/2025-09-01.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn spec(document: &Value) -> Result<Spec> {
    Spec::parse("my.json".into(), document.to_string())
}

static OVERLAY: LazyLock<Overlay> = LazyLock::new(overlay);

fn overlay() -> Overlay {
    Overlay::read(
        &root().join("spec/overlay.json"),
        "spec/overlay.json".into(),
    )
    .unwrap()
}

fn changes(old: &Value, new: &Value) -> Result<Report> {
    between(&spec(old)?, &spec(new)?, &OVERLAY)
}

/// Findings as `class kind operation in:pointer [variant] old -> new`.
fn findings(old: &Value, new: &Value) -> Vec<String> {
    let report = changes(old, new).unwrap();
    let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
    let lines = report.changes.iter().map(|it| {
        assert!(!it.advice.is_empty(), "{} has no advice", it.kind);
        assert!(
            it.rust.as_deref() != Some(""),
            "{} has an empty item",
            it.kind
        );
        let variant = it.variant.as_ref().map(|tag| format!(" [{tag}]"));
        format!(
            "{} {} {} {}:{}{} {} -> {}",
            it.class,
            it.kind,
            it.operation,
            it.part,
            it.pointer,
            variant.unwrap_or_default(),
            told(&it.old),
            told(&it.new)
        )
    });
    lines.collect()
}

/// Edits of the checked-in excerpt, what they change, and what undoing them does.
fn check(what: &str, edits: &[Edit], forwards: &[&str], backwards: &[&str]) {
    check_from(&base(), what, edits, forwards, backwards);
}

fn check_from(old: &Value, what: &str, edits: &[Edit], forwards: &[&str], backwards: &[&str]) {
    let new = edited(old, edits);
    assert_eq!(findings(old, &new), forwards, "{what}");
    assert_eq!(findings(&new, old), backwards, "{what}, undone");
}

#[test]
fn a_document_has_no_changes_from_itself() {
    check("nothing", &[], &[], &[]);
}

#[test]
fn the_checked_in_versions_differ_in_nothing_but_their_version() {
    let text = std::fs::read_to_string(root().join("spec/2023-10-01.json")).unwrap();
    let older: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(findings(&older, &base()), [""; 0]);
}

#[test]
fn layout_is_no_change() {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let string = || json!({ "type": "string" });
    let document = base();
    let schema = |name: &str| document["components"]["schemas"][name].clone();
    let mut reversed: Vec<_> = document["components"]["schemas"]
        .as_object()
        .unwrap()
        .iter()
        .collect();
    reversed.reverse();
    let reversed: serde_json::Map<_, _> = reversed
        .into_iter()
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    for (what, edits) in [
        (
            "the order of schemas",
            vec![set("/components/schemas", Value::Object(reversed))],
        ),
        (
            "a schema's name",
            vec![
                set(":SharedPassword", schema("Password")),
                set(
                    ":RegistryListCredentialsResult/properties/passwords/items",
                    reference("SharedPassword"),
                ),
                remove(":Password"),
            ],
        ),
        (
            "an inline schema",
            vec![
                set(
                    ":RegistryListCredentialsResult/properties/passwords/items",
                    schema("Password"),
                ),
                remove(":Password"),
            ],
        ),
        (
            "a property in a helper schema",
            vec![
                remove(":ListNotebookKeysResult/properties/secondaryAccessKey"),
                set(
                    ":Helper",
                    json!({ "properties": {
                    "secondaryAccessKey": { "type": "string", "readOnly": true, "x-ms-secret": true },
                } }),
                ),
                set(
                    ":ListNotebookKeysResult/allOf",
                    json!([reference("Helper")]),
                ),
            ],
        ),
        (
            "a variant that holds its properties itself",
            vec![set(
                ":AksComputeSecrets",
                json!({
                    "allOf": [reference("ComputeSecrets")],
                    "properties": {
                        "imagePullSecretName": { "type": "string", "nullable": true },
                        "userKubeConfig": string(), "adminKubeConfig": string(),
                    },
                    "x-ms-discriminator-value": "AKS",
                }),
            )],
        ),
        (
            "variants found by looking back only",
            vec![remove(":ComputeSecrets/discriminator/mapping")],
        ),
        (
            "variants by mapping only",
            vec![remove(":AksComputeSecrets/x-ms-discriminator-value")],
        ),
        (
            "variants as alternatives",
            vec![
                set(
                    ":Common",
                    json!({ "type": "object", "required": ["computeType"], "properties": {
                    "computeType": reference("ComputeType"),
                } }),
                ),
                set(":AksComputeSecrets/allOf/0", reference("Common")),
                set(":DatabricksComputeSecrets/allOf/0", reference("Common")),
                set(":VirtualMachineSecrets/allOf/0", reference("Common")),
                set(
                    ":ComputeSecrets/oneOf",
                    json!([
                        reference("AksComputeSecrets"),
                        reference("DatabricksComputeSecrets"),
                        reference("VirtualMachineSecrets"),
                    ]),
                ),
                remove(":ComputeSecrets/properties"),
                remove(":ComputeSecrets/required"),
            ],
        ),
        (
            "a reference with siblings",
            vec![set(
                ":ListWorkspaceKeysResult/properties/notebookAccessKeys",
                json!({ "readOnly": true, "$ref": "#/components/schemas/ListNotebookKeysResult" }),
            )],
        ),
        (
            "an open enum by x-ms-enum",
            vec![set(":ComputeType", {
                let mut open = schema("ComputeType")["anyOf"][0].clone();
                open["x-ms-enum"] = json!({ "name": "Kind", "modelAsString": true });
                open
            })],
        ),
        (
            "a parameter in its operation",
            vec![set(
                "@compute/parameters/3",
                json!({
                    "name": "computeName", "in": "path", "required": true, "schema": { "type": "string" },
                }),
            )],
        ),
        (
            "a parameter of the path",
            vec![
                remove("@compute/parameters/3"),
                set(
                    &format!("{COMPUTE}/parameters"),
                    json!([{ "$ref": "#/components/parameters/ComputeNameParameter" }]),
                ),
            ],
        ),
        (
            "security at the operation",
            vec![
                remove("/security"),
                set(
                    "@compute/security",
                    json!([{ "azure_auth": ["user_impersonation"] }]),
                ),
                set(
                    "@workspaces/security",
                    json!([{ "azure_auth": ["user_impersonation"] }]),
                ),
            ],
        ),
        (
            "the version",
            vec![set("/info/version", json!("2026-01-01"))],
        ),
        (
            "an api-version that names itself",
            vec![
                set(
                    "/components/parameters/ApiVersionParameter/schema/enum",
                    json!(["2026-01-01"]),
                ),
                set(
                    "/components/parameters/ApiVersionParameter/schema/default",
                    json!("2026-01-01"),
                ),
            ],
        ),
        (
            "what no operation reaches",
            vec![set(":Unused", json!({ "type": "integer" }))],
        ),
        (
            "what steers other generators",
            vec![
                set(
                    ":RegistryListCredentialsResult/properties/passwords/x-ms-identifiers",
                    json!([]),
                ),
                set(":Password/properties/name/x-ms-client-name", json!("label")),
            ],
        ),
        (
            "limits that say nothing",
            vec![set(
                "/components/parameters/ComputeNameParameter/schema/minLength",
                json!(0),
            )],
        ),
    ] {
        check(what, &edits, &[], &[]);
    }
}

#[test]
fn operations() {
    let moved = |path: &str| {
        let operation = base().pointer(&place("@compute")).unwrap().clone();
        [
            remove(&COMPUTE.replace("/post", "")),
            set(
                &format!("/paths/{}", path.replace('/', "~1")),
                json!({ "post": operation }),
            ),
        ]
    };
    let path = COMPUTE.trim_start_matches("/paths/").replace("~1", "/");
    check(
        "one less",
        &[remove(COMPUTE)],
        &["writer-break operation-removed Compute_ListKeys operation: Compute_ListKeys -> -"],
        &["compatible operation-added Compute_ListKeys operation: - -> Compute_ListKeys"],
    );
    check(
        "its historic name",
        &[set(
            "@compute/operationId",
            json!("MachineLearningCompute_ListKeys"),
        )],
        &[
            "metadata operation-renamed MachineLearningCompute_ListKeys operation: Compute_ListKeys -> MachineLearningCompute_ListKeys",
        ],
        &[
            "metadata operation-renamed Compute_ListKeys operation: MachineLearningCompute_ListKeys -> Compute_ListKeys",
        ],
    );
    let elsewhere = path.replace("computes", "clusters");
    check(
        "another path",
        &moved(&elsewhere),
        &[&format!(
            "writer-break path-changed Compute_ListKeys operation: {path} -> {elsewhere}"
        )],
        &[&format!(
            "writer-break path-changed Compute_ListKeys operation: {elsewhere} -> {path}"
        )],
    );
    let lower = path.replace("resourceGroups", "resourcegroups");
    check(
        "the case of the path",
        &moved(&lower),
        &[&format!(
            "metadata path-respelled Compute_ListKeys operation: {path} -> {lower}"
        )],
        &[&format!(
            "metadata path-respelled Compute_ListKeys operation: {lower} -> {path}"
        )],
    );
    let mut renamed = Vec::from(moved(&path.replace("{computeName}", "{name}")));
    renamed.push(set(
        "/components/parameters/ComputeNameParameter/name",
        json!("name"),
    ));
    check(
        "the name of a path parameter",
        &renamed,
        &[
            "metadata parameter-renamed Compute_ListKeys parameter:/parameters/computeName computeName -> name",
        ],
        &[
            "metadata parameter-renamed Compute_ListKeys parameter:/parameters/name name -> computeName",
        ],
    );
    check(
        "where the path starts",
        &[set(
            "/servers/0/url",
            json!("https://management.azure.com/v2"),
        )],
        &[
            &format!("writer-break path-changed Compute_ListKeys operation: {path} -> /v2{path}"),
            &format!(
                "writer-break path-changed Workspaces_ListKeys operation: {0} -> /v2{0}",
                WORKSPACES.trim_start_matches("/paths/").replace("~1", "/")
            ),
        ],
        &[
            &format!("writer-break path-changed Compute_ListKeys operation: /v2{path} -> {path}"),
            &format!(
                "writer-break path-changed Workspaces_ListKeys operation: /v2{0} -> {0}",
                WORKSPACES.trim_start_matches("/paths/").replace("~1", "/")
            ),
        ],
    );
    let operation = base().pointer(&place("@compute")).unwrap().clone();
    check(
        "another method",
        &[set(COMPUTE, json!({ "get": operation }))],
        &["writer-break method-changed Compute_ListKeys operation: post -> get"],
        &["writer-break method-changed Compute_ListKeys operation: get -> post"],
    );
    check(
        "facts",
        &[
            set("@compute/x-ms-long-running-operation", json!(true)),
            set("@compute/deprecated", json!(true)),
            set("@compute/tags", json!(["Compute"])),
        ],
        &[
            "reader-break became-long-running Compute_ListKeys operation: - -> -",
            "metadata became-deprecated Compute_ListKeys operation: - -> -",
            "metadata tags-changed Compute_ListKeys operation: MachineLearningComputes, OperationalizationClusters -> Compute",
        ],
        &[
            "compatible no-longer-long-running Compute_ListKeys operation: - -> -",
            "metadata no-longer-deprecated Compute_ListKeys operation: - -> -",
            "metadata tags-changed Compute_ListKeys operation: Compute -> MachineLearningComputes, OperationalizationClusters",
        ],
    );
    check(
        "examples",
        &[
            remove("@compute/x-ms-examples/List AKS Compute Keys"),
            set(
                "@compute/x-ms-examples/AKS",
                json!({ "$ref": "examples/x/listKeys.json" }),
            ),
            set(
                "@compute/x-ms-examples/VM",
                json!({ "$ref": "examples/x/vm.json" }),
            ),
        ],
        &[
            "metadata example-added Compute_ListKeys operation: - -> VM",
            "metadata example-renamed Compute_ListKeys operation: List AKS Compute Keys -> AKS",
        ],
        &[
            "metadata example-removed Compute_ListKeys operation: VM -> -",
            "metadata example-renamed Compute_ListKeys operation: AKS -> List AKS Compute Keys",
        ],
    );
}

#[test]
fn what_holds_for_the_document() {
    check(
        "title, host and authority",
        &[
            set("/info/title", json!("Keys")),
            set("/servers/0/url", json!("https://arm.example")),
            set(
                "/components/securitySchemes/azure_auth/flows/implicit/authorizationUrl",
                json!("https://login.example"),
            ),
        ],
        &[
            "metadata authorization-changed * document: implicit authorizationUrl https://login.microsoftonline.com/common/oauth2/authorize -> implicit authorizationUrl https://login.example",
            "metadata server-changed * document: https://management.azure.com -> https://arm.example",
            "metadata title-changed * document: Azure Machine Learning Services -> Keys",
        ],
        &[
            "metadata authorization-changed * document: implicit authorizationUrl https://login.example -> implicit authorizationUrl https://login.microsoftonline.com/common/oauth2/authorize",
            "metadata server-changed * document: https://arm.example -> https://management.azure.com",
            "metadata title-changed * document: Keys -> Azure Machine Learning Services",
        ],
    );
    check(
        "one more scope",
        &[set("/security/0/azure_auth/1", json!("admin"))],
        &[
            "writer-break security-tightened * document: oauth2, oauth2 scope user_impersonation -> oauth2, oauth2 scope admin, oauth2 scope user_impersonation",
        ],
        &[
            "compatible security-loosened * document: oauth2, oauth2 scope admin, oauth2 scope user_impersonation -> oauth2, oauth2 scope user_impersonation",
        ],
    );
    check(
        "no token at all",
        &[remove("/security")],
        &[
            "compatible security-loosened * document: oauth2, oauth2 scope user_impersonation -> -",
            "metadata authorization-changed * document: implicit authorizationUrl https://login.microsoftonline.com/common/oauth2/authorize -> -",
        ],
        &[
            "writer-break security-tightened * document: - -> oauth2, oauth2 scope user_impersonation",
            "metadata authorization-changed * document: - -> implicit authorizationUrl https://login.microsoftonline.com/common/oauth2/authorize",
        ],
    );
}

#[test]
fn words() {
    check(
        "a description",
        &[set(
            ":Password/properties/name/description",
            json!("Which  one."),
        )],
        &[
            "metadata words-changed Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/name - -> Which one.",
        ],
        &[
            "metadata words-changed Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/name Which one. -> -",
        ],
    );
    fn described(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.values_mut().for_each(described);
                if ["type", "operationId", "in"]
                    .iter()
                    .any(|key| object.get(*key).is_some_and(Value::is_string))
                {
                    object.insert("description".into(), json!("Words."));
                }
            }
            Value::Array(array) => array.iter_mut().for_each(described),
            _ => {}
        }
    }
    let mut prose = base();
    described(&mut prose["paths"]);
    described(&mut prose["components"]);
    assert_eq!(
        findings(&base(), &prose),
        ["metadata words-changed * document: no words -> words"]
    );
    assert_eq!(
        findings(&prose, &base()),
        ["metadata words-changed * document: words -> no words"]
    );
    assert_eq!(findings(&prose, &prose), [""; 0]);
}

#[test]
fn parameters() {
    let compute = "/components/parameters/ComputeNameParameter";
    let workspace = "/components/parameters/WorkspaceNameParameter";
    let query = |name: &str, required: bool| json!({ "name": name, "in": "query", "required": required, "schema": { "type": "integer", "format": "int32" } });
    check(
        "one more that is optional",
        &[set("@compute/parameters/5", query("top", false))],
        &["compatible parameter-added Compute_ListKeys parameter:/parameters/top - -> top"],
        &["writer-break parameter-removed Compute_ListKeys parameter:/parameters/top top -> -"],
    );
    check(
        "one more that is required",
        &[set("@compute/parameters/5", query("top", true))],
        &["writer-break parameter-added Compute_ListKeys parameter:/parameters/top - -> top"],
        &["writer-break parameter-removed Compute_ListKeys parameter:/parameters/top top -> -"],
    );
    let with_query = edited(
        &base(),
        &[set("@compute/parameters/5", query("pageSize", false))],
    );
    for (what, changed, forwards, backwards) in [
        (
            "became required",
            query("pageSize", true),
            "writer-break parameter-became-required Compute_ListKeys parameter:/parameters/pageSize optional -> required",
            "compatible parameter-became-optional Compute_ListKeys parameter:/parameters/pageSize required -> optional",
        ),
        (
            "renamed",
            query("maxPageSize", false),
            "writer-break parameter-renamed Compute_ListKeys parameter:/parameters/pageSize pageSize -> maxPageSize",
            "writer-break parameter-renamed Compute_ListKeys parameter:/parameters/maxPageSize maxPageSize -> pageSize",
        ),
        (
            "moved",
            json!({ "name": "pageSize", "in": "header", "schema": { "type": "integer", "format": "int32" } }),
            "writer-break parameter-moved Compute_ListKeys parameter:/parameters/pageSize query -> header",
            "writer-break parameter-moved Compute_ListKeys parameter:/parameters/pageSize header -> query",
        ),
        (
            "another style",
            json!({ "name": "pageSize", "in": "query", "explode": false, "schema": { "type": "integer", "format": "int32" } }),
            "writer-break parameter-restyled Compute_ListKeys parameter:/parameters/pageSize form, exploded -> form",
            "writer-break parameter-restyled Compute_ListKeys parameter:/parameters/pageSize form -> form, exploded",
        ),
        (
            "widened",
            json!({ "name": "pageSize", "in": "query", "schema": { "type": "integer", "format": "int64" } }),
            "compatible parameter-widened Compute_ListKeys parameter:/parameters/pageSize integer (int32) -> integer (int64)",
            "writer-break parameter-retyped Compute_ListKeys parameter:/parameters/pageSize integer (int64) -> integer (int32)",
        ),
        (
            "retyped",
            json!({ "name": "pageSize", "in": "query", "schema": { "type": "string" } }),
            "writer-break parameter-retyped Compute_ListKeys parameter:/parameters/pageSize integer (int32) -> string",
            "writer-break parameter-retyped Compute_ListKeys parameter:/parameters/pageSize string -> integer (int32)",
        ),
        (
            "another default",
            json!({ "name": "pageSize", "in": "query", "schema": { "type": "integer", "format": "int32", "default": 9 } }),
            "metadata default-changed Compute_ListKeys parameter:/parameters/pageSize - -> 9",
            "metadata default-changed Compute_ListKeys parameter:/parameters/pageSize 9 -> -",
        ),
    ] {
        let edits = [set("@compute/parameters/5", changed)];
        check_from(&with_query, what, &edits, &[forwards], &[backwards]);
    }
    check(
        "tighter limits, both at once",
        &[
            set(&format!("{compute}/schema/maxLength"), json!(24)),
            set(&format!("{compute}/schema/pattern"), json!("^[a-z]+$")),
        ],
        &[
            "writer-break pattern-added Compute_ListKeys parameter:/parameters/computeName - -> ^[a-z]+$",
            "writer-break limit-tightened Compute_ListKeys parameter:/parameters/computeName - -> maxLength 24",
        ],
        &[
            "compatible pattern-removed Compute_ListKeys parameter:/parameters/computeName ^[a-z]+$ -> -",
            "compatible limit-loosened Compute_ListKeys parameter:/parameters/computeName maxLength 24 -> -",
        ],
    );
    check(
        "a wider pattern, of both operations",
        &[set(
            &format!("{workspace}/schema/pattern"),
            json!("^[a-zA-Z0-9][a-zA-Z0-9_-]{2,64}$"),
        )],
        &[
            "compatible pattern-changed * parameter:/parameters/workspaceName ^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$ -> ^[a-zA-Z0-9][a-zA-Z0-9_-]{2,64}$",
        ],
        &[
            "writer-break pattern-changed * parameter:/parameters/workspaceName ^[a-zA-Z0-9][a-zA-Z0-9_-]{2,64}$ -> ^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$",
        ],
    );
    check(
        "a format",
        &[set(
            "/components/parameters/SubscriptionIdParameter/schema",
            json!({ "type": "string", "format": "uuid" }),
        )],
        &[
            "writer-break format-changed * parameter:/parameters/subscriptionId - -> uuid",
            "compatible limit-loosened * parameter:/parameters/subscriptionId minLength 1 -> -",
        ],
        &[
            "writer-break limit-tightened * parameter:/parameters/subscriptionId - -> minLength 1",
            "compatible format-changed * parameter:/parameters/subscriptionId uuid -> -",
        ],
    );
    let closed = edited(
        &base(),
        &[set(&format!("{compute}/schema/enum"), json!(["a", "b"]))],
    );
    check_from(
        &base(),
        "closed",
        &[set(&format!("{compute}/schema/enum"), json!(["a", "b"]))],
        &["writer-break enum-closed Compute_ListKeys parameter:/parameters/computeName - -> a, b"],
        &["compatible enum-opened Compute_ListKeys parameter:/parameters/computeName a, b -> -"],
    );
    check_from(
        &closed,
        "one value more, one respelled",
        &[set(
            &format!("{compute}/schema/enum"),
            json!(["a", "B", "c"]),
        )],
        &[
            "writer-break enum-value-renamed Compute_ListKeys parameter:/parameters/computeName b -> B",
            "compatible enum-value-added Compute_ListKeys parameter:/parameters/computeName - -> c",
        ],
        &[
            "writer-break enum-value-removed Compute_ListKeys parameter:/parameters/computeName c -> -",
            "writer-break enum-value-renamed Compute_ListKeys parameter:/parameters/computeName B -> b",
        ],
    );
}

#[test]
fn properties() {
    let keys = ":ListWorkspaceKeysResult/properties";
    for (what, edits, forwards, backwards) in [
        (
            "the rename of the storage account's id",
            vec![
                remove(&format!("{keys}/userStorageResourceId")),
                set(
                    &format!("{keys}/userStorageArmId"),
                    json!({ "type": "string", "readOnly": true }),
                ),
            ],
            vec![
                "reader-break property-renamed Workspaces_ListKeys response:/userStorageResourceId userStorageResourceId -> userStorageArmId",
            ],
            vec![
                "reader-break property-renamed Workspaces_ListKeys response:/userStorageArmId userStorageArmId -> userStorageResourceId",
            ],
        ),
        (
            "a rename with another type is none",
            vec![
                remove(&format!("{keys}/userStorageResourceId")),
                set(
                    &format!("{keys}/userStorageArmId"),
                    json!({ "type": "object", "properties": { "id": {} } }),
                ),
            ],
            vec![
                "reader-break property-removed Workspaces_ListKeys response:/userStorageResourceId userStorageResourceId -> -",
                "compatible property-added Workspaces_ListKeys response:/userStorageArmId - -> userStorageArmId",
            ],
            vec![
                "reader-break property-removed Workspaces_ListKeys response:/userStorageArmId userStorageArmId -> -",
                "compatible property-added Workspaces_ListKeys response:/userStorageResourceId - -> userStorageResourceId",
            ],
        ),
        (
            "a third key in place of the first",
            vec![
                remove(":ListNotebookKeysResult/properties/primaryAccessKey"),
                set(
                    ":ListNotebookKeysResult/properties/tertiaryAccessKey",
                    json!({ "type": "string" }),
                ),
            ],
            vec![
                "reader-break property-removed Workspaces_ListKeys response:/notebookAccessKeys/primaryAccessKey primaryAccessKey -> -",
                "compatible property-added Workspaces_ListKeys response:/notebookAccessKeys/tertiaryAccessKey - -> tertiaryAccessKey",
            ],
            vec![
                "reader-break property-removed Workspaces_ListKeys response:/notebookAccessKeys/tertiaryAccessKey tertiaryAccessKey -> -",
                "compatible property-added Workspaces_ListKeys response:/notebookAccessKeys/primaryAccessKey - -> primaryAccessKey",
            ],
        ),
        (
            "an object, not its leaves",
            vec![remove(&format!("{keys}/containerRegistryCredentials"))],
            vec![
                "reader-break property-removed Workspaces_ListKeys response:/containerRegistryCredentials containerRegistryCredentials -> -",
            ],
            vec![
                "compatible property-added Workspaces_ListKeys response:/containerRegistryCredentials - -> containerRegistryCredentials",
            ],
        ),
        (
            "a renamed object, and a change inside",
            vec![
                remove(&format!("{keys}/notebookAccessKeys")),
                set(
                    &format!("{keys}/notebookKeys"),
                    json!({
                        "readOnly": true, "allOf": [{ "$ref": "#/components/schemas/ListNotebookKeysResult" }],
                    }),
                ),
                set(
                    ":ListNotebookKeysResult/properties/created",
                    json!({ "type": "string" }),
                ),
            ],
            vec![
                "reader-break property-renamed Workspaces_ListKeys response:/notebookAccessKeys notebookAccessKeys -> notebookKeys",
                "compatible property-added Workspaces_ListKeys response:/notebookAccessKeys/created - -> created",
            ],
            vec![
                "reader-break property-removed Workspaces_ListKeys response:/notebookKeys/created created -> -",
                "reader-break property-renamed Workspaces_ListKeys response:/notebookKeys notebookKeys -> notebookAccessKeys",
            ],
        ),
        (
            "a string that becomes an object",
            vec![set(&format!("{keys}/userStorageKey/type"), json!("object"))],
            vec![
                "reader-break property-retyped Workspaces_ListKeys response:/userStorageKey string -> object",
            ],
            vec![
                "reader-break property-retyped Workspaces_ListKeys response:/userStorageKey object -> string",
            ],
        ),
        (
            "items of another type",
            vec![set(
                ":RegistryListCredentialsResult/properties/passwords/items",
                json!({ "type": "string" }),
            )],
            vec![
                "reader-break property-retyped Workspaces_ListKeys response:/containerRegistryCredentials/passwords/* object -> string",
            ],
            vec![
                "reader-break property-retyped Workspaces_ListKeys response:/containerRegistryCredentials/passwords/* string -> object",
            ],
        ),
        (
            "one in place of several",
            vec![set(
                ":RegistryListCredentialsResult/properties/passwords",
                json!({ "$ref": "#/components/schemas/Password" }),
            )],
            vec![
                "reader-break property-retyped Workspaces_ListKeys response:/containerRegistryCredentials/passwords array -> object",
            ],
            vec![
                "reader-break property-retyped Workspaces_ListKeys response:/containerRegistryCredentials/passwords object -> array",
            ],
        ),
        (
            "another way of writing",
            vec![set(
                &format!("{keys}/userStorageResourceId/format"),
                json!("byte"),
            )],
            vec![
                "reader-break property-retyped Workspaces_ListKeys response:/userStorageResourceId string -> string (byte)",
            ],
            vec![
                "reader-break property-retyped Workspaces_ListKeys response:/userStorageResourceId string (byte) -> string",
            ],
        ),
        (
            "what is in a string",
            vec![set(
                &format!("{keys}/userStorageResourceId/format"),
                json!("arm-id"),
            )],
            vec![
                "metadata format-changed Workspaces_ListKeys response:/userStorageResourceId - -> arm-id",
            ],
            vec![
                "metadata format-changed Workspaces_ListKeys response:/userStorageResourceId arm-id -> -",
            ],
        ),
        (
            "limits that nobody checks",
            vec![
                set(":Password/properties/name/maxLength", json!(9)),
                set(":Password/properties/name/pattern", json!("^p")),
            ],
            vec![
                "metadata pattern-added Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/name - -> ^p",
                "metadata limit-tightened Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/name - -> maxLength 9",
            ],
            vec![
                "metadata pattern-removed Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/name ^p -> -",
                "metadata limit-loosened Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/name maxLength 9 -> -",
            ],
        ),
        (
            "nullable, read-only, required, deprecated",
            vec![
                remove(":AksComputeSecretsProperties/properties/imagePullSecretName/nullable"),
                set(
                    ":AksComputeSecretsProperties/properties/imagePullSecretName/readOnly",
                    json!(true),
                ),
                set(
                    ":AksComputeSecretsProperties/properties/imagePullSecretName/deprecated",
                    json!(true),
                ),
                set(
                    ":AksComputeSecretsProperties/required",
                    json!(["imagePullSecretName"]),
                ),
            ],
            vec![
                "compatible property-became-required Compute_ListKeys response:/imagePullSecretName [AKS] optional -> required",
                "compatible no-longer-nullable Compute_ListKeys response:/imagePullSecretName [AKS] nullable -> not null",
                "metadata became-deprecated Compute_ListKeys response:/imagePullSecretName [AKS] - -> -",
                "metadata became-read-only Compute_ListKeys response:/imagePullSecretName [AKS] writable -> read-only",
            ],
            vec![
                "compatible property-became-optional Compute_ListKeys response:/imagePullSecretName [AKS] required -> optional",
                "compatible became-nullable Compute_ListKeys response:/imagePullSecretName [AKS] not null -> nullable",
                "metadata no-longer-deprecated Compute_ListKeys response:/imagePullSecretName [AKS] - -> -",
                "metadata no-longer-read-only Compute_ListKeys response:/imagePullSecretName [AKS] read-only -> writable",
            ],
        ),
        (
            "what a response does not hold any more",
            vec![set(":Password/properties/value/writeOnly", json!(true))],
            vec![
                "reader-break property-removed Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/value value -> -",
            ],
            vec![
                "compatible property-added Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/value - -> value",
            ],
        ),
        (
            "further properties",
            vec![set(
                ":Password/additionalProperties",
                json!({ "type": "string" }),
            )],
            vec![
                "compatible property-added Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/* - -> *",
            ],
            vec![
                "reader-break property-removed Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/* * -> -",
            ],
        ),
        (
            "two changes, of two operations",
            vec![
                remove(":DatabricksComputeSecretsProperties/properties/databricksAccessToken"),
                set(&format!("{keys}/newKey"), json!({ "type": "string" })),
            ],
            vec![
                "reader-break property-removed Compute_ListKeys response:/databricksAccessToken [Databricks] databricksAccessToken -> -",
                "compatible property-added Workspaces_ListKeys response:/newKey - -> newKey",
            ],
            vec![
                "reader-break property-removed Workspaces_ListKeys response:/newKey newKey -> -",
                "compatible property-added Compute_ListKeys response:/databricksAccessToken [Databricks] - -> databricksAccessToken",
            ],
        ),
    ] {
        check(what, &edits, &forwards, &backwards);
    }
}

#[test]
fn the_width_of_a_number_is_a_type() {
    let with = |format: Option<&str>| {
        let mut schema = json!({ "type": "integer" });
        if let Some(format) = format {
            schema["format"] = json!(format);
        }
        edited(&base(), &[set(":Password/properties/age", schema)])
    };
    let at = "Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/age";
    assert_eq!(
        findings(&with(Some("int32")), &with(Some("int64"))),
        [format!(
            "reader-break property-retyped {at} integer (int32) -> integer (int64)"
        )]
    );
    assert_eq!(
        findings(&with(Some("int32")), &with(None)),
        [format!(
            "reader-break property-retyped {at} integer (int32) -> integer"
        )]
    );
}

#[test]
fn secrecy() {
    check(
        "upstream's mark",
        &[set(":Password/properties/value/x-ms-secret", json!(true))],
        &[
            "secrecy became-secret Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/value public -> secret",
        ],
        &[
            "secrecy stopped-being-secret Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/value secret -> public",
        ],
    );
    check(
        "upstream's other mark, which is no other format",
        &[set(":Password/properties/value/format", json!("password"))],
        &[
            "secrecy became-secret Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/value public -> secret",
        ],
        &[
            "secrecy stopped-being-secret Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/value secret -> public",
        ],
    );
    check(
        "a mark inside of a wrapper",
        &[
            set(":Token", json!({ "type": "string", "x-ms-secret": true })),
            set(
                ":Password/properties/value",
                json!({ "readOnly": true, "minLength": 0, "allOf": [{ "$ref": "#/components/schemas/Token" }] }),
            ),
        ],
        &[
            "secrecy became-secret Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/value public -> secret",
        ],
        &[
            "secrecy stopped-being-secret Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/value secret -> public",
        ],
    );
    check(
        "both marks say one thing",
        &[set(
            ":ListNotebookKeysResult/properties/primaryAccessKey/format",
            json!("password"),
        )],
        &[],
        &[],
    );
}

#[test]
fn secrecy_that_only_we_state() {
    let mark = |secret: bool| {
        let text = json!({
            "overlay": "1.0.0", "info": { "title": "", "version": "1" },
            "actions": [{
                "target": if secret { "$.components.schemas.*.properties.value" } else { "$.x" },
                "update": { "x-amlkeys-secret": true },
            }, {
                "target": if secret { "$.x" } else { "$.components.schemas.Password.properties.value" },
                "update": { "x-amlkeys-secret": false },
            }],
        });
        let overlay = Overlay::parse("overlay.json".into(), &text.to_string()).unwrap();
        Document::new(&spec(&base()).unwrap(), &overlay).unwrap()
    };
    let found = compare::compare(&mark(false), &mark(true)).unwrap();
    let [found] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(found.kind.to_string(), "became-secret");
    assert!(found.advice.starts_with("Classify"));
    let advice = |old: &Value, new: &Value| changes(old, new).unwrap().changes[0].advice.clone();
    let marked = edited(
        &base(),
        &[set(":Password/properties/value/x-ms-secret", json!(true))],
    );
    assert!(
        advice(&base(), &marked).starts_with("Nothing to do: spec/overlay.json calls it secret")
    );
}

#[test]
fn variants_and_their_tags() {
    let aks = "/components/schemas/ComputeSecrets/discriminator/mapping/AKS";
    let kinds = ":ComputeType/anyOf/0/enum";
    let without = |tag: &str| {
        let document = base();
        let values = document.pointer(&place(kinds)).unwrap().as_array().unwrap();
        json!(values.iter().filter(|it| **it != *tag).collect::<Vec<_>>())
    };
    check(
        "one less, with its enum value",
        &[
            remove(aks),
            remove(":AksComputeSecrets"),
            set(kinds, without("AKS")),
        ],
        &["reader-break variant-removed Compute_ListKeys response: [AKS] AKS -> -"],
        &["compatible variant-added Compute_ListKeys response: [AKS] - -> AKS"],
    );
    check(
        "one less, and its enum value stays",
        &[remove(aks), remove(":AksComputeSecrets")],
        &["reader-break variant-removed Compute_ListKeys response: [AKS] AKS -> -"],
        &["compatible variant-added Compute_ListKeys response: [AKS] - -> AKS"],
    );
    check(
        "another tag for the same",
        &[
            remove(aks),
            set(
                "/components/schemas/ComputeSecrets/discriminator/mapping/Aks",
                json!("AksComputeSecrets"),
            ),
            set(":AksComputeSecrets/x-ms-discriminator-value", json!("Aks")),
            set(&format!("{kinds}/0"), json!("Aks")),
        ],
        &["reader-break variant-renamed Compute_ListKeys response: [AKS] AKS -> Aks"],
        &["reader-break variant-renamed Compute_ListKeys response: [Aks] Aks -> AKS"],
    );
    check(
        "another variant with the same properties",
        &[
            remove("/components/schemas/ComputeSecrets/discriminator/mapping/VirtualMachine"),
            remove(":VirtualMachineSecrets"),
            set(
                ":HdInsightSecrets",
                json!({
                    "allOf": [
                        { "$ref": "#/components/schemas/ComputeSecrets" },
                        { "$ref": "#/components/schemas/VirtualMachineSecretsSchema" },
                    ],
                    "x-ms-discriminator-value": "HDInsight",
                }),
            ),
        ],
        &[
            "reader-break variant-removed Compute_ListKeys response: [VirtualMachine] VirtualMachine -> -",
            "compatible variant-added Compute_ListKeys response: [HDInsight] - -> HDInsight",
        ],
        &[
            "reader-break variant-removed Compute_ListKeys response: [HDInsight] HDInsight -> -",
            "compatible variant-added Compute_ListKeys response: [VirtualMachine] - -> VirtualMachine",
        ],
    );
    check(
        "enum values",
        &[set(&format!("{kinds}/1"), json!("Quantum"))],
        &[
            "compatible enum-value-added Compute_ListKeys response:/computeType - -> Quantum",
            "compatible enum-value-removed Compute_ListKeys response:/computeType Kubernetes -> -",
        ],
        &[
            "compatible enum-value-added Compute_ListKeys response:/computeType - -> Kubernetes",
            "compatible enum-value-removed Compute_ListKeys response:/computeType Quantum -> -",
        ],
    );
    check(
        "the spelling of an enum value",
        &[set(&format!("{kinds}/1"), json!("kubernetes"))],
        &[
            "reader-break enum-value-renamed Compute_ListKeys response:/computeType Kubernetes -> kubernetes",
        ],
        &[
            "reader-break enum-value-renamed Compute_ListKeys response:/computeType kubernetes -> Kubernetes",
        ],
    );
    check(
        "closed",
        &[
            remove(":ComputeType/anyOf/1"),
            remove(":ComputeType/x-ms-enum"),
        ],
        &["compatible enum-closed Compute_ListKeys response:/computeType open -> closed"],
        &["compatible enum-opened Compute_ListKeys response:/computeType closed -> open"],
    );
    let document = base();
    let named = document.pointer(&place(kinds)).unwrap().as_array().unwrap();
    let mut named: Vec<&str> = named.iter().filter_map(Value::as_str).collect();
    named.sort();
    let named = named.join(", ");
    check(
        "any string",
        &[set(":ComputeType", json!({ "type": "string" }))],
        &[&format!(
            "compatible enum-removed Compute_ListKeys response:/computeType {named} -> -"
        )],
        &[&format!(
            "compatible enum-added Compute_ListKeys response:/computeType - -> {named}"
        )],
    );
    check(
        "the tag's name",
        &[
            set(":ComputeSecrets/discriminator/propertyName", json!("kind")),
            set(
                ":ComputeSecrets/properties",
                json!({ "kind": { "$ref": "#/components/schemas/ComputeType" } }),
            ),
            set(":ComputeSecrets/required", json!(["kind"])),
        ],
        &[
            "reader-break discriminator-renamed Compute_ListKeys response:/computeType computeType -> kind",
        ],
        &["reader-break discriminator-renamed Compute_ListKeys response:/kind kind -> computeType"],
    );
    check(
        "a property of all variants",
        &[set(
            ":ComputeSecrets/properties/location",
            json!({ "type": "string" }),
        )],
        &["compatible property-added Compute_ListKeys response:/location - -> location"],
        &["reader-break property-removed Compute_ListKeys response:/location location -> -"],
    );
    check(
        "no variants at all",
        &[
            remove(":ComputeSecrets/discriminator"),
            remove(":AksComputeSecrets"),
            remove(":DatabricksComputeSecrets"),
            remove(":VirtualMachineSecrets"),
        ],
        &[
            "reader-break property-retyped Compute_ListKeys response: object by computeType -> object",
        ],
        &[
            "reader-break property-retyped Compute_ListKeys response: object -> object by computeType",
        ],
    );
    check(
        "several levels",
        &[set(
            ":Secure",
            json!({
                "allOf": [{ "$ref": "#/components/schemas/AksComputeSecrets" }],
                "properties": { "certificate": { "type": "string" } },
                "x-ms-discriminator-value": "SecureAKS",
            }),
        )],
        &["compatible variant-added Compute_ListKeys response: [SecureAKS] - -> SecureAKS"],
        &["reader-break variant-removed Compute_ListKeys response: [SecureAKS] SecureAKS -> -"],
    );
}

#[test]
fn errors_are_told_once_for_both_operations_and_each_level() {
    check(
        "a property of a type that holds itself",
        &[remove(":ErrorDetail/properties/target")],
        &["reader-break property-removed * error:/error/target target -> -"],
        &["compatible property-added * error:/error/target - -> target"],
    );
    check(
        "a wrapper that differs",
        &[set(
            ":ErrorResponse/properties/error",
            json!({ "readOnly": true, "allOf": [{ "$ref": "#/components/schemas/ErrorDetail" }] }),
        )],
        &["metadata became-read-only * error:/error writable -> read-only"],
        &["metadata no-longer-read-only * error:/error read-only -> writable"],
    );
    check(
        "none of one operation",
        &[remove("@compute/responses/default")],
        &["reader-break response-removed Compute_ListKeys error: default -> -"],
        &["compatible response-added Compute_ListKeys error: - -> default"],
    );
    let error = base()
        .pointer(&place("@compute/responses/default"))
        .unwrap()
        .clone();
    check(
        "by another status",
        &[
            remove("@compute/responses/default"),
            set("@compute/responses/4XX", error),
        ],
        &["metadata status-changed Compute_ListKeys error: default -> 4xx"],
        &["metadata status-changed Compute_ListKeys error: 4xx -> default"],
    );
}

#[test]
fn responses() {
    let ok = base()
        .pointer(&place("@workspaces/responses/200"))
        .unwrap()
        .clone();
    check(
        "one more",
        &[set(
            "@workspaces/responses/202",
            json!({ "description": "" }),
        )],
        &["compatible response-added Workspaces_ListKeys response: - -> 202"],
        &["reader-break response-removed Workspaces_ListKeys response: 202 -> -"],
    );
    check(
        "another status",
        &[
            remove("@workspaces/responses/200"),
            set("@workspaces/responses/201", ok),
        ],
        &["reader-break status-changed Workspaces_ListKeys response: 200 -> 201"],
        &["reader-break status-changed Workspaces_ListKeys response: 201 -> 200"],
    );
    check(
        "no body",
        &[remove("@workspaces/responses/200/content")],
        &["reader-break body-removed Workspaces_ListKeys response: - -> -"],
        &["compatible body-added Workspaces_ListKeys response: - -> -"],
    );
    let schema = json!({ "schema": { "$ref": "#/components/schemas/ListWorkspaceKeysResult" } });
    check(
        "another media type",
        &[set(
            "@workspaces/responses/200/content",
            json!({ "text/json; charset=utf-8": schema }),
        )],
        &[
            "reader-break media-type-removed Workspaces_ListKeys response: application/json -> -",
            "compatible media-type-added Workspaces_ListKeys response: - -> text/json",
        ],
        &[
            "reader-break media-type-removed Workspaces_ListKeys response: text/json -> -",
            "compatible media-type-added Workspaces_ListKeys response: - -> application/json",
        ],
    );
    check(
        "a header",
        &[set(
            "@workspaces/responses/200/headers",
            json!({ "Retry-After": { "schema": { "type": "integer" } } }),
        )],
        &[
            "compatible header-added Workspaces_ListKeys header:/headers/retry-after - -> retry-after",
        ],
        &[
            "reader-break header-removed Workspaces_ListKeys header:/headers/retry-after retry-after -> -",
        ],
    );
}

#[test]
fn request_bodies() {
    let body = |required: bool, schema: Value| json!({ "required": required, "content": { "application/json": { "schema": schema } } });
    let object = |required: Value| {
        json!({ "type": "object", "required": required, "properties": {
            "keyName": { "type": "string", "nullable": true },
            "etag": { "type": "string", "readOnly": true },
        } })
    };
    check(
        "a body",
        &[set(
            "@workspaces/requestBody",
            body(true, object(json!([]))),
        )],
        &["writer-break body-added Workspaces_ListKeys request: - -> -"],
        &["writer-break body-removed Workspaces_ListKeys request: - -> -"],
    );
    let old = edited(
        &base(),
        &[set(
            "@workspaces/requestBody",
            body(false, object(json!([]))),
        )],
    );
    let mut changed = object(json!(["keyName", "etag"]));
    changed["properties"]["keyName"] = json!({ "type": "string" });
    changed["properties"]["expiry"] = json!({ "type": "string" });
    changed["additionalProperties"] = json!(false);
    let edits = [set("@workspaces/requestBody", body(true, changed))];
    check_from(
        &old,
        "a tighter body",
        &edits,
        &[
            "writer-break body-became-required Workspaces_ListKeys request: optional -> required",
            "writer-break property-became-required Workspaces_ListKeys request:/keyName optional -> required",
            "writer-break no-longer-nullable Workspaces_ListKeys request:/keyName nullable -> not null",
            "writer-break further-properties-refused Workspaces_ListKeys request: - -> -",
            "compatible property-added Workspaces_ListKeys request:/expiry - -> expiry",
        ],
        &[
            "writer-break property-removed Workspaces_ListKeys request:/expiry expiry -> -",
            "compatible body-became-optional Workspaces_ListKeys request: required -> optional",
            "compatible property-became-optional Workspaces_ListKeys request:/keyName required -> optional",
            "compatible became-nullable Workspaces_ListKeys request:/keyName not null -> nullable",
            "compatible further-properties-allowed Workspaces_ListKeys request: - -> -",
        ],
    );
}

#[test]
fn a_type_at_two_places_is_told_at_both() {
    let twice = edited(
        &base(),
        &[set(
            ":RegistryListCredentialsResult/properties/spare",
            json!({ "$ref": "#/components/schemas/Password" }),
        )],
    );
    check_from(
        &twice,
        "a shared type",
        &[remove(":Password/properties/name")],
        &[
            "reader-break property-removed Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/name name -> -",
            "reader-break property-removed Workspaces_ListKeys response:/containerRegistryCredentials/spare/name name -> -",
        ],
        &[
            "compatible property-added Workspaces_ListKeys response:/containerRegistryCredentials/passwords/*/name - -> name",
            "compatible property-added Workspaces_ListKeys response:/containerRegistryCredentials/spare/name - -> name",
        ],
    );
}

/// `xtask/tests/diff/2021-04-01.json` is upstream's 2021-04-01 as an import
/// would have it; these are its differences as a person finds them.
#[test]
fn from_2021_04_01_to_2025_09_01() {
    let text = std::fs::read_to_string(root().join("xtask/tests/diff/2021-04-01.json")).unwrap();
    let old: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        findings(&old, &base()),
        [
            "writer-break pattern-added * parameter:/parameters/workspaceName - -> ^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$",
            "writer-break limit-tightened * parameter:/parameters/api-version - -> minLength 1",
            "writer-break limit-tightened * parameter:/parameters/resourceGroupName - -> maxLength 90",
            "writer-break limit-tightened * parameter:/parameters/resourceGroupName - -> minLength 1",
            "writer-break limit-tightened * parameter:/parameters/subscriptionId - -> minLength 1",
            "secrecy became-secret Compute_ListKeys response:/administratorAccount/privateKeyData [VirtualMachine] public -> secret",
            "secrecy became-secret Compute_ListKeys response:/administratorAccount/publicKeyData [VirtualMachine] public -> secret",
            "compatible property-added * error:/error/additionalInfo - -> additionalInfo",
            "compatible property-added * error:/error/details/*/additionalInfo - -> additionalInfo",
            "compatible property-added * error:/error/details/*/details - -> details",
            "compatible property-added * error:/error/details/*/target - -> target",
            "compatible property-became-optional * error:/error/details/*/code required -> optional",
            "compatible property-became-optional * error:/error/details/*/message required -> optional",
            "compatible became-nullable Compute_ListKeys response:/imagePullSecretName [AKS] not null -> nullable",
            "compatible enum-value-added Compute_ListKeys response:/computeType - -> Kubernetes",
            "metadata operation-renamed Compute_ListKeys operation: MachineLearningCompute_ListKeys -> Compute_ListKeys",
            "metadata title-changed * document: Azure Machine Learning Workspaces -> Azure Machine Learning Services",
            "metadata became-read-only * error:/error/details/*/code writable -> read-only",
            "metadata became-read-only * error:/error/details/*/message writable -> read-only",
            "metadata no-longer-read-only * error:/error read-only -> writable",
        ]
    );
}

/// A list-keys operation of another service, with what ours do not have.
fn storage() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Storage", "version": "2021-04-01" },
        "paths": { "/storageAccounts/{accountName}/listKeys": { "post": {
            "operationId": "StorageAccounts_ListKeys",
            "parameters": [
                { "name": "accountName", "in": "path", "required": true,
                  "schema": { "type": "string", "minLength": 3, "maxLength": 24 } },
                { "name": "$expand", "in": "query",
                  "schema": { "type": "string", "enum": ["kerb"], "x-ms-enum": { "name": "E", "modelAsString": false } } },
            ],
            "responses": { "200": { "description": "", "content": { "application/json": { "schema": {
                "$ref": "#/components/schemas/StorageAccountListKeysResult"
            } } } } },
        } } },
        "components": { "schemas": {
            "StorageAccountListKeysResult": { "properties": { "keys": {
                "type": "array", "readOnly": true, "items": { "$ref": "#/components/schemas/StorageAccountKey" },
            } } },
            "StorageAccountKey": { "properties": {
                "keyName": { "type": "string", "readOnly": true },
                "value": { "type": "string", "readOnly": true },
                "permissions": { "type": "string", "readOnly": true, "enum": ["Read", "Full"],
                    "x-ms-enum": { "name": "KeyPermission", "modelAsString": false } },
                "creationTime": { "type": "string", "format": "date-time", "readOnly": true },
            } },
        } },
    })
}

#[test]
fn another_service() {
    let keys = ":StorageAccountKey/properties";
    let parameters = "/paths/~1storageAccounts~1{accountName}~1listKeys/post/parameters";
    check_from(
        &storage(),
        "storage",
        &[
            set(&format!("{keys}/value/x-ms-secret"), json!(true)),
            set(
                &format!("{keys}/permissions/enum"),
                json!(["Read", "Full", "None"]),
            ),
            remove(&format!("{keys}/creationTime")),
            set(&format!("{parameters}/1/schema/enum/0"), json!("all")),
        ],
        &[
            "reader-break property-removed StorageAccounts_ListKeys response:/keys/*/creationTime creationTime -> -",
            "writer-break enum-value-removed StorageAccounts_ListKeys parameter:/parameters/$expand kerb -> -",
            "secrecy became-secret StorageAccounts_ListKeys response:/keys/*/value public -> secret",
            "compatible enum-value-added StorageAccounts_ListKeys parameter:/parameters/$expand - -> all",
            "compatible enum-value-added StorageAccounts_ListKeys response:/keys/*/permissions - -> None",
        ],
        &[
            "writer-break enum-value-removed StorageAccounts_ListKeys parameter:/parameters/$expand all -> -",
            "secrecy stopped-being-secret StorageAccounts_ListKeys response:/keys/*/value secret -> public",
            "compatible property-added StorageAccounts_ListKeys response:/keys/*/creationTime - -> creationTime",
            "compatible enum-value-added StorageAccounts_ListKeys parameter:/parameters/$expand - -> kerb",
            "compatible enum-value-removed StorageAccounts_ListKeys response:/keys/*/permissions None -> -",
        ],
    );
    let new = edited(
        &storage(),
        &[
            remove(&format!("{keys}/creationTime")),
            set(&format!("{parameters}/0/schema/maxLength"), json!(20)),
        ],
    );
    let items: Vec<_> = changes(&storage(), &new)
        .unwrap()
        .changes
        .into_iter()
        .map(|it| it.rust.unwrap())
        .collect();
    assert_eq!(
        items,
        [
            "amlkeys_client::v2021_04_01::types::StorageAccountKey::creation_time",
            "amlkeys_client::v2021_04_01::Client::storage_accounts_list_keys",
        ]
    );
}

#[test]
fn hostile_input_is_an_error_at_its_place() {
    let ring = |length: usize| {
        let schemas: serde_json::Map<_, _> = (0..length)
            .map(|at| {
                let next = format!("#/components/schemas/S{}", (at + 1) % length);
                (format!("S{at}"), json!({ "$ref": next }))
            })
            .collect();
        edited(
            &storage(),
            &[
                set("/components/schemas", json!(schemas)),
                set(
                    "/paths/~1storageAccounts~1{accountName}~1listKeys/post/responses/200/content/application~1json/schema",
                    json!({ "$ref": "#/components/schemas/S0" }),
                ),
            ],
        )
    };
    let chain = |levels: usize| {
        let schemas: serde_json::Map<_, _> = (0..levels)
            .map(|at| {
                let next = json!({ "$ref": format!("#/components/schemas/S{}", at + 1) });
                (
                    format!("S{at}"),
                    json!({ "properties": { "a": next, "b": next } }),
                )
            })
            .chain([(format!("S{levels}"), json!({ "type": "string" }))])
            .collect();
        edited(&ring(1), &[set("/components/schemas", json!(schemas))])
    };
    let at = "/paths/~1storageAccounts~1{accountName}~1listKeys/post";
    let value = ":StorageAccountKey/properties/value";
    for (document, expected) in [
        (json!({}), "#/openapi: missing"),
        (json!({ "openapi": "3.0.3" }), "#/paths: missing"),
        (
            json!({ "openapi": "3.0.3", "paths": [] }),
            "#/paths: must be an object",
        ),
        (ring(1), "$ref and allOf go round in a circle"),
        (ring(3), "$ref and allOf go round in a circle"),
        (ring(500), "$ref and allOf go more than 64 levels deep"),
        (chain(500), "nested more than 64 levels deep"),
        (chain(40), "more than 10000 values to compare"),
        (
            edited(
                &storage(),
                &[set(value, json!({ "$ref": "#/components/schemas/No" }))],
            ),
            "value/$ref: `#/components/schemas/No` points to nothing",
        ),
        (
            edited(
                &storage(),
                &[set(value, json!({ "$ref": "../../../etc/passwd" }))],
            ),
            "`../../../etc/passwd` reaches another file",
        ),
        (
            edited(
                &storage(),
                &[set(
                    value,
                    json!({ "$ref": "https://example.com/a.json#/x" }),
                )],
            ),
            "reaches another file",
        ),
        (
            edited(&storage(), &[set(value, json!({ "$ref": 1 }))]),
            "value/$ref: must be a string",
        ),
        (
            edited(&storage(), &[set(value, json!(true))]),
            "value: must be an object",
        ),
        (
            edited(
                &storage(),
                &[set(value, json!({ "type": ["string", "null"] }))],
            ),
            "its type must be a string in OpenAPI 3.0",
        ),
        (
            edited(&storage(), &[set(value, json!({ "type": "file" }))]),
            "`file` is not a type of OpenAPI 3.0",
        ),
        (
            edited(&storage(), &[set(value, json!({ "allOf": {} }))]),
            "allOf: must be an array",
        ),
        (
            edited(&storage(), &[set(value, json!({ "discriminator": {} }))]),
            "discriminator/propertyName: missing",
        ),
        (
            edited(
                &storage(),
                &[set(":StorageAccountKey/properties", json!([]))],
            ),
            "properties: must be an object",
        ),
        (
            edited(
                &storage(),
                &[set(&format!("{at}/parameters/0"), json!({ "name": "x" }))],
            ),
            "parameters/0/in: missing",
        ),
        (
            edited(
                &storage(),
                &[set(&format!("{at}/parameters/0"), json!({ "$ref": "#/x" }))],
            ),
            "`#/x` points to nothing",
        ),
        (
            edited(&storage(), &[set(at, json!(1))]),
            "must be an object",
        ),
    ] {
        let error = match changes(&storage(), &document).and(changes(&document, &document)) {
            Ok(_) => panic!("expected: {expected}"),
            Err(error) => format!("{error:#}"),
        };
        assert!(
            error.contains(expected),
            "{error}\ndoes not say: {expected}"
        );
    }
}

/// Every node of the document in turn is replaced by something else.
#[test]
fn no_broken_document_makes_it_panic() {
    fn places(value: &Value, at: &str, found: &mut Vec<String>) {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
                .collect(),
            Value::Array(array) => array
                .iter()
                .enumerate()
                .map(|(index, value)| (index.to_string(), value))
                .collect(),
            _ => Vec::new(),
        };
        for (step, value) in children {
            let at = format!("{at}/{step}");
            places(value, &at, found);
            found.push(at);
        }
    }
    let document = base();
    let mut found = Vec::new();
    places(&document, "", &mut found);
    let others = [
        json!(null),
        json!(1),
        json!("#/components/schemas/ErrorDetail"),
        json!([{}]),
        json!({}),
    ];
    for (at, other) in found.iter().zip(others.iter().cycle()) {
        let mut broken = document.clone();
        *broken.pointer_mut(at).unwrap() = other.clone();
        let _ = changes(&document, &broken);
        if let Ok(report) = changes(&broken, &broken) {
            assert!(report.changes.is_empty(), "{at}: {}", report.text());
        }
    }
}
