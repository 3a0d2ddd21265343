//! The server itself: real TLS on loopback, with a client that shares no code with it.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, Emulator, Fault, FaultRule, Reset};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const COMPUTE: &str = "resourceGroups/testrg123/providers/Microsoft.MachineLearningServices/\
    workspaces/workspaces123/computes/compute123/listKeys?api-version=2025-09-01";
const WORKSPACE: &str = "resourceGroups/testrg123/providers/Microsoft.MachineLearningServices/\
    workspaces/workspaces123/listKeys?api-version=2023-10-01";

#[tokio::test]
async fn both_documented_operations_are_answered_byte_for_byte_over_tls() {
    let emulator = Emulator::start().await.unwrap();
    for (path, example) in [
        (COMPUTE, "2025-09-01/Compute_ListKeys/listKeys.json"),
        (WORKSPACE, "2023-10-01/Workspaces_ListKeys/listKeys.json"),
    ] {
        let answer = post(&emulator, path).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/examples");
        let document = fs::read_to_string(examples.join(example)).unwrap();
        let its_end = format!("\"body\": {body}\n    }}\n  }}\n}}\n");
        assert!(document.ends_with(&its_end), "{body}");
    }
    let [compute, workspace] = &emulator.requests()[..] else {
        panic!("two requests were sent");
    };
    assert!(compute.path_and_query().ends_with(COMPUTE));
    assert!(workspace.path_and_query().ends_with(WORKSPACE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_on_a_multi_thread_runtime_too() {
    let emulator = Emulator::start().await.unwrap();
    assert!(post(&emulator, COMPUTE).await.contains(" 200 OK\r\n"));
    emulator.stop().await;
}

/// Azure/azure-sdk-for-rust#166, through a real http parser.
#[tokio::test]
async fn post_without_a_length_is_refused_over_tls() {
    let emulator = Emulator::start().await.unwrap();
    let mut stream = Peer::of(&emulator).connect("localhost").await.unwrap();
    let answer = exchange(
        &mut stream,
        "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 411 "), "{answer}");
}

#[tokio::test]
async fn certificate_names_every_form_of_loopback() {
    let emulator = Emulator::start().await.unwrap();
    let peer = Peer::of(&emulator);
    for host in ["127.0.0.1", "::1", "localhost"] {
        peer.connect(host).await.unwrap();
    }
    assert!(peer.connect("example.com").await.is_err());
}

#[tokio::test]
async fn two_emulators_share_no_port_no_token_and_no_authority() {
    let one = Emulator::start().await.unwrap();
    let other = Emulator::start().await.unwrap();
    assert_ne!(one.endpoint(), other.endpoint());
    assert_ne!(one.token(), other.token());
    assert!(post(&one, COMPUTE).await.contains(" 200 OK\r\n"));
    assert!(post(&other, COMPUTE).await.contains(" 200 OK\r\n"));

    let mut mistaken = Peer::of(&one);
    mistaken.address = Peer::of(&other).address;
    assert!(mistaken.connect("127.0.0.1").await.is_err());
}

#[tokio::test]
async fn connection_without_a_handshake_blocks_no_other() {
    let emulator = Emulator::start().await.unwrap();
    let _silent = Peer::of(&emulator).tcp().await.unwrap();
    assert!(post(&emulator, COMPUTE).await.contains(" 200 OK\r\n"));
}

#[tokio::test]
async fn stop_returns_when_port_and_connections_are_closed() {
    let emulator = Emulator::start().await.unwrap();
    let peer = Peer::of(&emulator);
    let mut open = peer.connect("localhost").await.unwrap();
    let _silent = peer.tcp().await.unwrap();

    emulator.stop().await;

    assert!(peer.connect("localhost").await.is_err());
    wait_until_closed(&mut open).await;
}

#[tokio::test]
async fn drop_closes_the_port_and_the_connections() {
    let emulator = Emulator::start().await.unwrap();
    let peer = Peer::of(&emulator);
    let mut open = peer.connect("localhost").await.unwrap();

    drop(emulator);

    wait_until_closed(&mut open).await;
    assert!(peer.connect("localhost").await.is_err());
}

/// The endpoint for managed identities is http by nature; azure_identity looks for it where
/// AZURE_POD_IDENTITY_AUTHORITY_HOST says, on this port.
#[tokio::test]
async fn port_with_tls_answers_plain_http_for_managed_identities_alone() {
    let emulator = Emulator::start().await.unwrap();
    let peer = Peer::of(&emulator);
    for (path, is_answered) in [
        ("/metadata/identity/oauth2/token", true),
        ("/metadata/endpoints?api-version=2022-09-01", false),
        ("/subscriptions?api-version=2025-09-01", false),
    ] {
        let mut stream = peer.tcp().await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        in_time(stream.read_to_string(&mut answer)).await.unwrap();
        let is_refused = answer.starts_with("HTTP/1.1 400 ") && answer.contains("speaks https");
        assert_ne!(is_refused, is_answered, "{path}: {answer}");
    }
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test]
async fn authority_that_is_kept_is_trusted_in_the_next_run_too() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        Emulator::builder()
            .with_certificate_folder(folder.path())
            .start()
    };
    let one = start().await.unwrap();
    let other = start().await.unwrap();
    let kept = fs::read_to_string(one.ca_file().unwrap()).unwrap();
    assert_eq!(kept, one.ca_pem());

    let mut trusting = Peer::of(&one);
    trusting.address = Peer::of(&other).address;
    trusting.connect("127.0.0.1").await.unwrap();
}

#[tokio::test]
async fn address_that_is_in_use_is_told_from_other_failures() {
    let one = Emulator::start().await.unwrap();
    let address = Peer::of(&one).address.parse().unwrap();
    let refused = Emulator::builder().with_address(address).start().await;
    assert!(refused.unwrap_err().is_address_in_use());

    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = Emulator::builder()
        .with_certificate_folder(file.path())
        .start();
    assert!(!refused.await.unwrap_err().is_address_in_use());
}

#[tokio::test]
async fn fault_resets_the_tcp_connection_under_tls_too() {
    for plain in [true, false] {
        let arm = Arm::documented();
        arm.add_fault(FaultRule::new(Fault::reset(Reset::BeforeHead)));
        let builder = Emulator::builder().with_arm(arm);
        let builder = if plain {
            builder.with_plain_http()
        } else {
            builder
        };
        let emulator = builder.start().await.unwrap();
        let request = b"GET /x?api-version=2025-09-01 HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let mut answer = Vec::new();
        let end = if plain {
            let address = emulator.endpoint().strip_prefix("http://").unwrap();
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request).await.unwrap();
            in_time(stream.read_to_end(&mut answer)).await
        } else {
            let mut stream = Peer::of(&emulator).connect("localhost").await.unwrap();
            stream.write_all(request).await.unwrap();
            in_time(stream.read_to_end(&mut answer)).await
        };
        assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert!(answer.is_empty());
    }
}

#[tokio::test]
async fn no_process_wide_rustls_provider_is_installed() {
    let _emulator = Emulator::start().await.unwrap();
    assert!(CryptoProvider::get_default().is_none());
}

async fn post(emulator: &Emulator, path: &str) -> String {
    let request = format!(
        "POST /subscriptions/{}/{path} HTTP/1.1\r\n\
         host: localhost\r\n\
         authorization: Bearer {}\r\n\
         content-length: 0\r\n\
         connection: close\r\n\r\n",
        emulator.subscription_id(),
        emulator.token(),
    );
    let mut stream = Peer::of(emulator).connect("127.0.0.1").await.expect("TLS");
    exchange(&mut stream, &request).await
}

async fn exchange(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    let exchange = async {
        let mut answer = String::new();
        stream.write_all(request.as_bytes()).await?;
        stream.read_to_string(&mut answer).await?;
        io::Result::Ok(answer)
    };
    in_time(exchange).await.expect("the server answers")
}

/// What a client knows of an emulator; it outlives it.
struct Peer {
    address: String,
    client: TlsConnector,
}

impl Peer {
    fn of(emulator: &Emulator) -> Self {
        let address = emulator.endpoint().strip_prefix("https://");
        let ca_pem = emulator.ca_pem().as_bytes();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(ca_pem).expect("PEM"))
            .expect("an authority");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            address: address.expect("https").to_owned(),
            client: Arc::new(config).into(),
        }
    }

    async fn tcp(&self) -> io::Result<TcpStream> {
        TcpStream::connect(&self.address).await
    }

    async fn connect(&self, host: &str) -> io::Result<TlsStream<TcpStream>> {
        let host = ServerName::try_from(host.to_owned()).expect("a host");
        let stream = self.tcp().await?;
        in_time(self.client.connect(host, stream)).await
    }
}

/// A connection that is cut ends in an error as often as in silence.
async fn wait_until_closed(stream: &mut TlsStream<TcpStream>) {
    let mut rest = Vec::new();
    let _ = in_time(stream.read_to_end(&mut rest)).await;
}

/// Fails instead of hanging, and before the server's own timeouts for silent connections.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(8), future).await;
    done.expect("done within 8 s")
}
