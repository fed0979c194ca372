//! Recognises a presented key, and can be renewed while the service runs.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::secret::KeyHash;
use super::{Caller, KeyFile, KeyFileError};

/// The keys of one reading of the file.
#[derive(Default)]
pub(crate) struct Keyring {
    entries: Vec<(KeyHash, Caller)>,
}

impl Keyring {
    fn of(file: &KeyFile) -> Self {
        let entries = file.entries().iter().map(|entry| (entry.hash(), Caller::of(entry))).collect();
        Keyring { entries }
    }

    /// Whose key it is. It takes equally long for every key of a length, right or wrong: the hash is compared
    /// with all entries, each to its last byte.
    pub(crate) fn authenticate(&self, presented: &str) -> Option<Caller> {
        let hash = KeyHash::of(presented);
        let (mut found, mut at) = (Choice::from(0), 0_u64);
        for (index, (known, _)) in (0_u64..).zip(&self.entries) {
            let equal = known.0.ct_eq(&hash.0);
            at.conditional_assign(&index, equal);
            found |= equal;
        }
        let at = usize::try_from(at).ok()?;
        if bool::from(found) { self.entries.get(at).map(|(_, caller)| caller.clone()) } else { None }
    }
}

/// The keys in use: those of the file when it was last read without a mistake.
pub(crate) struct Keys {
    file: Option<PathBuf>,
    ring: RwLock<Arc<Keyring>>,
}

impl Keys {
    /// Of `file`; without one there are no keys, and nobody is asked for one.
    pub(crate) fn load(file: Option<PathBuf>) -> Result<Self, KeyFileError> {
        let keys = Keys { file, ring: RwLock::default() };
        keys.replace(keys.read()?);
        Ok(keys)
    }

    /// Whether callers must show one.
    pub(crate) fn are_required(&self) -> bool {
        self.file.is_some()
    }

    /// The keys that the file holds now; an error if it has a mistake.
    pub(crate) fn read(&self) -> Result<Keyring, KeyFileError> {
        let Some(file) = &self.file else { return Ok(Keyring::default()) };
        let ring = Keyring::of(&KeyFile::read(file)?);
        if ring.entries.is_empty() {
            let file = file.display();
            tracing::warn!(%file, "the key file has no keys: nobody may ask for anything but /health");
        }
        Ok(ring)
    }

    /// From now on these are the keys.
    pub(crate) fn replace(&self, ring: Keyring) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// See [`Keyring::authenticate`].
    pub(crate) fn authenticate(&self, presented: &str) -> Option<Caller> {
        let ring = Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner));
        ring.authenticate(presented)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::auth::Role;

    #[test]
    fn each_key_is_recognised_as_its_own_and_nothing_else_is() {
        let entry = |name: &str, role: &str, key: &str| {
            format!(
                "[[key]]\nname = \"{name}\"\nrole = \"{role}\"\nsha256 = \"{}\"\n",
                KeyHash::of(key).to_hex()
            )
        };
        let text =
            entry("a", "read", "ash_1") + &entry("b", "analyze", "ash_2") + &entry("c", "admin", "ash_3");
        let ring = Keyring::of(&KeyFile::parse(&text, Path::new("keys.toml")).unwrap());
        for (key, name, role) in
            [("ash_1", "a", Role::Read), ("ash_2", "b", Role::Analyze), ("ash_3", "c", Role::Admin)]
        {
            let caller = ring.authenticate(key).expect(key);
            assert_eq!((caller.key().map(|name| &**name), caller.role()), (Some(name), role));
        }
        for wrong in ["", "ash_", "ash_4", "ash_1 ", "ASH_1", "a"] {
            assert!(ring.authenticate(wrong).is_none(), "{wrong:?}");
        }
        assert!(Keyring::default().authenticate("").is_none());
    }
}
