//! `workspace list-keys` and `compute list-keys`: the documented response.

use serde::Serialize;
use serde_json::Value;

use crate::args::{ComputeNames, WorkspaceNames};
use crate::failure::Failure;
use crate::session::Session;

pub(crate) async fn of_workspaces(
    session: &Session,
    names: WorkspaceNames,
    show_secrets: bool,
) -> Result<Value, Failure> {
    let mut documents = Vec::new();
    for id in session.workspace_ids(names)? {
        let keys = session.workspace_keys(&id).await?;
        documents.push(match show_secrets {
            true => document(&keys)?,
            false => document(&keys.masked())?,
        });
    }
    Ok(one_or_all(documents))
}

pub(crate) async fn of_computes(
    session: &Session,
    names: ComputeNames,
    show_secrets: bool,
) -> Result<Value, Failure> {
    let mut documents = Vec::new();
    for id in session.compute_ids(names)? {
        let secrets = session.compute_secrets(&id).await?;
        documents.push(match show_secrets {
            true => document(&secrets)?,
            false => document(&secrets.masked())?,
        });
    }
    Ok(one_or_all(documents))
}

/// One ID gives a document, several a list of them, as in az.
fn one_or_all(mut documents: Vec<Value>) -> Value {
    match documents.len() {
        1 => documents.remove(0),
        _ => Value::Array(documents),
    }
}

fn document(value: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::other("cannot print the keys", &error))
}
