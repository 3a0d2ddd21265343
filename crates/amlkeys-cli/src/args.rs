//! The command line, which clap turns into a parser and its help.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use amlkeys::Cloud;
use amlkeys_emulator::Throttle;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// List the keys of Azure Machine Learning computes and workspaces
///
/// Secrets are masked unless --show-secrets is given. Signs in with the first
/// of: AZURE_CLIENT_SECRET, workload identity, managed identity, az, azd.
#[derive(Parser)]
#[command(name = "amlkeys", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) noun: Noun,
    #[command(flatten)]
    pub(crate) global: Global,
}

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0 ok   1 service or other failure   2 usage   3 not found
  4 not signed in or token refused   5 forbidden
  6 throttled or unavailable after retries   7 output could not be written
  130 interrupted";

#[derive(Subcommand)]
pub(crate) enum Noun {
    /// Keys of a workspace: storage, Application Insights, registry, notebooks
    #[command(subcommand, arg_required_else_help = true)]
    Workspace(WorkspaceVerb),
    /// Secrets of a compute: kubeconfigs, Databricks token, VM administrator
    #[command(subcommand, arg_required_else_help = true)]
    Compute(ComputeVerb),
    /// List the keys of many computes and workspaces, one JSON line each
    ///
    /// Prints {"id": …, "keys": …} or {"id": …, "error": …} for each resource as
    /// it is done, keeps to the throttle that Azure announces, and ends with a
    /// summary on stderr: exit code 1 if some failed. --query applies to each
    /// line; what it finds nothing in is left out.
    ///
    /// Ctrl-C ends the input and lets the calls in flight end; the summary then
    /// says how to go on.
    #[command(after_help = "\
Examples:
  az ml workspace list --query [].id -o tsv | amlkeys list-keys --ids - > keys.jsonl
  amlkeys list-keys --ids - --resume 412 < ids.txt >> keys.jsonl
  amlkeys list-keys --ids - -o tsv --query \"error && [id, error.code]\" < ids.txt")]
    ListKeys(ListKeysOfMany),
    /// A local ARM for any client: no account, no network
    ///
    /// Prints one line when it is ready, and serves until Ctrl-C or SIGTERM; then it lets the
    /// requests in flight end and exits with 0. Accepts what the emulator's README lists.
    #[command(after_help = EMULATOR_EXAMPLES)]
    Emulator(EmulatorOptions),
    /// Hold a server, a client or recorded traffic against the documents
    #[command(subcommand, arg_required_else_help = true)]
    Conformance(ConformanceVerb),
    /// Where the subscription, group, workspace, output and cloud come from
    #[command(subcommand, arg_required_else_help = true)]
    Config(ConfigVerb),
    /// A completion script for your shell
    #[command(after_help = "\
Examples:
  amlkeys completion bash > ~/.local/share/bash-completion/completions/amlkeys
  amlkeys completion fish > ~/.config/fish/completions/amlkeys.fish")]
    Completion {
        /// The shell
        shell: Shell,
    },
    /// The man page, of amlkeys or of one of its commands
    #[command(after_help = "\
Examples:
  amlkeys man | man -l -
  amlkeys man workspace env > amlkeys-workspace-env.1")]
    Man {
        /// The command, as in `workspace env`
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// The version; with --verbose also the api-versions that are compiled in
    #[command(after_help = "\
Examples:
  amlkeys version --verbose
  amlkeys version -o table")]
    Version,
}

const EMULATOR_EXAMPLES: &str = "\
Examples:
  amlkeys emulator
  amlkeys emulator --tls --port 0 -o json
  amlkeys emulator --print-state > state.yaml; amlkeys emulator --state state.yaml
  curl -d '' -H \"Authorization: Bearer $token\" \"$url$id/listKeys?api-version=2025-09-01\"";

#[derive(Subcommand)]
pub(crate) enum WorkspaceVerb {
    /// List the keys of a workspace (Workspaces_ListKeys)
    #[command(after_help = "\
Examples:
  amlkeys workspace list-keys -n my-workspace -g my-group
  amlkeys workspace list-keys --emulator -n workspaces123 -g testrg123 --show-secrets")]
    ListKeys(WorkspaceNames),
    /// Write the keys as environment variables, for a shell or a file
    ///
    /// Keys that the workspace does not have are left out. The variables are
    /// AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, APPINSIGHTS_INSTRUMENTATIONKEY,
    /// AZUREML_REGISTRY_USERNAME, AZUREML_REGISTRY_PASSWORD,
    /// AZUREML_REGISTRY_PASSWORD2, AZUREML_NOTEBOOK_PRIMARY_KEY and
    /// AZUREML_NOTEBOOK_SECONDARY_KEY.
    #[command(after_help = "\
Examples:
  amlkeys workspace env -n my-workspace -g my-group --file .env
  eval \"$(amlkeys workspace env --format posix -n my-workspace -g my-group)\"
  amlkeys workspace env --format fish -n my-workspace -g my-group | source
  amlkeys workspace env --format github -n my-workspace -g my-group >> \"$GITHUB_ENV\"")]
    Env(WorkspaceEnv),
    /// Sign docker in to the workspace's container registry
    ///
    /// Runs `docker login` and hands it the password on its standard input.
    /// docker then stores the password; docker-credential-amlkeys, the second
    /// name of this program, makes that unnecessary (see the README).
    #[command(after_help = "\
Examples:
  amlkeys workspace docker-login -n my-workspace -g my-group
  amlkeys workspace docker-login -n my-workspace -g my-group --print > auth.json")]
    DockerLogin(DockerLogin),
}

#[derive(Subcommand)]
pub(crate) enum ComputeVerb {
    /// List the secrets of a compute (Compute_ListKeys)
    #[command(after_help = "\
Examples:
  amlkeys compute list-keys -n my-compute -w my-workspace -g my-group -o table
  amlkeys compute list-keys --emulator -n compute123 -w workspaces123 -g testrg123")]
    ListKeys(ComputeNames),
    /// Write the kubeconfig of an AKS compute
    #[command(after_help = "\
Examples:
  amlkeys compute kubeconfig -n my-aks -w my-workspace -g my-group --file my-aks.kubeconfig
  KUBECONFIG=my-aks.kubeconfig kubectl get nodes")]
    Kubeconfig(Kubeconfig),
    /// Write the administrator's private SSH key of a virtual machine
    #[command(after_help = "\
Examples:
  amlkeys compute ssh-key -n my-vm -w my-workspace -g my-group --file my-vm.pem
  ssh -i my-vm.pem azureuser@my-vm.example")]
    SshKey(SshKey),
}

#[derive(Subcommand)]
pub(crate) enum ConfigVerb {
    /// Name each value and its origin
    #[command(after_help = "\
Examples:
  amlkeys config show -o table
  amlkeys config show --query \"[?name=='workspace'].origin\" -o tsv")]
    Show,
}

#[derive(Args)]
pub(crate) struct WorkspaceEnv {
    #[command(flatten)]
    pub(crate) names: WorkspaceNames,
    /// How to write the variables
    #[arg(long, value_name = "FORMAT", default_value = "dotenv")]
    pub(crate) format: EnvFormat,
    #[command(flatten)]
    pub(crate) file: OptionalFile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnvFormat {
    /// A .env file
    Dotenv,
    /// For sh, bash and zsh, with `eval`
    Posix,
    /// For fish, with `source`
    Fish,
    /// For PowerShell, with `Out-String | Invoke-Expression`
    Powershell,
    /// For the file that $GITHUB_ENV names; in a workflow every secret is also
    /// masked, by lines on stderr
    Github,
}

#[derive(Args)]
pub(crate) struct DockerLogin {
    #[command(flatten)]
    pub(crate) names: WorkspaceNames,
    /// The registry's host name [default: USERNAME.azurecr.io, or as the cloud has it]
    #[arg(long, value_name = "HOST")]
    pub(crate) login_server: Option<String>,
    /// Print a config.json of docker with the credentials and run nothing: for
    /// podman, skopeo or a Kubernetes pull secret
    #[arg(long)]
    pub(crate) print: bool,
}

#[derive(Args)]
pub(crate) struct Kubeconfig {
    #[command(flatten)]
    pub(crate) names: ComputeNames,
    /// The kubeconfig with the rights of an administrator
    #[arg(long, conflicts_with = "user")]
    pub(crate) admin: bool,
    /// The kubeconfig with the rights of a user (the default)
    #[arg(long)]
    pub(crate) user: bool,
    #[command(flatten)]
    pub(crate) file: OptionalFile,
}

#[derive(Args)]
pub(crate) struct SshKey {
    #[command(flatten)]
    pub(crate) names: ComputeNames,
    /// The file to write, readable by you alone
    #[arg(long, value_name = "PATH")]
    pub(crate) file: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args)]
pub(crate) struct OptionalFile {
    /// The file to write, readable by you alone, instead of stdout
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "file")]
    pub(crate) force: bool,
}

#[derive(Args)]
pub(crate) struct WorkspaceNames {
    /// The workspace [env: AZURE_DEFAULTS_WORKSPACE]
    #[arg(short, long, value_name = "WORKSPACE", conflicts_with = "ids")]
    pub(crate) name: Option<String>,
    /// The resource group [env: AZURE_DEFAULTS_GROUP]
    #[arg(short = 'g', long, value_name = "GROUP", conflicts_with = "ids")]
    pub(crate) resource_group: Option<String>,
    /// ARM resource IDs of workspaces, in place of the names
    #[arg(long, value_name = "RESOURCE_ID", num_args = 1..)]
    pub(crate) ids: Vec<String>,
}

#[derive(Args)]
#[command(group(ArgGroup::new("which").required(true).args(["name", "ids"])))]
pub(crate) struct ComputeNames {
    /// The compute
    #[arg(short, long, value_name = "COMPUTE")]
    pub(crate) name: Option<String>,
    /// The workspace [env: AZURE_DEFAULTS_WORKSPACE]
    #[arg(short, long, value_name = "WORKSPACE", conflicts_with = "ids")]
    pub(crate) workspace_name: Option<String>,
    /// The resource group [env: AZURE_DEFAULTS_GROUP]
    #[arg(short = 'g', long, value_name = "GROUP", conflicts_with = "ids")]
    pub(crate) resource_group: Option<String>,
    /// ARM resource IDs of computes, in place of the names
    #[arg(long, value_name = "RESOURCE_ID", num_args = 1..)]
    pub(crate) ids: Vec<String>,
}

#[derive(Args)]
pub(crate) struct ListKeysOfMany {
    /// ARM resource IDs of computes and workspaces; `-` reads them from stdin, one a line
    #[arg(long, value_name = "RESOURCE_ID", num_args = 1.., required = true)]
    pub(crate) ids: Vec<String>,
    /// How many to ask for at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) jobs: u8,
    /// Print the lines in the order of the input instead of as they are done
    #[arg(long)]
    pub(crate) ordered: bool,
    /// Check and count the resource IDs, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Leave out the first N lines of the input: those that an interrupted run had done
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) resume: u64,
}

#[derive(Args)]
pub(crate) struct EmulatorOptions {
    /// What exists, from this YAML or JSON file, read again whenever it changes
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Print what exists without --state, as such a file, and exit
    #[arg(long, conflicts_with = "print_state_schema")]
    pub(crate) print_state: bool,
    /// Print the JSON Schema of such a file, and exit
    #[arg(long)]
    pub(crate) print_state_schema: bool,
    /// Answer 429 after 200 requests and as many a second as here: off, arm (10) or N/s
    #[arg(long, value_name = "off|arm|N/s", default_value_t = Throttle::arm())]
    pub(crate) throttle: Throttle,
    /// The port; 0 is a free one
    #[arg(long, value_name = "PORT", default_value_t = 4285)]
    pub(crate) port: u16,
    /// Where to listen; anything but loopback lets others in
    #[arg(long, value_name = "IP", default_value_t = Ipv4Addr::LOCALHOST.into())]
    pub(crate) address: IpAddr,
    /// Speak https, with a certificate authority of its own, and say how to trust it
    #[arg(long)]
    pub(crate) tls: bool,
    /// Where the authority is kept [default: amlkeys/emulator in $AZURE_CONFIG_DIR or ~/.azure]
    #[arg(long, value_name = "DIR", requires = "tls")]
    pub(crate) cert_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum ConformanceVerb {
    /// Check a server: a mock, a proxy, the emulator or a live workspace
    ///
    /// Calls the two operations and nothing else, so that it changes nothing. Exits with 1 if
    /// something fails that MUST pass. No report holds a secret.
    #[command(after_help = "\
Examples:
  amlkeys conformance server --emulator
  AMLKEYS_TOKEN=t amlkeys conformance server --base-url http://127.0.0.1:8080 --report html=a.html
  amlkeys conformance server --base-url https://management.azure.com --credential --fixture f.json")]
    Server(ConformanceServer),
    /// Check a client in any language, through an adapter
    ///
    /// Runs the command, which reads calls on its standard input and says on its standard output
    /// what came of them. Adapters for three SDKs are in tests/conformance/adapters.
    #[command(after_help = "\
Examples:
  amlkeys conformance client --command 'python3 adapter.py' --jobs 2
  amlkeys conformance client --command 'node adapter.js' --filter client/retry/ --list")]
    Client(ConformanceClient),
    /// Judge recorded traffic: HAR, or one JSON object for each exchange
    #[command(after_help = "\
Examples:
  amlkeys conformance traffic recording.har --report sarif=recording.sarif
  tail -n 1000 proxy.jsonl | amlkeys conformance traffic -")]
    Traffic(ConformanceFiles),
    /// Judge documented examples by themselves
    #[command(after_help = "\
Examples:
  amlkeys conformance lint spec/examples/*/*/*.json
  amlkeys conformance lint listKeys.json --report junit=-")]
    Lint(ConformanceFiles),
}

#[derive(Args)]
#[command(group(ArgGroup::new("whom").required(true).args(["base_url", "emulator"])))]
pub(crate) struct ConformanceServer {
    /// The server: https, or http on this machine; it gets the token
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The file with a token that the server accepts, - for stdin [env: AMLKEYS_TOKEN]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["emulator", "credential"])]
    pub(crate) token_file: Option<PathBuf>,
    /// Sign in to Azure for the token, as the other commands do
    #[arg(long, conflicts_with = "emulator")]
    pub(crate) credential: bool,
    /// What exists there and what it promises [default: the documented examples]
    #[arg(long, value_name = "FILE")]
    pub(crate) fixture: Option<PathBuf>,
    /// Trust the certificate authorities of this PEM file too
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cases: ConformanceCases,
    #[command(flatten)]
    pub(crate) reports: ConformanceReports,
}

#[derive(Args)]
pub(crate) struct ConformanceClient {
    /// The adapter's command line; no shell reads it
    #[arg(long, value_name = "COMMAND")]
    pub(crate) command: String,
    /// Answer over http, for a client that cannot be told whom to trust
    #[arg(long)]
    pub(crate) plain_http: bool,
    #[command(flatten)]
    pub(crate) cases: ConformanceCases,
    #[command(flatten)]
    pub(crate) reports: ConformanceReports,
}

#[derive(Args)]
pub(crate) struct ConformanceFiles {
    /// The files, - for stdin
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reports: ConformanceReports,
}

#[derive(Args)]
pub(crate) struct ConformanceCases {
    /// Print the ids of the cases, and exit
    #[arg(long)]
    pub(crate) list: bool,
    /// So many cases at once
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

#[derive(Args)]
pub(crate) struct ConformanceReports {
    /// Only what has this text in its id
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// What is known to fail, with reasons; an unexpected pass fails
    #[arg(long, value_name = "FILE")]
    pub(crate) known_failures: Option<PathBuf>,
    /// Also write a report: text, json, junit, sarif, har or html; - for stdout, without the text
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = report)]
    pub(crate) reports: Vec<ReportFile>,
}

/// A report to write, and where.
#[derive(Clone, Debug)]
pub(crate) struct ReportFile {
    pub(crate) format: amlkeys_conformance::Format,
    pub(crate) path: PathBuf,
}

fn report(text: &str) -> Result<ReportFile, String> {
    let (format, path) = text
        .split_once('=')
        .filter(|(_, path)| !path.is_empty())
        .ok_or("expected FORMAT=FILE, as in html=report.html")?;
    Ok(ReportFile {
        format: format.parse().map_err(|error| format!("{error}"))?,
        path: path.into(),
    })
}

#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The subscription, by ID or az's name for it [env: AZURE_SUBSCRIPTION_ID]
    #[arg(long, global = true, value_name = "SUBSCRIPTION")]
    pub(crate) subscription: Option<String>,
    /// The Azure cloud [env: AZURE_CLOUD_NAME] [default: AzureCloud]
    #[arg(long, global = true, value_name = "CLOUD", value_parser = cloud(), ignore_case = true)]
    pub(crate) cloud: Option<Cloud>,
    /// Send requests to this https URL instead of the cloud's; it gets your token
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// The api-version, instead of the one that the operation is documented for
    #[arg(long, global = true, value_name = "VERSION")]
    pub(crate) api_version: Option<String>,
    /// Answer from a local ARM inside this process: no account, nothing to start
    #[arg(long, global = true, conflicts_with_all = ["endpoint", "cloud"])]
    pub(crate) emulator: bool,
    /// How to print the result [env: AZURE_CORE_OUTPUT] [default: json]
    #[arg(short, long, global = true, value_name = "FORMAT", ignore_case = true)]
    pub(crate) output: Option<Format>,
    /// A JMESPath query on the result, as in az; see jmespath.org
    #[arg(long, global = true, value_name = "JMESPATH")]
    pub(crate) query: Option<String>,
    /// Print the secrets instead of ********
    #[arg(long, global = true)]
    pub(crate) show_secrets: bool,
    /// Give up after this many seconds, retries included
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Draw no progress on the terminal
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// Say on stderr who signed in and what was answered
    #[arg(long, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The documented response
    Json,
    /// JSON in colours, on a terminal
    Jsonc,
    /// YAML
    #[value(alias = "yamlc")]
    Yaml,
    /// Columns for people
    Table,
    /// Values with tabs between them, for scripts
    Tsv,
    /// Nothing
    None,
}

/// `docker-credential-amlkeys`, the program under its other name: docker runs it
/// with an action and a registry's host on its standard input
#[derive(Parser)]
#[command(name = "docker-credential-amlkeys", version, max_term_width = 100, after_help = CREDENTIAL_HELPER)]
pub(crate) struct DockerCredential {
    /// What docker asks for
    pub(crate) action: CredentialAction,
    #[command(flatten)]
    pub(crate) global: Global,
}

const CREDENTIAL_HELPER: &str = "\
Set up:
  ln -s amlkeys docker-credential-amlkeys      # beside amlkeys, on the PATH
  in ~/.docker/config.json:   { \"credHelpers\": { \"myregistry.azurecr.io\": \"amlkeys\" } }
  az config set amlkeys_registries.myregistry.azurecr.io=RESOURCE_ID_OF_THE_WORKSPACE

Examples:
  docker pull myregistry.azurecr.io/image
  echo myregistry.azurecr.io | docker-credential-amlkeys get";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CredentialAction {
    /// The credentials for the host on stdin
    Get,
    /// Refused: nothing is stored
    Store,
    /// Nothing to erase
    Erase,
    /// The hosts that have a workspace
    List,
}

fn cloud() -> impl TypedValueParser<Value = Cloud> {
    PossibleValuesParser::new(Cloud::NAMES)
        .map(|name| name.parse().expect("clap lets only the names pass"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "expected a number of seconds above 0".into())
}
