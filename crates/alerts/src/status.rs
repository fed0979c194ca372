//! How alerts are doing, for whoever asks.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{self, Millis};
use crate::outbox::Waiting;

/// How alerts are doing. Counts are of this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertStatus {
    /// Alerts that are accepted and not yet told, one for each webhook that waits for it.
    pub waiting: usize,
    /// Of those, how many are only in memory, because the outbox could not be written.
    pub waiting_in_memory: usize,
    /// How old the oldest of them is, in whole seconds; none if none waits.
    #[schema(required)]
    pub oldest_age_seconds: Option<u64>,
    /// Whether the outbox can be written.
    pub outbox: OutboxState,
    /// Alerts lost before it was known whom they were for.
    pub dropped: u64,
    /// By name.
    pub webhooks: BTreeMap<String, WebhookStatus>,
}

/// Whether the outbox can be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OutboxState {
    /// It can.
    #[default]
    Ok,
    /// The disk, or the file, is full: alerts are sent from memory.
    Full,
    /// Another process holds it: alerts are sent from memory.
    Locked,
    /// Anything else: alerts are sent from memory.
    Failing,
    /// The thread that keeps it has ended.
    Closed,
}

/// How one webhook is doing. Counts are of this process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookStatus {
    /// Alerts that are accepted and not yet told.
    pub waiting: usize,
    /// Alerts and summaries that the receiver took.
    pub sent: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Alerts that will not be told.
    pub dropped: u64,
    /// Alerts about a person of whom the receiver was just told.
    pub deduplicated: u64,
    /// Alerts that were only counted in a summary.
    pub folded: u64,
    /// When the receiver last took one, RFC 3339.
    #[schema(required)]
    pub last_success: Option<String>,
    /// Why the last attempt failed, in a word; none if it did not.
    #[schema(required)]
    pub last_error: Option<String>,
}

/// The status as the keeper writes it and others read it.
#[derive(Debug)]
pub(crate) struct Board(Mutex<Written>);

#[derive(Debug)]
struct Written {
    status: AlertStatus,
    oldest: Option<Millis>,
}

impl Board {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        let status = AlertStatus {
            waiting: 0,
            waiting_in_memory: 0,
            oldest_age_seconds: None,
            outbox: OutboxState::Ok,
            dropped: 0,
            webhooks: names.map(|name| (name.clone(), WebhookStatus::default())).collect(),
        };
        Board(Mutex::new(Written { status, oldest: None }))
    }

    /// As of `now`.
    pub(crate) fn read(&self, now: Millis) -> AlertStatus {
        let written = self.written();
        let age = |made: Millis| clock::duration(now - made).as_secs();
        AlertStatus { oldest_age_seconds: written.oldest.map(age), ..written.status.clone() }
    }

    pub(crate) fn write(&self, change: impl FnOnce(&mut AlertStatus)) {
        change(&mut self.written().status);
    }

    pub(crate) fn webhook(&self, name: &str, change: impl FnOnce(&mut WebhookStatus)) {
        if let Some(webhook) = self.written().status.webhooks.get_mut(name) {
            change(webhook);
        }
    }

    /// What the outbox holds, if that could be counted; else the numbers stay as they were.
    pub(crate) fn outbox(&self, state: OutboxState, waiting: Option<&Waiting>) {
        let mut written = self.written();
        written.status.outbox = state;
        let Some(waiting) = waiting else { return };
        written.oldest = waiting.oldest;
        let status = &mut written.status;
        status.waiting = waiting.by_webhook.iter().map(|(_, count)| count).sum();
        status.waiting_in_memory = waiting.in_memory;
        status.webhooks.values_mut().for_each(|webhook| webhook.waiting = 0);
        for (name, count) in &waiting.by_webhook {
            if let Some(webhook) = status.webhooks.get_mut(name) {
                webhook.waiting += count;
            }
        }
    }

    /// Numbers are never half written, so a panic elsewhere does not spoil them.
    fn written(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
