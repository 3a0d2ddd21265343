//! Reads an overlay and applies it: a document, or an error.
#![no_main]

const DOCUMENT: &str = include_str!("../../spec/2025-09-01.json");

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(document) = xtask::fuzzing::overlay(text, DOCUMENT) {
        serde_json::from_str::<serde_json::Value>(&document).unwrap();
    }
});
