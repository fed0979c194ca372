//! What happens to alerts, told to whoever counts.

use std::sync::Arc;
use std::time::Duration;

/// Whoever counts. Called on the thread that raised the alert ([`Event::Dropped`] with [`Lost::Swamped`]) or on the
/// keeper's; it must return soon.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn on(&self, event: Event);
}

/// Nobody counts.
impl Observer for () {
    fn on(&self, _: Event) {}
}

/// Something that happened to an alert. `webhook` is the name in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It is in the outbox, for this webhook.
    Accepted {
        /// For whom.
        webhook: Arc<str>,
    },
    /// The receiver took it.
    Sent {
        /// Whose receiver.
        webhook: Arc<str>,
        /// How long the request took.
        took: Duration,
    },
    /// An attempt failed; there may be others.
    Failed {
        /// Whose receiver.
        webhook: Arc<str>,
        /// In a word: `timeout`, `refused`, `tls`, `status_404`, …
        why: Arc<str>,
    },
    /// It will not be told.
    Dropped {
        /// Whom; none if that was not known yet.
        webhook: Option<Arc<str>>,
        /// Why.
        why: Lost,
    },
    /// The person was told of a short while ago.
    Deduplicated {
        /// Whom it would have been told.
        webhook: Arc<str>,
    },
    /// It is only counted in a summary, since there were too many.
    Folded {
        /// For whom.
        webhook: Arc<str>,
    },
}

/// Why an alert will not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lost {
    /// More were raised than the outbox could take, or it was closed already.
    Swamped,
    /// The outbox held as many as it may.
    OutboxFull,
    /// The receiver was not reached for as long as the settings say.
    GaveUp,
    /// The receiver refused it three times.
    Refused,
    /// Its webhook is no longer in the settings.
    Unconfigured,
    /// It could not be stored, not even in memory, or not be read again.
    Unstored,
}

impl Lost {
    /// As a label of a metric.
    pub const fn as_str(self) -> &'static str {
        match self {
            Lost::Swamped => "swamped",
            Lost::OutboxFull => "outbox_full",
            Lost::GaveUp => "gave_up",
            Lost::Refused => "refused",
            Lost::Unconfigured => "unconfigured",
            Lost::Unstored => "unstored",
        }
    }
}
