//! What the models said, by what they read.

use std::mem::size_of;
use std::sync::Arc;

use ash_analysis::{ModelAnswer, ModelInfo, Reading};
use moka::sync::Cache;

use super::key::{Key, KeyMaker};
use super::{CacheStatus, evictions, weight};
use crate::settings::CacheSettings;
use crate::telemetry::{Cache as Counted, InferenceRead, Telemetry};

/// What a classifier answers: each model, and its readings or its failure.
type Answers = Vec<(Arc<ModelInfo>, ModelAnswer)>;

/// What is kept, and what makes its keys.
type Kept = (KeyMaker, Cache<Key, Arc<[Reading]>>);

/// Readings by what the models read. Belongs to one load of one profile, whose models never change.
pub(crate) struct InferenceCache {
    kept: Option<Kept>,
    telemetry: Arc<Telemetry>,
}

impl InferenceCache {
    /// An empty one; one that keeps nothing if the settings say so.
    pub(crate) fn new(settings: &CacheSettings, telemetry: Arc<Telemetry>) -> Self {
        let smallest = settings.smallest_entry();
        let cache = || {
            Cache::builder()
                .max_capacity(settings.max_bytes())
                .time_to_live(settings.time_to_live())
                .weigher(move |_, readings: &Arc<[Reading]>| weight(bytes(readings), smallest))
                .eviction_listener(evictions(Arc::clone(&telemetry), Counted::Inference))
                .build()
        };
        let kept = if settings.enabled { KeyMaker::new() } else { None }.map(|keys| (keys, cache()));
        InferenceCache { kept, telemetry }
    }

    /// The answers for messages of which the models read `read(i)`: those that are remembered, and for the others
    /// (their numbers, ascending) what `classify` says. All that a message's reading depends on besides the
    /// models must be in what is read.
    ///
    /// Only messages that every model answered are remembered: a failure may pass.
    pub(crate) fn through<'a, R: AsRef<[&'a [u8]]>>(
        &self,
        models: &[Arc<ModelInfo>],
        messages: usize,
        read: impl Fn(usize) -> R,
        classify: impl FnOnce(&[usize]) -> Answers,
    ) -> Answers {
        let all = || (0..messages).collect::<Vec<_>>();
        let Some((maker, cache)) = &self.kept else { return classify(&all()) };
        let keys: Vec<Key> = (0..messages).map(|i| maker.key(read(i).as_ref())).collect();
        let known: Vec<Option<Arc<[Reading]>>> = keys.iter().map(|key| cache.get(key)).collect();
        let missing: Vec<usize> = (0..messages).filter(|&i| known[i].is_none()).collect();
        let (hits, misses) = ((messages - missing.len()) as u64, missing.len() as u64);
        self.telemetry.emit(&InferenceRead { hits, misses, coalesced: 0 });
        if missing.is_empty() {
            let readings = |m: usize| known.iter().flatten().map(|all| all[m].clone()).collect();
            return models.iter().enumerate().map(|(m, info)| (Arc::clone(info), Ok(readings(m)))).collect();
        }
        let fresh = classify(&missing);
        for (place, &i) in missing.iter().enumerate() {
            let readings: Option<Vec<Reading>> =
                fresh.iter().map(|(_, answer)| answer.as_ref().ok()?.get(place).cloned()).collect();
            if let Some(readings) = readings {
                cache.insert(keys[i], readings.into());
            }
        }
        if missing.len() == messages {
            return fresh;
        }
        let merged = |(m, (info, answer)): (usize, (Arc<ModelInfo>, ModelAnswer))| {
            let answer = answer.map(|readings| {
                let mut readings = readings.into_iter();
                known
                    .iter()
                    .filter_map(|k| k.as_ref().map_or_else(|| readings.next(), |k| Some(k[m].clone())))
                    .collect()
            });
            (info, answer)
        };
        fresh.into_iter().enumerate().map(merged).collect()
    }

    /// Its state.
    pub(crate) fn status(&self) -> CacheStatus {
        // It counts when it tidies up.
        if let Some((_, cache)) = &self.kept {
            cache.run_pending_tasks();
        }
        let of = |count: fn(&Cache<Key, Arc<[Reading]>>) -> u64| {
            self.kept.as_ref().map_or(0, |(_, cache)| count(cache))
        };
        CacheStatus {
            entries: of(Cache::entry_count),
            bytes: of(Cache::weighted_size),
            counts: self.telemetry.cache_counts(Counted::Inference),
        }
    }
}

/// The size of an entry, its key and the cache's own bookkeeping included.
fn bytes(readings: &[Reading]) -> usize {
    let floats: usize = readings.iter().map(|r| r.probabilities.len() + r.tags.len()).sum();
    size_of::<Key>() + 150 + std::mem::size_of_val(readings) + floats * size_of::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::PerformanceSettings;
    use ash_analysis::ClassifyError;
    use std::cell::RefCell;

    fn model() -> Arc<ModelInfo> {
        Arc::new(ModelInfo {
            name: "m".into(),
            labels: Vec::new(),
            exclusive: true,
            tags: Vec::new(),
            version: String::new(),
            precision: String::new(),
        })
    }

    fn reading(value: f32) -> Reading {
        Reading { probabilities: vec![value], tags: Vec::new(), truncated: false }
    }

    /// Asks for `texts`; the "model" says the length of each, and what it was asked is noted.
    fn ask(cache: &InferenceCache, texts: &[&str], fails: bool) -> (Vec<f32>, Vec<String>) {
        let asked = RefCell::new(Vec::new());
        let answers = cache.through(
            &[model()],
            texts.len(),
            |i| [texts[i].as_bytes()],
            |missing| {
                asked.borrow_mut().extend(missing.iter().map(|&i| texts[i].to_owned()));
                let failed = ClassifyError::Failed { model: "m".into(), why: "told to".into() };
                let readings = || missing.iter().map(|&i| reading(texts[i].len() as f32)).collect();
                vec![(model(), if fails { Err(failed) } else { Ok(readings()) })]
            },
        );
        let values = answers.into_iter().flat_map(|(_, answer)| answer.unwrap_or_default());
        (values.map(|r| r.probabilities[0]).collect(), asked.into_inner())
    }

    fn cache(settings: &CacheSettings) -> InferenceCache {
        InferenceCache::new(settings, Arc::new(Telemetry::new(PerformanceSettings { target_ms: 50 })))
    }

    fn settings() -> CacheSettings {
        CacheSettings { enabled: true, ttl_seconds: 60, max_entries: 100, max_mib: 1 }
    }

    #[test]
    fn only_what_is_not_remembered_is_asked_and_the_order_stays() {
        let cache = cache(&settings());
        assert_eq!(ask(&cache, &["a", "bb"], false).1, ["a", "bb"]);
        let (values, asked) = ask(&cache, &["ccc", "bb", "dddd", "a"], false);
        assert_eq!((values, asked), (vec![3.0, 2.0, 4.0, 1.0], vec!["ccc".to_owned(), "dddd".to_owned()]));
        let (values, asked) = ask(&cache, &["a", "a"], false);
        assert_eq!((values, asked.len()), (vec![1.0, 1.0], 0));
        assert_eq!((cache.status().counts.hits, cache.status().counts.misses), (4, 4));
    }

    #[test]
    fn a_failure_is_not_remembered() {
        let cache = cache(&settings());
        assert!(ask(&cache, &["a"], true).0.is_empty());
        assert_eq!(ask(&cache, &["a"], false), (vec![1.0], vec!["a".to_owned()]));
    }

    #[test]
    fn switched_off_it_keeps_nothing() {
        let cache = cache(&CacheSettings { enabled: false, ..settings() });
        for _ in 0..2 {
            assert_eq!(ask(&cache, &["a"], false).1.len(), 1);
        }
        assert_eq!(cache.status(), CacheStatus::default());
    }

    #[test]
    fn neither_bound_is_passed() {
        let cache = cache(&CacheSettings { max_entries: 10, ..settings() });
        for i in 0..500 {
            ask(&cache, &[&"x".repeat(i)], false);
        }
        let status = cache.status();
        assert!((1..=10).contains(&status.entries) && status.bytes <= 1 << 20, "{status:?}");
        assert!(cache.status().counts.evictions >= 490);
    }
}
