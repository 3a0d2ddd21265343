//! What `amlkeys emulator` costs, beside a bare hyper server that returns the same headers and body,
//! and beside Prism.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::Effort;
use crate::load::Target;
use crate::pairs::Pairs;
use crate::peer::{self, Peer, Program};
use crate::table::{Row, Table};

const CONCURRENCY: usize = 64;
const MEBIBYTE: u64 = 1024;

pub(crate) async fn measure(effort: Effort, table: &mut Table) -> Result<()> {
    let bench = Bench {
        divisor: if effort == Effort::Quick { 10 } else { 1 },
    };
    table.section("the emulator beside bare hyper, and Prism")?;
    for row in bench.start_times().await? {
        table.add(row)?;
    }
    for tls in [false, true] {
        table.add(bench.throughput(tls).await?)?;
    }
    table.section("the emulator under load")?;
    for row in bench.growth().await? {
        table.add(row)?;
    }
    for row in bench.crowd().await? {
        table.add(row)?;
    }
    Ok(())
}

struct Bench {
    /// Of what is done in full.
    divisor: u64,
}

impl Bench {
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
        rows.push(match peer::prism() {
            Ok(_) => {
                let prism = self.start_time(Program::Prism).await?;
                beside("start, beside Prism", ready, prism)
            }
            Err(why) => Row::stated("start, beside Prism", format!("skipped: {why}")),
        });
        Ok(rows)
    }

    async fn start_time(&self, program: Program) -> Result<Duration> {
        let rounds = match program {
            Program::Prism => 3,
            _ => 15,
        };
        let target = self.target(false).await?;
        let mut times = Vec::new();
        for _ in 0..rounds {
            let begin = Instant::now();
            let peer = Peer::start(&program, Some(&target)).await?;
            peer.workspace_target()?.ask_once().await?;
            times.push(begin.elapsed());
        }
        times.sort();
        Ok(times[times.len() / 2])
    }

    /// What the emulator answers, for the bare server to repeat.
    async fn target(&self, tls: bool) -> Result<Vec<u8>> {
        let emulator = Peer::start(&Program::Emulator { tls }, None).await?;
        emulator.workspace_target()?.ask_once().await
    }

    async fn throughput(&self, tls: bool) -> Result<Row> {
        let answer = self.target(tls).await?;
        let emulator = Peer::start(&Program::Emulator { tls }, None).await?;
        let bare = Peer::start(&Program::Bare { tls }, Some(&answer)).await?;
        let mut pairs = Pairs::default();
        for _ in 0..7 {
            let bare = self.rate(&bare.workspace_target()?).await?;
            pairs.add(self.rate(&emulator.workspace_target()?).await?, bare);
        }
        let ratio = pairs.ratio(|emulator, bare| emulator / bare);
        let [emulator, bare] = pairs.medians(|rate| *rate);
        let scheme = if tls { "https" } else { "http" };
        let what = format!("requests a second over {scheme}, {CONCURRENCY} at once");
        let found = format!("{ratio} of its {bare:.0} a second ({emulator:.0})");
        Ok(Row::at_least(what, ratio.median, 0.7, found))
    }

    async fn rate(&self, target: &Target) -> Result<f64> {
        let requests = 40_000 / self.divisor;
        let begin = Instant::now();
        target.ask(requests, CONCURRENCY).await?;
        Ok(requests as f64 / begin.elapsed().as_secs_f64())
    }

    /// Memory after a million requests, and after a million more. The heap settles with the first
    /// four rounds of connections, whatever is asked over them.
    async fn growth(&self) -> Result<Vec<Row>> {
        const ROUNDS: u64 = 4;
        const FIRST: u64 = 1_000_000;

        let program = Program::Emulator { tls: false };
        let emulator = Peer::start(&program, None).await?;
        let target = emulator.workspace_target()?;
        let requests = FIRST / self.divisor;
        let memory_after = async |requests: u64| {
            for _ in 0..ROUNDS {
                target.ask(requests / ROUNDS, CONCURRENCY).await?;
            }
            emulator.memory()
        };
        let early = memory_after(FIRST).await?;
        let late = memory_after(requests).await?;
        let grown = late.saturating_sub(early);
        Ok(vec![
            Row {
                what: format!("memory after {requests} more requests"),
                found: format!("{grown} KiB more than after {FIRST}"),
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
            let emulator = Peer::start(&program, None).await?;
            let target = emulator.workspace_target()?;
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
        let emulator = Peer::start(&program, None).await?;
        let target = emulator.workspace_target()?;
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
    Row::stated(
        what,
        format!("{:.3} of its {:.1} ms", ours / theirs, theirs * 1e3),
    )
}

fn peak(what: &str, peer: &Peer) -> Result<Row> {
    let peak = peer.peak_memory()?;
    Ok(Row {
        what: what.into(),
        found: format!("{:.1} MiB", peak as f64 / MEBIBYTE as f64),
        wanted: "20 MiB at most".into(),
        is_good: peak <= 20 * MEBIBYTE,
    })
}
