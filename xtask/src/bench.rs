//! `cargo xtask bench`: builds what is measured and hands over to
//! `amlkeys-bench`, in `tests/bench`, and to the benchmark of the decoders, which
//! print the table.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::Value;

#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask bench               the whole table, some minutes; exit code 1 if a line is BAD
  cargo xtask bench --quick       fewer rounds
  cargo xtask bench calls decode  these sections alone

Only the ratios mean something, and only on a machine that does little else.")]
pub(crate) struct Bench {
    /// What to measure; everything if nothing is named
    #[arg(value_enum)]
    sections: Vec<Section>,
    /// Measure for a shorter time
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Section {
    /// A warm call of the SDK beside bare reqwest, and to the emulator
    Calls,
    /// Decoding beside serde_json into plain structs
    Decode,
    /// One call of the command as a process, beside a bare program
    ColdStart,
    /// The emulator beside bare hyper and Prism
    Emulator,
}

pub(crate) fn run(root: &Path, bench: &Bench) -> Result<()> {
    let sections = match bench.sections.as_slice() {
        [] => Section::value_variants(),
        some => some,
    };
    let (decode, others): (Vec<Section>, Vec<Section>) = sections
        .iter()
        .copied()
        .partition(|it| *it == Section::Decode);
    let mut holds = true;
    if !others.is_empty() {
        let mut measure = Command::new(build(root)?);
        measure.current_dir(root);
        measure.args(bench.quick.then_some("--quick"));
        for section in others {
            let name = section.to_possible_value().context("no name")?;
            measure.arg(name.get_name());
        }
        holds &= measured(&mut measure)?;
    }
    if !decode.is_empty() {
        let mut decode = cargo(root);
        decode.args(["bench", "--quiet", "-p", "amlkeys", "--bench", "decode"]);
        holds &= measured(decode.args(["--", "--check"]))?;
    }
    ensure!(holds, "see what is BAD above");
    Ok(())
}

/// Whether everything was found as it is wanted.
fn measured(bench: &mut Command) -> Result<bool> {
    bench.env_remove("RUST_BACKTRACE"); // a backtrace costs an error dearly
    let status = bench.status().context("cannot start the benchmark")?;
    Ok(status.success())
}

/// Builds the command and its benchmark, whose path it returns.
fn build(root: &Path) -> Result<PathBuf> {
    let mut build = cargo(root);
    build.args([
        "build",
        "--release",
        "-p",
        "amlkeys-cli",
        "-p",
        "amlkeys-bench",
    ]);
    build.arg("--message-format=json-render-diagnostics");
    let output = build.stderr(Stdio::inherit()).output();
    let output = output.context("cannot start cargo")?;
    ensure!(output.status.success(), "cannot build what is measured");
    let messages = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let messages = messages.collect::<serde_json::Result<Vec<_>>>()?;
    let built = messages
        .iter()
        .find(|it| it["target"]["name"] == "amlkeys-bench");
    let path = built.and_then(|it| it["executable"].as_str());
    Ok(path.context("cargo did not say where it is")?.into())
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}
