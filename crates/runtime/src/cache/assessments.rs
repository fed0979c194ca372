//! Whole verdicts, by the text as it came; the same text at the same time is judged once.

use std::mem::size_of;
use std::sync::Arc;

use ash_analysis::{Assessment, MessageText};
use moka::future::Cache;

use super::key::{Key, KeyMaker};
use super::{CacheStatus, evictions, weight};
use crate::error::AnalyzeError;
use crate::settings::CacheSettings;
use crate::telemetry::{Cache as Counted, Degraded, Source, Telemetry};

/// What a computation gave that must not be remembered: a degraded verdict (its cause may pass), or none at all.
#[derive(Debug, Clone)]
pub(crate) enum Unkept {
    /// A verdict that rests on less than it should, and why.
    Degraded(Box<Assessment>, Degraded),
    /// No verdict.
    Failed(AnalyzeError),
}

/// What is kept, and what makes its keys.
type Kept = (KeyMaker, Cache<Key, Arc<Assessment>>);

/// Assessments by text and generation.
pub(crate) struct AssessmentCache {
    kept: Option<Kept>,
    telemetry: Arc<Telemetry>,
}

impl AssessmentCache {
    /// An empty one; one that keeps nothing if the settings say so.
    pub(crate) fn new(settings: &CacheSettings, telemetry: Arc<Telemetry>) -> Self {
        let smallest = settings.smallest_entry();
        let cache = || {
            Cache::builder()
                .max_capacity(settings.max_bytes())
                .time_to_live(settings.time_to_live())
                .weigher(move |_, assessment: &Arc<Assessment>| weight(bytes(assessment), smallest))
                .eviction_listener(evictions(Arc::clone(&telemetry), Counted::Assessments))
                .build()
        };
        let kept = if settings.enabled { KeyMaker::new() } else { None }.map(|keys| (keys, cache()));
        AssessmentCache { kept, telemetry }
    }

    /// The verdict on `text` by the models and settings of `generation`: remembered, or made by `assess`, which
    /// runs at most once at a time for a text. If its caller leaves, another one that waits takes over.
    pub(crate) async fn get_or_assess(
        &self,
        generation: u64,
        text: &MessageText,
        assess: impl Future<Output = Result<Assessment, Unkept>>,
    ) -> (Result<Assessment, Unkept>, Source) {
        let Some((keys, cache)) = &self.kept else { return (assess.await, Source::Bypass) };
        let key = keys.key(&[&generation.to_le_bytes(), text.expose().as_bytes()]);
        if let Some(known) = cache.get(&key).await {
            return (Ok(known.as_ref().clone()), Source::Hit);
        }
        let mut led = false;
        let leading = async {
            led = true;
            assess.await.map(Arc::new)
        };
        let found = cache.try_get_with(key, leading).await;
        let source = if led { Source::Miss } else { Source::Coalesced };
        (found.map(|a| a.as_ref().clone()).map_err(|e| e.as_ref().clone()), source)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        if let Some((_, cache)) = &self.kept {
            cache.invalidate_all();
        }
    }

    /// Its state.
    pub(crate) async fn status(&self) -> CacheStatus {
        // It counts when it tidies up.
        if let Some((_, cache)) = &self.kept {
            cache.run_pending_tasks().await;
        }
        let of = |count: fn(&Cache<Key, Arc<Assessment>>) -> u64| {
            self.kept.as_ref().map_or(0, |(_, cache)| count(cache))
        };
        CacheStatus {
            entries: of(Cache::entry_count),
            bytes: of(Cache::weighted_size),
            counts: self.telemetry.cache_counts(Counted::Assessments),
        }
    }
}

/// About the size of an entry, its key and the cache's own bookkeeping included.
fn bytes(a: &Assessment) -> usize {
    let strings = a.categories.iter().chain(&a.key_factors).map(String::len).sum::<usize>() + a.reason.len();
    let signals: usize = a.signals.iter().map(|s| 120 + 4 * s.probabilities.len() + 60 * s.tags.len()).sum();
    size_of::<Key>()
        + 150
        + size_of::<Assessment>()
        + strings
        + signals
        + 160 * (a.findings.len() + a.gaps.len())
}
