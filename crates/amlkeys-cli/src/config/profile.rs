//! The subscriptions that az knows, and which of them is active.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::Deserialize;

use crate::failure::Failure;

pub(crate) struct Profile {
    path: PathBuf,
    subscriptions: Vec<Subscription>,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default)]
    subscriptions: Vec<Subscription>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    is_default: bool,
    environment_name: Option<String>,
}

impl Profile {
    /// Reads the file, which az begins with a byte order mark.
    pub(crate) fn read(path: PathBuf) -> Result<Self, Failure> {
        let content = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(text.trim_start_matches('\u{feff}'))
                .map_err(|error| Failure::config(&path, &error.to_string()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Content::default(),
            Err(error) if error.kind() == ErrorKind::NotADirectory => Content::default(),
            Err(error) => return Err(Failure::config(&path, &error.to_string())),
        };
        Ok(Self {
            path,
            subscriptions: content.subscriptions,
        })
    }

    /// The one that `az account set` chose, with its origin. az keeps one for
    /// each cloud.
    pub(crate) fn active(&self, cloud: Option<&str>) -> Option<(String, String)> {
        let active = self.subscriptions.iter().find(|it| {
            it.is_default
                && (it.environment_name.is_none() || it.environment_name.as_deref() == cloud)
        });
        Some((active?.id.clone(), self.path.display().to_string()))
    }

    /// The ID of the only subscription of this name.
    pub(crate) fn id_of(&self, name: &str) -> Option<String> {
        let mut named = self
            .subscriptions
            .iter()
            .filter(|it| it.name.eq_ignore_ascii_case(name));
        match (named.next(), named.next()) {
            (Some(only), None) => Some(only.id.clone()),
            _ => None,
        }
    }
}
