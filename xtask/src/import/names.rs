//! What the components are called, when several files come together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use serde_json::{Map, Value};

use super::swagger::{Files, Place};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Schema,
    Parameter,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Schema, Self::Parameter];

    fn section(self) -> &'static str {
        match self {
            Self::Schema => "schemas",
            Self::Parameter => "parameters",
        }
    }
}

/// What a reference led to. While its name is open, references to it are
/// marks.
#[derive(Clone)]
pub(super) struct Component {
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) value: Value,
    /// Of a polymorphic schema: each tag with the mark of its subtype.
    pub(super) subtypes: Vec<(String, String)>,
}

impl Component {
    pub(super) fn new(kind: Kind, place: Place) -> Self {
        Self {
            kind,
            place,
            value: Value::Null,
            subtypes: Vec::new(),
        }
    }

    /// The name that upstream gives it, as far as OpenAPI allows.
    fn preferred_name(&self) -> String {
        let steps = self.place.steps();
        let name = steps.get(1..).unwrap_or_default().join(".");
        let allowed = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
        name.replace(|it| !allowed(it), "_")
    }
}

// No description of an API holds a control character; one that does must not
// do more than end up with a wrong reference.
const MARK: &str = "\u{1}component ";

pub(super) fn mark(id: usize) -> String {
    format!("{MARK}{id}")
}

fn marked(text: &str) -> Option<usize> {
    text.strip_prefix(MARK)?.parse().ok()
}

/// The components by section and name, with every mark in them and in the
/// document replaced by a reference.
pub(super) fn named(
    files: &Files,
    components: Vec<Component>,
    operations: &[usize],
    document: &mut Value,
    warnings: &mut Vec<String>,
) -> Result<Map<String, Value>> {
    expect_no_circle(files, &components)?;
    let classes = classes(&components);
    let names = names(files, &components, &classes, operations);
    let reference = |id: usize| {
        let (kind, name) = (components.get(id)?.kind, names.get(&classes[id])?);
        Some(format!("#/components/{}/{name}", kind.section()))
    };
    replace_marks(document, &reference);
    let mut sections: BTreeMap<Kind, BTreeMap<String, Value>> = BTreeMap::new();
    for (id, component) in components.iter().enumerate() {
        let section = sections.entry(component.kind).or_default();
        let name = &names[&classes[id]];
        if section.contains_key(name) {
            continue;
        }
        if *name != component.preferred_name() {
            let place = files.show(&component.place);
            warnings.push(format!(
                "{place}: is {name} here, as there are two of its name"
            ));
        }
        let mut value = component.value.clone();
        replace_marks(&mut value, &reference);
        let mapping = mapping(files, &components, component, &reference)?;
        if !mapping.is_empty() {
            value["discriminator"]["mapping"] = Value::Object(mapping);
        }
        section.insert(name.clone(), value);
    }
    let mut all = Map::new();
    for kind in Kind::ALL {
        if let Some(section) = sections.remove(&kind) {
            all.insert(kind.section().into(), section.into_iter().collect());
        }
    }
    Ok(all)
}

/// The subtypes by tag, in the order of their names.
fn mapping(
    files: &Files,
    components: &[Component],
    base: &Component,
    reference: &dyn Fn(usize) -> Option<String>,
) -> Result<Map<String, Value>> {
    let mut by_name = BTreeMap::new();
    for (tag, mark) in &base.subtypes {
        let id = marked(mark).expect("subtypes are marks");
        let name = reference(id).expect("every component has a name");
        by_name.insert(name, (tag, id));
    }
    let mut mapping: Map<String, Value> = Map::new();
    for (name, (tag, id)) in by_name {
        if let Some(other) = mapping.insert(tag.clone(), name.into()) {
            let what = format!("{other} has the same discriminator value `{tag}`");
            return Err(files.error(&components[id].place, what));
        }
    }
    Ok(mapping)
}

/// Which components are the same: of one kind and name, alike, and referring
/// to what is the same. Found by splitting up what differs until nothing does.
fn classes(components: &[Component]) -> Vec<usize> {
    let mut references = Vec::new();
    let mut first = HashMap::new();
    let mut classes = Vec::new();
    for component in components {
        let mut marks = Vec::new();
        let mut shape = component.value.clone();
        walk(&mut shape, &mut |text| {
            if let Some(id) = marked(text).filter(|id| *id < components.len()) {
                marks.push(id);
                text.clear();
            }
        });
        let tags: Vec<&str> = component
            .subtypes
            .iter()
            .map(|(tag, _)| tag.as_str())
            .collect();
        marks.extend(
            component
                .subtypes
                .iter()
                .filter_map(|(_, mark)| marked(mark)),
        );
        let alike = (
            component.kind,
            component.preferred_name(),
            shape.to_string(),
            tags,
        );
        let next = first.len();
        classes.push(*first.entry(alike).or_insert(next));
        references.push(marks);
    }
    let mut count = first.len();
    loop {
        let mut split = HashMap::new();
        let mut finer = Vec::new();
        for (class, references) in classes.iter().zip(&references) {
            let reached: Vec<usize> = references.iter().map(|id| classes[*id]).collect();
            let next = split.len();
            finer.push(*split.entry((*class, reached)).or_insert(next));
        }
        classes = finer;
        if split.len() == count {
            return classes;
        }
        count = split.len();
    }
}

/// A name for each class. Where several want the same, it goes to the file of
/// an operation first, then by file name; the others get a number.
fn names(
    files: &Files,
    components: &[Component],
    classes: &[usize],
    operations: &[usize],
) -> HashMap<usize, String> {
    let rank = |place: &Place| {
        let own = operations.iter().position(|it| *it == place.file);
        let own = own.unwrap_or(operations.len());
        (own, files.name(place.file).to_owned(), place.at.clone())
    };
    let mut wanted: BTreeMap<(Kind, String), BTreeMap<_, usize>> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (id, component) in components.iter().enumerate() {
        let key = (component.kind, component.preferred_name());
        taken.insert(key.clone());
        let group = wanted.entry(key).or_default();
        group.insert(rank(&component.place), classes[id]);
    }
    let mut names = HashMap::new();
    for ((kind, name), group) in wanted {
        let mut number = 1;
        for class in group.into_values() {
            if names.contains_key(&class) {
                continue;
            }
            let mut free = name.clone();
            while number > 1 && !taken.insert((kind, free.clone())) {
                free = format!("{name}{number}");
                number += 1;
            }
            number = number.max(2);
            names.insert(class, free);
        }
    }
    names
}

/// A schema that is, or extends, itself describes nothing; and one that brings
/// in half the input, over and over, keeps a validator busy for ever.
fn expect_no_circle(files: &Files, components: &[Component]) -> Result<()> {
    const LEVELS: usize = 64;
    const PARTS: usize = 10_000;
    let bases: Vec<Vec<usize>> = components
        .iter()
        .map(|it| {
            let mut bases = Vec::new();
            bases_of(&it.value, &mut bases);
            bases.retain(|id| *id < components.len());
            bases
        })
        .collect();
    let error = |id: usize, what: String| Err(files.error(&components[id].place, what));
    // How many schemas each brings in, once that is known.
    let mut parts: Vec<Option<usize>> = vec![None; components.len()];
    // Without recursion, as the chain may be as long as the input.
    for start in 0..components.len() {
        let mut path = vec![(start, 0)];
        let mut on_path = BTreeSet::from([start]);
        while let Some((id, next)) = path.last_mut() {
            let id = *id;
            let base = parts[id].is_none().then(|| bases[id].get(*next)).flatten();
            *next += 1;
            match base {
                Some(base) if !on_path.insert(*base) => {
                    return error(id, "extends or refers to itself, round in a circle".into());
                }
                Some(_) if path.len() == LEVELS => {
                    let what = format!("extends or refers to more than {LEVELS} others in a row");
                    return error(start, what);
                }
                Some(base) => path.push((*base, 0)),
                None => {
                    let inner = bases[id].iter().filter_map(|base| parts[*base]);
                    let all = inner.fold(1, usize::saturating_add);
                    if all > PARTS {
                        return error(id, format!("brings in more than {PARTS} others"));
                    }
                    parts[id] = Some(all);
                    on_path.remove(&id);
                    path.pop();
                }
            }
        }
    }
    Ok(())
}

fn bases_of(schema: &Value, into: &mut Vec<usize>) {
    let reference = schema.get("$ref").and_then(Value::as_str);
    into.extend(reference.and_then(marked));
    let parts = schema.get("allOf").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        bases_of(part, into);
    }
}

fn replace_marks(value: &mut Value, reference: &dyn Fn(usize) -> Option<String>) {
    walk(value, &mut |text| {
        if let Some(reference) = marked(text).and_then(reference) {
            *text = reference;
        }
    });
}

fn walk(value: &mut Value, visit: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter_mut().for_each(|it| walk(it, visit)),
        Value::Object(object) => object.values_mut().for_each(|it| walk(it, visit)),
        _ => {}
    }
}
