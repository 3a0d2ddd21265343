//! Measures what is ours beside its peers. Run it with `cargo xtask bench`.

mod allocations;
mod bare;
mod calls;
mod clean_build;
mod cold_start;
mod emulator;
mod load;
mod pairs;
mod peer;
mod table;
mod usage;

use std::env;
use std::io::{self, Write};

use anyhow::{Context, Result, bail, ensure};

use table::Table;

/// How long to measure.
#[derive(Clone, Copy, PartialEq)]
enum Effort {
    Full,
    Quick,
}

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1).peekable();
    match arguments.peek().map(String::as_str) {
        // This program is its own peer, too.
        Some("bare-server") => run(bare::serve(arguments.skip(1))),
        Some("peak-memory") => {
            let mut command = arguments.skip(1);
            let program = command.next().context("no command")?;
            let peak = usage::peak_memory(&program, command)?;
            Ok(writeln!(io::stdout(), "{peak}")?)
        }
        _ => run(measure(arguments)),
    }
}

/// Everything runs on tokio's `current_thread` flavour, as the command does.
fn run(future: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(future)
}

async fn measure(arguments: impl Iterator<Item = String>) -> Result<()> {
    let (options, sections): (Vec<_>, Vec<_>) = arguments.partition(|it| it.starts_with("--"));
    let effort = match options.as_slice() {
        [] => Effort::Full,
        [quick] if quick == "--quick" => Effort::Quick,
        other => bail!("{other:?} is unknown"),
    };
    usage::open_many_files()?;
    let mut table = Table::default();
    for section in sections {
        match section.as_str() {
            "calls" => calls::measure(effort, &mut table).await?,
            "emulator" => emulator::measure(effort, &mut table).await?,
            "cold-start" => cold_start::measure(effort, &mut table).await?,
            "clean-build" => clean_build::measure(&mut table)?,
            other => bail!("{other} is unknown"),
        }
    }
    let missed = table.missed();
    ensure!(missed.is_empty(), "not as wanted: {}", missed.join("; "));
    Ok(())
}
