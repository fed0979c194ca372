//! What happened in the last fifteen minutes, a point every five seconds.

use std::collections::VecDeque;

use ash_analysis::Level;
use ash_runtime::telemetry::{PerformanceReport, Source, Stage};
use serde::Serialize;

/// Fifteen minutes of points.
pub(super) const MOST: usize = 180;

/// Five seconds. Counts are of these alone; percentiles are of the minute that ends with them, for a curve over five
/// seconds of a quiet community would be noise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Point {
    /// The end, in milliseconds since the socket was bound.
    pub(super) at_ms: f64,
    /// How long it was.
    span_ms: f64,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
    /// Verdicts.
    answered: u64,
    /// The same by level, none first.
    levels: [u64; Level::ALL.len()],
    /// Those that were remembered, or computed for somebody else at that moment.
    remembered: u64,
    /// Those that were less than they should be.
    degraded: u64,
    /// Messages that waited at its end.
    queued: usize,
}

/// Counts since the start, of which a point is the difference.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    at_ms: f64,
    answered: u64,
    levels: [u64; Level::ALL.len()],
    remembered: u64,
    degraded: u64,
}

impl Totals {
    fn of(at_ms: f64, report: &PerformanceReport) -> Self {
        let from = |source| report.requests.by_source.get(&source).copied().unwrap_or(0);
        Totals {
            at_ms,
            answered: report.requests.total,
            levels: Level::ALL.map(|level| report.levels.get(&level).copied().unwrap_or(0)),
            remembered: from(Source::Hit).saturating_add(from(Source::Coalesced)),
            degraded: report.degraded_answers,
        }
    }
}

/// The points, the oldest first; never more than [`MOST`].
#[derive(Debug, Default)]
pub(super) struct Past {
    points: VecDeque<Point>,
    before: Totals,
    /// How many there have been.
    written: u64,
}

impl Past {
    /// Writes down the time since the point before.
    pub(super) fn record(&mut self, at_ms: f64, report: &PerformanceReport, queued: usize) {
        let (now, before) = (Totals::of(at_ms, report), self.before);
        let minute = report.stages.get(&Stage::Total).map(|stage| stage.last_1m).unwrap_or_default();
        let mut levels = now.levels;
        levels.iter_mut().zip(before.levels).for_each(|(now, before)| *now = now.saturating_sub(before));
        if self.points.len() == MOST {
            self.points.pop_front();
        }
        self.points.push_back(Point {
            at_ms,
            span_ms: at_ms - before.at_ms,
            p50_ms: minute.p50_ms,
            p95_ms: minute.p95_ms,
            p99_ms: minute.p99_ms,
            answered: now.answered.saturating_sub(before.answered),
            levels,
            remembered: now.remembered.saturating_sub(before.remembered),
            degraded: now.degraded.saturating_sub(before.degraded),
            queued,
        });
        self.written += 1;
        self.before = now;
    }

    /// The points after the first `known`, and how many there are known then. Points that were dropped meanwhile are
    /// left out.
    pub(super) fn after(&self, known: u64) -> (Vec<Point>, u64) {
        let new = usize::try_from(self.written.saturating_sub(known)).unwrap_or(MOST);
        let skipped = self.points.len().saturating_sub(new);
        (self.points.iter().skip(skipped).cloned().collect(), self.written)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use ash_runtime::telemetry::{Answered, StageTimes, Telemetry};
    use ash_runtime::{Overrides, Settings};

    use super::*;

    fn telemetry() -> Telemetry {
        Telemetry::new(Settings::load(None, Overrides::default()).unwrap().performance)
    }

    fn answer(telemetry: &Telemetry, level: Level, source: Source) {
        let stages = StageTimes::default().with(Stage::Total, Duration::from_millis(8));
        telemetry.emit(&Answered { stages, models: &[], level, source, degraded: None });
    }

    #[test]
    fn a_point_counts_what_came_since_the_one_before() {
        let (telemetry, mut past) = (telemetry(), Past::default());
        answer(&telemetry, Level::None, Source::Miss);
        past.record(5000.0, &telemetry.snapshot(Instant::now()), 0);
        answer(&telemetry, Level::High, Source::Hit);
        answer(&telemetry, Level::High, Source::Coalesced);
        past.record(10_000.0, &telemetry.snapshot(Instant::now()), 3);
        let (points, known) = past.after(0);
        assert_eq!(known, 2);
        assert_eq!((points[0].answered, points[0].levels, points[0].remembered), (1, [1, 0, 0, 0, 0], 0));
        assert_eq!((points[1].answered, points[1].levels, points[1].remembered), (2, [0, 0, 0, 2, 0], 2));
        assert_eq!((points[1].at_ms, points[1].span_ms, points[1].queued), (10_000.0, 5000.0, 3));
        assert!(points[1].p50_ms.is_some_and(|ms| (8.0..8.2).contains(&ms)), "{points:?}");
        assert_eq!(past.after(1).0, points[1..]);
        assert!(past.after(2).0.is_empty());
    }

    #[test]
    fn points_are_dropped_after_fifteen_minutes_and_nobody_is_sent_one_twice() {
        let (report, mut past) = (telemetry().snapshot(Instant::now()), Past::default());
        for i in 0..MOST + 7 {
            past.record(i as f64, &report, 0);
        }
        let (points, known) = past.after(0);
        assert_eq!((points.len(), points[0].at_ms, known), (MOST, 7.0, MOST as u64 + 7));
        assert_eq!(past.after(MOST as u64 + 5).0.len(), 2);
        assert_eq!(past.after(3).0.len(), MOST, "what was dropped is not waited for");
    }
}
