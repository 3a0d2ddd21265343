use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{State, StateError};
use crate::arm::Arm;
use crate::clock::Clock;

/// Reads the file again whenever it has changed, for ever.
///
/// It looks four times a second instead of being told: notifications are lost on network and
/// container mounts, and follow the old file when an editor puts a new one in its place.
pub(crate) async fn watch(arm: &Arm, path: &Path, clock: &dyn Clock) {
    const INTERVAL: Duration = Duration::from_millis(250);
    let mut watch = Watch {
        known: arm.state().fingerprint().cloned().map(Seen::File),
        last: None,
    };
    loop {
        clock.sleep(INTERVAL).await;
        let place = path.to_owned();
        // A slow mount must not hold up the answers.
        let looking = tokio::task::spawn_blocking(move || (watch.look(&place), watch));
        let (found, looked) = looking.await.expect("looking at a file does not panic");
        watch = looked;
        match found {
            Some(Ok(state)) => {
                arm.set_state(state);
                tracing::info!(file = %path.display(), "state read again");
            }
            Some(Err(error)) => warn(&error),
            None => {}
        }
    }
}

fn warn(error: &StateError) {
    let source = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(cause = source, "{error}; the state stays as it was");
}

/// What a file looked like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Fingerprint {
    /// None of what is no regular file: a pipe can be read only once.
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        metadata.is_file().then(|| Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            inode: inode(metadata),
        })
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// What was found where the file should be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    File(Fingerprint),
    Nothing(io::ErrorKind),
}

struct Watch {
    /// What the state was read from, or what was refused.
    known: Option<Seen>,
    /// What the last look saw: a file that looks the same twice is not being written any more.
    last: Option<Seen>,
}

impl Watch {
    fn look(&mut self, path: &Path) -> Option<Result<State, StateError>> {
        let seen = match std::fs::metadata(path) {
            Ok(metadata) => Seen::File(Fingerprint::of(&metadata)?),
            Err(error) => Seen::Nothing(error.kind()),
        };
        let is_settled = self.last.as_ref() == Some(&seen);
        if !is_settled || self.known.as_ref() == Some(&seen) {
            self.last = Some(seen);
            return None;
        }
        self.known = Some(seen);
        Some(State::read(path))
    }
}
