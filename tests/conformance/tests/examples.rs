//! Every file of `spec/examples` is two tests.

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

datatest_stable::harness! {
    { test = the_client_sends_and_reads_it_as_documented, root = "../../spec/examples", pattern = r"\.json$" },
    { test = it_fits_its_schema_but_for_known_deviations, root = "../../spec/examples", pattern = r"\.json$" },
}
