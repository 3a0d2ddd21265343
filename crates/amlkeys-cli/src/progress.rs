//! How far a long command is, in one line on a terminal's stderr.

use std::collections::VecDeque;
use std::env;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use crate::output;

pub(crate) struct Progress {
    /// Whether anybody could see it.
    is_wanted: bool,
    is_drawn: bool,
    begin: Instant,
    /// How much was done at which times of late.
    samples: VecDeque<(Duration, u64)>,
}

/// What there is to show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) total: Option<u64>,
}

impl Progress {
    pub(crate) fn new(is_wanted: bool) -> Self {
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            is_wanted: is_wanted && io::stderr().is_terminal() && !is_dumb,
            is_drawn: false,
            begin: Instant::now(),
            samples: VecDeque::new(),
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Since the command began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Draws the line anew, unless the command is too short to need one.
    pub(crate) fn draw(&mut self, done: Done) {
        const SOON: Duration = Duration::from_millis(500);

        let now = self.begin.elapsed();
        let rate = self.rate(now, done.done);
        if self.is_wanted && now >= SOON {
            output::terminal(&format!("\r{}\u{1b}[K", line(done, rate)));
            self.is_drawn = true;
        }
    }

    /// Takes the line away before anything else is printed.
    pub(crate) fn clear(&mut self) {
        if self.is_drawn {
            output::terminal("\r\u{1b}[K");
            self.is_drawn = false;
        }
    }

    /// How much is done in a second, of late.
    fn rate(&mut self, now: Duration, done: u64) -> f64 {
        const SAMPLES: usize = 100;

        self.samples.push_back((now, done));
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        let (then, before) = self.samples[0];
        let time = now.saturating_sub(then).as_secs_f64();
        match time > 0.0 {
            true => done.saturating_sub(before) as f64 / time,
            false => 0.0,
        }
    }
}

/// Short enough for a narrow terminal: a line that wraps cannot be cleared.
fn line(done: Done, rate: f64) -> String {
    const WIDTH: u64 = 20;

    let Done {
        done,
        failed,
        total,
    } = done;
    let mut line = match total {
        Some(total) => {
            let filled = (done * WIDTH).checked_div(total).unwrap_or(WIDTH);
            let bar = "#".repeat(filled as usize) + &".".repeat((WIDTH - filled) as usize);
            format!("[{bar}] {done}/{total}")
        }
        None => format!("{done} done"),
    };
    line += &format!("  {rate:.1}/s");
    if let Some(total) = total.filter(|_| rate > 0.0) {
        let left = (total.saturating_sub(done)) as f64 / rate;
        line += &format!("  {} left", time(Duration::from_secs_f64(left)));
    }
    if failed > 0 {
        line += &format!("  {failed} failed");
    }
    line
}

/// A time for people, as in `1:02:03`, `2:03` or `3 s`.
fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes}:{:02}", seconds % 60),
        _ => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(done: u64, failed: u64, total: Option<u64>, rate: f64) -> String {
        let done = Done {
            done,
            failed,
            total,
        };
        line(done, rate)
    }

    #[test]
    fn the_line_says_what_is_known() {
        for (done, failed, total, rate, expected) in [
            (0, 0, None, 0.0, "0 done  0.0/s"),
            (7, 1, None, 3.25, "7 done  3.2/s  1 failed"),
            (0, 0, Some(3), 0.0, "[....................] 0/3  0.0/s"),
            (
                500,
                2,
                Some(1000),
                10.0,
                "[##########..........] 500/1000  10.0/s  50 s left  2 failed",
            ),
            (
                1,
                0,
                Some(1_000_000),
                10.0,
                "[....................] 1/1000000  10.0/s  27:46:39 left",
            ),
            (0, 0, Some(0), 0.0, "[####################] 0/0  0.0/s"),
        ] {
            assert_eq!(shown(done, failed, total, rate), expected);
        }
    }

    #[test]
    fn the_rate_is_that_of_late() {
        let mut progress = Progress::new(false);
        let mut rate = 0.0;
        for tick in 0..300 {
            // 200 at once, then 10 a second.
            rate = progress.rate(
                Duration::from_millis(tick * 100),
                200.min(tick * 200) + tick,
            );
        }
        assert!((9.9..10.1).contains(&rate), "{rate}");
    }
}
