use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::arm::Arm;
use crate::authority::Identity;
use crate::journal::RecordedRequest;

/// A local Azure Resource Manager that listens on a free port of 127.0.0.1, over TLS.
///
/// Dropping it stops it: the runtime then closes the port and every connection.
/// [`stop`](Self::stop) waits until that is done.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), amlkeys_emulator::StartError> {
/// let emulator = amlkeys_emulator::Emulator::start().await?;
/// assert!(emulator.endpoint().starts_with("https://127.0.0.1:"));
/// assert!(emulator.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// assert!(emulator.requests().is_empty());
/// emulator.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Emulator {
    arm: Arm,
    endpoint: String,
    ca_pem: String,
    /// Nothing is ever sent: that it is gone is the sign to stop.
    running: oneshot::Sender<Infallible>,
    serving: JoinHandle<()>,
}

impl Emulator {
    /// Starts one with the [documented](Arm::documented) resources, a token of its own and a
    /// certificate authority made for this run.
    ///
    /// It runs as a task of the tokio runtime that it is started in, of either flavour; the
    /// runtime needs its IO and time drivers. No process-wide rustls provider is installed.
    ///
    /// # Errors
    ///
    /// If no certificate can be made, or no port of 127.0.0.1 is free.
    pub async fn start() -> Result<Self, StartError> {
        Self::serve(Arm::documented()).await
    }

    /// Starts one that serves `arm`, like [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub async fn serve(arm: Arm) -> Result<Self, StartError> {
        let (tls, ca_pem) = tls().map_err(StartError::tried("make a certificate"))?;
        let (listener, port) = listen()
            .await
            .map_err(StartError::tried("listen on 127.0.0.1"))?;

        let (running, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, tls, arm.router(), stopped));
        Ok(Self {
            arm,
            endpoint: format!("https://127.0.0.1:{port}"),
            ca_pem,
            running,
            serving,
        })
    }

    /// Where it listens, without a slash at the end: `https://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The certificate authority to trust, in PEM. It signed one certificate, for 127.0.0.1,
    /// ::1 and localhost, and its key is gone.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A bearer token that it accepts for 24 hours, of the state's first principal.
    pub fn token(&self) -> String {
        self.arm.token()
    }

    /// A subscription that it knows.
    pub fn subscription_id(&self) -> String {
        self.arm.subscription_id()
    }

    /// The ARM resource IDs of all whose keys it can list, in the subscription
    /// [`subscription_id`](Self::subscription_id).
    pub fn resource_ids(&self) -> Vec<String> {
        self.arm.resource_ids()
    }

    /// The requests it has seen, oldest first: the last 1000, each recorded before it is answered.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.arm.requests()
    }

    /// Stops it, and returns when its port and all its connections are closed.
    pub async fn stop(self) {
        drop(self.running);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the emulator did not stop in order");
        }
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// Why an [`Emulator`] did not start: it says what was tried, and its source says why that failed.
#[derive(Debug)]
pub struct StartError {
    tried: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl StartError {
    fn tried<E: Into<Box<dyn Error + Send + Sync>>>(tried: &'static str) -> impl Fn(E) -> Self {
        move |source| Self {
            tried,
            source: source.into(),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the emulator could not {}", self.tried)
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

fn tls() -> Result<(TlsAcceptor, String), Box<dyn Error + Send + Sync>> {
    let identity = Identity::for_loopback()?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate], identity.key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((Arc::new(config).into(), identity.authority_pem))
}

async fn listen() -> std::io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

async fn serve(
    listener: TcpListener,
    tls: TlsAcceptor,
    router: Router,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    /// For the process to get file descriptors back, which is what accepting lacks when it fails.
    const PAUSE: Duration = Duration::from_millis(50);

    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, tls.clone(), router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection accepted");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, router: Router) {
    const HANDSHAKE: Duration = Duration::from_secs(10);
    const REQUEST_HEAD: Duration = Duration::from_secs(30);
    const LARGEST_HEAD: usize = 64 * 1024;

    let stream = match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "no TLS handshake"),
        Err(_) => return tracing::debug!("no TLS handshake in time"),
    };
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_HEAD)
        .max_header_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection broken");
    }
}
