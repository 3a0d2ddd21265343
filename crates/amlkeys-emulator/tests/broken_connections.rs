//! Faults as a client on a socket meets them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, Emulator, Fault, FaultRule, Reset};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

#[tokio::test]
async fn body_ends_early_and_so_does_the_connection() {
    for part in [10, 0] {
        let (answer, end) = meet(Fault::truncated(part)).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("content-length: "), "{head}");
        assert_eq!(body.len(), part);
        assert_ne!(end, Err(ErrorKind::ConnectionReset));
    }
}

#[tokio::test]
async fn connection_is_reset_in_the_body() {
    let (answer, end) = meet(Fault::reset(Reset::InBody)).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(body.starts_with('{') && !body.ends_with('}'), "{body}");
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn connection_is_reset_before_the_head() {
    let (answer, end) = meet(Fault::reset(Reset::BeforeHead)).await;
    assert_eq!(answer, "");
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn connection_is_reset_in_the_head() {
    let fault = || Fault::reset(Reset::InHead);
    for (answer, end) in [meet(fault()).await, meet_over_http(fault()).await] {
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(!answer.contains("\r\n\r\n"), "{answer}");
        assert_eq!(end, Err(ErrorKind::ConnectionReset));
    }
}

#[tokio::test]
async fn huge_body_arrives_whole() {
    const SIZE: usize = 20_000_000;
    let (answer, end) = meet(Fault::huge_body(SIZE as u64)).await;
    assert_eq!(end, Ok(answer.len()));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {SIZE}")), "{head}");
    assert_eq!(body.len(), SIZE);
}

#[tokio::test]
async fn hung_connection_ends_with_the_emulator() {
    let arm = Arm::documented();
    arm.add_fault(FaultRule::new(Fault::hang()));
    let emulator = Emulator::builder().with_arm(arm).start().await.unwrap();
    let mut stream = ask(&emulator).await;
    let waiting = tokio::spawn(async move {
        let mut answer = Vec::new();
        // A connection that is cut ends in an error as often as in silence.
        let _ = stream.read_to_end(&mut answer).await;
        answer
    });
    while emulator.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    drop(emulator);
    assert!(in_time(waiting).await.unwrap().is_empty());
}

/// What arrives, and how it ends: with a length, or with an error.
type Met = (String, Result<usize, ErrorKind>);

/// What arrives of the answer of an emulator in which everything meets the fault.
async fn meet(fault: Fault) -> Met {
    let emulator = Emulator::builder().with_arm(failing(fault)).start().await;
    all(ask(&emulator.expect("it starts")).await).await
}

async fn meet_over_http(fault: Fault) -> Met {
    let builder = Emulator::builder().with_arm(failing(fault));
    let emulator = builder.with_plain_http().start().await.expect("it starts");
    let address = emulator.endpoint().strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let sent = stream.write_all(request(&emulator).as_bytes()).await;
    sent.expect("it reads");
    all(stream).await
}

fn failing(fault: Fault) -> Arm {
    let arm = Arm::documented();
    arm.add_fault(FaultRule::new(fault));
    arm
}

async fn all(mut stream: impl AsyncRead + Unpin) -> Met {
    let mut answer = Vec::new();
    let end = in_time(stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8(answer).expect("UTF-8");
    (answer, end.map_err(|error| error.kind()))
}

async fn ask(emulator: &Emulator) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(emulator.ca_pem().as_bytes());
    roots.add(authority.expect("PEM")).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = emulator.endpoint().strip_prefix("https://").expect("https");
    let stream = TcpStream::connect(address).await.expect("it listens");
    let host = ServerName::try_from("localhost").expect("a host");
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(host, stream).await.expect("TLS");
    let sent = stream.write_all(request(emulator).as_bytes()).await;
    sent.expect("it reads");
    stream
}

fn request(emulator: &Emulator) -> String {
    format!(
        "POST {}/listKeys?api-version=2025-09-01 HTTP/1.1\r\n\
         host: localhost\r\nauthorization: Bearer {}\r\ncontent-length: 0\r\n\
         connection: close\r\n\r\n",
        emulator
            .resource_ids()
            .iter()
            .find(|id| id.ends_with("/aks"))
            .expect("it exists"),
        emulator.token(),
    )
}

/// Fails instead of hanging.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(20), future).await;
    done.expect("done in time")
}
