//! A local ARM for any client, until it is told to stop.

use std::env;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use amlkeys_emulator::{Arm, Emulator, StartError, State};
use serde_json::json;

use crate::args::{EmulatorOptions, Format, Global};
use crate::failure::Failure;
use crate::output;
use crate::stop::Stop;

/// Starts it, says where it is, and serves until SIGINT or SIGTERM: that is how it is meant to
/// end, so it is no failure.
pub(crate) async fn run(options: EmulatorOptions, global: &Global) -> Result<(), Failure> {
    check(global)?;
    if options.print_state {
        return output::bytes(State::DOCUMENTED.as_bytes());
    }
    if options.print_state_schema {
        return output::bytes(State::SCHEMA.as_bytes());
    }
    output::access_log(global.verbose);
    let mut stop = Stop::listen().map_err(|error| Failure::other("cannot start", &error))?;
    let arm = arm(&options)?;
    if let Some(warning) = exposure(options.address) {
        output::note(&warning);
    }
    let emulator = start(&options, arm.clone()).await?;
    if let Some(ca_file) = emulator.ca_file() {
        output::note(&trust(ca_file));
    }
    output::bytes(ready(&emulator, global.output).as_bytes())?;

    tokio::select! {
        () = watch(&arm, options.state.as_deref()) => {}
        () = stop.asked_for() => {}
    }
    tokio::select! {
        () = emulator.stop() => Ok(()),
        () = stop.asked_for() => Err(Failure::interrupted()),
    }
}

/// What answers. Nobody can ask it what it has seen, so it keeps no account of that.
fn arm(options: &EmulatorOptions) -> Result<Arm, Failure> {
    let builder = Arm::builder()
        .with_throttle(options.throttle)
        .without_journal();
    let Some(file) = &options.state else {
        return Ok(builder.build());
    };
    let state = State::read(file).map_err(|error| {
        Failure::other("cannot use the state", &error).with_hint(
            "`amlkeys emulator --print-state` shows one, and --print-state-schema its rules",
        )
    })?;
    Ok(builder.with_state(state).build())
}

/// Takes over what changes in the file, for ever.
async fn watch(arm: &Arm, file: Option<&Path>) {
    match file {
        Some(file) => arm.watch_state(file).await,
        None => std::future::pending().await,
    }
}

/// Refuses the global flags that say whom to ask and what to do with an answer.
fn check(global: &Global) -> Result<(), Failure> {
    let refused = [
        ("--subscription", global.subscription.is_some()),
        ("--cloud", global.cloud.is_some()),
        ("--endpoint", global.endpoint.is_some()),
        ("--api-version", global.api_version.is_some()),
        ("--emulator", global.emulator),
        ("--query", global.query.is_some()),
        ("--show-secrets", global.show_secrets),
        ("--timeout", global.timeout.is_some()),
    ];
    if let Some((flag, _)) = refused.iter().find(|(_, given)| *given) {
        return Err(Failure::usage(
            &format!("{flag} makes no sense with `amlkeys emulator`"),
            "see `amlkeys emulator --help`",
        ));
    }
    match global.output {
        None | Some(Format::Json) => Ok(()),
        Some(_) => Err(Failure::usage(
            "`amlkeys emulator` prints one line of text or of JSON",
            "leave -o out, or give -o json",
        )),
    }
}

async fn start(options: &EmulatorOptions, arm: Arm) -> Result<Emulator, Failure> {
    let address = SocketAddr::new(options.address, options.port);
    let builder = Emulator::builder().with_arm(arm).with_address(address);
    let builder = match options.tls {
        false => builder.with_plain_http(),
        true => builder.with_certificate_folder(match &options.cert_dir {
            Some(folder) => folder.clone(),
            None => certificate_folder()?,
        }),
    };
    let started = builder.start().await;
    started.map_err(|error| did_not_start(&error))
}

fn did_not_start(error: &StartError) -> Failure {
    let failure = Failure::other("cannot start", error);
    match error.is_address_in_use() {
        true => failure.with_hint("stop what listens there, or give --port 0 for a free port"),
        false => failure,
    }
}

/// Beside az's own files, which follow the same variable.
fn certificate_folder() -> Result<PathBuf, Failure> {
    let azure = env::var_os("AZURE_CONFIG_DIR")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".azure")));
    let azure = azure.ok_or_else(|| {
        Failure::usage(
            "there is no home folder to keep certificates in",
            "give --cert-dir DIR or set AZURE_CONFIG_DIR",
        )
    })?;
    Ok(azure.join("amlkeys").join("emulator"))
}

fn exposure(address: IpAddr) -> Option<String> {
    (!address.is_loopback()).then(|| {
        format!(
            "warning: whoever reaches {address} can sign in here with secrets that are published"
        )
    })
}

/// In the order of the line: Rust and OpenSSL, so Python; curl; Python's requests; Node. curl goes
/// by SSL_CERT_DIR before SSL_CERT_FILE, so it is told apart.
fn trust(ca_file: &Path) -> String {
    format!(
        "for clients to trust it, in a shell that talks to nothing else over TLS:\n\
         ca={}\n\
         export SSL_CERT_FILE=\"$ca\" CURL_CA_BUNDLE=\"$ca\" REQUESTS_CA_BUNDLE=\"$ca\" \
         NODE_EXTRA_CA_CERTS=\"$ca\"",
        quoted(&ca_file.to_string_lossy())
    )
}

/// As one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "/._-+".contains(it);
    match text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// One line, whoever reads it.
fn ready(emulator: &Emulator, format: Option<Format>) -> String {
    let url = emulator.endpoint();
    if format.is_none() {
        return format!("ready at {url}, Ctrl-C stops it (see `amlkeys emulator --help`)\n");
    }
    let mut line = json!({
        "url": url,
        "token": emulator.token(),
        "subscription": emulator.subscription_id(),
    });
    if let Some(ca_file) = emulator.ca_file() {
        line["ca"] = json!(ca_file);
    }
    format!("{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_reach_is_warned_about() {
        for address in ["0.0.0.0", "192.168.0.1", "::"] {
            let warning = exposure(address.parse().expect("an address"));
            assert!(warning.is_some_and(|it| it.contains(address)), "{address}");
        }
        for address in ["127.0.0.1", "127.9.9.9", "::1"] {
            assert_eq!(exposure(address.parse().expect("an address")), None);
        }
    }

    #[test]
    fn a_path_is_one_word_of_the_shell() {
        assert_eq!(quoted("/home/a/.azure/ca.pem"), "/home/a/.azure/ca.pem");
        assert_eq!(quoted("/a b/it's $HOME"), r"'/a b/it'\''s $HOME'");
    }
}
