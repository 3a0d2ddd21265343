//! What the client talks to: it answers what the case says, in the order that requests arrive, and
//! keeps what arrived.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::server::TlsStream;

use crate::case::BreakHow;
use crate::exchange::{Exchange, HeaderList, Request};
use crate::redaction::RedactedExchange;

use super::answer::Answer;
use super::run::Run;

/// A certificate authority made for the run, and the certificate that it gave to `localhost`.
pub(super) struct Authority {
    acceptor: TlsAcceptor,
    /// Gone with the authority.
    _file: NamedTempFile,
    path: String,
}

impl Authority {
    pub(super) fn new() -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        // OpenSSL takes a certificate that is named like its issuer for self-signed.
        params.distinguished_name = named("amlkeys conformance authority");
        let pem = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate()?;
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named("localhost");
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &issuer)?;
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                key.serialize_der().try_into().map_err(anyhow::Error::msg)?,
            )?;

        let file = tempfile::Builder::new().suffix(".pem").tempfile()?;
        std::fs::write(file.path(), pem)?;
        let path = file
            .path()
            .to_str()
            .context("the temporary folder is no text")?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(tls)),
            path: path.to_owned(),
            _file: file,
        })
    }

    /// The authority in PEM.
    pub(super) fn ca_file(&self) -> &str {
        &self.path
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// A port on loopback for one run of a case.
pub(super) struct FrontDoor {
    endpoint: String,
    script: Arc<Script>,
    listener: JoinHandle<()>,
}

struct Script {
    answers: Vec<Answer>,
    arrived: Mutex<Vec<Arrived>>,
}

/// A request that arrived, and what it was answered.
pub(super) struct Arrived {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) has_body: bool,
    answer: Answer,
}

impl FrontDoor {
    pub(super) async fn open(run: &Run, authority: &Authority, is_plain: bool) -> Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let port = listener.local_addr()?.port();
        let exchanges = run.script().exchanges.iter();
        let script = Arc::new(Script {
            answers: exchanges.map(|it| Answer::of(&it.response, run)).collect(),
            arrived: Mutex::default(),
        });
        let scheme = if is_plain { "http" } else { "https" };
        let tls = (!is_plain).then(|| authority.acceptor.clone());
        Ok(Self {
            endpoint: format!("{scheme}://localhost:{port}"),
            listener: tokio::spawn(listen(listener, tls, script.clone())),
            script,
        })
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How many requests have arrived.
    pub(super) fn arrived(&self) -> usize {
        self.script.arrived().len()
    }

    /// Ends all connections.
    pub(super) fn close(self) -> Vec<Arrived> {
        self.listener.abort();
        std::mem::take(&mut *self.script.arrived())
    }
}

impl Script {
    fn arrived(&self) -> MutexGuard<'_, Vec<Arrived>> {
        self.arrived.lock().expect("no one panics while holding it")
    }

    /// Keeps a request and says what it is answered.
    fn take_in(&self, request: Head) -> Answer {
        let mut arrived = self.arrived();
        let answer = self.answers.get(arrived.len()).cloned();
        let answer = answer.unwrap_or_else(Answer::to_unexpected);
        arrived.push(Arrived {
            method: request.method,
            target: request.target,
            has_body: request.body_length > 0 || request.is_chunked,
            headers: request.headers,
            answer: answer.clone(),
        });
        answer
    }
}

impl Arrived {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn redacted(&self) -> RedactedExchange {
        RedactedExchange::of(&self.exchange())
    }

    /// The exchange as it went over the wire.
    pub(super) fn exchange(&self) -> Exchange<'_> {
        let headers = self.headers.iter();
        Exchange {
            request: Request {
                method: self.method.as_str().into(),
                url: self.target.as_str().into(),
                headers: HeaderList(
                    headers
                        .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                        .collect(),
                ),
            },
            response: self.answer.shown(),
        }
    }
}

async fn listen(listener: TcpListener, tls: Option<TlsAcceptor>, script: Arc<Script>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, script) = (tls.clone(), script.clone());
        connections.spawn(async move {
            // Whatever a client does to its connection is its right; what counts is what it says.
            let _ = match tls {
                None => answer(stream, &script).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => answer(stream, &script).await,
                    Err(error) => Err(error),
                },
            };
        });
    }
}

/// Answers the requests of one connection.
async fn answer<S: Connection>(mut stream: S, script: &Script) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(head) = Head::read(&mut stream, &mut buffer).await? {
        let body_length = head.body_length;
        let is_chunked = head.is_chunked;
        let answer = script.take_in(head);
        skip(&mut stream, &mut buffer, body_length).await?;
        tokio::time::sleep(answer.delay).await;
        let Some(breaks) = answer.breaks else {
            stream.write_all(&answer.bytes).await?;
            stream.flush().await?;
            if answer.is_last || is_chunked {
                return stream.shutdown().await;
            }
            continue;
        };
        let until = breaks.after_bytes.min(answer.bytes.len());
        stream.write_all(&answer.bytes[..until]).await?;
        stream.flush().await?;
        return match breaks.how {
            BreakHow::Close => stream.shutdown().await,
            BreakHow::Reset => stream.reset(),
            BreakHow::Hang => std::future::pending().await,
        };
    }
    Ok(())
}

/// A connection that can be reset.
trait Connection: AsyncRead + AsyncWrite + Unpin + Sized {
    fn tcp(&self) -> &TcpStream;

    fn reset(self) -> io::Result<()> {
        self.tcp().set_zero_linger()
    }
}

impl Connection for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Connection for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// What a request says before its body.
struct Head {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body_length: usize,
    is_chunked: bool,
}

impl Head {
    /// Reads one from a connection; none if it has ended, or speaks something else than HTTP.
    async fn read(
        stream: &mut (impl AsyncRead + Unpin),
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<Self>> {
        const LONGEST: usize = 64 * 1024;
        loop {
            match Self::parse(buffer) {
                Ok(Some((head, length))) => {
                    buffer.drain(..length);
                    return Ok(Some(head));
                }
                Ok(None) if buffer.len() < LONGEST => {}
                _ => return Ok(None),
            }
            if stream.read_buf(buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, httparse::Error> {
        let mut headers = [httparse::EMPTY_HEADER; 96];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = request.parse(bytes)? else {
            return Ok(None);
        };
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value);
                (header.name.to_owned(), value.into_owned())
            })
            .collect();
        let value = |name: &str| {
            let mut headers = headers.iter();
            headers.find(|(header, _)| header.eq_ignore_ascii_case(name))
        };
        let body_length = value("content-length").and_then(|(_, length)| length.parse().ok());
        let head = Self {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            body_length: body_length.unwrap_or_default(),
            is_chunked: value("transfer-encoding").is_some(),
            headers,
        };
        Ok(Some((head, length)))
    }
}

async fn skip(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    length: usize,
) -> io::Result<()> {
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(());
        }
    }
    buffer.drain(..length);
    Ok(())
}
