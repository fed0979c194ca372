//! Accepts connections and serves each, with bounds on how many there are and how long one may dawdle.
//!
//! `axum::serve` has neither bound: a client that sends half a head and nothing more, or keeps a thousand
//! connections open, would hold them for ever. hyper's own `header_read_timeout` runs on idle connections
//! too, so it cannot be short: clients that keep a connection (the bots do) would find it closed just as they
//! use it. Here a head that was begun must be complete within seconds, and an idle connection stays for
//! longer than clients usually keep theirs.

mod clock;

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until};

use clock::{Clock, Timed};

use crate::routes::dashboard::Endless;

/// How long a client may take, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Connections at a time; further ones wait in the system's queue.
    pub(crate) connections: usize,
    /// From the first byte of a request's head to its last.
    pub(crate) head: Duration,
    /// From the connection, or from an answer, to the next request; and for an answer to be taken.
    pub(crate) idle: Duration,
}

impl Bounds {
    /// `connections` of clients with ordinary patience: 10 s for a head, and 75 s idle, which is longer than
    /// the HTTP libraries of the known clients keep a connection (aiohttp 15 s, httpx 5 s).
    pub(crate) const fn with(connections: usize) -> Self {
        Bounds { connections, head: Duration::from_secs(10), idle: Duration::from_secs(75) }
    }
}

/// Who connected just before the end has so long to ask.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// Whoever takes an endless answer that has ended has so long to take the rest.
const LAST_EVENTS: Duration = Duration::from_secs(1);

/// Serves until `stop` completes, then takes whoever has connected until then and nobody more, closes connections
/// that ask nothing, lets the others finish what they asked, and returns when all have ended. Dropping the future
/// leaves those to themselves.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let (stopper, stopping) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, router.clone(), bounds, stopping.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                // Most likely the limit of open files; it passes when connections end.
                tracing::warn!(%error, "cannot accept connections; trying again in a second");
                tokio::select! {
                    () = &mut stop => break,
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
        }
    }
    for (stream, peer) in waiting(listener) {
        let (places, connection) =
            (Arc::clone(&places), connection(stream, peer, router.clone(), bounds, stopping.clone()));
        tokio::spawn(async move {
            let _place = places.acquire_owned().await;
            connection.await;
        });
    }
    drop(stopping);
    // hyper closes a connection on which nothing has come yet, even if it is on its way.
    tokio::select! {
        () = stopper.closed() => return Ok(()),
        () = tokio::time::sleep(LAST_WORDS) => {}
    }
    let _ = stopper.send(());
    stopper.closed().await;
    Ok(())
}

/// Those in the system's queue, to whom a listener that is closed would be a reset: a client that has sent its message
/// takes that for a message that was lost. Asks the system and not tokio, which knows only what it was told.
fn waiting(listener: TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    let listener = listener.into_std();
    std::iter::from_fn(move || {
        loop {
            match listener.as_ref().ok()?.accept() {
                Ok((stream, peer)) => {
                    stream.set_nonblocking(true).ok()?;
                    return Some((TcpStream::from_std(stream).ok()?, peer));
                }
                Err(error) if is_of_one_client(&error) => {}
                Err(_) => return None,
            }
        }
    })
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves one connection to its end. What goes wrong on it is the client's affair and is not logged.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    bounds: Bounds,
    mut stopping: watch::Receiver<()>,
) {
    // Answers are written at once; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let clock = Clock::new(bounds);
    let router = TowerToHyperService::new(router);
    let service = service_fn(|mut request: Request<Incoming>| {
        clock.asked();
        request.extensions_mut().insert(ConnectInfo(peer));
        let (answer, clock) = (router.call(request), clock.clone());
        async move {
            let answer: Result<Response<Body>, Infallible> = answer.await;
            let endless = answer.as_ref().is_ok_and(|answer| answer.extensions().get::<Endless>().is_some());
            if endless {
                clock.streams();
            } else {
                clock.answered();
            }
            answer
        }
    });
    let io = TokioIo::new(Timed::new(stream, clock.clone()));
    // Without a timer hyper has no timeouts of its own; the clock has them.
    let mut http = pin!(http1::Builder::new().header_read_timeout(None).serve_connection(io, service));
    let mut alarm = pin!(sleep_until(Instant::now() + bounds.idle));
    let mut stop = pin!(stopping.changed());
    let mut stops = false;
    poll_fn(|cx| {
        if http.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // After the poll: what has come until now is a request, not idleness.
        if !stops && stop.as_mut().poll(cx).is_ready() {
            stops = true;
            http.as_mut().graceful_shutdown();
            clock.ends(LAST_EVENTS);
            if http.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
        }
        // Whatever moves the deadline happens inside that poll, so here it is always seen.
        let Some(deadline) = clock.deadline() else { return Poll::Pending };
        if deadline != alarm.deadline() {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(cx)
    })
    .await;
}

#[cfg(test)]
mod tests;
