//! What a document says of its operations, however it is laid out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use anyhow::Result;
use serde_json::{Map, Value};

use super::schema::Schema;
use crate::classify::MARK;
use crate::overlay::{Hits, Overlay};
use crate::pointer::Pointer;
use crate::spec::Spec;

type Object = Map<String, Value>;

/// An excerpt, with the overlay's opinion on what is secret.
pub(super) struct Document {
    pub(super) spec: Spec,
    /// The overlay's marks by place. All else comes from the plain document,
    /// for the overlay adds properties that upstream does not have.
    pub(super) marks: HashMap<String, bool>,
    /// The component schemas that extend a schema by `allOf`.
    pub(super) extended_by: HashMap<String, Vec<String>>,
    /// The schemas that have been read, by place.
    pub(super) schemas: RefCell<HashMap<Pointer, Rc<Schema>>>,
}

/// One method of one path.
pub(super) struct Operation {
    pub(super) id: Option<String>,
    pub(super) method: &'static str,
    /// With the path of the server's address in front.
    pub(super) path: String,
    /// The path as ARM compares it: without case and names of parameters.
    pub(super) template: String,
    pub(super) hosts: BTreeSet<String>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) responses: BTreeMap<String, Response>,
    pub(super) security: Security,
    pub(super) tags: BTreeSet<String>,
    /// File name by title.
    pub(super) examples: BTreeMap<String, String>,
    pub(super) long_running: bool,
    pub(super) deprecated: bool,
    pub(super) words: Option<String>,
}

pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) location: String,
    pub(super) required: bool,
    /// How several values are written.
    pub(super) style: String,
    pub(super) schema: Option<Pointer>,
    pub(super) words: Option<String>,
}

pub(super) struct Body {
    pub(super) required: bool,
    pub(super) content: Content,
    pub(super) words: Option<String>,
}

pub(super) struct Response {
    pub(super) content: Content,
    pub(super) headers: BTreeMap<String, Option<Pointer>>,
    pub(super) words: Option<String>,
}

/// The media types of a body, and the schema of the JSON one.
#[derive(Default)]
pub(super) struct Content {
    pub(super) media_types: BTreeSet<String>,
    pub(super) schema: Option<Pointer>,
}

/// What a token must be good for: one of several sets of scopes.
pub(super) struct Security {
    pub(super) alternatives: BTreeSet<BTreeSet<String>>,
    /// Where tokens come from.
    pub(super) authorization: BTreeSet<String>,
}

impl Document {
    pub(super) fn new(spec: &Spec, overlay: &Overlay) -> Result<Self> {
        let mut overlaid = spec.clone();
        overlay.apply(&mut overlaid, &mut Hits::default())?;
        let mut marks = HashMap::new();
        collect_marks(&overlaid.document, &Pointer::new(""), &mut marks);
        let mut document = Self {
            spec: spec.clone(),
            marks,
            extended_by: HashMap::new(),
            schemas: RefCell::default(),
        };
        document.extended_by = document.find_extended()?;
        Ok(document)
    }

    pub(super) fn api_version(&self) -> Option<&str> {
        self.spec.document.pointer("/info/version")?.as_str()
    }

    pub(super) fn title(&self) -> Option<String> {
        text(self.spec.document.pointer("/info/title"))
    }

    /// Whether the overlay adds a property to the schema at a place.
    pub(super) fn overlay_adds(&self, schema: &Pointer, property: &str) -> bool {
        let at = schema.child("properties").child(property);
        self.marks.contains_key(at.as_str()) && self.spec.document.pointer(at.as_str()).is_none()
    }

    fn find_extended(&self) -> Result<HashMap<String, Vec<String>>> {
        let mut extended_by: HashMap<String, Vec<String>> = HashMap::new();
        let at_schemas = Pointer::new("/components/schemas");
        let schemas = self.spec.document.pointer(at_schemas.as_str());
        for (name, schema) in schemas.and_then(Value::as_object).into_iter().flatten() {
            let at = at_schemas.child(name);
            let parts = schema.get("allOf").and_then(Value::as_array);
            for (index, part) in parts.into_iter().flatten().enumerate() {
                if part.get("$ref").is_some() {
                    let base = self.follow(&at.child("allOf").child(index))?;
                    let extending = extended_by.entry(base.as_str().to_owned()).or_default();
                    extending.push(at.as_str().to_owned());
                }
            }
        }
        Ok(extended_by)
    }
}

/// What a document holds at a place, as far as it has the right JSON type.
impl Document {
    pub(super) fn get(&self, at: &Pointer) -> Option<&Value> {
        self.spec.document.pointer(at.as_str())
    }

    pub(super) fn object(&self, at: &Pointer) -> Result<&Object> {
        match self.get(at) {
            Some(Value::Object(object)) => Ok(object),
            Some(_) => Err(self.spec.error(at, "must be an object")),
            None => Err(self.spec.error(at, "missing")),
        }
    }

    /// The places inside an object that may be missing, by name.
    pub(super) fn members(&self, at: &Pointer, key: &str) -> Result<Vec<(String, Pointer)>> {
        let at = at.child(key);
        if self.get(&at).is_none() {
            return Ok(Vec::new());
        }
        let names = self.object(&at)?.keys();
        Ok(names.map(|name| (name.clone(), at.child(name))).collect())
    }

    /// The places inside an array that may be missing.
    pub(super) fn elements(&self, at: &Pointer, key: &str) -> Result<Vec<Pointer>> {
        let at = at.child(key);
        match self.get(&at) {
            None => Ok(Vec::new()),
            Some(Value::Array(array)) => {
                Ok((0..array.len()).map(|index| at.child(index)).collect())
            }
            Some(_) => Err(self.spec.error(&at, "must be an array")),
        }
    }

    pub(super) fn strings(&self, at: &Pointer, key: &str) -> Result<BTreeSet<String>> {
        let mut strings = BTreeSet::new();
        for at in self.elements(at, key)? {
            let Some(Value::String(string)) = self.get(&at) else {
                return Err(self.spec.error(&at, "must be a string"));
            };
            strings.insert(string.clone());
        }
        Ok(strings)
    }

    pub(super) fn text_at(&self, at: &Pointer, key: &str) -> Option<String> {
        text(self.get(at)?.get(key))
    }

    fn flag_at(&self, at: &Pointer, key: &str) -> bool {
        self.get(at).and_then(|it| it.get(key)) == Some(&Value::Bool(true))
    }

    /// The place that a value stands at, after its references.
    pub(super) fn follow(&self, at: &Pointer) -> Result<Pointer> {
        const LONGEST: usize = 32;
        let mut place = at.clone();
        for _ in 0..LONGEST {
            let Some(reference) = self.object(&place)?.get("$ref") else {
                return Ok(place);
            };
            place = self.target(&place, reference)?;
        }
        Err(self.spec.error(
            at,
            format_args!("its $ref goes round in a circle, or on for more than {LONGEST} steps"),
        ))
    }

    pub(super) fn target(&self, at: &Pointer, reference: &Value) -> Result<Pointer> {
        let at = at.child("$ref");
        let Some(reference) = reference.as_str() else {
            return Err(self.spec.error(&at, "must be a string"));
        };
        let Some(target) = reference.strip_prefix('#') else {
            let what = format_args!("`{reference}` reaches another file; bundle it first");
            return Err(self.spec.error(&at, what));
        };
        let target = Pointer::new(target);
        match self.get(&target) {
            Some(_) => Ok(target),
            None => Err(self
                .spec
                .error(&at, format_args!("`{reference}` points to nothing"))),
        }
    }
}

impl Document {
    pub(super) fn operations(&self) -> Result<Vec<Operation>> {
        const METHODS: [&str; 8] = [
            "get", "put", "post", "delete", "options", "head", "patch", "trace",
        ];
        self.object(&Pointer::new("/paths"))?;
        let mut operations = Vec::new();
        for (path, at_path) in self.members(&Pointer::new(""), "paths")? {
            let item = self.object(&at_path)?;
            for method in METHODS {
                if item.contains_key(method) {
                    operations.push(self.operation(&path, &at_path, method)?);
                }
            }
        }
        Ok(operations)
    }

    fn operation(&self, path: &str, at_path: &Pointer, method: &'static str) -> Result<Operation> {
        let at = at_path.child(method);
        let operation = self.object(&at)?;
        let (hosts, base_path) = self.servers(&[&at, at_path, &Pointer::new("")])?;
        let mut responses = BTreeMap::new();
        for (status, at) in self.members(&at, "responses")? {
            responses.insert(status.to_ascii_lowercase(), self.response(&at)?);
        }
        let body = match operation.get("requestBody") {
            Some(_) => Some(self.body(&at.child("requestBody"))?),
            None => None,
        };
        let mut examples = BTreeMap::new();
        for (title, at) in self.members(&at, "x-ms-examples")? {
            let file = self.text_at(&at, "$ref").unwrap_or_default();
            let file = file.rsplit('/').next().unwrap_or_default();
            examples.insert(title, file.to_owned());
        }
        let path = format!("{base_path}{}", path.trim_end_matches('/'));
        Ok(Operation {
            id: operation
                .get("operationId")
                .and_then(Value::as_str)
                .map(str::to_owned),
            method,
            template: template(&path),
            path,
            hosts,
            parameters: self.parameters(at_path, &at)?,
            body,
            responses,
            security: self.security(&at)?,
            tags: self.strings(&at, "tags")?,
            examples,
            long_running: self.flag_at(&at, "x-ms-long-running-operation"),
            deprecated: self.flag_at(&at, "deprecated"),
            words: self.words(&at),
        })
    }

    /// The hosts, and the path that all requests start with.
    fn servers(&self, places: &[&Pointer]) -> Result<(BTreeSet<String>, String)> {
        let mut hosts = BTreeSet::new();
        let mut base_path = String::new();
        for place in places {
            let servers = self.elements(place, "servers")?;
            for server in &servers {
                let url = self.text_at(server, "url").unwrap_or_default();
                let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
                let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                base_path = path.trim_end_matches('/').to_owned();
                if !host.is_empty() {
                    hosts.insert(format!("{scheme}://{host}").to_ascii_lowercase());
                }
            }
            if !servers.is_empty() {
                break;
            }
        }
        Ok((hosts, base_path))
    }

    fn parameters(&self, at_path: &Pointer, at: &Pointer) -> Result<Vec<Parameter>> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let of_path = self.elements(at_path, "parameters")?;
        for at in of_path.into_iter().chain(self.elements(at, "parameters")?) {
            let parameter = self.parameter(&self.follow(&at)?)?;
            let same =
                |it: &Parameter| it.name == parameter.name && it.location == parameter.location;
            parameters.retain(|it| !same(it));
            parameters.push(parameter);
        }
        Ok(parameters)
    }

    fn parameter(&self, at: &Pointer) -> Result<Parameter> {
        let needed = |key: &str| {
            self.text_at(at, key)
                .ok_or_else(|| self.spec.error(&at.child(key), "missing"))
        };
        let location = needed("in")?;
        let style = self.text_at(at, "style").unwrap_or_else(|| {
            let form = matches!(location.as_str(), "query" | "cookie");
            if form { "form" } else { "simple" }.to_owned()
        });
        let explode = self.object(at)?.get("explode").and_then(Value::as_bool);
        let explode = explode.unwrap_or(style == "form");
        let schema = at.child("schema");
        Ok(Parameter {
            name: needed("name")?,
            required: self.flag_at(at, "required"),
            style: format!("{style}{}", if explode { ", exploded" } else { "" }),
            schema: match self.get(&schema) {
                Some(_) => Some(schema),
                None => self.content(at)?.schema,
            },
            words: self.words(at),
            location,
        })
    }

    fn body(&self, at: &Pointer) -> Result<Body> {
        let at = self.follow(at)?;
        Ok(Body {
            required: self.flag_at(&at, "required"),
            content: self.content(&at)?,
            words: self.words(&at),
        })
    }

    fn response(&self, at: &Pointer) -> Result<Response> {
        let at = self.follow(at)?;
        let mut headers = BTreeMap::new();
        for (name, at) in self.members(&at, "headers")? {
            let schema = self.follow(&at)?.child("schema");
            let schema = self.get(&schema).map(|_| schema);
            headers.insert(name.to_ascii_lowercase(), schema);
        }
        Ok(Response {
            content: self.content(&at)?,
            headers,
            words: self.words(&at),
        })
    }

    fn content(&self, at: &Pointer) -> Result<Content> {
        let mut content = Content::default();
        let mut of_json = false;
        for (media_type, at) in self.members(at, "content")? {
            let name = media_type.split(';').next().unwrap_or_default();
            let name = name.trim().to_ascii_lowercase();
            let is_json = name.contains("json");
            let schema = at.child("schema");
            if self.get(&schema).is_some() && (content.schema.is_none() || (is_json && !of_json)) {
                content.schema = Some(schema);
                of_json = is_json;
            }
            content.media_types.insert(name);
        }
        Ok(content)
    }

    fn security(&self, at: &Pointer) -> Result<Security> {
        let root = Pointer::new("");
        let stated = if self.get(&at.child("security")).is_some() {
            at
        } else {
            &root
        };
        let mut security = Security {
            alternatives: BTreeSet::new(),
            authorization: BTreeSet::new(),
        };
        for at in self.elements(stated, "security")? {
            let mut needed = BTreeSet::new();
            for scheme in self.object(&at)?.keys() {
                let at_scheme = Pointer::new("/components/securitySchemes").child(scheme);
                let at_scheme = self.follow(&at_scheme)?;
                let kind = self.text_at(&at_scheme, "type").unwrap_or_default();
                let details = ["scheme", "in", "name"];
                let details = details
                    .iter()
                    .filter_map(|key| self.text_at(&at_scheme, key));
                needed.insert(details.fold(kind.clone(), |kind, detail| kind + " " + &detail));
                for scope in self.strings(&at, scheme)? {
                    needed.insert(format!("{kind} scope {scope}"));
                }
                for (flow, at) in self.members(&at_scheme, "flows")? {
                    for key in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
                        let url = self.text_at(&at, key);
                        security
                            .authorization
                            .extend(url.map(|url| format!("{flow} {key} {url}")));
                    }
                }
            }
            security.alternatives.insert(needed);
        }
        Ok(security)
    }

    /// `title`, `summary` and `description` in one, `None` if there are none.
    fn words(&self, at: &Pointer) -> Option<String> {
        let words: Vec<String> = ["title", "summary", "description"]
            .iter()
            .filter_map(|key| self.text_at(at, key))
            .collect();
        (!words.is_empty()).then(|| words.join(": "))
    }
}

fn collect_marks(value: &Value, at: &Pointer, marks: &mut HashMap<String, bool>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Bool(secret)) = object.get(MARK) {
                marks.insert(at.as_str().to_owned(), *secret);
            }
            for (key, value) in object {
                collect_marks(value, &at.child(key), marks);
            }
        }
        Value::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                collect_marks(value, &at.child(index), marks);
            }
        }
        _ => {}
    }
}

/// A string with its white space evened out, `None` if it says nothing.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    let words: Vec<&str> = value?.as_str()?.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn template(path: &str) -> String {
    let steps = path.split('/').map(|step| match placeholder(step) {
        Some(_) => "{}".to_owned(),
        None => step.to_ascii_lowercase(),
    });
    steps.collect::<Vec<_>>().join("/")
}

/// The name of the parameter that a step of a path stands for.
pub(super) fn placeholder(step: &str) -> Option<&str> {
    step.strip_prefix('{')?.strip_suffix('}')
}

/// A JSON value as a person would write it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(string) => string.clone(),
        value => value.to_string(),
    }
}

/// The name that a place ends in.
pub(super) fn last_step(at: &Pointer) -> String {
    let step = at.as_str().rsplit('/').next().unwrap_or_default();
    step.replace("~1", "/").replace("~0", "~")
}
