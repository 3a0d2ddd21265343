//! The checkout of descriptions: what import may read, and where things are.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use percent_encoding::percent_decode_str;

/// The only folder that import reads, with all its links resolved.
pub(super) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that a folder is, or is part of: the nearest folder around
    /// it that is named `specification`, else the folder itself.
    pub(super) fn around(folder: &Path) -> Result<Self> {
        let folder = real(folder)?;
        let whole = !folder.join("specification").is_dir();
        let root = folder
            .ancestors()
            .find(|it| whole && it.file_name().is_some_and(|name| name == "specification"))
            .unwrap_or(&folder);
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// What messages call a file: its path from the checkout's top.
    pub(super) fn name(&self, path: &Path) -> String {
        let named = self.root.file_name().filter(|it| *it == "specification");
        let top = named.and(self.root.parent()).unwrap_or(&self.root);
        let path = path.strip_prefix(top).unwrap_or(path);
        path.display().to_string().replace('\\', "/")
    }

    /// Where the file part of a reference leads, still unread.
    pub(super) fn reach(&self, from: &Path, reference: &str) -> Result<PathBuf> {
        let target = percent_decode_str(reference).decode_utf8_lossy();
        let scheme = target.split(['/', '.']).next().unwrap_or_default();
        if scheme.contains(':') || target.starts_with("//") {
            bail!("`{reference}` is a URL; import reads files of the checkout only");
        }
        let mut path = from.parent().unwrap_or(&self.root).to_owned();
        for step in Path::new(&*target).components() {
            match step {
                Component::Normal(name) => path.push(name),
                Component::CurDir => {}
                Component::ParentDir => {
                    path.pop();
                }
                Component::RootDir | Component::Prefix(_) => path = PathBuf::new(),
            }
        }
        if !path.starts_with(&self.root) {
            bail!("`{reference}` leads out of {}", self.root.display());
        }
        Ok(path)
    }

    /// A file's text, and the one path that it is known by.
    pub(super) fn read(&self, path: &Path) -> Result<(PathBuf, String)> {
        // The largest official description has 3 MB.
        const LIMIT: u64 = 64 << 20;
        let name = self.name(path);
        let path = real(path).with_context(|| format!("cannot read {name}"))?;
        if !path.starts_with(&self.root) {
            bail!("{name} is a link that leads out of {}", self.root.display());
        }
        let facts = fs::metadata(&path).with_context(|| format!("cannot read {name}"))?;
        if !facts.is_file() {
            bail!("{name} is not a file");
        }
        if facts.len() > LIMIT {
            bail!("{name} has more than {} MB", LIMIT >> 20);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
        Ok((path, text))
    }

    /// The JSON files of every folder of an api-version, below a folder or
    /// being it. With a provider, other providers' folders are passed over.
    pub(super) fn files_of_version(
        folder: &Path,
        version: &str,
        provider: Option<&str>,
    ) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        let mut folders = vec![real(folder)?];
        while let Some(folder) = folders.pop() {
            let is_version = folder.file_name().is_some_and(|name| name == version);
            for entry in sorted(&folder)? {
                let name = entry.file_name().to_string_lossy().into_owned();
                let kind = entry.file_type()?;
                let passed_over = name.starts_with('.')
                    || name == "examples"
                    || name == "node_modules"
                    || provider.is_some_and(|it| is_provider(&name) && name != it);
                // A linked folder could lead anywhere, and round in a circle.
                if kind.is_dir() && !passed_over {
                    folders.push(entry.path());
                } else if is_version && !kind.is_dir() && name.ends_with(".json") {
                    files.push(entry.path());
                }
            }
        }
        files.sort();
        Ok(files)
    }
}

/// The JSON files below a folder, in order; none if there is no such folder.
pub(super) fn json_files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // Not through links, which could lead anywhere.
        if !fs::symlink_metadata(&folder).is_ok_and(|it| it.is_dir()) {
            continue;
        }
        for entry in sorted(&folder)? {
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "json") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether an error says that there is no such file.
pub(super) fn is_missing(error: &anyhow::Error) -> bool {
    let io = error
        .chain()
        .find_map(|it| it.downcast_ref::<std::io::Error>());
    io.is_some_and(|it| it.kind() == ErrorKind::NotFound)
}

fn is_provider(name: &str) -> bool {
    name.split_once('.')
        .is_some_and(|(company, service)| !company.is_empty() && !service.is_empty())
}

fn sorted(folder: &Path) -> Result<Vec<fs::DirEntry>> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect);
    let mut entries: Vec<fs::DirEntry> =
        entries.with_context(|| format!("cannot read {}", folder.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

fn real(path: &Path) -> Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("cannot read {}", path.display()))
}
