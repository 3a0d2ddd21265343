//! The excerpts of `spec/`, compiled once into what the judge walks along.

mod shape;

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value;

use crate::case::Operation;
use crate::embedded;
use crate::example::Example;

pub(crate) use shape::{Kind, ObjectShape, Shape, Shapes};

/// What the documents say, for every api-version.
pub(crate) struct Contract {
    /// By api-version, oldest first.
    versions: Vec<(&'static str, Version)>,
}

/// What the documents of one api-version say.
pub(crate) struct Version {
    operations: [OperationContract; 2],
    /// The documented body of every other status.
    pub(crate) error: Shape,
    pub(crate) shapes: Shapes,
}

/// What the document of an operation says.
pub(crate) struct OperationContract {
    /// The documented 200.
    pub(crate) answer: Shape,
    pub(crate) parameters: Vec<Parameter>,
}

/// A parameter and its limits.
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) is_required: bool,
    min_length: usize,
    max_length: usize,
    pattern: Option<(String, Regex)>,
}

impl Contract {
    /// That of the project's `spec/`.
    pub(crate) fn get() -> &'static Self {
        static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract {
            versions: embedded::contracts()
                .map(|(name, text)| {
                    let document = serde_json::from_str(text);
                    let document = document.expect("the tests read every contract");
                    (name, Version::compile(name, &document))
                })
                .collect(),
        });
        &CONTRACT
    }

    /// All api-versions, oldest first.
    pub(crate) fn api_versions(&self) -> impl Iterator<Item = &'static str> {
        self.versions.iter().map(|(name, _)| *name)
    }

    /// Whether any document has a property of this name.
    pub(crate) fn is_property(&self, name: &str) -> bool {
        let mut versions = self.versions.iter();
        versions.any(|(_, version)| version.shapes.have_property(name))
    }

    /// The documents that an api-version is held against: its own, or else those of the last one
    /// before it.
    pub(crate) fn version(&self, api_version: &str) -> &Version {
        let mut before = self.versions.iter().rev();
        let before = before.find(|(name, _)| *name <= api_version);
        let any = before.or_else(|| self.versions.first());
        any.map(|(_, version)| version)
            .expect("there is an excerpt in spec/")
    }
}

impl Version {
    fn compile(name: &str, document: &Value) -> Self {
        let mut shapes = Shapes::default();
        let operations = Operation::ALL.map(|operation| {
            let described = described(document, operation);
            let schema = &described["responses"]["200"]["content"]["application/json"]["schema"];
            let answer = shapes.compile(document, schema);
            let parameters = described["parameters"].as_array().into_iter().flatten();
            let parameters = parameters.map(|it| Parameter::compile(shape::target(document, it)));
            OperationContract {
                answer,
                parameters: parameters.collect(),
            }
        });
        let described = described(document, Operation::WorkspacesListKeys);
        let schema = &described["responses"]["default"]["content"]["application/json"]["schema"];
        let error = shapes.compile(document, schema);
        let mut version = Self {
            operations,
            error,
            shapes,
        };
        version.note_documented_nulls(name);
        version
    }

    /// What an example shows is documented, even where the schema does not allow it.
    fn note_documented_nulls(&mut self, name: &str) {
        for example in Example::all().iter().filter(|it| it.api_version == name) {
            let answer = self.operation(example.operation).answer.clone();
            self.shapes.note_nulls(&answer, &example.body);
        }
    }

    pub(crate) fn operation(&self, operation: Operation) -> &OperationContract {
        match operation {
            Operation::ComputeListKeys => &self.operations[0],
            Operation::WorkspacesListKeys => &self.operations[1],
        }
    }
}

impl OperationContract {
    pub(crate) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|it| it.name == name)
    }
}

impl Parameter {
    fn compile(parameter: &Value) -> Self {
        let schema = &parameter["schema"];
        let length = |name: &str| schema[name].as_u64().map(|it| it as usize);
        let pattern = schema["pattern"].as_str().map(|pattern| {
            let compiled = Regex::new(pattern).expect("a pattern without look-around");
            (pattern.to_owned(), compiled)
        });
        Self {
            name: parameter["name"].as_str().unwrap_or_default().to_owned(),
            is_required: parameter["required"] == true,
            min_length: length("minLength").unwrap_or_default(),
            max_length: length("maxLength").unwrap_or(usize::MAX),
            pattern,
        }
    }

    /// What the document wants of a value that it does not allow.
    pub(crate) fn refuses(&self, value: &str) -> Option<String> {
        let length = value.chars().count();
        if length < self.min_length {
            return Some(format!("at least {} characters", self.min_length));
        }
        if length > self.max_length {
            return Some(format!("at most {} characters", self.max_length));
        }
        let (text, pattern) = self.pattern.as_ref()?;
        (!pattern.is_match(value)).then(|| format!("something that matches {text}"))
    }
}

fn described(document: &Value, operation: Operation) -> &Value {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .map(|(_, item)| &item["post"])
        .find(|described| described["operationId"] == operation.id())
        .expect("every excerpt has both operations")
}
