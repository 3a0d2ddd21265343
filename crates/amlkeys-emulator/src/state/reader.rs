//! From a document to a [`State`]. `schema.json` says the same to editors; a test holds the two
//! together.

mod fields;

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::document::{Key, Node, Value, object};
use super::error::Refusal;
use super::keys::Keys;
use super::named::{Named, compare};
use super::principal::{Denied, Principal};
use super::{Documents, ResourceGroup, State, Subscription, Workspace};
use crate::fault;

pub(crate) use fields::Fields;

/// Reads a whole state.
pub(crate) fn state(document: Node<'_>, documents: &Documents) -> Result<State, Refusal> {
    const FIELDS: &[&str] = &[
        "documentedResources",
        "subscriptions",
        "principals",
        "faults",
    ];
    let place = document.at;
    let mut fields = Fields::of(document, FIELDS)?;
    let reader = Reader { documents };
    let documented = fields.take("documentedResources");
    let documented = documented.map_or(Ok(false), Node::boolean)?;
    let subscriptions = fields.require("subscriptions")?;
    let principals = fields
        .take("principals")
        .map_or(Ok(Vec::new()), Node::items)?;
    let faults = fields.take("faults").map_or(Ok(Vec::new()), Node::items)?;

    let subscription_id = first_name(subscriptions.clone())?
        .ok_or_else(|| Refusal::new(place, "`subscriptions` must have one at least"))?;
    let subscriptions = named(subscriptions, |node| reader.subscription(node))?;
    let principals: Result<Vec<_>, _> = principals.into_iter().map(principal).collect();
    let mut principals = principals?;
    if principals.is_empty() {
        principals.push(Principal::invented());
    }
    let faults: Result<Vec<_>, _> = faults.into_iter().map(fault::reader::rule).collect();
    let mut state = State {
        subscription_id,
        api_versions: documents.api_versions.clone(),
        subscriptions,
        principals,
        faults: faults?,
        read_from: None,
    };
    if documented {
        state.add_documented(documents);
    }
    Ok(state)
}

struct Reader<'d> {
    documents: &'d Documents,
}

impl Reader<'_> {
    fn subscription(&self, node: Node<'_>) -> Result<Subscription, Refusal> {
        let Some(mut fields) = Fields::of_any(node, &["registered", "resourceGroups"])? else {
            return Ok(Subscription::default());
        };
        let registered = fields.take("registered");
        Ok(Subscription {
            registered: registered.map_or(Ok(true), Node::boolean)?,
            resource_groups: fields.take("resourceGroups").map_or_else(
                || Ok(Named::default()),
                |node| named(node, |node| self.resource_group(node)),
            )?,
        })
    }

    fn resource_group(&self, node: Node<'_>) -> Result<ResourceGroup, Refusal> {
        let Some(mut fields) = Fields::of_any(node, &["workspaces"])? else {
            return Ok(ResourceGroup::default());
        };
        Ok(ResourceGroup {
            workspaces: fields.take("workspaces").map_or_else(
                || Ok(Named::default()),
                |node| named(node, |node| self.workspace(node)),
            )?,
        })
    }

    fn workspace(&self, node: Node<'_>) -> Result<Workspace, Refusal> {
        let Some(mut fields) = Fields::of_any(node, &["keys", "computes"])? else {
            return Ok(Workspace::default());
        };
        let keys = fields.take("keys");
        Ok(Workspace {
            keys: keys.map_or_else(
                || Ok(Keys::default()),
                |node| self.keys(node, WORKSPACES_LIST_KEYS),
            )?,
            computes: fields.take("computes").map_or_else(
                || Ok(Named::default()),
                |node| named(node, |node| self.keys(node, COMPUTE_LIST_KEYS)),
            )?,
        })
    }

    /// `documented`, a body, or a body for each api-version.
    fn keys(&self, node: Node<'_>, operation_id: &str) -> Result<Keys, Refusal> {
        const EXPECTED: &str = "an object (the body of the answer) or `documented`";
        let at = node.at;
        match node.clone().value()? {
            Value::Text(text) if text == "documented" => Ok(self.documents.keys(operation_id)),
            Value::Mapping(mut entries) => match &entries[..] {
                [(key, _)] if key.name == "byApiVersion" => {
                    self.by_api_version(entries.remove(0).1)
                }
                [(key, _)] if key.name == "asDocumented" => {
                    self.as_documented(entries.remove(0).1.entries()?, operation_id)
                }
                _ => Ok(Keys::same(node.json())),
            },
            other => Err(other.is_not(EXPECTED, at)),
        }
    }

    fn by_api_version(&self, node: Node<'_>) -> Result<Keys, Refusal> {
        let place = node.at;
        let mut keys = Keys::default();
        let mut known = false;
        for (Key { at, name }, body) in node.entries()? {
            if !self.documents.api_versions.iter().any(|it| *it == name) {
                let versions = self.documents.api_versions.join(", ");
                let reason = format!("no such api-version; there are {versions}");
                return Err(Refusal::new(at, reason));
            }
            let json = body.json();
            body.entries()?;
            keys.set(&name, json);
            known = true;
        }
        match known {
            true => Ok(keys),
            false => Err(Refusal::new(place, "expected an api-version, found none")),
        }
    }

    /// The body, in each api-version without the properties that it does not document.
    fn as_documented(
        &self,
        entries: Vec<(Key<'_>, Node<'_>)>,
        operation_id: &str,
    ) -> Result<Keys, Refusal> {
        let mut keys = Keys::default();
        for api_version in &self.documents.api_versions {
            let names = self.documents.properties(api_version, operation_id);
            let documented = entries
                .iter()
                .filter(|(key, _)| names.is_none_or(|it| it.contains(&&*key.name)))
                .map(|(key, node)| (&*key.name, node));
            keys.set(api_version, object(documented));
        }
        Ok(keys)
    }
}

pub(crate) const COMPUTE_LIST_KEYS: &str = "Compute_ListKeys";
pub(crate) const WORKSPACES_LIST_KEYS: &str = "Workspaces_ListKeys";

fn first_name(node: Node<'_>) -> Result<Option<String>, Refusal> {
    let first = node.entries()?.into_iter().next();
    Ok(first.map(|(key, _)| key.name.into_owned()))
}

/// Each value of an object by its name; nothing at all is as good as `{}`.
fn named<'t, T>(
    node: Node<'t>,
    mut read: impl FnMut(Node<'t>) -> Result<T, Refusal>,
) -> Result<Named<T>, Refusal> {
    let at = node.at;
    let entries = match node.value()? {
        Value::Null => Vec::new(),
        Value::Mapping(entries) => entries,
        other => return Err(other.is_not("an object", at)),
    };
    let order = order_of_names(&entries)?;
    let mut things = Vec::new();
    for (key, node) in entries {
        things.push((key.name.into_owned(), read(node)?));
    }
    Ok(Named::of(things, &order))
}

/// Where the names are, in their order, if no two are one.
fn order_of_names(entries: &[(Key<'_>, Node<'_>)]) -> Result<Vec<usize>, Refusal> {
    for (key, _) in entries {
        check_name(key)?;
    }
    let compare = |one: usize, other: usize| compare(&entries[one].0.name, &entries[other].0.name);
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|&one, &other| compare(one, other));
    if let Some(twins) = order.windows(2).find(|it| compare(it[0], it[1]).is_eq()) {
        return Err(Refusal::new(
            entries[twins[1]].0.at,
            "this name is there twice: ARM's names compare without regard to case",
        ));
    }
    Ok(order)
}

fn check_name(key: &Key<'_>) -> Result<(), Refusal> {
    if key.name.is_empty() {
        return Err(Refusal::new(key.at, "a name must not be empty"));
    }
    if key
        .name
        .contains(|char: char| char == '/' || char.is_ascii_control())
    {
        let reason = "a name must hold no slash and no control character";
        return Err(Refusal::new(key.at, reason));
    }
    Ok(())
}

fn principal(node: Node<'_>) -> Result<Principal, Refusal> {
    const FIELDS: &[&str] = &[
        "tenantId",
        "objectId",
        "clientId",
        "clientSecret",
        "clientSecretExpires",
        "tokensValidFrom",
        "denied",
    ];
    let mut fields = Fields::of(node, FIELDS)?;
    let denied = fields.take("denied").map_or(Ok(Vec::new()), Node::items)?;
    let denied: Result<_, _> = denied.into_iter().map(self::denied).collect();
    Ok(Principal {
        tenant_id: some_text(fields.require("tenantId")?)?,
        object_id: some_text(fields.require("objectId")?)?,
        client_id: some_text(fields.require("clientId")?)?,
        client_secret: some_text(fields.require("clientSecret")?)?,
        client_secret_expires: fields.take("clientSecretExpires").map(moment).transpose()?,
        tokens_valid_from: fields.take("tokensValidFrom").map(moment).transpose()?,
        denied: denied?,
    })
}

fn denied(node: Node<'_>) -> Result<Denied, Refusal> {
    let mut fields = Fields::of(node, &["scope", "action"])?;
    let scope = fields.require("scope")?;
    let at = scope.at;
    let scope = some_text(scope)?;
    if !scope.starts_with('/') {
        return Err(Refusal::new(
            at,
            "a scope is a resource id: it begins with `/`",
        ));
    }
    let action = fields.take("action").map(some_text).transpose()?;
    Ok(Denied { scope, action })
}

pub(crate) fn some_text(node: Node<'_>) -> Result<String, Refusal> {
    let at = node.at;
    match node.text()? {
        text if text.is_empty() => Err(Refusal::new(at, "expected text, found an empty one")),
        text => Ok(text.into_owned()),
    }
}

fn moment(node: Node<'_>) -> Result<SystemTime, Refusal> {
    let at = node.at;
    let moment = OffsetDateTime::parse(&node.text()?, &Rfc3339);
    let reason = "expected a date and time of RFC 3339, such as 2026-01-31T12:00:00Z";
    moment.map(Into::into).map_err(|_| Refusal::new(at, reason))
}
