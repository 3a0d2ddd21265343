//! The `amlkeys` command line.

mod args;
mod failure;
mod output;
mod session;
mod verbs;

use std::process::ExitCode;

use amlkeys::{ApiVersion, ComputeId, WorkspaceId};
use clap::Parser;
use clap::error::ErrorKind;
use serde_json::{Value, json};

use args::{Cli, ComputeNames, ComputeVerb, Format, Noun, WorkspaceNames, WorkspaceVerb};
use failure::Failure;
use session::Session;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let json = cli.global.output == Some(Format::Json);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = runtime
        .map_err(|error| Failure::other("cannot start", &error))
        .and_then(|runtime| runtime.block_on(run(cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure, json);
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { noun, global } = cli;
    if global.verbose && !matches!(noun, Noun::Emulator(_)) {
        output::verbose();
    }
    let format = global.output.unwrap_or(Format::Json);
    let document = match noun {
        Noun::Workspace(WorkspaceVerb::ListKeys(names)) => {
            workspaces(&Session::start(global).await?, names).await?
        }
        Noun::Compute(ComputeVerb::ListKeys(names)) => {
            computes(&Session::start(global).await?, names).await?
        }
        Noun::Emulator(options) => return verbs::emulator::run(options, &global).await,
        Noun::Version => version(global.verbose),
    };
    output::data(&document, format)
}

/// What this binary is, and in detail what it was built with.
fn version(in_detail: bool) -> Value {
    let mut version = json!({ "amlkeys": env!("CARGO_PKG_VERSION") });
    if in_detail {
        let api_versions = ApiVersion::ALL.iter().map(ApiVersion::as_str);
        version["apiVersions"] = api_versions.collect();
    }
    version
}

async fn workspaces(session: &Session, names: WorkspaceNames) -> Result<Value, Failure> {
    let Some(name) = names.name else {
        let ids: Vec<WorkspaceId> = session.resource_ids(&names.ids)?;
        let mut all = Vec::new();
        for id in &ids {
            all.push(session.workspace_keys(id).await?);
        }
        return Ok(one_or_all(all));
    };
    let group = session.resource_group(names.resource_group)?;
    let id = WorkspaceId::new(session.subscription()?, group, name).map_err(Failure::input)?;
    session.workspace_keys(&id).await
}

async fn computes(session: &Session, names: ComputeNames) -> Result<Value, Failure> {
    let Some(name) = names.name else {
        let ids: Vec<ComputeId> = session.resource_ids(&names.ids)?;
        let mut all = Vec::new();
        for id in &ids {
            all.push(session.compute_secrets(id).await?);
        }
        return Ok(one_or_all(all));
    };
    let workspace = session.workspace(names.workspace_name)?;
    let group = session.resource_group(names.resource_group)?;
    let id = WorkspaceId::new(session.subscription()?, group, workspace)
        .and_then(|workspace| ComputeId::new(workspace, name))
        .map_err(Failure::input)?;
    session.compute_secrets(&id).await
}

/// One ID gives a document, several a list of them, as in az.
fn one_or_all(mut documents: Vec<Value>) -> Value {
    match documents.len() {
        1 => documents.remove(0),
        _ => Value::Array(documents),
    }
}

/// Help and version go to stdout, a usage error to stderr.
fn refuse(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args().collect::<Vec<_>>().windows(2).any(|pair| {
        matches!(pair[0].as_str(), "-o" | "--output") && pair[1] == "json"
            || matches!(pair[1].as_str(), "-ojson" | "-o=json" | "--output=json")
    });
    let is_usage = error.exit_code() != 0
        && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if wants_json && is_usage {
        output::failure(&Failure::usage_of(error), true);
    } else if let Err(error) = error.print() {
        return output::write_failed(&error).map_or(ExitCode::SUCCESS, |failure| {
            ExitCode::from(failure.exit_code())
        });
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}
