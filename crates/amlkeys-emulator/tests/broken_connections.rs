//! Faults as a client on a socket meets them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, Emulator, Fault, FaultRule, Reset};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

#[tokio::test]
async fn body_ends_early_and_so_does_the_connection() {
    for (fault, part) in [
        (Fault::truncated(10), Some(10)),
        (Fault::truncated(0), Some(0)),
        (Fault::reset(Reset::InBody), None),
    ] {
        let answer = meet(fault).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let announced = head.to_ascii_lowercase();
        if part.is_some() {
            assert!(announced.contains("content-length: "), "{head}");
            assert_eq!(Some(body.len()), part);
        }
        assert!(!body.ends_with('}'), "{body}");
    }
}

#[tokio::test]
async fn reset_lets_no_answer_arrive() {
    for reset in [Reset::BeforeHead, Reset::InHead] {
        let answer = meet(Fault::reset(reset)).await;
        assert!(!answer.contains("computeType"), "{answer}");
    }
}

#[tokio::test]
async fn huge_body_arrives_whole() {
    const SIZE: usize = 20_000_000;
    let answer = meet(Fault::huge_body(SIZE as u64)).await;
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

/// What arrives of the answer of an emulator in which everything meets the fault.
async fn meet(fault: Fault) -> String {
    let arm = Arm::documented();
    arm.add_fault(FaultRule::new(fault));
    let emulator = Emulator::builder()
        .with_arm(arm)
        .start()
        .await
        .expect("it starts");
    let mut stream = ask(&emulator).await;
    let mut answer = Vec::new();
    // A reset is an error here; what came before it stays.
    let _ = in_time(stream.read_to_end(&mut answer)).await;
    String::from_utf8(answer).expect("UTF-8")
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
    let request = format!(
        "POST {}/listKeys?api-version=2025-09-01 HTTP/1.1\r\n\
         host: localhost\r\nauthorization: Bearer {}\r\ncontent-length: 0\r\n\
         connection: close\r\n\r\n",
        emulator
            .resource_ids()
            .iter()
            .find(|id| id.ends_with("/aks"))
            .expect("it exists"),
        emulator.token(),
    );
    let sent = stream.write_all(request.as_bytes()).await;
    sent.expect("it reads");
    stream
}

/// Fails instead of hanging.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(20), future).await;
    done.expect("done in time")
}
