use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::Service;
use super::seats::{Seats, TakenSeat};

/// Accepts and serves connections until `stopped`, then lets the requests in flight end, but not
/// for ever.
pub(super) async fn listen(
    listener: TcpListener,
    service: Arc<Service>,
    stopped: oneshot::Receiver<Infallible>,
) {
    let seats = Seats::new(service.limits.connections);
    let mut connections = JoinSet::new();
    let stop_time = service.limits.stop_time;
    serve(&listener, service, &seats, &mut connections, stopped).await;
    drop(listener);
    seats.ask_all_to_leave();
    let all_left = async { while connections.join_next().await.is_some() {} };
    if timeout(stop_time, all_left).await.is_err() {
        connections.shutdown().await;
    }
}

async fn serve(
    listener: &TcpListener,
    service: Arc<Service>,
    seats: &Seats,
    connections: &mut JoinSet<()>,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    // Never dropped midway: it may hold a connection that waits for a seat.
    let mut accepting = pin!(accept(listener, seats));
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            (stream, seat) = &mut accepting => {
                connections.spawn(Arc::clone(&service).serve(stream, seat));
                accepting.set(accept(listener, seats));
            }
        }
    }
}

/// A connection and a seat for it. While there is no seat, one connection waits here, and the
/// others in the backlog.
async fn accept(listener: &TcpListener, seats: &Seats) -> (TcpStream, TakenSeat) {
    /// For the process to get file descriptors back, which is what accepting lacks when it fails.
    const PAUSE: Duration = Duration::from_millis(50);

    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, seats.take().await),
            Err(error) => {
                tracing::warn!(%error, "no connection accepted");
                seats.ask_idlest_to_leave();
                sleep(PAUSE).await;
            }
        }
    }
}
