use std::net::IpAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::redirect::Policy;
use reqwest::{Method, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::exchange::{HeaderList, Request, Response};

use super::raw;

/// Sends requests to one server, each as it is.
pub(super) struct Sender {
    pub(super) base_url: String,
    pub(super) token: String,
    pub(super) timeout: Duration,
    pub(super) tls: Arc<ClientConfig>,
    authorities: Vec<Vec<u8>>,
    http: reqwest::Client,
}

/// A request to send; `{token}` and `{host}` are filled in on the way out, so that they are in
/// nothing that is kept.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) authorization: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// The bytes in place of all else.
    pub(super) raw: Option<String>,
}

impl Sender {
    pub(super) fn new(base_url: &str, token: String) -> Result<Self> {
        let base_url = base_url.trim_end_matches('/').to_owned();
        check(&base_url)?;
        let (http, tls) = http_client(&base_url, &[])?;
        Ok(Self {
            base_url,
            token,
            timeout: Duration::from_secs(30),
            tls,
            authorities: Vec::new(),
            http,
        })
    }

    pub(super) fn trusting(mut self, pem: &[u8]) -> Result<Self> {
        self.authorities.push(pem.to_vec());
        (self.http, self.tls) = http_client(&self.base_url, &self.authorities)?;
        Ok(self)
    }

    pub(super) async fn send(&self, request: &Outgoing) -> Result<Response<'static>> {
        let sent = async {
            match &request.raw {
                Some(bytes) => raw::send(self, bytes).await,
                None => self.send_http(request).await,
            }
        };
        match tokio::time::timeout(self.timeout, sent).await {
            Ok(answer) => answer,
            Err(_) => bail!("nothing within {:?}", self.timeout),
        }
    }

    async fn send_http(&self, outgoing: &Outgoing) -> Result<Response<'static>> {
        let url = format!("{}{}", self.base_url, outgoing.target);
        let method = Method::from_bytes(outgoing.method.as_bytes())?;
        let mut request = self.http.request(method, url).body(outgoing.body.clone());
        if outgoing.body.is_empty() {
            request = request.header("content-length", "0");
        }
        if let Some(authorization) = &outgoing.authorization {
            request = request.header("authorization", self.filled(authorization));
        }
        for (name, value) in &outgoing.headers {
            request = request.header(name, self.filled(value));
        }
        let response = request.send().await.map_err(reqwest::Error::without_url);
        let mut response = response.context("no answer")?;
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.to_string().into(), value.into())
        });
        let headers = HeaderList(headers.collect());
        let status = response.status().as_u16();
        let (body, is_truncated) = read(&mut response).await;
        Ok(Response {
            status,
            headers,
            body: body.into(),
            is_truncated,
        })
    }

    pub(super) fn filled(&self, text: &str) -> String {
        let host = self.base_url.split("://").nth(1).unwrap_or_default();
        let host = host.split('/').next().unwrap_or_default();
        text.replace("{token}", &self.token).replace("{host}", host)
    }
}

/// The body, and whether it broke off.
async fn read(response: &mut reqwest::Response) -> (Vec<u8>, bool) {
    const LARGEST: usize = 16 * 1024 * 1024;
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST => body.extend(chunk),
            Ok(None) => return (body, false),
            Ok(Some(_)) | Err(_) => return (body, true),
        }
    }
}

impl Outgoing {
    /// What the report and the judge know of it.
    pub(super) fn recorded(&self, sender: &Sender) -> Request<'static> {
        let (method, target) = match &self.raw {
            None => (self.method.clone(), self.target.clone()),
            Some(raw) => {
                let mut line = raw.lines().next().unwrap_or_default().split(' ');
                let mut next = || line.next().unwrap_or_default().to_owned();
                (next(), next())
            }
        };
        let authorization = self.authorization.iter().map(|value| {
            let value = value.replace("{token}", "[redacted]");
            ("authorization".into(), value.into())
        });
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone().into(), value.clone().into()));
        Request {
            method: method.into(),
            url: format!("{}{target}", sender.base_url).into(),
            headers: HeaderList(authorization.chain(headers).collect()),
        }
    }
}

/// Leaves the token out.
impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// A token goes over https, or stays on this machine.
fn check(base_url: &str) -> Result<()> {
    let url = Url::parse(base_url).context("the base URL cannot be read")?;
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "the base URL must not hold a user"
    );
    ensure!(
        url.query().is_none() && url.fragment().is_none(),
        "the base URL must end with its path"
    );
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        _ => bail!("the base URL must be https, or http on loopback"),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|it| it.is_loopback())
}

fn http_client(
    base_url: &str,
    authorities: &[Vec<u8>],
) -> Result<(reqwest::Client, Arc<ClientConfig>)> {
    /// Reading them takes longer than most checks.
    static OF_THE_SYSTEM: LazyLock<RootCertStore> = LazyLock::new(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    });
    let url = Url::parse(base_url)?;
    let mut roots = match url.scheme() {
        "https" => OF_THE_SYSTEM.clone(),
        _ => RootCertStore::empty(),
    };
    for pem in authorities {
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.context("the certificate authority cannot be read")?)?;
            found = true;
        }
        ensure!(
            found,
            "there is no PEM certificate in the certificate authority's file"
        );
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut http = reqwest::Client::builder();
    if is_loopback(&url) {
        // No proxy has the same loopback.
        http = http.no_proxy();
    }
    let http = http
        .tls_backend_preconfigured(tls.clone())
        .redirect(Policy::none())
        .user_agent("amlkeys-conformance")
        .build()?;
    Ok((http, Arc::new(tls)))
}
