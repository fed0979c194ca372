//! The content hash that names a model's version: equal hash, equal weights, equal verdicts.

use std::fmt;

use ash_analysis::RoleLabels;
use ash_encoder::Files;
use sha2::{Digest as _, Sha256};

use crate::error::LoadError;

/// SHA-256 over file names and contents, shown as its first 64 bits: enough to tell the versions
/// of a model apart, short enough for every answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digest {
    hash: [u8; 32],
    /// How many bytes of content it is of.
    pub(crate) bytes: u64,
}

impl Digest {
    /// The digest of the named files of one folder.
    pub(crate) fn of_folder(files: &Files, names: &[&str]) -> Result<Self, LoadError> {
        let (mut hash, mut size) = (Sha256::new(), 0);
        for name in names {
            let bytes = files.read(name)?;
            size += bytes.len() as u64;
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(&*bytes);
        }
        Ok(Digest { hash: hash.finalize().into(), bytes: size })
    }

    /// The digest of what a role is asked: template, labels and severities, in their order.
    pub(crate) fn of_labels(labels: &RoleLabels) -> Self {
        let mut hash = Sha256::new();
        let mut text = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        text(labels.template());
        for label in labels.labels() {
            text(&label.name);
            text(&label.severity.to_string());
        }
        Digest { hash: hash.finalize().into(), bytes: 0 }
    }

    /// The digest of a model that stands on the trunk with the digest `trunk`.
    pub(crate) fn on(&self, trunk: &Digest) -> Self {
        let hash = Sha256::new().chain_update(trunk.hash).chain_update(self.hash).finalize().into();
        Digest { hash, bytes: self.bytes }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hash[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
