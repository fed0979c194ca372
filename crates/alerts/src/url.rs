//! Where a webhook lies: an address that is a secret.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize, Serializer};
use ureq::http::Uri;

/// An address to post to. Whoever knows it may post in the team's name, so that `Debug` and `Serialize` show no
/// more than scheme and host. Anything is taken; [`fault`](WebhookUrl::fault) says what is wrong with it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct WebhookUrl(String);

/// What an address must be.
const ALLOWED: &str = "an address like https://host/path";
/// What an address without TLS must be.
const ALLOWED_HTTP: &str = "https://, or http:// to this machine (allow_http = true: to any)";

impl WebhookUrl {
    /// Takes an address as it was written.
    pub fn new(url: impl Into<String>) -> Self {
        WebhookUrl(url.into())
    }

    /// The address itself. Named so that every place which reads it can be found.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is allowed instead, if this cannot be posted to.
    pub fn fault(&self, allow_http: bool) -> Option<&'static str> {
        let Some(uri) = self.parsed() else { return Some(ALLOWED) };
        let is_safe = uri.scheme_str() == Some("https") || allow_http || is_loopback(&uri);
        (!is_safe).then_some(ALLOWED_HTTP)
    }

    /// It stays on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.parsed().is_some_and(|uri| is_loopback(&uri))
    }

    /// As it is, or with a query parameter if there is none of that name.
    pub(crate) fn with_parameter(&self, name: &str, value: &str) -> String {
        let (url, query) = self.0.split_once('?').unwrap_or((&self.0, ""));
        let has = query.split('&').any(|pair| pair.split('=').next() == Some(name));
        match (has, query) {
            (true, _) => self.0.clone(),
            (false, "") => format!("{url}?{name}={value}"),
            (false, _) => format!("{url}?{query}&{name}={value}"),
        }
    }

    /// With a scheme of the web and a host; neither a name nor a password before the host, which few receivers
    /// read and every log does.
    fn parsed(&self) -> Option<Uri> {
        let uri: Uri = self.0.parse().ok()?;
        let of_the_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        let authority = uri.authority()?.as_str();
        (of_the_web && has_host && !authority.contains('@')).then_some(uri)
    }
}

/// `localhost`, 127.0.0.0/8 or `[::1]`.
fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parsed() {
            Some(uri) => write!(
                f,
                "{}://{}/…",
                uri.scheme_str().unwrap_or_default(),
                uri.authority().map_or("", |authority| authority.as_str())
            ),
            None => f.write_str("no address"),
        }
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({self})")
    }
}

impl Serialize for WebhookUrl {
    /// As [`Display`](fmt::Display): settings are printed more often than they are read back.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_prints_shows_more_than_the_host() {
        let url = WebhookUrl::new("https://discord.com/api/webhooks/1/token-of-the-team?wait=true");
        let printed = format!("{url} {url:?} {}", serde_json::to_string(&url).unwrap());
        assert_eq!(
            printed,
            "https://discord.com/… WebhookUrl(https://discord.com/…) \"https://discord.com/…\""
        );
        for odd in ["https://user:token@host/", "token", "", "https:///token"] {
            let url = WebhookUrl::new(odd);
            assert_eq!(url.to_string(), "no address");
            assert_eq!(url.fault(true), Some(ALLOWED), "{odd}");
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine_unless_allowed() {
        for local in ["http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]:9/x", "http://127.1.2.3/"]
        {
            assert_eq!(WebhookUrl::new(local).fault(false), None, "{local}");
            assert!(WebhookUrl::new(local).is_loopback());
        }
        for remote in ["http://example.org/x", "http://10.0.0.1/x", "http://localhost.example.org/"] {
            assert_eq!(WebhookUrl::new(remote).fault(false), Some(ALLOWED_HTTP), "{remote}");
            assert_eq!(WebhookUrl::new(remote).fault(true), None);
        }
        for other in ["ftp://host/x", "file:///etc/x", "//host/x", "/x"] {
            assert_eq!(WebhookUrl::new(other).fault(true), Some(ALLOWED), "{other}");
        }
    }

    #[test]
    fn a_parameter_is_added_once() {
        let with = |url: &str| WebhookUrl::new(url).with_parameter("wait", "true");
        assert_eq!(with("https://h/x"), "https://h/x?wait=true");
        assert_eq!(with("https://h/x?thread_id=7"), "https://h/x?thread_id=7&wait=true");
        assert_eq!(with("https://h/x?wait=false"), "https://h/x?wait=false");
    }
}
