//! `workspace list-keys` and `compute list-keys`: the documented response.

use serde::Serialize;
use serde_json::Value;

use crate::args::{ComputeNames, WorkspaceNames};
use crate::failure::Failure;
use crate::session::{ResourceId, Session};

pub(crate) async fn of_workspaces(
    session: &Session,
    names: WorkspaceNames,
    show_secrets: bool,
) -> Result<Value, Failure> {
    let ids = session.workspace_ids(names)?.into_iter();
    of_all(session, ids.map(ResourceId::Workspace), show_secrets).await
}

pub(crate) async fn of_computes(
    session: &Session,
    names: ComputeNames,
    show_secrets: bool,
) -> Result<Value, Failure> {
    let ids = session.compute_ids(names)?.into_iter();
    of_all(session, ids.map(ResourceId::Compute), show_secrets).await
}

/// One ID gives a document, several a list of them, as in az.
async fn of_all(
    session: &Session,
    ids: impl Iterator<Item = ResourceId>,
    show_secrets: bool,
) -> Result<Value, Failure> {
    let mut documents = Vec::new();
    for id in ids {
        documents.push(of(session, &id, show_secrets).await?);
    }
    Ok(match documents.len() {
        1 => documents.remove(0),
        _ => Value::Array(documents),
    })
}

/// The response for one of them, masked unless its secrets are to be shown.
pub(crate) async fn of(
    session: &Session,
    id: &ResourceId,
    show_secrets: bool,
) -> Result<Value, Failure> {
    match id {
        ResourceId::Workspace(id) => {
            let keys = session.workspace_keys(id).await?;
            match show_secrets {
                true => document(&keys),
                false => document(&keys.masked()),
            }
        }
        ResourceId::Compute(id) => {
            let secrets = session.compute_secrets(id).await?;
            match show_secrets {
                true => document(&secrets),
                false => document(&secrets.masked()),
            }
        }
    }
}

fn document(value: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::other("cannot print the keys", &error))
}
