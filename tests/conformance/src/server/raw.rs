//! Requests that no HTTP client would send.

use anyhow::{Context, Result};
use reqwest::Url;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::exchange::{HeaderList, Response};

use super::send::Sender;

/// Sends these bytes on a connection of their own, and reads the answer up to the connection's end.
pub(super) async fn send(sender: &Sender, bytes: &str) -> Result<Response<'static>> {
    let url = Url::parse(&sender.base_url)?;
    let before_path = url.path().trim_end_matches('/');
    let bytes = sender
        .filled(bytes)
        .replacen(" /", &format!(" {before_path}/"), 1);
    let host = url.host_str().context("no host")?.trim_matches(['[', ']']);
    let port = url.port_or_known_default().context("no port")?;
    let stream = TcpStream::connect((host, port))
        .await
        .context("no connection")?;
    if url.scheme() == "http" {
        return exchange(stream, &bytes).await;
    }
    let name = ServerName::try_from(host.to_owned())?;
    let stream = TlsConnector::from(sender.tls.clone())
        .connect(name, stream)
        .await;
    exchange(stream.context("no TLS")?, &bytes).await
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &str,
) -> Result<Response<'static>> {
    const LARGEST: u64 = 16 * 1024 * 1024;
    stream.write_all(bytes.as_bytes()).await?;
    let mut answer = Vec::new();
    // A server that closes without TLS's goodbye has answered all the same.
    let read = stream.take(LARGEST).read_to_end(&mut answer).await;
    match (parsed(&answer), read) {
        (Some(response), _) => Ok(response),
        (None, Err(error)) => Err(error).context("no answer"),
        (None, Ok(_)) => anyhow::bail!("{} bytes that are not HTTP", answer.len()),
    }
}

fn parsed(answer: &[u8]) -> Option<Response<'static>> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(answer).ok()? else {
        return None;
    };
    let headers = head.headers.iter().map(|header| {
        let value = String::from_utf8_lossy(header.value).into_owned();
        (header.name.to_owned().into(), value.into())
    });
    let headers = HeaderList(headers.collect());
    let rest = &answer[length..];
    let (body, is_truncated) = match headers.get("transfer-encoding") {
        Some(_) => match unchunked(rest) {
            Some(body) => (body, false),
            None => (rest.to_vec(), true),
        },
        None => {
            let announced = headers
                .get("content-length")
                .and_then(|it| it.trim().parse().ok());
            let announced = announced.unwrap_or(rest.len());
            let body = &rest[..announced.min(rest.len())];
            (body.to_vec(), body.len() < announced)
        }
    };
    Some(Response {
        status: head.code?,
        headers,
        body: body.into(),
        is_truncated,
    })
}

/// The chunks of a body, if its end is there.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let httparse::Status::Complete((start, size)) = httparse::parse_chunk_size(rest).ok()?
        else {
            return None;
        };
        if size == 0 {
            return Some(body);
        }
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        body.extend_from_slice(rest.get(start..end)?);
        rest = rest.get(end..)?.strip_prefix(b"\r\n")?;
    }
}
