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

/// A file on disk that is not what it should be.
struct Stale {
    path: PathBuf,
    /// `None` if the file is missing.
    old: Option<String>,
    /// `None` if nothing generates the file any more.
    new: Option<String>,
}

/// Writes the files that differ and removes generated files that nothing
/// generates any more.
pub(crate) fn write(root: &Path, files: &[Generated]) -> Result<()> {
    let stale = stale(root, files)?;
    let mut report = String::new();
    for file in &stale {
        let path = root.join(&file.path);
        let done = match &file.new {
            Some(text) => replace(&path, text).map(|()| "wrote"),
            None => std::fs::remove_file(&path)
                .with_context(|| format!("cannot remove {}", file.path.display()))
                .map(|()| "removed"),
        }?;
        report += &format!("{done}  {}  {}\n", file.path.display(), file.size());
    }
    if stale.is_empty() {
        report = format!("up to date: {} files\n", files.len());
    }
    print(&report)
}

/// Fails if a file on disk is not what it should be, and shows how.
pub(crate) fn check(root: &Path, files: &[Generated]) -> Result<()> {
    let stale = stale(root, files)?;
    if stale.is_empty() {
        return print(&format!("up to date: {} files\n", files.len()));
    }
    let shown = stale.iter().map(|file| {
        let state = match (&file.old, &file.new) {
            (None, _) => "missing",
            (_, None) => "left over",
            _ => "stale",
        };
        let (path, size) = (file.path.display(), file.size());
        format!("{state}  {path}  {size}\n{}", file.excerpt())
    });
    print(&shown.collect::<String>())?;
    bail!(
        "{} of {} generated files differ from what spec/ gives\nhint: run `cargo xtask generate` and commit the result",
        stale.len(),
        files.len()
    );
}

/// Writes one file, if it differs.
pub(crate) fn write_one(path: &Path, text: &str) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return print(&format!("up to date: {}\n", path.display()));
    }
    replace(path, text)?;
    print(&format!("wrote  {}\n", path.display()))
}

/// Prints to standard output. A reader that has gone away, as `head` does, has
/// seen enough.
pub(crate) fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("cannot write to standard output"),
    }
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
        let old = match std::fs::read(root.join(&file.path)) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.path.display()));
            }
        };
        if old.as_ref() != Some(&file.text) {
            stale.push(Stale {
                path: file.path.clone(),
                old,
                new: Some(file.text.clone()),
            });
        }
    }
    for path in left_over(root, files)? {
        let old = std::fs::read(root.join(&path)).unwrap_or_default();
        stale.push(Stale {
            path,
            old: Some(String::from_utf8_lossy(&old).into_owned()),
            new: None,
        });
    }
    Ok(stale)
}

/// The other files in the folders of the generated ones: nothing else lives there.
fn left_over(root: &Path, files: &[Generated]) -> Result<BTreeSet<PathBuf>> {
    let kept: BTreeSet<&Path> = files.iter().map(|file| file.path.as_path()).collect();
    let mut left_over = BTreeSet::new();
    for folder in kept.iter().filter_map(|path| path.parent()) {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = folder.join(entry?.file_name());
            if is_generated(&path) && !kept.contains(path.as_path()) {
                left_over.insert(path);
            }
        }
    }
    Ok(left_over)
}

fn is_generated(path: &Path) -> bool {
    path.extension()
        .is_some_and(|it| it == "rs" || it == "json")
}

impl Stale {
    fn diff(&self) -> TextDiff<'_, '_, str> {
        let [old, new] = [&self.old, &self.new].map(|text| text.as_deref().unwrap_or_default());
        TextDiff::from_lines(old, new)
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

    /// The first lines of the difference; nothing for a file that comes or goes
    /// as a whole.
    fn excerpt(&self) -> String {
        const LINES: usize = 16;
        if self.old.is_none() || self.new.is_none() {
            return String::new();
        }
        let diff = self.diff().unified_diff().context_radius(1).to_string();
        let mut lines = diff.lines();
        let first = lines.by_ref().take(LINES);
        let mut excerpt: String = first.map(|line| format!("  {line}\n")).collect();
        let more = lines.count();
        if more > 0 {
            excerpt += &format!("  … {more} more lines\n");
        }
        excerpt
    }
}
