//! Every file of `spec/examples` is three tests.

mod support;

use std::path::Path;

use support::{Deviations, Example, Excerpt, replay};

fn the_client_sends_and_reads_it_as_documented(path: &Path) -> datatest_stable::Result<()> {
    let example = Example::read(path)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let deviations = Deviations::read()?;
    Ok(runtime.block_on(replay(&example, &deviations.not_carried(&example.name)))?)
}

fn it_fits_its_schema_but_for_known_deviations(path: &Path) -> datatest_stable::Result<()> {
    let example = Example::read(path)?;
    let findings = Excerpt::read(&example.api_version)?.findings(&example)?;
    let problems = Deviations::read()?.compare(&example.name, &findings);
    match problems.is_empty() {
        true => Ok(()),
        false => Err(format!("{}:\n{}", example.name, problems.join("\n")).into()),
    }
}

fn the_lint_finds_what_another_validator_finds(path: &Path) -> datatest_stable::Result<()> {
    let example = Example::read(path)?;
    let report = amlkeys_conformance::lint(&example.name, &example.text);
    let found: Vec<String> = report.findings().map(|it| it.at.to_string()).collect();
    let others = Excerpt::read(&example.api_version)?.findings(&example)?;
    let missed = others.into_iter().filter(|it| !found.contains(&it.pointer));
    let missed: Vec<String> = missed
        .map(|it| format!("{}: {}", it.pointer, it.message))
        .collect();
    match missed.is_empty() {
        true => Ok(()),
        false => Err(format!("{}:\n{}", example.name, missed.join("\n")).into()),
    }
}

datatest_stable::harness! {
    { test = the_client_sends_and_reads_it_as_documented, root = "../../spec/examples", pattern = r"\.json$" },
    { test = the_lint_finds_what_another_validator_finds, root = "../../spec/examples", pattern = r"\.json$" },
    { test = it_fits_its_schema_but_for_known_deviations, root = "../../spec/examples", pattern = r"\.json$" },
}
