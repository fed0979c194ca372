//! `[queue]` and `[cache]`: how messages wait, and what is remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{SettingsError, within};

/// `[queue]`: the queue before the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSettings {
    /// How many tokens may wait (estimated before tokenisation).
    pub capacity_tokens: usize,
    /// How many tokens one batch may hold (estimated likewise).
    pub max_batch_tokens: usize,
    /// A message that would wait longer, or has, is judged by its words.
    pub max_wait_ms: u64,
}

impl QueueSettings {
    /// `max_wait_ms` as a duration.
    pub fn max_wait(&self) -> Duration {
        Duration::from_millis(self.max_wait_ms)
    }

    /// The ranges of config/ash.toml.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        within("queue.capacity_tokens", self.capacity_tokens, 512..=1 << 24)?;
        within("queue.max_batch_tokens", self.max_batch_tokens, 512..=1 << 20)?;
        within("queue.max_wait_ms", self.max_wait_ms, 10..=600_000)
    }
}

/// `[cache]`: what is remembered, in memory only. Each of the two layers has these bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheSettings {
    /// Whether anything is.
    pub enabled: bool,
    /// For how long.
    pub ttl_seconds: u64,
    /// How many answers at most.
    pub max_entries: u64,
    /// How much memory at most, in mebibytes.
    pub max_mib: u64,
}

impl CacheSettings {
    /// Nothing is remembered: for measuring, and for those who ask each thing once.
    pub const OFF: CacheSettings =
        CacheSettings { enabled: false, ttl_seconds: 1, max_entries: 1, max_mib: 1 };

    /// For how long an answer is remembered.
    pub fn time_to_live(&self) -> Duration {
        Duration::from_secs(self.ttl_seconds)
    }

    /// The bound in bytes.
    pub const fn max_bytes(&self) -> u64 {
        self.max_mib << 20
    }

    /// What an entry counts at least, so that as many as fit into the bytes are no more than `max_entries`.
    pub(crate) const fn smallest_entry(&self) -> u64 {
        self.max_bytes().div_ceil(self.max_entries)
    }

    /// The ranges of config/ash.toml.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        within("cache.ttl_seconds", self.ttl_seconds, 1..=86_400)?;
        within("cache.max_entries", self.max_entries, 1..=10_000_000)?;
        within("cache.max_mib", self.max_mib, 1..=65_536)
    }
}
