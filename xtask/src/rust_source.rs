//! The generated source, read back: it must hold what the document says.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;
use syn::visit::Visit;

use crate::lower::{CARRIERS, Lowered};
use crate::pointer::Pointer;
use crate::spec::Spec;

/// Fails if a value that must be secret came out as something that prints, or
/// if two names meet in one place.
///
/// The generator ignores a conversion that does not match exactly, so each is
/// looked for in its result.
pub(crate) fn expect_faithful(spec: &Spec, lowered: &Lowered, file: &syn::File) -> Result<()> {
    let mut source = Source::default();
    source.visit_file(file);
    let at_schemas = Pointer::new("/components/schemas");
    for (name, schema) in entries(&lowered.document, &at_schemas) {
        let at = at_schemas.child(name);
        if lowered.tagged.contains_key(name) {
            if !source.enums.contains(name) {
                let what = "the generator made no enum of this schema";
                return Err(spec.error(&lowered.origin(&at), what));
            }
            continue;
        }
        let Some(fields) = source.structs.get(name) else {
            let what = "the generator made no struct of this schema";
            return Err(spec.error(&lowered.origin(&at), what));
        };
        if let Some(field) = fields.twice() {
            let what = format_args!("two of its properties are `{field}` in Rust");
            return Err(spec.error(&lowered.origin(&at), what));
        }
        let at_properties = at.child("properties");
        for (property, schema) in entries(&lowered.document, &at_properties) {
            expect_carrier(
                spec,
                lowered,
                &at_properties.child(property),
                schema,
                || fields.of_wire_name(property),
            )?;
        }
        if let Some(others) = schema.get("additionalProperties") {
            expect_carrier(
                spec,
                lowered,
                &at.child("additionalProperties"),
                others,
                || fields.flattened(),
            )?;
        }
    }
    let at_paths = Pointer::new("/paths");
    for (path, item) in entries(&lowered.document, &at_paths) {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let at = at_paths.child(path).child(method);
            let id = operation["operationId"].as_str().unwrap_or_default();
            let Some(function) = source.methods.get(id) else {
                let what = format_args!("the generator made no method `{id}` of this operation");
                return Err(spec.error(&lowered.origin(&at), what));
            };
            let content = "/content/application~1json/schema";
            for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                if let Some(schema) = response.pointer(content) {
                    let at = at.child("responses").child(status);
                    expect_carrier(spec, lowered, &at, schema, || function.returns.clone())?;
                }
            }
            if let Some(schema) = operation["requestBody"].pointer(content) {
                let at = at.child("requestBody");
                expect_carrier(spec, lowered, &at, schema, || function.takes.clone())?;
            }
        }
    }
    Ok(())
}

fn entries<'v>(document: &'v Value, at: &Pointer) -> impl Iterator<Item = (&'v String, &'v Value)> {
    let object = document.pointer(at.as_str()).and_then(Value::as_object);
    object.into_iter().flatten()
}

fn expect_carrier(
    spec: &Spec,
    lowered: &Lowered,
    at: &Pointer,
    schema: &Value,
    found: impl FnOnce() -> Carriers,
) -> Result<()> {
    let (expected, found) = (carriers(schema), found());
    if expected == found {
        return Ok(());
    }
    let what = format_args!(
        "the conversion did not take effect: expected {} in the generated type, found {}",
        listed(&expected),
        listed(&found)
    );
    Err(spec.error(&lowered.origin(at), what))
}

/// The types of `amlkeys_secret` that a type mentions.
type Carriers = BTreeSet<String>;

fn listed(carriers: &Carriers) -> String {
    match carriers.is_empty() {
        true => "no secret".into(),
        false => carriers.iter().cloned().collect::<Vec<_>>().join(", "),
    }
}

/// The carriers that a lowered schema asks for, not looking behind references.
fn carriers(schema: &Value) -> Carriers {
    match schema {
        Value::Object(object) => {
            let format = object.get("format").and_then(Value::as_str);
            let own = CARRIERS.iter().find(|(marker, _)| Some(*marker) == format);
            let own = own.map(|(_, carrier)| (*carrier).to_owned());
            own.into_iter()
                .chain(object.values().flat_map(carriers))
                .collect()
        }
        Value::Array(array) => array.iter().flat_map(carriers).collect(),
        _ => Carriers::new(),
    }
}

/// The types and methods of a generated client.
#[derive(Default)]
struct Source {
    structs: BTreeMap<String, Fields>,
    enums: BTreeSet<String>,
    methods: BTreeMap<String, Method>,
}

struct Fields(Vec<Field>);

struct Field {
    name: String,
    /// `None` for what holds all properties without a field.
    wire_name: Option<String>,
    carriers: Carriers,
}

struct Method {
    takes: Carriers,
    returns: Carriers,
}

impl Fields {
    fn twice(&self) -> Option<&str> {
        let mut names = BTreeSet::new();
        let twice = self.0.iter().find(|field| !names.insert(&field.name));
        twice.map(|field| field.name.as_str())
    }

    fn of_wire_name(&self, name: &str) -> Carriers {
        let field = self
            .0
            .iter()
            .find(|it| it.wire_name.as_deref() == Some(name));
        field
            .map(|field| field.carriers.clone())
            .unwrap_or_default()
    }

    fn flattened(&self) -> Carriers {
        let field = self.0.iter().find(|field| field.wire_name.is_none());
        field
            .map(|field| field.carriers.clone())
            .unwrap_or_default()
    }
}

impl Source {
    fn add_struct(&mut self, item: &syn::ItemStruct) {
        let fields = item.fields.iter().map(|field| {
            let name = field
                .ident
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let wire_name = wire_name(field, &name);
            Field {
                name,
                wire_name,
                carriers: mentioned(|it| it.visit_type(&field.ty)),
            }
        });
        self.structs
            .insert(item.ident.to_string(), Fields(fields.collect()));
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        // Beside the types there are modules of helpers.
        if module.ident == "types" {
            let items = module.content.iter().flat_map(|(_, items)| items);
            for item in items {
                match item {
                    syn::Item::Struct(item) => self.add_struct(item),
                    syn::Item::Enum(item) => drop(self.enums.insert(item.ident.to_string())),
                    _ => {}
                }
            }
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        let signature = &function.sig;
        let method = Method {
            takes: mentioned(|it| {
                signature
                    .inputs
                    .iter()
                    .for_each(|input| it.visit_fn_arg(input))
            }),
            returns: mentioned(|it| it.visit_return_type(&signature.output)),
        };
        self.methods.insert(signature.ident.to_string(), method);
    }
}

fn mentioned(visit: impl FnOnce(&mut Mentioned)) -> Carriers {
    let mut mentioned = Mentioned::default();
    visit(&mut mentioned);
    mentioned.0
}

#[derive(Default)]
struct Mentioned(Carriers);

impl<'ast> Visit<'ast> for Mentioned {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        if segments
            .next()
            .is_some_and(|first| first == "amlkeys_secret")
        {
            self.0.extend(segments.next());
        }
        syn::visit::visit_path(self, path);
    }
}

/// The name of a field in JSON, `None` if it is flattened.
fn wire_name(field: &syn::Field, name: &str) -> Option<String> {
    let mut wire_name = Some(name.to_owned());
    for attribute in field.attrs.iter().filter(|it| it.path().is_ident("serde")) {
        // What is not understood here shows as a missing carrier.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                wire_name = Some(meta.value()?.parse::<syn::LitStr>()?.value());
            } else if meta.path.is_ident("flatten") {
                wire_name = None;
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<syn::Expr>()?;
            }
            Ok(())
        });
    }
    wire_name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::lower;
    use serde_json::json;

    /// A spec with one secret in each kind of place, and what a generator that
    /// did its work would write.
    fn spec() -> Spec {
        let json =
            |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
        let document = json!({
            "openapi": "3.0.3",
            "info": { "title": "T", "version": "1" },
            "paths": {
                "/key": { "post": {
                    "operationId": "GetKey",
                    "requestBody": json(json!({ "type": "string", "x-ms-secret": true })),
                    "responses": { "200": json(json!({ "type": "string" })) },
                }},
                "/keys": { "post": {
                    "operationId": "ListKeys",
                    "responses": { "200": json(json!({ "$ref": "#/components/schemas/keys" })) },
                }},
            },
            "components": { "schemas": {
                "keys": {
                    "type": "object",
                    "properties": {
                        "primaryKey": { "type": "string" },
                        "any": {},
                        "tagged": { "$ref": "#/components/schemas/Base" },
                        "list": { "type": "array", "items": { "type": "string" } },
                    },
                    "additionalProperties": { "type": "string" },
                },
                "Base": { "discriminator": { "propertyName": "kind" } },
            }},
        });
        Spec::parse("my.json".into(), document.to_string()).unwrap()
    }

    const FAITHFUL: &str = r#"
        pub mod types { pub struct Keys {
            #[serde(rename = "primaryKey", default)]
            pub primary_key: Option<::amlkeys_secret::Secret>,
            pub any: Option<::amlkeys_secret::SecretValue>,
            pub tagged: Option<Base>,
            pub list: Option<Vec<Option<::amlkeys_secret::Secret>>>,
            #[serde(flatten)]
            pub extra: BTreeMap<String, Option<::amlkeys_secret::Secret>>,
        } pub enum Base { Unknown(::amlkeys_secret::SecretObject) } }
        impl Client {
            pub async fn get_key(&self, body: &::amlkeys_secret::Secret)
                -> Result<ResponseValue<::amlkeys_secret::Secret>, Error<()>> {}
            pub async fn list_keys(&self) -> Result<ResponseValue<types::Keys>, Error<()>> {}
        }
    "#;

    fn check(source: &str) -> Result<()> {
        let spec = spec();
        let lowered = lower(&spec)?;
        expect_faithful(&spec, &lowered, &syn::parse_str(source).unwrap())
    }

    #[test]
    fn a_source_that_carries_every_secret_passes() {
        check(FAITHFUL).unwrap();
    }

    #[test]
    fn a_conversion_that_did_not_take_effect_is_named_by_its_place_in_the_spec() {
        let schema = "#/components/schemas/keys";
        let key = "#/paths/~1key/post";
        let json = "content/application~1json/schema";
        for (carried, plain, place) in [
            (
                "primary_key: Option<::amlkeys_secret::Secret>",
                "primary_key: Option<String>",
                format!("{schema}/properties/primaryKey"),
            ),
            (
                "any: Option<::amlkeys_secret::SecretValue>",
                "any: Option<::serde_json::Value>",
                format!("{schema}/properties/any"),
            ),
            (
                "list: Option<Vec<Option<::amlkeys_secret::Secret>>>",
                "list: Option<Vec<String>>",
                format!("{schema}/properties/list"),
            ),
            (
                "extra: BTreeMap<String, Option<::amlkeys_secret::Secret>>",
                "extra: BTreeMap<String, String>",
                format!("{schema}/additionalProperties"),
            ),
            (
                "ResponseValue<::amlkeys_secret::Secret>",
                "ResponseValue<String>",
                format!("{key}/responses/200/{json}"),
            ),
            (
                "body: &::amlkeys_secret::Secret",
                "body: &str",
                format!("{key}/requestBody/{json}"),
            ),
        ] {
            assert!(FAITHFUL.contains(carried), "{carried}");
            let message = check(&FAITHFUL.replace(carried, plain))
                .unwrap_err()
                .to_string();
            let expected = format!("my.json: {place}: the conversion did not take effect");
            assert!(message.starts_with(&expected), "{message}");
        }
    }

    #[test]
    fn a_schema_or_operation_that_is_missing_is_named_by_its_place_in_the_spec() {
        for (there, gone, place) in [
            ("struct Keys", "struct Other", "#/components/schemas/keys"),
            ("enum Base", "enum Other", "#/components/schemas/Base"),
            ("fn list_keys", "fn other", "#/paths/~1keys/post"),
        ] {
            let message = check(&FAITHFUL.replace(there, gone))
                .unwrap_err()
                .to_string();
            let expected = format!("my.json: {place}: the generator made no");
            assert!(message.starts_with(&expected), "{message}");
        }
    }
}
