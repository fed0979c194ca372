//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ash_runtime::Network;
use axum::http::HeaderMap;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that asks: the peer of the connection, unless that is a trusted proxy. Then it is the
/// right-most address of `X-Forwarded-For` that is no trusted proxy itself: each proxy appends whom it saw,
/// so only what stands right of that was written by somebody we trust. Everything further left may be made up.
///
/// If the list ends, or turns into something else than addresses, before such a one is found, it is the last
/// trusted one. `Forwarded` (RFC 7239) is not read: a proxy that sets one of the two and passes the other on
/// as it came would let anybody choose an address.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer.to_canonical();
    if !is_trusted(nearest) {
        return nearest;
    }
    let lists: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    for hop in lists.iter().rev().flat_map(|list| list.rsplit(',')) {
        let Some(address) = address(hop.trim()) else { break };
        nearest = address;
        if !is_trusted(nearest) {
            break;
        }
    }
    nearest
}

/// An address as proxies write it: bare, or with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.parse::<IpAddr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    bare.or_else(with_port).or_else(in_brackets).map(|address| address.to_canonical())
}

/// The part of an address that is counted: all of IPv4; of IPv6 the /64 that one customer usually has to
/// himself, or he would have 2^64 addresses to ask from.
pub(super) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_wrote_is_believed() {
        struct Case {
            peer: &'static str,
            forwarded: &'static [&'static str],
            is: &'static str,
        }
        let case = |peer, forwarded, is| Case { peer, forwarded, is };
        let cases = [
            case("9.9.9.9", &[], "9.9.9.9"),
            case("9.9.9.9", &["1.1.1.1"], "9.9.9.9"),
            case("9.9.9.9", &["1.1.1.1, 10.0.0.2"], "9.9.9.9"),
            case("10.0.0.1", &["1.1.1.1"], "1.1.1.1"),
            case("::ffff:10.0.0.1", &["1.1.1.1"], "1.1.1.1"),
            case("10.0.0.1", &["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
            case("10.0.0.1", &["6.6.6.6, 10.9.9.9, 1.1.1.1, 10.0.0.2"], "1.1.1.1"),
            case("10.0.0.1", &["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
            case("10.0.0.1", &["6.6.6.6, 1.1.1.1", "10.0.0.2"], "1.1.1.1"),
            case("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            case("10.0.0.1", &[], "10.0.0.1"),
            case("10.0.0.1", &["6.6.6.6, unknown"], "10.0.0.1"),
            case("10.0.0.1", &["6.6.6.6,"], "10.0.0.1"),
            case("10.0.0.1", &["1.1.1.1:443"], "1.1.1.1"),
            case("10.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1"),
            case("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
        ];
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        for Case { peer, forwarded, is } in cases {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(value));
            }
            let found = client(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found.to_string(), is, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let counted = |address: &str| counted(address.parse().unwrap()).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("2001:db8:1:3:3:4:5:6"), "2001:db8:1:3::");
        assert_eq!(counted("192.0.2.7"), "192.0.2.7");
        assert_eq!(counted("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
