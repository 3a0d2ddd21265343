use std::borrow::Cow;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::{Content, Key, Node, Value};
use crate::state::error::Refusal;

/// As deep as a state can be, and room for bodies.
const DEEPEST: usize = 100;

pub(super) fn read(text: &str) -> Result<Node<'_>, Refusal> {
    let options = granit_parser::options! {
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut tree = Tree::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        tree.add(event, start(&span))?;
    }
    tree.root.ok_or_else(|| {
        let reason = "the file holds nothing; start from `amlkeys emulator --print-state`";
        Refusal::new(0, reason)
    })
}

fn start(span: &Span) -> usize {
    span.start.byte_offset().unwrap_or_default()
}

/// The parser's reasons name characters and never a value.
fn syntax(error: &ScanError) -> Refusal {
    let at = error.marker().byte_offset().unwrap_or_default();
    Refusal::new(at, format!("this is not YAML: {}", error.kind()))
}

/// What has been read so far. It keeps its own stack: a text cannot make it recurse.
#[derive(Default)]
struct Tree<'t> {
    open: Vec<Open<'t>>,
    root: Option<Node<'t>>,
}

enum Open<'t> {
    Sequence(usize, Vec<Node<'t>>),
    Mapping(usize, Vec<(Key<'t>, Node<'t>)>, Option<Key<'t>>),
}

impl<'t> Tree<'t> {
    fn add(&mut self, event: Event<'t>, at: usize) -> Result<(), Refusal> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => Err(Refusal::new(
                at,
                "a state is one document, here is a second",
            )),
            Event::Alias(_) => Err(Refusal::new(
                at,
                "aliases (`*name`) are not read: write the value out",
            )),
            Event::Scalar(text, style, _, tag) => {
                refuse_tag(tag.as_deref(), at)?;
                if self.wants_key() {
                    self.key(text, at);
                    return Ok(());
                }
                let value = match style {
                    ScalarStyle::Plain => plain(text, at)?,
                    _ => Value::Text(text),
                };
                self.value(at, value);
                Ok(())
            }
            Event::SequenceStart(_, _, tag) => {
                refuse_tag(tag.as_deref(), at)?;
                self.open(Open::Sequence(at, Vec::new()), at)
            }
            Event::MappingStart(_, _, tag) => {
                refuse_tag(tag.as_deref(), at)?;
                self.open(Open::Mapping(at, Vec::new(), None), at)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                match self.open.pop() {
                    Some(Open::Sequence(at, items)) => self.value(at, Value::Sequence(items)),
                    Some(Open::Mapping(at, entries, _)) => {
                        refuse_twins(&entries)?;
                        self.value(at, Value::Mapping(entries));
                    }
                    None => {}
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open::Mapping(_, _, None)))
    }

    fn key(&mut self, name: Cow<'t, str>, at: usize) {
        if let Some(Open::Mapping(_, _, key)) = self.open.last_mut() {
            *key = Some(Key { at, name });
        }
    }

    fn open(&mut self, open: Open<'t>, at: usize) -> Result<(), Refusal> {
        if self.wants_key() {
            return Err(Refusal::new(
                at,
                "expected a name, found an object or a list",
            ));
        }
        self.open.push(open);
        Ok(())
    }

    fn value(&mut self, at: usize, value: Value<'t>) {
        let node = Node {
            at,
            content: Content::Yaml(Box::new(value)),
        };
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence(_, items)) => items.push(node),
            Some(Open::Mapping(_, entries, key)) => {
                entries.extend(key.take().map(|key| (key, node)));
            }
        }
    }
}

/// YAML 1.2, section 3.2.1.3: the names of a mapping are unique.
fn refuse_twins(entries: &[(Key<'_>, Node<'_>)]) -> Result<(), Refusal> {
    let mut keys: Vec<_> = entries.iter().map(|(key, _)| (&key.name, key.at)).collect();
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        None => Ok(()),
        Some(pair) => Err(Refusal::new(pair[1].1, "this name is there twice")),
    }
}

fn refuse_tag(tag: Option<&Tag>, at: usize) -> Result<(), Refusal> {
    match tag {
        None => Ok(()),
        Some(_) => Err(Refusal::new(
            at,
            "tags (`!name`) are not read: leave it out",
        )),
    }
}

/// YAML 1.2's core schema (section 10.3.2): `no` is text, and so is a date.
fn plain(text: Cow<'_, str>, at: usize) -> Result<Value<'_>, Refusal> {
    Ok(match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Boolean(true),
        "false" | "False" | "FALSE" => Value::Boolean(false),
        _ if is_number_of_json(&text) => Value::Number(text),
        _ if is_number_of_yaml(&text) => {
            return Err(Refusal::new(
                at,
                "JSON has no such number: write it in decimal, or in quotes if it is text",
            ));
        }
        _ => Value::Text(text),
    })
}

fn is_number_of_json(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

fn is_number_of_yaml(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits_of = |prefix, radix| {
        let digits: Option<&str> = text.strip_prefix(prefix);
        digits.is_some_and(|it| !it.is_empty() && it.chars().all(|digit| digit.is_digit(radix)))
    };
    digits_of("0o", 8)
        || digits_of("0x", 16)
        || matches!(unsigned, ".inf" | ".Inf" | ".INF")
        || matches!(text, ".nan" | ".NaN" | ".NAN")
        || (unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit())
            && unsigned.parse::<f64>().is_ok())
}
