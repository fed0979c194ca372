//! What whoever starts the service is given: where it shall be, and the last part of its warm-up.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use ash_runtime::{Lifecycle, Phase, Service};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use tokio::runtime::Handle;
use tower::ServiceExt as _;

use crate::app::App;

/// A server that answers and has no service yet. Not for async threads: what it does may block.
pub struct Opening {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) address: SocketAddr,
    pub(crate) handle: Handle,
}

/// Marks a request of our own in its extensions, where nobody can put it over the wire: it needs no key, and it is
/// neither logged nor counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rehearsal;

/// So often each message is sent.
const ROUNDS: usize = 3;

/// A connection to ourselves that takes longer is given up: warm or not, nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A short and a medium message, in words of which each warms other patterns.
const MESSAGES: [&str; 2] = [
    "anyone around tonight? i could use some company",
    "i keep telling my friends that i am fine, but honestly i am not sure how much longer i can do this, and i have \
     nobody at home who would listen",
];

impl Opening {
    /// How far the start is.
    pub fn life(&self) -> Arc<Lifecycle> {
        Arc::clone(&self.app.life)
    }

    /// From now on messages are judged by `service`.
    pub fn go_live(&self, service: Arc<Service>) {
        self.app.go_live(service);
    }

    /// Sends messages through the live routes, and connects to the socket, as a client would: what only the first
    /// request pays for is paid before anybody sends one. What fails here is for /health to tell, not for us.
    pub fn rehearse(&self) {
        for round in 0..ROUNDS {
            for message in MESSAGES {
                // Whoever shuts down waits for this one message, and then nobody sends another.
                let _alone = self.handle.block_on(self.app.rehearsal.lock());
                if self.app.life.phase() == Phase::Draining {
                    return;
                }
                // Never the same text twice, or the cache would answer.
                let body = serde_json::json!({"message": format!("{message} {round}")}).to_string();
                let request = Request::builder().method(Method::POST).uri("/analyze");
                let Ok(request) = request.extension(Rehearsal).body(Body::from(body)) else { return };
                let answered = self.router.clone().oneshot(request);
                let read = async {
                    let Ok(response) = answered.await;
                    let _ = to_bytes(response.into_body(), usize::MAX).await;
                };
                self.handle.block_on(read);
            }
            if self.connect().is_err() {
                tracing::debug!("the rehearsal could not connect to the server itself");
            }
        }
    }

    fn connect(&self) -> std::io::Result<()> {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let mut stream = TcpStream::connect_timeout(&SocketAddr::new(ip, self.address.port()), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(drop)
    }
}
