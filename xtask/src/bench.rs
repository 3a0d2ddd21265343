//! `cargo xtask bench`: builds what is measured and hands over to
//! `amlkeys-bench`, in `tests/bench`, and to the benchmark of the decoders, which
//! print the table.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::builder::PossibleValue;
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
    /// A clean release build of the command, beside the SDK alone
    CleanBuild,
}

pub(crate) fn run(root: &Path, bench: &Bench) -> Result<()> {
    let sections = match bench.sections.as_slice() {
        [] => Section::value_variants(),
        some => some,
    };
    let mut holds = true;
    // As those build it who use it: the command small, the libraries fast.
    for (profile, measured) in [
        (
            "release",
            &[Section::ColdStart, Section::Emulator, Section::CleanBuild][..],
        ),
        ("bench", &[Section::Calls]),
    ] {
        let measured = measured.iter().filter(|it| sections.contains(it));
        let names: Vec<_> = measured.filter_map(ValueEnum::to_possible_value).collect();
        if names.is_empty() {
            continue;
        }
        let mut measure = Command::new(build(root, profile)?);
        measure.args(bench.quick.then_some("--quick"));
        measure.args(names.iter().map(PossibleValue::get_name));
        holds &= is_as_wanted(measure.current_dir(root))?;
    }
    if sections.contains(&Section::Decode) {
        let mut decode = cargo(root);
        decode.args(["bench", "--quiet", "-p", "amlkeys", "--bench", "decode"]);
        holds &= is_as_wanted(decode.args(["--", "--check"]))?;
    }
    ensure!(holds, "see what is BAD above");
    Ok(())
}

fn is_as_wanted(bench: &mut Command) -> Result<bool> {
    bench.env_remove("RUST_BACKTRACE"); // a backtrace costs an error dearly
    let status = bench.status().context("cannot start the benchmark")?;
    Ok(status.success())
}

/// Builds the command and its benchmark, whose path it returns.
fn build(root: &Path, profile: &str) -> Result<PathBuf> {
    let mut command = cargo(root);
    command.args(["build", "--release", "-p", "amlkeys-cli"]);
    let mut benchmark = cargo(root);
    benchmark.args(["build", "--profile", profile, "-p", "amlkeys-bench"]);
    let built = command.status().context("cannot start cargo")?;
    ensure!(built.success(), "cannot build what is measured");
    benchmark.arg("--message-format=json-render-diagnostics");
    let output = benchmark.stderr(Stdio::inherit()).output();
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
