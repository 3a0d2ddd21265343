//! The names of types and methods in Rust.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToPascalCase, ToSnakeCase};
use typify::accept_as_ident;

use crate::pointer::Pointer;
use crate::spec::Spec;

/// The name of each type: of a component schema its own, as far as Rust can
/// say it, and no name twice.
pub(super) struct TypeNames {
    by_place: BTreeMap<Pointer, String>,
    taken: BTreeSet<String>,
}

impl TypeNames {
    pub(super) fn of(spec: &Spec) -> Self {
        let mut names = Self {
            by_place: BTreeMap::new(),
            taken: BTreeSet::new(),
        };
        let mut schemas: Vec<(String, Pointer)> =
            spec.schema_places().map(|at| (at.last(), at)).collect();
        // Of `FooBar` and `foo_bar`, the one that can keeps its name.
        schemas.sort_by_cached_key(|(name, _)| (type_name(name) != *name, name.clone()));
        for (name, at) in schemas {
            names.of_place(&at, &name);
        }
        names
    }

    /// The name of the type at a place; if it has none yet, the wanted one or
    /// that with a number.
    pub(super) fn of_place(&mut self, at: &Pointer, wanted: &str) -> String {
        if let Some(name) = self.by_place.get(at) {
            return name.clone();
        }
        let name = untaken(wanted, &mut self.taken);
        self.by_place.insert(at.clone(), name.clone());
        name
    }
}

/// The name of a type or variant, with a number if it is taken.
pub(super) fn untaken(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let wanted = type_name(wanted);
    let mut name = wanted.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{wanted}{number}");
        number += 1;
    }
    name
}

/// The name that typify leaves as it is.
fn type_name(wanted: &str) -> String {
    let mut name = ident_characters(wanted);
    // Once is not enough: `a_b` gives `AB`, and that gives `Ab`.
    while name.to_pascal_case() != name {
        name = name.to_pascal_case();
    }
    match is_ident(&name) {
        true => name,
        false => format!("X{name}"),
    }
}

/// The name of an operation's method, one that progenitor leaves as it is.
pub(super) fn method_name(operation_id: &str) -> String {
    let mut name = ident_characters(operation_id);
    while name.to_snake_case() != name {
        name = name.to_snake_case();
    }
    if !name.starts_with(|first: char| is_ident(&first.to_string())) {
        // A digit cannot come first, nor can there be nothing.
        name = format!("x_{name}").trim_end_matches('_').to_owned();
    }
    match is_ident(&name) {
        true => name,
        false => format!("{name}_"),
    }
}

fn ident_characters(text: &str) -> String {
    let keep = |character: char| match is_ident(&format!("x{character}")) {
        true => character,
        false => '-',
    };
    text.chars().map(keep).collect()
}

fn is_ident(text: &str) -> bool {
    syn::parse_str::<syn::Ident>(text).is_ok() && accept_as_ident(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn any_text_gives_an_identifier_that_stays_as_it_is() {
        for (text, name) in [
            ("AksComputeSecrets", "AksComputeSecrets"),
            (
                "VirtualMachineSSHCredentials",
                "VirtualMachineSshCredentials",
            ),
            ("a_b", "Ab"),
            ("1st", "X1st"),
            ("Self", "XSelf"),
            ("Foo[Bar]/~$", "FooBar"),
            ("日本", "日本"),
            ("🔑", "X"),
            ("", "X"),
        ] {
            assert_eq!(type_name(text), name);
            assert_eq!(type_name(name), name);
        }
        for (text, name) in [
            ("Compute_ListKeys", "compute_list_keys"),
            ("type", "type_"),
            ("1", "x_1"),
            ("🔑", "x"),
        ] {
            assert_eq!(method_name(text), name);
        }
    }

    #[test]
    fn names_that_meet_in_rust_get_numbers_whatever_their_order() {
        for schemas in [
            r#"{"foo_bar":{},"FooBar":{},"FooBar2":{}}"#,
            r#"{"FooBar2":{},"FooBar":{},"foo_bar":{}}"#,
        ] {
            let schemas: serde_json::Value = serde_json::from_str(schemas).unwrap();
            let document = json!({ "openapi": "3.0.3", "components": { "schemas": schemas } });
            let spec = Spec::parse("my.json".into(), document.to_string()).unwrap();
            let mut names = TypeNames::of(&spec);
            let mut name = |at| names.of_place(&at, "FooBar");
            assert_eq!(name(Pointer::schema("FooBar")), "FooBar");
            assert_eq!(name(Pointer::schema("FooBar2")), "FooBar2");
            assert_eq!(name(Pointer::schema("foo_bar")), "FooBar3");
            assert_eq!(name(Pointer::new("/inline")), "FooBar4");
        }
    }
}
