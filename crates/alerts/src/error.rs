//! Why alerts cannot be sent at all, and why a test did not arrive.

use std::io;
use std::path::PathBuf;

/// Why alerts cannot begin. None shows an address or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AlertError {
    /// A setting is wrong.
    #[error("alerts.{key} is {value}, allowed is {allowed}")]
    Setting {
        /// The key, below `alerts`.
        key: String,
        /// What it is.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// The file of an address or of a key cannot be read.
    #[error("alerts.webhooks.{webhook}.{key}: cannot read {}", path.display())]
    Unreadable {
        /// Whose file.
        webhook: String,
        /// The key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file of an address or of a key holds something else.
    #[error("alerts.webhooks.{webhook}.{key}: {} must hold {wanted}", path.display())]
    Unusable {
        /// Whose file.
        webhook: String,
        /// The key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What it must hold.
        wanted: &'static str,
    },
    /// The outbox cannot be opened.
    #[error("cannot open the outbox of alerts {}", path.display())]
    Outbox {
        /// The file.
        path: PathBuf,
        /// Why.
        source: OutboxError,
    },
    /// The system gives no thread.
    #[error("cannot start the threads that send alerts")]
    Thread(#[source] io::Error),
}

/// Why the outbox could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// The database said so.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// The file could not be made or protected.
    #[error(transparent)]
    File(#[from] io::Error),
    /// A newer version of this program made it.
    #[error("it was made by a newer version of this program (version {0} of the outbox)")]
    Newer(i64),
}

impl OutboxError {
    /// In a word: `full`, `locked` or `failing`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            OutboxError::Database(rusqlite::Error::SqliteFailure(error, _)) => match error.code {
                rusqlite::ErrorCode::DiskFull => "full",
                rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked => "locked",
                _ => "failing",
            },
            _ => "failing",
        }
    }
}

/// Why a test alert did not arrive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// It could not even be tried.
    #[error(transparent)]
    Alerts(#[from] AlertError),
    /// There is no webhook of that name.
    #[error("there is no webhook {name:?}; there are: {}", if names.is_empty() { "none" } else { names })]
    NoSuchWebhook {
        /// What was asked for.
        name: String,
        /// Those there are.
        names: String,
    },
    /// The receiver could not be reached, or refused.
    #[error("{why}: {hint}")]
    Failed {
        /// In a word, as in [`WebhookStatus::last_error`](crate::WebhookStatus::last_error).
        why: String,
        /// What that usually means.
        hint: &'static str,
    },
}
