//! The `amlkeys` command line.

mod args;
mod config;
mod environment;
mod failure;
mod input;
mod output;
mod progress;
mod query;
mod registry;
mod session;
mod sink;
mod stop;
mod suggestion;
mod verbs;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, ComputeVerb, ConfigVerb, Format, Global, Noun, WorkspaceVerb};
use config::Config;
use failure::Failure;
use output::{Printer, Table};
use query::Query;
use session::Session;
use stop::Stop;
use verbs::{
    completion, compute_kubeconfig, compute_ssh_key, config_show, conformance, docker_credential,
    emulator, list_keys, list_keys_many, man, version, workspace_docker_login, workspace_env,
};

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return end(Err(Failure::other("cannot start", &error)), false),
    };
    if is_credential_helper() {
        return docker_credential::main(&runtime);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::clap(&error, asks_for_json()),
    };
    let json = cli.global.output == Some(Format::Json);
    let outcome = runtime.block_on(until_interrupted(cli));
    // A name that is being resolved, or a pipe that nobody reads, keeps no one.
    runtime.shutdown_background();
    end(outcome, json)
}

/// Drops what runs when it is told to end, but for the verbs that end in order.
async fn until_interrupted(cli: Cli) -> Result<u8, Failure> {
    if matches!(cli.noun, Noun::Emulator(_) | Noun::ListKeys(_)) {
        return run(cli).await;
    }
    let mut stop = Stop::listen().map_err(|error| Failure::other("cannot start", &error))?;
    tokio::select! {
        biased;
        outcome = run(cli) => outcome,
        () = stop.asked_for() => Err(Failure::interrupted()),
    }
}

fn end(outcome: Result<u8, Failure>, json: bool) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output::failure(&failure, json);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// The exit code, if it is said already what it is about.
async fn run(cli: Cli) -> Result<u8, Failure> {
    let Cli { noun, global } = cli;
    if global.verbose && !matches!(noun, Noun::Emulator(_)) {
        output::verbose();
    }
    let done = match noun {
        Noun::ListKeys(args) => {
            let config = Config::load(&global)?;
            return list_keys_many::run(args, &global, &config).await;
        }
        Noun::Workspace(verb) => workspace(verb, &global).await,
        Noun::Compute(verb) => compute(verb, &global).await,
        Noun::Config(ConfigVerb::Show) => {
            let config = Config::load(&global)?;
            printer(&global, &config)?.print(&config_show::document(&config), Table::Rows)
        }
        Noun::Completion { shell } => completion::run(shell),
        Noun::Man { command } => man::run(&command),
        Noun::Conformance(verb) => conformance::run(verb, &global).await,
        Noun::Emulator(options) => emulator::run(options, &global).await,
        Noun::Version => {
            let config = Config::load(&global)?;
            printer(&global, &config)?.print(&version::document(global.verbose), Table::Values)
        }
    };
    done.map(|()| 0)
}

/// What can be refused is refused before anything is sent.
async fn workspace(verb: WorkspaceVerb, global: &Global) -> Result<(), Failure> {
    let config = Config::load(global)?;
    match verb {
        WorkspaceVerb::ListKeys(names) => {
            let printer = printer(global, &config)?;
            let session = Session::start(global, &config).await?;
            let keys = list_keys::of_workspaces(&session, names, global.show_secrets).await?;
            printer.print(&keys, Table::Values)
        }
        WorkspaceVerb::Env(args) => {
            no_document(global)?;
            let sink = workspace_env::sink(&args, global.show_secrets)?;
            workspace_env::run(&Session::start(global, &config).await?, args, sink).await
        }
        WorkspaceVerb::DockerLogin(args) => {
            no_document(global)?;
            let sink = workspace_docker_login::sink(&args, global.show_secrets)?;
            workspace_docker_login::run(&Session::start(global, &config).await?, args, sink).await
        }
    }
}

async fn compute(verb: ComputeVerb, global: &Global) -> Result<(), Failure> {
    let config = Config::load(global)?;
    match verb {
        ComputeVerb::ListKeys(names) => {
            let printer = printer(global, &config)?;
            let session = Session::start(global, &config).await?;
            let secrets = list_keys::of_computes(&session, names, global.show_secrets).await?;
            printer.print(&secrets, Table::Values)
        }
        ComputeVerb::Kubeconfig(args) => {
            no_document(global)?;
            let sink = compute_kubeconfig::sink(&args, global.show_secrets)?;
            compute_kubeconfig::run(&Session::start(global, &config).await?, args, sink).await
        }
        ComputeVerb::SshKey(args) => {
            no_document(global)?;
            let sink = sink::Sink::file(args.file.clone(), args.force)?;
            compute_ssh_key::run(&Session::start(global, &config).await?, args, sink).await
        }
    }
}

fn printer(global: &Global, config: &Config) -> Result<Printer, Failure> {
    Ok(Printer {
        format: config.format()?,
        query: global.query.as_deref().map(Query::compile).transpose()?,
    })
}

/// What a verb writes that has no document: `--query` would find nothing in it.
fn no_document(global: &Global) -> Result<(), Failure> {
    match &global.query {
        None => Ok(()),
        Some(_) => Err(Failure::usage(
            "the result of this command is no document that --query could search",
            "use --query with list-keys",
        )),
    }
}

/// Whether docker runs the program, by its second name.
fn is_credential_helper() -> bool {
    let program = env::args_os().next().unwrap_or_default();
    let name = Path::new(&program).file_stem().unwrap_or_default();
    name == "docker-credential-amlkeys"
}

/// Whether the user wants errors as JSON, told before the arguments are parsed.
fn asks_for_json() -> bool {
    env::args().collect::<Vec<_>>().windows(2).any(|pair| {
        matches!(pair[0].as_str(), "-o" | "--output") && pair[1] == "json"
            || matches!(pair[1].as_str(), "-ojson" | "-o=json" | "--output=json")
    })
}
