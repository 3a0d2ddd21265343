//! An https server for tests: it has its own certificate authority, shares no
//! code with the emulator, and answers exactly the bytes it is told to.
#![allow(clippy::unwrap_used, reason = "only tests use it")]

mod answer;
mod certificate;
mod proxy;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

pub use answer::{Answer, answer, header, json};
pub use proxy::Proxy;

use answer::Then;
use certificate::Certificate;

/// A server with its own certificate authority. It answers each request with
/// the next of its answers, and the last one again and again.
pub struct Stub {
    /// Its URL, without a slash at the end.
    pub endpoint: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// The certificate authority to trust.
    pub ca_pem: String,
    shared: Arc<Shared>,
}

struct Shared {
    tls: Option<TlsAcceptor>,
    answer: Box<Choice>,
    requests: Mutex<Vec<String>>,
    accepted: Mutex<usize>,
    open: watch::Sender<usize>,
}

/// What to answer the request with this head.
type Choice = dyn Fn(&str) -> Answer + Send + Sync;

impl Stub {
    /// Starts one for `localhost` on a free loopback port; it runs as long as
    /// the runtime. Each answer is bytes, after which the connection closes.
    pub async fn start(answers: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self::script(answers.into_iter().map(Answer::from)).await
    }

    /// Starts one for `localhost` whose answers say what becomes of their
    /// connection.
    pub async fn script(answers: impl IntoIterator<Item = Answer>) -> Self {
        let certificate = Certificate::of("localhost");
        Self::serve("localhost", Some(certificate), in_turn(answers)).await
    }

    /// Starts one for `localhost` that looks at the head of each request.
    pub async fn answering(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let certificate = Certificate::of("localhost");
        Self::serve("localhost", Some(certificate), Box::new(answer)).await
    }

    /// Starts one whose certificate is for `host` and whose endpoint names it;
    /// it listens on loopback all the same.
    pub async fn for_host(host: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::serve(host, Some(Certificate::of(host)), in_turn(answers)).await
    }

    /// Starts one for `localhost` that shows a certificate for another host.
    pub async fn with_wrong_host(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::serve(
            "localhost",
            Some(Certificate::of("example.com")),
            in_turn(answers),
        )
        .await
    }

    /// Starts one whose certificate ended long ago.
    pub async fn with_expired_certificate(answers: impl IntoIterator<Item = Answer>) -> Self {
        let certificate = Certificate::expired("localhost");
        Self::serve("localhost", Some(certificate), in_turn(answers)).await
    }

    /// Starts one that speaks http without TLS.
    pub async fn without_tls(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::serve("localhost", None, in_turn(answers)).await
    }

    /// The request heads so far.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// How many connections were made so far.
    pub fn accepted(&self) -> usize {
        *self.shared.accepted.lock().unwrap()
    }

    /// Waits until no more than `count` connections are open.
    pub async fn until_open(&self, count: usize) {
        let mut open = self.shared.open.subscribe();
        open.wait_for(|open| *open <= count).await.unwrap();
    }

    async fn serve(host: &str, certificate: Option<Certificate>, answer: Box<Choice>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if certificate.is_some() {
            "https"
        } else {
            "http"
        };
        let ca_pem = certificate.as_ref().map(|it| it.ca_pem.clone());
        let shared = Arc::new(Shared {
            tls: certificate.map(Certificate::into_acceptor),
            answer,
            requests: Mutex::default(),
            accepted: Mutex::default(),
            open: watch::Sender::new(0),
        });
        tokio::spawn(accept(listener, shared.clone()));
        Self {
            endpoint: format!("{scheme}://{host}:{}", address.port()),
            address,
            ca_pem: ca_pem.unwrap_or_default(),
            shared,
        }
    }
}

/// The next answer for each request, and the last one again and again.
fn in_turn(answers: impl IntoIterator<Item = Answer>) -> Box<Choice> {
    let answers = Mutex::new(VecDeque::from_iter(answers));
    Box::new(move |_| {
        let mut answers = answers.lock().unwrap();
        match answers.len() {
            0 | 1 => answers.front().cloned().unwrap_or_default(),
            _ => answers.pop_front().unwrap(),
        }
    })
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        *shared.accepted.lock().unwrap() += 1;
        shared.open.send_modify(|open| *open += 1);
        let shared = shared.clone();
        tokio::spawn(async move {
            connection(stream, &shared).await;
            shared.open.send_modify(|open| *open -= 1);
        });
    }
}

async fn connection(mut stream: TcpStream, shared: &Shared) {
    stream.set_nodelay(true).unwrap();
    let Some(tls) = &shared.tls else {
        let end = exchange(&mut stream, shared).await;
        return close(&mut stream, end).await;
    };
    let Ok(mut stream) = tls.accept(stream).await else {
        return;
    };
    match exchange(&mut stream, shared).await {
        Then::Break => close(stream.get_mut().0, Then::Break).await,
        Then::Reset => close(stream.get_mut().0, Then::Reset).await,
        end => close(&mut stream, end).await,
    }
}

/// Answers requests until an answer says how the connection ends.
async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), shared: &Shared) -> Then {
    while let Some(head) = request(stream).await {
        let answer = (shared.answer)(&head);
        shared.requests.lock().unwrap().push(head);
        if answer.write(stream).await.is_err() {
            return Then::Close;
        }
        match answer.then {
            Then::Stay => {}
            Then::Hang => while stream.read_u8().await.is_ok() {},
            Then::Trickle => while trickle(stream).await.is_ok() {},
            end => return end,
        }
    }
    Then::Close
}

async fn trickle(stream: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    stream.write_all(b"x").await?;
    stream.flush().await?;
    tokio::task::yield_now().await;
    Ok(())
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

async fn close(stream: &mut (impl AsyncWrite + Unpin + Close), end: Then) {
    if end == Then::Reset {
        stream.reset();
    } else {
        let _ = stream.shutdown().await;
    }
}

/// How to end a connection without a word.
trait Close {
    fn reset(&self);
}

impl Close for TcpStream {
    fn reset(&self) {
        self.set_zero_linger().unwrap();
    }
}

impl Close for tokio_rustls::server::TlsStream<TcpStream> {
    fn reset(&self) {
        self.get_ref().0.reset();
    }
}
