//! `cargo xtask import` on small invented descriptions in the official layout.
#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "all of this is test code, the helpers too"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

const FOLDER: &str = "specification/fruit/resource-manager/Microsoft.Fruit/stable/2024-01-01";
const ML: &str =
    "specification/machinelearningservices/resource-manager/Microsoft.MachineLearningServices";

/// A checkout in a folder of its own.
struct Checkout(TempDir);

struct Imported {
    succeeded: bool,
    out: String,
    errors: String,
}

impl Checkout {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One file `fruit.json` with the operation `Fruit_ListKeys`.
    fn of(swagger: &Value) -> Self {
        let checkout = Self::new();
        checkout.write(&format!("{FOLDER}/fruit.json"), &swagger.to_string());
        checkout
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn import(&self, arguments: &[&str]) -> Imported {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("import")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        Imported {
            succeeded: output.status.success(),
            out: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn import_fruit(&self) -> Imported {
        let file = format!("{FOLDER}/fruit.json");
        self.import(&[
            "--swagger",
            &file,
            "--operation",
            "Fruit_ListKeys",
            "--out",
            "out/fruit.json",
        ])
    }

    fn fruit(&self) -> Value {
        let imported = self.import_fruit();
        assert!(imported.succeeded, "{}", imported.errors);
        self.excerpt("out/fruit.json")
    }

    /// The message of an import that must fail, having written nothing.
    fn failure(&self) -> String {
        let imported = self.import_fruit();
        assert!(!imported.succeeded, "{}", imported.out);
        assert!(!self.path("out").exists(), "something was written");
        imported.errors
    }

    fn excerpt(&self, path: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(path)).unwrap()).unwrap()
    }
}

/// A description whose one operation answers with `#/definitions/Keys`.
fn swagger(definitions: Value) -> Value {
    json!({
        "swagger": "2.0",
        "info": { "title": "Fruit", "version": "2024-01-01", "description": "words" },
        "host": "management.azure.com",
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "security": [{ "azure_auth": ["user_impersonation"] }],
        "securityDefinitions": { "azure_auth": {
            "type": "oauth2", "flow": "implicit",
            "authorizationUrl": "https://login.example/authorize",
            "scopes": { "user_impersonation": "words" },
        } },
        "paths": { "/fruits/{name}/listKeys": { "post": {
            "operationId": "Fruit_ListKeys",
            "description": "words",
            "parameters": [
                { "name": "name", "in": "path", "required": true, "type": "string" },
                { "$ref": "#/parameters/ApiVersion" },
            ],
            "responses": {
                "200": { "description": "words", "schema": { "$ref": "#/definitions/Keys" } },
            },
        } } },
        "parameters": { "ApiVersion": {
            "name": "api-version", "in": "query", "required": true, "type": "string",
        } },
        "definitions": definitions,
    })
}

fn operation(swagger: &mut Value) -> &mut Value {
    &mut swagger["paths"]["/fruits/{name}/listKeys"]["post"]
}

fn add_parameter(swagger: &mut Value, parameter: Value) {
    let parameters = operation(swagger)["parameters"].as_array_mut();
    parameters.unwrap().push(parameter);
}

fn post(excerpt: &Value) -> &Value {
    &excerpt["paths"]["/fruits/{name}/listKeys"]["post"]
}

/// The excerpt's schemas for some definitions.
fn schemas(definitions: Value) -> Value {
    Checkout::of(&swagger(definitions)).fruit()["components"]["schemas"].clone()
}

/// The excerpt's form of one more parameter.
fn converted(parameter: Value) -> Value {
    let mut swagger = swagger(json!({ "Keys": {} }));
    add_parameter(&mut swagger, parameter);
    post(&Checkout::of(&swagger).fruit())["parameters"][2].clone()
}

fn schema_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn definition(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

mod conversion {
    use super::*;

    #[test]
    fn an_excerpt_has_the_head_that_its_description_has() {
        let excerpt = Checkout::of(&swagger(json!({ "Keys": {} }))).fruit();
        assert_eq!(excerpt["openapi"], "3.0.3");
        assert_eq!(
            excerpt["info"],
            json!({ "title": "Fruit", "version": "2024-01-01" })
        );
        assert_eq!(
            excerpt["servers"],
            json!([{ "url": "https://management.azure.com" }])
        );
        assert_eq!(
            excerpt["security"],
            json!([{ "azure_auth": ["user_impersonation"] }])
        );
        assert_eq!(
            excerpt["components"]["securitySchemes"]["azure_auth"],
            json!({ "type": "oauth2", "flows": { "implicit": {
                "authorizationUrl": "https://login.example/authorize",
                "scopes": { "user_impersonation": "" },
            } } }),
        );
    }

    #[test]
    fn words_go_but_properties_named_like_them_stay() {
        let properties = json!({
            "description": { "type": "string", "description": "words" },
            "title": { "type": "string", "title": "words" },
        });
        let definitions = json!({ "Keys": {
            "title": "words", "description": "words",
            "properties": properties, "required": ["title"],
        } });
        assert_eq!(
            schemas(definitions.clone())["Keys"],
            json!({
                "properties": { "description": { "type": "string" }, "title": { "type": "string" } },
                "required": ["title"],
            }),
        );
        let checkout = Checkout::of(&swagger(definitions));
        let file = format!("{FOLDER}/fruit.json");
        let imported = checkout.import(&[
            "--swagger",
            &file,
            "--operation",
            "Fruit_ListKeys",
            "--out",
            "kept.json",
            "--keep-descriptions",
        ]);
        assert!(imported.succeeded, "{}", imported.errors);
        let kept = checkout.excerpt("kept.json");
        assert_eq!(post(&kept)["description"], "words");
        assert_eq!(post(&kept)["responses"]["200"]["description"], "words");
        assert_eq!(kept["components"]["schemas"]["Keys"]["title"], "words");
    }

    #[test]
    fn what_stands_beside_a_reference_is_kept() {
        let schemas = schemas(json!({
            "Keys": { "properties": {
                "one": { "description": "words", "$ref": "#/definitions/Key" },
                "two": { "readOnly": true, "x-nullable": true, "$ref": "#/definitions/Key" },
            } },
            "Key": { "type": "string", "x-ms-secret": true, "readOnly": true },
        }));
        assert_eq!(
            schemas["Keys"]["properties"],
            json!({
                "one": schema_reference("Key"),
                "two": { "readOnly": true, "nullable": true, "allOf": [schema_reference("Key")] },
            }),
        );
        assert_eq!(
            schemas["Key"],
            json!({ "type": "string", "x-ms-secret": true, "readOnly": true }),
        );
    }

    #[test]
    fn an_enum_is_open_where_it_is_modelled_as_a_string() {
        let kind = |open: bool| {
            json!({
                "type": "string", "enum": ["a", "b"], "x-nullable": true,
                "x-ms-enum": {
                    "name": "Kind", "modelAsString": open,
                    "values": [{ "value": "a", "description": "words" }],
                },
            })
        };
        let schemas = schemas(json!({
            "Keys": { "properties": { "open": kind(true), "closed": kind(false) } },
        }));
        let words = |open: bool| {
            json!({
                "name": "Kind", "modelAsString": open, "values": [{ "value": "a" }],
            })
        };
        assert_eq!(
            schemas["Keys"]["properties"]["open"],
            json!({
                "anyOf": [
                    { "type": "string", "enum": ["a", "b"] },
                    { "type": "string", "nullable": true },
                ],
                "nullable": true,
                "x-ms-enum": words(true),
            }),
        );
        assert_eq!(
            schemas["Keys"]["properties"]["closed"],
            json!({
                "type": "string", "enum": ["a", "b"], "nullable": true, "x-ms-enum": words(false),
            }),
        );
    }

    #[test]
    fn keywords_that_both_versions_have_stay() {
        let keys = json!({
            "type": "object",
            "properties": {
                "number": {
                    "type": "number", "format": "double", "minimum": 0, "exclusiveMinimum": true,
                    "maximum": 9.5, "multipleOf": 0.5, "default": 1, "example": 2,
                },
                "text": { "type": "string", "pattern": "^(?!x)", "minLength": 1, "maxLength": 9 },
                "list": {
                    "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 3,
                    "uniqueItems": true, "x-ms-identifiers": [],
                },
                "any": { "example": "\u{1}component 99" },
            },
            "additionalProperties": { "type": "integer", "format": "int64" },
            "maxProperties": 5,
            "x-ms-azure-resource": true,
        });
        assert_eq!(schemas(json!({ "Keys": keys }))["Keys"], keys);
    }

    #[test]
    fn a_file_becomes_a_binary_string() {
        let schemas = schemas(json!({ "Keys": { "type": "file" } }));
        assert_eq!(
            schemas["Keys"],
            json!({ "type": "string", "format": "binary" })
        );
    }

    #[test]
    fn recursive_schemas_convert() {
        let error = json!({ "properties": {
            "details": { "type": "array", "items": definition("Keys") },
            "inner": definition("Keys"),
        } });
        let schemas = schemas(json!({ "Keys": error }));
        assert_eq!(
            schemas["Keys"]["properties"]["inner"],
            schema_reference("Keys")
        );
        assert_eq!(schemas.as_object().unwrap().len(), 1);
    }

    #[test]
    fn only_what_is_reached_is_taken_in_the_order_of_names() {
        let schemas = schemas(json!({
            "Unused": { "type": "string" },
            "Zebra": { "type": "string" },
            "Keys": { "properties": { "z": definition("Zebra"), "a": definition("Apple") } },
            "Apple": { "type": "string" },
        }));
        let names: Vec<&String> = schemas.as_object().unwrap().keys().collect();
        assert_eq!(names, ["Apple", "Keys", "Zebra"]);
        let properties: Vec<&String> = schemas["Keys"]["properties"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(properties, ["z", "a"]);
    }

    #[test]
    fn a_reference_into_a_definition_gets_a_component() {
        let schemas = schemas(json!({
            "Keys": { "properties": { "one": { "$ref": "#/definitions/Other/properties/a~1b" } } },
            "Other": { "properties": { "a/b": { "type": "string" } } },
        }));
        assert_eq!(
            schemas["Keys"]["properties"]["one"],
            schema_reference("Other.properties.a_b"),
        );
        assert_eq!(schemas["Other.properties.a_b"], json!({ "type": "string" }));
    }

    #[test]
    fn extensions_that_name_a_schema_bring_it_along() {
        let mut swagger = swagger(json!({ "Keys": {}, "Final": { "type": "object" } }));
        operation(&mut swagger)["x-ms-long-running-operation-options"] =
            json!({ "final-state-schema": "#/definitions/Final" });
        let excerpt = Checkout::of(&swagger).fruit();
        assert_eq!(
            post(&excerpt)["x-ms-long-running-operation-options"]["final-state-schema"],
            "#/components/schemas/Final",
        );
        assert_eq!(
            excerpt["components"]["schemas"]["Final"],
            json!({ "type": "object" })
        );
    }

    #[test]
    fn shared_parameters_are_components_and_others_stay_in_place() {
        let excerpt = Checkout::of(&swagger(json!({ "Keys": {} }))).fruit();
        assert_eq!(
            post(&excerpt)["parameters"],
            json!([
                {
                    "name": "name", "in": "path", "required": true,
                    "schema": { "type": "string" },
                },
                { "$ref": "#/components/parameters/ApiVersion" },
            ]),
        );
    }

    #[test]
    fn parameters_of_a_path_stay_at_the_path() {
        let mut swagger = swagger(json!({ "Keys": {} }));
        let name = operation(&mut swagger)["parameters"]
            .as_array_mut()
            .unwrap()
            .remove(0);
        swagger["paths"]["/fruits/{name}/listKeys"]["parameters"] = json!([name]);
        let excerpt = Checkout::of(&swagger).fruit();
        let item = &excerpt["paths"]["/fruits/{name}/listKeys"];
        assert_eq!(item["parameters"][0]["name"], "name");
        assert_eq!(item["post"]["parameters"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_header_parameter_keeps_its_extensions_beside_the_schema() {
        let parameter = json!({
            "name": "x-ms-client-request-id", "in": "header", "type": "string", "format": "uuid",
            "description": "words", "x-ms-client-request-id": true,
            "x-ms-parameter-grouping": { "name": "search" },
        });
        assert_eq!(
            converted(parameter),
            json!({
                "name": "x-ms-client-request-id", "in": "header",
                "schema": { "type": "string", "format": "uuid" },
                "x-ms-client-request-id": true,
                "x-ms-parameter-grouping": { "name": "search" },
            }),
        );
    }

    #[test]
    fn an_enum_parameter_has_the_enum_in_its_schema() {
        let parameter = converted(json!({
            "name": "kind", "in": "query", "type": "string", "enum": ["a"],
            "x-ms-enum": { "name": "Kind", "modelAsString": true },
        }));
        assert_eq!(
            parameter["schema"],
            json!({
                "anyOf": [{ "type": "string", "enum": ["a"] }, { "type": "string" }],
                "x-ms-enum": { "name": "Kind", "modelAsString": true },
            }),
        );
        assert_eq!(parameter.get("x-ms-enum"), None);
    }

    #[test]
    fn lists_in_a_query_are_written_as_before() {
        for (format, style, explode) in [
            (None, "form", false),
            (Some("csv"), "form", false),
            (Some("multi"), "form", true),
            (Some("ssv"), "spaceDelimited", false),
            (Some("pipes"), "pipeDelimited", false),
        ] {
            let mut parameter = json!({
                "name": "of", "in": "query", "type": "array", "items": { "type": "string" },
            });
            if let Some(format) = format {
                parameter["collectionFormat"] = format.into();
            }
            let converted = converted(parameter);
            assert_eq!(converted["style"], style, "{format:?}");
            assert_eq!(converted["explode"], explode, "{format:?}");
            assert_eq!(
                converted["schema"],
                json!({ "type": "array", "items": { "type": "string" } }),
            );
        }
    }

    #[test]
    fn a_body_becomes_a_request_body_that_remembers_its_name() {
        let mut swagger = swagger(json!({ "Keys": {}, "Ask": { "type": "object" } }));
        operation(&mut swagger)["consumes"] = json!(["application/json", "text/json"]);
        add_parameter(
            &mut swagger,
            json!({
                "name": "ask", "in": "body", "required": true, "schema": definition("Ask"),
                "description": "words", "x-ms-client-flatten": true,
            }),
        );
        let excerpt = Checkout::of(&swagger).fruit();
        let media = json!({ "schema": schema_reference("Ask") });
        assert_eq!(
            post(&excerpt)["requestBody"],
            json!({
                "x-ms-requestBody-name": "ask",
                "required": true,
                "x-ms-client-flatten": true,
                "content": { "application/json": media, "text/json": media },
            }),
        );
        assert_eq!(post(&excerpt)["parameters"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn form_fields_become_one_body() {
        let mut swagger = swagger(json!({ "Keys": {} }));
        operation(&mut swagger)["consumes"] = json!(["multipart/form-data"]);
        let fields = [
            json!({ "name": "what", "in": "formData", "type": "file", "required": true }),
            json!({
                "name": "tags", "in": "formData", "type": "array", "items": { "type": "string" },
            }),
        ];
        let parameters = operation(&mut swagger)["parameters"]
            .as_array_mut()
            .unwrap();
        parameters.extend(fields);
        let excerpt = Checkout::of(&swagger).fruit();
        assert_eq!(
            post(&excerpt)["requestBody"],
            json!({ "required": true, "content": { "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "what": { "type": "string", "format": "binary" },
                        "tags": { "type": "array", "items": { "type": "string" } },
                    },
                    "required": ["what"],
                },
                "encoding": { "tags": { "style": "form", "explode": false } },
            } } }),
        );
    }

    #[test]
    fn responses_have_their_media_types_and_headers() {
        let mut swagger = swagger(json!({ "Keys": {} }));
        operation(&mut swagger)["produces"] = json!(["application/json", "text/json"]);
        operation(&mut swagger)["responses"] = json!({
            "200": {
                "description": "words", "schema": definition("Keys"),
                "headers": { "Retry-After": { "type": "integer", "description": "words" } },
            },
            "204": { "description": "words" },
            "default": { "$ref": "#/responses/Failed" },
        });
        swagger["responses"] = json!({ "Failed": {
            "description": "words", "schema": definition("Keys"), "x-ms-error-response": true,
        } });
        let excerpt = Checkout::of(&swagger).fruit();
        let media = json!({ "schema": schema_reference("Keys") });
        let content = json!({ "application/json": media, "text/json": media });
        assert_eq!(
            post(&excerpt)["responses"],
            json!({
                "200": {
                    "description": "", "content": content,
                    "headers": { "Retry-After": { "schema": { "type": "integer" } } },
                },
                "204": { "description": "" },
                "default": { "description": "", "content": content, "x-ms-error-response": true },
            }),
        );
    }

    #[test]
    fn servers_come_from_host_base_path_and_schemes() {
        let mut swagger = swagger(json!({ "Keys": {} }));
        swagger["basePath"] = "/base/".into();
        swagger["schemes"] = json!(["https", "http"]);
        let excerpt = Checkout::of(&swagger).fruit();
        assert_eq!(
            excerpt["servers"],
            json!([
                { "url": "https://management.azure.com/base" },
                { "url": "http://management.azure.com/base" },
            ]),
        );
    }

    #[test]
    fn a_parameterized_host_becomes_variables() {
        let mut swagger = swagger(json!({ "Keys": {} }));
        swagger.as_object_mut().unwrap().remove("host");
        swagger["x-ms-parameterized-host"] = json!({
            "hostTemplate": "{account}.example", "positionInOperation": "first", "parameters": [{ "$ref": "#/parameters/Account" }],
        });
        swagger["parameters"]["Account"] = json!({
            "name": "account", "in": "path", "required": true, "type": "string",
            "x-ms-skip-url-encoding": true,
        });
        let excerpt = Checkout::of(&swagger).fruit();
        assert_eq!(
            excerpt["servers"],
            json!([{ "url": "https://{account}.example", "x-ms-parameterized-host": {"positionInOperation": "first"}, "variables": { "account": {
                "default": "", "x-schema": { "type": "string" }, "x-ms-skip-url-encoding": true,
            } } }]),
        );
    }

    #[test]
    fn an_operation_keeps_its_own_security_tags_and_extensions() {
        let mut swagger = swagger(json!({ "Keys": {} }));
        swagger["securityDefinitions"]["key"] =
            json!({ "type": "apiKey", "in": "header", "name": "api-key", "description": "words" });
        let own = operation(&mut swagger);
        own["security"] = json!([{ "key": [] }]);
        own["tags"] = json!(["Fruits"]);
        own["deprecated"] = true.into();
        own["x-ms-long-running-operation"] = true.into();
        own["externalDocs"] = json!({ "url": "https://example.com", "description": "words" });
        let excerpt = Checkout::of(&swagger).fruit();
        let own = post(&excerpt);
        assert_eq!(own["security"], json!([{ "key": [] }]));
        assert_eq!(own["tags"], json!(["Fruits"]));
        assert_eq!(own["deprecated"], true);
        assert_eq!(own["x-ms-long-running-operation"], true);
        assert_eq!(own["externalDocs"], json!({ "url": "https://example.com" }));
        assert_eq!(
            excerpt["components"]["securitySchemes"],
            json!({ "key": { "type": "apiKey", "in": "header", "name": "api-key" } }),
        );
    }
}

mod polymorphism {
    use super::*;

    fn base() -> Value {
        json!({
            "type": "object", "discriminator": "kind", "required": ["kind"],
            "properties": { "kind": { "type": "string" } },
        })
    }

    fn mapping(schemas: &Value, name: &str) -> Value {
        schemas[name]["discriminator"]["mapping"].clone()
    }

    #[test]
    fn subtypes_that_nothing_refers_to_are_found_and_mapped() {
        let schemas = schemas(json!({
            "Keys": base(),
            "AppleKeys": {
                "allOf": [definition("Keys"), definition("Helper")],
                "properties": { "core": { "type": "string" } },
                "x-ms-discriminator-value": "apple",
            },
            "Pear": { "allOf": [definition("Keys")] },
            "Helper": { "properties": { "stem": { "type": "string" } } },
            "Stranger": { "properties": { "keys": definition("Keys") } },
        }));
        assert_eq!(
            schemas["Keys"]["discriminator"],
            json!({ "propertyName": "kind", "mapping": {
                "apple": "#/components/schemas/AppleKeys",
                "Pear": "#/components/schemas/Pear",
            } }),
        );
        assert_eq!(
            schemas["AppleKeys"],
            json!({
                "allOf": [schema_reference("Keys"), schema_reference("Helper")],
                "properties": { "core": { "type": "string" } },
                "x-ms-discriminator-value": "apple",
            }),
        );
        assert_eq!(schemas.get("Stranger"), None);
    }

    #[test]
    fn a_grandchild_is_in_the_mapping_of_each_ancestor() {
        let schemas = schemas(json!({
            "Keys": base(),
            "Middle": {
                "discriminator": "sort",
                "allOf": [{ "allOf": [definition("Keys")] }],
                "x-ms-discriminator-value": "middle",
            },
            "Leaf": { "allOf": [definition("Middle")], "x-ms-discriminator-value": "leaf" },
        }));
        let leaf = "#/components/schemas/Leaf";
        let middle = "#/components/schemas/Middle";
        assert_eq!(
            mapping(&schemas, "Keys"),
            json!({ "leaf": leaf, "middle": middle })
        );
        assert_eq!(
            mapping(&schemas, "Middle"),
            json!({ "leaf": leaf, "middle": middle })
        );
    }

    #[test]
    fn a_base_with_a_value_of_its_own_is_in_its_mapping() {
        let mut keys = base();
        keys["x-ms-discriminator-value"] = "plain".into();
        let schemas = schemas(json!({ "Keys": keys }));
        assert_eq!(
            mapping(&schemas, "Keys"),
            json!({ "plain": "#/components/schemas/Keys" })
        );
    }

    #[test]
    fn subtypes_in_another_file_of_the_version_are_found() {
        let checkout = Checkout::of(&swagger(json!({ "Keys": base() })));
        let more = json!({ "swagger": "2.0", "definitions": { "Far": {
            "allOf": [{ "$ref": "./fruit.json#/definitions/Keys" }],
        } } });
        checkout.write(&format!("{FOLDER}/more.json"), &more.to_string());
        let schemas = &checkout.fruit()["components"]["schemas"];
        assert_eq!(
            mapping(schemas, "Keys"),
            json!({ "Far": "#/components/schemas/Far" })
        );
    }

    #[test]
    fn two_subtypes_of_one_value_are_an_error() {
        let checkout = Checkout::of(&swagger(json!({
            "Keys": base(),
            "One": { "allOf": [definition("Keys")], "x-ms-discriminator-value": "same" },
            "Two": { "allOf": [definition("Keys")], "x-ms-discriminator-value": "same" },
        })));
        let error = checkout.failure();
        assert!(error.contains("fruit.json: #/definitions/Two: "), "{error}");
        assert!(
            error.contains("the same discriminator value `same`"),
            "{error}"
        );
    }
}

mod references {
    use super::*;

    const COMMON: &str = "specification/common-types/resource-management";

    #[test]
    fn references_reach_other_files_at_any_depth() {
        let mut swagger = swagger(json!({ "Keys": {
            "$ref": "../../../../../common-types/resource-management/v1/types.json#/definitions/K%65ys"
        } }));
        add_parameter(
            &mut swagger,
            json!({
                "$ref": "../../../../../common-types/resource-management/v1/types.json#/parameters/Id"
            }),
        );
        let checkout = Checkout::of(&swagger);
        let one = json!({
            "definitions": { "Keys": { "properties": {
                "deep": { "$ref": "../v2/types.json#/definitions/Deep" },
            } } },
            "parameters": { "Id": { "$ref": "../v2/types.json#/parameters/TheId" } },
        });
        let two = json!({
            "definitions": { "Deep": { "type": "string" } },
            "parameters": { "TheId": { "name": "id", "in": "query", "type": "string" } },
        });
        // Some editors begin a file with a byte order mark, and end lines twice.
        let two = format!("\u{feff}{two:#}").replace('\n', "\r\n");
        checkout.write(&format!("{COMMON}/v1/types.json"), &one.to_string());
        checkout.write(&format!("{COMMON}/v2/types.json"), &two);
        let excerpt = checkout.fruit();
        let components = &excerpt["components"];
        assert_eq!(components["schemas"]["Deep"], json!({ "type": "string" }));
        assert_eq!(
            post(&excerpt)["parameters"][2]["$ref"],
            "#/components/parameters/TheId"
        );
        assert_eq!(components["parameters"]["TheId"]["name"], "id");
    }

    #[test]
    fn definitions_of_one_name_are_one_if_alike_and_renamed_if_not() {
        let version =
            |it: &str| format!("../../../../../common-types/resource-management/{it}/types.json");
        let property = |it: &str| json!({ "$ref": version(it) + "#/definitions/Error" });
        let checkout = Checkout::of(&swagger(json!({ "Keys": { "properties": {
            "one": property("v1"), "two": property("v2"), "three": property("v3"),
        } } })));
        let types = |detail: &str| {
            json!({ "definitions": {
            "Error": { "description": detail, "properties": { "detail": definition("Detail") } },
            "Detail": { "type": detail },
        } })
        };
        checkout.write(
            &format!("{COMMON}/v1/types.json"),
            &types("string").to_string(),
        );
        checkout.write(
            &format!("{COMMON}/v2/types.json"),
            &types("string").to_string(),
        );
        checkout.write(
            &format!("{COMMON}/v3/types.json"),
            &types("integer").to_string(),
        );
        let schemas = checkout.fruit()["components"]["schemas"].clone();
        assert_eq!(
            schemas["Keys"]["properties"],
            json!({
                "one": schema_reference("Error"),
                "two": schema_reference("Error"),
                "three": schema_reference("Error2"),
            }),
        );
        assert_eq!(
            schemas["Error2"]["properties"]["detail"],
            schema_reference("Detail2")
        );
        assert_eq!(schemas["Detail2"], json!({ "type": "integer" }));
        let errors = checkout.import_fruit().errors;
        assert!(
            errors.contains("v3/types.json: #/definitions/Error: is Error2 here"),
            "{errors}"
        );
    }

    #[test]
    fn the_mapping_follows_a_renamed_subtype() {
        let checkout = Checkout::of(&swagger(json!({
            "Keys": { "properties": {
                "fruit": { "$ref": "./base.json#/definitions/Base" }, "other": definition("Sub"),
            } },
            "Sub": { "type": "string" },
        })));
        let base = json!({ "definitions": {
            "Base": { "discriminator": "kind", "properties": { "kind": { "type": "string" } } },
            "Sub": { "allOf": [definition("Base")], "x-ms-discriminator-value": "sub" },
        } });
        checkout.write(&format!("{FOLDER}/base.json"), &base.to_string());
        let schemas = checkout.fruit()["components"]["schemas"].clone();
        assert_eq!(
            schemas["Base"]["discriminator"]["mapping"],
            json!({ "sub": "#/components/schemas/Sub2" }),
        );
    }

    fn failure_of(reference: &str) -> String {
        let keys = json!({ "properties": { "bad": { "$ref": reference } } });
        let checkout = Checkout::of(&swagger(json!({ "Keys": keys })));
        checkout.write("outside.json", "{\"definitions\": {\"A\": {}}}");
        checkout.write(&format!("{FOLDER}/folder/file.json"), "{}");
        let error = checkout.failure();
        let place = "fruit.json: #/definitions/Keys/properties/bad/$ref";
        assert!(error.contains(place), "{error}");
        error
    }

    #[test]
    fn a_reference_to_nothing_names_its_place() {
        assert!(failure_of("#/definitions/No").contains("`#/definitions/No` points to nothing"));
        assert!(failure_of("no.json#/definitions/A").contains("cannot read"));
        assert!(failure_of("folder#/definitions/A").contains("is not a file"));
        assert!(failure_of("fruit.json").contains("refers to a whole file"));
        assert!(failure_of("#/info/title").contains("is no schema"));
        assert!(failure_of("#/parameters/ApiVersion").contains("is no schema"));
    }

    #[test]
    fn references_out_of_the_checkout_are_refused_unread() {
        for path in [
            "../../../../../../outside.json#/definitions/A",
            "../../../../../../../../../../../etc/passwd",
            "%2e%2e/../../../../../outside.json#/definitions/A",
            "/etc/passwd",
        ] {
            let error = failure_of(path);
            assert!(error.contains("leads out of"), "{error}");
        }
        for url in [
            "https://example.com/a.json#/definitions/A",
            "file:///etc/passwd",
            "//example.com/a.json#/definitions/A",
        ] {
            let error = failure_of(url);
            assert!(error.contains("is a URL"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_checkout_are_refused() {
        let keys = json!({ "$ref": "link.json#/definitions/A" });
        let checkout = Checkout::of(&swagger(json!({ "Keys": keys })));
        checkout.write("outside.json", "{\"definitions\": {\"A\": {}}}");
        let link = checkout.path(&format!("{FOLDER}/link.json"));
        std::os::unix::fs::symlink(checkout.path("outside.json"), link).unwrap();
        assert!(checkout.failure().contains("is a link that leads out of"));
    }

    #[test]
    fn circles_that_describe_nothing_are_errors() {
        let alias = json!({ "Keys": definition("B"), "B": definition("Keys") });
        let error = Checkout::of(&swagger(alias)).failure();
        assert!(error.contains("goes round in a circle"), "{error}");
        let all_of = json!({
            "Keys": { "allOf": [definition("B")] },
            "B": { "properties": {}, "allOf": [{ "allOf": [definition("Keys")] }] },
        });
        let error = Checkout::of(&swagger(all_of)).failure();
        assert!(error.contains("round in a circle"), "{error}");
    }
}

mod refusals {
    use super::*;

    #[test]
    fn what_cannot_be_converted_is_an_error_with_its_place() {
        for (keys, place, what) in [
            (json!({ "type": "date" }), "type", "unknown type \"date\""),
            (
                json!({ "type": ["string", "object"] }),
                "type",
                "unknown type",
            ),
            (json!({ "items": [{}, {}] }), "items", "must be an object"),
            (
                json!({ "discriminator": { "a": 1 } }),
                "discriminator",
                "the name of a property",
            ),
            (json!({ "minLength": "1" }), "minLength", "cannot be \"1\""),
            (json!({ "enum": [] }), "enum", "a list of values"),
            (
                json!({ "properties": { "a": true } }),
                "properties/a",
                "must be an object",
            ),
        ] {
            let error = Checkout::of(&swagger(json!({ "Keys": keys }))).failure();
            let place = format!("fruit.json: #/definitions/Keys/{place}: ");
            assert!(error.contains(&place), "{error}");
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn parameters_without_an_openapi_form_are_errors() {
        for (parameter, what) in [
            (
                json!({ "name": "a", "in": "query", "type": "array", "collectionFormat": "tsv",
                        "items": {} }),
                "parameters/2/collectionFormat: OpenAPI 3.0 has no form for `tsv` in query",
            ),
            (
                json!({ "name": "a", "in": "cookie" }),
                "parameters/2/in: unknown location `cookie`",
            ),
            (
                json!({ "in": "query", "type": "string" }),
                "parameters/2/name: missing",
            ),
        ] {
            let mut swagger = swagger(json!({ "Keys": {} }));
            add_parameter(&mut swagger, parameter);
            let error = Checkout::of(&swagger).failure();
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn a_path_parameter_that_is_not_described_is_an_error() {
        let mut swagger = swagger(json!({ "Keys": {} }));
        operation(&mut swagger)["parameters"][0]["name"] = "Name".into();
        let error = Checkout::of(&swagger).failure();
        assert!(
            error.contains("the path has {name}, but there is no such parameter"),
            "{error}"
        );
    }

    #[test]
    fn words_that_swagger_does_not_have_are_dropped_with_a_warning() {
        let checkout = Checkout::of(&swagger(json!({ "Keys": {
            "type": "object", "nullable": true, "requierd": ["a"],
            "properties": {
                "a": { "type": "boolean", "required": true, "default": "yes" },
                "b": { "type": "array" },
            },
        } })));
        let imported = checkout.import_fruit();
        assert!(imported.succeeded);
        for place in [
            "Keys/nullable: is no keyword of Swagger 2.0 here; dropped",
            "Keys/requierd: is no keyword of Swagger 2.0 here; dropped",
            "Keys/properties/a/required: stands at the property instead of its object; dropped",
            "Keys/properties/a/default: \"yes\" is no value of its schema; dropped",
            "Keys/properties/b: an array without `items`; made one of anything",
        ] {
            let warning = format!("warning: {FOLDER}/fruit.json: #/definitions/{place}\n");
            assert!(imported.errors.contains(&warning), "{}", imported.errors);
        }
    }

    #[test]
    fn text_that_is_no_swagger_is_an_error_that_names_the_file() {
        for (text, what) in [
            (
                "{ \"swagger\": ",
                "fruit.json is not a JSON object: EOF while parsing",
            ),
            ("[]", "fruit.json is not a JSON object"),
            ("{}", "fruit.json: #/info/version: missing"),
            ("{\"paths\": 5}", "fruit.json: #/paths: must be an object"),
        ] {
            let checkout = Checkout::new();
            checkout.write(&format!("{FOLDER}/fruit.json"), text);
            let error = checkout.failure();
            assert!(error.contains(what), "{error}");
        }
        let mut newer = swagger(json!({ "Keys": {} }));
        newer["swagger"] = "3.0".into();
        let error = Checkout::of(&newer).failure();
        assert!(
            error.contains("#/swagger: expected \"2.0\", found \"3.0\""),
            "{error}"
        );
    }

    #[test]
    fn nesting_without_end_is_an_error_that_names_the_definition() {
        const LEVELS: usize = 100_000;
        let text = swagger(json!({ "Keys": "deep" })).to_string();
        let deep = "{\"items\":".repeat(LEVELS) + "{}" + &"}".repeat(LEVELS);
        let checkout = Checkout::new();
        checkout.write(
            &format!("{FOLDER}/fruit.json"),
            &text.replace("\"deep\"", &deep),
        );
        let error = checkout.failure();
        let what = "fruit.json: #/definitions/Keys: is nested more than 128 levels deep";
        assert!(error.contains(what), "{error}");
    }

    #[test]
    fn ten_megabytes_convert() {
        let mut definitions = json!({ "Keys": { "type": "string" } });
        let words = "words ".repeat(1000);
        for number in 0..1700 {
            definitions[format!("Other{number}")] = json!({ "description": words });
        }
        let swagger = swagger(definitions);
        assert!(swagger.to_string().len() > 10_000_000);
        let schemas = &Checkout::of(&swagger).fruit()["components"]["schemas"];
        assert_eq!(*schemas, json!({ "Keys": { "type": "string" } }));
    }

    #[test]
    fn more_schemas_than_anybody_has_are_an_error() {
        let next = |number: usize| json!({ "items": definition(&format!("Key{number}")) });
        let chain: serde_json::Map<String, Value> = (0..10_001)
            .map(|number| (format!("Key{number}"), next(number + 1)))
            .collect();
        let mut definitions = Value::Object(chain);
        definitions["Keys"] = definition("Key0");
        definitions["Key10001"] = json!({});
        let error = Checkout::of(&swagger(definitions)).failure();
        assert!(
            error.contains("is one of more than 10000 that are reached"),
            "{error}"
        );
    }

    #[test]
    fn schemas_that_multiply_are_an_error() {
        let twice = |name: &str| json!({ "allOf": [definition(name), definition(name)] });
        let mut definitions = json!({ "Keys": twice("Key0"), "Key40": {} });
        for number in 0..40 {
            definitions[format!("Key{number}")] = twice(&format!("Key{}", number + 1));
        }
        let error = Checkout::of(&swagger(definitions)).failure();
        assert!(
            error.contains("brings in more than 10000 others"),
            "{error}"
        );
    }

    #[test]
    fn a_long_chain_of_schemas_converts() {
        let mut definitions = json!({ "Keys": definition("Key0") });
        for number in 0..3000 {
            definitions[format!("Key{number}")] =
                json!({ "properties": { "next": definition(&format!("Key{}", number + 1)) } });
        }
        definitions["Key3000"] = json!({ "type": "string" });
        let mut swagger = swagger(definitions);
        operation(&mut swagger)["x-ms-examples"] =
            json!({ "Keys": { "$ref": "./examples/keys.json" } });
        let checkout = Checkout::of(&swagger);
        checkout.write(
            &format!("{FOLDER}/examples/keys.json"),
            "{\"parameters\": {}, \"responses\": {\"200\": {\"body\": {\"next\": {}}}}}",
        );
        let schemas = &checkout.fruit()["components"]["schemas"];
        assert_eq!(schemas.as_object().unwrap().len(), 3002);
    }
}

mod examples {
    use super::*;

    const EXAMPLE: &str = "{\"parameters\": {\"name\": \"a\", \"api-version\": \"2024-01-01\"},\r\n\"responses\": {\"200\": {\"body\": {\"key\": \"x\"}}}}";

    fn keys() -> Value {
        json!({ "Keys": { "type": "object", "properties": { "key": { "type": "string" } } } })
    }

    fn with_examples(definitions: Value, examples: Value) -> Checkout {
        let mut swagger = swagger(definitions);
        operation(&mut swagger)["x-ms-examples"] = examples;
        Checkout::of(&swagger)
    }

    /// The warnings for one example of `Keys` with this text.
    fn warnings(definitions: Value, title: &str, example: &Value) -> String {
        let examples = json!({ title: { "$ref": "./examples/one.json" } });
        let checkout = with_examples(definitions, examples);
        checkout.write(&format!("{FOLDER}/examples/one.json"), &example.to_string());
        let imported = checkout.import_fruit();
        assert!(imported.succeeded, "{}", imported.errors);
        imported.errors
    }

    fn answer(body: Value) -> Value {
        json!({
            "parameters": { "name": "a", "api-version": "2024-01-01" },
            "responses": { "200": { "body": body } },
        })
    }

    fn expect_warning(warnings: &str, warning: &str) {
        let path = "out/examples/2024-01-01/Fruit_ListKeys/one.json";
        let warning = format!("warning: {path}: {warning}\n");
        assert!(warnings.contains(&warning), "{warnings}");
    }

    #[test]
    fn examples_are_copied_byte_for_byte_beside_the_excerpt() {
        let examples = json!({
            "One": { "$ref": "./examples/a/keys.json" },
            "Two": { "$ref": "./examples/b/Keys.json" },
            "Three": { "$ref": "./examples/a/keys.json" },
        });
        let checkout = with_examples(keys(), examples);
        checkout.write(&format!("{FOLDER}/examples/a/keys.json"), EXAMPLE);
        checkout.write(&format!("{FOLDER}/examples/b/Keys.json"), EXAMPLE);
        let folder = "examples/2024-01-01/Fruit_ListKeys";
        assert_eq!(
            post(&checkout.fruit())["x-ms-examples"],
            json!({
                "One": { "$ref": format!("{folder}/keys.json") },
                "Two": { "$ref": format!("{folder}/b-Keys.json") },
                "Three": { "$ref": format!("{folder}/keys.json") },
            }),
        );
        for name in ["keys.json", "b-Keys.json"] {
            let text = fs::read_to_string(checkout.path(&format!("out/{folder}/{name}")));
            assert_eq!(text.unwrap(), EXAMPLE);
        }
        assert_eq!(checkout.import_fruit().errors, "");
    }

    #[test]
    fn an_example_that_is_not_there_is_left_out_with_a_warning() {
        let checkout = with_examples(keys(), json!({ "One": { "$ref": "./examples/no.json" } }));
        let imported = checkout.import_fruit();
        assert!(imported.succeeded);
        let warning = "listKeys/post/x-ms-examples/One/$ref: no such file `./examples/no.json`";
        assert!(imported.errors.contains(warning), "{}", imported.errors);
    }

    #[test]
    fn an_example_out_of_the_checkout_is_an_error() {
        let examples = json!({ "One": { "$ref": "/etc/passwd" } });
        let error = with_examples(keys(), examples).failure();
        assert!(
            error.contains("x-ms-examples/One/$ref: `/etc/passwd` leads out of"),
            "{error}"
        );
    }

    #[test]
    fn values_that_are_not_what_the_schema_says_are_reported() {
        let definitions = json!({ "Keys": { "properties": {
            "key": { "type": "string" },
            "null": { "type": "string", "x-nullable": true },
            "kind": { "type": "string", "enum": ["a"], "x-ms-enum": { "modelAsString": true } },
        } } });
        let body = json!({ "key": null, "null": null, "kind": "new", "clé": 1 });
        let warnings = warnings(definitions, "One", &answer(body));
        expect_warning(
            &warnings,
            "#/responses/200/body/key: null is not of type \"string\"",
        );
        expect_warning(
            &warnings,
            "#/responses/200/body/clé: the schema has no such property",
        );
        assert_eq!(warnings.lines().count(), 2, "{warnings}");
    }

    #[test]
    fn parameters_that_do_not_fit_are_reported() {
        let example = json!({
            "parameters": { "name": 1, "api-version": "2020-01-01", "monitor": "true" },
            "responses": { "200": { "body": {} }, "202": {} },
        });
        let warnings = warnings(keys(), "One", &example);
        expect_warning(&warnings, "#/parameters/name: 1 is not of type \"string\"");
        expect_warning(
            &warnings,
            "#/parameters/api-version: is \"2020-01-01\", but this is 2024-01-01",
        );
        expect_warning(
            &warnings,
            "#/parameters/monitor: the operation has no such parameter",
        );
        expect_warning(
            &warnings,
            "#/responses/202: the operation documents no such status",
        );
        let warnings = super::examples::warnings(
            keys(),
            "One",
            &json!({
                "parameters": {}, "responses": { "200": {} },
            }),
        );
        expect_warning(&warnings, "#/parameters/name: missing, but required");
        expect_warning(&warnings, "#/responses/200/body: missing, but documented");
    }

    fn variants() -> Value {
        let variant = |tag: &str, field: &str| {
            json!({
                "allOf": [definition("Keys")], "x-ms-discriminator-value": tag,
                "properties": { field: { "type": "string" } },
            })
        };
        json!({
            "Keys": {
                "discriminator": "computeType", "required": ["computeType"],
                "properties": { "computeType": { "type": "string" } },
            },
            "Aks": variant("AKS", "kubeConfig"),
            "Vm": variant("VirtualMachine", "account"),
        })
    }

    #[test]
    fn fields_of_another_variant_are_reported() {
        let body = json!({ "computeType": "AKS", "account": "x" });
        let warnings = warnings(variants(), "One", &answer(body));
        expect_warning(
            &warnings,
            "#/responses/200/body/account: belongs to VirtualMachine, but computeType is \"AKS\"",
        );
        assert_eq!(warnings.lines().count(), 1, "{warnings}");
    }

    #[test]
    fn a_tag_that_is_not_the_one_of_the_name_is_reported() {
        let body = json!({ "computeType": "AKS", "kubeConfig": "x" });
        let wrong = warnings(
            variants(),
            "Keys of a VirtualMachine",
            &answer(body.clone()),
        );
        expect_warning(
            &wrong,
            "#/responses/200/body/computeType: is \"AKS\", but the example is named \
             VirtualMachine: Keys of a VirtualMachine",
        );
        assert_eq!(warnings(variants(), "List AKS keys", &answer(body)), "");
        let body = json!({ "computeType": "Unheard", "new": "x" });
        let unknown = warnings(variants(), "One", &answer(body));
        expect_warning(
            &unknown,
            "#/responses/200/body/new: the schema has no such property",
        );
    }

    #[test]
    fn values_of_a_variant_are_checked() {
        let body = json!({ "computeType": "VirtualMachine", "account": 5 });
        let warnings = warnings(variants(), "One", &answer(body));
        expect_warning(
            &warnings,
            "#/responses/200/body/account: 5 is not of type \"string\"",
        );
    }

    #[test]
    fn examples_that_no_operation_refers_to_are_reported() {
        let checkout = with_examples(keys(), json!({ "One": { "$ref": "./examples/one.json" } }));
        let other = json!({ "swagger": "2.0", "paths": { "/x": { "get": {
            "operationId": "Other_Get",
            "x-ms-examples": { "x": { "$ref": "./examples/Fruits/listKeysOfOther.json" } },
        } } } });
        checkout.write(&format!("{FOLDER}/other.json"), &other.to_string());
        for name in [
            "one",
            "Fruits/listKeysOfOther",
            "listKeysOfFruit",
            "Fruit/get",
        ] {
            checkout.write(&format!("{FOLDER}/examples/{name}.json"), EXAMPLE);
        }
        let imported = checkout.import_fruit();
        assert!(imported.succeeded);
        assert_eq!(
            imported.errors,
            format!(
                "warning: {FOLDER}/examples/listKeysOfFruit.json: no operation refers to it, \
                 but it looks like one of Fruit_ListKeys\n"
            ),
        );
    }

    #[test]
    fn a_request_is_checked_too() {
        let mut swagger = swagger(json!({
            "Keys": {},
            "Ask": {
                "required": ["id", "kind"],
                "properties": {
                    "id": { "type": "string", "readOnly": true }, "kind": { "type": "string" },
                },
            },
        }));
        add_parameter(
            &mut swagger,
            json!({ "name": "ask", "in": "body", "schema": definition("Ask") }),
        );
        operation(&mut swagger)["x-ms-examples"] =
            json!({ "One": { "$ref": "./examples/one.json" } });
        let checkout = Checkout::of(&swagger);
        let mut example = answer(json!({}));
        example["parameters"]["ask"] = json!({});
        checkout.write(&format!("{FOLDER}/examples/one.json"), &example.to_string());
        let warnings = checkout.import_fruit().errors;
        expect_warning(
            &warnings,
            "#/parameters/ask: \"kind\" is a required property",
        );
        assert_eq!(warnings.lines().count(), 1, "{warnings}");
    }
}

mod finding {
    use super::*;

    const PATH: &str = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.MachineLearningServices/workspaces/{w}";

    fn ml(version: &str, operations: &[(&str, &str)]) -> String {
        let parameter = |name: &str| {
            json!({
                "name": name, "in": "path", "required": true, "type": "string",
            })
        };
        let mut swagger = swagger(json!({ "Keys": { "type": "object" } }));
        swagger["info"]["version"] = version.into();
        swagger["paths"] = json!({});
        for (name, path) in operations {
            let names = ["s", "g", "w", "c"].map(parameter);
            swagger["paths"][format!("{PATH}{path}")] = json!({ "post": {
                "operationId": name,
                "parameters": names,
                "responses": { "200": { "description": "", "schema": definition("Keys") } },
            } });
        }
        swagger.to_string()
    }

    const COMPUTE: (&str, &str) = ("Compute_ListKeys", "/computes/{c}/listKeys");
    const WORKSPACES: (&str, &str) = ("Workspaces_ListKeys", "/listKeys");

    fn import(checkout: &Checkout, folder: &str, version: &str, more: &[&str]) -> Imported {
        let arguments = [
            "--specs",
            folder,
            "--api-version",
            version,
            "--out",
            "out.json",
        ];
        checkout.import(&[&arguments[..], more].concat())
    }

    /// The names of the operations of the excerpt.
    fn names(checkout: &Checkout) -> Vec<String> {
        let excerpt = checkout.excerpt("out.json");
        let items = excerpt["paths"].as_object().unwrap().values();
        let names = items.map(|it| it["post"]["operationId"].as_str().unwrap().to_owned());
        names.collect()
    }

    #[test]
    fn both_layouts_are_searched_from_any_folder_of_the_checkout() {
        for version_folder in [
            format!("{ML}/stable/2024-01-01"),
            format!("{ML}/preview/2024-01-01"),
            format!("{ML}/MachineLearningServices/stable/2024-01-01"),
            format!("{ML}/MachineLearningServices/preview/2024-01-01"),
        ] {
            let checkout = Checkout::new();
            let text = ml("2024-01-01", &[COMPUTE, WORKSPACES]);
            checkout.write(&format!("{version_folder}/openapi.json"), &text);
            let example = format!("{ML}/MachineLearningServices/examples/2024-01-01/openapi.json");
            checkout.write(&example, &text.replace("Keys", "Lies"));
            for folder in [".", "specification", ML, &version_folder] {
                let imported = import(&checkout, folder, "2024-01-01", &[]);
                assert!(imported.succeeded, "{folder}: {}", imported.errors);
                assert_eq!(
                    names(&checkout),
                    ["Compute_ListKeys", "Workspaces_ListKeys"]
                );
            }
        }
    }

    #[test]
    fn operations_of_several_files_are_merged() {
        let checkout = Checkout::new();
        let folder = format!("{ML}/stable/2024-01-01");
        let mut workspaces: Value = serde_json::from_str(&ml("2024-01-01", &[WORKSPACES])).unwrap();
        workspaces["host"] = "other.azure.com".into();
        checkout.write(&format!("{folder}/a.json"), &ml("2024-01-01", &[COMPUTE]));
        checkout.write(&format!("{folder}/b.json"), &workspaces.to_string());
        checkout.write(&format!("{folder}/unrelated.json"), "not JSON");
        let imported = import(&checkout, ".", "2024-01-01", &[]);
        assert!(imported.succeeded, "{}", imported.errors);
        let excerpt = checkout.excerpt("out.json");
        let server = |path: &str| {
            excerpt["paths"][format!("{PATH}{path}")]["post"]["servers"][0]["url"].clone()
        };
        assert_eq!(server(COMPUTE.1), "https://management.azure.com");
        assert_eq!(server(WORKSPACES.1), "https://other.azure.com");
        assert_eq!(
            excerpt["components"]["schemas"],
            json!({ "Keys": { "type": "object" } })
        );
    }

    #[test]
    fn an_operation_is_found_by_historic_name_or_path_and_has_the_name_asked_for() {
        for old in [
            "MachineLearningCompute_ListKeys",
            "ComputeResources_Secrets",
        ] {
            let checkout = Checkout::new();
            let text = ml("2019-05-01", &[(old, COMPUTE.1), WORKSPACES]);
            checkout.write(&format!("{ML}/stable/2019-05-01/ml.json"), &text);
            let imported = import(&checkout, ".", "2019-05-01", &[]);
            assert!(imported.succeeded, "{}", imported.errors);
            let excerpt = checkout.excerpt("out.json");
            let post = &excerpt["paths"][format!("{PATH}{}", COMPUTE.1)]["post"];
            assert_eq!(post["operationId"], "Compute_ListKeys");
            assert_eq!(post["x-amlkeys-historic-operation-id"], old);
        }
        let checkout = Checkout::new();
        checkout.write(
            &format!("{ML}/stable/2024-01-01/ml.json"),
            &ml("2024-01-01", &[COMPUTE]),
        );
        let old = ["--operation", "MachineLearningCompute_ListKeys"];
        let imported = import(&checkout, ".", "2024-01-01", &old);
        assert!(imported.succeeded, "{}", imported.errors);
        assert_eq!(names(&checkout), ["MachineLearningCompute_ListKeys"]);
    }

    #[test]
    fn a_missing_operation_is_an_error_unless_the_others_are_asked_for() {
        let checkout = Checkout::new();
        let text = ml("2024-01-01", &[WORKSPACES, ("Compute_Get", "/other/{c}")]);
        checkout.write(&format!("{ML}/stable/2024-01-01/ml.json"), &text);
        let imported = import(&checkout, ".", "2024-01-01", &[]);
        assert!(!imported.succeeded);
        assert_eq!(
            imported.errors,
            "error: no operation Compute_ListKeys in api-version 2024-01-01: looked through \
             1 file with 2 operations\n\
             hint: there are Workspaces_ListKeys, Compute_Get; ask with --operation\n",
        );
        let one = ["--operation", "Workspaces_ListKeys"];
        assert!(import(&checkout, ".", "2024-01-01", &one).succeeded);
        let imported = import(&checkout, ".", "2030-01-01", &[]);
        assert!(
            imported
                .errors
                .contains("has no folder of api-version 2030-01-01")
        );
    }

    #[test]
    fn an_operation_described_twice_must_be_described_alike() {
        let checkout = Checkout::new();
        let old = format!("{ML}/stable/2024-01-01/ml.json");
        let new = format!("{ML}/MachineLearningServices/stable/2024-01-01/ml.json");
        let text = ml("2024-01-01", &[COMPUTE, WORKSPACES]);
        checkout.write(&old, &text);
        checkout.write(&new, &text.replace("words", "other words"));
        let imported = import(&checkout, ".", "2024-01-01", &[]);
        assert!(imported.succeeded, "{}", imported.errors);
        checkout.write(&new, &text.replace("\"object\"", "\"string\""));
        let imported = import(&checkout, ".", "2024-01-01", &[]);
        assert!(!imported.succeeded);
        for part in [
            "is described differently in",
            &old,
            &new,
            "hint: choose one with --swagger",
        ] {
            assert!(imported.errors.contains(part), "{}", imported.errors);
        }
    }

    #[test]
    fn other_providers_do_not_matter_for_our_operations() {
        let checkout = Checkout::new();
        let text = ml("2024-01-01", &[COMPUTE, WORKSPACES]);
        checkout.write(&format!("{ML}/stable/2024-01-01/ml.json"), &text);
        let quantum = "specification/quantum/resource-manager/Microsoft.Quantum/stable/2024-01-01";
        let other = text
            .replace("MachineLearningServices", "Quantum")
            .replace("object", "string");
        checkout.write(&format!("{quantum}/quantum.json"), &other);
        assert!(import(&checkout, ".", "2024-01-01", &[]).succeeded);
    }

    #[test]
    fn a_reference_above_a_folder_that_is_no_checkout_is_refused() {
        let checkout = Checkout::new();
        let folder = "part/Microsoft.MachineLearningServices/stable/2024-01-01";
        let text = ml("2024-01-01", &[COMPUTE, WORKSPACES]);
        let text = text.replace(
            "#/definitions/Keys",
            "../../../../common.json#/definitions/Keys",
        );
        checkout.write(&format!("{folder}/ml.json"), &text);
        checkout.write("common.json", "{\"definitions\": {\"Keys\": {}}}");
        let imported = import(&checkout, "part", "2024-01-01", &[]);
        assert!(!imported.succeeded);
        assert!(
            imported.errors.contains("leads out of"),
            "{}",
            imported.errors
        );
    }

    #[test]
    fn names_that_would_lead_elsewhere_are_refused() {
        let checkout = Checkout::new();
        let imported = import(&checkout, ".", "../../etc", &[]);
        assert!(imported.errors.contains("`../../etc` is no api-version"));
        let mut swagger = swagger(json!({ "Keys": {} }));
        swagger["info"]["version"] = "../..".into();
        let error = Checkout::of(&swagger).failure();
        assert!(error.contains("`../..` is no api-version"), "{error}");
    }

    #[test]
    fn a_version_that_the_file_does_not_state_is_a_warning() {
        let checkout = Checkout::new();
        let text = ml("2023-12-31", &[COMPUTE, WORKSPACES]);
        checkout.write(&format!("{ML}/stable/2024-01-01/ml.json"), &text);
        let imported = import(&checkout, ".", "2024-01-01", &[]);
        assert!(imported.succeeded);
        let warning = "ml.json: #/info/version: is \"2023-12-31\", not 2024-01-01";
        assert!(imported.errors.contains(warning), "{}", imported.errors);
        assert_eq!(
            checkout.excerpt("out.json")["info"]["version"],
            "2024-01-01"
        );
    }
}

/// Byte for byte, where the descriptions that the excerpts come from are at
/// hand: they are not part of the project.
#[test]
fn the_checked_in_excerpts_are_what_import_gives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let upstream = root.join("../shared/upstream");
    if !upstream.is_dir() {
        eprintln!("skipped: {} is not there", upstream.display());
        return;
    }
    for version in ["2023-10-01", "2025-09-01"] {
        let checkout = Checkout::new();
        let out = format!("{version}.json");
        let imported = checkout.import(&[
            "--specs",
            upstream.to_str().unwrap(),
            "--api-version",
            version,
            "--out",
            &out,
        ]);
        assert!(imported.succeeded, "{}", imported.errors);
        let examples = ["Compute_ListKeys", "Workspaces_ListKeys"]
            .map(|it| format!("examples/{version}/{it}/listKeys.json"));
        for path in [&out].into_iter().chain(&examples) {
            let checked_in = fs::read(root.join("spec").join(path)).unwrap();
            assert!(
                fs::read(checkout.path(path)).unwrap() == checked_in,
                "{path} differs"
            );
        }
    }
}
