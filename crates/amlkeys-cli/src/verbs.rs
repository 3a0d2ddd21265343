//! One file for each verb: what it asks for and what it writes.

pub(crate) mod completion;
pub(crate) mod compute_kubeconfig;
pub(crate) mod compute_ssh_key;
pub(crate) mod config_show;
pub(crate) mod conformance;
pub(crate) mod docker_credential;
pub(crate) mod emulator;
pub(crate) mod list_keys;
pub(crate) mod list_keys_many;
pub(crate) mod man;
pub(crate) mod version;
pub(crate) mod workspace_docker_login;
pub(crate) mod workspace_env;

use crate::failure::Failure;

/// The only one of several IDs: the result of such a verb is one file.
fn only<T>(mut ids: Vec<T>) -> Result<T, Failure> {
    match (ids.pop(), ids.is_empty()) {
        (Some(id), true) => Ok(id),
        _ => Err(Failure::usage(
            "--ids takes one resource ID here",
            "run the command once for each of them",
        )),
    }
}
