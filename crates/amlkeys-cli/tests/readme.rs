//! The README's commands print what the README says.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;

#[test]
fn every_command_of_the_readme_prints_what_it_says() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let blocks: Vec<&str> = readme
        .split("```console\n$ cargo run -- ")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(blocks.len() >= 3, "found {} commands", blocks.len());
    for block in blocks {
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
}
