//! A range of addresses, as configuration names it: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    /// How many bits must be equal, 0 to 32 or 128.
    bits: u8,
}

/// The text names no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an IP address nor a range such as 10.0.0.0/8 or fd00::/8")]
pub struct NotANetwork(String);

impl Network {
    /// Whether `address` lies in it. An IPv4 address in IPv6 clothes (`::ffff:10.0.0.7`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32, self.bits),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128, self.bits),
            _ => false,
        }
    }
}

/// Whether the first `bits` of two addresses of `width` bits are equal.
fn same(a: u128, b: u128, width: u32, bits: u8) -> bool {
    (a ^ b).checked_shr(width - u32::from(bits)).unwrap_or(0) == 0
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        match bits.unwrap_or(width) {
            bits if bits <= width => Ok(Network { address, bits }),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_begins_with_its_bits() {
        struct Case {
            network: &'static str,
            inside: &'static [&'static str],
            outside: &'static [&'static str],
        }
        let cases = [
            Case { network: "10.0.0.7", inside: &["10.0.0.7", "::ffff:10.0.0.7"], outside: &["10.0.0.6"] },
            Case { network: "10.1.2.3/8", inside: &["10.255.0.1"], outside: &["11.0.0.1", "::1"] },
            Case { network: "0.0.0.0/0", inside: &["255.1.2.3"], outside: &["::1"] },
            Case { network: "fd00::/8", inside: &["fdff::1"], outside: &["fe00::1", "253.0.0.1"] },
            Case { network: "::/0", inside: &["fe00::1"], outside: &["1.2.3.4"] },
        ];
        for Case { network, inside, outside } in cases {
            let parsed: Network = network.parse().unwrap();
            for address in inside {
                assert!(parsed.contains(address.parse().unwrap()), "{address} in {network}");
            }
            for address in outside {
                assert!(!parsed.contains(address.parse().unwrap()), "{address} not in {network}");
            }
            assert_eq!(parsed.to_string().parse::<Network>(), Ok(parsed));
        }
        for wrong in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "proxy.example", "10.0.0.0/"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong:?}");
        }
    }
}
