//! The documented examples: copied as they are, and those nobody refers to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use heck::ToSnakeCase;

use super::Choice;
use super::checkout::{is_missing, json_files_below};
use super::swagger::{Files, Place};

/// The examples of all chosen operations.
pub(super) struct Examples {
    version: String,
    pub(super) files: Vec<Example>,
}

pub(super) struct Example {
    /// Where it goes, from the folder of the excerpt.
    pub(super) path: String,
    pub(super) operation_id: String,
    /// What its description and its file are called, for people.
    pub(super) names: Vec<String>,
    pub(super) text: String,
    source: PathBuf,
}

impl Examples {
    pub(super) fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            files: Vec::new(),
        }
    }

    /// Reads one, and says where it goes; `None` if there is no such file.
    pub(super) fn add(
        &mut self,
        files: &Files,
        place: &Place,
        choice: &Choice,
        title: &str,
        reference: &str,
    ) -> Result<Option<String>> {
        let file = reference.split('#').next().unwrap_or_default();
        let wanted = files.checkout.reach(files.path(place.file), file);
        let wanted = wanted.with_context(|| files.show(place))?;
        let (source, text) = match files.checkout.read(&wanted) {
            Err(error) if is_missing(&error) => return Ok(None),
            read => read.with_context(|| files.show(place))?,
        };
        let operation_id = choice.name.clone();
        let known = self
            .files
            .iter_mut()
            .find(|it| it.source == source && it.operation_id == operation_id);
        if let Some(known) = known {
            known.names.push(title.to_owned());
            return Ok(Some(known.path.clone()));
        }
        let name = self.free_name(&source, &operation_id).ok_or_else(|| {
            files.error(
                place,
                format_args!("`{reference}` has a name that is no text"),
            )
        })?;
        let path = format!("examples/{}/{operation_id}/{name}", self.version);
        self.files.push(Example {
            path: path.clone(),
            operation_id,
            names: vec![title.to_owned(), below_examples(&source)],
            text,
            source,
        });
        Ok(Some(path))
    }

    /// The file's own name; where another example has it, with those of its
    /// folders in front, nearest first.
    fn free_name(&self, source: &Path, operation_id: &str) -> Option<String> {
        let mut steps = source.components().rev();
        let step = |it: std::path::Component<'_>| Some(it.as_os_str().to_str()?.to_owned());
        let mut name = step(steps.next()?)?;
        let prefix = format!("examples/{}/{operation_id}/", self.version);
        let is_taken = |name: &str| {
            // Some file systems know no case.
            let path = format!("{prefix}{name}").to_lowercase();
            self.files.iter().any(|it| it.path.to_lowercase() == path)
        };
        while is_taken(&name) {
            name = format!("{}-{name}", step(steps.next()?)?);
        }
        Some(name)
    }
}

/// Examples that by their names belong to a chosen operation, but that no
/// operation of the folder refers to, each as a finding.
pub(super) fn orphans(files: &mut Files, choices: &[Choice]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for choice in choices {
        let folder = files.path(choice.place.file).parent().map(Path::to_owned);
        let folder = folder.ok_or_else(|| anyhow!("a file is in no folder"))?;
        let examples = folder.join("examples");
        let mut alike = json_files_below(&examples)?;
        alike.retain(|path| {
            let path = path
                .strip_prefix(&examples)
                .unwrap_or(path)
                .with_extension("");
            let path = words(&path.to_string_lossy());
            [&choice.name, &choice.upstream_name]
                .iter()
                .any(|name| words(name).is_subset(&path))
        });
        if alike.is_empty() {
            continue;
        }
        let own = files.path(choice.place.file).to_owned();
        let mut referred = BTreeSet::new();
        refer(files, &own, &mut referred);
        for path in alike {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            if !referred.contains(&real) && !is_referred_to_beside(files, &own, &real) {
                findings.push(format!(
                    "{}: no operation refers to it, but it looks like one of {}",
                    files.checkout.name(&path),
                    choice.upstream_name
                ));
            }
        }
    }
    findings.dedup();
    Ok(findings)
}

/// Whether another description of the folder refers to an example.
fn is_referred_to_beside(files: &mut Files, own: &Path, example: &Path) -> bool {
    let folder = own.parent().map(std::fs::read_dir);
    let entries = folder.and_then(Result::ok).into_iter().flatten().flatten();
    let name = example.file_name().unwrap_or_default().to_string_lossy();
    entries.map(|it| it.path()).any(|path| {
        let is_json = path.extension().is_some_and(|it| it == "json");
        let text = (is_json && path != own).then(|| files.checkout.read(&path));
        let mut referred = BTreeSet::new();
        if let Some(Ok((path, text))) = text
            && text.contains(&*name)
        {
            drop(text);
            refer(files, &path, &mut referred);
        }
        referred.contains(example)
    })
}

/// Adds the examples that a description refers to. One that cannot be read is
/// none of the operations' business, and refers to none.
fn refer(files: &mut Files, path: &Path, referred: &mut BTreeSet<PathBuf>) {
    let operations = files.open(path).and_then(|file| files.operations(file));
    for reference in operations.into_iter().flatten().flat_map(|it| it.examples) {
        let target = files.checkout.reach(path, &reference).ok();
        referred.extend(target.and_then(|it| it.canonicalize().ok()));
    }
}

/// An example's path below the folder of examples, without its ending.
fn below_examples(path: &Path) -> String {
    let path = path.with_extension("");
    let steps = path.iter().map(|it| it.to_string_lossy().into_owned());
    let steps: Vec<String> = steps.collect();
    let start = steps.iter().rposition(|it| it == "examples");
    steps[start.map_or(steps.len() - 1, |it| it + 1)..].join("/")
}

/// The words of a name, in the singular: `listKeys` is `list` and `key`.
fn words(name: &str) -> BTreeSet<String> {
    let snake = name.to_snake_case();
    let words = snake.split('_').filter(|it| !it.is_empty());
    words
        .map(|it| it.strip_suffix('s').unwrap_or(it).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::words;

    fn belongs(path: &str, operation_id: &str) -> bool {
        words(operation_id).is_subset(&words(path))
    }

    #[test]
    fn example_files_are_known_by_the_words_of_their_names() {
        assert!(belongs("listKeysAKSCompute", "Compute_ListKeys"));
        assert!(belongs("Workspace/listKeys", "Workspaces_ListKeys"));
        assert!(belongs(
            "StorageAccountListKeys",
            "StorageAccounts_ListKeys"
        ));
        assert!(!belongs("Workspace/listKeys", "Compute_ListKeys"));
        assert!(!belongs("Compute/list", "Compute_ListKeys"));
    }
}
