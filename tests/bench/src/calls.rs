//! What a warm call costs, beside bare reqwest that makes the same one.

mod floor;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use amlkeys::{Client, ComputeId, ComputeSecrets, Secret, StaticCredential};
use anyhow::{Context, Result, bail};
use tokio::task::JoinSet;

use crate::Effort;
use crate::allocations::allocations;
use crate::pairs::{Pairs, Ratio};
use crate::peer::{Peer, Program};
use crate::table::{Row, Table};
use crate::usage::{Apart, cpu};
use floor::Floor;

const CONCURRENCY: usize = 64;

/// A client that makes the call.
trait Caller: Clone + Send + 'static {
    fn call(&self) -> impl Future<Output = Result<()>> + Send;
}

/// The SDK, asking about one compute.
#[derive(Clone)]
struct Sdk {
    client: Client,
    id: ComputeId,
}

pub(crate) async fn measure(effort: Effort, table: &mut Table) -> Result<()> {
    table.section("a warm call: SDK beside bare reqwest, over https to bare hyper")?;
    let emulator = Peer::start(&Program::Emulator { tls: true }, None).await?;
    let answer = emulator.target(&compute(&emulator)?)?.ask_once().await?;
    let bare = Peer::start(&Program::Bare { tls: true }, Some(&answer)).await?;
    let _apart = Apart::from(&[&emulator, &bare])?;
    let [sdk, emulated] = [&bare, &emulator].map(|server| Sdk::new(server, &emulator));
    let (sdk, emulated) = (sdk?, emulated?);
    let floor = Floor::new(&bare, &emulator)?;

    for (how, at_once, least) in [("one by one", 1, 0.95), ("64 at once", CONCURRENCY, 0.9)] {
        let pairs = compare(&sdk, &floor, at_once, effort).await?;
        let rate = pairs.ratio(|sdk, floor| floor.wall / sdk.wall);
        table.add(Row::at_least(
            format!("calls a second, {how}"),
            rate.median,
            least,
            of_a_second(&rate, &pairs),
        ))?;
        let cpu = pairs.ratio(|sdk, floor| sdk.cpu / floor.cpu);
        let [ours, floors] = pairs.medians(|round| round.cpu * 1e6);
        table.add(Row::at_most(
            format!("CPU for a thousand calls, {how}"),
            cpu.median,
            1.15,
            format!("{cpu} of its {floors:.0} ms ({ours:.0})"),
        ))?;
        if at_once == 1 {
            let [ours, floors] = pairs.medians(|round| round.allocations);
            let found = format!("{ours:.0} beside {floors:.0}");
            table.add(Row::stated("allocations of a call", found))?;
        }
    }

    table.section("a warm call: SDK to the emulator, beside SDK to bare hyper")?;
    for (how, at_once) in [("one by one", 1), ("64 at once", CONCURRENCY)] {
        let pairs = compare(&emulated, &sdk, at_once, effort).await?;
        let rate = pairs.ratio(|emulated, bare| bare.wall / emulated.wall);
        let what = format!("calls a second, {how}");
        table.add(Row::stated(what, of_a_second(&rate, &pairs)))?;
    }
    Ok(())
}

fn of_a_second(rate: &Ratio, pairs: &Pairs<Round>) -> String {
    let [ours, peers] = pairs.medians(|round| 1.0 / round.wall);
    format!("{rate} of its {peers:.0} a second ({ours:.0})")
}

/// The resource ID of the documented compute, an AKS cluster.
fn compute(emulator: &Peer) -> Result<String> {
    Ok(emulator.workspace("workspaces123")? + "/computes/compute123")
}

impl Sdk {
    fn new(server: &Peer, who_knows: &Peer) -> Result<Self> {
        let token = Secret::new(who_knows.fact("token")?);
        let expires_on = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
        let client = Client::builder()
            .with_endpoint(server.fact("url")?)
            .with_ca_pem(server.ca_pem()?.context("no certificate authority")?)
            .with_credential(Arc::new(StaticCredential::new(token, expires_on)))
            .build()?;
        let id = compute(who_knows)?.parse()?;
        Ok(Self { client, id })
    }
}

impl Caller for Sdk {
    async fn call(&self) -> Result<()> {
        match self.client.compute_list_keys(&self.id).await? {
            ComputeSecrets::Aks(_) => Ok(()),
            other => bail!("it is {other:?}"),
        }
    }
}

/// What a call took in one round, on average: seconds, seconds and times.
#[derive(Clone, Copy)]
struct Round {
    wall: f64,
    cpu: f64,
    allocations: f64,
}

impl Round {
    async fn of(caller: &impl Caller, calls: usize, at_once: usize) -> Result<Self> {
        let (cpu_before, allocations_before, begin) = (cpu()?, allocations(), Instant::now());
        make(caller, calls, at_once).await?;
        let per_call = |whole: Duration| whole.as_secs_f64() / calls as f64;
        Ok(Self {
            wall: per_call(begin.elapsed()),
            cpu: per_call(cpu()? - cpu_before),
            allocations: (allocations() - allocations_before) as f64 / calls as f64,
        })
    }
}

async fn make(caller: &impl Caller, calls: usize, at_once: usize) -> Result<()> {
    if at_once == 1 {
        for _ in 0..calls {
            caller.call().await?;
        }
        return Ok(());
    }
    let mut running = JoinSet::new();
    for _ in 0..at_once {
        let caller = caller.clone();
        running.spawn(async move {
            for _ in 0..calls / at_once {
                caller.call().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}

/// Short rounds of both, in turns.
async fn compare(
    ours: &impl Caller,
    peer: &impl Caller,
    at_once: usize,
    effort: Effort,
) -> Result<Pairs<Round>> {
    let rounds = if effort == Effort::Quick { 41 } else { 301 };
    let calls = if at_once == 1 { 200 } else { 10 * at_once };
    make(peer, 2 * calls, at_once).await?;
    make(ours, 2 * calls, at_once).await?;
    let mut pairs = Pairs::default();
    for round in 0..rounds {
        if round % 2 == 0 {
            let peers = Round::of(peer, calls, at_once).await?;
            pairs.add(Round::of(ours, calls, at_once).await?, peers);
        } else {
            let ours = Round::of(ours, calls, at_once).await?;
            pairs.add(ours, Round::of(peer, calls, at_once).await?);
        }
    }
    Ok(pairs)
}
