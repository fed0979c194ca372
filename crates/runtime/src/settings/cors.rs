//! `[cors]`: which web pages may read answers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{SettingsError, within};

/// `[cors]`: which web pages may read answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsSettings {
    /// Their exact origins; none closes the door to all pages of other sites.
    pub allowed_origins: Vec<Origin>,
}

impl CorsSettings {
    /// The ranges of config/ash.toml.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        within("cors.allowed_origins: their number", self.allowed_origins.len(), 0..=32)
    }
}

/// Where a web page comes from, as its browser says it (RFC 6454, section 6.2): `scheme://host`, or with
/// `:port` if that is not the scheme's own; in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// The text is no origin that a browser would send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no origin: scheme://host or scheme://host:port, lower case, without path, wildcard or default port"
)]
pub struct NotAnOrigin(String);

impl Origin {
    /// As it stands in the header `Origin`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        if is_origin(text) { Ok(Origin(text.to_owned())) } else { Err(NotAnOrigin(text.to_owned())) }
    }
}

/// Browsers compare origins letter by letter, so what they would never send must not be configured: it
/// would look open and be closed.
fn is_origin(text: &str) -> bool {
    let Some((scheme, place)) = text.split_once("://") else { return false };
    let own_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let is_port = |port: &str| {
        let number = port.parse::<u16>().ok().filter(|&n| n != 0 && n != own_port);
        number.is_some_and(|n| n.to_string() == port)
    };
    let is_name = |host: &str| {
        !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_'))
    };
    let is_address = |host: &str| {
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok_and(|a| a.to_string() == inner))
    };
    (is_name(host) || is_address(host)) && port.is_none_or(is_port)
}

impl TryFrom<String> for Origin {
    type Error = NotAnOrigin;

    fn try_from(text: String) -> Result<Self, NotAnOrigin> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_would_send_is_an_origin() {
        for good in ["https://team.example", "http://localhost:3000", "https://[::1]:8443", "http://10.0.0.7"]
        {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "*",
            "https://*.example",
            "https://team.example/",
            "https://team.example/path",
            "https://team.example:443",
            "https://team.example:0800",
            "https://Team.example",
            "https://user@team.example",
            "team.example",
            "null",
            "file://",
            "https://",
            "https://a:b:1",
            "https://[::1",
            "https://team.example\r\nx: y",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }
}
