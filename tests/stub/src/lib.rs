//! An https server for tests: it has its own certificate authority, shares no
//! code with the emulator, and answers exactly the bytes it is told to.
#![allow(clippy::unwrap_used, reason = "only tests use it")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Bytes to answer one request with; the connection closes after them.
pub type Answer = Vec<u8>;

/// A server with its own certificate authority. It answers each request with
/// the next of its answers, and the last one again and again.
pub struct Stub {
    /// Its URL, without a slash at the end.
    pub endpoint: String,
    /// The certificate authority to trust.
    pub ca_pem: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Starts one on a free loopback port; it runs as long as the runtime.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let authority_key = rcgen::KeyPair::generate().unwrap();
        let mut authority = rcgen::CertificateParams::new([]).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_pem = authority.self_signed(&authority_key).unwrap().pem();
        let issuer = rcgen::Issuer::new(authority, authority_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();

        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let tls = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(tls));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(VecDeque::from_iter(answers)));
        let recorded = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, answers, recorded) = (tls.clone(), answers.clone(), recorded.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = tls.accept(stream).await else {
                        return;
                    };
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => head.push(byte),
                            Err(_) => return,
                        }
                    }
                    recorded
                        .lock()
                        .unwrap()
                        .push(String::from_utf8(head).unwrap());
                    let answer = {
                        let mut answers = answers.lock().unwrap();
                        match answers.len() {
                            0 | 1 => answers.front().cloned().unwrap_or_default(),
                            _ => answers.pop_front().unwrap(),
                        }
                    };
                    let _ = stream.write_all(&answer).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self {
            endpoint: format!("https://localhost:{port}"),
            ca_pem,
            requests,
        }
    }

    /// The request heads so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A whole answer with a JSON body.
pub fn json(status: &str, body: &str) -> Answer {
    answer(status, &["content-type: application/json"], body)
}

/// A whole answer.
pub fn answer(status: &str, headers: &[&str], body: &str) -> Answer {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The value of a header in a recorded request head.
pub fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
