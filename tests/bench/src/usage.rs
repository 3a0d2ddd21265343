//! What processes took of the machine.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, ensure};
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeVal;

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
