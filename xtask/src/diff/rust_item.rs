//! The Rust item that shows a consumer a place of the contract.

use heck::{ToPascalCase, ToSnakeCase};

use super::finding::Part;
use super::model::last_step;
use crate::pointer::Pointer;

/// The operations that the crate `amlkeys` has methods for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Compute,
    Workspaces,
}

/// What the public types show: type, property, accessor, and the type inside.
const ACCESSORS: &[(&str, &str, &str, &str)] = &[
    ("WorkspaceKeys", "userStorageKey", "user_storage_key", ""),
    (
        "WorkspaceKeys",
        "userStorageResourceId",
        "user_storage_resource_id",
        "",
    ),
    (
        "WorkspaceKeys",
        "userStorageArmId",
        "user_storage_resource_id",
        "",
    ),
    (
        "WorkspaceKeys",
        "appInsightsInstrumentationKey",
        "app_insights_instrumentation_key",
        "",
    ),
    (
        "WorkspaceKeys",
        "containerRegistryCredentials",
        "container_registry_credentials",
        "RegistryListCredentialsResult",
    ),
    (
        "WorkspaceKeys",
        "notebookAccessKeys",
        "notebook_access_keys",
        "ListNotebookKeysResult",
    ),
    ("RegistryListCredentialsResult", "location", "location", ""),
    ("RegistryListCredentialsResult", "username", "username", ""),
    (
        "RegistryListCredentialsResult",
        "passwords",
        "passwords",
        "Password",
    ),
    ("Password", "name", "name", ""),
    ("Password", "value", "value", ""),
    (
        "ListNotebookKeysResult",
        "primaryAccessKey",
        "primary_access_key",
        "",
    ),
    (
        "ListNotebookKeysResult",
        "secondaryAccessKey",
        "secondary_access_key",
        "",
    ),
    ("ComputeSecrets", "computeType", "compute_type", ""),
    (
        "AksComputeSecrets",
        "userKubeConfig",
        "user_kube_config",
        "",
    ),
    (
        "AksComputeSecrets",
        "adminKubeConfig",
        "admin_kube_config",
        "",
    ),
    (
        "AksComputeSecrets",
        "imagePullSecretName",
        "image_pull_secret_name",
        "",
    ),
    (
        "DatabricksComputeSecrets",
        "databricksAccessToken",
        "databricks_access_token",
        "",
    ),
    (
        "VirtualMachineSecrets",
        "administratorAccount",
        "administrator_account",
        "VirtualMachineSshCredentials",
    ),
    ("VirtualMachineSshCredentials", "username", "username", ""),
    ("VirtualMachineSshCredentials", "password", "password", ""),
    (
        "VirtualMachineSshCredentials",
        "publicKeyData",
        "public_key_data",
        "",
    ),
    (
        "VirtualMachineSshCredentials",
        "privateKeyData",
        "private_key_data",
        "",
    ),
    ("ErrorDetail", "code", "code", ""),
    ("ErrorDetail", "message", "message", ""),
    ("ErrorDetail", "target", "target", ""),
    ("ErrorDetail", "details", "details", "ErrorDetail"),
    (
        "ErrorDetail",
        "additionalInfo",
        "additional_info",
        "AdditionalInfo",
    ),
    ("AdditionalInfo", "type", "kind", ""),
    ("AdditionalInfo", "info", "expose_info", ""),
    ("WorkspaceId", "subscriptionId", "subscription_id", ""),
    ("WorkspaceId", "resourceGroupName", "resource_group", ""),
    ("WorkspaceId", "workspaceName", "workspace", ""),
    ("ComputeId", "computeName", "compute", ""),
];

/// The variants of `ComputeSecrets`: tag, variant, the type inside.
const VARIANTS: [(&str, &str, &str); 3] = [
    ("AKS", "Aks", "AksComputeSecrets"),
    ("Databricks", "Databricks", "DatabricksComputeSecrets"),
    ("VirtualMachine", "VirtualMachine", "VirtualMachineSecrets"),
];

pub(super) fn service(operation_id: Option<&str>) -> Option<Service> {
    match operation_id? {
        "Compute_ListKeys" | "MachineLearningCompute_ListKeys" => Some(Service::Compute),
        "Workspaces_ListKeys" => Some(Service::Workspaces),
        _ => None,
    }
}

/// The module of the generated client for an api-version.
pub(super) fn module(api_version: &str) -> String {
    format!("v{}", api_version.replace('-', "_"))
}

/// The struct and field that the generated client has for a place.
#[derive(Clone, Default)]
pub(super) struct Generated {
    of: String,
    field: String,
    /// What an object that has no name is called after its field.
    suffix: &'static str,
}

impl Generated {
    pub(super) fn body(operation: &str, part: Part) -> Self {
        let role = match part {
            Part::Request => "Request",
            _ => "Response",
        };
        Self {
            of: format!("{operation}{role}"),
            ..Self::default()
        }
    }

    pub(super) fn field(&self, name: &str) -> Self {
        Self {
            of: self.of.clone(),
            field: name.to_owned(),
            suffix: "",
        }
    }

    /// The struct of a component has its name, another that of its place.
    pub(super) fn object(&self, origin: &Pointer) -> Self {
        let steps = origin.as_str().matches('/').count();
        let is_component = steps == 3 && origin.as_str().starts_with("/components/schemas/");
        let of = match is_component {
            true => last_step(origin),
            false => format!("{}{}{}", self.of, self.field.to_pascal_case(), self.suffix),
        };
        Self {
            of,
            ..Self::default()
        }
    }

    pub(super) fn inside(&self, suffix: &'static str) -> Self {
        Self {
            suffix,
            ..self.clone()
        }
    }

    fn item(&self) -> Option<String> {
        let of = self.of.to_pascal_case();
        match (self.of.is_empty(), self.field.is_empty()) {
            (true, _) => None,
            (false, true) => Some(of),
            (false, false) => Some(format!("{of}::{}", self.field.to_snake_case())),
        }
    }
}

/// The item of `amlkeys`, else of the generated client; `None` for what no
/// item shows.
pub(super) fn of(
    service: Option<Service>,
    operation: &str,
    module: Option<&str>,
    part: Part,
    at: &Pointer,
    variant: Option<&str>,
    generated: &Generated,
) -> Option<String> {
    let method = || match (service, module) {
        (Some(Service::Compute), _) => Some("amlkeys::Client::compute_list_keys".to_owned()),
        (Some(Service::Workspaces), _) => Some("amlkeys::Client::workspaces_list_keys".to_owned()),
        (None, module) => {
            let method = operation.to_snake_case();
            Some(format!("amlkeys_client::{}::Client::{method}", module?))
        }
    };
    match (part, service) {
        (Part::Document, _) => None,
        (Part::Operation | Part::Header, _) | (Part::Error, None) => method(),
        (Part::Parameter, _) => parameter(service, &last_step(at)).or_else(method),
        (Part::Error, Some(_)) => Some(match at.as_str().strip_prefix("/error") {
            Some(inside) if !inside.is_empty() => walk("ErrorDetail", inside),
            _ => "amlkeys::Error".to_owned(),
        }),
        (Part::Response, Some(Service::Workspaces)) => Some(walk("WorkspaceKeys", at.as_str())),
        (Part::Response, Some(Service::Compute)) => Some(compute(at.as_str(), variant)),
        (Part::Request, _) | (Part::Response, None) => match generated.item() {
            Some(item) => Some(format!("amlkeys_client::{}::types::{item}", module?)),
            None => method(),
        },
    }
}

fn parameter(service: Option<Service>, name: &str) -> Option<String> {
    service?;
    if name == "api-version" {
        return Some("amlkeys::ApiVersion".to_owned());
    }
    let (of, _, accessor, _) = ACCESSORS
        .iter()
        .find(|(of, property, ..)| of.ends_with("Id") && *property == name)?;
    Some(format!("amlkeys::{of}::{accessor}"))
}

fn compute(pointer: &str, variant: Option<&str>) -> String {
    let Some(tag) = variant else {
        return walk("ComputeSecrets", pointer);
    };
    let tag = tag.split('.').next().unwrap_or_default();
    match VARIANTS.iter().find(|(known, ..)| *known == tag) {
        Some((_, _, of)) if !pointer.is_empty() => walk(of, pointer),
        Some((_, variant, _)) => format!("amlkeys::ComputeSecrets::{variant}"),
        None => "amlkeys::ComputeSecrets::Unknown".to_owned(),
    }
}

/// The accessor at the end of a pointer, or the type that would have it.
fn walk(root: &'static str, pointer: &str) -> String {
    let mut of = root;
    let mut last = None;
    for step in pointer.split('/').skip(1).filter(|step| *step != "*") {
        let known = ACCESSORS
            .iter()
            .find(|(owner, property, ..)| *owner == of && *property == step);
        match known {
            Some((owner, _, accessor, inside)) => {
                last = Some(format!("amlkeys::{owner}::{accessor}"));
                of = inside;
            }
            // New, so there is no accessor yet.
            None if of.is_empty() => break,
            None => return format!("amlkeys::{of}"),
        }
    }
    last.unwrap_or_else(|| format!("amlkeys::{of}"))
}

/// The item that contains both.
pub(super) fn common(a: Option<&str>, b: Option<&str>) -> Option<String> {
    let shared: Vec<&str> = a?
        .split("::")
        .zip(b?.split("::"))
        .take_while(|(a, b)| a == b)
        .map(|(step, _)| step)
        .collect();
    (!shared.is_empty()).then(|| shared.join("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_in_the_tables_exists() {
        let folder = crate::spec::root().join("crates/amlkeys/src");
        let mut methods = Vec::new();
        let mut variants = Vec::new();
        for file in [
            "workspace_keys",
            "compute_secrets",
            "error",
            "resource_id",
            "client",
            "api_version",
        ] {
            let text = std::fs::read_to_string(folder.join(file).with_extension("rs")).unwrap();
            for item in syn::parse_file(&text).unwrap().items {
                match item {
                    syn::Item::Impl(of) => {
                        let syn::Type::Path(owner) = *of.self_ty else {
                            continue;
                        };
                        let owner = owner.path.segments.last().unwrap().ident.to_string();
                        for item in of.items {
                            if let syn::ImplItem::Fn(method) = item {
                                methods.push(format!("{owner}::{}", method.sig.ident));
                            }
                        }
                    }
                    syn::Item::Enum(of) if of.ident == "ComputeSecrets" => {
                        variants.extend(of.variants.iter().map(|it| it.ident.to_string()));
                    }
                    _ => {}
                }
            }
        }
        for (of, _, accessor, _) in ACCESSORS {
            let accessor = format!("{of}::{accessor}");
            assert!(methods.contains(&accessor), "{accessor} is not in amlkeys");
        }
        for (_, variant, _) in VARIANTS {
            assert!(variants.iter().any(|it| it == variant), "{variant}");
        }
        for method in ["Client::compute_list_keys", "Client::workspaces_list_keys"] {
            assert!(methods.iter().any(|it| it == method), "{method}");
        }
    }

    #[test]
    fn a_place_that_is_not_known_is_named_by_the_type_that_would_have_it() {
        for (pointer, item) in [
            ("", "amlkeys::WorkspaceKeys"),
            (
                "/userStorageArmId",
                "amlkeys::WorkspaceKeys::user_storage_resource_id",
            ),
            ("/newKey", "amlkeys::WorkspaceKeys"),
            (
                "/containerRegistryCredentials/passwords/*/value",
                "amlkeys::Password::value",
            ),
            (
                "/containerRegistryCredentials/passwords/*/created",
                "amlkeys::Password",
            ),
            (
                "/userStorageKey/inside",
                "amlkeys::WorkspaceKeys::user_storage_key",
            ),
        ] {
            assert_eq!(walk("WorkspaceKeys", pointer), item, "{pointer}");
        }
        assert_eq!(
            compute("/adminKubeConfig", Some("AKS")),
            "amlkeys::AksComputeSecrets::admin_kube_config"
        );
        assert_eq!(compute("", Some("AKS")), "amlkeys::ComputeSecrets::Aks");
        assert_eq!(
            compute("/anything", Some("New")),
            "amlkeys::ComputeSecrets::Unknown"
        );
        assert_eq!(
            compute("/computeType", None),
            "amlkeys::ComputeSecrets::compute_type"
        );
    }
}
