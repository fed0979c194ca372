//! From what staff said to how far the cuts are shifted: a pure function of the reports and the time.

use std::collections::BTreeMap;

use ash_analysis::{Level, Offsets};

use crate::feedback::Kind;
use crate::moment::Moment;
use crate::settings::LearningSettings;

/// What of a record moves a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Too high or too low.
    pub kind: Kind,
    /// What the service said.
    pub given: Level,
    /// What staff say it should have said.
    pub correct: Level,
    /// When they said so.
    pub at: Moment,
}

impl Report {
    /// The level whose cut it speaks of: the one that was reached wrongly, or the one that was not reached.
    pub fn level(&self) -> Level {
        match self.kind {
            Kind::FalsePositive => self.given,
            Kind::FalseNegative => self.correct,
        }
    }

    /// Up (1), down (−1), or nowhere (0). A false alarm raises the cut, unless the level is urgent: then one person's
    /// opinion, or anybody's malice, would make the service deaf to danger. A miss lowers it.
    pub fn direction(&self) -> f64 {
        match self.kind {
            Kind::FalsePositive if self.given.is_urgent() => 0.0,
            Kind::FalsePositive => 1.0,
            Kind::FalseNegative => -1.0,
        }
    }
}

/// How far the cuts are shifted at `now` by `reports`, in order of arrival.
///
/// `Σ direction · step · 2^(−age / half_life)` a level, clamped to ±`max_adjustment`. Of each day (UTC) the first
/// `max_per_day` count; before there are `min_records` in all, nothing does. What is dated later than now is as of now.
pub fn offsets(
    reports: impl IntoIterator<Item = Report>,
    now: Moment,
    settings: &LearningSettings,
) -> Offsets {
    let (mut sums, mut records) = ([0.0_f64; 4], 0_u32);
    let mut days: BTreeMap<i64, u32> = BTreeMap::new();
    for report in reports {
        records = records.saturating_add(1);
        let today = days.entry(report.at.day()).or_default();
        *today = today.saturating_add(1);
        let Some(sum) = report.level().index().checked_sub(1).and_then(|k| sums.get_mut(k)) else { continue };
        if *today <= settings.max_per_day {
            let age = now.days_since(report.at) / f64::from(settings.half_life_days);
            *sum += report.direction() * settings.step * (-age).exp2();
        }
    }
    if records < settings.min_records {
        return Offsets::NONE;
    }
    let bound = settings.max_adjustment;
    #[expect(clippy::cast_possible_truncation, reason = "offsets are single precision, as scores are")]
    Offsets::bounded(sums.map(|sum| sum.clamp(-bound, bound) as f32))
}
