//! One GET, followed to the server that has the bytes.
//!
//! The hub answers for a large file with a redirect to a signed address on another host. What it
//! says about the file (`X-Linked-Etag`, `X-Linked-Size`) stands in its own answer, so redirects are
//! followed by hand; and the token goes to the hub's own host and to no other.

use std::env;
use std::io::{self, Read};
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Error};

use crate::token::Token;

/// The hub needs one or two.
const MOST_REDIRECTS: usize = 5;

/// An answer with the status 200 or 206.
pub(crate) struct Answer {
    response: Response<Body>,
    /// The host that was asked, not the one that answered in the end.
    pub(crate) host: String,
    /// The hub's name for the content.
    pub(crate) etag: Option<String>,
    /// Where in the file the body starts.
    pub(crate) start: u64,
    /// The size of the whole file, if it is told.
    pub(crate) size: Option<u64>,
}

impl Answer {
    /// The body as it comes.
    pub(crate) fn into_body(self) -> impl Read {
        self.response.into_body().into_reader()
    }

    /// The whole body, of at most `most` bytes.
    pub(crate) fn bytes(&mut self, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.response.body_mut().as_reader().take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection, or it broke before the answer.
    Unreachable { host: String, why: String },
    /// Another status; `code` is the hub's `X-Error-Code`.
    Status { host: String, status: u16, code: String },
    /// No sense in it.
    Protocol { host: String, why: String },
}

impl Failure {
    /// Could the same request succeed a moment later?
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Failure::Unreachable { .. } => true,
            Failure::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            Failure::Protocol { .. } => false,
        }
    }
}

/// The client: proxies from the environment, certificates of the usual authorities and, where a
/// company's proxy has its own, those of `SSL_CERT_FILE`.
pub(crate) fn agent() -> Agent {
    let own = env::var_os("SSL_CERT_FILE").and_then(|path| std::fs::read(path).ok());
    let own: Vec<Certificate<'static>> = own.map_or_else(Vec::new, |pem| {
        let items = parse_pem(&pem).filter_map(Result::ok);
        let certificates = items.filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        });
        certificates.collect()
    });
    let roots = if own.is_empty() { RootCerts::WebPki } else { RootCerts::from(own) };
    Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("ash-nlp/", env!("CARGO_PKG_VERSION")))
        // A compressed answer has no sizes that a partial file could be continued by.
        .accept_encoding("identity")
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_per_read(Some(Duration::from_secs(60)))
        .build()
        .into()
}

/// GET from byte `start` on.
pub(crate) fn get(agent: &Agent, url: &str, token: Option<&Token>, start: u64) -> Result<Answer, Failure> {
    let host = host(url).to_owned();
    let home = origin(url).to_owned();
    let broken = |why: String| Failure::Protocol { host: host.clone(), why };
    let (mut url, mut etag, mut size) = (url.to_owned(), None, None);
    for _ in 0..=MOST_REDIRECTS {
        let at_home = origin(&url) == home;
        let mut request = agent.get(&url);
        if let Some(token) = token.filter(|_| at_home) {
            request = request.header("Authorization", token.header());
        }
        if start > 0 {
            request = request.header("Range", format!("bytes={start}-"));
        }
        let response = request.call().map_err(|error| unreachable(&url, &error))?;
        let headers = response.headers();
        if at_home {
            let linked = text(headers, "x-linked-etag").or_else(|| text(headers, "etag"));
            etag = etag.or(linked.map(bare));
            size = size.or(text(headers, "x-linked-size").and_then(|s| s.parse().ok()));
        }
        let status = response.status().as_u16();
        match status {
            200 | 206 => {
                let start = if status == 206 { range_start(headers).unwrap_or(start) } else { 0 };
                let length: Option<u64> = text(headers, "content-length").and_then(|l| l.parse().ok());
                let size = length.map(|l| start + l).or(size);
                return Ok(Answer { response, host, etag, start, size });
            }
            301 | 302 | 303 | 307 | 308 => {
                let to =
                    text(headers, "location").ok_or_else(|| broken("a redirect leads nowhere".into()))?;
                url = joined(&url, to).ok_or_else(|| broken("a redirect leads to no web address".into()))?;
            }
            _ => {
                let code = text(headers, "x-error-code").unwrap_or_default().to_owned();
                return Err(Failure::Status { host: self::host(&url).to_owned(), status, code });
            }
        }
    }
    Err(broken("it redirects in a circle".into()))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().filter(|v| !v.is_empty())
}

/// `W/"abc"` → `abc`.
fn bare(etag: &str) -> String {
    etag.trim_start_matches("W/").trim_matches('"').to_owned()
}

/// `bytes 7-41/42` → 7.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    text(headers, "content-range")?.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

/// Scheme, host and port.
fn origin(url: &str) -> &str {
    let from = url.find("://").map_or(0, |i| i + 3);
    url[from..].find('/').map_or(url, |end| &url[..from + end])
}

/// Host and port, without a password that stood before them.
fn host(url: &str) -> &str {
    let origin = origin(url);
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// Where a redirect leads; never from TLS to a connection without.
fn joined(from: &str, to: &str) -> Option<String> {
    let secure = from.starts_with("https://");
    match to {
        _ if to.starts_with("https://") => Some(to.to_owned()),
        _ if to.starts_with("http://") => (!secure).then(|| to.to_owned()),
        _ if to.starts_with("//") => Some(format!("{}:{to}", if secure { "https" } else { "http" })),
        _ if to.starts_with('/') => Some(format!("{}{to}", origin(from))),
        _ => None,
    }
}

fn unreachable(url: &str, error: &Error) -> Failure {
    let host = host(url).to_owned();
    let why = match error {
        Error::Io(error) => error.to_string(),
        Error::HostNotFound => "no such host".to_owned(),
        Error::Timeout(what) => format!("no answer in time ({what})"),
        Error::Rustls(error) => format!("TLS: {error}; a company's certificates go into SSL_CERT_FILE"),
        other => other.to_string(),
    };
    Failure::Unreachable { host, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leaves_tls() {
        let from = "https://hub.example/a/b";
        assert_eq!(joined(from, "http://cdn.example/x"), None);
        assert_eq!(joined(from, "/c?d").as_deref(), Some("https://hub.example/c?d"));
        assert_eq!(joined(from, "//cdn.example/x").as_deref(), Some("https://cdn.example/x"));
        assert_eq!(joined(from, "ftp://x"), None);
    }

    #[test]
    fn a_host_is_named_without_its_password() {
        assert_eq!(host("https://me:secret@mirror.example:8443/x?sig=1"), "mirror.example:8443");
        assert_eq!(origin("http://mirror.example"), "http://mirror.example");
    }
}
