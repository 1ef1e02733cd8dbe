//! The listening socket: every connection has a time-out for what it sends, and their number is bounded, so that silent
//! and slow visitors cost nobody else the portal. A stop ends within [`GRACE`].

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{net::TcpListener, net::TcpStream, sync::OwnedSemaphorePermit, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    connection::{Requests, TimedConnection, Timeouts},
    edge::Proxies,
    peers::{Peers, TooMany},
};

/// How long a visitor may take.
const TIMEOUTS: Timeouts = Timeouts { idle: Duration::from_mins(1), header: Duration::from_secs(10) };
/// How often an HTTP/2 visitor is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);
/// How long its answer may take.
const PONG: Duration = Duration::from_secs(10);
/// How many requests one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 100;
/// How long running requests may take after the stop signal (OPS-02: 25 s for the whole process).
const GRACE: Duration = Duration::from_secs(20);

/// Serves until `shutdown`, with at most `max_connections` connections; others wait to be accepted. A peer that is no
/// trusted proxy gets an eighth of them: more are closed at once.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    max_connections: usize,
    proxies: &Proxies,
    shutdown: CancellationToken,
) {
    let peers = Peers::new(max_connections / 8);
    let (open, graceful) = (Arc::new(Semaphore::new(max_connections)), GracefulShutdown::new());
    let builder = Arc::new(builder());
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &open) => accepted,
            () = shutdown.cancelled() => break,
        };
        let Some((socket, peer, place)) = accepted else { continue };
        let share = match peers.enter(peer.ip(), proxies) {
            Ok(share) => share,
            Err(TooMany) => continue,
        };
        let router = router.clone();
        let requests = Requests::default();
        let io = TokioIo::new(TimedConnection::new(socket, TIMEOUTS, requests.clone()));
        let service = service_fn(move |request: Request<Incoming>| {
            let running = requests.begin();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let router = router.clone();
            async move {
                let answer = router.oneshot(request).await;
                drop(running);
                answer
            }
        });
        let (builder, watcher) = (Arc::clone(&builder), graceful.watcher());
        tokio::spawn(async move {
            let connection = builder.serve_connection(io, service);
            // An error is a visitor that went away or sent what is not HTTP: nothing that an operator can mend.
            let _ = watcher.watch(connection.into_owned()).await;
            drop((place, share));
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running at the end of the grace period");
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .max_concurrent_streams(MAX_STREAMS);
    builder
}

/// The next connection, once there is a place for it; `None`: accepting failed, as when the visitor has gone.
async fn accept(
    listener: &TcpListener,
    open: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(open).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((socket, peer)) => {
            // Without TCP_NODELAY a small answer waits until the other side acknowledges the packet before it.
            let _ = socket.set_nodelay(true);
            Some((socket, peer, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            // Out of file descriptors, for example: other connections must end first.
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
