//! `conformance`: holds a server, a client or recorded traffic against the documents.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use amlkeys::{DefaultCredential, TokenCredential};
use amlkeys_conformance::{
    ClientCheck, Fixture, Format as ReportFormat, KnownFailures, Report, Role, ServerCheck,
    judge_traffic, lint,
};
use amlkeys_emulator::{Arm, Emulator, Throttle};

use crate::args::{
    ConformanceClient, ConformanceFiles, ConformanceReports, ConformanceServer, ConformanceVerb,
    Format, Global,
};
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{self, Progress};

pub(crate) async fn run(verb: ConformanceVerb, global: &Global) -> Result<(), Failure> {
    check(&verb, global)?;
    match verb {
        ConformanceVerb::Server(args) => server(args, global).await,
        ConformanceVerb::Client(args) => client(args, global).await,
        ConformanceVerb::Traffic(args) => traffic(&args, global),
        ConformanceVerb::Lint(args) => lint_files(&args, global),
    }
}

/// Refuses the global flags that say whom to ask and what to do with keys.
fn check(verb: &ConformanceVerb, global: &Global) -> Result<(), Failure> {
    let is_server = matches!(verb, ConformanceVerb::Server(_));
    let refused = [
        ("--subscription", global.subscription.is_some()),
        ("--endpoint", global.endpoint.is_some()),
        ("--query", global.query.is_some()),
        ("--show-secrets", global.show_secrets),
        ("--cloud", global.cloud.is_some() && !is_server),
        ("--emulator", global.emulator && !is_server),
        ("--timeout", global.timeout.is_some() && !is_server),
        ("--api-version", global.api_version.is_some() && !is_server),
    ];
    if let Some((flag, _)) = refused.iter().find(|(_, given)| *given) {
        return Err(Failure::usage(
            &format!("{flag} makes no sense here"),
            "see `amlkeys conformance --help`",
        ));
    }
    match global.output {
        None | Some(Format::Json | Format::None) => Ok(()),
        Some(_) => Err(Failure::usage(
            "a report is printed as text or as JSON",
            "leave -o out, give -o json, or write another format with --report",
        )),
    }
}

async fn server(args: ConformanceServer, global: &Global) -> Result<(), Failure> {
    let known_failures = known_failures(&args.reports)?;
    let mut fixture = fixture(args.fixture.as_deref())?;
    if let Some(api_version) = &global.api_version {
        fixture.api_versions = Some(vec![api_version.clone()]);
    }
    // Kept running until the end.
    let emulator = match global.emulator {
        true => Some(emulator().await?),
        false => None,
    };
    let (base_url, token) = match &emulator {
        Some(emulator) => (emulator.endpoint().to_owned(), emulator.token().to_string()),
        None => {
            let token = match args.cases.list {
                true => String::new(),
                false => token(&args, global).await?,
            };
            (args.base_url.clone().unwrap_or_default(), token)
        }
    };
    let mut check = ServerCheck::new(&base_url, token)
        .map_err(|error| Failure::usage(&format!("{error:#}"), "see --base-url"))?
        .with_fixture(fixture)
        .with_known_failures(known_failures);
    if let Some(emulator) = &emulator {
        check = trusting(check, emulator.ca_pem().as_bytes())?;
    }
    if let Some(file) = &args.ca {
        check = trusting(check, &bytes(file)?)?;
    }
    if let Some(filter) = &args.reports.filter {
        check = check.with_filter(filter);
    }
    if let Some(jobs) = args.cases.jobs {
        check = check.with_jobs(jobs.get());
    }
    if let Some(timeout) = global.timeout {
        check = check.with_timeout(timeout);
    }
    let ids = check.list();
    if args.cases.list {
        return list(&ids);
    }
    some(ids.len())?;
    let mut progress = Progress::of(ids.len());
    let report = check.run(|_| progress.step()).await;
    drop(progress);
    end(&report, &args.reports, global)
}

/// Its throttle would be felt by every case.
async fn emulator() -> Result<Emulator, Failure> {
    let arm = Arm::builder().with_throttle(Throttle::off()).build();
    let started = Emulator::builder().with_arm(arm).start().await;
    started.map_err(|error| Failure::other("cannot start", &error))
}

fn trusting(check: ServerCheck, pem: &[u8]) -> Result<ServerCheck, Failure> {
    let trusting = check.with_ca_pem(pem);
    trusting.map_err(|error| Failure::usage(&format!("{error:#}"), "give a PEM file to --ca"))
}

fn fixture(file: Option<&Path>) -> Result<Fixture, Failure> {
    let Some(file) = file else {
        return Ok(Fixture::documented());
    };
    Fixture::parse(&text(file)?).map_err(|error| {
        let message = format!("cannot use {}: {error:#}", file.display());
        Failure::usage(
            &message,
            "tests/conformance/schemas/fixture.json says what may stand there",
        )
    })
}

/// Never from the command line, which everyone on the machine can read.
async fn token(args: &ConformanceServer, global: &Global) -> Result<String, Failure> {
    if args.credential {
        return signed_in(global).await;
    }
    let token = match &args.token_file {
        Some(file) => text(file)?,
        None => std::env::var("AMLKEYS_TOKEN").unwrap_or_default(),
    };
    match token.trim() {
        "" => Err(Failure::usage(
            "there is no token for the server",
            "give --token-file FILE, set AMLKEYS_TOKEN or sign in with --credential",
        )),
        token => Ok(token.to_owned()),
    }
}

async fn signed_in(global: &Global) -> Result<String, Failure> {
    let cloud = Config::load(global)?.cloud()?;
    let credential = DefaultCredential::new(&cloud).map_err(Failure::input)?;
    let token = credential.get_token(&[&cloud.scope()], None).await;
    let token = token.map_err(|error| Failure::other("cannot sign in", &error))?;
    Ok(token.token.secret().to_owned())
}

async fn client(args: ConformanceClient, global: &Global) -> Result<(), Failure> {
    let mut check = ClientCheck::of_command(&args.command)
        .map_err(|error| Failure::usage(&format!("{error:#}"), "see --command"))?
        .with_known_failures(known_failures(&args.reports)?);
    if let Some(filter) = &args.reports.filter {
        check = check.with_filter(filter);
    }
    if let Some(jobs) = args.cases.jobs {
        check = check.with_jobs(jobs.get());
    }
    if args.plain_http {
        check = check.with_plain_http();
    }
    let ids = check.list();
    if args.cases.list {
        return list(&ids);
    }
    some(ids.len())?;
    let mut progress = Progress::of(ids.len());
    let report = check.run(|_| progress.step()).await;
    drop(progress);
    let report = report.map_err(|error| {
        Failure::plain(
            format!("{error:#}"),
            "tests/conformance/adapters/README.md says how to write an adapter",
        )
    })?;
    end(&report, &args.reports, global)
}

fn traffic(args: &ConformanceFiles, global: &Global) -> Result<(), Failure> {
    let judge = |name: &str, file: &Path| {
        let recording: Box<dyn BufRead> = match is_stdin(file) {
            true => Box::new(BufReader::new(io::stdin())),
            false => {
                let opened = File::open(file).map_err(|error| unreadable(file, &error))?;
                Box::new(BufReader::new(opened))
            }
        };
        judge_traffic(name, recording).map_err(|error| unreadable(file, &error))
    };
    files(args, global, judge)
}

fn lint_files(args: &ConformanceFiles, global: &Global) -> Result<(), Failure> {
    files(args, global, |name, file| Ok(lint(name, &text(file)?)))
}

fn files(
    args: &ConformanceFiles,
    global: &Global,
    judge: impl Fn(&str, &Path) -> Result<Report, Failure>,
) -> Result<(), Failure> {
    let known_failures = known_failures(&args.reports)?;
    let names: Vec<String> = args.files.iter().map(|it| name(it)).collect();
    let subject = match names.as_slice() {
        [one] => one.clone(),
        several => format!("{} files", several.len()),
    };
    let mut report = Report::new(Role::Traffic, subject);
    let mut progress = Progress::of(names.len());
    for (name, file) in names.iter().zip(&args.files) {
        report.absorb(judge(name, file)?);
        progress.step();
    }
    drop(progress);
    known_failures.apply(&mut report);
    if let Some(filter) = &args.reports.filter {
        report.retain(|case| case.id.contains(filter));
    }
    end(&report, &args.reports, global)
}

fn list(ids: &[impl AsRef<str>]) -> Result<(), Failure> {
    let lines = ids.iter().map(|id| format!("{}\n", id.as_ref()));
    output::bytes(lines.collect::<String>().as_bytes())
}

/// A filter that nothing passes would let everything pass.
fn some(cases: usize) -> Result<(), Failure> {
    match cases {
        0 => Err(Failure::usage(
            "no case has this text in its id",
            "see the ids with --list",
        )),
        _ => Ok(()),
    }
}

/// Writes the report wherever it is wanted; it is a failure if something in it is.
fn end(report: &Report, args: &ConformanceReports, global: &Global) -> Result<(), Failure> {
    for file in &args.reports {
        let written = written(report, file.format)?;
        match is_stdin(&file.path) {
            true => output::bytes(&written)?,
            false => fs::write(&file.path, written)
                .map_err(|error| Failure::file(&file.path, &error.to_string()))?,
        }
    }
    let is_stdout_taken = args.reports.iter().any(|it| is_stdin(&it.path));
    match global.output {
        _ if is_stdout_taken => {}
        Some(Format::Json) => output::bytes(&written(report, ReportFormat::Json)?)?,
        Some(Format::None) => {}
        _ => output::coloured(&written(report, ReportFormat::Terminal)?)?,
    }
    if report.is_success() {
        return Ok(());
    }
    let (_, failed, _) = report.summary.totals();
    Err(Failure::plain(
        match failed {
            1 => "1 case fails".to_owned(),
            failed => format!("{failed} cases fail"),
        },
        "see requests and answers with --report html=report.html",
    ))
}

fn written(report: &Report, format: ReportFormat) -> Result<Vec<u8>, Failure> {
    let mut written = Vec::new();
    let result = report.write(format, &mut written);
    result.map_err(|error| Failure::output(&error))?;
    Ok(written)
}

fn known_failures(args: &ConformanceReports) -> Result<KnownFailures, Failure> {
    let Some(file) = &args.known_failures else {
        return Ok(KnownFailures::default());
    };
    KnownFailures::parse(&text(file)?).map_err(|error| {
        let message = format!("cannot use {}: {error:#}", file.display());
        let hint = "it is a list of {\"case\", \"reason\"}";
        Failure::usage(&message, hint)
    })
}

fn name(file: &Path) -> String {
    match is_stdin(file) {
        true => "stdin".to_owned(),
        false => file.display().to_string(),
    }
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

fn text(file: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes(file)?).map_err(|_| {
        let error = io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8");
        unreadable(file, &error)
    })
}

fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let read = match is_stdin(file) {
        true => io::stdin().read_to_end(&mut content).map(drop),
        false => fs::read(file).map(|read| content = read),
    };
    read.map_err(|error| unreadable(file, &error))?;
    Ok(content)
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot read {}: {error}", name(file));
    Failure::usage(&message, "name a file that you can read, or - for stdin")
}
