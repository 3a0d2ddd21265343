//! One of az's config files, read as az does with Python's `configparser`.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use configparser::ini::{Ini, IniDefault};

use crate::failure::Failure;

pub(crate) struct ConfigFile {
    path: PathBuf,
    ini: Ini,
}

/// The files of the working directory and the folders above it, nearest first,
/// in folders that are named like az's own (knack, `CLIConfig`).
pub(crate) fn local_files(global: &Path) -> Result<Vec<ConfigFile>, Failure> {
    let Some((name, here)) = global.file_name().zip(env::current_dir().ok()) else {
        return Ok(Vec::new());
    };
    let global = here.join(global);
    let folders = here.ancestors().map(|folder| folder.join(name));
    folders
        .take_while(|folder| *folder != global)
        .filter_map(|folder| ConfigFile::read(folder.join("config")).transpose())
        .collect()
}

impl ConfigFile {
    /// Reads the file, `None` if there is none.
    pub(crate) fn read(path: PathBuf) -> Result<Option<Self>, Failure> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(Failure::config(&path, &error.to_string())),
        };
        let mut ini = Ini::new_from_defaults(as_python());
        let parsed = ini.read(text.trim_start_matches('\u{feff}').to_owned());
        parsed
            .and_then(|_| check(&text, &ini))
            .map_err(|why| Failure::config(&path, &why))?;
        Ok(Some(Self { path, ini }))
    }

    /// The value and its origin, an empty value too.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<(String, String)> {
        let value = self.ini.get(section, key)?;
        Some((value.replace("%%", "%"), self.origin()))
    }

    /// Name, value and origin of each entry of a section, by name.
    pub(crate) fn entries(&self, section: &str) -> Vec<(String, String, String)> {
        let entries = self.ini.get_map_ref().get(section).into_iter().flatten();
        let mut entries: Vec<_> = entries
            .map(|(key, value)| {
                let value = value.clone().unwrap_or_default();
                (key.clone(), value, self.origin())
            })
            .collect();
        entries.sort();
        entries
    }

    fn origin(&self) -> String {
        self.path.display().to_string()
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn as_python() -> IniDefault {
    let mut python = IniDefault::default();
    python.comment_symbols = vec!['#', ';'];
    python.delimiters = vec!['=', ':'];
    python.multiline = true;
    python.enable_inline_comments = false;
    python.cascade_defaults = true;
    python
}

/// Refuses what Python's parser refuses and this one lets pass: a line that is
/// no `name = value`.
fn check(text: &str, ini: &Ini) -> Result<(), String> {
    let sections = ini.get_map_ref().values();
    let names = sections.flatten().filter(|(_, value)| value.is_none());
    let names: Vec<&String> = names.map(|(name, _)| name).collect();
    let broken = text.lines().zip(1..).find(|(line, _)| {
        names
            .iter()
            .any(|name| line.trim().to_lowercase() == **name)
    });
    match broken {
        Some((_, number)) => Err(format!("line {number}: expected `name = value`")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Option<ConfigFile>, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        ConfigFile::read(file.path().to_owned())
    }

    #[test]
    fn it_is_read_as_az_writes_it() {
        let text =
            "\u{feff}[defaults]\ngroup = my#group\nWorkspace: ws ; 1\n# c\n\n[core]\noutput=\n";
        let file = parsed(text).unwrap().unwrap();
        let get = |section, key| file.get(section, key).map(|(value, _)| value);
        assert_eq!(get("defaults", "group").as_deref(), Some("my#group"));
        assert_eq!(get("defaults", "workspace").as_deref(), Some("ws ; 1"));
        assert_eq!(get("core", "output").as_deref(), Some(""));
        assert_eq!(get("core", "group"), None);
    }

    #[test]
    fn a_broken_line_is_named() {
        for text in ["[defaults]\n\ngroup\n", "[core]\n\n[defaults\n"] {
            let failure = parsed(text).err().unwrap().to_text();
            assert!(failure.contains("line 3: "), "{failure}");
        }
    }
}
