use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a state cannot be read: the file, line and column, and what to do about it.
///
/// It never quotes what the file holds: that may be a secret.
///
/// ```
/// use amlkeys_emulator::State;
///
/// let error = State::parse("subscription: {}").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 1, column 1: no such field; did you mean `subscriptions`?"
/// );
/// ```
#[derive(Debug)]
pub struct StateError {
    file: Option<PathBuf>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Unreadable(io::Error),
    Refused {
        line: usize,
        column: usize,
        reason: Cow<'static, str>,
    },
}

impl StateError {
    /// The line in which it is, from 1; none if the file could not be read at all.
    pub fn line(&self) -> Option<usize> {
        match self.kind {
            Kind::Unreadable(_) => None,
            Kind::Refused { line, .. } => Some(line),
        }
    }

    /// The column in which it is, from 1, in characters.
    pub fn column(&self) -> Option<usize> {
        match self.kind {
            Kind::Unreadable(_) => None,
            Kind::Refused { column, .. } => Some(column),
        }
    }

    pub(crate) fn unreadable(file: &Path, error: io::Error) -> Self {
        Self {
            file: Some(file.to_owned()),
            kind: Kind::Unreadable(error),
        }
    }

    /// What is wrong with `text`, by line and column.
    pub(crate) fn refused(text: &[u8], refusal: Refusal) -> Self {
        let before = &text[..refusal.at.min(text.len())];
        let start_of_line = before.iter().rposition(|byte| *byte == b'\n');
        let in_line = &before[start_of_line.map_or(0, |at| at + 1)..];
        Self {
            file: None,
            kind: Kind::Refused {
                line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
                column: 1 + String::from_utf8_lossy(in_line).chars().count(),
                reason: refusal.reason,
            },
        }
    }

    pub(crate) fn in_file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or(Path::new("the state"));
        match (&self.kind, &self.file) {
            (Kind::Unreadable(_), _) => write!(f, "cannot read {}", file.display()),
            (
                Kind::Refused {
                    line,
                    column,
                    reason,
                },
                Some(file),
            ) => write!(f, "{}:{line}:{column}: {reason}", file.display()),
            (
                Kind::Refused {
                    line,
                    column,
                    reason,
                },
                None,
            ) => write!(f, "line {line}, column {column}: {reason}"),
        }
    }
}

impl Error for StateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Unreadable(error) => Some(error),
            Kind::Refused { .. } => None,
        }
    }
}

/// What is wrong, and the byte of the text at which it is.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) at: usize,
    pub(crate) reason: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(at: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            at,
            reason: reason.into(),
        }
    }
}
