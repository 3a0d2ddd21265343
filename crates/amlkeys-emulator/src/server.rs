//! The emulator as a server: its address, its certificates, its life.

mod body;
mod certificates;
mod connection;
mod fuse;
mod limits;
mod listener;
mod seats;
mod socket;

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::arm::Arm;
use crate::journal::RecordedRequest;

use certificates::{CertificateFolder, Identity};
use connection::Service;
pub use limits::Limits;

/// A local Azure Resource Manager that listens on a free port of 127.0.0.1, over TLS, unless its
/// [builder](Self::builder) says otherwise.
///
/// Dropping it stops it, in its own time: the runtime closes the port and every connection.
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
    ca_file: Option<PathBuf>,
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
        Self::builder().start().await
    }

    /// One with an ARM, an address, certificates or limits of your own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), amlkeys_emulator::StartError> {
    /// use amlkeys_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder().with_plain_http().start().await?;
    /// assert!(emulator.endpoint().starts_with("http://127.0.0.1:"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// The ARM that it serves.
    pub fn arm(&self) -> &Arm {
        &self.arm
    }

    /// Where it listens, without a slash at the end: `https://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The certificate authority to trust, in PEM: it can vouch for 127.0.0.0/8, ::1 and localhost
    /// alone. Empty over plain http, where there is nothing to trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The file that keeps [`ca_pem`](Self::ca_pem), if it was started
    /// [with a folder](EmulatorBuilder::with_certificate_folder) for it.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
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

    /// Stops it: closes the port, lets the requests in flight end within the
    /// [time for it](Limits::with_stop_time), and returns when all connections are closed.
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

/// Sets up an [`Emulator`].
#[derive(Debug)]
pub struct EmulatorBuilder {
    arm: Option<Arm>,
    transport: Transport,
    address: SocketAddr,
    limits: Limits,
}

#[derive(Debug)]
enum Transport {
    /// With an authority that is made for this run, or kept in a folder.
    Tls(Option<PathBuf>),
    PlainHttp,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            arm: None,
            transport: Transport::Tls(None),
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            limits: Limits::default(),
        }
    }
}

impl EmulatorBuilder {
    /// The ARM to serve, in place of [the documented one](Arm::documented).
    pub fn with_arm(mut self, arm: Arm) -> Self {
        self.arm = Some(arm);
        self
    }

    /// http without TLS, for clients that cannot be told whom to trust.
    pub fn with_plain_http(mut self) -> Self {
        self.transport = Transport::PlainHttp;
        self
    }

    /// TLS with the certificate authority that is kept in this folder, in place of one made for
    /// this run. What is missing is created: the folder, for its owner alone, with `ca.pem` to
    /// trust and `ca-key.pem`.
    pub fn with_certificate_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.transport = Transport::Tls(Some(folder.into()));
        self
    }

    /// Where to listen, in place of a free port of 127.0.0.1. Port 0 is a free one.
    ///
    /// Whoever reaches it can use it: the names and secrets that it accepts are published. Its
    /// certificate is for loopback, whatever the address.
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// What a connection may take, in place of the default limits.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Starts it, as [`Emulator::start`] does.
    ///
    /// # Errors
    ///
    /// If no certificate can be made, the folder of certificates cannot be used, or the address
    /// cannot be listened on ([`StartError::is_address_in_use`]).
    pub async fn start(self) -> Result<Emulator, StartError> {
        let certificates = match self.transport {
            Transport::PlainHttp => Certificates::default(),
            Transport::Tls(None) => Certificates::of_this_run()?,
            Transport::Tls(Some(folder)) => Certificates::of_folder(folder)?,
        };
        let (listener, port) = bind(self.address)
            .await
            .map_err(|error| StartError::tried(format!("listen on {}", self.address), error))?;

        let scheme = match certificates.tls {
            Some(_) => "https",
            None => "http",
        };
        let host = SocketAddr::new(reachable(self.address.ip()), port);
        let arm = self.arm.unwrap_or_else(Arm::documented);
        let service = Arc::new(Service {
            arm: arm.clone(),
            tls: certificates.tls,
            limits: self.limits,
        });
        let (running, stopped) = oneshot::channel();
        Ok(Emulator {
            arm,
            endpoint: format!("{scheme}://{host}"),
            ca_pem: certificates.ca_pem,
            ca_file: certificates.ca_file,
            running,
            serving: tokio::spawn(listener::listen(listener, service, stopped)),
        })
    }
}

async fn bind(address: SocketAddr) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind(address).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// Every address of this machine, as which a client can name one.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        one => one,
    }
}

/// What TLS needs, on both sides; nothing for plain http.
#[derive(Default)]
struct Certificates {
    tls: Option<TlsAcceptor>,
    ca_pem: String,
    ca_file: Option<PathBuf>,
}

impl Certificates {
    fn of_this_run() -> Result<Self, StartError> {
        let tried = "make a certificate";
        let identity = Identity::of_this_run().map_err(|error| StartError::tried(tried, error))?;
        Self::of(identity)
    }

    fn of_folder(folder: PathBuf) -> Result<Self, StartError> {
        let folder = CertificateFolder::new(folder);
        let tried = "use its certificate authority";
        let identity = folder
            .identity()
            .map_err(|error| StartError::tried(tried, error))?;
        Ok(Self {
            ca_file: Some(folder.ca_file()),
            ..Self::of(identity)?
        })
    }

    fn of(identity: Identity) -> Result<Self, StartError> {
        let Identity {
            authority_pem,
            certificate,
            key,
        } = identity;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config
                    .with_no_client_auth()
                    .with_single_cert(vec![certificate], key)
            })
            .map_err(|error| StartError::tried("use its certificate", error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            tls: Some(Arc::new(config).into()),
            ca_pem: authority_pem,
            ca_file: None,
        })
    }
}

/// Why an [`Emulator`] did not start: it says what was tried, and its source says why that failed.
#[derive(Debug)]
pub struct StartError {
    tried: String,
    source: Box<dyn Error + Send + Sync>,
}

impl StartError {
    /// Another program listens on the address.
    pub fn is_address_in_use(&self) -> bool {
        let error = self.source.downcast_ref::<io::Error>();
        error.is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse)
    }

    fn tried(tried: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            tried: tried.into(),
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
