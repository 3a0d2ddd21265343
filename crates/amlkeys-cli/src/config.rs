//! Where a value comes from that no flag gives: the environment, then az's
//! files.

mod file;
mod profile;

use std::env;
use std::path::PathBuf;
use std::str::FromStr;

use amlkeys::{Cloud, WorkspaceId};
use clap::ValueEnum;
use serde::Serialize;

use crate::args::{Format, Global};
use crate::failure::Failure;
use file::{ConfigFile, local_files};
use profile::Profile;

/// What is set, and by what.
pub(crate) struct Config {
    pub(crate) subscription: Setting,
    pub(crate) resource_group: Setting,
    pub(crate) workspace: Setting,
    pub(crate) output: Setting,
    pub(crate) cloud: Setting,
    files: Files,
}

/// One value and its origin, both `None` if nothing sets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Setting {
    name: &'static str,
    value: Option<String>,
    origin: Option<String>,
}

/// az's config files, as az reads them.
struct Files {
    /// Those of the working directory and the folders above it, nearest first.
    local: Vec<ConfigFile>,
    global: Option<ConfigFile>,
}

impl Config {
    /// Reads everything once, before anything is sent.
    pub(crate) fn load(global: &Global) -> Result<Self, Failure> {
        let folder = config_folder();
        let files = Files {
            local: local_files(&folder)?,
            global: ConfigFile::read(folder.join("config"))?,
        };
        let cloud = Setting::named("cloud")
            .or_flag("--cloud", global.cloud.as_ref().map(|it| it.name().into()))
            .or_variable("AZURE_CLOUD_NAME")
            .or(|| files.global("cloud", "name"))
            .or(|| Some((Cloud::default().name().into(), "default".into())));
        let output = Setting::named("output")
            .or_flag("--output", global.output.map(format_name))
            .or_variable("AZURE_CORE_OUTPUT")
            .or(|| files.global("core", "output"))
            .or(|| Some((format_name(Format::Json), "default".into())));
        Ok(Self {
            subscription: subscription(global, &files, &folder, cloud.get())?,
            resource_group: Setting::named("group")
                .or_variable("AZURE_DEFAULTS_GROUP")
                .or(|| files.nearest("defaults", "group")),
            workspace: Setting::named("workspace")
                .or_variable("AZURE_DEFAULTS_WORKSPACE")
                .or(|| files.nearest("defaults", "workspace")),
            output,
            cloud,
            files,
        })
    }

    /// All of them, in the order in which they are shown.
    pub(crate) fn settings(&self) -> [&Setting; 5] {
        [
            &self.subscription,
            &self.resource_group,
            &self.workspace,
            &self.output,
            &self.cloud,
        ]
    }

    pub(crate) fn cloud(&self) -> Result<Cloud, Failure> {
        let name = self.cloud.get().unwrap_or_default();
        Cloud::from_str(name).map_err(|_| {
            self.cloud
                .refused(&format!("the clouds are {}", Cloud::NAMES.join(", ")))
        })
    }

    pub(crate) fn format(&self) -> Result<Format, Failure> {
        let name = self.output.get().unwrap_or_default();
        Format::from_str(name, true).map_err(|_| {
            let names = Format::value_variants().iter().copied().map(format_name);
            let names = Vec::from_iter(names).join(", ");
            self.output.refused(&format!("the formats are {names}"))
        })
    }

    /// The registries that section `[amlkeys_registries]` gives to a workspace.
    pub(crate) fn registries(&self) -> Result<Vec<(String, WorkspaceId)>, Failure> {
        let files = self.files.local.iter().chain(&self.files.global);
        let mut registries = Vec::new();
        for (host, id, origin) in files.flat_map(|file| file.entries("amlkeys_registries")) {
            let id = id.parse().map_err(|error| {
                Failure::input(error).with_hint(format!("correct `{host}` in {origin}"))
            })?;
            registries.push((host, id));
        }
        Ok(registries)
    }
}

/// az names the subscription by ID in its profile; people also by its name.
fn subscription(
    global: &Global,
    files: &Files,
    folder: &std::path::Path,
    cloud: Option<&str>,
) -> Result<Setting, Failure> {
    let profile = Profile::read(folder.join("azureProfile.json"))?;
    let mut setting = Setting::named("subscription")
        .or_flag("--subscription", global.subscription.clone())
        .or_variable("AZURE_SUBSCRIPTION_ID")
        .or(|| files.nearest("defaults", "subscription"))
        .or(|| profile.active(cloud));
    if let Some(id) = setting.get().and_then(|name| profile.id_of(name)) {
        setting.value = Some(id);
    }
    Ok(setting)
}

impl Files {
    /// As az reads `[defaults]`.
    fn nearest(&self, section: &str, key: &str) -> Option<(String, String)> {
        let mut files = self.local.iter().chain(&self.global);
        files.find_map(|file| file.get(section, key))
    }

    /// As az reads every other section.
    fn global(&self, section: &str, key: &str) -> Option<(String, String)> {
        self.global.as_ref()?.get(section, key)
    }
}

impl Setting {
    fn named(name: &'static str) -> Self {
        Self {
            name,
            value: None,
            origin: None,
        }
    }

    fn or_flag(self, flag: &str, value: Option<String>) -> Self {
        self.or(|| Some((value?, flag.into())))
    }

    fn or_variable(self, name: &str) -> Self {
        self.or(|| Some((env::var(name).ok()?, name.into())))
    }

    /// The value and origin of `next` if there is no value yet; an empty value
    /// is none.
    fn or(self, next: impl FnOnce() -> Option<(String, String)>) -> Self {
        if self.value.is_some() {
            return self;
        }
        match next() {
            Some((value, origin)) if !value.is_empty() => Self {
                value: Some(value),
                origin: Some(origin),
                ..self
            },
            _ => self,
        }
    }

    pub(crate) fn get(&self) -> Option<&str> {
        self.value.as_deref()
    }

    fn refused(&self, hint: &str) -> Failure {
        let value = self.get().unwrap_or_default();
        let origin = self.origin.as_deref().unwrap_or_default();
        let message = format!(
            "{} `{}` of {origin} is not known",
            self.name,
            printable(value)
        );
        Failure::usage(&message, hint)
    }
}

fn printable(value: &str) -> String {
    value.escape_debug().collect()
}

fn format_name(format: Format) -> String {
    let value = format.to_possible_value();
    value.map(|it| it.get_name().to_owned()).unwrap_or_default()
}

/// Where az keeps its files.
fn config_folder() -> PathBuf {
    match env::var_os("AZURE_CONFIG_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => folder.into(),
        None => env::home_dir().unwrap_or_default().join(".azure"),
    }
}
