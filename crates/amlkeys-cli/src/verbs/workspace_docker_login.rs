//! `workspace docker-login`: docker, signed in to the workspace's registry.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::only;
use crate::args::DockerLogin;
use crate::failure::Failure;
use crate::registry::RegistryCredentials;
use crate::session::Session;
use crate::sink::Sink;

/// Where `--print` prints to, `None` without it.
pub(crate) fn sink(args: &DockerLogin, show_secrets: bool) -> Result<Option<Sink>, Failure> {
    let sink = || Sink::stdout(show_secrets, "redirect it to a file");
    args.print.then(sink).transpose()
}

pub(crate) async fn run(
    session: &Session,
    args: DockerLogin,
    sink: Option<Sink>,
) -> Result<(), Failure> {
    let id = only(session.workspace_ids(args.names)?)?;
    let keys = session.workspace_keys(&id).await?;
    let credentials = RegistryCredentials::of(&keys, id.workspace())?;
    let host = args
        .login_server
        .or_else(|| credentials.login_server(session.cloud()));
    let host = host.ok_or_else(|| no_host(&credentials))?;
    match sink {
        Some(sink) => sink.write(config_json(&host, &credentials).as_bytes()),
        None => docker_login(&host, &credentials),
    }
}

fn no_host(credentials: &RegistryCredentials) -> Failure {
    let username = credentials.username.escape_debug();
    Failure::usage(
        &format!("the registry's host cannot be told from its user name `{username}`"),
        "give it with --login-server HOST",
    )
}

/// A config.json of docker, which podman, skopeo and Kubernetes also read.
fn config_json(host: &str, credentials: &RegistryCredentials) -> String {
    let user_and_password = format!("{}:{}", credentials.username, credentials.password.expose());
    let config = json!({ "auths": { host: { "auth": STANDARD.encode(user_and_password) } } });
    format!("{config:#}\n")
}

/// docker's words go to stderr: they are no data.
fn docker_login(host: &str, credentials: &RegistryCredentials) -> Result<(), Failure> {
    let mut docker = Command::new("docker")
        .args([
            "login",
            "--username",
            &credentials.username,
            "--password-stdin",
            "--",
            host,
        ])
        .env_remove("AZURE_CLIENT_SECRET")
        .stdin(Stdio::piped())
        .stdout(io::stderr())
        .spawn()
        .map_err(|error| no_docker(&error))?;
    let mut stdin = docker.stdin.take().expect("stdin is piped");
    // A docker that ends before it has read says why by itself.
    let _ = stdin.write_all(credentials.password.expose().as_bytes());
    drop(stdin);
    let status = docker.wait().map_err(|error| no_docker(&error))?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::plain(
            format!("docker could not sign in to {host}: {status}"),
            "docker says above why",
        )),
    }
}

fn no_docker(error: &io::Error) -> Failure {
    Failure::plain(
        format!("docker could not be run: {error}"),
        "other tools can use what --print prints",
    )
}
