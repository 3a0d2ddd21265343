//! Reads a conformance case as the build does: refused, or one that can be written and judged.
#![no_main]

use std::sync::LazyLock;

use amlkeys_conformance::{Case, Format, Script, judge_traffic};
use jsonschema::Validator;
use serde_json::Value;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("../../tests/conformance/cases/schema.json");
    jsonschema::validator_for(&schema.parse().unwrap()).unwrap()
});

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    let Ok(file) = serde_json::from_slice::<Value>(file) else {
        return;
    };
    // To JSON Schema 1.0 is an integer, to the reader it is not.
    let must_be_read = !has_float(&file) && SCHEMA.is_valid(&file);
    match serde_json::from_value::<Case>(file) {
        Ok(case) => {
            let written = serde_json::to_value(&case).unwrap();
            let again: Case = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&again).unwrap(), written);
            judge(&case);
        }
        Err(error) => assert!(!must_be_read, "the schema allows it: {error}"),
    }
});

/// Judges the recorded exchanges of a case and writes every report of them.
fn judge(case: &Case) {
    let Script::Traffic(script) = &case.script else {
        return;
    };
    let lines: String = script.exchanges.iter().map(|it| format!("{it}\n")).collect();
    let report = judge_traffic("case", lines.as_bytes()).unwrap();
    for format in Format::OF_FILES {
        report.write(format, &mut std::io::sink()).unwrap();
    }
}

fn has_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(elements) => elements.iter().any(has_float),
        Value::Object(members) => members.values().any(has_float),
        _ => false,
    }
}
