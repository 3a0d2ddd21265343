//! Swagger 2.0 files, read as far as somebody asks: a big description is
//! skimmed once, and only the parts that the operations reach are built.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::checkout::Checkout;
use crate::pointer::Pointer;

/// A place in one of the files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) at: Pointer,
}

impl Place {
    pub(super) fn child(&self, step: impl std::fmt::Display) -> Self {
        Self {
            file: self.file,
            at: self.at.child(step),
        }
    }

    /// The steps of the pointer, unescaped.
    pub(super) fn steps(&self) -> Vec<String> {
        let steps = self.at.as_str().split('/').skip(1);
        steps
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect()
    }
}

/// An operation, as far as it takes to choose it.
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) path: String,
    pub(super) method: String,
    pub(super) operation_id: String,
    /// The files of its `x-ms-examples`, as they are referred to.
    pub(super) examples: Vec<String>,
}

pub(super) const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// How many references may lead to one another.
const STEPS: usize = 32;

/// The files that were needed so far.
pub(super) struct Files {
    pub(super) checkout: Checkout,
    files: Vec<File>,
    by_path: HashMap<PathBuf, usize>,
}

struct File {
    path: PathBuf,
    name: String,
    sections: BTreeMap<String, Section>,
}

enum Section {
    /// An object whose members are asked for one by one.
    Members(BTreeMap<String, Box<RawValue>>),
    Whole(Box<RawValue>),
}

#[derive(Deserialize)]
struct Outline {
    #[serde(rename = "allOf")]
    all_of: Option<Vec<Outline>>,
    #[serde(rename = "$ref")]
    reference: Option<String>,
}

impl Files {
    pub(super) fn new(checkout: Checkout) -> Self {
        Self {
            checkout,
            files: Vec::new(),
            by_path: HashMap::new(),
        }
    }

    /// Opens a file, once.
    pub(super) fn open(&mut self, path: &Path) -> Result<usize> {
        if let Some(file) = self.by_path.get(path) {
            return Ok(*file);
        }
        let (path, text) = self.checkout.read(path)?;
        if let Some(file) = self.by_path.get(&path) {
            return Ok(*file);
        }
        let name = self.checkout.name(&path);
        let sections = sections(&name, &text)?;
        let file = self.files.len();
        self.by_path.insert(path.clone(), file);
        self.files.push(File {
            path,
            name,
            sections,
        });
        Ok(file)
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn path(&self, file: usize) -> &Path {
        &self.files[file].path
    }

    pub(super) fn name(&self, file: usize) -> &str {
        &self.files[file].name
    }

    /// An error at a place.
    pub(super) fn error(&self, place: &Place, what: impl std::fmt::Display) -> anyhow::Error {
        anyhow!("{}: {what}", self.show(place))
    }

    /// A place as messages name it.
    pub(super) fn show(&self, place: &Place) -> String {
        format!("{}: {}", self.name(place.file), place.at)
    }

    /// What is at a place.
    pub(super) fn get(&self, place: &Place) -> Result<Option<Value>> {
        let steps = place.steps();
        let sections = &self.files[place.file].sections;
        let Some(section) = steps.first().and_then(|step| sections.get(step)) else {
            return Ok(None);
        };
        let (raw, below) = match (section, steps.get(1)) {
            (Section::Whole(raw), _) => (raw, 1),
            (Section::Members(members), Some(name)) => match members.get(name) {
                Some(raw) => (raw, 2),
                None => return Ok(None),
            },
            (Section::Members(_), None) => return Ok(None),
        };
        let value = self.parse(place, raw)?;
        let below = steps[below..]
            .iter()
            .try_fold(value, |value, step| match value {
                Value::Object(mut object) => object.remove(step),
                Value::Array(mut items) => {
                    let index: usize = step.parse().ok()?;
                    (index < items.len()).then(|| items.swap_remove(index))
                }
                _ => None,
            });
        Ok(below)
    }

    /// What a file says under one of its own keys, like `host`.
    pub(super) fn top(&self, file: usize, key: &str) -> Result<Option<Value>> {
        self.get(&Place {
            file,
            at: Pointer::new("").child(key),
        })
    }

    /// The keys at the top of a file.
    pub(super) fn keys(&self, file: usize) -> impl Iterator<Item = &str> {
        self.files[file].sections.keys().map(String::as_str)
    }

    /// Where a reference leads; whether anything is there is for `get` to say.
    pub(super) fn resolve(&mut self, from: &Place, reference: &str) -> Result<Place> {
        let (path, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let file = if path.is_empty() {
            from.file
        } else {
            let target = self.checkout.reach(self.path(from.file), path);
            target
                .and_then(|target| self.open(&target))
                .with_context(|| self.show(from))?
        };
        let pointer = percent_decode_str(pointer).decode_utf8_lossy();
        if !pointer.starts_with('/') {
            return Err(self.error(
                from,
                format_args!("`{reference}` refers to a whole file, not to a part of one"),
            ));
        }
        let at = Pointer::new(pointer.into_owned());
        Ok(Place { file, at })
    }

    /// What a reference leads to, through further references.
    pub(super) fn follow(&mut self, from: &Place, reference: &str) -> Result<(Place, Value)> {
        let mut from = from.clone();
        let mut reference = reference.to_owned();
        for _ in 0..STEPS {
            let place = self.resolve(&from, &reference)?;
            let Some(value) = self.get(&place)? else {
                return Err(self.error(&from, format_args!("`{reference}` points to nothing")));
            };
            match value.get("$ref").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut reference),
                None => return Ok((place, value)),
            }
            from = place.child("$ref");
        }
        Err(self.error(
            &from,
            format_args!(
                "`{reference}` goes round in a circle, or through more than {STEPS} references"
            ),
        ))
    }

    /// What a reference leads to, if only files that are open are on the way.
    pub(super) fn follow_in_open(&self, from: &Place, reference: &str) -> Result<Option<Place>> {
        let mut from = from.clone();
        let mut reference = reference.to_owned();
        for _ in 0..STEPS {
            let (path, pointer) = reference.split_once('#').unwrap_or((&reference, ""));
            let file = if path.is_empty() {
                Some(from.file)
            } else {
                let target = self.checkout.reach(self.path(from.file), path).ok();
                let target = target.and_then(|it| it.canonicalize().ok());
                target.and_then(|it| self.by_path.get(&it).copied())
            };
            let Some(file) = file else {
                return Ok(None);
            };
            let at = Pointer::new(percent_decode_str(pointer).decode_utf8_lossy());
            let place = Place { file, at };
            let Some(value) = self.get(&place)? else {
                return Ok(None);
            };
            match value.get("$ref").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut reference),
                None => return Ok(Some(place)),
            }
            from = place;
        }
        Ok(None)
    }

    /// The operations of a file.
    pub(super) fn operations(&self, file: usize) -> Result<Vec<Found>> {
        #[derive(Deserialize)]
        struct Operation {
            #[serde(rename = "operationId", default)]
            operation_id: Option<String>,
            #[serde(rename = "x-ms-examples", default)]
            examples: Option<BTreeMap<String, Example>>,
        }
        #[derive(Deserialize)]
        struct Example {
            #[serde(rename = "$ref", default)]
            reference: Option<String>,
        }
        let mut found = Vec::new();
        for section in ["paths", "x-ms-paths"] {
            let at = Pointer::new("").child(section);
            for (path, item) in self.members(file, section) {
                let place = Place {
                    file,
                    at: at.child(path),
                };
                let item: BTreeMap<String, Box<RawValue>> = self.parse(&place, item)?;
                for (method, operation) in item {
                    if !METHODS.contains(&method.as_str()) {
                        continue;
                    }
                    let place = place.child(&method);
                    let operation: Operation = self.parse(&place, &operation)?;
                    let examples = operation.examples.unwrap_or_default().into_values();
                    found.push(Found {
                        place,
                        path: path.to_owned(),
                        method,
                        operation_id: operation.operation_id.unwrap_or_default(),
                        examples: examples.filter_map(|it| it.reference).collect(),
                    });
                }
            }
        }
        Ok(found)
    }

    /// The definitions of a file that extend others: each with the places of
    /// the references in its `allOf`, and the references.
    pub(super) fn extensions(&self, file: usize) -> Result<Vec<(Place, Vec<String>)>> {
        let at = Pointer::new("/definitions");
        let mut extensions = Vec::new();
        for (name, raw) in self.members(file, "definitions") {
            if !raw.get().contains("\"allOf\"") {
                continue;
            }
            let place = Place {
                file,
                at: at.child(name),
            };
            let outline: Outline = self.parse(&place, raw)?;
            let mut bases = Vec::new();
            outline.bases(&mut bases);
            if !bases.is_empty() {
                extensions.push((place, bases));
            }
        }
        Ok(extensions)
    }

    fn members(&self, file: usize, section: &str) -> impl Iterator<Item = (&str, &RawValue)> {
        let members = match self.files[file].sections.get(section) {
            Some(Section::Members(members)) => Some(members),
            _ => None,
        };
        let members = members.into_iter().flatten();
        members.map(|(name, raw)| (name.as_str(), &**raw))
    }

    fn parse<'a, T: Deserialize<'a>>(&self, place: &Place, raw: &'a RawValue) -> Result<T> {
        serde_json::from_str(raw.get()).map_err(|error| {
            // serde_json counts lines from where the part begins.
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            match what {
                "recursion limit exceeded" => {
                    self.error(place, "is nested more than 128 levels deep")
                }
                _ => self.error(place, what),
            }
        })
    }
}

impl Outline {
    fn bases(self, into: &mut Vec<String>) {
        for part in self.all_of.into_iter().flatten() {
            into.extend(part.reference.clone());
            part.bases(into);
        }
    }
}

fn sections(file: &str, text: &str) -> Result<BTreeMap<String, Section>> {
    const OF_MEMBERS: [&str; 6] = [
        "paths",
        "x-ms-paths",
        "definitions",
        "parameters",
        "responses",
        "securityDefinitions",
    ];
    // Windows' editors put a byte order mark, which is not JSON.
    let text = text.trim_start_matches('\u{feff}');
    let top: BTreeMap<String, &RawValue> =
        serde_json::from_str(text).with_context(|| format!("{file} is not a JSON object"))?;
    let section = |(key, raw): (String, &RawValue)| {
        let section = if OF_MEMBERS.contains(&key.as_str()) {
            let members = serde_json::from_str(raw.get());
            Section::Members(members.map_err(|_| anyhow!("{file}: #/{key}: must be an object"))?)
        } else {
            Section::Whole(raw.to_owned())
        };
        Ok((key, section))
    };
    top.into_iter().map(section).collect()
}
