//! What one call of the command costs as a whole process, sign-in included, beside a program on
//! nothing but reqwest that sends the same two requests.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::Effort;
use crate::pairs::Pairs;
use crate::peer::{Peer, Program, beside_this};
use crate::table::{Row, Table};
use crate::usage::cpu_of_children;

pub(crate) async fn measure(effort: Effort, table: &mut Table) -> Result<()> {
    const LARGEST_PROGRAM: u64 = 8_000_000;

    table.section("a cold call: the command beside a bare reqwest program, sign-in included")?;
    let emulator = Peer::start(&Program::Emulator { tls: true }, None).await?;
    let folder = tempfile::tempdir()?;
    let settings = settings(&emulator, folder.path())?;
    let (url, workspace) = (emulator.fact("url")?, emulator.workspace("fullworkspace")?);
    let program = |name: &str, arguments: &[&str]| {
        let mut line = vec![beside_this(name)?];
        line.extend(arguments.iter().map(|it| it.to_string()));
        anyhow::Ok(Cold {
            line,
            settings: settings.clone(),
        })
    };
    let bare_url = format!("{url}{workspace}/listKeys?api-version=2023-10-01");
    let bare = program("bare-call", &[&bare_url])?;
    let list_keys = [
        "workspace",
        "list-keys",
        "--show-secrets",
        "--ids",
        &workspace,
    ];
    let amlkeys = program("amlkeys", &[&list_keys[..], &["--endpoint", url]].concat())?;
    let itself = program("amlkeys", &[&list_keys[..], &["--emulator"]].concat())?;

    let rounds = if effort == Effort::Quick { 15 } else { 100 };
    let (mut beside_bare, mut beside_itself) = (Pairs::default(), Pairs::default());
    for _ in 0..rounds {
        beside_bare.add(amlkeys.run()?, bare.run()?);
        beside_itself.add(itself.run()?, amlkeys.run()?);
    }
    for (what, of) in [
        ("wall time", (|cost| cost.wall) as fn(&Cost) -> f64),
        ("CPU time", |cost| cost.cpu),
    ] {
        let ratio = beside_bare.ratio(|ours, bare| of(ours) / of(bare));
        let [ours, bare] = beside_bare.medians(|cost| of(cost) * 1e3);
        let found = format!("{ratio} of its {bare:.1} ms ({ours:.1})");
        table.add(Row::at_most(what, ratio.median, 1.5, found))?;
        let ratio = beside_itself.ratio(|with, without| of(with) / of(without));
        let [with, without] = beside_itself.medians(|cost| of(cost) * 1e3);
        table.add(Row::stated(
            format!("{what} with the emulator inside"),
            format!("{ratio} of its own {without:.1} ms ({with:.1})"),
        ))?;
    }
    let memory = |program: &Cold| {
        let peaks = (0..5).map(|_| program.peak_memory());
        anyhow::Ok(median(peaks.collect::<Result<Vec<f64>>>()?.into_iter()))
    };
    let (ours, theirs) = (memory(&amlkeys)?, memory(&bare)?);
    let found = format!("{:.2} of its {theirs:.1} MiB ({ours:.1})", ours / theirs);
    table.add(Row::at_most("peak memory", ours / theirs, 2.0, found))?;
    let bytes = fs::metadata(beside_this("amlkeys")?)?.len();
    table.add(Row {
        what: "size of the program".into(),
        found: format!("{bytes} bytes"),
        wanted: format!("{LARGEST_PROGRAM} at most"),
        is_good: bytes <= LARGEST_PROGRAM,
    })?;
    Ok(())
}

/// What both programs are told by their environment, and nothing else.
fn settings(emulator: &Peer, folder: &Path) -> Result<Vec<(&'static str, String)>> {
    let folder = folder.to_str().context("a folder that is UTF-8")?;
    Ok(vec![
        ("AZURE_CONFIG_DIR", folder.to_owned()),
        ("SSL_CERT_FILE", emulator.fact("ca")?.to_owned()),
        ("AZURE_AUTHORITY_HOST", emulator.fact("url")?.to_owned()),
        (
            "AZURE_TENANT_ID",
            "99999999-aaaa-4bbb-8ccc-dddddddddddd".into(),
        ),
        (
            "AZURE_CLIENT_ID",
            "99999999-aaaa-4bbb-8ccc-000000000002".into(),
        ),
        ("AZURE_CLIENT_SECRET", "invented-client-secret".into()),
    ])
}

/// A command that signs in and makes one call.
struct Cold {
    line: Vec<String>,
    settings: Vec<(&'static str, String)>,
}

/// In seconds.
struct Cost {
    wall: f64,
    cpu: f64,
}

impl Cold {
    fn run(&self) -> Result<Cost> {
        let (begin, cpu_before) = (Instant::now(), cpu_of_children()?);
        let output = self.output(Command::new(&self.line[0]).args(&self.line[1..]))?;
        let cost = Cost {
            wall: begin.elapsed().as_secs_f64(),
            cpu: (cpu_of_children()? - cpu_before).as_secs_f64(),
        };
        let printed = String::from_utf8_lossy(&output.stdout);
        ensure!(printed.contains("invented-storage-key"), "{printed}");
        Ok(cost)
    }

    /// In MiB.
    fn peak_memory(&self) -> Result<f64> {
        let mut command = Command::new(env::current_exe()?);
        let output = self.output(command.arg("peak-memory").args(&self.line))?;
        let kibibytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
        Ok(kibibytes / 1024.0)
    }

    fn output(&self, command: &mut Command) -> Result<Output> {
        command.env_clear().envs(self.settings.iter().cloned());
        let output = command.output()?;
        ensure!(
            output.status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output)
    }
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
