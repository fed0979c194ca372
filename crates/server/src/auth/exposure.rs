//! Where a service without keys may listen, and what its callers may do.

use std::net::SocketAddr;

use super::Role;

/// The service has no keys and would be reachable from other machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "refusing to listen on {0} without API keys: other machines reach that address. Make a key (`ash-nlp keys \
     add NAME --role analyze --file keys.toml`) and set auth.keys_file; or listen on 127.0.0.1 (server.bind); \
     or let everybody in (--allow-anonymous, auth.allow_anonymous = true)"
)]
pub struct Exposed(pub SocketAddr);

/// Whether a service may listen on `address`: with keys everywhere, without on loopback or if told to.
pub fn may_listen(address: SocketAddr, has_keys: bool, allow_anonymous: bool) -> Result<(), Exposed> {
    if has_keys || allow_anonymous || is_loopback(address) { Ok(()) } else { Err(Exposed(address)) }
}

/// What somebody without a key may do: with keys nothing; without them everything where only this machine
/// asks, and have messages judged elsewhere.
pub(crate) fn anonymous_role(address: SocketAddr, has_keys: bool) -> Option<Role> {
    match (has_keys, is_loopback(address)) {
        (true, _) => None,
        (false, true) => Some(Role::Admin),
        (false, false) => Some(Role::Analyze),
    }
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_served_without_keys_unless_told_otherwise() {
        for (address, local) in [
            ("127.0.0.1:1", true),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("192.168.0.5:1", false),
        ] {
            let address: SocketAddr = address.parse().unwrap();
            assert_eq!(may_listen(address, false, false).is_ok(), local, "{address}");
            assert!(may_listen(address, true, false).is_ok() && may_listen(address, false, true).is_ok());
            assert_eq!(anonymous_role(address, true), None);
            let role = if local { Role::Admin } else { Role::Analyze };
            assert_eq!(anonymous_role(address, false), Some(role), "{address}");
        }
        let said = Exposed("0.0.0.0:8881".parse().unwrap()).to_string();
        for remedy in ["keys add", "auth.keys_file", "server.bind", "auth.allow_anonymous"] {
            assert!(said.contains(remedy), "{said}");
        }
    }
}
