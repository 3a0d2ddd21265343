//! `compute kubeconfig`: the kubeconfig as the service has it, byte for byte.

use amlkeys::{ComputeSecrets, Secret};

use super::only;
use crate::args::Kubeconfig;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::sink::Sink;

pub(crate) fn sink(args: &Kubeconfig, show_secrets: bool) -> Result<Sink, Failure> {
    match &args.file.file {
        Some(path) => Sink::file(path.clone(), args.file.force),
        None => Sink::stdout(show_secrets, "write it to a file with --file"),
    }
}

pub(crate) async fn run(session: &Session, args: Kubeconfig, sink: Sink) -> Result<(), Failure> {
    let id = only(session.compute_ids(args.names)?)?;
    let secrets = session.compute_secrets(&id).await?;
    let kubeconfig = kubeconfig(&secrets, args.admin, id.compute())?;
    sink.write(kubeconfig.expose().as_bytes())?;
    if let Some(path) = args.file.file {
        output::note(&format!(
            "hint: KUBECONFIG={} kubectl get nodes",
            path.display()
        ));
    }
    Ok(())
}

fn kubeconfig<'a>(
    secrets: &'a ComputeSecrets,
    admin: bool,
    compute: &str,
) -> Result<&'a Secret, Failure> {
    let ComputeSecrets::Aks(aks) = secrets else {
        let compute_type = secrets.compute_type().unwrap_or("nothing known");
        return Err(Failure::missing(
            format!("compute `{compute}` has no kubeconfig: its computeType is {compute_type}"),
            "only computes of computeType AKS have one",
        ));
    };
    let (kubeconfig, rights, instead) = match admin {
        true => (aks.admin_kube_config(), "an administrator", "--user"),
        false => (aks.user_kube_config(), "a user", "--admin"),
    };
    kubeconfig.ok_or_else(|| {
        Failure::missing(
            format!("compute `{compute}` has no kubeconfig with the rights of {rights}"),
            &format!("try {instead}"),
        )
    })
}
