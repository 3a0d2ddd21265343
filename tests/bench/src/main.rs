//! Measures `amlkeys emulator` beside a bare hyper server that returns the same bytes, and beside
//! Prism. Run it with the script `emulator` beside this crate.

mod bare;
mod load;
mod peer;

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use load::Target;
use peer::{Peer, Program};

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match env::args().nth(1).as_deref() {
            Some("bare") => bare::serve(env::args().skip(2)).await,
            _ => Bench::from_arguments()?.run().await,
        }
    })
}

struct Bench {
    amlkeys: PathBuf,
    prism: Option<PathBuf>,
    /// Of what is done in full.
    divisor: u64,
}

/// Whether a number is as good as it has to be.
struct Row {
    what: String,
    found: String,
    wanted: String,
    is_good: bool,
}

const CONCURRENCY: usize = 64;
const MEBIBYTE: u64 = 1024;

impl Bench {
    fn from_arguments() -> Result<Self> {
        let mut bench = Self {
            amlkeys: PathBuf::new(),
            prism: None,
            divisor: 1,
        };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--amlkeys" => bench.amlkeys = arguments.next().context("--amlkeys PATH")?.into(),
                "--prism" => {
                    let path: PathBuf = arguments.next().context("--prism PATH")?.into();
                    bench.prism = path.exists().then_some(path);
                }
                "--quick" => bench.divisor = 10,
                other => bail!("{other} is unknown"),
            }
        }
        Ok(bench)
    }

    async fn run(&self) -> Result<()> {
        let mut rows = self.start_times().await?;
        for tls in [false, true] {
            rows.push(self.throughput(tls).await?);
        }
        rows.extend(self.growth().await?);
        rows.extend(self.crowd().await?);
        print(&rows)?;
        let missed = rows.iter().filter(|row| !row.is_good).count();
        ensure!(missed == 0, "{missed} below what was wanted");
        Ok(())
    }

    /// From the start of the process to its first answer.
    async fn start_times(&self) -> Result<Vec<Row>> {
        let ready = self.start_time(Program::Emulator { tls: false }).await?;
        let mut rows = vec![Row {
            what: "start to first answer".into(),
            found: format!("{:.1} ms", ready.as_secs_f64() * 1e3),
            wanted: "50 ms at most".into(),
            is_good: ready <= Duration::from_millis(50),
        }];
        let bare = self.start_time(Program::Bare { tls: false }).await?;
        rows.push(beside("start, beside bare hyper", ready, bare));
        if let Some(prism) = &self.prism {
            let prism = self.start_time(Program::Prism(prism.clone())).await?;
            rows.push(beside("start, beside Prism", ready, prism));
        }
        Ok(rows)
    }

    async fn start_time(&self, program: Program) -> Result<Duration> {
        let rounds = match program {
            Program::Prism(_) => 3,
            _ => 15,
        };
        let target = self.target(false).await?;
        let mut times = Vec::new();
        for _ in 0..rounds {
            let begin = Instant::now();
            let peer = Peer::start(&self.amlkeys, &program, Some(&target)).await?;
            peer.target()?.ask_once().await?;
            times.push(begin.elapsed());
        }
        times.sort();
        Ok(times[times.len() / 2])
    }

    /// What the emulator answers, for the bare server to repeat.
    async fn target(&self, tls: bool) -> Result<Vec<u8>> {
        let emulator = Peer::start(&self.amlkeys, &Program::Emulator { tls }, None).await?;
        emulator.target()?.ask_once().await
    }

    /// Rounds of both, one after the other, so that what else the machine does hits both.
    async fn throughput(&self, tls: bool) -> Result<Row> {
        const ROUNDS: usize = 7;

        let answer = self.target(tls).await?;
        let emulator = Program::Emulator { tls };
        let emulator = Peer::start(&self.amlkeys, &emulator, None).await?;
        let bare = Program::Bare { tls };
        let bare = Peer::start(&self.amlkeys, &bare, Some(&answer)).await?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let bare = self.rate(&bare.target()?).await?;
            let emulator = self.rate(&emulator.target()?).await?;
            rounds.push((emulator / bare, emulator, bare));
        }
        rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (ratio, emulator, bare) = rounds[ROUNDS / 2];
        let scheme = if tls { "https" } else { "http" };
        Ok(Row {
            what: format!("requests a second over {scheme}, {CONCURRENCY} at once"),
            found: format!("{ratio:.2} of bare hyper ({emulator:.0} to {bare:.0})"),
            wanted: "0.70 at least".into(),
            is_good: ratio >= 0.7,
        })
    }

    async fn rate(&self, target: &Target) -> Result<f64> {
        let requests = 40_000 / self.divisor;
        let begin = Instant::now();
        target.ask(requests, CONCURRENCY).await?;
        Ok(requests as f64 / begin.elapsed().as_secs_f64())
    }

    /// Memory after a hundred thousand requests, by when the heap has settled, and after a million
    /// more.
    async fn growth(&self) -> Result<Vec<Row>> {
        let program = Program::Emulator { tls: false };
        let emulator = Peer::start(&self.amlkeys, &program, None).await?;
        let target = emulator.target()?;
        let first = 100_000;
        target.ask(first, CONCURRENCY).await?;
        let early = emulator.memory("VmRSS")?;
        let requests = 1_000_000 / self.divisor;
        target.ask(requests, CONCURRENCY).await?;
        let late = emulator.memory("VmRSS")?;
        let grown = late.saturating_sub(early);
        Ok(vec![
            Row {
                what: format!("memory after {requests} more requests"),
                found: format!("{grown} KiB more than after {first}"),
                wanted: "256 KiB at most".into(),
                is_good: grown <= 256,
            },
            peak("peak memory, http", &emulator)?,
        ])
    }

    /// 10,000 connections that send nothing, then as many that send one byte at a time.
    async fn crowd(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for (tls, sends) in [(false, false), (false, true), (true, true)] {
            let program = Program::Emulator { tls };
            let emulator = Peer::start(&self.amlkeys, &program, None).await?;
            let target = emulator.target()?;
            let mut crowd = Vec::new();
            for _ in 0..10_000 / self.divisor {
                let mut stream = TcpStream::connect(target.address()).await?;
                if sends {
                    // The connection may have had to make room for a later one.
                    let _ = stream.write_all(if tls { b"\x16" } else { b"P" }).await;
                }
                crowd.push(stream);
            }
            let begin = Instant::now();
            target.ask_once().await?;
            let time = begin.elapsed();
            let scheme = if tls { "https" } else { "http" };
            let what = match sends {
                false => format!("{} silent connections, {scheme}", crowd.len()),
                true => format!("{} slow senders, {scheme}", crowd.len()),
            };
            rows.push(Row {
                what: what.clone(),
                found: format!("answered in {:.1} ms", time.as_secs_f64() * 1e3),
                wanted: "100 ms at most".into(),
                is_good: time <= Duration::from_millis(100),
            });
            rows.push(peak(&format!("peak memory, {what}"), &emulator)?);
        }
        let program = Program::Emulator { tls: true };
        let emulator = Peer::start(&self.amlkeys, &program, None).await?;
        let target = emulator.target()?;
        let mut kept = Vec::new();
        for _ in 0..600 {
            kept.push(target.ask_and_keep().await?);
        }
        rows.push(peak("peak memory, 600 used https connections", &emulator)?);
        Ok(rows)
    }
}

fn beside(what: &str, ours: Duration, theirs: Duration) -> Row {
    let (ours, theirs) = (ours.as_secs_f64(), theirs.as_secs_f64());
    Row {
        what: what.into(),
        found: format!("{:.2} of its {:.1} ms", ours / theirs, theirs * 1e3),
        wanted: String::new(),
        is_good: true,
    }
}

fn peak(what: &str, peer: &Peer) -> Result<Row> {
    let peak = peer.memory("VmHWM")?;
    Ok(Row {
        what: what.into(),
        found: format!("{:.1} MiB", peak as f64 / MEBIBYTE as f64),
        wanted: "20 MiB at most".into(),
        is_good: peak <= 20 * MEBIBYTE,
    })
}

fn print(rows: &[Row]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let width = |column: fn(&Row) -> &str| {
        let widths = rows.iter().map(|row| column(row).chars().count());
        widths.max().unwrap_or_default()
    };
    let (what, found) = (width(|row| &row.what), width(|row| &row.found));
    for row in rows {
        let verdict = match (row.wanted.is_empty(), row.is_good) {
            (true, _) => "",
            (false, true) => "ok  ",
            (false, false) => "BAD ",
        };
        let line = format!(
            "{:what$}  {:found$}  {verdict}{}",
            row.what, row.found, row.wanted
        );
        writeln!(stdout, "{}", line.trim_end())?;
    }
    Ok(())
}
