//! az's own answers, recorded by `tests/az/generate.py`, are ours: the same
//! bytes, or what the difference below leaves.

use std::fmt::Debug;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Printer, Table};
use crate::args::Format;
use crate::query::Query;

#[derive(Deserialize)]
struct Recorded {
    documents: Map<String, Value>,
    answers: Vec<Answer>,
}

/// What az prints in each format, `None` where it refuses.
#[derive(Deserialize)]
struct Answer {
    document: String,
    query: Option<String>,
    json: Option<String>,
    yaml: Option<String>,
    table: Option<String>,
    tsv: Option<String>,
}

/// What is not as in az, and why. A case that has no difference any more fails.
const DIFFERENCES: [(&str, &str, Format, &str); 11] = [
    ("odd", "lines", Format::Table, ONE_LINE),
    ("odd", "tab", Format::Table, ONE_LINE),
    ("odd", "control", Format::Table, ONE_LINE),
    ("odd", "{t: text, l: lines}", Format::Table, ONE_LINE),
    ("odd", "[{a: lines, b: a}]", Format::Table, ONE_LINE),
    ("aks", "userKubeConfig", Format::Table, ONE_LINE),
    (
        "aks",
        "{type: computeType, kube: userKubeConfig}",
        Format::Table,
        ONE_LINE,
    ),
    ("odd", "text > z", Format::Table, NO_ORDER),
    ("odd", "text > z", Format::Tsv, NO_ORDER),
    ("odd", "text > z", Format::Json, NO_ORDER),
    ("odd", "text > z", Format::Yaml, NO_ORDER),
];

const ONE_LINE: &str = "a value stays on one line of the table, control characters escaped";
const NO_ORDER: &str = "az breaks down where JMESPath says null: a text and a number compared";

fn recorded() -> Recorded {
    serde_json::from_str(include_str!("../../tests/az/answers.json")).unwrap()
}

/// `None` if the query or the result is refused.
fn ours(document: &Value, query: Option<&str>, format: Format) -> Option<String> {
    let query = query.map(Query::compile).transpose().ok()?;
    Printer { format, query }.render(document, Table::Rows).ok()
}

/// az sorts the keys of JSON and YAML; here they keep the document's order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(sorted).collect(),
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            entries
                .into_iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect()
        }
        scalar => scalar.clone(),
    }
}

#[test]
fn json_differs_only_in_the_order_of_keys() {
    let Recorded { documents, answers } = recorded();
    for Answer {
        document,
        query,
        json,
        ..
    } in answers
    {
        let ours = ours(&documents[&document], query.as_deref(), Format::Json);
        let ours = ours.map(|text| match text.as_str() {
            "" => text,
            text => format!("{:#}\n", sorted(&serde_json::from_str(text).unwrap())),
        });
        check(&document, query.as_deref(), Format::Json, ours, json);
    }
}

#[test]
fn yaml_differs_only_in_style() {
    let Recorded { documents, answers } = recorded();
    for Answer {
        document,
        query,
        yaml,
        ..
    } in answers
    {
        let ours = ours(&documents[&document], query.as_deref(), Format::Yaml);
        let ours = ours.map(|text| read_yaml(&text));
        let yaml = yaml.map(|text| read_yaml(&text));
        check(&document, query.as_deref(), Format::Yaml, ours, yaml);
    }
}

#[test]
fn tsv_is_the_same() {
    let Recorded { documents, answers } = recorded();
    for Answer {
        document,
        query,
        tsv,
        ..
    } in answers
    {
        let ours = ours(&documents[&document], query.as_deref(), Format::Tsv);
        check(&document, query.as_deref(), Format::Tsv, ours, tsv);
    }
}

/// Without a query a command has a table of its own, as some of az's have.
#[test]
fn tables_of_a_query_are_the_same() {
    let Recorded { documents, answers } = recorded();
    for Answer {
        document,
        query,
        table,
        ..
    } in answers.into_iter().filter(|it| it.query.is_some())
    {
        let ours = ours(&documents[&document], query.as_deref(), Format::Table);
        check(&document, query.as_deref(), Format::Table, ours, table);
    }
}

fn read_yaml(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| serde_saphyr::from_str(text).unwrap())
}

fn check<T: Debug + PartialEq>(
    document: &str,
    query: Option<&str>,
    format: Format,
    ours: Option<T>,
    az: Option<T>,
) {
    let mut differences = DIFFERENCES.iter();
    let known = differences.find(|it| (it.0, Some(it.1), it.2) == (document, query, format));
    match known {
        None => assert_eq!(ours, az, "{document}: {query:?}"),
        Some((_, _, _, reason)) => assert_ne!(ours, az, "{query:?} is as in az: {reason}"),
    }
}
