//! `[auth]`: who may ask.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::SettingsError;

/// `[auth]`: who may ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthSettings {
    /// The file of API keys; without one everybody is anonymous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys_file: Option<PathBuf>,
    /// Whether the service may listen where other machines reach it although it has no keys.
    pub allow_anonymous: bool,
}

impl AuthSettings {
    /// What config/ash.toml allows.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        match &self.keys_file {
            Some(path) if path.as_os_str().is_empty() => Err(SettingsError::OutOfRange {
                key: "auth.keys_file".into(),
                value: "empty".into(),
                allowed: "the path of a file; leave the key out for none".into(),
            }),
            _ => Ok(()),
        }
    }
}
