//! What compiling the command takes, from an empty target folder, beside the SDK alone, which is
//! what every program that calls with it compiles.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::table::{Row, Table};
use crate::usage::cpu_of_children;

pub(crate) fn measure(table: &mut Table) -> Result<()> {
    /// In seconds.
    const MOST: f64 = 150.0;

    table.section("a clean release build of the command, beside the SDK alone")?;
    let sdk = cpu_of_build("amlkeys")?;
    let command = cpu_of_build("amlkeys-cli")?;
    table.add(Row {
        what: "CPU time".into(),
        found: format!("{:.2} of its {sdk:.0} s ({command:.0})", command / sdk),
        wanted: format!("{MOST} s at most"),
        is_good: command <= MOST,
    })?;
    Ok(())
}

/// In seconds, cargo's own included.
fn cpu_of_build(package: &str) -> Result<f64> {
    let beside_this = env::current_exe()?;
    let beside_this = beside_this.parent().context("a program is in a folder")?;
    let target = tempfile::tempdir_in(beside_this)?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let before = cpu_of_children()?;
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--release", "-p", package])
        .arg("--target-dir")
        .arg(target.path())
        .status()?;
    ensure!(built.success(), "{package} cannot be built");
    Ok((cpu_of_children()? - before).as_secs_f64())
}
