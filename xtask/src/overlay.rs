//! OpenAPI Overlay Specification 1.0.0: what we know and upstream does not say.
//!
//! <https://spec.openapis.org/overlay/v1.0.0.html>

use std::cmp::Ordering;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::output;
use crate::pointer::Pointer;
use crate::spec::{Spec, checked_in, without_byte_order_mark};

/// A parsed overlay file.
pub(crate) struct Overlay {
    name: String,
    actions: Vec<Action>,
}

struct Action {
    at: Pointer,
    target: JsonPath,
    change: Change,
}

enum Change {
    Update(Value),
    Remove,
}

/// How often each action of an overlay hit, over one or more documents.
#[derive(Default)]
pub(crate) struct Hits(Vec<usize>);

#[derive(Deserialize)]
struct OverlayFile {
    overlay: String,
    #[serde(rename = "info")]
    _info: InfoFile,
    #[serde(rename = "extends")]
    _extends: Option<String>,
    actions: Vec<ActionFile>,
    #[serde(flatten)]
    extensions: Map<String, Value>,
}

#[derive(Deserialize)]
struct InfoFile {
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "version")]
    _version: String,
}

#[derive(Deserialize)]
struct ActionFile {
    target: String,
    #[serde(rename = "description")]
    _description: Option<String>,
    update: Option<Value>,
    #[serde(default)]
    remove: bool,
    #[serde(flatten)]
    extensions: Map<String, Value>,
}

impl Overlay {
    pub(crate) fn read(path: &Path, name: String) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(name, &text)
    }

    pub(crate) fn parse(name: String, text: &str) -> Result<Self> {
        let json = &mut serde_json::Deserializer::from_str(without_byte_order_mark(text));
        let parsed = serde_path_to_error::deserialize(&mut *json);
        let file: OverlayFile = parsed.map_err(|error| {
            let at = Pointer::from(error.path());
            anyhow::anyhow!("{name}: {at}: {}", error.into_inner())
        })?;
        json.end()
            .with_context(|| format!("{name}: cannot be read as JSON"))?;
        if !file.overlay.starts_with("1.0.") {
            bail!("{name}: #/overlay: expected 1.0.0, found {}", file.overlay);
        }
        expect_extensions(&name, &Pointer::root(), &file.extensions)?;
        if file.actions.is_empty() {
            bail!("{name}: #/actions: must hold at least one action");
        }
        let actions = file.actions.into_iter().enumerate();
        let actions = actions.map(|(index, action)| {
            let at = Pointer::new("/actions").child(index);
            expect_extensions(&name, &at, &action.extensions)?;
            let target = JsonPath::parse(&action.target).map_err(|error| {
                anyhow::anyhow!("{name}: {}: not a JSONPath: {error}", at.child("target"))
            })?;
            let change = match (action.update, action.remove) {
                // "This field has no impact if the `remove` field is `true`."
                (_, true) => Change::Remove,
                (Some(update), false) => Change::Update(update),
                (None, false) => bail!("{name}: {at}: has neither `update` nor `remove: true`"),
            };
            Ok(Action { at, target, change })
        });
        Ok(Self {
            actions: actions.collect::<Result<_>>()?,
            name,
        })
    }

    /// Applies the actions in order and adds what they hit to `hits`.
    pub(crate) fn apply(&self, spec: &mut Spec, hits: &mut Hits) -> Result<()> {
        hits.0.resize(self.actions.len(), 0);
        for (action, count) in self.actions.iter().zip(&mut hits.0) {
            let places = places(&action.target, &spec.document);
            *count += places.len();
            for place in &places {
                let applied = match &action.change {
                    Change::Update(update) => {
                        let node = spec.document.pointer_mut(place.as_str());
                        merge(node.expect("an update removes nothing"), update)
                    }
                    Change::Remove => remove(&mut spec.document, place),
                };
                applied.map_err(|what| {
                    let (overlay, at, spec) = (&self.name, &action.at, &spec.name);
                    anyhow::anyhow!("{overlay}: {at}: at {place} of {spec}: {what}")
                })?;
            }
        }
        Ok(())
    }

    /// Fails on the first action that hit nothing in any document.
    pub(crate) fn expect_all_hit(&self, hits: &Hits) -> Result<()> {
        let missed = self
            .actions
            .iter()
            .zip(&hits.0)
            .find(|(_, hits)| **hits == 0);
        if let Some((action, _)) = missed {
            bail!(
                "{}: {}: target `{}` matches nothing in any version; correct or remove the action",
                self.name,
                action.at.child("target"),
                action.target
            );
        }
        Ok(())
    }
}

/// Prints an excerpt with `spec/overlay.json` applied.
pub(crate) fn print(root: &Path, input: &Path, output: Option<&Path>) -> Result<()> {
    let named_version = root.join("spec").join(format!("{}.json", input.display()));
    let mut spec = if named_version.is_file() {
        Spec::read(&named_version, format!("spec/{}.json", input.display()))?
    } else {
        Spec::read(input, input.display().to_string())?
    };
    let overlay = Overlay::read(&root.join("spec/overlay.json"), "spec/overlay.json".into())?;
    overlay.apply(&mut spec, &mut Hits::default())?;
    let text = format!("{:#}\n", spec.document);
    match output {
        Some(path) => output::replace(path, &text),
        None => output::print(&text),
    }
}

/// The checked-in excerpts with `spec/overlay.json` applied, every action of
/// which must hit in at least one of them.
pub(crate) fn checked_in_with_overlay(root: &Path) -> Result<Vec<Spec>> {
    let mut specs = checked_in(root)?;
    let overlay = Overlay::read(&root.join("spec/overlay.json"), "spec/overlay.json".into())?;
    let mut hits = Hits::default();
    for spec in &mut specs {
        overlay.apply(spec, &mut hits)?;
    }
    overlay.expect_all_hit(&hits)?;
    Ok(specs)
}

/// The places that a target selects, each once, what is further in or further
/// on first: so a removal moves no place that is still to be visited.
fn places(target: &JsonPath, document: &Value) -> Vec<Pointer> {
    let located = target.query_located(document);
    let mut paths: Vec<_> = located.iter().map(|node| node.location().clone()).collect();
    paths.sort_by(|a, b| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    paths.dedup();
    let places = paths
        .iter()
        .map(|path| Pointer::new(path.to_json_pointer()));
    places.collect()
}

/// An object takes the properties over one by one, through all levels; an array
/// takes the value as a further element.
fn merge(node: &mut Value, update: &Value) -> Result<(), String> {
    match (node, update) {
        (Value::Object(object), Value::Object(update)) => merge_objects(object, update),
        (Value::Object(_), _) => Err("an object can only be updated with an object".into()),
        (Value::Array(array), update) => {
            array.push(update.clone());
            Ok(())
        }
        _ => Err(NEITHER.into()),
    }
}

/// "The properties of the `update` object MUST be compatible with the target
/// object."
fn merge_objects(
    object: &mut Map<String, Value>,
    update: &Map<String, Value>,
) -> Result<(), String> {
    for (name, new) in update {
        match (object.get_mut(name), new) {
            (Some(Value::Object(old)), Value::Object(new)) => merge_objects(old, new)?,
            (Some(Value::Array(old)), Value::Array(new)) => old.extend(new.iter().cloned()),
            (Some(Value::Object(_) | Value::Array(_)), _)
            | (Some(_), Value::Object(_) | Value::Array(_)) => {
                return Err(format!(
                    "`{name}` is of another kind there and in the update"
                ));
            }
            (_, new) => {
                object.insert(name.clone(), new.clone());
            }
        }
    }
    Ok(())
}

fn remove(document: &mut Value, place: &Pointer) -> Result<(), String> {
    let node = document.pointer(place.as_str());
    if !matches!(node, Some(Value::Object(_) | Value::Array(_))) {
        return Err(NEITHER.into());
    }
    let around = place
        .parent()
        .ok_or("the whole document cannot be removed")?;
    match document.pointer_mut(around.as_str()) {
        Some(Value::Object(object)) => {
            object.shift_remove(&place.last());
        }
        Some(Value::Array(array)) => {
            let index = place
                .last()
                .parse::<usize>()
                .map_err(|error| error.to_string())?;
            array.remove(index);
        }
        _ => {}
    }
    Ok(())
}

/// "The result of the `target` JSONPath expression MUST be zero or more objects
/// or arrays."
const NEITHER: &str = "is neither an object nor an array: target what is around it";

/// Fails on a field that is neither known nor an extension: a slip of the pen
/// must not pass for one that works.
fn expect_extensions(name: &str, at: &Pointer, rest: &Map<String, Value>) -> Result<()> {
    match rest.keys().find(|key| !key.starts_with("x-")) {
        Some(key) => bail!("{name}: {}: unknown field", at.child(key)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn applied(document: Value, actions: Value) -> Result<Value> {
        let mut whole = json!({ "openapi": "3.0.3" });
        whole
            .as_object_mut()
            .unwrap()
            .extend(document.as_object().unwrap().clone());
        let mut spec = Spec::parse("my.json".into(), whole.to_string()).unwrap();
        let overlay = json!({
            "overlay": "1.0.0",
            "info": { "title": "T", "version": "1" },
            "actions": actions,
        });
        let overlay = Overlay::parse("overlay.json".into(), &overlay.to_string())?;
        let mut hits = Hits::default();
        overlay.apply(&mut spec, &mut hits)?;
        overlay.expect_all_hit(&hits)?;
        spec.document
            .as_object_mut()
            .unwrap()
            .shift_remove("openapi");
        Ok(spec.document)
    }

    #[test]
    fn objects_merge_through_all_levels_and_arrays_grow() {
        let document = json!({ "a": { "keep": 1, "old": "x", "deep": { "list": [1] } }, "l": [] });
        let actions = json!([
            { "target": "$.a", "update": { "old": "y", "new": {}, "deep": { "list": [2] } } },
            { "target": "$.l", "update": { "name": "entry" } },
            { "target": "$.l", "update": [1] },
        ]);
        assert_eq!(
            applied(document, actions).unwrap(),
            json!({
                "a": { "keep": 1, "old": "y", "new": {}, "deep": { "list": [1, 2] } },
                "l": [{ "name": "entry" }, [1]],
            })
        );
    }

    #[test]
    fn actions_are_applied_in_order_each_to_the_result_of_the_last() {
        let actions = json!([
            { "target": "$.a", "remove": true },
            { "target": "$", "update": { "a": { "new": 1 } } },
            { "target": "$.a", "update": { "newer": 2 } },
        ]);
        let document = applied(json!({ "a": { "old": 0 } }), actions).unwrap();
        assert_eq!(document, json!({ "a": { "new": 1, "newer": 2 } }));
    }

    #[test]
    fn overlapping_and_repeated_places_are_removed_once() {
        let elements: Vec<Value> = (0..12).map(|number| json!({ "n": number })).collect();
        let actions = json!([
            { "target": "$.list[0, 10, 2, 0]", "remove": true },
            { "target": "$..nest", "remove": true },
        ]);
        let document = json!({ "list": elements, "nest": { "nest": { "nest": {} } } });
        let left: Vec<Value> = [1, 3, 4, 5, 6, 7, 8, 9, 11]
            .map(|number| json!({ "n": number }))
            .into();
        assert_eq!(applied(document, actions).unwrap(), json!({ "list": left }));
    }

    #[test]
    fn an_update_beside_a_removal_has_no_impact() {
        let actions = json!([{ "target": "$.a", "remove": true, "update": { "b": 1 } }]);
        assert_eq!(
            applied(json!({ "a": {}, "c": 1 }), actions).unwrap(),
            json!({ "c": 1 })
        );
    }

    #[test]
    fn an_extension_is_allowed_and_ignored() {
        let actions = json!([{ "target": "$.a", "update": { "b": 1 }, "x-why": "because" }]);
        assert_eq!(
            applied(json!({ "a": {} }), actions).unwrap(),
            json!({ "a": { "b": 1 } })
        );
    }

    #[test]
    fn an_action_that_cannot_be_applied_is_an_error_at_its_place() {
        for (action, message) in [
            (
                json!({ "target": "$.nowhere", "update": {} }),
                "/target: target `$.nowhere` matches nothing",
            ),
            (
                json!({ "target": "a.b", "update": {} }),
                "/target: not a JSONPath: ",
            ),
            (
                json!({ "target": "$.a" }),
                ": has neither `update` nor `remove: true`",
            ),
            (
                json!({ "target": "$.a", "updat": {} }),
                "/updat: unknown field",
            ),
            (
                json!({ "target": "$.a", "remove": "yes" }),
                "/remove: invalid type",
            ),
            (json!({ "update": {} }), ": missing field `target`"),
            (
                json!({ "target": "$.a.s", "update": "x" }),
                ": at #/a/s of my.json: is neither",
            ),
            (
                json!({ "target": "$.a.s", "remove": true }),
                ": at #/a/s of my.json: is neither",
            ),
            (
                json!({ "target": "$.a", "update": "x" }),
                ": at #/a of my.json: an object can only",
            ),
            (
                json!({ "target": "$.a", "update": { "s": {} } }),
                ": at #/a of my.json: `s` is of another kind",
            ),
            (
                json!({ "target": "$.a", "update": { "l": 1 } }),
                ": at #/a of my.json: `l` is of another kind",
            ),
            (
                json!({ "target": "$", "remove": true }),
                ": at # of my.json: the whole document",
            ),
        ] {
            let document = json!({ "a": { "s": "text", "l": [] } });
            let error = applied(document, json!([action])).unwrap_err().to_string();
            let expected = format!("overlay.json: #/actions/0{message}");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn what_is_not_an_overlay_is_an_error_that_names_the_file() {
        let info = r#""info":{"title":"T","version":"1"}"#;
        for (text, message) in [
            ("{".to_owned(), ": #: EOF while parsing"),
            (
                format!(r#"{{"overlay":"1.0.0",{info},"actions":[]}} x"#),
                ": cannot be read as JSON",
            ),
            (
                format!(r#"{{"overlay":"1.0.0",{info},"actions":[]}}"#),
                ": #/actions: must hold",
            ),
            (
                format!(r#"{{"overlay":"2.0.0",{info},"actions":[]}}"#),
                ": #/overlay: expected 1.0.0, found 2.0.0",
            ),
            (
                format!(r#"{{"overlay":1,{info},"actions":[]}}"#),
                ": #/overlay: invalid type",
            ),
            (
                format!(r#"{{"overlay":"1.0.0",{info},"actions":[],"more":1}}"#),
                ": #/more: unknown field",
            ),
            (
                r#"{"overlay":"1.0.0","info":{},"actions":[]}"#.to_owned(),
                ": #/info: missing field `title`",
            ),
        ] {
            let Err(error) = Overlay::parse("overlay.json".into(), &text) else {
                panic!("accepted {text}");
            };
            let error = error.to_string();
            assert!(
                error.starts_with(&format!("overlay.json{message}")),
                "{error}"
            );
        }
    }
}
