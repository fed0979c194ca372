//! A client of the service that knows nothing but its wire: HTTP/1.1, one request at a time on a connection.

use std::fs;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::wire::Verdict;

/// Nobody waits longer for an answer here; the bots wait 5 s and 30 s.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where the service is and how to be let in. Has no `Debug`: it may hold a key.
pub(crate) struct Endpoint {
    /// All that the name stands for, in the order in which the system names them; at least one.
    addresses: Vec<SocketAddr>,
    /// The first of them that could be connected to: later connections try no other.
    reached: OnceLock<SocketAddr>,
    host: HeaderValue,
    authorization: Option<HeaderValue>,
    key_file: Option<PathBuf>,
}

impl Endpoint {
    /// From `http://HOST[:PORT]`; the name is looked up here, once.
    pub(crate) fn parse(url: &str, key_file: Option<&Path>) -> Result<Self> {
        let Some(rest) = url.strip_prefix("http://") else {
            bail!("{url} does not begin with http:// (TLS ends before the service and is not measured here)");
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        if host.is_empty() || host.contains(['/', '?', '#', '@']) {
            bail!("{url} is not of the form http://HOST:PORT");
        }
        let named = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if named { host.to_owned() } else { format!("{host}:80") };
        let unknown = || format!("cannot find the host of {url}");
        let addresses: Vec<SocketAddr> = authority.to_socket_addrs().with_context(unknown)?.collect();
        addresses.first().with_context(unknown)?;
        let host = HeaderValue::from_str(host).with_context(|| format!("{url} is not a URL"))?;
        let authorization = key_file.map(authorization).transpose()?;
        let key_file = key_file.map(Path::to_owned);
        Ok(Endpoint { addresses, reached: OnceLock::new(), host, authorization, key_file })
    }

    /// Where the key came from; none if none is sent.
    pub(crate) fn key_file(&self) -> Option<&Path> {
        self.key_file.as_deref()
    }

    /// `localhost` is `::1` to the system and 127.0.0.1 to the server: whichever answers is taken, and kept.
    async fn stream(&self) -> std::io::Result<TcpStream> {
        if let Some(address) = self.reached.get() {
            return TcpStream::connect(address).await;
        }
        let stream = TcpStream::connect(self.addresses.as_slice()).await?;
        let _ = self.reached.set(stream.peer_addr()?);
        Ok(stream)
    }
}

/// The key of a file as a header that never shows.
fn authorization(file: &Path) -> Result<HeaderValue> {
    let key =
        fs::read_to_string(file).with_context(|| format!("cannot read the key file {}", file.display()))?;
    let key = key.trim();
    ensure!(!key.is_empty(), "the key file {} is empty", file.display());
    let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
        .map_err(|_| anyhow::anyhow!("the key file {} holds something else than one key", file.display()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum Failure {
    /// No connection.
    #[error("cannot connect")]
    Connect,
    /// No whole answer within ten seconds.
    #[error("no answer within 10 s")]
    Timeout,
    /// The connection ended before the answer did.
    #[error("the connection was closed")]
    Reset,
    /// An answer that is not one of this service.
    #[error("the answer is not one of this service")]
    Unreadable,
}

impl Failure {
    /// Its name in a report.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Failure::Connect => "connect",
            Failure::Timeout => "timeout",
            Failure::Reset => "reset",
            Failure::Unreadable => "unreadable",
        }
    }
}

/// An answer, whatever it says.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: bool,
    /// From before the request was written until the last byte of the answer was read.
    pub(crate) took: Duration,
    cache: Option<String>,
    body: Bytes,
}

impl Reply {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body).map_err(|_| Failure::Unreadable)
    }

    /// What matters here of an answer of POST /analyze.
    pub(crate) fn verdict(&self) -> Result<Verdict, Failure> {
        let verdict: Verdict = serde_json::from_slice(&self.body).map_err(|_| Failure::Unreadable)?;
        Ok(verdict.or_cache(self.cache.as_deref()))
    }
}

/// A connection that is kept alive; it is opened by the first request, and again if it was closed since.
pub(crate) struct Connection {
    endpoint: Arc<Endpoint>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// Not open yet.
    pub(crate) fn new(endpoint: Arc<Endpoint>) -> Self {
        Connection { endpoint, sender: None }
    }

    /// Where it goes.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// POST /analyze.
    pub(crate) async fn analyze(&mut self, text: &str) -> Result<Reply, Failure> {
        let body = serde_json::json!({ "message": text }).to_string();
        self.ask(Method::POST, "/analyze", body.into()).await
    }

    /// GET of a path.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Reply, Failure> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    async fn ask(&mut self, method: Method, path: &str, body: Bytes) -> Result<Reply, Failure> {
        let start = Instant::now();
        let answer = tokio::time::timeout(TIMEOUT, self.exchange(method, path, body)).await;
        // What comes late would be taken for the answer to the next request.
        if !matches!(answer, Ok(Ok(_))) {
            self.sender = None;
        }
        let (parts, body) = answer.map_err(|_| Failure::Timeout)??;
        let header = |name: &str| parts.headers.get(name)?.to_str().ok().map(str::to_owned);
        Ok(Reply {
            status: parts.status,
            retry_after: parts.headers.contains_key(RETRY_AFTER),
            took: start.elapsed(),
            cache: header("x-cache"),
            body,
        })
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(hyper::http::response::Parts, Bytes), Failure> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.endpoint.host);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(authorization) = &self.endpoint.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(body)).map_err(|_| Failure::Unreadable)?;
        let sender = self.open().await?;
        let (parts, body) = sender.send_request(request).await.map_err(|_| Failure::Reset)?.into_parts();
        let body = body.collect().await.map_err(|_| Failure::Reset)?.to_bytes();
        Ok((parts, body))
    }

    /// The open connection. An idle one may have been closed by the other side, which is no failure.
    async fn open(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Failure> {
        let open = match self.sender.take() {
            Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
            None => None,
        };
        let sender = match open {
            Some(sender) => sender,
            None => connect(&self.endpoint).await?,
        };
        Ok(self.sender.insert(sender))
    }
}

async fn connect(endpoint: &Endpoint) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let stream = endpoint.stream().await.map_err(|_| Failure::Connect)?;
    stream.set_nodelay(true).map_err(|_| Failure::Connect)?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| Failure::Connect)?;
    // Ends with the connection; what ended it is told by the request that was on it.
    tokio::spawn(connection);
    sender.ready().await.map_err(|_| Failure::Connect)?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_measured_is_accepted() {
        assert!(Endpoint::parse("http://127.0.0.1:8881/", None).is_ok());
        assert!(Endpoint::parse("http://[::1]:8881", None).is_ok());
        let default = Endpoint::parse("http://127.0.0.1", None).ok();
        assert_eq!(default.map(|e| e.addresses), Some(vec![SocketAddr::from(([127, 0, 0, 1], 80))]));
        for url in ["https://127.0.0.1:8881", "127.0.0.1:8881", "http://", "http://127.0.0.1:1/analyze"] {
            assert!(Endpoint::parse(url, None).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_of_several_addresses_is_reached_at_the_one_that_answers() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let answers = listener.local_addr().expect("an address");
        let mut endpoint = Endpoint::parse(&format!("http://{answers}"), None).expect("a URL");
        endpoint.addresses.insert(0, SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, answers.port())));
        assert_eq!(endpoint.stream().await.and_then(|s| s.peer_addr()).ok(), Some(answers));
        assert_eq!(endpoint.reached.get(), Some(&answers), "the next connection tries no other");
    }

    #[test]
    fn an_empty_key_file_is_no_key() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), " \n").expect("written");
        let error = Endpoint::parse("http://127.0.0.1:1", Some(file.path())).err().expect("no key");
        assert!(error.to_string().ends_with("is empty"), "{error}");
    }
}
