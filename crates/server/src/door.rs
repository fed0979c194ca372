//! Whom the service lets in: keys, limits, and what somebody without a key may do.

use std::net::{IpAddr, SocketAddr};

use ash_runtime::Settings;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

use crate::auth::{self, Caller, Exposed, KeyFault, KeyFileError, Keys, Role};
use crate::limits::Gate;

/// The service may not be opened like this.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// It has no keys and other machines reach it.
    #[error(transparent)]
    Exposed(#[from] Exposed),
    /// Its key file cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
}

/// Shared by all requests.
pub(crate) struct Door {
    pub(crate) keys: Keys,
    pub(crate) gate: Gate,
    anonymous: Option<Role>,
}

impl Door {
    /// Of a service that listens on `address`.
    pub(crate) fn new(settings: &Settings, address: SocketAddr) -> Result<Self, DoorError> {
        let keys = Keys::load(settings.auth.keys_file.clone())?;
        auth::may_listen(address, keys.are_required(), settings.auth.allow_anonymous)?;
        let anonymous = auth::anonymous_role(address, keys.are_required());
        if anonymous == Some(Role::Analyze) {
            tracing::warn!(%address, "without keys: whoever reaches this address may have messages judged");
        }
        Ok(Door { keys, gate: Gate::new(settings.limits.clone()), anonymous })
    }

    /// Who asks. Without a key file everybody is anonymous and keys are not looked at.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller, KeyFault> {
        if let Some(role) = self.anonymous {
            let role = if is_from_this_machine(headers) { role } else { role.min(Role::Analyze) };
            return Ok(Caller::anonymous(role));
        }
        let key = auth::presented(headers)?.ok_or(KeyFault::None)?;
        self.keys.authenticate(key).ok_or(KeyFault::Unknown)
    }
}

/// Whether a request to a loopback address was meant for one. A web page of anybody can make its visitor's
/// browser send requests there, under its own origin or, with a DNS name that it points to 127.0.0.1, as
/// host; and a proxy on this machine passes strangers on under the name that they asked for.
fn is_from_this_machine(headers: &HeaderMap) -> bool {
    let all = |name| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    let local_host = |text: &str| text.parse::<Authority>().is_ok_and(|host| is_local(host.host()));
    let local_page = |text: &str| text.parse::<Uri>().is_ok_and(|page| page.host().is_some_and(is_local));
    all(header::HOST).all(local_host) && all(header::ORIGIN).all(local_page)
}

fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|a| a.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_page_or_name_of_somebody_else_is_not_from_this_machine() {
        struct Case {
            host: &'static str,
            origin: Option<&'static str>,
            local: bool,
        }
        let case = |host, origin, local| Case { host, origin, local };
        for Case { host, origin, local } in [
            case("127.0.0.1:8881", None, true),
            case("LOCALHOST", None, true),
            case("[::1]:8881", Some("http://localhost:3000"), true),
            case("127.0.0.1:8881", Some("https://evil.example"), false),
            case("127.0.0.1:8881", Some("null"), false),
            case("rebound.example:8881", None, false),
            case("rebound.example:8881", Some("http://rebound.example:8881"), false),
            case("localhost.evil.example", None, false),
            case("", None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(is_from_this_machine(&headers), local, "{host} {origin:?}");
        }
    }
}
