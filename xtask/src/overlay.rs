//! OpenAPI Overlay Specification 1.0.0: what we know and upstream does not say.
//!
//! <https://spec.openapis.org/overlay/v1.0.0.html>

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::output;
use crate::pointer::Pointer;
use crate::spec::{Spec, checked_in, root};

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
#[serde(deny_unknown_fields)]
struct OverlayFile {
    overlay: String,
    #[serde(rename = "info")]
    _info: Map<String, Value>,
    #[serde(rename = "extends")]
    _extends: Option<String>,
    actions: Vec<ActionFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionFile {
    target: String,
    #[serde(rename = "description")]
    _description: Option<String>,
    update: Option<Value>,
    #[serde(default)]
    remove: bool,
}

impl Overlay {
    pub(crate) fn read(path: &Path, name: String) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(name, &text)
    }

    pub(crate) fn parse(name: String, text: &str) -> Result<Self> {
        let json = &mut serde_json::Deserializer::from_str(text);
        let file: OverlayFile = match serde_path_to_error::deserialize(json) {
            Ok(file) => file,
            Err(error) => {
                let at = Pointer::from(error.path());
                bail!("{name}: {at}: {}", error.into_inner());
            }
        };
        if !file.overlay.starts_with("1.0.") {
            bail!("{name}: #/overlay: expected 1.0.0, found {}", file.overlay);
        }
        let actions = file.actions.into_iter().enumerate();
        let actions = actions.map(|(index, action)| {
            let at = Pointer::new("/actions").child(index);
            let target = JsonPath::parse(&action.target).map_err(|error| {
                anyhow::anyhow!("{name}: {}: not a JSONPath: {error}", at.child("target"))
            })?;
            let change = match (action.update, action.remove) {
                (Some(update), false) => Change::Update(update),
                (None, true) => Change::Remove,
                _ => bail!("{name}: {at}: give either `update` or `remove: true`"),
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
            let located = action.target.query_located(&spec.document);
            let places: Vec<String> = located
                .iter()
                .map(|node| node.location().to_json_pointer())
                .collect();
            *count += places.len();
            // From the last to the first, so that a removal moves no place
            // that is still to be visited.
            for place in places.iter().rev() {
                match &action.change {
                    Change::Update(update) => {
                        let Some(node) = spec.document.pointer_mut(place) else {
                            continue;
                        };
                        merge(node, update).map_err(|what| {
                            let target = Pointer::new(place.as_str());
                            anyhow::anyhow!(
                                "{}: {}: {what} at {}: {target}",
                                self.name,
                                action.at,
                                spec.name
                            )
                        })?;
                    }
                    Change::Remove => remove(&mut spec.document, place),
                }
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
pub(crate) fn print(input: &Path, output: Option<&Path>) -> Result<()> {
    let root = root();
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
        None => {
            print!("{text}");
            Ok(())
        }
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

/// Section 4.4.3: an object takes the properties over one by one, an array
/// takes the value as a further element.
fn merge(node: &mut Value, update: &Value) -> Result<(), &'static str> {
    match (node, update) {
        (Value::Object(object), Value::Object(update)) => {
            merge_objects(object, update);
            Ok(())
        }
        (Value::Object(_), _) => Err("an object can only be updated with an object"),
        (Value::Array(array), update) => {
            array.push(update.clone());
            Ok(())
        }
        _ => Err("only an object or an array can be updated, the target is neither"),
    }
}

fn merge_objects(object: &mut Map<String, Value>, update: &Map<String, Value>) {
    for (name, value) in update {
        match (object.get_mut(name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge_objects(old, new),
            (Some(Value::Array(old)), Value::Array(new)) => old.extend(new.iter().cloned()),
            (Some(old), new) => *old = new.clone(),
            (None, new) => {
                object.insert(name.clone(), new.clone());
            }
        }
    }
}

fn remove(document: &mut Value, place: &str) {
    let Some((parent, step)) = place.rsplit_once('/') else {
        *document = Value::Null;
        return;
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(object)) => {
            object.shift_remove(&step.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(array)) => {
            if let Ok(index) = step.parse::<usize>() {
                array.remove(index);
            }
        }
        _ => {}
    }
}
