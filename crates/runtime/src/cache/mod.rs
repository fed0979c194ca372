//! What is remembered, in memory only: bounded, expiring, keyed by a keyed hash, so that no message can be read
//! out of it or guessed from a dump of its keys.
//!
//! Two layers. [`AssessmentCache`] keeps whole verdicts by the text as it came and the generation of models and
//! settings. [`InferenceCache`], beneath, keeps what the models said by what they *read*: messages that differ
//! only in what normalising and tokenising take away (spacing, invisible characters, mentions, letter case for
//! models that ignore it) share inference, and by construction nothing else does. Similar messages never share
//! anything: one word can turn a verdict.

mod assessments;
mod inference;
mod key;

use std::sync::Arc;

use moka::notification::RemovalCause;
use serde::Serialize;
use utoipa::ToSchema;

use crate::telemetry::{Cache, CacheCounts, Evicted, Telemetry};

pub(crate) use assessments::{AssessmentCache, Unkept};
pub(crate) use inference::InferenceCache;
pub(crate) use key::KeyMaker;

/// The state of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct CacheStatus {
    /// Answers that are kept, nearly: expired ones go a little later.
    pub entries: u64,
    /// Their size in bytes, estimated.
    pub bytes: u64,
    /// What it was asked since the start, by the warm-up apart.
    #[serde(flatten)]
    pub counts: CacheCounts,
}

/// An entry's weight in bytes, so that neither the bound in bytes nor that in entries is passed.
fn weight(bytes: usize, smallest: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX).max(u32::try_from(smallest).unwrap_or(u32::MAX))
}

/// Counts what leaves `cache` by age or for want of room.
fn evictions<K, V>(telemetry: Arc<Telemetry>, cache: Cache) -> impl Fn(Arc<K>, V, RemovalCause) {
    move |_, _, cause| {
        if cause.was_evicted() {
            telemetry.emit(&Evicted { cache, n: 1 });
        }
    }
}
