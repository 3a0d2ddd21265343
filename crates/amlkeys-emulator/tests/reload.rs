//! The state file that changes while the emulator runs.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{self, Write};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use amlkeys_emulator::{Arm, Clock, ManualClock, State};

#[tokio::test]
async fn state_follows_its_file() {
    let (log, _guard) = log();
    let file = Watched::new("subscriptions: { first: {} }");

    file.write("subscriptions: { second: {} }");
    file.look(1).await;
    assert_eq!(
        file.arm.subscription_id(),
        "first",
        "it may still be written"
    );
    file.look(1).await;
    assert_eq!(file.arm.subscription_id(), "second");

    file.write("subscriptions: { third: {} ");
    file.look(5).await;
    assert_eq!(file.arm.subscription_id(), "second");
    let warned = log.text();
    assert!(warned.contains("state.yaml:1:"), "{warned}");
    assert_eq!(warned.matches("WARN").count(), 1, "{warned}");

    std::fs::remove_file(&file.path).unwrap();
    file.look(1).await;
    // As editors do: a new file in place of the old one.
    let new = file.path.with_extension("new");
    std::fs::write(&new, "subscriptions: { fourth: {} }").unwrap();
    std::fs::rename(new, &file.path).unwrap();
    file.look(3).await;
    assert_eq!(file.arm.subscription_id(), "fourth");
    assert_eq!(
        log.text().matches("WARN").count(),
        1,
        "missing for a moment"
    );

    std::fs::remove_file(&file.path).unwrap();
    file.look(5).await;
    assert_eq!(file.arm.subscription_id(), "fourth");
    assert_eq!(log.text().matches("WARN").count(), 2, "{}", log.text());
}

struct Watched {
    _folder: tempfile::TempDir,
    path: PathBuf,
    arm: Arm,
    clock: Arc<Rounds>,
    watching: tokio::task::JoinHandle<()>,
}

impl Watched {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.yaml");
        std::fs::write(&path, text).expect("a file");
        let clock = Arc::new(Rounds::default());
        let state = State::read(&path).expect("a state");
        let builder = Arm::builder().with_state(state);
        let arm = builder
            .with_clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .build();
        let watching = tokio::spawn({
            let (arm, path) = (arm.clone(), path.clone());
            async move { arm.watch_state(path).await }
        });
        Self {
            _folder: folder,
            path,
            arm,
            clock,
            watching,
        }
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.path, text).expect("the file can be written");
    }

    /// Lets the time of so many looks pass.
    async fn look(&self, times: usize) {
        let mut waits = self.clock.waits.subscribe();
        for _ in 0..times {
            let before = *waits.wait_for(|waits| *waits > 0).await.unwrap();
            self.clock.time.advance(Duration::from_millis(250));
            waits.wait_for(|waits| *waits > before).await.unwrap();
        }
        assert!(!self.watching.is_finished());
    }
}

/// A clock that a test moves, and that tells how often somebody has begun to wait.
#[derive(Debug, Default)]
struct Rounds {
    time: ManualClock,
    waits: tokio::sync::watch::Sender<usize>,
}

impl Clock for Rounds {
    fn now(&self) -> SystemTime {
        self.time.now()
    }

    fn elapsed(&self) -> Duration {
        self.time.elapsed()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let wait = self.time.sleep(duration);
        self.waits.send_modify(|waits| *waits += 1);
        wait
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("UTF-8")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}
