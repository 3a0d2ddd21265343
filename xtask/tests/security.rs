//! Every promise of SECURITY.md names what holds it, and what it names is there.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn every_promise_is_held_by_a_test_that_is_there() {
    let page = std::fs::read_to_string(project().join("SECURITY.md")).unwrap();
    let rows: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .filter(|(promise, _)| *promise != "promise")
        .collect();
    assert!(rows.len() > 20, "{rows:?}");
    for (promise, tests) in rows {
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing holds: {promise}");
        for name in names {
            assert!(
                is_there(name),
                "there is no {name}, which is to hold: {promise}"
            );
        }
    }
}

#[test]
fn what_is_not_there_is_noticed() {
    assert!(is_there("attempts::the_request_is_as_documented"));
    for name in [
        "attempts::the_request_is_not_as_documented",
        "attempts::the_request_is",
        "attempts::compute_id",
        "attempt::the_request_is_as_documented",
        "amlkeys-cli/attempts::the_request_is_as_documented",
        "no-such-file.toml",
    ] {
        assert!(!is_there(name), "{name}");
    }
}

/// Whether there is a test of this name, or a file: `file::test` of the SDK,
/// `package/file::test`, with `*` for every test of a file.
fn is_there(name: &str) -> bool {
    let Some((file, test)) = name.split_once("::") else {
        return project().join(name).exists();
    };
    let (package, file) = file.split_once('/').unwrap_or(("amlkeys", file));
    let folders = ["crates", "tests", "."].map(|it| project().join(it).join(package));
    let sources = folders.iter().flat_map(|folder| sources(folder, file));
    let mut texts = sources.filter_map(|source| std::fs::read_to_string(source).ok());
    texts.any(|text| tests_of(&text).any(|it| test == "*" || it == test))
}

/// Where the tests of a file may be.
fn sources(package: &Path, file: &str) -> [PathBuf; 2] {
    ["tests", "src"].map(|it| package.join(it).join(file).with_extension("rs"))
}

/// The names of the functions that are marked as tests.
fn tests_of(source: &str) -> impl Iterator<Item = &str> {
    let mut is_marked = false;
    source.lines().filter_map(move |line| {
        let line = line.trim_start();
        is_marked |= line.starts_with("#[") && (line.contains("test]") || line.contains("test("));
        let function = line.trim_start_matches("async ").strip_prefix("fn ")?;
        let name = function.split('(').next()?;
        std::mem::take(&mut is_marked).then_some(name)
    })
}
