//! Proof that a request comes from who holds the key, and when it was made.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::SigningKey;

/// The header that carries it.
pub(crate) const HEADER: &str = "X-Ash-Signature";

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY`. The time is signed too, so that a receiver can refuse an old
/// request that somebody recorded.
pub(crate) fn signature(key: &SigningKey, seconds: i64, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).ok()?;
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let mut told = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(told, "{byte:02x}");
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python: `hmac.new(b"0123456789abcdef", b'1700000000.{"version":1}', "sha256").hexdigest()`.
    #[test]
    fn a_signature_is_the_one_that_python_makes() {
        let key = SigningKey::new(b"0123456789abcdef".to_vec());
        let wanted = "t=1700000000,v1=d4d5218e4060ea8d4e3266cccc3a4dad71e647b6992c00beec425264a92b2c5f";
        assert_eq!(signature(&key, 1_700_000_000, b"{\"version\":1}").as_deref(), Some(wanted));
    }
}
