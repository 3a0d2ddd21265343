use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::request;

/// An http proxy on loopback that leads every tunnel to the same address,
/// whatever host it is asked for.
pub struct Proxy {
    /// Its URL, as `HTTPS_PROXY` takes it.
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts one on a free loopback port; it runs as long as the runtime.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let recorded = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(tunnel(stream, target, recorded.clone()));
            }
        });
        Self { url, requests }
    }

    /// The request heads so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn tunnel(mut client: TcpStream, target: SocketAddr, recorded: Arc<Mutex<Vec<String>>>) {
    let Some(head) = request(&mut client).await else {
        return;
    };
    let is_tunnel = head.starts_with("CONNECT ");
    recorded.lock().unwrap().push(head);
    if !is_tunnel {
        return;
    }
    let mut server = TcpStream::connect(target).await.unwrap();
    let connected = b"HTTP/1.1 200 Connection established\r\n\r\n";
    let _ = client.write_all(connected).await;
    let _ = copy_bidirectional(&mut client, &mut server).await;
}
