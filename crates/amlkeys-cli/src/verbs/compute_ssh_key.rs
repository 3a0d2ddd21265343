//! `compute ssh-key`: the private key of a virtual machine's administrator.

use std::path::Path;

use amlkeys::{ComputeSecrets, VirtualMachineSshCredentials};

use super::only;
use crate::args::SshKey;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use crate::sink::Sink;

pub(crate) async fn run(session: &Session, args: SshKey, sink: Sink) -> Result<(), Failure> {
    let id = only(session.compute_ids(args.names)?)?;
    let secrets = session.compute_secrets(&id).await?;
    let account = account(&secrets, id.compute())?;
    let Some(key) = account.private_key_data() else {
        return Err(Failure::missing(
            format!("compute `{}` has no private SSH key", id.compute()),
            "its administrator may have a password: see `amlkeys compute list-keys`",
        ));
    };
    let mut key = key.expose().to_owned().into_bytes();
    // ssh refuses a key whose last line has no end.
    if !key.ends_with(b"\n") {
        key.push(b'\n');
    }
    sink.write(&key)?;
    output::note(&how_to_use(&args.file, account.username()));
    Ok(())
}

fn account<'a>(
    secrets: &'a ComputeSecrets,
    compute: &str,
) -> Result<&'a VirtualMachineSshCredentials, Failure> {
    let account = match secrets {
        ComputeSecrets::VirtualMachine(machine) => machine.administrator_account(),
        _ => None,
    };
    account.ok_or_else(|| {
        let compute_type = secrets.compute_type().unwrap_or("nothing known");
        Failure::missing(
            format!("compute `{compute}` has no SSH key: its computeType is {compute_type}"),
            "only computes of computeType VirtualMachine have one",
        )
    })
}

fn how_to_use(path: &Path, username: Option<&str>) -> String {
    let username = username.unwrap_or("USERNAME").escape_debug();
    let path = path.display();
    format!("hint: ssh -i {path} {username}@HOST; the public key: ssh-keygen -y -f {path}")
}
