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
/// `Σ direction · step · 2^(−age / half_life)` a level, clamped to ±`max_adjustment` and rounded to four decimals, as
/// it is told. Of each day (UTC) the first `max_per_day` that shift anything count; before there are `min_records` in
/// all, nothing does. What is dated later than now (a clock was wrong) is as of now.
pub fn offsets(
    reports: impl IntoIterator<Item = Report>,
    now: Moment,
    settings: &LearningSettings,
) -> Offsets {
    reports.into_iter().collect::<History>().offsets(now, settings)
}

/// A whole share of a step. Shares are summed as integers, so that no order of reports can change the sum.
const WHOLE: f64 = (1_u64 << 40) as f64;

/// What of all reports can matter under any settings: of each day their number, and the first
/// [`LearningSettings::MOST_PER_DAY`] that shift a cut. So it stays small, whatever arrives.
#[derive(Default)]
pub(crate) struct History {
    records: u64,
    days: BTreeMap<i64, Day>,
}

#[derive(Default)]
struct Day {
    records: u32,
    shifts: Vec<Shift>,
}

struct Shift {
    /// Its place in the order of arrival.
    arrival: u64,
    report: Report,
}

impl History {
    pub(crate) fn push(&mut self, report: Report) {
        self.records += 1;
        let day = self.days.entry(report.at.day()).or_default();
        day.records = day.records.saturating_add(1);
        if report.direction() != 0.0 && day.shifts.len() < LearningSettings::MOST_PER_DAY as usize {
            day.shifts.push(Shift { arrival: self.records, report });
        }
    }

    /// All of them.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// How many came on the day of `now`.
    pub(crate) fn today(&self, now: Moment) -> u32 {
        self.days.get(&now.day()).map_or(0, |day| day.records)
    }

    /// How many shift a cut as of the day of `now`.
    pub(crate) fn shifts_today(&self, now: Moment, settings: &LearningSettings) -> u32 {
        let shifts: usize = self.days.range(now.day()..).map(|(_, day)| day.shifts.len()).sum();
        u32::try_from(shifts).unwrap_or(u32::MAX).min(settings.max_per_day)
    }

    /// See [`offsets`].
    pub(crate) fn offsets(&self, now: Moment, settings: &LearningSettings) -> Offsets {
        if self.records < u64::from(settings.min_records) {
            return Offsets::NONE;
        }
        let (today, counted) = (now.day(), settings.max_per_day as usize);
        let past = self.days.range(..today).flat_map(|(_, day)| day.shifts.iter().take(counted));
        let mut present: Vec<&Shift> = self.days.range(today..).flat_map(|(_, day)| &day.shifts).collect();
        present.sort_unstable_by_key(|shift| shift.arrival);
        let mut sums = [0_i64; 4];
        for Shift { report, .. } in past.chain(present.into_iter().take(counted)) {
            let sum = report.level().index().checked_sub(1).and_then(|k| sums.get_mut(k));
            if let Some(sum) = sum {
                *sum += share(report, now, settings);
            }
        }
        let bound = settings.max_adjustment;
        #[expect(clippy::cast_possible_truncation, reason = "offsets are single precision, as scores are")]
        Offsets::bounded(sums.map(|sum| {
            let shifted = sum as f64 / WHOLE * settings.step;
            ((shifted * 1e4).round() / 1e4).clamp(-bound, bound) as f32
        }))
    }
}

impl FromIterator<Report> for History {
    fn from_iter<I: IntoIterator<Item = Report>>(reports: I) -> Self {
        let mut history = History::default();
        reports.into_iter().for_each(|report| history.push(report));
        history
    }
}

/// What is left of a report's share at `now`, with its direction.
#[expect(clippy::cast_possible_truncation, reason = "between -2^40 and 2^40")]
fn share(report: &Report, now: Moment, settings: &LearningSettings) -> i64 {
    let age = now.days_since(report.at) / f64::from(settings.half_life_days);
    (report.direction() * (-age).exp2() * WHOLE).round() as i64
}
