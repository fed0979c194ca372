//! How long every stage took, for the lifetime and for the last minutes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::distribution::{Distribution, micros};
use super::labels::Stage;
use super::report::{StageReport, WithinTarget};
use super::ring::{Ring, share};

/// A lock a stage, held for one record or for the sum of its 60 slots.
#[derive(Debug)]
pub(super) struct Latencies {
    target: Duration,
    stages: Vec<Mutex<OfStage>>,
}

#[derive(Debug, Default)]
struct OfStage {
    lifetime: Distribution<u64>,
    within_target: u64,
    recent: Ring,
}

impl Latencies {
    pub(super) fn new(target: Duration) -> Self {
        Latencies { target, stages: Stage::ALL.iter().map(|_| Mutex::default()).collect() }
    }

    pub(super) fn record(&self, stage: Stage, at: Duration, took: Duration) {
        let (value, good) = (micros(took), took <= self.target);
        let mut of = self.of(stage);
        of.lifetime.record(value);
        of.within_target += u64::from(good);
        of.recent.record(at, value, good);
    }

    pub(super) fn report(&self, now: Duration) -> BTreeMap<Stage, StageReport> {
        let report = |stage: &Stage| {
            let (lifetime, windows) = {
                let of = self.of(*stage);
                (of.lifetime.summary(), of.recent.windows(now))
            };
            let [one, five, fifteen] = windows.map(|window| window.values.summary());
            (*stage, StageReport { lifetime, last_1m: one, last_5m: five, last_15m: fifteen })
        };
        Stage::ALL.iter().map(report).collect()
    }

    /// Of the stage total: the share of messages within the target.
    pub(super) fn within_target(&self, now: Duration) -> WithinTarget {
        let of = self.of(Stage::Total);
        let lifetime = share(of.within_target, of.lifetime.count());
        let [one, five, fifteen] = of.recent.windows(now).map(|window| window.share());
        WithinTarget { lifetime, last_1m: one, last_5m: five, last_15m: fifteen }
    }

    fn of(&self, stage: Stage) -> MutexGuard<'_, OfStage> {
        // There is one for every stage; and nothing panics while it holds a lock.
        self.stages[stage.index()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
