use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::case::{
    Authorization, Case, Each, Names, Operation, PathCase, Requirement, Script, ServerRequest,
    ServerScript,
};
use crate::contract::Contract;
use crate::embedded;
use crate::example::Example;

use super::fixture::Fixture;
use super::send::Outgoing;

/// A case and what it is run for.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) case: &'static Case,
    pub(super) names: Names,
    pub(super) api_version: &'static str,
    pub(super) promise: Option<Value>,
    /// Why it is not run.
    pub(super) skipped: Option<String>,
}

/// All server cases, for all that the fixture has.
pub(super) fn instances(fixture: &Fixture) -> Vec<Instance> {
    let mut instances = Vec::new();
    for case in embedded::cases() {
        let Script::Server(script) = &case.script else {
            continue;
        };
        for api_version in Contract::get().api_versions() {
            let asked = fixture.api_versions.as_ref();
            let is_asked = asked.is_none_or(|asked| asked.iter().any(|it| it == api_version));
            if is_asked && case.api_versions.contains(api_version) {
                add(case, script, api_version, fixture, &mut instances);
            }
        }
    }
    instances
}

fn add(
    case: &'static Case,
    script: &ServerScript,
    api_version: &'static str,
    fixture: &Fixture,
    instances: &mut Vec<Instance>,
) {
    let operation = script.exchanges[0].request.operation;
    let before = instances.len();
    let mut push = |what: &str, names: Names, promise: Option<Value>, skipped: Option<String>| {
        let what = format!("{api_version} {what}");
        instances.push(Instance {
            id: format!("{}[{}]", case.id, what.trim_end()),
            case,
            names,
            api_version,
            promise,
            skipped,
        });
    };
    if let Some(reason) = unmet(&script.requires, fixture) {
        return push("", Names::default(), None, Some(reason.into()));
    }
    let resources = fixture.resources.iter();
    let mut resources = resources.filter(|it| it.operation() == operation);
    match script.each {
        Each::Once => {
            if let Some(resource) = resources.next() {
                let names = resource.names().unwrap_or_default();
                push("", names, resource.answers.clone(), None);
            }
        }
        Each::Resource => {
            for resource in resources {
                let names = resource.names().unwrap_or_default();
                let what = names.compute.as_ref().or(names.workspace.as_ref()).cloned();
                push(
                    &what.unwrap_or_default(),
                    names,
                    resource.answers.clone(),
                    None,
                );
            }
        }
        Each::Example => {
            let examples = Example::all().iter();
            let is_of = |it: &&Example| it.operation == operation && it.api_version == api_version;
            for example in examples.filter(is_of) {
                let file = example.place.rsplit('/').next().unwrap_or_default();
                push(
                    file,
                    example.names.clone(),
                    Some(example.body.clone()),
                    None,
                );
            }
        }
    }
    if instances.len() == before {
        let reason = format!("the fixture has nothing for {}", operation.id());
        instances.push(Instance {
            id: format!("{}[{api_version}]", case.id),
            case,
            names: Names::default(),
            api_version,
            promise: None,
            skipped: Some(reason),
        });
    }
}

fn unmet(requirements: &[Requirement], fixture: &Fixture) -> Option<&'static str> {
    requirements
        .iter()
        .find_map(|requirement| match requirement {
            Requirement::DocumentedExamples if !fixture.documented_examples => {
                Some("the fixture does not promise the documented examples")
            }
            Requirement::Throttle if fixture.throttled_within.is_none() => {
                Some("the fixture does not promise to throttle")
            }
            _ => None,
        })
}

impl Instance {
    /// Whether it fills the server's throttle.
    pub(super) fn throttles(&self) -> bool {
        let Script::Server(script) = &self.case.script else {
            return false;
        };
        script.exchanges.iter().any(|it| it.request.until_throttled)
    }

    /// The request to send.
    pub(super) fn request(&self, request: &ServerRequest) -> Outgoing {
        let names = self.names_of(request);
        let documented = documented_path(request.operation, &names);
        let path = match &request.path {
            Some(path) => encoded(path, &names),
            None => documented,
        };
        let path = match request.path_case {
            None => path,
            Some(PathCase::Lower) => path.to_lowercase(),
            Some(PathCase::Upper) => path.to_uppercase(),
        };
        let query = match &request.query {
            Some(query) => self.filled(query, request),
            None => format!("api-version={}", self.api_version),
        };
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), self.filled(value, request)));
        Outgoing {
            method: request.method.clone().unwrap_or_else(|| "POST".into()),
            target: match query.is_empty() {
                true => path.clone(),
                false => format!("{path}?{query}"),
            },
            authorization: match &request.authorization {
                Authorization::Valid => Some("Bearer {token}".into()),
                Authorization::Missing => None,
                Authorization::Value(value) => Some(value.clone()),
            },
            headers: headers.collect(),
            body: request.body.clone().unwrap_or_default(),
            raw: request.raw.as_ref().map(|raw| {
                let raw = raw.replace("{path}", &path);
                encoded(&raw, &names).replace("{api_version}", self.api_version)
            }),
        }
    }

    /// The names of the resource, but for those that the request has of its own.
    pub(super) fn names_of(&self, request: &ServerRequest) -> Names {
        let Names {
            subscription_id,
            resource_group,
            workspace,
            compute,
        } = request.names.clone();
        Names {
            subscription_id: subscription_id.or_else(|| self.names.subscription_id.clone()),
            resource_group: resource_group.or_else(|| self.names.resource_group.clone()),
            workspace: workspace.or_else(|| self.names.workspace.clone()),
            compute: compute.or_else(|| self.names.compute.clone()),
        }
    }

    /// A text with its placeholders filled in, but for `{token}` and `{host}`.
    pub(super) fn filled(&self, text: &str, request: &ServerRequest) -> String {
        replaced(text, &self.names_of(request), str::to_owned)
            .replace("{api_version}", self.api_version)
    }
}

fn documented_path(operation: Operation, names: &Names) -> String {
    let workspace = "/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers\
        /Microsoft.MachineLearningServices/workspaces/{workspace}";
    let path = match operation {
        Operation::ComputeListKeys => format!("{workspace}/computes/{{compute}}/listKeys"),
        Operation::WorkspacesListKeys => format!("{workspace}/listKeys"),
    };
    encoded(&path, names)
}

fn encoded(text: &str, names: &Names) -> String {
    replaced(text, names, |name| {
        utf8_percent_encode(name, UNRESERVED).to_string()
    })
}

/// Everything but RFC 3986's unreserved characters.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn replaced(text: &str, names: &Names, form: impl Fn(&str) -> String) -> String {
    let mut text = text.to_owned();
    for (placeholder, name) in [
        ("{subscription_id}", &names.subscription_id),
        ("{resource_group}", &names.resource_group),
        ("{workspace}", &names.workspace),
        ("{compute}", &names.compute),
    ] {
        text = text.replace(placeholder, &form(name.as_deref().unwrap_or_default()));
    }
    text
}
