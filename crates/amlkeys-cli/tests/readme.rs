//! The commands of the README and of `docs/` print what stands there.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_command_of_the_readme_prints_what_it_says() {
    let project = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let found = check(&project.join("README.md"), "cargo run -- ");
    assert!(found >= 3, "found {found} commands");
}

#[test]
fn every_console_command_of_the_docs_prints_what_it_says() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let pages = fs::read_dir(docs).unwrap();
    let found = pages.map(|page| check(&page.unwrap().path(), "amlkeys "));
    let found: usize = found.sum();
    assert!(found >= 3, "found {found} commands");
}

/// Runs the commands of a page that stand alone, and counts them.
fn check(page: &Path, program: &str) -> usize {
    let page = fs::read_to_string(page).unwrap();
    let blocks: Vec<&str> = page
        .split(&format!("```console\n$ {program}"))
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    for block in &blocks {
        let (command, expected) = block.split_once('\n').unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_amlkeys"))
            .args(command.split(' '))
            .env("AZURE_CONFIG_DIR", "no-such-folder")
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        let mut lines = printed.lines();
        for expected in expected.lines() {
            let printed = lines.next().unwrap_or_default();
            match expected.split_once("[..]") {
                Some((before, _)) => assert!(printed.starts_with(before), "{command}: {printed}"),
                None => assert_eq!(printed, expected, "{command}"),
            }
        }
        assert_eq!(lines.next(), None, "{command}");
    }
    blocks.len()
}
