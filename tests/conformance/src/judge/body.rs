use serde_json::Value;

use crate::case::Operation;
use crate::contract::{Contract, Kind, ObjectShape, Shape, Version};
use crate::finding::{Finding, Place};
use crate::json::Json;
use crate::rule::Rule;

/// What a null counts as that the schema does not allow and an example shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// It is documented, so a server may send it.
    Server,
    /// It is a mistake of the example.
    Example,
}

/// Holds the body of a 200 against the document of an operation.
pub(crate) fn check_answer(
    api_version: &str,
    operation: Operation,
    body: &Value,
    strictness: Strictness,
) -> Vec<Finding> {
    let version = Contract::get().version(api_version);
    let text = body.to_string();
    let body: Json<'_> = serde_json::from_str(&text).expect("it was JSON a moment ago");
    let mut findings = Vec::new();
    let answer = &version.operation(operation).answer;
    check(version, answer, &body, strictness, &mut findings);
    findings
}

pub(super) fn check(
    version: &Version,
    answer: &Shape,
    body: &Json<'_>,
    strictness: Strictness,
    findings: &mut Vec<Finding>,
) {
    let mut walk = Walk {
        version,
        strictness,
        findings,
    };
    match (&answer.kind, body) {
        (Kind::Object(index), Json::Object(members)) => {
            walk.object(*index, members, body, &Path::Root);
        }
        _ => walk.found(Rule::BodyType, &Path::Root, "an object", body.described()),
    }
}

struct Walk<'w> {
    version: &'w Version,
    strictness: Strictness,
    findings: &'w mut Vec<Finding>,
}

type Members<'j> = [(std::borrow::Cow<'j, str>, Json<'j>)];

impl Walk<'_> {
    fn value(&mut self, shape: &Shape, value: &Json<'_>, at: &Path<'_>) {
        match (&shape.kind, value) {
            (_, Json::Null) => {
                let is_documented =
                    shape.null_is_documented && self.strictness == Strictness::Server;
                if !shape.is_nullable && !is_documented {
                    self.found(
                        Rule::PropertyNull,
                        at,
                        shape.kind.described(),
                        "null".into(),
                    );
                }
            }
            (Kind::Any, _)
            | (Kind::String, Json::String(_))
            | (Kind::Number, Json::Number { .. })
            | (Kind::Integer, Json::Number { is_whole: true })
            | (Kind::Boolean, Json::Bool(_))
            | (Kind::AnyObject, Json::Object(_)) => {}
            (Kind::Object(index), Json::Object(members)) => {
                self.object(*index, members, value, at);
            }
            (Kind::Array(element), Json::Array(elements)) => {
                for (index, value) in elements.iter().enumerate() {
                    self.value(&element.0, value, &Path::Index(at, index));
                }
            }
            (kind, value) => {
                self.found(Rule::PropertyType, at, kind.described(), value.described());
            }
        }
    }

    fn object(&mut self, index: usize, members: &Members<'_>, whole: &Json<'_>, at: &Path<'_>) {
        let shapes = &self.version.shapes;
        let base = shapes.object(index);
        let tag = base.variants.as_ref().map(|it| it.tag.as_str());
        let tag_value = tag.and_then(|tag| whole.get(tag));
        let object = shapes.variant(index, tag_value.and_then(Json::as_str));
        if let Some(tag) = tag {
            self.discriminator(base, tag, tag_value, at);
        }
        for (place, (name, value)) in members.iter().enumerate() {
            if tag == Some(name) {
                continue;
            }
            let at = Path::Name(at, name);
            if members[..place].iter().any(|(before, _)| before == name) {
                self.found(
                    Rule::PropertyRepeated,
                    &at,
                    "one such name",
                    "several".into(),
                );
            }
            match object.property(name) {
                Some(shape) if shape.is_added => {
                    self.undocumented(value, &at);
                    self.value(shape, value, &at);
                }
                Some(shape) => self.value(shape, value, &at),
                None => self.unknown(base, object, name, value, whole, &at),
            }
        }
        for name in &object.required {
            if whole.get(name).is_none() && tag != Some(name) {
                let at = Path::Name(at, name);
                self.found(Rule::PropertyRequired, &at, "a value", "nothing".into());
            }
        }
    }

    fn discriminator(
        &mut self,
        base: &ObjectShape,
        tag: &str,
        value: Option<&Json<'_>>,
        at: &Path<'_>,
    ) {
        let at = Path::Name(at, tag);
        let value = match value {
            None => {
                let expected = "a string";
                return self.found(Rule::DiscriminatorMissing, &at, expected, "nothing".into());
            }
            Some(value) => value,
        };
        let Some(text) = value.as_str() else {
            return self.found(Rule::DiscriminatorType, &at, "a string", value.described());
        };
        let known = base.property(tag).map(|it| it.known.as_slice());
        let known = known.unwrap_or_default();
        if known.iter().any(|it| it == text) || known.is_empty() {
            return;
        }
        let expected = match known.iter().find(|it| it.eq_ignore_ascii_case(text)) {
            Some(meant) => format!("`{meant}`, in these letters"),
            None => "a documented value".to_owned(),
        };
        // It may be anything, so only its length is told.
        self.found(
            Rule::DiscriminatorUnknown,
            &at,
            &expected,
            value.described(),
        );
    }

    /// A name that the object does not have.
    fn unknown(
        &mut self,
        base: &ObjectShape,
        object: &ObjectShape,
        name: &str,
        value: &Json<'_>,
        whole: &Json<'_>,
        at: &Path<'_>,
    ) {
        if let Some(owner) = self.owner(base, name, whole) {
            let expected = format!("no property of {owner}");
            return self.found(
                Rule::PropertyOfAnotherVariant,
                at,
                &expected,
                value.described(),
            );
        }
        if self.may_be_of_any_variant(base, name, whole) {
            return;
        }
        let absent = object
            .properties
            .iter()
            .filter(|(documented, shape)| !shape.is_added && whole.get(documented).is_none());
        let meant = absent
            .into_iter()
            .find(|(documented, _)| is_alike(documented, name));
        match meant {
            Some((documented, _)) => {
                let expected = format!("`{documented}`");
                self.found(Rule::PropertyRenamed, at, &expected, "this name".into());
            }
            None => self.undocumented(value, at),
        }
    }

    fn undocumented(&mut self, value: &Json<'_>, at: &Path<'_>) {
        let expected = "a documented property";
        self.found(Rule::PropertyUndocumented, at, expected, value.described());
    }

    /// The variant that has a property, if the object says that it is another one. A type that
    /// nobody knows may have any property.
    fn owner<'b>(&self, base: &'b ObjectShape, name: &str, whole: &Json<'_>) -> Option<&'b str> {
        let variants = base.variants.as_ref()?;
        let tag = whole.get(&variants.tag)?.as_str()?;
        let known = &base.property(&variants.tag)?.known;
        if !known.iter().any(|it| it == tag) {
            return None;
        }
        let mut owners = variants.by_tag.iter();
        let owner = owners.find(|(_, index)| {
            let variant = self.version.shapes.object(**index);
            variant.property(name).is_some()
        });
        owner.map(|(tag, _)| tag.as_str())
    }

    /// Whether an object that does not say what it is has the property of a variant: what is wrong
    /// is then its discriminator alone.
    fn may_be_of_any_variant(&self, base: &ObjectShape, name: &str, whole: &Json<'_>) -> bool {
        let Some(variants) = &base.variants else {
            return false;
        };
        let is_told = whole
            .get(&variants.tag)
            .is_some_and(|tag| tag.as_str().is_some());
        let shapes = &self.version.shapes;
        let mut indices = variants.by_tag.values();
        !is_told && indices.any(|index| shapes.object(*index).property(name).is_some())
    }

    fn found(&mut self, rule: Rule, at: &Path<'_>, expected: &str, seen: String) {
        let at = Place::Pointer(at.pointer());
        self.findings.push(Finding::new(rule, at, expected, seen));
    }
}

/// Whether two names differ only in case and in signs between words.
fn is_alike(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        let letters = name.chars().filter(|it| it.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    letters(one) == letters(other)
}

/// Where a value is; its pointer is only written out for a finding.
enum Path<'p> {
    Root,
    Name(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Name(parent, name) => {
                let name: String = name.chars().take(80).collect();
                let name = name.replace('~', "~0").replace('/', "~1");
                format!("{}/{name}", parent.pointer())
            }
            Self::Index(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}
