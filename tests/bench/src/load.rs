//! A client that does as little as it can, so that what is measured is the server.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// Where to send which request.
#[derive(Clone)]
pub(crate) struct Target {
    address: String,
    tls: Option<TlsConnector>,
    request: Arc<[u8]>,
}

impl Target {
    pub(crate) fn new(address: &str, ca_pem: Option<&[u8]>, request: String) -> Result<Self> {
        Ok(Self {
            address: address.to_owned(),
            tls: ca_pem.map(trusting).transpose()?,
            request: request.into_bytes().into(),
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// One request over a connection of its own; its answer.
    pub(crate) async fn ask_once(&self) -> Result<Vec<u8>> {
        Ok(self.ask_and_keep().await?.answer)
    }

    /// The same, with the connection left open.
    pub(crate) async fn ask_and_keep(&self) -> Result<Connection> {
        let mut connection = Connection::open(self).await?;
        connection.ask(&self.request).await?;
        Ok(connection)
    }

    /// That many requests, over so many connections.
    pub(crate) async fn ask(&self, requests: u64, connections: usize) -> Result<()> {
        let each = requests / connections as u64;
        let mut running = JoinSet::new();
        for _ in 0..connections {
            let target = self.clone();
            running.spawn(async move {
                let mut connection = Connection::open(&target).await?;
                for _ in 0..each {
                    connection.ask(&target.request).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(())
    }
}

fn trusting(ca_pem: &[u8]) -> Result<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem)?)?;
    let config = rustls::ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config).into())
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(&target.address).await?;
        stream.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &target.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(
                tls.connect(ServerName::try_from("127.0.0.1")?, stream)
                    .await?,
            ),
        };
        Ok(Self {
            stream,
            answer: Vec::with_capacity(16 * 1024),
        })
    }

    async fn ask(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        while !is_whole(&self.answer)? {
            ensure!(
                self.stream.read_buf(&mut self.answer).await? > 0,
                "closed before the answer"
            );
        }
        Ok(())
    }
}

fn is_whole(answer: &[u8]) -> Result<bool> {
    let Some(head) = answer.windows(4).position(|it| it == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (head, body) = answer.split_at(head + 4);
    ensure!(
        head.starts_with(b"HTTP/1.1 200 "),
        "answered {}",
        String::from_utf8_lossy(head)
    );
    const LENGTH: &[u8] = b"content-length: ";
    let length = head
        .windows(LENGTH.len())
        .position(|it| it.eq_ignore_ascii_case(LENGTH));
    let length = &head[length.context("no content-length")? + LENGTH.len()..];
    let digits = length.iter().take_while(|it| it.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    Ok(body.len() >= length)
}
