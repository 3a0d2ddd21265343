//! Where a secret goes that was asked for: a pipe or a file, not a screen.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::output;

pub(crate) enum Sink {
    Stdout,
    File { path: PathBuf, force: bool },
}

impl Sink {
    /// stdout, unless it is a terminal and nobody asked to see secrets.
    pub(crate) fn stdout(show_secrets: bool, or: &str) -> Result<Self, Failure> {
        if io::stdout().is_terminal() && !show_secrets {
            return Err(Failure::usage(
                "the result is a secret and would be shown on the terminal",
                &format!("{or}, or show it with --show-secrets"),
            ));
        }
        Ok(Self::Stdout)
    }

    /// A file, that must not exist yet unless `force` says so.
    pub(crate) fn file(path: PathBuf, force: bool) -> Result<Self, Failure> {
        if let Ok(found) = fs::symlink_metadata(&path) {
            check_replaceable(&path, &found, force)?;
        }
        Ok(Self::File { path, force })
    }

    pub(crate) fn write(self, content: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout => output::bytes(content),
            Self::File { path, force } => write_file(&path, content, force)
                .map_err(|error| Failure::file(&path, &error.to_string())),
        }
    }
}

/// A link is not followed and not replaced: whoever made it may not be who
/// should get the secret.
fn check_replaceable(path: &Path, found: &fs::Metadata, force: bool) -> Result<(), Failure> {
    if found.is_symlink() {
        let failure = Failure::file(path, "it is a symbolic link");
        return Err(failure.with_hint("name the file that it points to"));
    }
    if !found.is_file() {
        return Err(Failure::file(path, "it is not a file"));
    }
    if !force {
        let failure = Failure::file(path, "it exists");
        return Err(failure.with_hint("replace it with --force"));
    }
    Ok(())
}

/// The whole file or none: it is written beside its place under another name,
/// mode 0600 from the first byte on, and then renamed. Dropped before that, it
/// is removed.
fn write_file(path: &Path, content: &[u8], force: bool) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = NamedTempFile::with_prefix_in(".amlkeys-", folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    let placed = match force {
        true => file.persist(path),
        false => file.persist_noclobber(path),
    };
    placed.map(drop).map_err(|error| error.error)
}
