//! What holds for every file of `cases/`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use amlkeys_conformance::cases;
use serde_json::Value;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"))
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_case_fits_the_published_schema_and_is_where_its_id_says() {
    let schema = jsonschema::validator_for(&read(&folder().join("schema.json"))).unwrap();
    for case in cases() {
        let path = folder().join(format!("{}.json", case.id));
        assert!(path.is_file(), "there is no {}", path.display());
        let problems: Vec<String> = schema
            .iter_errors(&read(&path))
            .map(|it| format!("{}: {it}", it.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{}: {problems:#?}", case.id);
        assert!(
            case.id.starts_with(&format!("{}/", case.role())),
            "{}",
            case.id
        );
    }
}

#[test]
fn every_id_stands_once() {
    let ids: Vec<&str> = cases().iter().map(|case| case.id.as_str()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn nothing_is_lost_between_a_file_and_what_is_read_of_it() {
    for case in cases() {
        let mut file = read(&folder().join(format!("{}.json", case.id)));
        file.as_object_mut().unwrap().remove("$schema");
        let read = serde_json::to_value(case).unwrap();
        assert_eq!(missing(&file, &read), None, "{}", case.id);
    }
}

/// Where something of `file` is not in `read`.
fn missing(file: &Value, read: &Value) -> Option<String> {
    match (file, read) {
        (Value::Object(file), Value::Object(read)) => file.iter().find_map(|(name, value)| {
            let deeper = missing(value, read.get(name).unwrap_or(&Value::Null))?;
            Some(format!("/{name}{deeper}"))
        }),
        (Value::Array(file), Value::Array(read)) if file.len() == read.len() => file
            .iter()
            .zip(read)
            .find_map(|(file, read)| missing(file, read)),
        (Value::Number(file), Value::Number(read)) if file.as_f64() == read.as_f64() => None,
        (file, read) => (file != read).then(String::new),
    }
}
