//! The least that a program on reqwest can do: sign in with a client secret, and make the call
//! whose URL is its argument. `cargo xtask bench cold-start` measures it beside the command.

use std::env;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::{Context, Result};
use reqwest::Client;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(call())
}

async fn call() -> Result<()> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder().tls_backend_preconfigured(tls).build()?;

    let variable = |name| env::var(name).context(name);
    let authority = variable("AZURE_AUTHORITY_HOST")?;
    let tenant = variable("AZURE_TENANT_ID")?;
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}\
         &scope=https%3A%2F%2Fmanagement.azure.com%2F.default",
        variable("AZURE_CLIENT_ID")?,
        variable("AZURE_CLIENT_SECRET")?,
    );
    let answer = client
        .post(format!("{authority}/{tenant}/oauth2/v2.0/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await?
        .error_for_status()?;
    let token: Value = answer.json().await?;
    let token = token["access_token"].as_str().context("no token")?;

    let keys = client
        .post(env::args().nth(1).context("URL")?)
        .bearer_auth(token)
        .header("content-length", "0")
        .send()
        .await?
        .error_for_status()?;
    io::stdout().write_all(&keys.bytes().await?)?;
    Ok(())
}
