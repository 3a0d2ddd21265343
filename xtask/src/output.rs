//! Files on disk: compared, written whole or not at all.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use similar::{ChangeTag, TextDiff};

/// A generated file: its place in the project and what it should say.
pub(crate) struct Generated {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// What has to happen to a file on disk.
struct Stale {
    path: PathBuf,
    old: String,
    new: Option<String>,
}

/// Writes the files that differ and removes generated files that nothing
/// generates any more.
pub(crate) fn write(root: &Path, files: &[Generated]) -> Result<()> {
    let stale = stale(root, files)?;
    for file in &stale {
        let path = root.join(&file.path);
        match &file.new {
            Some(text) => replace(&path, text)?,
            None => std::fs::remove_file(&path)
                .with_context(|| format!("cannot remove {}", file.path.display()))?,
        }
        let verb = if file.new.is_some() {
            "wrote"
        } else {
            "removed"
        };
        println!("{verb}  {}  {}", file.path.display(), file.size());
    }
    if stale.is_empty() {
        println!("up to date: {} files", files.len());
    }
    Ok(())
}

/// Fails if a file on disk is not what it should be, and shows how.
pub(crate) fn check(root: &Path, files: &[Generated]) -> Result<()> {
    let stale = stale(root, files)?;
    for file in &stale {
        println!("stale  {}  {}", file.path.display(), file.size());
        print!("{}", file.excerpt());
    }
    if !stale.is_empty() {
        bail!(
            "{} of {} generated files are stale\nhint: run `cargo xtask generate` and commit the result",
            stale.len(),
            files.len()
        );
    }
    println!("up to date: {} files", files.len());
    Ok(())
}

/// Replaces a file in one step, so that an interruption leaves the old one.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| {
        let mut file = tempfile::Builder::new()
            .permissions(readable())
            .tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(unix)]
fn readable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

#[cfg(not(unix))]
fn readable() -> std::fs::Permissions {
    std::fs::metadata(".")
        .expect("the current folder exists")
        .permissions()
}

fn stale(root: &Path, files: &[Generated]) -> Result<Vec<Stale>> {
    let mut stale = Vec::new();
    for file in files {
        let old = match std::fs::read_to_string(root.join(&file.path)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.path.display()));
            }
        };
        if old != file.text {
            stale.push(Stale {
                path: file.path.clone(),
                old,
                new: Some(file.text.clone()),
            });
        }
    }
    let kept: BTreeSet<&Path> = files.iter().map(|file| file.path.as_path()).collect();
    let folders: BTreeSet<&Path> = kept.iter().filter_map(|path| path.parent()).collect();
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = folder.join(entry?.file_name());
            if path.extension().is_some_and(|it| it == "rs") && !kept.contains(path.as_path()) {
                let old = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
                let new = None;
                stale.push(Stale { path, old, new });
            }
        }
    }
    Ok(stale)
}

impl Stale {
    fn diff(&self) -> TextDiff<'_, '_, str> {
        TextDiff::from_lines(self.old.as_str(), self.new.as_deref().unwrap_or_default())
    }

    /// How many lines come and go, as `+12 -3`.
    fn size(&self) -> String {
        let diff = self.diff();
        let count = |tag| diff.iter_all_changes().filter(|it| it.tag() == tag).count();
        format!(
            "+{} -{}",
            count(ChangeTag::Insert),
            count(ChangeTag::Delete)
        )
    }

    /// The first lines that differ.
    fn excerpt(&self) -> String {
        const LINES: usize = 12;
        let diff = self.diff();
        let changed = diff
            .iter_all_changes()
            .filter(|change| change.tag() != ChangeTag::Equal)
            .take(LINES);
        changed
            .map(|change| format!("  {}{}\n", change.tag(), change.value().trim_end()))
            .collect()
    }
}
