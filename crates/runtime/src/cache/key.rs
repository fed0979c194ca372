//! Keys from which nothing can be learnt without the secret of this process.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Half of an HMAC-SHA256: two texts have one key by chance once in 2^64 texts.
pub(crate) type Key = [u8; 16];

/// Makes keys with a secret that lives and dies with the process.
pub(crate) struct KeyMaker(Hmac<Sha256>);

impl KeyMaker {
    /// With a new secret, or none if the system gives no randomness; then nothing is remembered.
    pub(crate) fn new() -> Option<Self> {
        let mut secret = [0_u8; 32];
        getrandom::fill(&mut secret).ok()?;
        Hmac::new_from_slice(&secret).ok().map(KeyMaker)
    }

    /// The key of some parts. Each is preceded by its length, so that parts cannot flow into each other.
    pub(crate) fn key(&self, parts: &[&[u8]]) -> Key {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        let mut key = Key::default();
        key.copy_from_slice(&digest[..16]);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_every_part_and_on_the_secret() {
        let (a, b) = (KeyMaker::new().unwrap(), KeyMaker::new().unwrap());
        assert_eq!(a.key(&[b"x", b"y"]), a.key(&[b"x", b"y"]));
        assert_ne!(a.key(&[b"x", b"y"]), a.key(&[b"xy", b""]));
        assert_ne!(a.key(&[b"x"]), b.key(&[b"x"]));
    }
}
