//! `workspace env`: the keys as environment variables.

use std::env;
use std::io::{self, IsTerminal};

use amlkeys::WorkspaceKeys;

use super::only;
use crate::args::{EnvFormat, WorkspaceEnv};
use crate::environment::{self, Variable};
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::sink::Sink;

pub(crate) fn sink(args: &WorkspaceEnv, show_secrets: bool) -> Result<Sink, Failure> {
    match &args.file.file {
        Some(path) => Sink::file(path.clone(), args.file.force),
        None => Sink::stdout(show_secrets, "write it to a pipe, or to a file with --file"),
    }
}

pub(crate) async fn run(session: &Session, args: WorkspaceEnv, sink: Sink) -> Result<(), Failure> {
    let id = only(session.workspace_ids(args.names)?)?;
    let keys = session.workspace_keys(&id).await?;
    let variables = variables(&keys);
    let text = environment::text(&variables, args.format)?;
    if args.format == EnvFormat::Github {
        mask(&variables);
    }
    sink.write(text.as_bytes())
}

/// The names that other programs read where there are such (az and the Azure
/// SDKs, Application Insights), and our own for the rest. What is null is left
/// out.
fn variables(keys: &WorkspaceKeys) -> Vec<Variable<'_>> {
    let registry = keys.container_registry_credentials();
    let mut passwords = registry
        .map_or(&[][..], |it| it.passwords())
        .iter()
        .map(|it| it.value());
    let notebooks = keys.notebook_access_keys();
    let storage_account = keys
        .user_storage_resource_id()
        .and_then(|id| id.rsplit('/').next());
    let public = |name, value: Option<_>| value.map(|value| Variable::public(name, value));
    let secret = |name, value: Option<_>| value.map(|value| Variable::secret(name, value));
    [
        public("AZURE_STORAGE_ACCOUNT", storage_account),
        secret("AZURE_STORAGE_KEY", keys.user_storage_key()),
        secret(
            "APPINSIGHTS_INSTRUMENTATIONKEY",
            keys.app_insights_instrumentation_key(),
        ),
        public(
            "AZUREML_REGISTRY_USERNAME",
            registry.and_then(|it| it.username()),
        ),
        secret("AZUREML_REGISTRY_PASSWORD", passwords.next().flatten()),
        secret("AZUREML_REGISTRY_PASSWORD2", passwords.next().flatten()),
        secret(
            "AZUREML_NOTEBOOK_PRIMARY_KEY",
            notebooks.and_then(|it| it.primary_access_key()),
        ),
        secret(
            "AZUREML_NOTEBOOK_SECONDARY_KEY",
            notebooks.and_then(|it| it.secondary_access_key()),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Tells the runner to hide the secrets in its log, before they can get there.
///
/// The runner reads such lines on both streams and does not show them. stdout
/// is the wrong one: it usually goes to the file that `$GITHUB_ENV` names.
fn mask(variables: &[Variable<'_>]) {
    let in_workflow = env::var("GITHUB_ACTIONS").is_ok_and(|it| it == "true");
    if in_workflow && !io::stderr().is_terminal() {
        environment::github_masks(variables)
            .iter()
            .for_each(|line| output::note(line));
    }
}
