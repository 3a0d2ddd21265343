//! What progenitor and typify cannot yet do, done to the document before they
//! see it. Nothing of this reaches `spec/`.
//!
//! - Error responses go: `200` with `default` panics, and modelled errors are
//!   decoded strictly (progenitor #344, #950). Whatever is not a success
//!   arrives as `UnexpectedResponse`, with status, headers and body.
//! - A polymorphic value becomes a struct without properties, whose place in the
//!   generated source an enum takes (`tagged_enum.rs`): typify ignores the
//!   discriminator and drops the subtype's properties (typify #498). The
//!   subtypes become flat structs without the tag, which the variant tells.
//! - Responses are read tolerantly: nothing is required, anything may be null,
//!   and a string is a string whatever its enum, format or pattern.
//! - A secret is marked by a `format` that the generator converts into a
//!   carrier that is not printed. In a response that is everything which
//!   nobody has called public.
//! - String parameters lose pattern and length, which would become one newtype
//!   for each operation and parameter. The SDK's resource ids check them before
//!   anything is sent.
//! - Every object gets the name that it has in Rust, so that each field of the
//!   generated source can be found and checked, and names never meet.

mod names;
mod operations;
mod tagged;
mod types;

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use crate::pointer::Pointer;
use crate::spec::Spec;

/// The types of `amlkeys_secret`, each with the format that asks for it.
pub(crate) const CARRIERS: [(&str, &str); 2] =
    [(SECRET_STRING, "Secret"), (SECRET_VALUE, "SecretValue")];
const SECRET_STRING: &str = "password";
const SECRET_VALUE: &str = "amlkeys-value";

pub(crate) use tagged::{Tagged, Variant};

/// A document that the generator can handle.
pub(crate) struct Lowered {
    pub(crate) document: Value,
    /// The polymorphic types, by name.
    pub(crate) tagged: BTreeMap<String, Tagged>,
    /// For places of `document` the place of the spec that they came from.
    origins: BTreeMap<Pointer, Pointer>,
}

impl Lowered {
    /// Where in the spec a place of the document came from, or what is around
    /// it.
    pub(crate) fn origin(&self, at: &Pointer) -> Pointer {
        let mut around = Some(at.clone());
        while let Some(at) = around {
            if let Some(origin) = self.origins.get(&at) {
                return origin.clone();
            }
            around = at.parent();
        }
        Pointer::root()
    }
}

/// Lowers a document for the generator.
pub(crate) fn lower(spec: &Spec) -> Result<Lowered> {
    let mut types = types::Types::new(spec);
    let mut operations = operations::Operations::default();
    // Responses first: a schema that a request shares with a response is
    // lowered once, with the response's caution.
    operations.responses(spec, &mut types)?;
    types.in_requests();
    operations.requests(spec, &mut types)?;
    let info = &spec.document["info"];
    let text = |key| info[key].as_str().unwrap_or_default();
    let mut origins = operations.origins;
    origins.append(&mut types.origins);
    let (schemas, tagged) = types.finish();
    Ok(Lowered {
        document: json!({
            "openapi": "3.0.3",
            "info": {
                "title": text("title"),
                "description": text("description"),
                "version": spec.api_version()?,
            },
            "paths": operations.paths,
            "components": { "schemas": schemas },
        }),
        tagged,
        origins,
    })
}
