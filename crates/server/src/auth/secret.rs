//! Keys and their hashes.
//!
//! A key is 256 random bits, so a plain SHA-256 of it keeps it as safe as a slow password hash would: there
//! is nothing to guess, and nothing is gained by making each guess dear. And it costs a microsecond a request.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// What every key begins with, so that people and secret scanners know one when they see it.
const PREFIX: &str = "ash_";

/// An API key. It cannot be printed by accident; [`ApiKey::expose`] is the one door.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// A new one, `ash_` and 64 hex digits, from the system's random source.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(ApiKey(format!("{PREFIX}{}", hex(&bytes))))
    }

    /// The key itself, to be shown once to whoever asked for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// The SHA-256 of a key; what the key file holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyHash(pub(super) [u8; 32]);

impl KeyHash {
    pub(super) fn of(key: &str) -> Self {
        KeyHash(Sha256::digest(key.as_bytes()).into())
    }

    /// From 64 hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |n, d| n << 4 | d)).collect();
        if digits.len() == 64 { bytes.try_into().ok().map(KeyHash) } else { None }
    }

    pub(super) fn to_hex(self) -> String {
        hex(&self.0)
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_are_equal_and_none_is_printed() {
        let (a, b) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
        assert_ne!(a, b);
        assert_eq!((a.expose().len(), &a.expose()[..4]), (68, "ash_"));
        assert!(!format!("{a:?}").contains(&a.expose()[4..10]));
    }

    #[test]
    fn a_hash_is_what_sha256sum_prints() {
        // printf %s abc | sha256sum, the first example of FIPS 180-2.
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(KeyHash::of("abc").to_hex(), hex);
        assert!(KeyHash::parse(&hex.to_uppercase()) == Some(KeyHash::of("abc")));
        for wrong in ["", &hex[1..], &format!("{hex}00"), &hex.replace('b', "g"), &hex.replace('b', "é")] {
            assert!(KeyHash::parse(wrong).is_none(), "{wrong}");
        }
    }
}
