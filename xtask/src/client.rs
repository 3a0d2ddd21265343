//! The source of one client module: progenitor's output, mended and checked.

use std::sync::Once;

use anyhow::{Context, Result, anyhow};
use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, TypeImpl};
use quote::quote;
use schemars::schema::{InstanceType, Metadata, SchemaObject};
use serde_json::{Map, Value, json};

use crate::lower::{CARRIERS, Lowered, lower};
use crate::methods;
use crate::pointer::Pointer;
use crate::rust_source::expect_faithful;
use crate::spec::Spec;
use crate::tagged_enum::put_enums;

/// What sends the requests of a generated client.
#[derive(Clone, Copy)]
pub(crate) enum Transport {
    /// `amlkeys_client::Transport`; leaving it out is a compile error.
    Ours,
    /// Bare reqwest, for a client that stands alone.
    Reqwest,
}

/// Generates the client of a document.
pub(crate) fn source(spec: &Spec, transport: Transport) -> Result<String> {
    let lowered = lower(spec)?;
    let tokens = generate(&lowered.document, transport)
        .map_err(|problem| blame(spec, &lowered, transport, &problem))?;
    let mut file: syn::File = syn::parse2(tokens)
        .with_context(|| format!("{}: the generator wrote invalid Rust", spec.name))?;
    put_enums(spec, &lowered, &mut file)?;
    methods::encode_in_place(&mut file);
    methods::send_no_version_header(&mut file);
    if let Transport::Ours = transport {
        methods::decode_by_ours(&mut file);
    }
    expect_faithful(spec, &lowered, &file)?;
    Ok(prettyplease::unparse(&file))
}

/// Runs progenitor; whatever goes wrong, a panic included, is a message.
fn generate(document: &Value, transport: Transport) -> Result<TokenStream, String> {
    // Tokens cannot leave their thread, their text can.
    let source = quietly(|| progenitor_source(document, transport))??;
    source.parse().map_err(|error| format!("{error}"))
}

fn progenitor_source(document: &Value, transport: Transport) -> Result<String, String> {
    let api: OpenAPI = serde_path_to_error::deserialize(document)
        .map_err(|error| format!("{}: {}", Pointer::from(error.path()), error.inner()))?;
    let mut settings = GenerationSettings::new();
    settings.with_map_type("::std::collections::BTreeMap");
    for (format, carrier) in CARRIERS {
        // Matches only what is equal but for its metadata.
        let schema = SchemaObject {
            metadata: Some(Box::<Metadata>::default()),
            instance_type: Some(InstanceType::String.into()),
            format: Some(format.to_owned()),
            ..SchemaObject::default()
        };
        let impls = std::iter::empty::<TypeImpl>();
        settings.with_conversion(schema, format!("::amlkeys_secret::{carrier}"), impls);
    }
    if let Transport::Ours = transport {
        settings
            .with_hooks(HooksMode::Expected)
            .with_inner_type(quote! { ::std::sync::Arc<dyn crate::Transport> });
    }
    match Generator::new(&settings).generate_tokens(&api) {
        Ok(tokens) => Ok(tokens.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Finds the schema or operation that the generator fails on by generating
/// each on its own.
fn blame(spec: &Spec, lowered: &Lowered, transport: Transport, problem: &str) -> anyhow::Error {
    let alone = |paths: Value, schemas: Value| {
        let document = json!({
            "openapi": "3.0.3",
            "info": lowered.document["info"],
            "paths": paths,
            "components": { "schemas": schemas },
        });
        generate(&document, transport).err()
    };
    let entries = |place: &str| {
        let object = lowered.document.pointer(place).and_then(Value::as_object);
        object.into_iter().flatten()
    };
    for (name, schema) in entries("/components/schemas") {
        let mut schemas = Map::new();
        for reference in references(schema) {
            schemas.insert(Pointer::new(reference).last(), json!({ "type": "object" }));
        }
        schemas.insert(name.clone(), schema.clone());
        if let Some(problem) = alone(json!({}), Value::Object(schemas)) {
            let at = lowered.origin(&Pointer::schema(name));
            let what = format_args!("the generator cannot handle this schema: {problem}");
            return spec.error(&at, what);
        }
    }
    let schemas = &lowered.document["components"]["schemas"];
    for (path, item) in entries("/paths") {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if let Some(problem) = alone(json!({ path: { method: operation } }), schemas.clone()) {
                let at = lowered.origin(&Pointer::new("/paths").child(path).child(method));
                let what = format_args!("the generator cannot handle this operation: {problem}");
                return spec.error(&at, what);
            }
        }
    }
    anyhow!(
        "{}: the generator cannot handle this document: {problem}",
        spec.name
    )
}

fn references(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(object) => object
            .iter()
            .flat_map(|(key, value)| match value.as_str() {
                Some(reference) if key == "$ref" => vec![reference],
                _ => references(value),
            })
            .collect(),
        Value::Array(array) => array.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Runs something that may panic or need much stack; the panic does not reach
/// the terminal.
fn quietly<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, String> {
    const NAME: &str = "generator";
    const STACK: usize = 256 << 20;
    static SILENCE: Once = Once::new();
    SILENCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() != Some(NAME) {
                hook(panic);
            }
        }));
    });
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new()
            .name(NAME.into())
            .stack_size(STACK);
        let thread = builder
            .spawn_scoped(scope, run)
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        thread.join().map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            let first_line = text.and_then(|text| text.lines().next());
            first_line.unwrap_or("it panicked").to_owned()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Spec {
        let document = json!({
            "openapi": "3.0.3",
            "info": { "title": "T", "version": "1" },
            "paths": { "/keys": { "post": {
                "operationId": "ListKeys",
                "responses": { "200": { "description": "", "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Keys_1" },
                }}}},
            }}},
            "components": { "schemas": { "Keys_1": {
                "type": "object",
                "properties": { "key": { "type": "string" } },
            }}},
        });
        Spec::parse("my.json".into(), document.to_string()).unwrap()
    }

    fn blamed(place: &str, broken: Value) -> String {
        let spec = spec();
        let mut lowered = lower(&spec).unwrap();
        *lowered.document.pointer_mut(place).unwrap() = broken;
        let problem = generate(&lowered.document, Transport::Reqwest).unwrap_err();
        blame(&spec, &lowered, Transport::Reqwest, &problem).to_string()
    }

    #[test]
    fn a_schema_on_which_the_generator_panics_is_named() {
        // What lowering keeps away from typify.
        let broken = json!({ "not": { "oneOf": [{ "type": "string" }, { "not": {} }] } });
        let message = blamed("/components/schemas/Keys1/properties/key", broken);
        let expected =
            "my.json: #/components/schemas/Keys_1: the generator cannot handle this schema: ";
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn an_operation_on_which_the_generator_fails_is_named() {
        let broken = json!([{ "name": "c", "in": "cookie", "schema": { "type": "string" } }]);
        let message = blamed("/paths/~1keys/post/parameters", broken);
        let expected = "my.json: #/paths/~1keys/post: the generator cannot handle this operation: ";
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn a_panic_is_an_error_with_its_first_line() {
        let outcome = quietly(|| -> () { panic!("first\nsecond") });
        assert_eq!(outcome, Err("first".to_owned()));
    }
}
