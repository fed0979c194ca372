//! Addresses and keys, read from files that nothing else should read.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::AlertError;
use crate::settings::WebhookSettings;
use crate::url::WebhookUrl;

/// The shortest key that is worth signing with.
const SHORTEST_KEY: usize = 16;
/// The longest file of a secret; a larger one is a mistake.
const LONGEST: u64 = 64 * 1024;

/// The key that requests are signed with.
pub(crate) struct SigningKey(Vec<u8>);

impl SigningKey {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        SigningKey(bytes)
    }

    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// The address of the webhook `name`.
pub(crate) fn address(name: &str, webhook: &WebhookSettings) -> Result<WebhookUrl, AlertError> {
    let unset = || AlertError::Setting {
        key: format!("webhooks.{name}.url_file"),
        value: "not set".into(),
        allowed: "url_file or url".into(),
    };
    if let Some(url) = &webhook.url {
        return Ok(url.clone());
    }
    let path = webhook.url_file.as_deref().ok_or_else(unset)?;
    let bytes = read(name, "url_file", path)?;
    let url = WebhookUrl::new(String::from_utf8(bytes).unwrap_or_default().trim());
    match url.fault(webhook.allow_http) {
        Some(wanted) => {
            let (webhook, path) = (name.to_owned(), path.to_owned());
            Err(AlertError::Unusable { webhook, key: "url_file", path, wanted })
        }
        None => Ok(url),
    }
}

/// The key of the webhook `name`, if it signs: the bytes of the file without white space at its end.
pub(crate) fn signing_key(name: &str, webhook: &WebhookSettings) -> Result<Option<SigningKey>, AlertError> {
    let Some(path) = webhook.signing_key_file.as_deref() else { return Ok(None) };
    let bytes = read(name, "signing_key_file", path)?;
    let key = bytes.trim_ascii_end();
    if key.len() < SHORTEST_KEY {
        let (webhook, path) = (name.to_owned(), path.to_owned());
        let wanted = "a key of at least 16 bytes";
        return Err(AlertError::Unusable { webhook, key: "signing_key_file", path, wanted });
    }
    Ok(Some(SigningKey::new(key.to_owned())))
}

fn read(webhook: &str, key: &'static str, path: &Path) -> Result<Vec<u8>, AlertError> {
    let unreadable =
        |source| AlertError::Unreadable { webhook: webhook.into(), key, path: path.into(), source };
    let about = fs::metadata(path).map_err(unreadable)?;
    if about.len() > LONGEST {
        let wanted = "a secret, not a large file";
        return Err(AlertError::Unusable { webhook: webhook.into(), key, path: path.into(), wanted });
    }
    if is_open_to_others(&about) {
        tracing::warn!(webhook, key, "other users of this machine may read this secret: chmod 600 its file");
    }
    fs::read(path).map_err(unreadable)
}

#[cfg(unix)]
fn is_open_to_others(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o007 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}
