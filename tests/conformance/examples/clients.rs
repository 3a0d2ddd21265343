//! Checks clients and compares them: the table of `adapters/README.md`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use amlkeys_conformance::{CaseReport, ClientCheck, KnownFailures, Level, Report, Rule, Verdict};
use anyhow::{Context, Result, ensure};
use clap::Parser;

#[derive(Parser)]
struct Args {
    /// Clients to check: the name of a folder of `adapters/`, and the command of its adapter.
    #[arg(required = true, value_name = "NAME=COMMAND")]
    clients: Vec<String>,
    /// Takes only the cases with this text in their ids.
    #[arg(long, default_value = "")]
    filter: String,
    /// Adapters at the same time.
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Fails unless the table stands in this file.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Writes each report as NAME.json into this folder.
    #[arg(long, value_name = "FOLDER")]
    reports: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let mut reports = Vec::new();
    for client in &args.clients {
        let (name, command) = client.split_once('=').context("expected NAME=COMMAND")?;
        let check = ClientCheck::of_command(command)?
            .with_filter(&args.filter)
            .with_jobs(args.jobs)
            .with_answer_within(Duration::from_secs(15))
            .with_known_failures(known_failures(name)?);
        let report = check.run(|_| {}).await?;
        print_unexpected(name, &report);
        if let Some(folder) = &args.reports {
            let file = folder.join(format!("{name}.json"));
            std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
        }
        reports.push((name, report));
    }
    let table = table(&reports);
    println!("{table}");
    if let Some(file) = args.check {
        let text = std::fs::read_to_string(&file)?;
        ensure!(
            text.contains(&table),
            "{} has another table",
            file.display()
        );
    }
    let is_success = reports.iter().all(|(_, report)| report.is_success());
    Ok(ExitCode::from(u8::from(!is_success)))
}

/// Those that are checked in for a client.
fn known_failures(name: &str) -> Result<KnownFailures> {
    let adapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters");
    let file = adapters.join(name).join("known-failures.json");
    match file.exists() {
        true => Ok(KnownFailures::parse(&std::fs::read_to_string(file)?)?),
        false => Ok(KnownFailures::default()),
    }
}

fn print_unexpected(name: &str, report: &Report) {
    let unexpected = [Verdict::Failed, Verdict::UnexpectedPass];
    let cases = report.cases.iter();
    for case in cases.filter(|case| unexpected.contains(&case.verdict)) {
        eprintln!("{name}: {:?} {}", case.verdict, case.id);
        for finding in &case.findings {
            eprintln!("    {finding}");
        }
    }
}

/// Rows are groups of cases, columns are clients.
fn table(reports: &[(&str, Report)]) -> String {
    let names: Vec<&str> = reports.iter().map(|(name, _)| *name).collect();
    let mut lines = vec![
        format!("| cases | {} |", names.join(" | ")),
        format!("|---|{}", "---|".repeat(names.len())),
    ];
    let mut groups = BTreeMap::<&str, Vec<Tally>>::new();
    let mut totals = vec![Tally::default(); reports.len()];
    for (column, (_, report)) in reports.iter().enumerate() {
        for runs in report
            .cases
            .chunk_by(|one, other| case_of(one) == case_of(other))
        {
            let group = case_of(&runs[0]).split('/').nth(1).unwrap_or_default();
            let tallies = groups.entry(group);
            let tallies = tallies.or_insert_with(|| vec![Tally::default(); reports.len()]);
            tallies[column].count(runs);
            totals[column].count(runs);
        }
    }
    let row = |name: &str, tallies: &[Tally]| {
        let cells: Vec<String> = tallies.iter().map(Tally::cell).collect();
        format!("| {name} | {} |", cells.join(" | "))
    };
    lines.extend(groups.iter().map(|(group, tallies)| row(group, tallies)));
    lines.push(row("**all**", &totals));
    lines.join("\n")
}

#[derive(Clone, Default)]
struct Tally {
    run: usize,
    passed: usize,
    /// Failed for nothing but secrets that show.
    shown: usize,
    warned: usize,
    skipped: usize,
}

/// The id without what the case was repeated for.
fn case_of(run: &CaseReport) -> &str {
    run.id.split('[').next().unwrap_or_default()
}

impl Tally {
    /// Takes in all runs of a case: it passed if each did.
    fn count(&mut self, runs: &[CaseReport]) {
        if runs.iter().all(|run| run.verdict == Verdict::Skipped) {
            self.skipped += 1;
            return;
        }
        self.run += 1;
        let findings = || runs.iter().flat_map(|run| &run.findings);
        let mut failures = findings().filter(|finding| finding.level == Level::Must);
        match findings().map(|finding| finding.level).max() {
            None => self.passed += 1,
            Some(Level::Should) => self.warned += 1,
            Some(Level::Must) if failures.all(|it| it.rule == Rule::ClientSecretShown) => {
                self.shown += 1;
            }
            Some(Level::Must) => {}
        }
    }

    fn cell(&self) -> String {
        let mut cell = format!("{}/{}", self.passed, self.run);
        let notes = [
            (self.shown, "show secrets"),
            (self.warned, "warn"),
            (self.skipped, "skipped"),
        ];
        for (count, note) in notes.iter().filter(|(count, _)| *count > 0) {
            cell.push_str(&format!(", {count} {note}"));
        }
        cell
    }
}
