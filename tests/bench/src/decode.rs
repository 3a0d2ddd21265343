//! What decoding costs, from what criterion has measured.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::table::{Row, Table};

/// Reads the results of `cargo bench -p amlkeys --bench decode`, from where `CRITERION_HOME` says
/// that they are.
pub(crate) fn read(table: &mut Table) -> Result<()> {
    table.section("decoding: SDK beside serde_json into structs with String fields")?;
    let home = env::var("CRITERION_HOME").context("CRITERION_HOME")?;
    for (body, times) in times(Path::new(&home))? {
        let time = |of| times.get(of).with_context(|| format!("no time of {of}"));
        let (ours, theirs) = (time("amlkeys")?, time("plain")?);
        let ratio = ours / theirs;
        let found = format!("{ratio:.2} of its {theirs:.0} ns ({ours:.0})");
        table.add(Row::at_most(body, ratio, 1.2, found))?;
    }
    Ok(())
}

/// For each body, the median time of each way of decoding it, in nanoseconds.
fn times(home: &Path) -> Result<BTreeMap<String, BTreeMap<String, f64>>> {
    let mut times: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for body in fs::read_dir(home).with_context(|| format!("nothing in {}", home.display()))? {
        for way in fs::read_dir(body?.path())? {
            let newest = way?.path().join("new");
            let Ok(names) = fs::read(newest.join("benchmark.json")) else {
                continue; // a folder of criterion's own
            };
            let names: Value = serde_json::from_slice(&names)?;
            let found: Value = serde_json::from_slice(&fs::read(newest.join("estimates.json"))?)?;
            let name = |of: &str| anyhow::Ok(names[of].as_str().context("a name")?.to_owned());
            let median = found["median"]["point_estimate"].as_f64();
            times
                .entry(name("group_id")?)
                .or_default()
                .insert(name("function_id")?, median.context("no median")?);
        }
    }
    Ok(times)
}
