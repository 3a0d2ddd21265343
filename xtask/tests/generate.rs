//! `cargo xtask generate` as its users meet it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use serde_json_path::JsonPath;
use tempfile::TempDir;

const V2023: &str = "crates/amlkeys-client/src/generated/v2023_10_01.rs";
const V2025: &str = "crates/amlkeys-client/src/generated/v2025_09_01.rs";

struct Outcome {
    success: bool,
    stdout: String,
    stderr: String,
}

fn xtask(arguments: &[&dyn AsRef<OsStr>]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    for argument in arguments {
        command.arg(argument);
    }
    let output = command.output().unwrap();
    let outcome = Outcome {
        success: output.status.success(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(output.status.code().is_some(), "killed: {}", outcome.stderr);
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    outcome
}

/// A copy of two versions in the project's `spec/`, with what is generated from
/// them.
struct Project(TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(TempDir::new().unwrap());
        let (from, to) = (checkout().join("spec"), project.path("spec"));
        let mut excerpts = Vec::new();
        for version in ["2023-10-01", "2025-09-01"] {
            let examples = format!("examples/{version}");
            copy(&from.join(&examples), &to.join(&examples));
            let excerpt = format!("{version}.json");
            let text = fs::read_to_string(from.join(&excerpt)).unwrap();
            fs::write(to.join(&excerpt), &text).unwrap();
            excerpts.push(serde_json::from_str::<Value>(&text).unwrap());
        }
        fs::copy(from.join("overlay.json"), to.join("overlay.json")).unwrap();
        // What the overlay says of other versions alone would hit nothing here.
        project.edit_overlay(|actions| {
            actions.retain(|action| {
                let target = JsonPath::parse(action["target"].as_str().unwrap()).unwrap();
                excerpts
                    .iter()
                    .any(|excerpt| !target.query(excerpt).is_empty())
            });
        });
        project.generate();
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn run(&self, arguments: &[&dyn AsRef<OsStr>]) -> Outcome {
        let root = self.0.path();
        let mut all: Vec<&dyn AsRef<OsStr>> = vec![&"--root", &root];
        all.extend(arguments);
        xtask(&all)
    }

    fn generate(&self) -> Outcome {
        let outcome = self.run(&[&"generate"]);
        assert!(outcome.success, "{}", outcome.stderr);
        outcome
    }

    fn edit(&self, path: &str, edit: impl FnOnce(String) -> String) {
        let path = self.path(path);
        fs::write(&path, edit(fs::read_to_string(&path).unwrap())).unwrap();
    }

    fn edit_overlay(&self, edit: impl FnOnce(&mut Vec<Value>)) {
        self.edit("spec/overlay.json", |text| {
            let mut overlay: Value = serde_json::from_str(&text).unwrap();
            edit(overlay["actions"].as_array_mut().unwrap());
            overlay.to_string()
        });
    }

    /// Every generated file with its text.
    fn generated(&self) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        for folder in ["crates", "tests"] {
            list(&self.path(folder), &mut files);
        }
        files.sort();
        let with_text = files.into_iter().map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.strip_prefix(self.0.path()).unwrap().to_owned(), text)
        });
        with_text.collect()
    }
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => list(&path, files),
            false => files.push(path),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let mut files = Vec::new();
    list(from, &mut files);
    for file in files {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

#[test]
fn what_is_checked_in_is_up_to_date() {
    let outcome = xtask(&[&"generate", &"--check"]);
    assert!(outcome.success, "{}{}", outcome.stdout, outcome.stderr);
    assert!(
        outcome.stdout.starts_with("up to date: "),
        "{}",
        outcome.stdout
    );
}

#[test]
fn two_checkouts_give_the_same_bytes() {
    let (one, other) = (Project::new(), Project::new());
    assert_eq!(one.generated(), other.generated());
    assert_eq!(one.generated().len(), 6);
}

#[test]
fn versions_that_differ_in_nothing_but_their_name_share_their_source() {
    let project = Project::new();
    let text = |path| fs::read_to_string(project.path(path)).unwrap();
    assert!(text(V2025).ends_with("pub use super::v2023_10_01::*;\n"));
    assert!(text(V2023).contains("pub struct AksComputeSecrets"));

    project.edit("spec/2025-09-01.json", |spec| {
        spec.replace("\"imagePullSecretName\"", "\"imagePullSecretNames\"")
    });
    project.edit("spec/overlay.json", |overlay| {
        overlay.replace(
            ".imagePullSecretName\"",
            "['imagePullSecretName','imagePullSecretNames']\"",
        )
    });
    project.generate();
    let text = |path| fs::read_to_string(project.path(path)).unwrap();
    assert!(text(V2025).contains("image_pull_secret_names"));
    assert!(!text(V2023).contains("image_pull_secret_names"));
}

#[test]
fn check_fails_on_drift_with_a_short_diff_and_the_command_that_mends_it() {
    let project = Project::new();
    project.edit(V2023, |text| {
        text.replace("/// Error types.", "/// Errors.")
    });
    let before = project.generated();
    let outcome = project.run(&[&"generate", &"--check"]);
    assert!(!outcome.success);
    assert!(
        outcome
            .stdout
            .starts_with(&format!("stale  {V2023}  +1 -1\n  @@ ")),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome
            .stdout
            .contains("\n  -    /// Errors.\n  +    /// Error types.\n")
    );
    assert_eq!(
        outcome.stderr,
        "error: 1 of 6 generated files differ from what spec/ gives\n\
         hint: run `cargo xtask generate` and commit the result\n"
    );
    assert_eq!(project.generated(), before, "--check must not write");
    project.generate();
    assert!(project.run(&[&"generate", &"--check"]).success);
}

#[test]
fn check_shows_the_start_of_a_long_diff_and_how_much_is_left() {
    let project = Project::new();
    project.edit(V2023, |text| text.replace("pub ", "pub(crate) "));
    let outcome = project.run(&[&"generate", &"--check"]);
    assert!(outcome.stdout.lines().count() < 20, "{}", outcome.stdout);
    assert!(
        outcome.stdout.trim_end().ends_with("more lines"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn check_fails_on_a_file_that_is_missing_or_left_over() {
    let project = Project::new();
    let left_over = V2025.replace("2025", "1999");
    fs::rename(project.path(V2025), project.path(&left_over)).unwrap();
    let outcome = project.run(&[&"generate", &"--check"]);
    assert!(!outcome.success);
    let shown: Vec<&str> = outcome.stdout.lines().collect();
    assert!(
        shown[0].starts_with(&format!("missing  {V2025}  +")),
        "{shown:?}"
    );
    assert!(
        shown[1].starts_with(&format!("left over  {left_over}  +0 -")),
        "{shown:?}"
    );
    project.generate();
    assert!(!project.path(&left_over).exists());
    assert!(project.run(&[&"generate", &"--check"]).success);
}

#[test]
#[cfg(unix)]
fn only_what_differs_is_written() {
    use std::os::unix::fs::MetadataExt;

    let project = Project::new();
    // A file is replaced as a whole, so one that was written is another inode.
    let inodes = || -> Vec<(PathBuf, u64)> {
        let files = project.generated().into_iter();
        let inodes = files.map(|(path, _)| {
            let inode = fs::metadata(project.0.path().join(&path)).unwrap().ino();
            (path, inode)
        });
        inodes.collect()
    };
    let before = inodes();
    assert_eq!(project.generate().stdout, "up to date: 6 files\n");
    assert_eq!(inodes(), before);
    project.edit("spec/2025-09-01.json", |text| text + "\n");
    let outcome = project.generate();
    assert_eq!(outcome.stdout, format!("wrote  {V2025}  +1 -1\n"));
    let written: Vec<PathBuf> = inodes()
        .into_iter()
        .filter(|file| !before.contains(file))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(written, [Path::new(V2025)]);
}

#[test]
fn an_action_that_hits_nothing_in_any_version_is_an_error() {
    let project = Project::new();
    let before = project.generated();
    let mut index = 0;
    project.edit_overlay(|actions| {
        // Hits in one version only, which is enough.
        actions.push(json!({ "target": "$[?@.version == '2023-10-01']", "update": {} }));
        index = actions.len();
        actions.push(json!({ "target": "$.components.schemas.Pasword", "update": {} }));
    });
    let outcome = project.run(&[&"generate"]);
    assert!(!outcome.success);
    let expected = format!(
        "error: spec/overlay.json: #/actions/{index}/target: target `$.components.schemas.Pasword` matches nothing in any version"
    );
    assert!(outcome.stderr.starts_with(&expected), "{}", outcome.stderr);
    assert_eq!(project.generated(), before);
}

#[test]
fn an_unclassified_response_string_in_a_checked_in_version_is_an_error() {
    let project = Project::new();
    let target = "$.components.schemas.Password.properties.value";
    project.edit_overlay(|actions| actions.retain(|action| action["target"] != target));
    let outcome = project.run(&[&"generate", &"--check"]);
    assert!(!outcome.success);
    assert!(
        outcome.stderr.starts_with(
            "error: spec/2023-10-01.json: 1 response string is not classified:\n  \
             #/components/schemas/Password/properties/value\n\
             hint: say in spec/overlay.json whether each is secret"
        ),
        "{}",
        outcome.stderr
    );
}

#[test]
fn an_excerpt_whose_name_is_not_its_version_is_an_error() {
    let project = Project::new();
    fs::rename(
        project.path("spec/2023-10-01.json"),
        project.path("spec/2023-10-02.json"),
    )
    .unwrap();
    let outcome = project.run(&[&"generate"]);
    assert!(
        outcome
            .stderr
            .starts_with("error: spec/2023-10-02.json: #/info/version: is 2023-10-01"),
        "{}",
        outcome.stderr
    );
}

/// An excerpt in a folder of its own, and what comes of it.
struct Excerpt(TempDir);

impl Excerpt {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("my.json"), text).unwrap();
        Self(folder)
    }

    fn input(&self) -> PathBuf {
        self.0.path().join("my.json")
    }

    fn output(&self) -> PathBuf {
        self.0.path().join("my.rs")
    }

    fn run(&self) -> Outcome {
        xtask(&[
            &"generate",
            &"--input",
            &self.input(),
            &"--output",
            &self.output(),
        ])
    }

    fn run_with_overlay(&self, overlay: &Value) -> Outcome {
        let path = self.0.path().join("overlay.json");
        fs::write(&path, overlay.to_string()).unwrap();
        xtask(&[
            &"generate",
            &"--input",
            &self.input(),
            &"--output",
            &self.output(),
            &"--overlay",
            &path,
        ])
    }

    /// The generated source with each run of white space as one space.
    fn source(&self) -> String {
        let source = fs::read_to_string(self.output()).unwrap();
        let words: Vec<&str> = source.split_whitespace().collect();
        words.join(" ").replace("< ", "<").replace(", >", ">")
    }

    fn generated(text: impl AsRef<[u8]>) -> String {
        let excerpt = Self::new(text);
        let outcome = excerpt.run();
        assert!(outcome.success, "{}", outcome.stderr);
        excerpt.source()
    }

    /// The one error of an excerpt that gives no client, without the folder.
    fn error(text: impl AsRef<[u8]>) -> String {
        let excerpt = Self::new(text);
        let outcome = excerpt.run();
        assert!(!outcome.success);
        assert!(!excerpt.output().exists());
        let folder = format!("{}/", excerpt.0.path().display());
        outcome.stderr.replace(&folder, "")
    }
}

/// What happens in `StorageAccounts_ListKeys` of Microsoft.Storage 2021-04-01.
fn storage() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "StorageManagementClient", "version": "2021-04-01" },
        "paths": { "/subscriptions/{subscriptionId}/storageAccounts/{accountName}/listKeys": {
            "parameters": [{ "$ref": "#/components/parameters/ApiVersionParameter" }],
            "post": {
                "operationId": "StorageAccounts_ListKeys",
                "parameters": [
                    {
                        "name": "accountName", "in": "path", "required": true,
                        "schema": { "type": "string", "minLength": 3, "maxLength": 24 },
                    },
                    {
                        "name": "subscriptionId", "in": "path", "required": true,
                        "schema": { "type": "string", "format": "uuid" },
                    },
                    {
                        "name": "$expand", "in": "query",
                        "schema": { "type": "string", "enum": ["kerb"] },
                    },
                ],
                "responses": { "200": {
                    "description": "",
                    "content": { "application/json": { "schema": {
                        "$ref": "#/components/schemas/StorageAccountListKeysResult",
                    }}},
                }},
            },
        }},
        "components": {
            "parameters": { "ApiVersionParameter": {
                "name": "api-version", "in": "query", "required": true,
                "schema": { "type": "string" },
            }},
            "schemas": {
                "StorageAccountListKeysResult": { "properties": { "keys": {
                    "type": "array",
                    "readOnly": true,
                    "items": { "$ref": "#/components/schemas/StorageAccountKey" },
                }}},
                "StorageAccountKey": { "properties": {
                    "keyName": { "type": "string", "readOnly": true },
                    "value": { "type": "string", "readOnly": true },
                    "permissions": { "type": "string", "enum": ["Read", "Full"] },
                    "creationTime": { "type": "string", "format": "date-time" },
                }},
            },
        },
    })
}

/// An excerpt whose one operation answers with a schema.
fn answering(schema: Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "T", "version": "1" },
        "paths": { "/keys": { "post": {
            "operationId": "ListKeys",
            "responses": { "200": {
                "description": "",
                "content": { "application/json": { "schema": schema } },
            }},
        }}},
    })
}

#[test]
fn any_excerpt_gives_a_client() {
    let source = Excerpt::generated(storage().to_string());
    assert!(source.starts_with("// @generated by \"cargo xtask generate\" from my.json (sha256 "));
    for part in [
        "subscription_id: &'a str, account_name: &'a str, expand: Option<&'a str>, api_version: &'a str",
        "Result<ResponseValue<types::StorageAccountListKeysResult>, Error<()>>",
        "pub keys: ::std::option::Option<::std::vec::Vec<::std::option::Option<StorageAccountKey>>>",
    ] {
        assert!(source.contains(part), "{part} is not in {source}");
    }
}

#[test]
fn without_an_overlay_every_response_string_is_secret() {
    let source = Excerpt::generated(storage().to_string());
    for field in ["key_name", "value", "permissions", "creation_time"] {
        let field = format!("pub {field}: ::std::option::Option<::amlkeys_secret::Secret>");
        assert!(source.contains(&field), "{field} is not in {source}");
    }
    for (schema, carrier) in [
        (json!({ "type": "string" }), "::amlkeys_secret::Secret"),
        (json!({}), "::amlkeys_secret::SecretValue"),
        (json!({ "type": "object" }), "::amlkeys_secret::SecretValue"),
        (
            json!({ "oneOf": [{ "type": "string" }, { "type": "object" }] }),
            "::amlkeys_secret::SecretValue",
        ),
        (
            json!({ "discriminator": { "propertyName": "kind" } }),
            "types::ListKeysResponse",
        ),
        (
            json!({ "type": "array", "items": { "type": "string" } }),
            "::std::vec::Vec<::std::option::Option<::amlkeys_secret::Secret>>",
        ),
        (
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            "::std::collections::BTreeMap<::std::string::String, ::std::option::Option<::amlkeys_secret::Secret>>",
        ),
    ] {
        let source = Excerpt::generated(answering(schema).to_string());
        let returned = format!("ResponseValue<{carrier}>, Error<()>>");
        assert!(source.contains(&returned), "{returned} is not in {source}");
    }
}

#[test]
fn an_overlay_says_what_is_public() {
    let excerpt = Excerpt::new(storage().to_string());
    let mut overlay = json!({
        "overlay": "1.0.0",
        "info": { "title": "T", "version": "1" },
        "actions": [
            {
                "target": "$.components.schemas.StorageAccountKey.properties['keyName','permissions']",
                "update": { "x-amlkeys-secret": false },
            },
            // Meant for our own excerpts, and found there.
            { "target": "$.components.schemas.ComputeSecrets", "update": {} },
        ],
    });
    let outcome = excerpt.run_with_overlay(&overlay);
    assert!(outcome.success, "{}", outcome.stderr);
    let source = excerpt.source();
    assert!(source.contains("pub key_name: ::std::option::Option<::std::string::String>"));
    assert!(source.contains("pub value: ::std::option::Option<::amlkeys_secret::Secret>"));

    overlay["actions"][1]["target"] = json!("$.nowhere");
    let outcome = excerpt.run_with_overlay(&overlay);
    assert!(!outcome.success);
    assert!(
        outcome
            .stderr
            .contains("overlay.json: #/actions/1/target: target `$.nowhere` matches nothing"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn responses_are_read_tolerantly() {
    let source = Excerpt::generated(
        answering(json!({
            "type": "object",
            "required": ["count", "list", "map", "inner"],
            "additionalProperties": false,
            "properties": {
                "count": { "type": "integer", "format": "int32", "minimum": 1 },
                "list": { "type": "array", "minItems": 1, "items": { "type": "boolean" } },
                "map": { "type": "object", "additionalProperties": { "type": "number" } },
                "inner": { "type": "object", "properties": { "pattern": { "type": "string", "pattern": "^a" } } },
            },
        }))
        .to_string(),
    );
    for field in [
        "pub count: ::std::option::Option<i32>",
        "pub list: ::std::option::Option<::std::vec::Vec<::std::option::Option<bool>>>",
        "pub map: ::std::option::Option<::std::collections::BTreeMap<::std::string::String, ::std::option::Option<f64>>>",
        "pub inner: ::std::option::Option<ListKeysResponseInner>",
        "pub pattern: ::std::option::Option<::amlkeys_secret::Secret>",
    ] {
        assert!(source.contains(field), "{field} is not in {source}");
    }
    assert!(!source.contains("deny_unknown_fields"));
}

#[test]
fn the_subtypes_of_a_polymorphic_value_keep_their_secrets() {
    let mut excerpt =
        answering(json!({ "type": "array", "items": { "$ref": "#/components/schemas/Base" } }));
    let reference = |name| json!({ "$ref": format!("#/components/schemas/{name}") });
    excerpt["components"] = json!({ "schemas": {
        "Base": {
            "type": "object",
            "discriminator": { "propertyName": "kind" },
            "properties": { "kind": { "type": "string" } },
        },
        "Middle": { "allOf": [reference("Base")], "properties": { "middle": { "type": "string" } } },
        "Last": { "allOf": [reference("Middle"), { "properties": { "last": { "type": "string" } } }] },
    }});
    let source = Excerpt::generated(excerpt.to_string());
    for part in [
        "ResponseValue<::std::vec::Vec<::std::option::Option<types::Base>>>",
        "#[serde(tag = \"kind\")] pub enum Base {",
        "#[serde(rename = \"Middle\")] Middle(MiddleProperties),",
        "#[serde(rename = \"Last\")] Last(Last),",
        "#[serde(untagged)] Unknown(::amlkeys_secret::SecretObject),",
        "pub struct MiddleProperties {",
        "pub struct Last {",
        "pub last: ::std::option::Option<::amlkeys_secret::Secret>",
    ] {
        assert!(source.contains(part), "{part} is not in {source}");
    }
    assert!(!source.contains("pub kind:"), "{source}");
}

#[test]
fn a_polymorphic_value_may_stand_anywhere_and_hold_itself() {
    let reference = |name| json!({ "$ref": format!("#/components/schemas/{name}") });
    let mut excerpt = answering(json!({ "properties": {
        "base": reference("Base"),
        "middle": reference("Middle"),
        "leaf": reference("Leaf"),
    }}));
    excerpt["components"] = json!({ "schemas": {
        "Base": {
            "discriminator": { "propertyName": "kind", "mapping": {
                "unknown": reference("Leaf")["$ref"],
                "a-node": reference("Node")["$ref"],
                "a_node": reference("Middle")["$ref"],
                "empty": reference("Empty")["$ref"],
            }},
            "properties": { "kind": { "type": "string" } },
        },
        "Empty": { "allOf": [reference("Base")] },
        "Leaf": { "allOf": [reference("Base")], "properties": { "key": { "type": "string" } } },
        "Middle": { "allOf": [reference("Base")], "properties": { "size": { "type": "integer" } } },
        "Node": { "allOf": [reference("Middle")], "properties": {
            "next": reference("Base"), "all": { "type": "array", "items": reference("Middle") },
        }},
    }});
    let source = Excerpt::generated(excerpt.to_string());
    for part in [
        "pub base: ::std::option::Option<Base>",
        "pub middle: ::std::option::Option<Middle>",
        "pub leaf: ::std::option::Option<Leaf>",
        // Its tag is gone with the enum, but not where it stands by itself.
        "pub struct Leaf { #[serde(skip_serializing_if = \"::std::option::Option::is_none\")] pub key: ::std::option::Option<::amlkeys_secret::Secret>, #[serde(skip_serializing_if = \"::std::option::Option::is_none\")] pub kind:",
        "#[serde(rename = \"unknown\")] Unknown2(Leaf),",
        "#[serde(rename = \"a-node\")] ANode(::std::boxed::Box<Node>),",
        "#[serde(rename = \"a_node\")] ANode2(MiddleProperties),",
        "pub all: ::std::option::Option<::std::vec::Vec<::std::option::Option<Middle>>>",
    ] {
        assert!(source.contains(part), "{part} is not in {source}");
    }
    // Nothing is known of it but its tag.
    assert!(!source.contains("Empty"), "{source}");
}

#[test]
fn the_order_of_properties_in_the_input_changes_nothing() {
    fn backwards(value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                let entries = object.iter().rev();
                let entries = entries.map(|(key, value)| (key.clone(), backwards(value)));
                Value::Object(entries.collect::<Map<_, _>>())
            }
            Value::Array(array) => Value::Array(array.iter().map(backwards).collect()),
            other => other.clone(),
        }
    }
    let mut document = storage();
    document["paths"]["/first"] = answering(json!({ "properties": {
        "b": { "type": "object", "properties": { "x": {} } },
        "a": { "type": "object", "properties": { "x": {} } },
    }}))["paths"]["/keys"]
        .clone();
    let without_hash = |source: String| {
        source
            .split_once("this file.")
            .map(|(_, rest)| rest.to_owned())
    };
    let forwards = without_hash(Excerpt::generated(document.to_string()));
    assert_eq!(
        without_hash(Excerpt::generated(backwards(&document).to_string())),
        forwards
    );
    assert_ne!(document.to_string(), backwards(&document).to_string());
}

#[test]
fn the_folder_of_the_input_is_not_in_the_output() {
    let text = storage().to_string();
    assert_eq!(Excerpt::generated(&text), Excerpt::generated(&text));
}

#[test]
fn a_schema_that_the_generator_cannot_handle_is_an_error_at_its_place() {
    let place = "my.json: #/paths/~1keys/post/responses/200/content/application~1json/schema";
    let string = json!({ "type": "string" });
    for (schema, message) in [
        (
            json!({ "type": "file" }),
            "/type: `file` is not a type of OpenAPI 3.0",
        ),
        (
            json!({ "type": ["string", "null"] }),
            "/type: must be a string in OpenAPI 3.0",
        ),
        (json!({ "items": [string] }), "/items: must be an object"),
        (
            json!({ "discriminator": "kind" }),
            "/discriminator: must be an object",
        ),
        (
            json!({ "allOf": [{ "type": "string" }, {}] }),
            "/allOf/0: only objects can be merged",
        ),
        (
            json!({ "discriminator": {} }),
            "/discriminator: names no property",
        ),
        (
            json!({ "$ref": "#/nowhere" }),
            ": `#/nowhere` points to nothing",
        ),
        (
            json!({ "$ref": "other.json" }),
            ": `other.json` is in another file",
        ),
        (
            json!({ "properties": { "a_b": string, "aB": string } }),
            ": two of its properties are `a_b` in Rust",
        ),
    ] {
        let error = Excerpt::error(answering(schema).to_string());
        assert!(
            error.starts_with(&format!("error: {place}{message}")),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn an_operation_that_the_generator_cannot_handle_is_an_error_at_its_place() {
    let operation = "/paths/~1keys/post";
    for (place, value, message) in [
        ("operationId", Value::Null, ": has no `operationId`"),
        (
            "operationId",
            json!("New"),
            "/operationId: every client has a method `new` already",
        ),
        (
            "responses",
            json!({ "default": {} }),
            "/responses: documents no success",
        ),
        (
            "responses",
            json!({ "200": 7 }),
            "/responses/200: must be an object",
        ),
        (
            "responses",
            json!({ "200": { "content": { "text/plain": {} } } }),
            "/responses/200/content: holds no JSON",
        ),
        (
            "parameters",
            json!([{ "name": "a", "in": "cookie", "schema": { "type": "string" } }]),
            "/parameters/0/in: must be `query`, `path` or `header`",
        ),
        (
            "parameters",
            json!([{ "name": "a", "in": "query", "schema": { "type": "object" } }]),
            "/parameters/0/schema: a parameter must be a string",
        ),
        (
            "parameters",
            json!([{ "name": "a", "in": "path", "schema": { "type": "string" } }]),
            ": `{a}` must be in the path",
        ),
        (
            "requestBody",
            json!({ "content": { "application/octet-stream": {} } }),
            "/requestBody/content: holds no JSON",
        ),
    ] {
        let mut document = answering(json!({ "type": "string" }));
        document["paths"]["/keys"]["post"][place] = value;
        let error = Excerpt::error(document.to_string());
        let expected = format!("error: my.json: #{operation}{message}");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn what_is_not_an_excerpt_is_one_error_that_names_the_file() {
    let deep = "[".repeat(500);
    for (text, message) in [
        (b"".as_slice(), "my.json: cannot be read as JSON"),
        (deep.as_bytes(), "my.json: cannot be read as JSON"),
        (b"\xff", "cannot read my.json"),
        (b"{\"swagger\":\"2.0\"}", "my.json: #/openapi: missing"),
        (
            b"{\"openapi\":\"3.1.0\"}",
            "my.json: #/openapi: expected OpenAPI 3.0",
        ),
        (b"{\"openapi\":\"3.0.3\"}", "my.json: #/paths: missing"),
    ] {
        let error = Excerpt::error(text);
        assert!(error.starts_with(&format!("error: {message}")), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_that_leaves_nothing_behind() {
    let excerpt = Excerpt::new(storage().to_string());
    fs::create_dir(excerpt.output()).unwrap();
    let outcome = excerpt.run();
    assert!(!outcome.success);
    let expected = format!("error: cannot write {}: ", excerpt.output().display());
    assert!(outcome.stderr.starts_with(&expected), "{}", outcome.stderr);
    assert_eq!(fs::read_dir(excerpt.0.path()).unwrap().count(), 2);
}

#[test]
fn a_failure_leaves_the_old_output() {
    let excerpt = Excerpt::new("{");
    fs::write(excerpt.output(), "old").unwrap();
    assert!(!excerpt.run().success);
    assert_eq!(fs::read_to_string(excerpt.output()).unwrap(), "old");
}

#[test]
fn the_overlay_can_be_seen_applied() {
    let project = Project::new();
    let outcome = project.run(&[&"overlay", &"2025-09-01"]);
    assert!(outcome.success, "{}", outcome.stderr);
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let value = &document["components"]["schemas"]["Password"]["properties"]["value"];
    assert_eq!(value["x-amlkeys-secret"], true);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command
        .args(["overlay", "2025-09-01"])
        .stdout(writer)
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
}
