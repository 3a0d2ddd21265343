//! Resource IDs, from the arguments or a pipe.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use tokio::sync::mpsc;

/// What is read ahead of what is asked for. A list of that length is known to
/// its end at once.
const AHEAD: usize = 8192;

/// No resource ID is longer; what is, is not kept.
const LONGEST: u64 = 4096;

/// The lines that hold something, as they are taken.
pub(crate) struct Input {
    lines: mpsc::Receiver<io::Result<Line>>,
    length: Arc<Length>,
}

/// One line of the input.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    /// Counted from 1, empty lines too.
    pub(crate) number: u64,
    /// Without the white space around it.
    pub(crate) text: String,
    /// Why it cannot even be looked at.
    pub(crate) problem: Option<&'static str>,
}

#[derive(Default)]
struct Length {
    read: AtomicU64,
    is_all: AtomicBool,
}

impl Input {
    /// The arguments, or the lines of stdin if they are `-`.
    pub(crate) fn open(ids: Vec<String>, leave_out: u64) -> Self {
        match ids.as_slice() {
            [only] if only == "-" => Self::read(leave_out, |send| lines(io::stdin().lock(), send)),
            _ => Self::read(leave_out, |send| arguments(ids, send)),
        }
    }

    /// On a thread of its own: nobody can stop waiting for a pipe.
    fn read(
        leave_out: u64,
        source: impl FnOnce(&mut Send<'_>) + std::marker::Send + 'static,
    ) -> Self {
        let (sender, lines) = mpsc::channel(AHEAD);
        let length = Arc::new(Length::default());
        let counted = length.clone();
        thread::spawn(move || {
            source(&mut |line| {
                if matches!(&line, Ok(line) if line.number <= leave_out || line.text.is_empty()) {
                    return true;
                }
                counted.read.fetch_add(1, Ordering::Relaxed);
                sender.blocking_send(line).is_ok()
            });
            counted.is_all.store(true, Ordering::Relaxed);
        });
        Self { lines, length }
    }

    pub(crate) async fn next(&mut self) -> Option<io::Result<Line>> {
        self.lines.recv().await
    }

    /// How many there are, once that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        let is_all = self.length.is_all.load(Ordering::Relaxed);
        is_all.then(|| self.length.read.load(Ordering::Relaxed))
    }
}

/// Passes a line on; false if nobody wants another one.
type Send<'a> = dyn FnMut(io::Result<Line>) -> bool + 'a;

fn arguments(ids: Vec<String>, send: &mut Send<'_>) {
    for (number, id) in (1..).zip(ids) {
        if !send(Ok(Line::new(number, id.as_bytes()))) {
            return;
        }
    }
}

fn lines(mut reader: impl BufRead, send: &mut Send<'_>) {
    let mut line = Vec::new();
    for number in 1.. {
        let goes_on = match next_line(&mut reader, &mut line) {
            Ok(true) => send(Ok(Line::new(number, &line))),
            Ok(false) => false,
            Err(error) => {
                send(Err(error));
                false
            }
        };
        if !goes_on {
            return;
        }
    }
}

/// Reads a line, but no more of it than is worth keeping. False at the end.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = reader.by_ref().take(LONGEST + 1).read_until(b'\n', line)?;
    if read as u64 > LONGEST && !line.ends_with(b"\n") {
        reader.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

impl Line {
    fn new(number: u64, bytes: &[u8]) -> Self {
        const BYTE_ORDER_MARK: char = '\u{feff}';

        let text = String::from_utf8_lossy(bytes);
        let problem = match () {
            () if bytes.len() as u64 > LONGEST => Some("it is too long"),
            () if matches!(text, std::borrow::Cow::Owned(_)) => Some("it is not UTF-8"),
            () => None,
        };
        let text = match number {
            1 => text.trim_start_matches(BYTE_ORDER_MARK),
            _ => &text,
        };
        Self {
            number,
            text: text.trim().to_owned(),
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Line> {
        let mut read = Vec::new();
        lines(bytes, &mut |line| {
            read.push(line.unwrap());
            true
        });
        read
    }

    #[test]
    fn lines_are_read_however_they_end_and_whatever_is_around_them() {
        let read = read("\u{feff}/a\r\n\n \t/b c \n\u{a0}\n/d".as_bytes());
        let read: Vec<_> = read
            .iter()
            .map(|it| (it.number, it.text.as_str()))
            .collect();
        assert_eq!(read, [(1, "/a"), (2, ""), (3, "/b c"), (4, ""), (5, "/d")]);
    }

    #[test]
    fn what_is_no_text_or_endless_is_one_bad_line() {
        let endless = [&b"/a\n\xff\n"[..], &vec![b'x'; 1 << 20], b"\n/b\n"].concat();
        let read = read(&endless);
        assert_eq!(read[0].problem, None);
        assert_eq!(read[1].problem, Some("it is not UTF-8"));
        assert_eq!(read[2].problem, Some("it is too long"));
        assert!(read[2].text.len() as u64 <= LONGEST + 1);
        assert_eq!((read[3].number, read[3].text.as_str()), (4, "/b"));
        assert_eq!(read.len(), 4);
    }
}
