//! What processes took of the machine.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeVal;
use nix::unistd::Pid;

use crate::peer::Peer;

/// CPU time of this process, in its own code and in the kernel.
pub(crate) fn cpu() -> Result<Duration> {
    cpu_of(UsageWho::RUSAGE_SELF)
}

/// CPU time of the children that have been waited for.
pub(crate) fn cpu_of_children() -> Result<Duration> {
    cpu_of(UsageWho::RUSAGE_CHILDREN)
}

fn cpu_of(who: UsageWho) -> Result<Duration> {
    let usage = getrusage(who)?;
    let duration = |time: TimeVal| {
        Duration::from_secs(time.tv_sec() as u64) + Duration::from_micros(time.tv_usec() as u64)
    };
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

/// Runs a command; the most memory that it had, in KiB.
///
/// The kernel counts in what the parent had when it forked, so only a process that has done nothing
/// else may ask.
pub(crate) fn peak_memory(program: &str, arguments: impl Iterator<Item = String>) -> Result<i64> {
    let mut command = Command::new(program);
    let status = command.args(arguments).stdout(Stdio::null()).status()?;
    ensure!(status.success(), "{program} ended with {status}");
    Ok(getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss())
}

/// Allows this process and its children as many open files as they may have.
pub(crate) fn open_many_files() -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

/// This process on one core and the servers on another, if it may use two, until this is dropped.
/// Where the kernel puts those that wait for each other counts for more than what they do.
pub(crate) struct Apart {
    before: CpuSet,
}

impl Apart {
    pub(crate) fn from(servers: &[&Peer]) -> Result<Self> {
        let before = sched_getaffinity(Pid::this())?;
        let mut cores = (0..CpuSet::count()).filter(|core| before.is_set(*core) == Ok(true));
        if let (Some(ours), Some(theirs)) = (cores.next(), cores.next()) {
            keep(Pid::this(), ours)?;
            for server in servers {
                keep(server.pid(), theirs)?;
            }
        }
        Ok(Self { before })
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // At worst, what is measured next has one core as well.
        let _ = sched_setaffinity(Pid::this(), &self.before);
    }
}

fn keep(process: Pid, core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core)?;
    Ok(sched_setaffinity(process, &cores)?)
}
