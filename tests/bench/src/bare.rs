//! The least that a server on hyper can do: the same answer to every request.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::sync::Arc;

use anyhow::{Context, Result};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Serves the answer that comes on stdin, and says where as `amlkeys emulator -o json` does.
pub(crate) async fn serve(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut answer = Vec::new();
    std::io::stdin().read_to_end(&mut answer)?;
    let answer = Arc::new(Answer::read(&answer)?);
    let tls = match arguments.next() {
        Some(ca_file) => Some(tls(&ca_file)?),
        None => None,
    };

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    let ready = json!({"url": url, "token": "none", "subscription": "none"});
    writeln!(std::io::stdout(), "{ready}")?;

    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (answer, tls) = (Arc::clone(&answer), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, answer).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => connection(stream, answer).await,
                    Err(_) => Ok(()),
                },
            }
        });
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Arc<Answer>,
) -> hyper::Result<()> {
    let service = service_fn(|_: Request<hyper::body::Incoming>| async {
        let mut response = Response::new(Full::new(answer.body.clone()));
        response.headers_mut().clone_from(&answer.headers);
        Ok::<_, Infallible>(response)
    });
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await
}

struct Answer {
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn read(answer: &[u8]) -> Result<Self> {
        let answer = std::str::from_utf8(answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
        let headers = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        // hyper writes these itself.
        let headers = headers.filter(|(name, _)| !["content-length", "date"].contains(name));
        let headers = headers.map(|(name, value)| {
            anyhow::Ok((HeaderName::try_from(name)?, HeaderValue::try_from(value)?))
        });
        Ok(Self {
            headers: headers.collect::<Result<_>>()?,
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }
}

fn tls(ca_file: &str) -> Result<TlsAcceptor> {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    std::fs::write(ca_file, certified.cert.pem())?;
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let mut config = rustls::ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config).into())
}
