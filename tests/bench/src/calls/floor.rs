//! The call as one writes it by hand with reqwest: the same request, header by header.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use uuid::Uuid;

use super::Caller;
use crate::peer::Peer;

/// Bare reqwest, asking about one compute.
#[derive(Clone)]
pub(super) struct Floor {
    http: reqwest::Client,
    endpoint: String,
    authorization: HeaderValue,
    compute: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only decoded")]
struct AksComputeSecrets {
    compute_type: String,
    user_kube_config: Option<String>,
    admin_kube_config: Option<String>,
    image_pull_secret_name: Option<String>,
}

impl Floor {
    /// The SDK's roots, redirects and pool.
    pub(super) fn new(server: &Peer, who_knows: &Peer) -> Result<Self> {
        let ca_pem = server.ca_pem()?.context("no certificate authority")?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&ca_pem)?)?;
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .user_agent("bare")
            .build()?;
        let bearer = format!("Bearer {}", who_knows.fact("token")?);
        Ok(Self {
            http,
            endpoint: server.fact("url")?.to_owned(),
            authorization: bearer.try_into()?,
            compute: super::compute(who_knows)?,
        })
    }

    async fn compute_list_keys(&self, compute: &str) -> reqwest::Result<AksComputeSecrets> {
        let url = format!("{}{compute}/listKeys?api-version=2025-09-01", self.endpoint);
        self.http
            .post(url)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json")
            // Without it ARM answers 411.
            .header(CONTENT_LENGTH, "0")
            .header("x-ms-client-request-id", Uuid::new_v4().to_string())
            .header("x-ms-return-client-request-id", "true")
            .send()
            .await?
            .error_for_status()?
            .json()
            .await
    }
}

impl Caller for Floor {
    async fn call(&self) -> Result<()> {
        self.compute_list_keys(&self.compute).await?;
        Ok(())
    }
}
