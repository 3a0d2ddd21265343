use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::output;

/// A copy of the project to work in.
pub(super) struct Copy {
    folder: TempDir,
    original: PathBuf,
}

/// A file that is not in the copy as it is in the project.
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) is_new: bool,
}

impl Copy {
    pub(super) fn of(original: &Path) -> Result<Self> {
        let folder = TempDir::with_prefix("amlkeys-upgrade-").context("cannot make a folder")?;
        let copy = Self {
            folder,
            original: original.to_owned(),
        };
        for path in files(original)? {
            let to = copy.folder.path().join(&path);
            fs::create_dir_all(to.parent().unwrap_or(&to))?;
            fs::copy(original.join(&path), &to)
                .with_context(|| format!("cannot copy {}", path.display()))?;
        }
        Ok(copy)
    }

    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Replaces a file by what `edit` makes of it.
    pub(super) fn edit(&self, path: &str, edit: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        let file = self.path(path);
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {path}"))?;
        let edited = edit(&text).with_context(|| format!("cannot edit {path}"))?;
        output::replace(&file, &edited)
    }

    /// The files that differ from the project's.
    pub(super) fn changes(&self) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for path in files(self.root())? {
            let new = fs::read(self.root().join(&path))?;
            let old = fs::read(self.original.join(&path)).ok();
            if old.as_ref() != Some(&new) {
                let is_new = old.is_none();
                changes.push(Change { path, is_new });
            }
        }
        Ok(changes)
    }

    /// Writes the files that differ into the project.
    pub(super) fn take_over(&self) -> Result<()> {
        for change in self.changes()? {
            let text = fs::read_to_string(self.root().join(&change.path))?;
            output::replace(&self.original.join(&change.path), &text)?;
        }
        Ok(())
    }
}

/// The project's files, in order, without what is built or belongs to git.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let listed = fs::read_dir(root.join(&folder));
        for entry in listed.with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let skipped = [Path::new("target"), Path::new(".git")].contains(&path.as_path());
                if !skipped {
                    folders.push(path);
                }
            } else if kind.is_file() && path != Path::new(".git") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
