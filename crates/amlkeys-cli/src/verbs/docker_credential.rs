//! `docker-credential-amlkeys`: docker's protocol for credential helpers, so that
//! docker stores no password of a workspace's registry.

use std::io::{self, Read};
use std::process::ExitCode;

use amlkeys::WorkspaceId;
use clap::Parser;
use serde_json::{Map, Value, json};

use crate::args::{CredentialAction, DockerCredential};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::registry::{RegistryCredentials, is_in_azure};
use crate::session::Session;

/// What docker's own helpers say; docker compares the text and goes on without
/// credentials.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// Runs under the other name. docker reads stdout also when the helper fails,
/// and prints what is there.
pub(crate) fn main(runtime: &tokio::runtime::Runtime) -> ExitCode {
    let args = match DockerCredential::try_parse() {
        Ok(args) => args,
        Err(error) => return output::clap(&error, false),
    };
    let answer = runtime.block_on(answer(args));
    let (text, code) = match &answer {
        Ok(Some(text)) => (text.clone(), ExitCode::SUCCESS),
        Ok(None) => (format!("{NOT_FOUND}\n"), ExitCode::FAILURE),
        Err(failure) => (failure.to_text(), ExitCode::FAILURE),
    };
    match output::bytes(text.as_bytes()) {
        Ok(()) => code,
        Err(failure) => ExitCode::from(failure.exit_code()),
    }
}

/// What stdout gets, `None` if there are no credentials for the host.
async fn answer(args: DockerCredential) -> Result<Option<String>, Failure> {
    let config = Config::load(&args.global)?;
    match args.action {
        CredentialAction::Get => {
            let mut server = String::new();
            let read = io::stdin().read_to_string(&mut server);
            read.map_err(|error| Failure::other("cannot read the server's URL", &error))?;
            let session = Session::start(&args.global, &config).await?;
            get(&session, &config, server.trim()).await
        }
        CredentialAction::List => list(&config).map(Some),
        CredentialAction::Erase => Ok(Some(String::new())),
        CredentialAction::Store => Err(Failure::plain(
            "nothing is stored: amlkeys asks Azure for the password each time".into(),
            "pull without `docker login`",
        )),
    }
}

async fn get(session: &Session, config: &Config, server: &str) -> Result<Option<String>, Failure> {
    let host = host(server);
    let credentials = match workspace(&config.registries()?, &host) {
        Some(id) => Some(credentials(session, &id).await?),
        None => of_default_workspace(session, &host).await?,
    };
    Ok(credentials.map(|it| {
        let answer = json!({
            "ServerURL": server,
            "Username": it.username,
            "Secret": it.password.expose(),
        });
        format!("{answer}\n")
    }))
}

/// Without an entry for the host, the workspace of `az configure --defaults`
/// answers for its own registry, and for no other host.
async fn of_default_workspace(
    session: &Session,
    host: &str,
) -> Result<Option<RegistryCredentials>, Failure> {
    let Some(id) = session.default_workspace_id().filter(|_| is_in_azure(host)) else {
        return Ok(None);
    };
    let credentials = credentials(session, &id).await?;
    let is_its_own = credentials.login_server(session.cloud()).as_deref() == Some(host);
    Ok(is_its_own.then_some(credentials))
}

async fn credentials(session: &Session, id: &WorkspaceId) -> Result<RegistryCredentials, Failure> {
    let keys = session.workspace_keys(id).await?;
    RegistryCredentials::of(&keys, id.workspace())
}

/// docker shows the names of who is signed in; a registry's admin user is named
/// like the registry.
fn list(config: &Config) -> Result<String, Failure> {
    let registries = config.registries()?.into_iter();
    let names: Map<String, Value> = registries
        .map(|(host, _)| {
            let name = host.split('.').next().unwrap_or_default().into();
            (host, name)
        })
        .collect();
    Ok(format!("{}\n", Value::Object(names)))
}

fn workspace(registries: &[(String, WorkspaceId)], host: &str) -> Option<WorkspaceId> {
    let mut found = registries.iter().filter(|(registry, _)| registry == host);
    found.next().map(|(_, id)| id.clone())
}

/// docker gives a host, or an older one a URL.
fn host(server: &str) -> String {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_stands_between_scheme_and_path() {
        for server in [
            "a.azurecr.io",
            "https://a.azurecr.io",
            "https://A.azurecr.io/v1/",
            "a.azurecr.io/x",
        ] {
            assert_eq!(host(server), "a.azurecr.io");
        }
    }
}
