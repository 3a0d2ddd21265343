//! The project's own tasks: `cargo xtask <command>`.
#![allow(clippy::print_stderr, reason = "a command line talks on its streams")]

mod bench;
mod classify;
mod client;
mod contract;
mod diff;
mod documented;
#[cfg(fuzzing)]
pub mod fuzzing;
mod generate;
mod import;
mod lower;
mod methods;
mod msrv;
mod output;
mod overlay;
mod pointer;
mod rust_source;
mod schema;
mod spec;
mod tagged_enum;
mod upgrade;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};

/// Tasks for those who move the spec, the overlay or the generator, or measure.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    /// The project's folder, for work on a copy of it
    #[arg(long, global = true, value_name = "DIR", default_value_os_t = spec::root(), hide_default_value = true)]
    root: PathBuf,
    /// Say on stderr how long the task took
    #[arg(long, global = true)]
    timing: bool,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Rebuild the generated sources from spec/ and write those that differ
    Generate(Generate),
    /// Print an excerpt with the overlay applied, for other OpenAPI tools
    Overlay(Overlay),
    /// Convert operations of an official Swagger 2.0 description into an excerpt
    Import(import::Import),
    /// Take an api-version in: import, generate, wire, diff and test it
    Upgrade(upgrade::Upgrade),
    /// Say what changes for consumers from one api-version to another
    Diff(diff::Args),
    /// Hold each `rust-version` against what the dependencies in the lockfile need
    Msrv,
    /// Measure the SDK, the emulator and the command beside their peers
    Bench(bench::Bench),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask generate            after a change in spec/
  cargo xtask generate --check    in CI: exit code 1 if anything is stale
  cargo xtask generate --input my.json --output my.rs --overlay my-overlay.json")]
struct Generate {
    /// Write nothing; fail if a generated file differs from what spec/ gives
    #[arg(long, conflicts_with = "input")]
    check: bool,
    /// Generate one client from this OpenAPI 3.0 file instead of from spec/
    #[arg(long, value_name = "FILE", requires = "output")]
    input: Option<PathBuf>,
    /// Where to write the client of --input
    #[arg(long, value_name = "FILE", requires = "input")]
    output: Option<PathBuf>,
    /// OpenAPI Overlay for --input; without one every response string is secret
    #[arg(long, value_name = "FILE", requires = "input")]
    overlay: Option<PathBuf>,
}

#[derive(Args)]
struct Overlay {
    /// An api-version of spec/, or an OpenAPI 3.0 file
    input: PathBuf,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let Cli { root, timing, task } = Cli::parse();
    let start = Instant::now();
    let code = run(&root, task);
    if timing {
        eprintln!("took {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    }
    code
}

fn run(root: &Path, task: Task) -> ExitCode {
    let outcome = match task {
        Task::Generate(Generate { check: true, .. }) => generate::check(root),
        Task::Generate(Generate {
            input: Some(input),
            output: Some(output),
            overlay,
            ..
        }) => generate::from_file(root, &input, &output, overlay.as_deref()),
        Task::Generate(_) => generate::write(root),
        Task::Overlay(Overlay { input, output }) => overlay::print(root, &input, output.as_deref()),
        Task::Import(import) => import::run(root, &import),
        Task::Upgrade(upgrade) => upgrade::run(root, &upgrade),
        Task::Diff(args) => return diff::run(root, &args),
        Task::Msrv => msrv::run(root),
        Task::Bench(bench) => bench::run(root, &bench),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
